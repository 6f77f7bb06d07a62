"""A morning's check-up: requests and time for one list, asked one by one, with a plain cache, and planned."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar

from benchmarks import fixture, virtual
from benchmarks.table import Table
from hubsoft_tui.api import choices
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.token import token
from hubsoft_tui.core.engine import Engine
from hubsoft_tui.core.requests.transport import Reply
from hubsoft_tui.formats import about
from hubsoft_tui.services.checkup.service import Checkup
from hubsoft_tui.services.checkup.types import Member, Result
from hubsoft_tui.services.customers import questions
from hubsoft_tui.services.storage import State, open_state
from hubsoft_tui.settings.tree import Profile, Settings
from hubsoft_tui.simulator.people import cpf

P = ParamSpec("P")
T = TypeVar("T")

HOUR: Final = 3600.0
PER_MINUTE: Final = 30
CASES: Final = ((100, 1_506), (1_000, 6_000), (10_000, 12_000))
"""Members, and customers of the provider."""
INACTIVE: Final = 7
"""Every so many-th customer is suspended."""
PAGE_SECONDS: Final = 1.5
SINGLE_SECONDS: Final = 0.3


class Inline(ThreadPoolExecutor):
    """Does what a thread would do at once, in this one: virtual time does not pass for threads."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed on, as a thread does
            done.set_exception(error)
        return done


class Provider:
    """Answers for a number of customers without holding any, and counts what it is asked."""

    def __init__(self, customers: int) -> None:
        self.customers = customers
        self.requests = 0

    @staticmethod
    def document(number: int) -> str:
        return cpf(100_000_000 + 37 * number)

    def row(self, number: int) -> dict[str, Any]:
        prefix = "suspenso_debito" if number % INACTIVE == 0 else "servico_habilitado"
        service = {
            "id_cliente_servico": number + 1,
            "nome": "FIBRA 500 MEGA",
            "valor": 119.9,
            "status": prefix,
            "status_prefixo": prefix,
            "login": f"cliente{number}",
            "data_habilitacao": "2023-10-17 00:00:00",
        }
        return {
            "id_cliente": number + 1,
            "codigo_cliente": number + 1,
            "nome_razaosocial": f"CLIENTE {number}",
            "cpf_cnpj": self.document(number),
            "telefone_primario": "37999999999",
            "servicos": [service],
        }

    async def send(self, operation: Operation[Any], _token: str | None, **_looks: object) -> Reply:
        if operation.name == "token":
            return _reply({"access_token": "token", "token_type": "Bearer", "expires_in": 30 * 86_400})
        self.requests += 1
        if operation.name != "cliente.todos":
            await asyncio.sleep(SINGLE_SECONDS)
            return _reply({"status": "success", "clientes": []})
        page, size = int(operation.query["pagina"]), int(operation.query["itens_por_pagina"])
        await asyncio.sleep(PAGE_SECONDS * size / 500)
        rows = [self.row(number) for number in range(page * size, min((page + 1) * size, self.customers))]
        place = {
            "primeira_pagina": 0,
            "ultima_pagina": (self.customers - 1) // size,
            "pagina_atual": page,
            "total_registros": self.customers,
        }
        return _reply({"status": "success", "paginacao": place, "clientes": rows})

    def longest(self, operation: Operation[Any]) -> float:
        return operation.timeout

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run took: requests HubSoft received, and seconds of virtual time."""

    requests: int
    seconds: float


async def morning(
    clock: virtual.VirtualClock, provider: Provider, members: int, waits: tuple[float, ...]
) -> list[Spent]:
    """Check one list, and again after each of `waits` (seconds), with the real engine, limiter and files."""
    asyncio.get_running_loop().set_default_executor(Inline(1))
    profile = Profile(
        url="http://127.0.0.1:9", client_id="1", username="bench", client_secret="-", password="-"
    )
    chosen = random.Random(3).sample(range(provider.customers), members)
    with fixture.home() as folder:
        settings = Settings(profile=profile, home=str(folder))
        with open_state(settings, clock) as state:
            engine = await _engine(settings, state, clock, provider)
            checkup = Checkup(engine, state.checkups, clock, aside=False)
            people = [Member(provider.document(number)) for number in chosen]
            list_id = state.checkups.checkups.put_list("/list.csv", "list.csv", people, clock.wall())
            spent = []
            try:
                for wait in (0.0, *waits):
                    await clock.sleep(wait)
                    spent.append(await _one(checkup, clock, provider, list_id))
            finally:
                await checkup.close()
                await engine.close()
            return spent


async def _one(checkup: Checkup, clock: virtual.VirtualClock, provider: Provider, list_id: int) -> Spent:
    requests, began = provider.requests, clock.now()
    await checkup.start(list_id)
    ended = await checkup.wait(list_id)
    wrong = [
        row
        for row in (await checkup.changes(list_id)).rows
        if row.decision is None or row.decision.result not in {Result.ACTIVE, Result.INACTIVE}
    ]
    if wrong or ended.decided != ended.total:
        raise RuntimeError("the check-up did not decide every member")
    return Spent(provider.requests - requests, clock.now() - began)


async def _engine(settings: Settings, state: State, clock: virtual.VirtualClock, wire: Provider) -> Engine:
    engine = Engine(
        settings,
        state.ports,
        clock,
        kinds=questions.KINDS,
        login=token("1", "-", "bench", "-"),
        probe=choices.choices(choices.Table.SERVICE_STATUSES),
    )
    await engine._exchange.transport.close()
    engine._exchange.transport = wire  # type: ignore[assignment] # it quacks
    return engine


def _reply(answer: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(answer).encode(), {"content-type": "application/json"})


def costs(cases: tuple[tuple[int, int], ...]) -> Table:
    """Compare one list's check-up, then again an hour later, and the next morning."""
    rows: list[tuple[str, ...]] = []
    for members, customers in cases:
        provider = Provider(customers)
        waits = (HOUR, 23 * HOUR)
        ours = virtual.run(
            lambda clock, provider=provider, members=members, waits=waits: morning(  # type: ignore[misc]
                clock, provider, members, waits
            )
        )
        naive = Spent(members, members / PER_MINUTE * 60)
        nothing = Spent(0, 0.0)
        name = f"{members:,} of {customers:,}"
        rows.append(_row(f"{name}: one by one", naive, naive, naive))
        rows.append(_row(f"{name}: with a 4-hour cache", naive, nothing, naive))
        rows.append(_row(f"{name}: ours", *ours))
    note = (
        f"Time at {PER_MINUTE} requests a minute: one by one they go as fast as that allows; ours is the real engine"
        f" in virtual time, as background work ({PAGE_SECONDS} s a page). The first run asks for one page of one to"
        " learn how large the roster is. Aim: at most 5 and 30 requests for the first and the last list."
    )
    head = ("", "cold", "time", "an hour later", "time", "next morning", "time")
    return Table("A check-up: requests and time", head, tuple(rows), (note,))


def _row(name: str, *spent: Spent) -> tuple[str, ...]:
    cells = [name]
    for each in spent:
        cells += [f"{each.requests:,}", about(each.seconds) if each.requests else "at once"]
    return tuple(cells)


def memory(rosters: tuple[int, ...], members: int) -> Table:
    """Measure what reading a roster holds at most, beyond what the list itself holds."""
    rows = []
    for customers in rosters:
        peak = virtual.run(lambda clock, customers=customers: _peak(clock, customers, members))  # type: ignore[misc]
        rows.append((f"roster of {customers:,}", f"{peak / 1e6:.1f} MB"))
    note = (
        f"Python's own allocations (tracemalloc) above those before the run, {members:,} members on the list."
        " Aim: the page bounds it, not the roster."
    )
    return Table("Reading the roster: memory at most", ("", "peak"), tuple(rows), (note,))


async def _peak(clock: virtual.VirtualClock, customers: int, members: int) -> int:
    provider = Provider(customers)
    tracemalloc.start()
    try:
        await morning(clock, provider, members, ())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def run(*, quick: bool) -> list[Table]:
    """Check lists of a hundred to ten thousand, and read a roster of a hundred thousand."""
    if quick:
        return [costs(CASES[:1]), memory((1_500,), 100)]
    return [costs(CASES), memory((20_000, 100_000), 2_000)]

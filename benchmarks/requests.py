"""Requests a day for one and the same month: nothing remembered, the seed's cache, our engine, the bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from benchmarks import day, fixture, virtual, workload
from benchmarks.table import Table, ratio
from benchmarks.workload import AGES, Asked, Kind
from hubsoft_tui.api import choices
from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.token import token
from hubsoft_tui.core.engine import Engine
from hubsoft_tui.core.requests.transport import Reply
from hubsoft_tui.core.types import Category
from hubsoft_tui.services.customers import questions, terms
from hubsoft_tui.services.storage import open_state
from hubsoft_tui.settings.tree import CacheSettings, Profile

BASES = {"base of 500 (1 page)": 500, "base of 5,000 (10 pages)": 5_000}
PAGE = 500
SPECIFICATION = "50-70"
"""Requests a day that the specification expects of it."""
NAMES = {
    Kind.DATA: Category.CLIENT_DATA,
    Kind.STATUS: Category.CONTRACT_STATUS,
    Kind.TICKET: Category.SERVICE_DATA,
}
WRITE: Operation[None] = Operation(
    "write", "POST", "/api/v1/integracao/atendimento", lambda _: Decoded(None), repeatable=False
)


class CountingTransport:
    """Answers every request at once, from nothing, and counts them."""

    def __init__(self) -> None:
        self.requests = 0
        self.logins = 0

    async def send(self, operation: Operation[Any], _token: str | None, **_looks: object) -> Reply:
        if operation.name == "token":
            self.logins += 1
            answer: dict[str, Any] = {
                "access_token": "token",
                "token_type": "Bearer",
                "expires_in": 30 * 86400,
            }
        else:
            self.requests += 1
            answer = {"status": "success"}
            if operation.name == "cliente":
                code = int(operation.query["termo_busca"])
                customer = {
                    "id_cliente": code,
                    "codigo_cliente": code,
                    "nome_razaosocial": "CLIENTE",
                    "servicos": [],
                }
                answer["clientes"] = [customer]
            elif operation.name == "cliente.atendimento":
                answer["atendimentos"] = []
        return Reply(200, json.dumps(answer).encode(), {"content-type": "application/json"})

    def longest(self, operation: Operation[Any]) -> float:
        return operation.timeout

    async def close(self) -> None:
        """Nothing is open."""


def replay(trace: list[Asked]) -> CountingTransport:
    """Ask the real engine (queue, flights, memory over SQLite) everything, in virtual time."""
    profile = Profile(
        url="http://127.0.0.1:9", client_id="1", username="bench", client_secret="-", password="-"
    )
    ages = CacheSettings(
        client_data_ttl=AGES[Kind.DATA],
        contract_status_ttl=AGES[Kind.STATUS],
        service_data_ttl=AGES[Kind.TICKET],
    )

    async def story(clock: virtual.VirtualClock) -> CountingTransport:
        with fixture.home() as folder:
            settings = replace(fixture.unlimited(profile, folder), cache=ages)
            with open_state(settings, clock) as state:
                engine = Engine(
                    settings,
                    state.ports,
                    clock,
                    kinds=questions.KINDS,
                    login=token("1", "-", "bench", "-"),
                    probe=choices.choices(choices.Table.SERVICE_STATUSES),
                )
                wire = CountingTransport()
                await engine._exchange.transport.close()
                engine._exchange.transport = wire  # type: ignore[assignment] # it quacks
                engine.start()
                try:
                    for one in trace:
                        await clock.sleep(one.at - clock.now())
                        await _ask(engine, one)
                finally:
                    await engine.close()
                return wire

    return virtual.run(story)


async def _ask(engine: Engine, one: Asked) -> None:
    if one.kind is Kind.WRITE:
        await engine.send(WRITE)
    elif one.kind is Kind.TICKET:
        # Protocols begin where the callers' codes end: no customer's question finds a ticket.
        await engine.ask(questions.ticket_by_protocol(str(10**9 + one.subject)), category=NAMES[one.kind])
    else:
        # HubSoft's codes begin at 1.
        term = terms.Term(terms.Kind.CODE, str(one.subject + 1))
        await engine.ask(questions.customer(term), category=NAMES[one.kind])


def run(*, quick: bool) -> list[Table]:
    """Ask one month's questions of the engine alone, and some days' of the real services."""
    return [_engine_alone(2 if quick else 30), _services(1 if quick else 7)]


def _engine_alone(days: int) -> Table:
    trace = workload.month(days)
    ours = replay(trace)
    bound = workload.per_subject(trace, AGES)
    counted = {
        "naive": workload.naive(trace),
        "seed's cache (30 min, 4 h; nothing derived)": workload.seed_cache(trace, data_tells_status=False),
        "seed's cache, data tells the status too": workload.seed_cache(trace, data_tells_status=True),
        "ours (the engine alone, replayed)": ours.requests,
        "least possible, one request a subject": bound,
        **{
            f"least possible with whole pages, {name}": workload.with_sweeps(
                trace, AGES, pages=customers // PAGE
            )
            for name, customers in BASES.items()
        },
    }
    naive = counted["naive"]
    rows = tuple(
        (name, f"{count / days:.1f}", f"{(1 - count / naive) * 100:.1f} %", ratio(count, bound))
        for name, count in counted.items()
    )
    note = (
        f"{len(trace)} questions in {days} days. Logins apart ({ours.logins}). The engine alone asks for one subject at"
        " a time. Aim: ours equal to the least possible with one request a subject (1.00x)."
    )
    return Table(
        "Requests a day: the engine alone", ("", "requests/day", "saved", "of the least"), rows, (note,)
    )


def _services(days: int) -> Table:
    trace = workload.month(days)
    naive = workload.naive(trace)
    rows: list[tuple[str, ...]] = [
        ("naive", f"{naive / days:.1f}", "", "", "", ""),
        ("specification", SPECIFICATION, "", "", "", ""),
    ]
    for name, customers in BASES.items():
        received = day.asked(trace, customers)
        spent, least = received.total(), workload.with_sweeps(trace, AGES, pages=customers // PAGE)
        pages, singles = received["cliente/todos"], received["cliente"]
        parts = (pages, singles, spent - pages - singles)
        rows.append(
            (
                f"ours, {name}",
                f"{spent / days:.1f}",
                *(f"{part / days:.1f}" for part in parts),
                ratio(spent, least),
            )
        )
        rows.append((f"least possible, {name}", f"{least / days:.1f}", "", "", "", "1.00x"))
    note = (
        f"{len(trace)} questions in {days} days, asked of lookups, check-ups, passes over the tickets and the outbox as"
        " the console asks them, over the simulator in virtual time, logins apart; every answer is at most as old as"
        " its category allows. A lookup takes a row of the list of all customers, which the card says. Least: exact,"
        " with a page of 500 customers or all tickets for one request. Aim: at most 1.10x."
    )
    head = ("", "requests/day", "pages", "customers", "tickets, writes", "of the least")
    return Table("Requests a day: the real services", head, tuple(rows), (note,))

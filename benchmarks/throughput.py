"""Requests per second through the whole engine, its limit lifted, against httpx alone on the same simulator.

And the transactions that a request takes, as SQLite tells them: at speed, and where requests come apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec

from benchmarks import fixture
from benchmarks.table import Table, ratio
from hubsoft_tui.api.customers import customer_search
from hubsoft_tui.api.token import token
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.customers import questions
from hubsoft_tui.services.customers.terms import Kind, Term
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings import places
from hubsoft_tui.settings.tree import HttpSettings, LimiterSettings, Profile
from hubsoft_tui.simulator import SCENARIOS
from hubsoft_tui.store.process_liveness import ProcessLiveness

CONCURRENCY = 8
WARM = 20
AT_ONCE = (0.0, 0.0)
DECODED = "httpx and our decoder"
READS = {
    "httpx, the answer's bytes only": "bytes",
    "httpx and msgspec, JSON parsed": "parsed",
    DECODED: "decoded",
}
LIMITERS = {
    "our engine, 600,000 a minute": LimiterSettings(max_requests_per_minute=fixture.LIFTED),
    "our engine, 30 in 3 ms": LimiterSettings(max_requests_per_minute=30, window_seconds=0.003),
}
"""The limit lifted in two ways: the first lets the ledger grow, in the second it is as small as at 30 a minute."""
FILES = ("budget.db", "records.db", "trace.db")
APART_SECONDS = 0.5
"""Between two requests of a person at the desk: longer than an answer waits for others before it is written."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What `requests` requests took: seconds on the wall, and of this process's own work."""

    requests: int
    seconds: float
    work: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def work_us(self) -> float:
        return self.work / self.requests * 1e6


async def crowd(documents: Iterable[str], ask: Callable[[str], Awaitable[object]]) -> Speed:
    """Ask for every document once, `CONCURRENCY` at a time."""
    left = list(documents)
    count = len(left)

    async def one() -> None:
        while left:
            await ask(left.pop())

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(CONCURRENCY)))
    return Speed(count, time.perf_counter() - began, time.process_time() - worked)


async def bare(profile: Profile, documents: Iterable[str], read: str) -> Speed:
    """The same requests by httpx.AsyncClient; `read` is how far the answer is taken apart."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(base_url=profile.url, limits=limits, trust_env=False, timeout=30) as client:
        login = token(profile.client_id, profile.client_secret, profile.username, profile.password)
        grant = (await client.post(login.path, json=login.body)).json()
        headers = {"Authorization": f"Bearer {grant['access_token']}"}

        async def ask(document: str) -> object:
            operation = customer_search("cpf_cnpj", document)
            answer = await client.get(operation.path, params=dict(operation.query), headers=headers)
            if read == "decoded":
                return operation.read(answer.content, status=answer.status_code)
            if answer.status_code != httpx.codes.OK:
                raise RuntimeError(f"the simulator answered {answer.status_code}")
            return msgspec.json.decode(answer.content) if read == "parsed" else answer.content

        return await crowd(documents, ask)


async def engine(services: Services, documents: Iterable[str]) -> Speed:
    """The same through the engine's door: memory, queue, limiter, token, wire, decoding, disk."""

    async def ask(document: str) -> object:
        answer = await services.engine.ask(questions.customer(Term(Kind.CPF, document)))
        if answer.requests != 1:
            raise RuntimeError(f"an answer cost {answer.requests} requests")
        return answer

    return await crowd(documents, ask)


def through_engine(
    profile: Profile, warm: Iterable[str], asked: Iterable[str], limiter: LimiterSettings
) -> Speed:
    """Open an engine on a new home, warm it up, measure it."""
    with fixture.home() as folder:
        http = HttpSettings(max_connections=CONCURRENCY)
        settings = replace(fixture.unlimited(profile, folder), http=http, limiter=limiter)
        hub = Hub(settings)
        hub.start()
        try:
            hub.call(lambda services: engine(services, warm))
            return hub.call(lambda services: engine(services, asked))
        finally:
            hub.close()


def measure(count: int, rounds: int, latency: tuple[float, float]) -> dict[str, Speed]:
    """Measure each in turn, `rounds` times, and keep each one's best."""
    best: dict[str, Speed] = {}
    with fixture.served(count + WARM, latency=latency) as served:
        profile, warm, asked = served.profile, served.documents[:WARM], served.documents[WARM : WARM + count]
        for _ in range(rounds):
            for name, read in READS.items():
                asyncio.run(bare(profile, warm, read))
                _keep(best, name, asyncio.run(bare(profile, asked, read)))
            for name, limiter in LIMITERS.items():
                _keep(best, name, through_engine(profile, warm, asked, limiter))
    return best


def _keep(best: dict[str, Speed], name: str, speed: Speed) -> None:
    known = best.get(name, speed)
    best[name] = Speed(speed.requests, min(known.seconds, speed.seconds), min(known.work, speed.work))


@contextlib.contextmanager
def transactions() -> Iterator[Counter[str]]:
    """Count the commits of every file that is opened within the block, as SQLite's trace tells them."""
    counts, plain = Counter[str](), sqlite3.connect

    def connect(path: str | Path, **how: Any) -> sqlite3.Connection:  # noqa: ANN401 - as its own
        connection: sqlite3.Connection = plain(path, **how)
        name = Path(path).name
        connection.set_trace_callback(lambda sql: counts.update([name] if sql == "COMMIT" else []))
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]
    try:
        yield counts
    finally:
        sqlite3.connect = plain


async def apart(services: Services, documents: Iterable[str]) -> None:
    """Ask for every document once, one after the other with a pause."""
    for document in documents:
        await engine(services, [document])
        await asyncio.sleep(APART_SECONDS)


def written(
    ask: Callable[[Services, Iterable[str]], Awaitable[object]], count: int, *, company: bool
) -> Counter[str]:
    """Count what `count` requests and closing write, warm; with `company` another process is on the home."""
    with (
        fixture.served(count + WARM) as served,
        fixture.home() as folder,
        transactions() as counts,
        contextlib.ExitStack() as stack,
    ):
        hub = Hub(fixture.unlimited(served.profile, folder))
        hub.start()
        try:
            if company:
                other = ProcessLiveness(places.find(home=str(folder)).state / "alive")
                stack.callback(other.close)
            hub.call(lambda services: engine(services, served.documents[:WARM]))
            counts.clear()
            hub.call(lambda services: ask(services, served.documents[WARM : WARM + count]))
        finally:
            hub.close()
        return counts


def run(*, quick: bool) -> list[Table]:
    """Measure with a simulator that answers as its calm scenario does, and with one that answers at once."""
    calm = SCENARIOS["calm"].latency
    if quick:
        return [*(_table(30, 1, latency) for latency in (calm, AT_ONCE)), _written(100, 2)]
    return [_table(500, 2, calm), _table(1000, 3, AT_ONCE), _written(1000, 20)]


def _written(many: int, few: int) -> Table:
    rows = []
    for name, ask, count, company in (
        (f"{CONCURRENCY} at a time", engine, many, False),
        (f"{APART_SECONDS:g} s apart", apart, few, False),
        ("the same beside another process", apart, few, True),
    ):
        counts = written(ask, count, company=company)
        commits = [counts.total(), *(counts[file] for file in FILES)]
        rows.append((name, *(f"{each / count:.2f}" for each in commits)))
    note = (
        "What closing writes is among them. The permit goes to budget.db, and with the next one the end of the request;"
        " the answer to records.db, beside another process the question before it too; the trace's rows together."
        " Aim: one or two."
    )
    return Table("Transactions a request", ("", "all", *FILES), tuple(rows), (note,))


def _table(count: int, rounds: int, latency: tuple[float, float]) -> Table:
    best = measure(count, rounds, latency)
    base = best[DECODED]
    rows = tuple(
        (
            name,
            f"{speed.per_second:.0f}",
            ratio(speed.per_second, base.per_second),
            f"{speed.work_us:.0f}",
            ratio(base.work_us, speed.work_us),
        )
        for name, speed in best.items()
    )
    answers = "at once" if latency == AT_ONCE else f"after {latency[0] * 1000:g} to {latency[1] * 1000:g} ms"
    note = (
        f"Best of {rounds}; above 1.00x is better than httpx with our decoder. Aim: the engine at 0.80x or better, by"
        " processor time, which a busy machine does not change much. The engine also queues, counts, tests, claims and"
        " keeps on disk. Its ledger holds every request of the window: all of these in 60 s, about thirty in 3 ms."
    )
    return Table(
        f"Throughput: {count} different customers, {CONCURRENCY} at a time, the simulator answers {answers}",
        ("", "requests/s", "ratio", "own CPU us/request", "ratio"),
        rows,
        (note,),
    )

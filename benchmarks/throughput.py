"""Requests per second through the whole engine, its limit lifted, against httpx alone on the same simulator."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

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
from hubsoft_tui.settings.tree import HttpSettings, LimiterSettings, Profile
from hubsoft_tui.simulator import SCENARIOS

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


def run(*, quick: bool) -> list[Table]:
    """Measure with a simulator that answers as its calm scenario does, and with one that answers at once."""
    calm = SCENARIOS["calm"].latency
    if quick:
        return [_table(30, 1, latency) for latency in (calm, AT_ONCE)]
    return [_table(500, 2, calm), _table(1000, 3, AT_ONCE)]


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

"""What an answer from memory costs the processor at each door, against a bare cachetools lookup."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import cachetools

from benchmarks import fixture
from benchmarks.table import Table, ratio
from hubsoft_tui import AsyncHubSoft, HubSoft
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.customers import questions
from hubsoft_tui.services.customers.terms import recognise
from hubsoft_tui.settings.tree import Settings

TIMES = 3
HOUR = 3600.0


def us(seconds: float, calls: int) -> float:
    """Microseconds per call."""
    return seconds / calls * 1e6


def timed(call: Callable[[], object], calls: int) -> float:
    """Return microseconds per call, the best of `TIMES`."""
    best = float("inf")
    for _ in range(TIMES):
        began = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, time.process_time() - began)
    return us(best, calls)


async def awaited(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """Return microseconds per awaited call, the best of `TIMES`."""
    best = float("inf")
    for _ in range(TIMES):
        began = time.process_time()
        for _ in range(calls):
            await call()
        best = min(best, time.process_time() - began)
    return us(best, calls)


def bare(value: object, calls: int) -> dict[str, float]:
    """The lookups a program without us would write."""
    lock = threading.Lock()
    lru: cachetools.LRUCache[str, object] = cachetools.LRUCache(1000)
    tlru: cachetools.TLRUCache[str, object] = cachetools.TLRUCache(
        1000, lambda _key, _value, now: now + HOUR, time.monotonic
    )
    lru["key"] = tlru["key"] = value

    def guarded() -> object:
        with lock:
            return tlru["key"]

    return {
        "cachetools LRUCache": timed(lambda: lru["key"], calls),
        "cachetools TLRUCache with a lock": timed(guarded, calls),
    }


def doors(settings: Settings, document: str, calls: int) -> tuple[object, dict[str, float]]:
    """Ask once so that it is remembered, then again and again through each door."""

    async def inside(services: Services) -> tuple[float, float]:
        question = questions.customer(recognise(document))
        asking = await awaited(lambda: services.engine.ask(question), calls)
        return asking, await awaited(lambda: services.customers.lookup(document), calls)

    async def outside() -> float:
        async with AsyncHubSoft(settings) as hub:
            await hub.client_info(document)
            return await awaited(lambda: hub.client_info(document), calls // 5)

    with HubSoft(settings) as hub:
        customer = hub.client_info(document)
        asking, looking = hub.hub.call(inside)
        blocking = timed(lambda: hub.client_info(document), calls // 5)
    return customer, {
        "engine.ask, in its own loop": asking,
        "customers.lookup, in the engine's loop": looking,
        "AsyncHubSoft, from another loop": asyncio.run(outside()),
        "HubSoft, from another thread": blocking,
    }


def run(*, quick: bool) -> list[Table]:
    """Measure every door on one remembered customer."""
    calls = 500 if quick else 10_000
    with fixture.served(50) as served, fixture.home() as folder:
        customer, ours = doors(fixture.unlimited(served.profile, folder), served.documents[0], calls)
    figures = bare(customer, calls) | ours
    base = figures["cachetools TLRUCache with a lock"]
    rows = tuple((name, f"{cost:.2f}", ratio(cost, base)) for name, cost in figures.items())
    note = (
        f"Best of {TIMES}, one caller, processor time of all threads. A hit looks whether another connection wrote"
        " since (SQLite), tests the age by two clocks and is counted; HubSoft and AsyncHubSoft do so in the caller's"
        " thread, and are counted in the engine's once a second."
    )
    return [Table("Hit: one customer from memory", ("", "us/call", "ratio"), rows, (note,))]

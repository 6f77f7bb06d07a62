"""What a limiter costs, what the server really sees of it, how much of the budget it uses, and who waits."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from benchmarks import fixture, virtual
from benchmarks.peers import Peer, missing, peers
from benchmarks.table import Table
from hubsoft_tui.core.clock import Clock, SystemClock
from hubsoft_tui.core.types import Priority
from hubsoft_tui.simulator.request_log import worst_window

LIFTED = 10_000_000
FULL = 30
MINUTE = 60.0
HELD = (FULL - 1, 2000)
"""Places of the window that are taken while a permit's cost is measured."""
CHECKUP = 100
"""LOW requests that all arrive at the start: the daily check-up."""
CRITICAL_PER_HOUR = 20.0
MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """How hard the limiters are driven: `demand` requests, `n` per `window` seconds, one-way delays."""

    n: int
    window: float
    demand: int
    jitter: float


class SteppedClock(SystemClock):
    """A clock that moves on by `step` whenever a request completes: the window stays full and no request waits."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self._step = step
        self._at = super().now()

    def now(self) -> float:
        return self._at

    def tick(self) -> None:
        self._at += self._step


async def cost(peer: Peer, calls: int) -> float:
    """Microseconds per permit, taken and completed, where the limit is far away; the best of three."""
    best = float("inf")
    for _ in range(3):
        with peer.made(SystemClock(), LIFTED, 1.0) as acquire:
            began = time.perf_counter()
            for _ in range(calls):
                (await acquire(Priority.CRITICAL))()
            best = min(best, time.perf_counter() - began)
    return best / calls * 1e6


async def usual_cost(peer: Peer, calls: int, held: int) -> float:
    """The same in processor time, in a window with one place more than are `held`: 29 in a working day."""
    clock = SteppedClock(MINUTE / held)
    best = float("inf")
    with peer.made(clock, held + 1, MINUTE) as acquire:
        for _ in range(held * 2):
            (await acquire(Priority.CRITICAL))()
            clock.tick()
        for _ in range(3):
            began = time.process_time()
            for _ in range(calls):
                (await acquire(Priority.CRITICAL))()
                clock.tick()
            best = min(best, time.process_time() - began)
    return best / calls * 1e6


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run showed: most in a window at the grant, at the server, and the share of the budget used."""

    granted: int
    arrived: int
    used: float


async def conform(peer: Peer, load: Load, *, late: bool) -> Seen:
    """Let all requests come at once; or, `late`, one at once and the others just before its place is free again."""
    chance = random.Random(7)
    delays = [chance.uniform(0, load.jitter) for _ in range(load.demand)]
    granted: list[float] = []
    arrived: list[float] = []
    clock: Clock = SystemClock()
    with peer.made(clock, load.n, load.window) as acquire:
        began = time.perf_counter()

        async def one(index: int) -> None:
            if late and index:
                await asyncio.sleep(0.9 * load.window)
            done = await acquire(Priority.CRITICAL)
            now = time.perf_counter()
            granted.append(now)
            arrived.append(now + delays[index])
            await asyncio.sleep(delays[index])
            done()

        await asyncio.gather(*(one(index) for index in range(load.demand)))
    best = load.window * ((load.demand - 1) // load.n)
    used = best / (max(granted) - began)
    return Seen(worst_window(granted, load.window), worst_window(arrived, load.window), used)


def waits(peer: Peer, high_per_minute: float, seed: int) -> tuple[dict[Priority, list[float]], float]:
    """Seconds each class waited behind a check-up, in virtual time; and when the check-up was done."""
    chance = random.Random(seed)
    arrivals = [(0.0, Priority.LOW)] * CHECKUP
    for per_minute, priority in (
        (high_per_minute, Priority.HIGH),
        (CRITICAL_PER_HOUR / 60, Priority.CRITICAL),
    ):
        at = chance.expovariate(per_minute / MINUTE)
        while at < MINUTES * MINUTE:
            arrivals.append((at, priority))
            at += chance.expovariate(per_minute / MINUTE)
    waited: dict[Priority, list[float]] = {priority: [] for priority in Priority}

    async def story(clock: virtual.VirtualClock) -> float:
        finished = 0.0
        with peer.made(clock, FULL, MINUTE) as acquire:

            async def one(at: float, priority: Priority) -> None:
                nonlocal finished
                await clock.sleep(at)
                done = await acquire(priority)
                now = clock.now()
                waited[priority].append(now - at)
                if priority is Priority.LOW:
                    finished = max(finished, now)
                done()

            await asyncio.gather(*(one(*arrival) for arrival in sorted(arrivals)))
        return finished

    return waited, virtual.run(story)


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of the sorted ones do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def run(*, quick: bool) -> list[Table]:
    """Measure every limiter that is installed."""
    load = Load(10, 0.15, 30, 0.004) if quick else Load(60, 2.0, 300, 0.05)
    with fixture.home() as folder:
        found = peers(folder)
        return [_conformance(found, load, 200 if quick else 2000), _priorities(found, 1 if quick else 100)]


def _conformance(found: list[Peer], load: Load, calls: int) -> Table:
    rows = []
    for peer in found:
        lifted = asyncio.run(cost(peer, calls))
        usual = [f"{asyncio.run(usual_cost(peer, calls, held)):.1f}" if peer.ours else "-" for held in HELD]
        burst = asyncio.run(conform(peer, load, late=False))
        late = asyncio.run(conform(peer, load, late=True))
        worst = max(burst.arrived, late.arrived)
        rows.append(
            (
                peer.name,
                f"{lifted:.1f}",
                *usual,
                str(max(burst.granted, late.granted)),
                str(worst),
                f"{(worst / load.n - 1) * 100:+.0f} %",
                f"{burst.used * 100:.0f} %",
            )
        )
    note = (
        "worst: most in any window, of a burst and of a late burst. used: the shortest time possible against"
        " the time taken; more than 100 % only by breaking the limit. us/permit: no waiting; ours keeps"
        f" every one of those {calls} for the window."
    )
    return Table(
        f"Limiter: {load.n} per {load.window:g} s, {load.demand} at once, one-way delay up to"
        f" {load.jitter * 1000:g} ms",
        ("", "us/permit", "us, 29 held", "us, 2,000 held", "worst granted", "at the server", "over", "used"),
        tuple(rows),
        (note, *_absent()),
    )


def _priorities(found: list[Peer], runs: int) -> Table:
    rows = []
    for peer in found:
        cells = [peer.name]
        for high in (6.0, 20.0):
            waited: dict[Priority, list[float]] = {priority: [] for priority in Priority}
            finished: list[float] = []
            for seed in range(runs):
                one, at = waits(peer, high, seed)
                finished.append(at)
                for priority, seconds in one.items():
                    waited[priority] += seconds
            for priority in (Priority.CRITICAL, Priority.HIGH):
                cells += [
                    f"{percentile(waited[priority], 0.95):.1f}",
                    f"{max(waited[priority], default=0):.1f}",
                ]
            cells.append(f"{percentile(finished, 0.5):.0f}")
        rows.append(tuple(cells))
    columns = ("CRITICAL p95", "max", "HIGH p95", "max", "LOW done")
    return Table(
        f"Limiter: seconds waited behind {CHECKUP} LOW, {FULL} a minute; HIGH at 6 (left) and 20 a minute (right)",
        ("", *columns, *columns),
        tuple(rows),
        (f"Virtual time, {MINUTES:g} minutes, {runs} runs. Aim: CRITICAL at most 1 s at p95.", *_absent()),
    )


def _absent() -> tuple[str, ...]:
    names = missing()
    return (f"Not installed, so not measured: {', '.join(names)}.",) if names else ()

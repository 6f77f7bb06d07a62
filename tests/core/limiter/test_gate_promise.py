"""The hard promise, as properties: the server never sees more than N in any window, and every request is served."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits
from hubsoft_tui.core.limiter.throttle import limits_from
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from tests.core.limiter.gating import Process, Server, worst_window
from tests.virtual import VirtualClock, run

WINDOW = 10.0


@dataclass(frozen=True)
class Request:
    at: float
    priority: Priority
    out: float
    back: float
    fate: str
    after: float
    process: int


# Times are clustered on purpose: bursts, and arrivals just before and after a window ends.
instants = st.one_of(
    st.sampled_from([0.0, 0.0, WINDOW * 0.9, WINDOW, WINDOW * 1.01]), st.floats(0.0, 3 * WINDOW, width=32)
)
delays = st.one_of(st.just(0.0), st.floats(0.0, 0.5, width=32), st.floats(0.0, 4.0, width=32))
requests = st.builds(
    Request,
    at=instants,
    priority=st.sampled_from(Priority),
    out=delays,
    back=delays,
    fate=st.sampled_from(["done", "done", "done", "unused", "cancelled", "429", "retried"]),
    after=delays,
    process=st.integers(0, 2),
)


def limits(per_window: int) -> Limits:
    return limits_from(LimiterSettings(max_requests_per_minute=per_window, window_seconds=WINDOW))


async def live(request: Request, gate: Gate, server: Server) -> None:
    await server.clock.sleep(request.at)
    permit = await gate.enter(QueuePlace(request.priority))
    if request.fate == "unused":
        permit.unused()
        return
    await server.request(permit, request.out, request.back)
    if request.fate == "429":
        gate.limited(request.after)
    if request.fate == "retried":
        again = QueuePlace(request.priority, not_before=server.clock.now() + request.after)
        await server.request(await gate.enter(again), request.back, request.out)


async def live_or_be_cancelled(request: Request, gate: Gate, server: Server) -> None:
    task = asyncio.ensure_future(live(request, gate, server))
    if request.fate == "cancelled":
        await server.clock.sleep(request.at + request.after)
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@settings(max_examples=100, deadline=None)
@given(
    per_window=st.integers(1, 12), load=st.lists(requests, max_size=50), steps=st.lists(instants, max_size=3)
)
def test_the_server_never_sees_more_than_n(per_window: int, load: list[Request], steps: list[float]) -> None:
    async def story(clock: VirtualClock) -> None:
        server = Server(clock)
        gate = Gate(LocalBudget(MemoryBudget(clock)), clock, limits(per_window))

        async def step_wall(at: float) -> None:
            await clock.sleep(at)
            clock.step_wall(-86_400 if at > WINDOW else 86_400)

        async with asyncio.timeout(100 * WINDOW + 60 * len(load)):
            await asyncio.gather(
                *(live_or_be_cancelled(request, gate, server) for request in load), *map(step_wall, steps)
            )
        assert worst_window(server.arrivals, WINDOW) <= per_window
        await clock.sleep(5.0 + WINDOW)
        assert gate.state().queued == 0
        assert gate.state().used == 0
        assert gate._driver is None

    run(story)


@settings(max_examples=40, deadline=None)
@given(
    per_window=st.integers(1, 8),
    load=st.lists(requests, min_size=1, max_size=30),
    deaths=st.lists(st.tuples(instants, st.integers(0, 2)), max_size=3),
)
def test_all_processes_together_keep_the_promise_over_deaths_and_restarts(
    per_window: int, load: list[Request], deaths: list[tuple[float, int]]
) -> None:
    async def story(clock: VirtualClock, home: Path) -> None:
        server = Server(clock)
        processes = [Process(home, clock, limits(per_window)) for _ in range(3)]

        async def arrive(request: Request) -> None:
            await clock.sleep(request.at)
            process = processes[request.process]
            task = asyncio.ensure_future(serve(process, request))
            process.tasks.add(task)
            with contextlib.suppress(asyncio.CancelledError):
                await task

        async def serve(process: Process, request: Request) -> None:
            permit = await process.gate.enter(QueuePlace(request.priority, lease=20.0))
            # What a dead process has on the wire is out of anybody's hands: here it arrives at once.
            server.arrivals.append(clock.now())
            await clock.sleep(request.back)
            permit.done()

        async def die(at: float, number: int) -> None:
            await clock.sleep(at)
            processes[number].die()
            processes[number] = Process(home, clock, limits(per_window))

        async with asyncio.timeout(200 * WINDOW):
            await asyncio.gather(*map(arrive, load), *(die(at, number) for at, number in deaths))
        assert worst_window(server.arrivals, WINDOW) <= per_window
        # Whatever the dead left in the line goes with the next look at it.
        (await processes[0].gate.enter(QueuePlace(Priority.CRITICAL))).unused()
        assert not processes[1].port.read().queue
        for process in processes:
            await process.leave()

    with tempfile.TemporaryDirectory() as folder:
        run(lambda clock: story(clock, Path(folder)))


def backlog(per_window: int, latency: float, windows: int, gates: int = 1) -> float:
    """Return best possible makespan / makespan of a CRITICAL backlog."""

    async def story(clock: VirtualClock, home: Path) -> float:
        server = Server(clock)
        setup = limits(per_window)
        alone = Gate(LocalBudget(MemoryBudget(clock)), clock, setup)
        processes = [Process(home, clock, setup) for _ in range(gates)] if gates > 1 else []
        doors = [process.gate for process in processes] or [alone]

        async def one(gate: Gate) -> None:
            await server.request(
                await gate.enter(QueuePlace(Priority.CRITICAL)), latency * 0.6, latency * 0.4
            )

        begun = clock.now()
        count = per_window * windows + 1
        await asyncio.gather(*(one(doors[number % len(doors)]) for number in range(count)))
        for process in processes:
            await process.leave()
        assert worst_window(server.arrivals, WINDOW) == per_window
        return windows * WINDOW / (max(server.arrivals) - latency * 0.6 - begun)

    with tempfile.TemporaryDirectory() as folder:
        return run(lambda clock: story(clock, Path(folder)))


def test_a_backlog_uses_97_percent_of_the_budget() -> None:
    assert backlog(30, WINDOW * 0.025, 8) >= 0.97
    assert backlog(1, WINDOW * 0.025, 8) >= 0.97


def test_a_backlog_spread_over_processes_uses_as_much() -> None:
    assert backlog(30, WINDOW * 0.025, 5, gates=3) >= 0.96

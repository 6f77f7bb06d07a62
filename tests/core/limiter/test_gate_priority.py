"""People before machines: the waits of ENGINE 2.2, on virtual time."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import pytest

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from tests.core.limiter.gating import Server, p95, settle, worst_window
from tests.virtual import VirtualClock, run

LATENCY = 0.3


def day(high_per_minute: float, seeds: range) -> tuple[dict[Priority, list[float]], float]:
    """A check-up of 100 at t=0, people and creations for ten minutes; waits per class, and LOW's last start."""
    waits: dict[Priority, list[float]] = {priority: [] for priority in Priority}
    finished: list[float] = []

    async def story(clock: VirtualClock, dice: random.Random) -> None:
        server, gate = Server(clock), Gate(LocalBudget(MemoryBudget(clock)), clock, Limits())
        begun = clock.now()

        async def one(at: float, priority: Priority) -> None:
            await clock.sleep(at)
            permit = await gate.enter(QueuePlace(priority))
            waits[priority].append(permit.waited)
            if priority is Priority.LOW:
                finished.append(clock.now() - begun)
            await server.request(permit, LATENCY / 2, LATENCY / 2)

        load = [(0.0, Priority.LOW)] * 100
        for rate, priority in ((high_per_minute / 60, Priority.HIGH), (20 / 3600, Priority.CRITICAL)):
            at = dice.expovariate(rate)
            while at < 600:
                load.append((at, priority))
                at += dice.expovariate(rate)
        await asyncio.gather(*(one(at, priority) for at, priority in load))
        assert worst_window(server.arrivals, 60.0) <= 30

    for seed in seeds:
        run(partial(story, dice=random.Random(seed)))
    return waits, max(finished)


def test_behind_a_check_up_people_do_not_wait() -> None:
    waits, low_done = day(6, range(12))
    assert p95(waits[Priority.CRITICAL]) <= 1.0
    assert p95(waits[Priority.HIGH]) <= 1.0
    assert low_done <= 480


def test_creations_do_not_wait_and_the_check_up_ends() -> None:
    waits, low_done = day(20, range(12))
    assert p95(waits[Priority.CRITICAL]) <= 1.0
    assert low_done <= 1200


async def flood(gate: Gate, server: Server, priority: Priority, until: float) -> None:
    """Keep twenty of a class waiting."""

    async def again() -> None:
        while server.clock.now() < until:
            await server.request(await gate.enter(QueuePlace(priority)), 0.1, 0.1)

    await asyncio.gather(*(again() for _ in range(20)))


@pytest.mark.parametrize("flooding", [Priority.HIGH, Priority.NORMAL])
def test_low_keeps_its_minimum_share_under_any_flood(flooding: Priority) -> None:
    async def story(clock: VirtualClock) -> None:
        gate, server, people = (
            Gate(LocalBudget(MemoryBudget(clock)), clock, Limits()),
            Server(clock),
            Server(clock),
        )
        end = clock.now() + 600
        crowd = asyncio.ensure_future(flood(gate, people, flooding, end))
        await clock.sleep(120.0)
        begun = clock.now()
        for _ in range(8):
            await server.request(await gate.enter(QueuePlace(Priority.LOW)), 0.1, 0.1)
        # Two in each window, from the first slot that comes free.
        assert server.arrivals[-1] - begun <= 4 * 62
        permit = await gate.enter(QueuePlace(Priority.CRITICAL))
        assert permit.waited == 0.0
        permit.done()
        await crowd
        assert worst_window([*server.arrivals, *people.arrivals], 60.0) <= 30

    run(story)


def test_low_never_goes_before_a_person_who_can_start() -> None:
    async def story(clock: VirtualClock) -> None:
        gate, server = (
            Gate(
                LocalBudget(MemoryBudget(clock)),
                clock,
                Limits(per_window=4, caps=(4, 3, 3, 3), low_minimum=1),
            ),
            Server(clock),
        )
        for _ in range(3):
            await server.request(await gate.enter(QueuePlace(Priority.CRITICAL)))
        order: list[Priority] = []

        async def one(priority: Priority) -> None:
            permit = await gate.enter(QueuePlace(priority))
            order.append(priority)
            await server.request(permit)

        await asyncio.gather(*(one(priority) for priority in (Priority.LOW, Priority.HIGH, Priority.NORMAL)))
        assert order == [Priority.HIGH, Priority.NORMAL, Priority.LOW]

    run(story)


def test_low_is_paced_even_when_the_window_is_empty() -> None:
    async def story(clock: VirtualClock) -> None:
        gate, server = Gate(LocalBudget(MemoryBudget(clock)), clock, Limits()), Server(clock)
        for _ in range(5):
            await server.request(await gate.enter(QueuePlace(Priority.LOW)))
        gaps = [b - a for a, b in zip(server.arrivals, server.arrivals[1:], strict=False)]
        assert all(60 / 22 <= gap <= 60 / 22 + 0.01 for gap in gaps)

    run(story)


def test_within_a_class_the_first_in_is_first_out() -> None:
    async def story(clock: VirtualClock) -> None:
        gate, server = (
            Gate(
                LocalBudget(MemoryBudget(clock)),
                clock,
                Limits(per_window=1, caps=(1, 1, 1, 1), low_minimum=0),
            ),
            Server(clock),
        )
        order: list[str] = []

        async def one(name: str, priority: Priority) -> None:
            permit = await gate.enter(QueuePlace(priority))
            order.append(name)
            await server.request(permit)

        asked = [
            ("first", Priority.LOW),
            ("low", Priority.LOW),
            ("normal", Priority.NORMAL),
            ("high 1", Priority.HIGH),
        ]
        asked += [("high 2", Priority.HIGH), ("critical", Priority.CRITICAL)]
        tasks = []
        for name, priority in asked:
            tasks.append(asyncio.ensure_future(one(name, priority)))
            await settle()
        await asyncio.gather(*tasks)
        assert order == ["first", "critical", "high 1", "high 2", "normal", "low"]

    run(story)

"""The gate's manners: leaving, being refused, deadlines, promotion, what a watcher sees, and a busy disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.limiter.gate import Gate, Permit, QueuePlace
from hubsoft_tui.core.limiter.ledger import Ledger, Limits, Throttle
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import Closed, QueueFull, StoreBusy, StoreError, TimedOut
from tests.core.limiter.gating import enter_all, settle
from tests.virtual import VirtualClock, run

T = TypeVar("T")

ONE = Limits(per_window=1, caps=(1, 1, 1, 1), low_minimum=0, max_queue=3)


def gate_of(clock: VirtualClock, limits: Limits = ONE) -> Gate:
    return Gate(LocalBudget(MemoryBudget(clock)), clock, limits)


def entering(gate: Gate, priority: Priority = Priority.HIGH, **kwargs) -> asyncio.Task[Permit]:
    return asyncio.ensure_future(gate.enter(QueuePlace(priority, **kwargs)))


def test_a_cancelled_waiter_leaves_and_spends_nothing() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        gone = [entering(gate) for _ in range(3)]
        await settle()
        assert gate.state().queued == 3
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        await settle()
        assert gate.state().queued == 0
        assert gate._driver is None
        assert (await gate.enter(QueuePlace(Priority.LOW))).waited == pytest.approx(60.0)

    run(story)


def test_a_permit_granted_while_cancelled_is_given_back() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        first = await gate.enter(QueuePlace(Priority.HIGH))
        waiting = entering(gate)
        await settle()
        first.unused()
        await gate._pump()
        assert gate.state().used == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert gate.state().used == 0

    run(story)


def test_a_full_queue_refuses_the_lowest_ranked_newest() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        old, new, high = entering(gate, Priority.LOW), entering(gate, Priority.LOW), entering(gate)
        await settle()
        with pytest.raises(QueueFull):
            await gate.enter(QueuePlace(Priority.LOW))
        urgent = entering(gate, Priority.CRITICAL)
        await settle()
        with pytest.raises(QueueFull):
            await new
        assert not any(task.done() for task in (old, high, urgent))
        assert gate.state().queued == 3
        await gate.close()
        await asyncio.gather(old, high, urgent, return_exceptions=True)

    run(story)


def test_a_request_that_need_not_wait_displaces_none() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock, Limits(per_window=2, caps=(2, 1, 1, 1), low_minimum=0, max_queue=1))
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        waiting = entering(gate, Priority.LOW)
        await settle()
        assert (await gate.enter(QueuePlace(Priority.CRITICAL))).waited == 0.0
        assert not waiting.done()
        await gate.close()
        with pytest.raises(Closed):
            await waiting

    run(story)


def test_a_passed_deadline_is_told_at_once_and_never_granted() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        begun = clock.now()
        with pytest.raises(TimedOut):
            await gate.enter(QueuePlace(Priority.HIGH, deadline=begun + 7.0))
        assert clock.now() == pytest.approx(begun + 7.0, abs=0.01)
        # The slot comes free in the very instant of this deadline.
        with pytest.raises(TimedOut):
            await gate.enter(QueuePlace(Priority.HIGH, deadline=begun + 60.0))
        with pytest.raises(TimedOut):
            await gate.enter(QueuePlace(Priority.HIGH, deadline=clock.now()))
        assert gate.state().used == 0

    run(story)


def test_not_before_holds_one_request_back_and_no_other() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock, Limits())
        begun = clock.now()
        retry = entering(gate, Priority.CRITICAL, not_before=begun + 5.0)
        await settle()
        assert (await gate.enter(QueuePlace(Priority.LOW))).waited == 0.0
        await retry
        assert clock.now() == pytest.approx(begun + 5.0, abs=0.01)

    run(story)


def test_promotion_moves_up_behind_those_already_there() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        order: list[str] = []

        async def one(name: str, place: QueuePlace) -> None:
            (await gate.enter(place)).done()
            order.append(name)

        place = QueuePlace(Priority.LOW)
        tasks = [asyncio.ensure_future(one("promoted", place))]
        await clock.sleep(1.0)
        tasks += [
            asyncio.ensure_future(one(name, QueuePlace(Priority[name.upper()])))
            for name in ("high", "normal")
        ]
        await clock.sleep(1.0)
        gate.promote(place, Priority.HIGH)
        gate.promote(place, Priority.LOW)
        assert place.priority is Priority.HIGH
        await asyncio.gather(*tasks)
        assert order == ["high", "promoted", "normal"]

    run(story)


def test_a_promoted_waiter_may_start_at_once() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock, Limits(per_window=2, caps=(2, 1, 1, 1), low_minimum=0))
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        place = QueuePlace(Priority.LOW)
        waiting = asyncio.ensure_future(gate.enter(place))
        await clock.sleep(3.0)
        gate.promote(place, Priority.CRITICAL)
        assert (await waiting).waited == pytest.approx(0.0, abs=0.01)

    run(story)


def test_unused_frees_the_slot_and_only_the_first_call_counts() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        first = await gate.enter(QueuePlace(Priority.HIGH))
        waiting = entering(gate)
        await settle()
        first.unused()
        first.done()
        second = await waiting
        second.done()
        second.unused()
        assert gate.state().used == 1

    run(story)


def test_a_slot_is_held_from_completion_or_lease_end() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        begun = clock.now()
        forgotten = await gate.enter(QueuePlace(Priority.HIGH, lease=20.0))
        assert forgotten.valid
        await gate.enter(QueuePlace(Priority.HIGH))
        assert clock.now() == pytest.approx(begun + 80.0, abs=1.01)
        assert not forgotten.valid

    run(story)


def test_reconfiguring_applies_at_once() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        await enter_all(gate, Priority.HIGH)
        waiting = entering(gate)
        await settle()
        gate.reconfigure(Limits(per_window=2, caps=(2, 2, 2, 2)))
        assert (await waiting).waited == 0.0

    run(story)


def test_closing_refuses_waiters_and_keeps_permits_good() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = gate_of(clock)
        permit = await gate.enter(QueuePlace(Priority.HIGH))
        waiting = entering(gate)
        await settle()
        await gate.close()
        await gate.close()
        with pytest.raises(Closed):
            await waiting
        with pytest.raises(Closed):
            await gate.enter(QueuePlace(Priority.CRITICAL))
        permit.done()
        assert gate.state().used == 1

    run(story)


def test_a_watcher_sees_the_budget_and_where_questions_stand() -> None:
    async def story(clock: VirtualClock) -> None:
        limits = Limits(per_window=2, caps=(2, 2, 1, 1), low_minimum=0)
        gate = gate_of(clock, limits)
        for permit in await enter_all(gate, Priority.HIGH, Priority.CRITICAL):
            permit.done()
        waiting = [entering(gate, Priority.LOW), entering(gate, Priority.HIGH, label="q"), entering(gate)]
        await clock.sleep(10.0)
        state = gate.state()
        assert (state.used, state.limit, state.queued) == (2, 2, 3)
        assert [mark.priority for mark in state.marks] == [Priority.HIGH, Priority.CRITICAL]
        assert state.lanes[Priority.HIGH].waiting == 2
        assert state.lanes[Priority.HIGH].oldest == pytest.approx(10.0)
        assert state.lanes[Priority.NORMAL].cap == 1
        stands = gate.waiting()["q"]
        assert (stands.position, stands.passes) == (1, 1)
        assert stands.starts_in == pytest.approx(50.0)
        await gate.close()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(story)


class FailingBudget(MemoryBudget):
    """Fails as told to."""

    failure: StoreError | None = None

    def update(self, step: Callable[[Ledger, float], tuple[Ledger, T]]) -> T:
        if self.failure is not None:
            raise self.failure
        return super().update(step)


def test_a_busy_disk_is_retried_and_no_completion_is_lost() -> None:
    async def story(clock: VirtualClock) -> None:
        port = FailingBudget(clock)
        gate = Gate(LocalBudget(port), clock, ONE)
        permit = await gate.enter(QueuePlace(Priority.HIGH))
        port.failure = StoreBusy("busy")
        done_at = clock.now()
        permit.done()
        waiting = entering(gate)
        await clock.sleep(5.0)
        port.failure = None
        assert (await waiting).waited == pytest.approx(60.0, abs=0.1)
        assert clock.now() >= done_at + 60.0

    run(story)


def test_a_broken_disk_reaches_every_waiter_and_passes() -> None:
    async def story(clock: VirtualClock) -> None:
        port = FailingBudget(clock)
        gate = Gate(LocalBudget(port), clock, ONE)
        permit = await gate.enter(QueuePlace(Priority.HIGH))
        waiting = entering(gate)
        await settle()
        port.failure = StoreError("full")
        permit.done()
        with pytest.raises(StoreError):
            await waiting
        with pytest.raises(StoreError):
            await gate.enter(QueuePlace(Priority.HIGH))
        port.failure = None
        await clock.sleep(2.0)
        (await gate.enter(QueuePlace(Priority.HIGH))).unused()
        await settle()
        assert gate._driver is None

    run(story)


def test_after_a_lost_log_the_window_counts_as_full() -> None:
    async def story(clock: VirtualClock) -> None:
        port = MemoryBudget(clock)
        port._ledger = Ledger(throttle=Throttle(lost_at=clock.now()))
        gate = Gate(LocalBudget(port), clock, ONE)
        assert gate.lost
        assert gate.paused_for == pytest.approx(60.0)
        assert (await gate.enter(QueuePlace(Priority.CRITICAL))).waited == pytest.approx(60.0)

    run(story)

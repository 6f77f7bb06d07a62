"""Shares, 429s and headers: how the numbers in force come about."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits, Throttle
from hubsoft_tui.core.limiter.throttle import in_force, limits_from, observed, scaled, slowed
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from tests.virtual import VirtualClock, run

SHARES = st.fixed_dictionaries({name: st.floats(0.01, 1.0) for name in ("critical", "high", "normal", "low")})


def test_the_defaults_are_the_measured_shares() -> None:
    assert limits_from(LimiterSettings()) == Limits()


@given(st.integers(1, 700), SHARES, st.integers(1, 700))
def test_each_class_has_a_share_no_larger_than_the_next(
    per_window: int, share: dict[str, float], lower: int
) -> None:
    limits = limits_from(LimiterSettings(max_requests_per_minute=per_window, share=share))
    for each in (limits, scaled(limits, min(lower, per_window))):
        assert all(a >= b for a, b in itertools.pairwise((each.per_window, *each.caps)))
        assert min(each.caps) >= 1
        assert each.per_window >= 4 or each.low_minimum == 0


def test_a_429_cuts_a_fifth_and_clean_windows_return_it() -> None:
    limits = Limits()
    throttle = slowed(Throttle(), limits, 100.0, 30.0)
    assert throttle.paused_until == 130.0
    assert in_force(limits, throttle, 130.0).per_window == 24
    same_event = slowed(throttle, limits, 101.0, 40.0)
    assert same_event.paused_until == 141.0
    assert in_force(limits, same_event, 141.0).per_window == 24
    within_the_window = slowed(throttle, limits, 140.0, 10.0)
    assert in_force(limits, within_the_window, 150.0).per_window == 24
    later = slowed(throttle, limits, 191.0, None)
    assert later.paused_until == 251.0
    assert in_force(limits, later, 251.0).per_window == 20
    assert in_force(limits, later, 251.0 + 59.9).per_window == 20
    assert in_force(limits, later, 251.0 + 60.0).per_window == 21
    assert in_force(limits, later, 251.0 + 60.0 * 30).per_window == 30


def test_the_rate_is_not_cut_below_its_floor() -> None:
    for configured, floor in ((30, 5), (3, 3)):
        limits = limits_from(LimiterSettings(max_requests_per_minute=configured))
        throttle = Throttle()
        for event in range(20):
            throttle = slowed(throttle, limits, 1000.0 * (event + 1), 0.0)
            throttle = Throttle(rate=throttle.rate, clean_from=1000.0 * (event + 2), cut_at=throttle.cut_at)
        assert in_force(limits, throttle, 0.0).per_window == floor


def test_caps_scale_with_the_rate() -> None:
    assert in_force(Limits(), slowed(Throttle(), Limits(), 0.0, 0.0), 1.0).caps == (24, 22, 21, 18)


def test_retry_after_is_bounded_by_the_longest_pause() -> None:
    assert slowed(Throttle(), Limits(), 0.0, 1e9).paused_until == 900.0


def test_headers_lower_and_never_raise() -> None:
    limits = Limits()

    def seen(limit: int, remaining: int | None, used: int, now: float = 10.0) -> int:
        throttle = observed(Throttle(), limits, 10.0, limit=limit, remaining=remaining, used=used)
        return in_force(limits, throttle, now).per_window

    assert seen(1000, 999, 1) == 30
    assert seen(20, None, 5) == 20
    assert seen(30, 20, 10) == 30
    assert seen(30, 15, 10) == 25
    assert seen(60, 5, 20) == 25
    assert seen(30, 15, 10, now=70.0) == 30
    assert seen(30, 0, 0) == 1


def test_a_429_pauses_every_request_and_its_request_counts() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = Gate(LocalBudget(MemoryBudget(clock)), clock, Limits())
        permit = await gate.enter(QueuePlace(Priority.HIGH))
        permit.done()
        assert gate.limited(12.0)
        assert not gate.limited(12.0)
        waiters = [asyncio.ensure_future(gate.enter(QueuePlace(priority))) for priority in Priority]
        assert gate.state().paused_for == pytest.approx(12.0)
        permits = await asyncio.gather(*waiters)
        assert all(permit.waited >= 12.0 for permit in permits)
        assert gate.state().used == 5
        assert (gate.state().limit, gate.state().configured) == (24, 30)

    run(story)


def test_headers_reach_the_gate() -> None:
    async def story(clock: VirtualClock) -> None:
        gate = Gate(LocalBudget(MemoryBudget(clock)), clock, Limits())
        (await gate.enter(QueuePlace(Priority.HIGH))).done()
        gate.observed(30, 9)
        assert gate.state().limit == 10
        gate.observed(None, 3)
        gate.observed(0, 0)
        assert gate.state().limit == 10
        await clock.sleep(60.0)
        assert gate.state().limit == 30

    run(story)

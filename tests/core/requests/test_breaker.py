from __future__ import annotations

import asyncio
import random

from hubsoft_tui.core.requests.breaker import Admission, Breaker
from hubsoft_tui.core.types import BreakerState
from hubsoft_tui.settings.tree import HealthSettings
from tests.clocks import HandClock


def breaker(clock: HandClock, failures: int = 3) -> Breaker:
    return Breaker(clock, HealthSettings(failures_to_open=failures), jitter=random.Random(1))


def opened(clock: HandClock) -> Breaker:
    each = breaker(clock)
    for _ in range(3):
        each.failed(probe=False)
    return each


def test_it_opens_after_failures_in_a_row():
    each = breaker(HandClock())
    for _ in range(2):
        each.failed(probe=False)
    each.succeeded()
    for _ in range(2):
        each.failed(probe=False)
    assert each.state is BreakerState.CLOSED
    each.failed(probe=False)
    assert each.state is BreakerState.OPEN


def test_exactly_one_waiting_read_is_the_probe():
    clock = HandClock()
    each = opened(clock)
    assert each.admit(safe_read=True) is Admission.WAIT
    clock.advance(each.retry_in)
    assert each.admit(safe_read=False) is Admission.WAIT
    admitted = [each.admit(safe_read=True) for _ in range(50)]
    assert admitted.count(Admission.PROBE) == 1
    assert admitted.count(Admission.GO) == 0
    each.succeeded()
    assert each.admit(safe_read=False) is Admission.GO


def test_each_failed_probe_waits_longer_up_to_the_limit():
    clock = HandClock()
    each = opened(clock)
    waits = []
    for _ in range(6):
        waits.append(each.retry_in)
        clock.advance(each.retry_in)
        assert each.admit(safe_read=True) is Admission.PROBE
        each.failed(probe=True)
    for wait, period in zip(waits, [10, 20, 40, 60, 60, 60], strict=True):
        assert 0.8 * period <= wait <= 1.2 * period


def test_a_probe_without_a_verdict_gives_its_lease_back():
    clock = HandClock()
    each = opened(clock)
    clock.advance(each.retry_in)
    assert each.admit(safe_read=True) is Admission.PROBE
    each.undecided()
    assert each.admit(safe_read=True) is Admission.PROBE


def test_late_failures_do_not_extend_the_open_period():
    clock = HandClock()
    each = opened(clock)
    before = each.retry_in
    for _ in range(20):
        each.failed(probe=False)
    assert each.retry_in == before


async def test_who_waits_is_woken_when_it_closes():
    each = opened(HandClock())
    waiting = asyncio.create_task(each.changed(60))
    await asyncio.sleep(0)
    each.succeeded()
    await asyncio.wait_for(waiting, 1)

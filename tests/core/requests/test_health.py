from __future__ import annotations

import random

import pytest

from hubsoft_tui.core.requests.breaker import Breaker
from hubsoft_tui.core.requests.health import HealthMonitor
from hubsoft_tui.core.telemetry.journal import Events, HealthChanged
from hubsoft_tui.core.types import BreakerState, Health
from hubsoft_tui.settings.tree import HealthSettings
from tests.clocks import HandClock


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def breaker(clock):
    return Breaker(clock, HealthSettings(), jitter=random.Random(1))


@pytest.fixture
def monitor(clock, breaker, events):
    return HealthMonitor(clock, HealthSettings(slow_seconds=3), breaker, events)


def test_before_anything_was_asked_it_is_unknown(monitor):
    state = monitor.state()
    assert state.health is Health.UNKNOWN
    assert (state.p50, state.p95, state.last_good) == (None, None, None)


def test_answers_make_it_online_with_their_latencies(monitor, clock):
    for latency in (0.01, 0.02, 0.03, 0.5):
        monitor.answered(latency)
    state = monitor.state()
    assert state.health is Health.ONLINE
    assert (state.p50, state.p95) == (0.03, 0.5)
    assert state.course == (0.01, 0.02, 0.03, 0.5)
    assert state.last_good == clock.wall()


def test_slow_is_judged_by_the_median_of_the_last_answers(monitor):
    for _ in range(5):
        monitor.answered(0.1)
    monitor.answered(9.0)
    assert monitor.state().health is Health.ONLINE
    for _ in range(3):
        monitor.answered(9.0)
    assert monitor.state().health is Health.SLOW


def test_two_failures_in_a_row_are_offline(monitor):
    monitor.answered(0.1)
    monitor.failed("closed the connection")
    assert monitor.state().health is Health.ONLINE
    monitor.failed("closed the connection")
    state = monitor.state()
    assert state.health is Health.OFFLINE
    assert state.reason == "closed the connection"
    assert state.error_ratio == pytest.approx(2 / 3)
    monitor.answered(0.1)
    assert monitor.state().health is Health.ONLINE


def test_an_open_breaker_is_offline_whatever_was_answered_before(monitor, breaker):
    monitor.answered(0.1)
    for _ in range(5):
        breaker.failed(probe=False)
    state = monitor.state()
    assert state.health is Health.OFFLINE
    assert state.breaker is BreakerState.OPEN


def test_a_429_is_one_event_and_shows_for_its_pause(monitor, clock):
    monitor.answered(0.1)
    monitor.limited(90, new=True)
    monitor.limited(80, new=False)
    assert monitor.state().health is Health.LIMITED
    assert monitor.state().rate_limited == 1
    clock.advance(91)
    assert monitor.state().health is Health.ONLINE


def test_refused_credentials_outweigh_everything_until_they_are_accepted(monitor):
    monitor.answered(0.1)
    monitor.credentials("check the password")
    state = monitor.state()
    assert (state.health, state.reason) == (Health.REFUSED, "check the password")
    monitor.credentials(None)
    assert monitor.state().health is Health.ONLINE


def test_a_change_is_published_once(monitor, events, clock):
    with events.subscribe() as subscription:
        monitor.answered(0.1)
        monitor.answered(0.1)
        monitor.state()
        assert subscription.take() == [HealthChanged(Health.UNKNOWN, Health.ONLINE, clock.wall())]
    monitor.credentials("no")
    assert subscription.take() == []


def test_an_outage_is_as_old_as_its_first_failure(monitor, clock):
    monitor.answered(0.1)
    clock.advance(600)
    began = clock.wall()
    monitor.failed("It timed out.")
    clock.advance(90)
    monitor.failed("It timed out.")
    state = monitor.state()
    assert (state.health, state.since) == (Health.OFFLINE, began)
    clock.advance(90)
    monitor.failed("It timed out.")
    assert monitor.state().since == began
    assert monitor.failing_since == began
    monitor.answered(0.1)
    assert monitor.state().since == clock.wall()

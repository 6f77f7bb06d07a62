import random

import pytest

from hubsoft_tui.core.limiter.throttle import limits_from
from hubsoft_tui.core.telemetry.trace import SentRow
from hubsoft_tui.core.types import Priority
from hubsoft_tui.services.tuning import waits as module
from hubsoft_tui.services.tuning.waits import Arrival, arrivals, waits
from hubsoft_tui.settings.tree import LimiterSettings


def sent(at, *, wait=0.0, priority=Priority.HIGH, sent=True, latency=0.5):
    return SentRow(at, "cliente", priority, "lookup", 1, wait, latency, 200, 10, "ok", sent)


def limits(rate):
    return limits_from(LimiterSettings(max_requests_per_minute=rate))


def test_a_quiet_day_waits_for_nothing():
    came = arrivals(sent(at * 60.0) for at in range(50))
    assert all(wait.longest == 0 for wait in waits(came, limits(30)))


def test_beyond_the_rate_the_next_request_waits():
    came = [Arrival(0.0, Priority.CRITICAL, 0.5)] * 11
    critical = waits(came, limits(10))[Priority.CRITICAL]
    assert (critical.requests, critical.median, critical.longest) == (11, 0.0, 60.5)


def test_people_go_before_a_check_up():
    chance = random.Random(1)
    came = [Arrival(0.0, Priority.LOW, 0.3)] * 100
    came += [Arrival(chance.uniform(0, 300), Priority.HIGH, 0.3) for _ in range(30)]
    came.sort(key=lambda each: each.at)
    slow, fast = waits(came, limits(30)), waits(came, limits(60))
    assert slow[Priority.HIGH].p95 < slow[Priority.LOW].median
    assert fast[Priority.LOW].longest < slow[Priority.LOW].longest
    assert sum(wait.requests for wait in slow) == len(came)


def test_arrivals_are_before_the_wait_and_count_what_left():
    came = arrivals([sent(100.0, wait=5.0), sent(97.0), sent(98.0, sent=False)])
    assert [each.at for each in came] == [95.0, 97.0]


def test_of_many_the_busiest_stretch_is_taken(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    came = arrivals(sent(at) for at in (0.0, 100.0, 200.0, 201.0, 202.0, 300.0))
    assert [each.at for each in came] == [200.0, 201.0, 202.0]


@pytest.mark.parametrize("rate", [1, 5])
def test_every_request_starts_whatever_the_rate(rate):
    came = [Arrival(float(at), Priority(at % 4), 1.0) for at in range(20)]
    assert sum(wait.requests for wait in waits(came, limits(rate))) == 20

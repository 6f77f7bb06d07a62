"""A day is what the wall clock calls one, when clocks change too."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from hubsoft_tui.services.reports.days import day_of, stretch

SUMMER = "EST5EDT,M3.2.0,M11.1.0"
AT_MIDNIGHT = "BRT3BRST,M10.3.0/0,M2.3.0/0"
"""Clocks that change at midnight, as Brazil's did: one day has no midnight, another has two."""


@pytest.fixture
def zone(monkeypatch):
    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    with monkeypatch.context():
        yield choose
    monkeypatch.undo()
    time.tzset()


def test_a_usual_day_is_24_hours_from_local_midnight(zone):
    zone("BRT3")
    day = stretch(date(2026, 11, 23))
    assert day.since == 1_795_402_800.0
    assert [clock for _since, clock in day.hours] == list(range(24))
    assert day_of(day.since) == day_of(day.until - 1) == day.day
    assert day_of(day.until) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        (SUMMER, date(2026, 3, 8), [0, 1, *range(3, 24)]),
        (SUMMER, date(2026, 11, 1), [0, 1, 1, *range(2, 24)]),
        (AT_MIDNIGHT, date(2026, 10, 18), list(range(1, 24))),
    ],
)
def test_a_day_on_which_the_clocks_change(zone, name, day, hours):
    zone(name)
    assert [clock for _since, clock in stretch(day).hours] == hours


@pytest.mark.parametrize("name", ["UTC0", SUMMER, AT_MIDNIGHT, "IST-5:30"])
def test_days_follow_each_other_without_gap_or_overlap(zone, name):
    zone(name)
    day = date(2026, 1, 1)
    while day < date(2027, 1, 1):
        today, tomorrow = stretch(day), stretch(day + timedelta(days=1))
        assert today.until == tomorrow.since
        assert day_of(today.since) == day
        assert day_of(today.until - 1) == day
        day += timedelta(days=1)

"""A day is HubSoft's, wherever the machine stands."""

from __future__ import annotations

import time
from datetime import date

import pytest

from hubsoft_tui.formats import day_of
from hubsoft_tui.services.reports.aggregate import stretch


@pytest.fixture(params=["UTC0", "BRT3", "EST5EDT,M3.2.0,M11.1.0", "IST-5:30"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 3, 8), date(2024, 2, 29)])
def test_a_day_goes_from_midnight_to_midnight_at_brasilia(day):
    found = stretch(day)
    assert found.since % 86_400 == 3 * 3600
    assert [clock for _since, clock in found.hours] == list(range(24))
    assert day_of(found.since) == day_of(found.until - 1) == day
    assert stretch(day_of(found.until)).since == found.until

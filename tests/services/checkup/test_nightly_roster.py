"""The roster at a quiet hour: once a night, when the budget is free, whatever the clock does."""

from __future__ import annotations

from datetime import datetime

import pytest

from hubsoft_tui.core.types import Category, Source
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.settings.tree import CheckupSettings

from .fixture import ROSTER, some


@pytest.fixture
def at(monkeypatch):
    """Set the hour of the wall clock."""

    def set_hour(hour: int, day: int = 10):
        moment = datetime(2026, 12, day, hour, 30, tzinfo=BRASILIA).timestamp()
        monkeypatch.setattr("hubsoft_tui.core.clock.SystemClock.wall", lambda _self: moment)

    return set_hour


def look(fixture):
    return fixture.hub.call(lambda s: s.checkup.night.run_if_due())


def test_it_is_read_once_a_night_and_answers_the_day(make_simulator, make_fixture, at):
    simulator = make_simulator(customers=700)
    fixture = make_fixture(
        simulator,
        [some(simulator, 1)[0].document],
        checkup=CheckupSettings(nightly_roster=True, quiet_hour=4),
    )
    at(3)
    assert not look(fixture)
    at(4)
    assert look(fixture)
    assert fixture.sent(ROSTER) == 2
    at(5)
    assert not look(fixture)  # also if the hour comes twice
    fixture.close()  # the next console knows
    assert not look(fixture)
    at(6, day=11)
    assert look(fixture)  # a clock put forward over the quiet hour skips no night
    assert fixture.sent(ROSTER) == 4

    simulator.request_log.clear()
    for customer in some(simulator, 20, seed=3):
        document = customer.document
        found = fixture.hub.call(
            lambda s, document=document: s.customers.lookup(document, category=Category.CONTRACT_STATUS)
        )
        assert (found.source, found.active) == (Source.CACHE, customer.active)
    assert len(simulator.request_log) == 0


def test_it_is_not_read_unasked(make_simulator, make_fixture, at):
    simulator = make_simulator(customers=100)
    fixture = make_fixture(simulator, [some(simulator, 1)[0].document])
    at(4)
    assert not look(fixture)
    assert fixture.sent() == 0

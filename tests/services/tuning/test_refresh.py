"""Renewing ahead through a real engine over a real simulator."""

from collections import deque

import pytest

from hubsoft_tui.core.types import Priority, Source
from hubsoft_tui.errors import StoreBusy
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tuning import refresh
from hubsoft_tui.services.tuning.refresh import Reuse
from hubsoft_tui.settings.engine import RefreshSettings
from hubsoft_tui.settings.tree import CacheSettings, LimiterSettings
from hubsoft_tui.store.tuning import TuningLog
from tests.hubs import settings_for

LIFETIME = 15.0
"""Shorter than what counts as the last moments of a record: each is due at once."""


class Surely(Reuse):
    """Thinks that everybody is asked for again."""

    learnt = 1000

    def chance(self, people, at):
        return 1.0


@pytest.fixture
def make_hub(simulator, tmp_path, monkeypatch):
    opened = []

    def make(*, sure=True, lifetime=LIFETIME, rate=6000, **settings):
        if sure:
            monkeypatch.setattr(refresh, "Reuse", Surely)
        hub = Hub(
            settings_for(
                simulator,
                tmp_path,
                cache=CacheSettings(client_data_ttl=lifetime),
                refresh=RefreshSettings(enabled=True, **settings),
                limiter=LimiterSettings(max_requests_per_minute=rate),
            )
        )
        opened.append(hub)
        hub.start()
        return hub

    yield make
    for hub in opened:
        hub.close()


def look(hub):
    return hub.call(lambda services: services.refresh.look())


def look_up(hub, simulator, place=1):
    document = simulator.customers[place].document
    return hub.call(lambda services: services.customers.lookup(document))


def state(hub):
    return hub.call(_state)


async def _state(services):
    return services.refresh.state


def test_what_was_renewed_needs_no_waiting_and_both_are_counted(make_hub, simulator):
    hub = make_hub()
    assert look_up(hub, simulator).source is Source.API
    assert look(hub) == 1
    sent = [row for row in hub.call(_requests) if row.caller == "refresh"]
    assert [row.priority for row in sent] == [Priority.LOW]
    hub.call(_would_be_too_old)
    assert look_up(hub, simulator).source is Source.CACHE
    look(hub)
    assert state(hub).saved == 1
    assert state(hub).spent >= 1


async def _requests(services):
    return services.engine.snapshot().requests


async def _would_be_too_old(services):
    for renewal in services.refresh._renewed.values():
        renewal.before = 0.0


async def _is_too_old_again(services):
    for renewal in services.refresh._renewed.values():
        renewal.until = 0.0


def test_nothing_is_renewed_while_off_or_never_asked_for(make_hub, simulator):
    hub = make_hub()
    assert look(hub) == 0
    look_up(hub, simulator)
    hub.call(lambda services: services.tuning.try_("refresh.enabled", False))
    assert state(hub) is None


def test_nothing_is_renewed_without_a_trace_to_learn_from(make_hub, simulator):
    hub = make_hub(sure=False)
    look_up(hub, simulator)
    assert look(hub) == 0


def test_it_keeps_within_its_share_of_the_budget(make_hub, simulator):
    hub = make_hub(rate=400, share=0.01)
    for place in range(1, 9):
        look_up(hub, simulator, place)
    assert look(hub) == 4
    assert look(hub) == 0


def test_it_spends_nothing_while_hubsoft_is_unwell(make_hub, simulator):
    hub = make_hub()
    look_up(hub, simulator)
    simulator.set_scenario("outage")
    for _time in range(6):
        with pytest.raises(Exception, match=r"."):
            look_up(hub, simulator, 5)
    before = len(hub.call(_requests))
    assert look(hub) == 0
    assert len(hub.call(_requests)) == before


def test_it_stops_for_a_day_when_it_does_not_pay(make_hub, simulator, monkeypatch):
    monkeypatch.setattr(refresh, "JUDGED", 3)
    hub = make_hub()
    hub.call(_judge_over_three)
    for place in range(1, 5):
        look_up(hub, simulator, place)
        look(hub)
        hub.call(_is_too_old_again)
    look(hub)
    assert state(hub).stopped_until is not None
    look_up(hub, simulator, 6)
    assert look(hub) == 0
    again = make_hub()
    look_up(again, simulator, 6)
    assert look(again) == 0


async def _judge_over_three(services):
    services.refresh._outcomes = deque(maxlen=3)


def test_a_file_busy_when_it_stops_costs_no_answer(make_hub, simulator, monkeypatch):
    monkeypatch.setattr(refresh, "JUDGED", 1)
    hub = make_hub()
    look_up(hub, simulator)
    look(hub)
    hub.call(_judge_over_one)
    monkeypatch.setattr(TuningLog, "stop", _busy)
    document = simulator.customers[1].document
    found = hub.call(lambda services: services.customers.lookup(document, refresh=True))
    assert found.source is Source.API
    with pytest.raises(StoreBusy):
        look(hub)
    monkeypatch.undo()
    look(hub)
    assert hub.call(_stopped_until) > 0


async def _judge_over_one(services):
    await _would_be_too_old(services)
    services.refresh._outcomes = deque(maxlen=1)


async def _stopped_until(services):
    return services.refresh._log.stopped_until()


def _busy(_log, _until):
    raise StoreBusy("busy")

import functools
from typing import Any

import pytest

from benchmarks.tuning import promise
from hubsoft_tui.core.telemetry.trace import PERSON
from hubsoft_tui.core.types import Category
from hubsoft_tui.screens.demo_history import CacheReplay, replay, weeks
from hubsoft_tui.services.tuning.columns import TraceColumns, gather
from hubsoft_tui.services.tuning.curve import DATA, ages
from hubsoft_tui.services.tuning.refresh import Reuse, people_of
from hubsoft_tui.settings.tree import CacheSettings

DAY, HOUR = 86_400.0, 3600.0
LIFETIMES = dict(ages(CacheSettings())) | {DATA: 4 * HOUR}


def hour(at):
    return at % DAY / HOUR


@functools.cache
def recorded(seed=3):
    told = weeks(seed, days=28)
    _replayed, rows = replay([one for one in told.questions if one.at < 21 * DAY], told, LIFETIMES)
    return told, gather(rows)


def renewed_ahead(told, reuse, worth, start):
    """Play every question, renewing after `start` or not; return (people, waited, renewed) after it, twice."""
    found, category = [], Category.CLIENT_DATA
    for wanted in (False, True):
        replayed, before = CacheReplay(told, LIFETIMES), (0, 0)
        people: dict[Any, Any] = {}
        shown = replayed.shown[category]
        for one in told.questions:
            mine = people.setdefault(one.subject, [])
            while (
                wanted
                and mine
                and one.at >= start
                and not told.suspended(one.subject, replayed._kept[one.subject])
            ):
                expiry = replayed.expires(one.subject, category)
                if not start <= expiry < one.at or reuse.chance(mine, expiry) < worth:
                    break
                replayed.renew(one.subject, category, expiry)
            if one.at < start:
                before = shown.people, shown.waited
            replayed.ask(one)
            if one.person and one.category == category.value:
                mine.append(one.at)
        found.append(
            (shown.people - before[0], shown.waited - before[1], replayed.renewed, replayed.requests)
        )
    return found


@pytest.mark.parametrize("seed", [3, 4])
def test_it_lowers_how_many_wait_by_about_what_it_promises(seed):
    worth = 0.05
    told, columns = recorded(seed)
    promised = promise(columns, LIFETIMES, worth, hour)
    reuse = Reuse(LIFETIMES, hour)
    reuse.learn(columns)
    without, with_ = renewed_ahead(told, reuse, worth, 21 * DAY)
    people, waited, _none, requests = without
    _people, still, renewed, more = with_
    assert 0 < (waited - still) / people == pytest.approx(promised.waits_saved / promised.people, rel=0.35)
    assert (waited - still) / renewed == pytest.approx(promised.per_request, rel=0.5)
    assert 0 < more - requests <= renewed


def test_a_likelier_reuse_is_renewed_for_less_and_pays_more():
    _told, columns = recorded()
    eager, choosy = (promise(columns, LIFETIMES, worth, hour) for worth in (0.1, 0.3))
    assert eager.spent > choosy.spent
    assert eager.waits_saved > choosy.waits_saved
    assert (choosy.per_request or 0) > (eager.per_request or 1)
    assert eager.waited > eager.waits_saved


def test_a_trace_without_reuse_is_not_renewed():
    columns = TraceColumns()
    for subject in range(2000):
        columns.add(subject * 60.0, subject, PERSON)
    found = promise(columns, LIFETIMES | {DATA: HOUR}, 0.1, hour)
    assert (found.spent, found.waits_saved, found.per_request) == (0, 0, None)
    assert found.people > 0


def test_a_customer_asked_for_every_hour_is_likely_again():
    columns = TraceColumns()
    rows = [(at * HOUR * 1.5, 1) for at in range(200)] + [(at * HOUR, 100 + at) for at in range(300)]
    for at, subject in sorted(rows):
        columns.add(at, subject, PERSON)
    reuse = Reuse(LIFETIMES | {DATA: HOUR}, hour)
    reuse.learn(columns)
    regular = people_of(columns.subjects[1])
    assert reuse.chance(regular, regular[-1] + HOUR) > 0.8
    assert reuse.chance([columns.last], columns.last + HOUR) < 0.2
    assert reuse.learnt > 300


def test_programs_and_what_does_not_exist_never_wait():
    columns = TraceColumns()
    for at, mark in enumerate((PERSON, PERSON | 1, 0, PERSON | 8)):
        columns.add(float(at), 1, mark)
    assert people_of(columns.subjects[1]) == [0.0]

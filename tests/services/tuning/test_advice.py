"""Advice on recorded weeks, judged by the weeks after them, in which customers really change."""

import functools
from dataclasses import replace

import pytest

from hubsoft_tui.core.types import Category
from hubsoft_tui.screens.demo_history import replay, weeks
from hubsoft_tui.services.tuning.advice import advise, advise_all, changes_of, reuse_within
from hubsoft_tui.services.tuning.columns import TraceColumns, gather
from hubsoft_tui.services.tuning.curve import (
    CANDIDATES,
    DATA,
    NOT_FOUND,
    SERVICE,
    STATUS,
    SUSPENDED,
    ages,
    curve,
)
from hubsoft_tui.settings.tree import CacheSettings

DAY = 86_400.0
DEFAULTS = dict(ages(CacheSettings()))
KEYS = (SUSPENDED, DATA, STATUS, SERVICE)


@functools.cache
def recorded(seed):
    """Four weeks, and the columns of the first two."""
    told = weeks(seed, days=28)
    _replayed, rows = replay([one for one in told.questions if one.at < 14 * DAY], told, DEFAULTS)
    return told, gather(rows)


def judged(told, lifetimes):
    replayed, _rows = replay([one for one in told.questions if one.at >= 14 * DAY], told, lifetimes)
    return replayed


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_recommended_lifetimes_keep_the_target_in_weeks_to_come(seed):
    told, columns = recorded(seed)
    advice = advise_all(columns, DEFAULTS, KEYS, target=0.01)
    tuned = DEFAULTS | {key: each.value or 0.0 for key, each in advice.items() if each.value}
    before, after = judged(told, DEFAULTS), judged(told, tuned)
    shown = after.shown.values()
    assert sum(each.outdated for each in shown) <= 0.01 * sum(each.hits for each in shown)
    for each in (after.shown[Category.CLIENT_DATA], after.shown[Category.CONTRACT_STATUS]):
        assert each.outdated <= 0.012 * each.hits
        assert each.hits > 500
    assert after.requests < 0.9 * before.requests
    assert tuned[SUSPENDED] < DEFAULTS[SUSPENDED] < tuned[DATA]


def test_advice_that_was_followed_is_as_good_as_any():
    _told, columns = recorded(1)
    advice = advise_all(columns, DEFAULTS, KEYS, target=0.01)
    followed = DEFAULTS | {key: each.value for key, each in advice.items() if each.value}
    again = advise_all(columns, followed, KEYS, target=0.01)
    assert all(each.as_good and each.value == followed[key] for key, each in again.items())
    assert "as good" in str(again[DATA].reason)


def test_a_stricter_target_never_means_a_longer_lifetime():
    _told, columns = recorded(1)
    points = curve(columns, DEFAULTS, STATUS)
    values = [
        advise(columns, points, STATUS, now=DEFAULTS[STATUS], target=target).value or 0.0
        for target in (0.05, 0.02, 0.01, 0.005)
    ]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1


def test_the_reason_says_what_limits():
    _told, columns = recorded(1)
    advice = advise(columns, curve(columns, DEFAULTS, DATA), DATA, now=1800.0, target=0.01)
    assert "keeps changed answers below 1%" in str(advice.reason)
    free = advise(
        columns, curve(columns, DEFAULTS, DATA, CANDIDATES[:14]), DATA, now=60.0, target=0.5, reuse=7200.0
    )
    assert "come again within 2 h; past" in str(free.reason)
    assert advice.changed_now == pytest.approx(0.0, abs=0.01)


def test_what_the_target_forbids_is_not_called_a_small_gain():
    _told, columns = recorded(1)
    points = curve(columns, DEFAULTS, SERVICE)
    advice = advise(columns, points, SERVICE, now=3600.0, target=0.01)
    chosen = next(point for point in points if point.value == advice.value)
    assert chosen.requests - points[-1].requests > 0.02 * chosen.asked
    assert "is the longest that surely keeps changed answers below 1%" in str(advice.reason)


def test_it_abstains_when_the_trace_is_too_thin():
    told, columns = recorded(1)
    few = advise(TraceColumns(), curve(TraceColumns(), DEFAULTS, DATA), DATA, now=1800.0, target=0.01)
    assert few.value is None
    assert "0 questions were asked" in str(few.reason)
    day = gather(replay([one for one in told.questions if one.at < DAY], told, DEFAULTS)[1])
    short = advise(day, curve(day, DEFAULTS, STATUS), STATUS, now=14_400.0, target=0.01)
    assert short.value is None
    assert "the trace covers 18 h 23 min" in str(short.reason)
    absent = advise(columns, curve(columns, DEFAULTS, NOT_FOUND), NOT_FOUND, now=300.0, target=0.01)
    assert absent.value is None
    assert "are needed" in str(absent.reason)


def test_answers_that_change_all_the_time_get_the_shortest():
    _told, columns = recorded(1)
    points = [replace(point, mean_age=point.value) for point in curve(columns, DEFAULTS, SERVICE)]
    advice = advise(columns, points, SERVICE, now=3600.0, target=0.0001)
    assert advice.value == CANDIDATES[0]
    assert "too long" in str(advice.reason)


def test_few_suspended_customers_are_judged_with_the_others():
    _told, columns = recorded(1)
    assert changes_of(columns, DATA) is columns.changes[Category.CLIENT_DATA]
    columns = TraceColumns()
    columns.compare(Category.CLIENT_DATA, 60.0, changed=True, was_suspended=True, was_negative=False)
    assert changes_of(columns, DATA).compared == 1
    assert changes_of(columns, SERVICE).compared == 0


def test_within_what_questions_mostly_come_again():
    columns = TraceColumns()
    for at in (0.0, 100.0, 200.0, 300.0, 90_000.0):
        columns.add(at, 1, 0)
    assert reuse_within(columns, DATA) == 86_400 * 1.5
    assert reuse_within(columns, STATUS) is None


def test_a_rehearsal_asks_what_the_curve_says():
    told, columns = recorded(1)
    replayed, _rows = replay([one for one in told.questions if one.at < 14 * DAY], told, DEFAULTS)
    (point,) = curve(columns, DEFAULTS, DATA, [DEFAULTS[DATA]])
    assert point.requests == replayed.requests
    assert point.asked == replayed.shown[Category.CLIENT_DATA].asked - _strangers(told)


def _strangers(told):
    return sum(not told.exists(one.subject) and one.at < 14 * DAY for one in told.questions)

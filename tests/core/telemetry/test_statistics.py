from __future__ import annotations

from hubsoft_tui.core.telemetry.statistics import COURSE_MINUTES, Statistics
from hubsoft_tui.core.types import CacheState, Category, Outcome
from tests.clocks import HandClock

DATA, STATUS = Category.CLIENT_DATA, Category.CONTRACT_STATUS


def test_every_outcome_is_counted_for_its_own_category():
    statistics = Statistics(HandClock())
    statistics.count(DATA, Outcome.HIT)
    statistics.count(DATA, Outcome.HIT)
    statistics.count(DATA, Outcome.MISS, expired=True)
    statistics.count(DATA, Outcome.COALESCED)
    statistics.count(DATA, Outcome.STALE)
    statistics.count(DATA, Outcome.NEGATIVE)
    statistics.count(STATUS, Outcome.MISS)
    data = statistics.state()[DATA]
    assert (data.hits, data.misses, data.coalesced, data.stale, data.negative, data.expired) == (
        2,
        1,
        1,
        1,
        1,
        1,
    )
    assert data.questions == 6
    assert data.ratio == 4 / 6, "a stale answer is no hit"
    assert statistics.state()[STATUS].ratio == 0
    assert statistics.state()[Category.SERVICE_DATA].ratio is None
    assert statistics.today() == 7
    assert CacheState(categories=statistics.state()).ratio == 4 / 7


def test_the_course_has_one_point_for_each_minute_with_questions():
    clock = HandClock(now=0.0)
    statistics = Statistics(clock)
    statistics.count(DATA, Outcome.MISS)
    statistics.count(DATA, Outcome.HIT)
    clock.advance(600)
    statistics.count(DATA, Outcome.HIT)
    assert statistics.state()[DATA].course == (0.5, 1.0)
    for _ in range(50):
        clock.advance(60)
        statistics.count(DATA, Outcome.MISS)
    assert statistics.state()[DATA].course == (0.0,) * COURSE_MINUTES

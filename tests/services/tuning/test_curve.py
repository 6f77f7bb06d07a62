import random

import pytest

from hubsoft_tui.core.telemetry import trace as marks
from hubsoft_tui.services.tuning.columns import TraceColumns
from hubsoft_tui.services.tuning.curve import DATA, LIFETIMES, NOT_FOUND, SERVICE, STATUS, SUSPENDED, curve
from tests.services.tuning.brute import replay

DEFAULTS = {DATA: 1800.0, STATUS: 14_400.0, SERVICE: 3600.0, SUSPENDED: 14_400.0, NOT_FOUND: 300.0}


def columns_of(rows):
    columns = TraceColumns(rows[0][0] if rows else 0.0)
    for row in rows:
        columns.add(*row)
    return columns


def made(chance, *, most=30):
    """A small trace with everything in it. Quarters of a second add up exactly."""
    end = chance.choice([40, 400, 4000])
    rows = []
    for at in sorted(chance.randrange(4 * end) / 4 for _ in range(chance.randrange(most + 1))):
        mark = chance.randrange(3)
        for flag, share in ((marks.FORCED, 0.05), (marks.NEGATIVE, 0.1), (marks.SUSPENDED, 0.2)):
            mark |= flag if chance.random() < share else 0
        rows.append((at, chance.randrange(4), mark))
    lifetimes = {key: chance.randrange(1, 2 * end) / 4 for key in LIFETIMES}
    return rows, lifetimes, sorted({chance.randrange(1, 3 * end) / 4 for _ in range(6)})


@pytest.mark.parametrize("seed", range(10))
def test_one_pass_equals_a_replay_for_each_value(seed):
    chance = random.Random(seed)
    for _trace in range(100):
        rows, lifetimes, values = made(chance)
        columns = columns_of(rows)
        for key in LIFETIMES:
            for point in curve(columns, lifetimes, key, values):
                told = replay(rows, {**lifetimes, key: point.value}, key)
                assert (point.requests, point.asked, point.hits) == (told.requests, told.asked, told.hits)
                assert point.max_age == told.oldest
                assert point.mean_age == pytest.approx(told.mean_age, abs=1e-9)


def test_a_fetch_for_one_category_renews_what_the_others_see():
    status, data = 1, 0
    rows = [(0.0, 7, status), (1000.0, 7, data), (2000.0, 7, data), (10_000.0, 7, status)]
    brief, long = curve(columns_of(rows), DEFAULTS, DATA, [500.0, 1500.0])
    assert (brief.requests, brief.hits) == (3, 0)  # both data questions fetch, the second is status's too
    assert (long.requests, long.hits, long.mean_age) == (2, 1, 1000.0)


def test_nothing_asked_is_a_curve_of_zeros():
    (point,) = curve(TraceColumns(), DEFAULTS, DATA, [60.0])
    assert (point.requests, point.asked, point.ratio) == (0, 0, None)

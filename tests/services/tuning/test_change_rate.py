import random

import pytest

from hubsoft_tui.services.tuning.columns import ENOUGH, Changes

HOUR = 3600.0


def compared(rate, spans, count=20_000, seed=1):
    """Comparisons of records that change at `rate` a second, over spans drawn by `spans`."""
    chance, changes = random.Random(seed), Changes()
    for _ in range(count):
        span = spans(chance)
        changes.take(span, changed=chance.expovariate(rate) < span)
    return changes


def test_a_constant_rate_is_found_again():
    changes = compared(1 / (100 * HOUR), lambda chance: chance.uniform(0.5, 8) * HOUR)
    assert changes.share(2 * HOUR) == pytest.approx(0.02, rel=0.15)
    assert changes.share(HOUR) == pytest.approx(0.01, rel=0.15)


def test_what_long_spans_hide_short_ones_show():
    # Half of the records change within hours and half never: a day's span says little about an hour.
    chance, changes = random.Random(2), Changes()
    for _ in range(6000):
        restless, span = chance.random() < 0.5, chance.choice((HOUR, 48 * HOUR))
        changes.take(span, changed=restless and chance.expovariate(1 / (10 * HOUR)) < span)
    assert changes.share(HOUR) == pytest.approx(0.5 * 0.095, rel=0.25)


def test_too_few_comparisons_say_nothing():
    changes = Changes()
    for _ in range(ENOUGH - 1):
        changes.take(HOUR, changed=False)
    assert changes.share(HOUR) is None
    changes.take(HOUR, changed=False)
    assert changes.compared == ENOUGH
    assert changes.share(0) == 0


def test_no_change_seen_is_not_taken_for_none():
    changes = Changes()
    for _ in range(200):
        changes.take(HOUR, changed=False)
    assert changes.share(HOUR) == pytest.approx(1 / 200, rel=0.01)


def test_long_spans_teach_where_there_are_no_others():
    changes = Changes(40)
    for place in range(60):
        changes.take(24 * HOUR, changed=place % 2 == 0)
    assert 0.01 < (changes.share(HOUR) or 0.0) < 0.05
    both = changes.with_those_of(changes)
    assert (both.compared, both.changed) == (120, 60)

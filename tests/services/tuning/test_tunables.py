import pytest

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.tuning.curve import DATA, LIFETIMES, NOT_FOUND
from hubsoft_tui.services.tuning.tunables import (
    RATE,
    SIZE,
    read_value,
    shape_of,
    tunable_keys,
    value_of,
    with_values,
)
from hubsoft_tui.services.tuning.types import Shape
from hubsoft_tui.settings.tree import Settings


@pytest.mark.parametrize(
    ("key", "typed", "told"),
    [
        (DATA, "0", "0: it must be longer than 0 s and at most 30 d"),
        (DATA, "-5 min", "longer than 0 s and at most 30 d"),
        (DATA, "3650 d", "3,650 d: it must be longer than 0 s and at most 30 d"),
        (DATA, "soon", "not a length of time"),
        (DATA, "5 years", "not a length of time"),
        (DATA, "", "Nothing was typed"),
        (DATA, "nan", "not a length of time"),
        (DATA, float("nan"), "longer than 0 s"),
        (DATA, True, "longer than 0 s"),
        ("cache.clean_seconds", "2 d", "from 1 s to 1 d"),
        (SIZE, "0", "a whole number from 1 to 1000000"),
        (SIZE, "2.5", "a whole number"),
        (RATE, "many", "from 1 to 6000"),
        ("limiter.share.low", "150 %", "greater than 0 and at most 1"),
        ("retry.max_retries", "-1", "from 0 to 10"),
        ("tuning.self", "perhaps", "true or false"),
        ("profile.url", "http://x", "no setting profile.url that can be tuned"),
        ("cache.nothing", "1", "no setting cache.nothing"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(key, typed, told):
    with pytest.raises(InvalidInput) as refused:
        read_value(key, typed)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        (DATA, "1,5 h", 5400.0),
        (DATA, "8h", 28_800.0),
        (DATA, "90", 90.0),
        (DATA, 90, 90.0),
        (NOT_FOUND, "2 min 30 s", 150.0),
        ("limiter.share.low", "50 %", 0.5),
        ("limiter.share.low", "0,5", 0.5),
        ("tuning.self", "sim", True),
        (SIZE, "2000", 2000),
    ],
)
def test_units_percentages_and_words_are_understood(key, typed, value):
    assert read_value(key, typed) == value


def test_settings_with_a_curve_stand_first_and_none_is_personal():
    keys = tunable_keys()
    assert keys[: len(LIFETIMES)] == LIFETIMES
    assert [shape_of(key) for key in keys[5:8]] == [Shape.SIZE, Shape.LIMITER, Shape.LIMITER]
    assert not [key for key in keys if key.startswith(("profile.", "ui.", "log."))]
    assert "limiter.window_seconds" not in keys


def test_other_values_are_laid_over_settings_and_nothing_else_changes():
    before = Settings()
    after = with_values(before, {DATA: 60.0, "limiter.share.low": 0.5, "tuning.self": True})
    assert (value_of(after, DATA), value_of(after, "limiter.share.low"), after.tuning.self) == (
        60.0,
        0.5,
        True,
    )
    assert with_values(after, {DATA: 1800.0, "limiter.share.low": 0.73, "tuning.self": False}) == before
    with pytest.raises(InvalidInput, match="must be at most that of normal"):
        with_values(before, {"limiter.share.low": 0.9})

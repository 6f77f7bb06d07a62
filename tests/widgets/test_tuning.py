import pytest

from hubsoft_tui import texts
from hubsoft_tui.services.tuning.tunables import is_live, ladder, rule_of, shape_of, tunable_keys
from hubsoft_tui.services.tuning.types import Tunable
from tests.widgets.fixture import Stage, lines_of
from widgets.tuning import StepLine, name_of, shown

LONGEST = 22
"""Cells a name may take, in every language: what the table gives it at 120 columns."""


def tunable(key):
    default, rule = rule_of(key)
    return Tunable(key, rule, shape_of(key), default, default, None, ladder(key), live=is_live(key))


@pytest.mark.parametrize("language", ["en", "pt_BR"])
def test_every_setting_has_a_short_name_of_its_own(language):
    texts.use(language)
    try:
        names = [name_of(key) for key in tunable_keys()]
    finally:
        texts.use("en")
    assert not set(names) & set(tunable_keys())
    assert len(set(names)) == len(names)
    assert [name for name in names if len(name) > LONGEST] == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("http.max_response_bytes", "67 MB"),
        ("alerts.disk_low_below", "500 MB"),
        ("reports.keep_days", "400 d"),
        ("cache.max_entries", "1,000"),
    ],
)
def test_a_value_is_shown_with_its_unit(key, told):
    assert shown(tunable(key), rule_of(key)[0]) == told


@pytest.mark.parametrize(
    ("key", "bounds"),
    [
        ("cache.client_data_ttl", "> 0 s … 30 d"),
        ("alerts.disk_low_below", "0 B … 1,000 GB"),
        ("http.read_timeout", "> 0 s … 10 min"),
        ("refresh.share", "> 0% … 50%"),
    ],
)
async def test_a_setting_says_its_key_and_its_bounds_with_their_unit(key, bounds):
    step = StepLine()
    async with Stage(step, css="").run_test(size=(120, 10)) as pilot:
        step.styles.height = 5
        step.show(tunable(key), rule_of(key)[0])
        await pilot.pause()
        told = " ".join(line.strip() for line in lines_of(step))
        assert key in told
        assert bounds in told

import pytest

from hubsoft_tui import texts
from hubsoft_tui.services.tuning.tunables import is_live, ladder, rule_of, shape_of, tunable_keys
from hubsoft_tui.services.tuning.types import Forecast, Foretold, Tunable
from tests.widgets.fixture import Stage, lines_of
from widgets.tuning import ForecastPanel, StepLine, name_of, shown

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


async def forecast_lines(now, saved, requests=(1210.0, 1190.0, 1180.0)):
    points = tuple(
        Foretold(value, count, 0.5, 60.0, 90.0, 0.01)
        for value, count in zip((600.0, 3600.0, 86_400.0), requests, strict=True)
    )
    panel = ForecastPanel()
    panel.styles.height = 20
    async with Stage(panel).run_test(size=(90, 22)) as pilot:
        await pilot.pause()
        panel.show(tunable("cache.client_data_ttl"), Forecast("k", points, now, saved, 9000, 14.0), None)
        return lines_of(panel)


async def test_after_trying_the_old_value_stays_to_compare_with():
    lines = await forecast_lines(now=3600.0, saved=600.0)
    assert any("● now" in line and "1,190" in line for line in lines)
    assert any("○ before" in line and "1,210" in line for line in lines)
    assert not any("before" in line for line in await forecast_lines(now=3600.0, saved=3600.0))


async def test_the_axis_shows_a_difference_of_a_few_percent():
    lines = await forecast_lines(3600.0, 3600.0)
    assert "the axis begins at 1,170" in lines[0]
    assert lines[1].split()[0] == "1,220"


async def test_an_axis_of_large_differences_begins_at_nothing():
    lines = await forecast_lines(3600.0, 3600.0, (1200.0, 400.0, 100.0))
    assert "axis begins" not in lines[0]

import datetime as dt
import math
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hubsoft_tui import texts
from hubsoft_tui.hubsoft_time import iso
from tests.widgets.fixture import at_hubsoft
from widgets import words


@pytest.fixture
def brazilian():
    before = texts.language()
    texts.use("pt_BR")
    yield
    texts.use(before)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 d"),
        (-3, "0 s"),
        (None, "–"),
        (math.inf, "–"),
        (math.nan, "–"),
    ],
)
def test_age_is_the_largest_whole_unit(seconds, shown):
    assert words.age(seconds) == shown


def test_ago_does_not_change_within_the_first_minute():
    assert {words.ago(second) for second in range(60)} == {"just now"}
    assert words.ago(240) == "4 min old"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (5, "5 s"),
        (60, "1 min"),
        (130, "2 min 10 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (97200, "1 d 3 h"),
        (86400, "1 d"),
    ],
)
def test_duration_has_a_second_unit_only_when_it_matters(seconds, shown):
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.042, "42 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (1.24, "1.2 s"),
        (9.96, "10 s"),
        (35, "35 s"),
        (None, "–"),
    ],
)
def test_latency(seconds, shown):
    assert words.latency(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (3_400_000, "3.4 MB"),
        (5e12, "5,000 GB"),
    ],
)
def test_size(count, shown):
    assert words.size(int(count)) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.999, "99 %"),
        (0.001, "1 %"),
        (0.914, "91 %"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(ratio, shown):
    assert words.percent(ratio) == shown


def test_percent_with_a_decimal():
    assert words.percent(0.002, 1) == "0.2 %"
    assert words.percent(0.9999, 1) == "99.9 %"


@pytest.mark.usefixtures("brazilian")
def test_portuguese_numbers_use_a_comma():
    assert words.latency(1.24).startswith("1,2")
    assert texts.number(1204) == "1.204"
    assert words.percent(0.002, 1).startswith("0,2")


def test_money_is_brazilian_in_both_languages():
    assert words.money(Decimal("1119.9")) == "R$ 1.119,90"
    assert words.money(Decimal("-39.90")) == "-R$ 39,90"


def test_day():
    assert words.day(dt.date(2017, 8, 5)) == "05/08/2017"
    assert words.day(None) == "–"


def test_clock_is_hubsofts_and_shows_minutes():
    epoch = at_hubsoft(2026, 11, 23, 14, 2, 31)
    assert words.clock(epoch) == "14:02"
    assert words.clock(epoch, seconds=True) == "14:02:31"


@pytest.mark.parametrize("epoch", [None, 0, math.inf, math.nan, 1e30])
def test_an_instant_nobody_knows_is_a_dash(epoch):
    assert words.clock(epoch) == "–"
    assert words.moment(epoch, 1.0) == "–"


def test_moment_says_the_day_only_when_it_is_another():
    now = at_hubsoft(2026, 11, 23, 14, 0, 0)
    assert words.moment(at_hubsoft(2026, 11, 23, 9, 12, 0), now) == "09:12"
    earlier = at_hubsoft(2026, 10, 24, 9, 12, 0)
    assert words.moment(earlier, now) == "24/10 09:12"
    assert words.moment(earlier, now, brief=True) == "24/10"
    assert words.moment(at_hubsoft(2025, 10, 24, 9, 12, 0), now) == "24/10/2025"


@pytest.mark.parametrize("zone", ["UTC0", "BRT3", "JST-9"])
def test_times_are_hubsofts_wherever_the_console_runs(zone, monkeypatch):
    protocol = "20261123090312000123"  # what HubSoft wrote at 09:03 at Brasília
    opened = datetime(2026, 11, 23, 12, 3, 12, tzinfo=UTC).timestamp()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert words.clock(opened) == f"{protocol[8:10]}:{protocol[10:12]}"
        assert words.clock(opened, seconds=True) == "09:03:12"
        assert words.moment(opened, opened + 60) == "09:03"
        assert words.moment(opened, opened + 86_400) == "23/11 09:03"
        assert words.moment(opened, opened + 400 * 86_400) == "23/11/2026"
        assert iso(opened) == "2026-11-23T09:03:12-03:00"
    finally:
        monkeypatch.undo()
        time.tzset()

import datetime as dt
import math
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hubsoft_tui import formats, texts
from hubsoft_tui.formats import iso
from tests.widgets.fixture import at_hubsoft


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
    assert formats.age(seconds) == shown


def test_ago_does_not_change_within_the_first_minute():
    assert {formats.ago(second) for second in range(60)} == {"just now"}
    assert formats.ago(240) == "4 min old"


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
    assert formats.duration(seconds) == shown


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
    assert formats.latency(seconds) == shown


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
    assert formats.size(int(count)) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.999, "99%"),
        (0.001, "1%"),
        (0.914, "91%"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(ratio, shown):
    assert formats.percent(ratio) == shown


def test_percent_with_a_decimal():
    assert formats.percent(0.002, 1) == "0.2%"
    assert formats.percent(0.9999, 1) == "99.9%"


@pytest.mark.usefixtures("brazilian")
def test_portuguese_numbers_use_a_comma():
    assert formats.latency(1.24).startswith("1,2")
    assert texts.number(1204) == "1.204"
    assert formats.percent(0.002, 1).startswith("0,2")


def test_a_chosen_share_has_a_tenth_only_where_it_has_one():
    assert [formats.exact_percent(share) for share in (0.9, 0.005, 1)] == ["90%", "0.5%", "100%"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "1 s"), (59, "59 s"), (137, "2 min 10 s"), (19_900, "5 h 31 min"), (108_000, "1 d 6 h")],
)
def test_an_estimate_is_no_finer_than_it_is_worth(seconds, shown):
    assert formats.about(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 s"),
        (0.5, "0.5 s"),
        (30.0, "30 s"),
        (5400.0, "1.5 h"),
        (4800.0, "1 h 20 min"),
        (108_000.0, "1 d 6 h"),
        (34_560_000.0, "400 d"),
    ],
)
def test_a_chosen_length_is_shown_whole(seconds, shown):
    assert formats.lifetime(seconds) == shown


def test_a_late_value_is_written_in_the_language_it_is_shown_in():
    late = formats.Late(formats.lifetime, 0.5)
    assert str(late) == "0.5 s"
    texts.use("pt_BR")
    try:
        assert str(late) == "0,5 s"
    finally:
        texts.use("en")


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize(
    ("amount", "shown"),
    [("1119.9", "R$ 1.119,90"), ("-1119.9", "-R$ 1.119,90"), ("-39.90", "-R$ 39,90"), ("-0.001", "R$ 0,00")],
)
def test_money_is_brazilian_in_both_languages(amount, shown, language):
    texts.use(language)
    try:
        assert formats.money(Decimal(amount)) == shown
    finally:
        texts.use("en")


def test_an_instant_with_its_day_is_hubsofts():
    assert formats.day_time(at_hubsoft(2026, 10, 24, 14, 2, 0)) == "24/10 14:02"
    assert formats.day_time(None) == "–"
    assert formats.day_time(1e30) == "–"


def test_day():
    assert formats.day(dt.date(2017, 8, 5)) == "05/08/2017"
    assert formats.day(None) == "–"


def test_clock_is_hubsofts_and_shows_minutes():
    epoch = at_hubsoft(2026, 11, 23, 14, 2, 31)
    assert formats.clock(epoch) == "14:02"
    assert formats.clock(epoch, seconds=True) == "14:02:31"


@pytest.mark.parametrize("epoch", [None, 0, math.inf, math.nan, 1e30])
def test_an_unknown_instant_is_a_dash(epoch):
    assert formats.clock(epoch) == "–"
    assert formats.moment(epoch, 1.0) == "–"


def test_moment_says_the_day_only_when_it_is_another():
    now = at_hubsoft(2026, 11, 23, 14, 0, 0)
    assert formats.moment(at_hubsoft(2026, 11, 23, 9, 12, 0), now) == "09:12"
    earlier = at_hubsoft(2026, 10, 24, 9, 12, 0)
    assert formats.moment(earlier, now) == "24/10 09:12"
    assert formats.moment(earlier, now, brief=True) == "24/10"
    assert formats.moment(at_hubsoft(2025, 10, 24, 9, 12, 0), now) == "24/10/2025"


@pytest.mark.parametrize("zone", ["UTC0", "BRT3", "JST-9"])
def test_times_are_hubsofts_wherever_the_console_runs(zone, monkeypatch):
    protocol = "20261123090312000123"  # what HubSoft wrote at 09:03 at Brasília
    opened = datetime(2026, 11, 23, 12, 3, 12, tzinfo=UTC).timestamp()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert formats.clock(opened) == f"{protocol[8:10]}:{protocol[10:12]}"
        assert formats.clock(opened, seconds=True) == "09:03:12"
        assert formats.moment(opened, opened + 60) == "09:03"
        assert formats.moment(opened, opened + 86_400) == "23/11 09:03"
        assert formats.moment(opened, opened + 400 * 86_400) == "23/11/2026"
        assert iso(opened) == "2026-11-23T09:03:12-03:00"
    finally:
        monkeypatch.undo()
        time.tzset()

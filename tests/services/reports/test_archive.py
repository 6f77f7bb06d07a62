"""Days that are over are added up once, and outlive the rows they were made from."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from hubsoft_tui.core.telemetry.trace import NaiveRow
from hubsoft_tui.core.types import Category, Outcome, Priority
from hubsoft_tui.formats import DAY, day_of
from hubsoft_tui.services.reports.aggregate import stretch
from hubsoft_tui.services.reports.service import House, ReportReader, Reports
from hubsoft_tui.settings.tree import ReportSettings, Settings, TraceSettings
from hubsoft_tui.store.database import Database, open_database
from hubsoft_tui.store.reports import MIGRATIONS as REPORT_MIGRATIONS
from hubsoft_tui.store.reports import ReportStore
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore
from tests.clocks import HandClock
from tests.store.test_trace import question, request

TODAY = date(2026, 11, 24)


class Home:
    """A trace and its reports on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = open_database(folder / "trace.db", MIGRATIONS)
        self.trace = TraceStore(self.database, "account")
        self.settings = Settings(trace=TraceSettings(keep_days=5), reports=ReportSettings(keep_days=20))
        self.now = stretch(TODAY).since + 10 * 3600

    def busy(self, back: int, questions: int = 4, requests: int = 2, account: str = "account") -> None:
        noon = stretch(TODAY - timedelta(days=back)).since + 12 * 3600 * (back > 0) + 60
        TraceStore(self.database, account).write(
            [question(noon + n, outcome=Outcome.HIT) for n in range(questions)],
            [request(noon + n, asked=True) for n in range(requests)],
            [NaiveRow(noon, "sync", 100, 1)],
            person="maria",
        )

    def keep(self, *, later: float = 0.0) -> None:
        self.now += later
        House(self.folder / "reports.db", self.settings, lambda: self.now).keep(self.trace)

    def reports(self) -> Reports:
        clock = HandClock(wall=self.now)
        reader = ReportReader(self.folder / "trace.db", self.folder / "reports.db", "account", clock)
        return Reports(reader, None, clock)

    def kept(self, account: str = "account") -> list[str]:
        database: Database = open_database(self.folder / "reports.db", REPORT_MIGRATIONS)
        with closing(database):
            return [each.day for each in ReportStore(database, account).days()]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "BRT3")
    time.tzset()
    home = Home(tmp_path)
    yield home
    home.database.close()
    monkeypatch.undo()
    time.tzset()


async def test_a_report_is_the_same_after_its_rows_are_gone(home):
    for back in range(9):
        home.busy(back, questions=10 + back)
    reports = home.reports()
    before = {back: await reports.day(TODAY - timedelta(days=back)) for back in range(9)}
    await reports.close()
    home.keep()
    assert home.trace.oldest() > home.now - 5 * DAY
    reports = home.reports()
    after = {back: await reports.day(TODAY - timedelta(days=back)) for back in range(9)}
    listed = await reports.days()
    await reports.close()
    assert after == before
    assert after[8].total.questions == 18
    assert after[8].total.saved == 18 - 2 + 99
    assert after[8].hours[12].sums.requests == 2
    assert [(head.day, head.questions) for head in listed] == [
        (TODAY - timedelta(days=back), 10 + back) for back in range(9)
    ]


def test_only_a_settled_day_is_kept(home):
    home.busy(0)
    home.busy(1)
    home.now = stretch(TODAY).since + 60
    home.keep()
    assert home.kept() == []
    home.keep(later=3600)
    assert home.kept() == ["2026-11-23"]


def test_old_reports_go_when_the_settings_say_so(home):
    for back in range(0, 40, 3):
        home.busy(back)
    home.keep()
    assert min(home.kept()) == "2026-11-06"


def test_every_account_is_kept_before_its_rows_go(home):
    home.busy(8)
    home.busy(8, account="other")
    home.keep()
    assert home.kept() == home.kept("other") == ["2026-11-16"]
    assert home.trace.count() == (0, 0)


def test_rows_that_come_late_are_added(home):
    home.busy(1)
    home.keep()
    home.busy(1)  # a laptop that slept through midnight
    home.keep(later=600)
    reports = home.reports()
    home.keep(later=3600)
    with closing(open_database(home.folder / "reports.db", REPORT_MIGRATIONS)) as database:
        (kept,) = ReportStore(database, "account").days()
    assert kept.questions == 8
    assert reports.today() == TODAY


async def test_a_day_part_of_which_is_gone_says_so(home):
    home.busy(0, questions=100)
    home.trace.trim(before=0, max_rows=40)
    reports = home.reports()
    found = await reports.day(TODAY)
    other = await reports.day(TODAY + timedelta(days=1))
    await reports.close()
    assert (found.whole, found.total.questions) == (False, 40)
    assert (other.whole, other.rows) == (True, 0)


async def test_a_report_of_another_shape_is_made_again(home):
    home.busy(1)
    home.keep()
    with closing(open_database(home.folder / "reports.db", REPORT_MIGRATIONS)) as database:
        store = ReportStore(database, "account")
        (kept,) = store.days()
        store.save(kept, msgspec.json.encode({"day": 7}))
    reports = home.reports()
    found = await reports.day(TODAY - timedelta(days=1))
    await reports.close()
    assert found.total.questions == 4


async def test_a_quiet_home_has_no_days_and_an_empty_report(home):
    reports = home.reports()
    assert await reports.days() == ()
    found = await reports.day(TODAY)
    await reports.close()
    assert (found.rows, found.total.questions, found.total.ratio, found.total.p50) == (0, 0, None, None)
    assert len(found.hours) == 24
    assert list(found.priorities) == [priority.name.lower() for priority in Priority]
    assert list(found.categories) == [category.value for category in Category]


async def test_today_grows_while_one_looks(home):
    reports = home.reports()
    home.busy(0)
    assert (await reports.day(TODAY)).total.questions == 4
    home.busy(0)
    assert (await reports.day(TODAY)).total.questions == 8
    assert (await reports.days())[0].questions == 8
    await reports.close()
    assert day_of(home.now) == TODAY

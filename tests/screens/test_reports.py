"""The Reports screen: the list of days, the day under the cursor, and its way into a file."""

from __future__ import annotations

import asyncio
import csv
from dataclasses import replace
from datetime import date, timedelta

import pytest

from hubsoft_tui import texts
from hubsoft_tui.errors import StoreError
from hubsoft_tui.screens import reports as screen_module
from hubsoft_tui.screens.frame.table_screen import PathInput
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.service import head_of
from hubsoft_tui.services.reports.types import ActionCount, DayReport, Hour, Overview
from tests.screens.builders import WALL, snapshot
from tests.screens.fake import FakeHub, console, seen, settle, wait_for
from widgets.report import DayFigures, DayTable, ReportTables

TODAY = date(2026, 11, 18)


def sums(questions: int, requests: int, **more) -> Sums:
    usual = {
        "hits": questions - requests,
        "asked": requests,
        "saved": questions - requests,
        "p50": 0.042,
        "p95": 0.18,
        "wait_p95": 0.4,
    }
    return Sums(questions=questions, requests=requests, **(usual | more))


def day_report(back: int, *, whole: bool = True) -> DayReport:
    busy = {9: 120, 10: 190, 14: 160 + 10 * back}
    total = sum(busy.values())
    return DayReport(
        day=TODAY - timedelta(days=back),
        since=WALL,
        until=WALL + 86400,
        total=sums(total, 88, errors=2 * (back == 1)),
        hours=tuple(
            Hour(WALL + 3600 * n, n, sums(busy[n], busy[n] // 6) if n in busy else Sums()) for n in range(24)
        ),
        endpoints={"cliente": sums(0, 70), "cliente.atendimento": sums(0, 17), "token": sums(0, 1)},
        priorities={"critical": sums(0, 1), "high": sums(total, 80), "normal": Sums(), "low": sums(0, 7)},
        categories={"client_data": sums(total, 0), "contract_status": Sums(), "service_data": Sums()},
        operators={"iasmin": sums(total, 60), "joaquim": sums(0, 28)},
        callers={"lookup": sums(total, 87), "token": sums(0, 1)},
        statuses={"200": 88},
        whole=whole,
        rows=total + 88,
    )


def some_days(count: int = 5, **changes) -> dict[date | None, Overview | Exception]:
    """Overviews of `count` days, by the day asked for."""
    found = [day_report(back, **changes) for back in range(count)]
    heads = tuple(map(head_of, found))
    shown: dict[date | None, Overview | Exception] = {
        each.day: Overview(heads, each, TODAY) for each in found
    }
    return {**shown, None: shown[TODAY]}


@pytest.fixture
def hub():
    hub = FakeHub()
    hub.reports.shown = some_days()
    return hub


async def opened(pilot) -> None:
    await pilot.press("f8")
    await wait_for(pilot, lambda: getattr(pilot.app.screen, "_found", None) is not None)
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_days_and_the_newest_of_them(hub, size):
    async with console(hub, size=size) as (app, pilot, _):
        await opened(pilot)
        shown = seen(app)
        for part in (
            "today",
            "17/11 Tue ▲",
            "Wed 18/11/2026",
            "so far",
            "questions 470",
            "saved 81.3% of 470",
        ):
            assert part in shown
        assert "Endpoint" in shown
        assert "cliente.atendimento" in shown
        assert "e export" in shown


async def test_the_day_under_the_cursor_is_shown_copied_and_scrolled(hub):
    async with console(hub, size=(80, 24)) as (app, pilot, _):
        await opened(pilot)
        await pilot.press("down", "down")
        await wait_for(pilot, lambda: "Mon 16/11/2026" in seen(app))
        assert "so far" not in seen(app)
        assert "joaquim" not in seen(app)
        await pilot.press("enter", "end")
        await wait_for(pilot, lambda: "contract status" in seen(app))
        await pilot.press("escape")
        assert isinstance(app.screen.focused, DayTable)
        await pilot.press("t")
        await wait_for(pilot, lambda: "Wed 18/11/2026" in seen(app))
        await pilot.press("y")
        await settle(pilot)
        assert "Copied: the report of 18/11/2026" in seen(app)


async def test_nothing_asked_yet_says_what_to_do(hub):
    hub.reports.shown = {None: Overview((), DayReport(TODAY, 0.0, 0.0), TODAY)}
    async with console(hub) as (app, pilot, _):
        await opened(pilot)
        assert "Look somebody up (F2)" in seen(app)
        assert "e export" not in seen(app)
        await pilot.press("e", "y", "t", "enter", "escape")
        assert "There is nothing to copy yet." in seen(app)


async def test_what_is_wrong_is_said_beside_the_days(hub):
    found = hub.reports.shown[None]
    hub.reports.shown[None] = StoreError("trace.db was written by a newer version of hubsoft-tui.")
    async with console(hub) as (app, pilot, _):
        await pilot.press("f8")
        await wait_for(pilot, lambda: "▲ trace.db was written by a newer version" in seen(app))
        hub.reports.shown = {
            None: Overview(found.days, day_report(0, whole=False), TODAY, "The disk is full.")
        }
        await pilot.press("r")
        said = ("▲ The disk is full.", "part of this day is gone already")
        await wait_for(pilot, lambda: all(each in seen(app) for each in said))
        hub.reports.shown = some_days()
        await pilot.press("r")
        await wait_for(pilot, lambda: not any(each in seen(app) for each in said))


async def test_a_day_is_written_where_one_says(hub, tmp_path):
    async with console(hub) as (app, pilot, _):
        await opened(pilot)
        await pilot.press("down", "e", *"qtre")
        await settle(pilot)
        field = app.screen.query_one(PathInput)
        assert field.value == "qtre", "letters typed there are no keys, and begin another name"
        await pilot.press("escape")
        assert "Export to:" not in seen(app)
        await pilot.press("e")
        await settle(pilot)
        field = app.screen.query_one(PathInput)
        assert field.value == field.selected_text == "hubsoft-2026-11-17.html"
        screen = seen(app)
        assert "Export to:" in screen
        assert "enter confirm   esc back" in screen.splitlines()[-1]
        field.value = str(tmp_path / "nowhere" / "day.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "there is no such folder" in seen(app))
        assert field.has_focus, "the name can be corrected"
        field.value = str(tmp_path / "day.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "The report of 17/11/2026 is in" in seen(app))
        assert "Export to:" not in seen(app)
        assert isinstance(app.screen.focused, DayTable)
        text = await asyncio.to_thread((tmp_path / "day.csv").read_text)
        assert next(csv.DictReader(text.splitlines()))["day"] == "2026-11-17"


async def test_it_reads_again_when_something_happened_but_not_too_often(hub):
    async with console(hub) as (app, pilot, _):
        await opened(pilot)
        screen, asked = app.screen, hub.reports.asked
        before = len(asked)
        for serial in range(10, 14):
            screen.tick(snapshot(serial))
        await settle(pilot)
        assert len(asked) == before
        assert screen._later is not None, "once more when the ten seconds are over"
        repaints = []
        for widget in (screen.query_one(DayFigures), screen.query_one(DayTable)):
            widget.refresh = lambda *regions, **_options: repaints.append(regions)
        screen._read_late()
        await wait_for(pilot, lambda: len(asked) == before + 1)
        screen._read_at -= screen_module.LOOK_SECONDS
        screen.tick(snapshot(14))
        await wait_for(pilot, lambda: len(asked) == before + 2)
        await settle(pilot)
        assert not [regions for regions in repaints if regions], "the days are the same"


@pytest.mark.parametrize("width", [40, 60, 118, 180])
def test_what_operators_did_stands_below_the_day_s_tables(width):
    tables = ReportTables()
    actions = (
        ActionCount("ana", EntryKind.RESTART_DEVICE, 3, 2, 1, 0),
        ActionCount("a much longer name [b]", EntryKind.RESCHEDULE_VISIT, 1, 1),
    )
    for shown, there in ((actions, True), ((), False)):
        tables._report = replace(day_report(0), actions=shown)
        lines = [each.plain for each in tables.draw(width)]
        assert any("ana · restart" in each for each in lines) is there
        assert any("Actions" in each and ("asked for" in each or width < 60) for each in lines) is there
        assert all(len(each.rstrip()) <= width for each in lines)


async def test_in_portuguese(hub):
    spoken = texts.language()
    texts.use("pt_BR")
    try:
        async with console(hub, size=(80, 24)) as (app, pilot, _):
            await opened(pilot)
            for part in (
                "hoje",
                "qua 18/11/2026",
                "até agora",
                "economia 81,3% de 470",
                "17/11 ter ▲",
                "CRÍTICA",
            ):
                assert part in seen(app)
    finally:
        texts.use(spoken)

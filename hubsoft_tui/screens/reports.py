"""Reports: the days and what each cost, the chosen one in full, and a way to take it along."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.formats import day as written
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.reports.export import as_table, export
from hubsoft_tui.settings.places import whole
from hubsoft_tui.texts import N_, _
from widgets.fields import FilterLine
from widgets.report import DayFigures, DayTable, HoursChart, ReportTables, day_lines
from widgets.table.table import VirtualTable

from .frame.actions import action
from .frame.table_screen import PathLine, TableScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.reports.types import DayReport, Overview
    from widgets.report import DayLine

READ: Final = N_("Read a day")
TAKE: Final = N_("Take it along")

LOOK_SECONDS: Final = 10.0
"""How often the days are read again while something happens; while nothing does, they are not."""


class ReportsScreen(TableScreen):
    """The list of days, and the day under the cursor. Days that are over never change."""

    AREA = "reports"
    ABOUT = N_(
        "One line per day, from midnight to midnight on this computer's clock, of every program on it. Questions "
        "are what was asked, requests what HubSoft received, logins and repeats included. Saved is what one "
        "request for each question would have cost in addition. ▲ marks a day with errors or refusals (429)."
    )
    CSS_PATH = Path(__file__).parents[2] / "styles" / "reports.tcss"
    AUTO_FOCUS = "DayTable"

    _found: Overview | None = None
    _lines: tuple[DayLine, ...] = ()
    _read_at = -LOOK_SECONDS
    _later: Timer | None = None

    def body(self) -> ComposeResult:
        """Compose the file's name, the list, and the day."""
        self.add_class("-empty")
        yield PathLine(".html", ".csv", ".json")
        yield Static("", markup=False, id="reports-trouble")
        yield FilterLine()
        with Container(id="reports-split"):
            yield DayTable(
                empty=_("Nothing was asked yet. Look somebody up (F2) and today will be here."),
                id="reports-days",
            )
            with VerticalScroll(id="reports-day"):
                yield DayFigures()
                yield HoursChart()
                yield ReportTables()

    # -- reading

    def show(self, snapshot: Snapshot) -> None:
        """Read the days again: something happened. At most once in ten seconds."""
        super().show(snapshot)
        due = self._read_at + LOOK_SECONDS - time.monotonic()
        if due <= 0:
            self.action_read()
        elif self._later is None:
            self._later = self.set_timer(due, self._read_late)

    def _read_late(self) -> None:
        self._later = None
        if self.is_current and not self.frozen:
            self.action_read()

    def engine_changed(self) -> None:
        """Read the days: the engine runs, or the screen is in sight again."""
        self.action_read()

    def relabelled(self) -> None:
        """Fill the new widgets."""
        self._lines = ()
        self._draw()
        self.table.focus()

    @work(group="reports", exclusive=True, exit_on_error=False)
    async def _read(self, chosen: date | None) -> None:
        found = await self.asked(
            lambda services: services.reports.overview(chosen), lambda sentence, _error: self._say(sentence)
        )
        if found is None:
            return
        if self._found is None or self._found.report.day != found.report.day:
            self.query_one("#reports-day").scroll_home(animate=False)
        self._found = found
        self._draw()

    def _chosen(self) -> date | None:
        item = self.table.item
        return None if item is None else item.head.day

    # -- drawing

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        self._say(found.trouble)
        lines = day_lines(found.days, found.today)
        if not lines or lines != self._lines:
            self._lines = lines
            self.table.set_rows(lines)
        shown = found.report if found.days else None
        self.query_one(DayFigures).show(shown, today=found.report.day == found.today)
        self.query_one(HoursChart).show(shown)
        self.query_one(ReportTables).show(shown)
        if self.has_class("-empty") == bool(found.days):
            self.toggle_class("-empty")
            self.redraw_frame()

    def _say(self, trouble: str) -> None:
        line = self.query_one("#reports-trouble", Static)
        line.display = bool(trouble)
        if trouble:
            line.update(Content(clean(f"▲ {trouble}")))

    @on(VirtualTable.RowHighlighted)
    def _moved(self) -> None:
        chosen = self._chosen()
        if self._found is not None and chosen is not None and chosen != self._found.report.day:
            self._read(chosen)

    @property
    def table(self) -> DayTable:
        """The list of days."""
        return self.query_one(DayTable)

    @property
    def has_days(self) -> bool:
        """Whether there is a day to look at."""
        return self._found is not None and bool(self._found.days)

    # -- acting

    def copied(self) -> tuple[str, str] | None:
        """Return the day as a table for spreadsheets."""
        if self._found is None or not self._found.days:
            return None
        report = self._found.report
        return _("the report of {day}").format(day=written(report.day)), as_table(report)

    @action(
        "enter",
        N_("the day"),
        N_("Go to the day's tables, to scroll them."),
        when=lambda screen: screen.has_days and isinstance(screen.focused, DayTable),
        job=READ,
    )
    def action_day(self) -> None:
        self.query_one("#reports-day").focus()

    @action(
        "e",
        N_("export"),
        N_("Write this day into a file: .html to mail, .csv for spreadsheets, .json for programs."),
        first=True,
        when=lambda screen: screen.has_days and not isinstance(screen.focused, Input),
        job=TAKE,
    )
    def action_export(self) -> None:
        if self._found is None:
            return
        self._name_file(f"hubsoft-{self._found.report.day.isoformat()}.html")

    def _name_file(self, begun: str) -> None:
        self.query_one(PathLine).ask("export", _("Export to:"), begun)

    @action("t", N_("today"), N_("Go to the newest day."), when=lambda screen: screen.has_days, job=READ)
    def action_newest(self) -> None:
        if self.table.sorted_by is not None:
            self.table.sort_by(None)
        self.table.action_edge(0)

    @action("r", N_("read again"), N_("Read the days again. Sends no request."), job=READ)
    def action_read(self) -> None:
        self._read_at = time.monotonic()
        self._read(self._chosen())

    @action(
        "escape",
        N_("back"),
        N_("Leave the field, clear the filter, or go back to the list of days."),
        when=lambda screen: screen.filtering or not isinstance(screen.focused, DayTable),
        job=READ,
    )
    def action_close(self) -> None:
        if (field := self.query_one(PathLine)).is_open:
            field.leave()
        elif not self.leave_filter():
            self.table.focus()

    @on(VirtualTable.RowSelected)
    def _selected(self) -> None:
        self.action_day()

    @on(PathLine.Left)
    def _named(self, event: PathLine.Left) -> None:
        event.stop()
        self.table.focus()
        if event.value and self._found is not None:
            self._export(self._found.report, event.value)

    @work(group="export", exclusive=True, exit_on_error=False)
    async def _export(self, report: DayReport, name: str) -> None:
        profile = self.console.settings.profile
        host = profile.url.partition("://")[2]
        try:
            path = whole(name)
            await asyncio.to_thread(export, report, path, profile=profile.name, host=host)
        except HubSoftError as error:
            self.console.tell(error, severity="error")
            self._name_file(name)  # to be corrected
            return
        self.console.tell(_("The report of {day} is in {path}.").format(day=written(report.day), path=path))

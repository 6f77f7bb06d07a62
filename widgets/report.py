"""How a day's report reads: the list of days, the chosen day's figures, its hours as bars, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from hubsoft_tui.core.types import Priority
from hubsoft_tui.formats import NOTHING, day
from hubsoft_tui.services.outbox.types import action_name
from hubsoft_tui.services.reports import figures
from hubsoft_tui.services.reports.figures import FigureUnit, ReportFigure, Sums
from hubsoft_tui.services.reports.types import (
    ACTION_HEADS,
    ActionCount,
    DayHead,
    DayReport,
    caller_name,
    category_name,
)
from hubsoft_tui.texts import N_, _, number
from hubsoft_tui.values import dataclass

from .line_widget import Drawn, Part, fit, line
from .monitor.timeline import priority_word
from .sparkline import columns
from .table.table import Column, VirtualTable

_QUIET: Final = "$quiet"
_TITLE: Final = "$title bold"
_DAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_SIDE_BY_SIDE: Final = 118
"""Cells from which the tables stand in two columns."""
_GAP: Final = 4
_NAME: Final = 12
_FIGURE: Final = 6
_BETWEEN: Final = 2


def weekday(when: date) -> str:
    """Return the day of the week, short."""
    return _(_DAYS[when.weekday()])


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day in the list; `most` is what the longest bar of the list stands for."""

    head: DayHead
    most: int
    today: bool = False

    def bar(self, width: int) -> str:
        """Return the day as a bar: what was sent, and behind it, lighter, what was saved."""
        head = self.head
        naive = max(head.requests, head.requests + head.saved)
        if not self.most or width <= 0:
            return ""
        whole = round(width * naive / self.most)
        sent = min(whole, max(round(width * head.requests / self.most), 1 if head.requests else 0))
        return "█" * sent + "░" * (whole - sent)


def day_lines(heads: Sequence[DayHead], today: date) -> tuple[DayLine, ...]:
    """Return the lines of a list of days."""
    most = max((max(head.requests, head.requests + head.saved) for head in heads), default=0)
    return tuple(DayLine(head, most, head.day == today) for head in heads)


class DayTable(VirtualTable[DayLine]):
    """The days there is something of, newest first."""

    def __init__(self, *, empty: str, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            (
                Column("day", _("Day"), _day_cell, 11, sort=lambda row: row.head.day, descending=True),
                Column(
                    "questions",
                    _("Questions"),
                    lambda row: number(row.head.questions),
                    9,
                    "right",
                    priority=3,
                    sort=lambda row: row.head.questions,
                    descending=True,
                ),
                Column(
                    "requests",
                    _("Requests"),
                    lambda row: number(row.head.requests),
                    11,
                    "right",
                    sort=lambda row: row.head.requests,
                    descending=True,
                ),
                Column(
                    "saved",
                    _("Saved"),
                    lambda row: number(row.head.saved),
                    8,
                    "right",
                    priority=1,
                    sort=lambda row: row.head.saved,
                    descending=True,
                ),
                Column("bar", "", self._day_bar, style="$course", priority=2, minimum=6),
            ),
            identify=lambda row: row.head.day.isoformat(),
            empty=empty,
            id=id,
        )

    def _day_bar(self, row: DayLine) -> str:
        return row.bar(next((width for column, width in self._fitting() if column.key == "bar"), 0))


def _day_cell(row: DayLine) -> Content:
    when = row.head.day
    if row.today:
        return Content.styled(_("today"), "bold")
    text = f"{when.day:02}/{when.month:02} {weekday(when)}"
    trouble = row.head.errors or row.head.rate_limited
    return line(text, (" ▲", "$warn") if trouble else "")


class DayFigures(Drawn):
    """The chosen day in a few figures."""

    _report: DayReport | None = None
    _today = False

    def show(self, report: DayReport | None, *, today: bool) -> None:
        """Draw `report`; None while it is being read."""
        self._report, self._today = report, today
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the day, and the figures in as many lines as they need."""
        report = self._report
        if report is None:
            return [Content("")] * (1 + len(self._rows(width, ())))
        title: list[Part] = [(f"{weekday(report.day)} {day(report.day)}", _TITLE)]
        if self._today:
            title += ["   ", (_("so far"), _QUIET)]
        if not report.whole:
            title += ["   ", ("▲ " + _("part of this day is gone already"), "$warn")]
        return [line(*title).truncate(width, ellipsis=True), *self._rows(width, self._figures(report.total))]

    def _figures(self, total: Sums) -> Sequence[tuple[str, Part]]:
        return [
            # Times are called by their short names: their place is that of a number.
            (_(each.short if each.unit is FigureUnit.SECONDS else each.head), self._value(each, total))
            for each in figures.DAY
        ]

    def _value(self, figure: ReportFigure, total: Sums) -> Part:
        text = _text(figure, total)
        if figure.key == "saved" and total.saved > 0:
            text = _("{share} of {n}").format(share=figures.saved_text(total), n=number(total.naive))
        return (text, f"${_TONES[figure.tone]}") if figure.tone and (figure.value(total) or 0) > 0 else text

    def _rows(self, width: int, named: Sequence[tuple[str, Part]]) -> list[Content]:
        across = 4 if width >= 84 else 3 if width >= 66 else 2
        room = max(1, width // across)
        lines = []
        for start in range(0, 8, across):
            parts: list[Part] = []
            for name, value in named[start : start + across]:
                cell = line((f"{name} ", _QUIET), value)
                parts.append(
                    cell.truncate(room - 1, ellipsis=True).pad_right(max(0, room - cell.cell_length))
                )
            lines.append(line(*parts))
        return lines


class HoursChart(Drawn):
    """Questions and requests of each hour of the day: two rows of bars of one scale; one that is empty is left out."""

    _report: DayReport | None = None

    def show(self, report: DayReport | None) -> None:
        """Draw the hours of `report`; take no room without any."""
        self._report = report
        self.display = report is None or any(
            hour.sums.questions or hour.sums.requests for hour in report.hours
        )
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return both rows of bars and the hours under them."""
        hours = self._report.hours if self._report is not None else ()
        bar = max(1, min(5, width // 24 - 1))
        asked = [hour.sums.questions for hour in hours]
        sent = [hour.sums.requests for hour in hours]
        charts = [
            (title, values, style)
            for title, values, style in (
                (_("Questions by hour"), asked, "$course"),
                (_("Requests by hour"), sent, "$account"),
            )
            if any(values)
        ]
        most = max((*asked, *sent), default=0)
        lines: list[Content] = []
        for title, values, style in charts:
            height = max(1, (self.content_size.height - 1 - len(charts)) // len(charts))
            lines += [self._head(title, values), *self._bars(values, bar, height, style, most)]
        return [*lines, Content.styled(_ruler([hour.clock for hour in hours], bar + 1), _QUIET)]

    def _head(self, title: str, values: Sequence[int]) -> Content:
        told = _("at most {n}").format(n=number(max(values)))
        return line((title, _TITLE), (f"   {told}", _QUIET))

    def _bars(self, values: Sequence[int], bar: int, height: int, style: str, most: int) -> list[Content]:
        drawn = columns(values, len(values), height, low=0.0, high=float(most))
        # An hour in which nothing happened has no bar: the lowest block would say that something did.
        shown = (
            "".join((block if value else " ") * bar + " " for block, value in zip(text, values, strict=True))
            for text in drawn
        )
        return [Content.styled(text, style) for text in shown]


def _ruler(clocks: Sequence[int], step: int) -> str:
    every = 1 if step >= 3 else 3
    cells = (str(clock) if clock % every == 0 else "" for clock in clocks)
    return (
        "".join(f"{cell:<{step}}"[: max(step, len(cell))] for cell in cells)
        if step > 2
        else _sparse(clocks, step)
    )


def _sparse(clocks: Sequence[int], step: int) -> str:
    text = ""
    for place, clock in enumerate(clocks):
        if clock % 3 == 0:
            text = text.ljust(place * step) + str(clock)
    return text


class ReportTables(Drawn):
    """The chosen day by endpoint, class, category, operator and caller."""

    _report: DayReport | None = None

    def show(self, report: DayReport | None) -> None:
        """Draw the tables of `report`."""
        before = self._report
        self._report = report
        if before is None or report is None or _shape(before) != _shape(report):
            self.refresh(layout=True)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the tables, in two columns where there is room."""
        report = self._report
        if report is None:
            return [Content("")]
        wide = width >= _SIDE_BY_SIDE
        each = (width - _GAP) // 2 if wide else width
        endpoints = _table(_("Endpoint"), report.endpoints, str, figures.SCREEN_SENT, each)
        classes = _table(_("Class"), report.priorities, _class_word, figures.SCREEN_BOTH, each)
        asked = _table(_("Category"), report.categories, category_name, figures.ASKED, each)
        operators = _table(_("Operator"), report.operators, str, figures.SCREEN_BOTH, each)
        callers = _table(_("Asked by"), report.callers, caller_name, figures.SCREEN_BOTH, each)
        actions = _actions_table(report.actions, each)
        if not wide:
            return [*endpoints, *classes, *operators, *actions, *callers, *asked]
        left, right = [*endpoints, *asked, *actions], [*classes, *operators, *callers]
        return [
            (one or Content("")).pad_right(each + _GAP - (one.cell_length if one else 0)).append(other or "")
            for one, other in zip_longest(left, right)
        ]


def _class_word(name: str) -> str:
    return priority_word(Priority[name.upper()])


_TONES: Final = {"good": "ok", "warn": "warn", "bad": "bad"}


def _text(figure: ReportFigure, sums: Sums, zero: str | None = None) -> str:
    return figure.text(sums, zero=zero)


def _table(
    title: str,
    rows: Mapping[str, Sums],
    name: Callable[[str], str],
    shown: Sequence[ReportFigure],
    width: int,
) -> list[Content]:
    """Return a heading, a line for each row, and an empty line; figures that do not fit are left out."""
    drawn = [(_(each.short), [_text(each, sums, NOTHING) for sums in rows.values()]) for each in shown]
    return _grid(title, [name(key) for key in rows], drawn, width)


def _actions_table(actions: Sequence[ActionCount], width: int) -> list[Content]:
    """Return what each operator did to services and visits; nothing when nothing was done."""
    if not actions:
        return []
    names = [f"{each.operator} · {action_name(each.kind)}" for each in actions]
    counts = [[number(count) if count else NOTHING for count in each.counts] for each in actions]
    columns = zip(map(_, ACTION_HEADS), zip(*counts, strict=True), strict=True)
    return _grid(_("Actions"), names, [(head, list(cells)) for head, cells in columns], width)


def _grid(
    title: str, names: Sequence[str], drawn: Sequence[tuple[str, list[str]]], width: int
) -> list[Content]:
    room = max([_NAME, cell_len(title), *map(cell_len, names)])
    fitting: list[tuple[int, str, list[str]]] = []
    left = width - min(room, width // 2)
    for head, cells in drawn:
        wide = _BETWEEN + max(_FIGURE, cell_len(head), *map(cell_len, cells or [""]))
        if wide > left:
            break
        left -= wide
        fitting.append((wide, head, cells))
    first = width - sum(wide for wide, _head, _cells in fitting)
    heads = "".join(fit(head, wide, right=True) for wide, head, _cells in fitting)
    lines = [line((fit(title, first), _TITLE), (heads, _QUIET))]
    for place, name in enumerate(names):
        row = "".join(fit(cells[place], wide, right=True) for wide, _head, cells in fitting)
        lines.append(line(fit(name, first), row))
    if not names:
        lines.append(Content.styled(_("none"), _QUIET))
    return [*lines, Content("")]


def _shape(report: DayReport) -> tuple[int, ...]:
    groups = (report.endpoints, report.priorities, report.categories, report.operators, report.callers)
    return (*map(len, groups), len(report.actions))

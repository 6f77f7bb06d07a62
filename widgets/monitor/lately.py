"""What the trace adds to the Monitor: the last hour as courses, and who used the budget in the last minute."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.core.types import BudgetState, Priority
from hubsoft_tui.formats import about, clock, latency, percent
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.reports.types import LastHour, caller_name, program_name
from hubsoft_tui.texts import _, ngettext, number

from ..line_widget import Drawn, Part, cut, fit, line
from ..sparkline import columns
from .timeline import priority_style, priority_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.services.reports.figures import Sums
    from hubsoft_tui.services.reports.types import BudgetUse

_QUIET: Final = "$quiet"
_TITLE: Final = "$title bold"
_LABEL: Final = 14
_NOTE: Final = 22


def course_rows(values: Sequence[float | None], width: int, height: int, *, high: float | None) -> list[str]:
    """Return `values` over exactly `width` cells as `height` lines; what was not measured stays empty.

    More values than cells: each cell shows the largest of its own. Fewer: each is as wide as there is room.
    """
    if not values or width < 1:
        return [""] * height
    merged = ceil(len(values) / width)
    groups = [values[start : start + merged] for start in range(0, len(values), merged)]
    most = [max((each for each in group if each is not None), default=None) for group in groups]
    wide = max(1, width // len(most))
    known = [value for value in most if value is not None]
    drawn = columns(known, len(known), height, low=0.0, high=high) or [""] * height
    rows = []
    for row in drawn:
        blocks = iter(row)
        rows.append("".join((" " if value is None else next(blocks)) * wide for value in most))
    return rows


def used_by(uses: Sequence[BudgetUse]) -> str:
    """Say in one line who used the budget: the largest first."""
    return ", ".join(f"{_who(use)} {number(use.requests)}" for use in uses)


def first_in_line(budget: BudgetState) -> tuple[Priority, str] | None:
    """Return the class whose first goes next and why it waits until when; None where nothing waits here."""
    priority = next((each for each in Priority if budget.lanes[each].waiting), None)
    if priority is None:
        return None
    lane = budget.lanes[priority]
    if budget.paused_for > 0:
        why = _("the budget's file was lost") if budget.lost else _("HubSoft asked for a pause (429)")
    elif budget.used >= lane.cap and budget.limit < budget.configured:
        why = _("HubSoft lowered the budget to {limit}").format(limit=number(budget.limit))
    elif budget.used >= lane.cap:
        why = _("{used} used, its class starts below {cap}").format(
            used=number(budget.used), cap=number(lane.cap)
        )
    elif priority is Priority.LOW:
        why = _("background work is spread over the minute")
    else:
        why = _("others go first, or a repeat rests")
    until = _("in {age}").format(age=about(lane.starts_in)) if lane.starts_in else _("now")
    return priority, f"{until}: {why}"


def _who(use: BudgetUse) -> str:
    return f"{clean(use.person)} · {program_name(use.program)}" if use.program else clean(use.person)


class HistoryPanel(Drawn):
    """The last hour: the budget used, HubSoft's answers and what memory answered, minute by minute."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._hour = LastHour()
        self._limit = 0

    def show(self, hour: LastHour, limit: int) -> None:
        """Draw `hour` against a budget of `limit` requests a minute."""
        self._hour, self._limit = hour, limit
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return three courses below each other with their extremes, or all in one line."""
        if self.content_size.height < 4:
            return [self._compact(width)]
        title = _("Last hour, every program here")
        lines = [line((title, _TITLE)).truncate(width, ellipsis=True)]
        each = max(1, (self.content_size.height - 1) // 3)
        note_cells = _NOTE if width < 120 else _NOTE + 10
        cells = max(10, width - _LABEL - note_cells - 2)
        for label, values, high, note in self._courses():
            for number_, row in enumerate(course_rows(values, cells, each, high=high)):
                last = number_ == each - 1
                lines.append(
                    line(
                        (fit(label if last else "", _LABEL), _QUIET),
                        (fit(row, cells), "$course"),
                        (f"  {cut(note, note_cells)}" if last else "", _QUIET),
                    )
                )
        return lines

    def _compact(self, width: int) -> Content:
        cells = max(6, (width - 36) // 3)
        parts: list[Part] = [(_("1 h"), _TITLE)]
        for (_label, values, high, _note), short in zip(
            self._courses(), (_("budget"), _("p95"), _("memory")), strict=True
        ):
            row = course_rows(values, cells, 1, high=high)[0]
            parts += [(f"  {short} ", _QUIET), (fit(row, cells), "$course")]
        return line(*parts).truncate(width, ellipsis=True)

    def _courses(self) -> list[tuple[str, list[float | None], float | None, str]]:
        minutes = self._hour.minutes
        sums: list[Sums] = [each.sums for each in minutes]
        busiest = max(minutes, key=lambda each: each.sums.requests, default=None)
        most = ""
        if busiest is not None and busiest.sums.requests:
            most = _("most {n} at {time}").format(n=number(busiest.sums.requests), time=clock(busiest.since))
        answered = [each for each in minutes if each.sums.p95 is not None]
        slowest = max(answered, key=lambda each: each.sums.p95 or 0.0, default=None)
        slow = ""
        if slowest is not None:
            slow = _("most {latency} at {time}").format(
                latency=latency(slowest.sums.p95), time=clock(slowest.since)
            )
        questions = sum(each.questions for each in sums)
        hits = sum(each.hits + each.coalesced + each.negative for each in sums)
        count = ngettext("{share} of {n} question", "{share} of {n} questions", questions)
        remembered = count.format(share=percent(hits / questions), n=number(questions)) if questions else ""
        return [
            (
                _("requests"),
                [float(each.requests) if each.requests else None for each in sums],
                float(self._limit) or None,
                most,
            ),
            (_("answer, p95"), [each.p95 for each in sums], None, slow),
            (_("from memory"), [each.ratio for each in sums], 1.0, remembered),
        ]


class UsersPanel(Drawn):
    """Who used the budget in the last minute, what is not written down yet, and what waits and why.

    Programs on this computer, by the operator's account; other machines that share the budget come below them.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._uses: tuple[BudgetUse, ...] = ()
        self._budget = BudgetState(limit=0, configured=0, window=60.0, used=0)

    def show(self, uses: tuple[BudgetUse, ...], budget: BudgetState) -> None:
        """Draw `uses` of `budget`."""
        self._uses, self._budget = uses, budget
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return a title, a line for each user, and what waits."""
        height = max(3, self.content_size.height)
        title = _("Used by, last {n} s").format(n=number(self._budget.window))
        lines = [line((title, _TITLE))]
        room = height - 2
        uses = self._uses if len(self._uses) <= room else self._uses[: room - 1]
        lines += [self._use(use, width) for use in uses]
        if left := self._uses[len(uses) :]:
            lines.append(_row(_("others"), "", sum(use.requests for use in left), width))
        rest = self._budget.used - sum(use.requests for use in self._uses)
        if rest > 0 and len(lines) < height - 1:
            shared = self._budget.shared
            elsewhere = shared is not None and shared.machines > 1
            named = _("under way, or on other machines") if elsewhere else _("under way, or just ended")
            lines.append(_row(named, "", rest, width, quiet=True))
        elif len(lines) == 1:
            lines.append(line((_("nothing was sent"), _QUIET)))
        lines += [Content("")] * (height - 1 - len(lines))
        return [*lines[: height - 1], self._waiting(width)]

    def _use(self, use: BudgetUse, width: int) -> Content:
        callers = ", ".join(f"{caller_name(caller)} {number(count)}" for caller, count in use.callers)
        return _row(_who(use), callers, use.requests, width)

    def _waiting(self, width: int) -> Content:
        count = self._budget.queued + self._budget.waiting_elsewhere
        if not count:
            return line((_("Nobody waits"), _QUIET))
        label = ngettext("{n} waits", "{n} wait", count).format(n=number(count))
        found = first_in_line(self._budget)
        if found is None:
            elsewhere = _("in other programs")
            return line((label, "$warn"), (f", {elsewhere}", _QUIET)).truncate(width, ellipsis=True)
        priority, why = found
        return line(
            (f"{label}, ", "$warn"), (priority_word(priority), priority_style(priority)), f" {why}"
        ).truncate(width, ellipsis=True)


def _row(who: str, what: str, count: int, width: int, *, quiet: bool = False) -> Content:
    name = min(24, max(16, width // 3)) if what else width - 6
    return line(
        (fit(who, name), _QUIET if quiet else ""),
        (fit(f" {what}" if what else "", width - name - 5), _QUIET),
        (fit(number(count), 5, right=True), _QUIET if quiet else "bold"),
    )

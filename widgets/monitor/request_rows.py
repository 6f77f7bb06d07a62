"""How one request reads: as the cells of a table, and in full."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.content import Content

from hubsoft_tui.core.types import Priority, RequestRow
from hubsoft_tui.formats import NOTHING, clock, latency, moment, size, wait
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.reports.types import caller_name
from hubsoft_tui.texts import _, number

from ..line_widget import Drawn, Part, fit, line
from ..table.table import Column, VirtualTable
from .timeline import priority_style, priority_word

if TYPE_CHECKING:
    from collections.abc import Sequence

_GOOD = ("ok", "not_found")
_PATH_WIDTH, _WIDE = 100, 150
"""Cells from which a table of requests has room for paths, and for everything."""


def outcome_word(outcome: str) -> str:
    """Return what became of a request, in words; a kind of outcome not known here is shown as it is."""
    words = {
        "": _("waiting for HubSoft"),
        "ok": _("ok"),
        "not_found": _("not found"),
        "refused": _("refused"),
        "401": _("login expired"),
        "429": _("too many requests"),
        "timeout": _("no answer in time"),
        "connect": _("not reached"),
        "proxy": _("not reached"),
        "pool": _("no free connection"),
        "cut": _("connection cut"),
        "too_large": _("answer too large"),
        "credentials": _("login refused"),
        "bad_answer": _("unusable answer"),
        "server_error": _("HubSoft failed"),
        "cancelled": _("given up"),
    }
    return words.get(outcome) or clean(outcome)


def is_trouble(row: RequestRow) -> bool:
    """Whether a request ended otherwise than meant; one that is going on has not."""
    return row.outcome not in {"", "cancelled", *_GOOD}


def outcome_part(row: RequestRow) -> Content:
    """Return the outcome with its sign and colour."""
    word = outcome_word(row.outcome)
    if not row.outcome:
        return Content.styled(f"… {word}", "$quiet")
    if row.outcome in _GOOD:
        return Content.styled(f"  {word}", "$quiet")
    if row.outcome in {"401", "429"}:
        return Content.styled(f"▲ {word}", "$warn")
    return Content.styled(f"✖ {word}", "$quiet" if row.outcome == "cancelled" else "$bad")


def request_columns() -> tuple[Column[RequestRow], ...]:
    """Return the columns of a table of requests, titled in the present language."""
    return (
        Column(
            "at",
            _("Time"),
            lambda row: clock(row.at, seconds=True),
            8,
            sort=lambda row: row.at,
            descending=True,
        ),
        Column("priority", _("Class"), _class_cell, 8, sort=lambda row: row.priority),
        Column("operation", _("Operation"), _operation_cell, 23, sort=lambda row: row.operation),
        Column("path", _("Path"), _path_cell, priority=5, minimum=16, weight=3),
        Column(
            "caller",
            _("Asked by"),
            lambda row: caller_name(clean(row.caller)),
            13,
            priority=6,
            style="$quiet",
        ),
        Column("wait", _("Wait"), _wait_cell, 7, "right", 3, sort=lambda row: row.wait, descending=True),
        Column("latency", _("Answer"), _latency_cell, 7, "right", sort=_latency_rank, descending=True),
        Column("status", _("HTTP"), _status_cell, 4, "right", 1, sort=lambda row: row.status),
        Column("size", _("Size"), _size_cell, 7, "right", 4, sort=lambda row: row.size, descending=True),
        Column("outcome", _("Outcome"), outcome_part, 22, sort=lambda row: row.outcome),
    )


def request_id(row: RequestRow) -> str:
    """Return the id of a request's row."""
    return str(row.id)


def request_text(row: RequestRow) -> str:
    """Return what a filter searches in a request."""
    status = "" if row.status is None else str(row.status)
    outcome = f"{row.outcome} {outcome_word(row.outcome)}"
    sent = clock(row.at, seconds=True)
    caller = f"{row.caller} {caller_name(row.caller)}"
    return " ".join((sent, priority_word(row.priority), row.operation, row.path, status, outcome, caller))


class RequestTable(VirtualTable[RequestRow]):
    """Requests, the newest last; a cursor on the newest follows it."""

    def __init__(self, *, empty: str, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(
            request_columns(),
            identify=request_id,
            describe=request_text,
            empty=empty,
            follow=True,
            id=id,
            classes=classes,
        )

    def on_resize(self) -> None:
        """Show the path whole where there is room: from the operation's and the caller's, which it nearly says."""
        width = self.size.width
        left_out = (
            {"path"} if width < _PATH_WIDTH else {"operation", "caller", "size"} if width < _WIDE else set()
        )
        self.show_columns([column.key for column in request_columns() if column.key not in left_out])
        super().on_resize()


class TroubleTable(RequestTable, can_focus=False):
    """The requests that ended badly: a list of all would send the screen again with every request."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(empty=_("No request failed lately."), id=id)

    def show(self, requests: tuple[RequestRow, ...]) -> None:
        """Pick the troubles among `requests`, oldest first; silent when they are those already shown."""
        self.set_rows(tuple(row for row in requests if is_trouble(row)))


class RequestDetail(Drawn):
    """Everything known of one request, the sentence of its error included."""

    _row: RequestRow | None = None
    _now = 0.0

    def show(self, row: RequestRow | None, now: float) -> None:
        """Draw `row` (None: nothing is chosen) as seen at `now`, UTC epoch seconds."""
        if row != self._row:
            self._row, self._now = row, now
            self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return labelled values, in two columns where there is room, then path and error."""
        row = self._row
        if row is None:
            return [Content.styled(_("No request is chosen."), "$quiet")]
        fields = self._fields(row)
        label = max(len(name) for name, _value in fields) + 2
        lines = [Content.styled(_("Request {id}").format(id=number(row.id)), "$title bold")]
        drawn = [_labelled(name, value, label) for name, value in fields]
        half = (len(drawn) + 1) // 2
        left, right = drawn[:half], drawn[half:]
        start = max(one.cell_length for one in left) + 3
        if start + max(one.cell_length for one in right) <= width:
            start = max(start, min(width // 2, 60))
            lines += [
                one.pad_right(start - one.cell_length).append(other)
                for one, other in zip_longest(left, right, fillvalue=Content(""))
            ]
        else:
            lines += drawn
        lines += _wrapped(_("Path"), row.path, label, width)
        if row.error:
            lines += _wrapped(_("Error"), row.error, label, width, "$warn")
        return [one.truncate(width, ellipsis=True) for one in lines]

    def _fields(self, row: RequestRow) -> Sequence[tuple[str, Part]]:
        times = moment(row.at, self._now)
        sent = clock(row.at, seconds=True)
        day = "" if len(times) <= 5 else f"{times.split()[0]} "
        return (
            (_("Operation"), clean(row.operation)),
            (_("Asked by"), caller_name(clean(row.caller))),
            (
                _("Class"),
                (f"{priority_word(row.priority)}, {_meaning(row.priority)}", priority_style(row.priority)),
            ),
            (_("Attempt"), number(row.attempt)),
            (_("Sent"), f"{day}{sent}"),
            (_("Outcome"), Content(outcome_part(row).plain.strip())),
            (_("HTTP status"), NOTHING if row.status is None else str(row.status)),
            (_("Waited"), wait(row.wait)),
            (_("Answered in"), latency(row.latency)),
            (_("Size"), size(row.size)),
        )


def _meaning(priority: Priority) -> str:
    return {
        Priority.CRITICAL: _("something is being written"),
        Priority.HIGH: _("a person is waiting"),
        Priority.NORMAL: _("synchronisation"),
        Priority.LOW: _("background"),
    }[priority]


def _labelled(name: str, value: Part, label: int) -> Content:
    return line((fit(name, label), "$quiet"), value)


def _wrapped(name: str, text: str, label: int, width: int, style: str = "") -> list[Content]:
    room = max(10, width - label)
    pieces = Content.styled(clean(text), style).wrap(room)
    return [
        line((fit(name if not index else "", label), "$quiet"), piece) for index, piece in enumerate(pieces)
    ] or [line((fit(name, label), "$quiet"), NOTHING)]


def _class_cell(row: RequestRow) -> Content:
    return Content.styled(priority_word(row.priority), priority_style(row.priority))


def _operation_cell(row: RequestRow) -> Content:
    again = f" ×{row.attempt}" if row.attempt > 1 else ""
    return line(clean(row.operation), (again, "$warn"))


def _path_cell(row: RequestRow) -> Content:
    again = f"×{row.attempt} " if row.attempt > 1 else ""
    return line((again, "$warn"), (clean(row.path), "$quiet"))


def _wait_cell(row: RequestRow) -> Content:
    # A wait too short to be felt is shown quietly.
    return Content.styled(wait(row.wait) if row.wait >= 0.05 else NOTHING, "$quiet" if row.wait < 1 else "")


def _latency_rank(row: RequestRow) -> float:
    return -1.0 if row.latency is None else row.latency


def _latency_cell(row: RequestRow) -> str:
    return latency(row.latency) if row.latency is not None else NOTHING if row.outcome else "…"


def _status_cell(row: RequestRow) -> Content:
    if row.status is None:
        return Content.styled(NOTHING, "$quiet")
    return Content.styled(str(row.status), "" if row.status >= 400 else "$quiet")


def _size_cell(row: RequestRow) -> Content:
    return Content.styled(size(row.size) if row.size else NOTHING, "$quiet")

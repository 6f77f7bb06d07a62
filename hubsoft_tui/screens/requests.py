"""Requests: what was sent to HubSoft, one line each, as it happens; one of them in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Container

from hubsoft_tui.formats import latency, size
from hubsoft_tui.texts import N_, _, ngettext, number
from widgets.fields import FilterLine
from widgets.line_widget import Drawn, Part, line
from widgets.monitor.request_rows import RequestDetail, RequestTable, outcome_word, request_text
from widgets.table.table import VirtualTable

from .frame.actions import action
from .frame.table_screen import TableScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.content import Content

    from hubsoft_tui.core.types import Snapshot

FIND: Final = N_("Find a request")
READ: Final = N_("Read a request")


class RequestSummary(Drawn):
    """The line above the table: how many, how many match, and whether the newest is followed."""

    _total = 0
    _shown = 0
    _filter = ""
    _following = True

    def show(self, total: int, shown: int, text: str, *, following: bool) -> None:
        """Draw the counts."""
        self._total, self._shown, self._filter, self._following = total, shown, text, following
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line."""
        total = ngettext("Last {n} request", "Last {n} requests", self._total).format(n=number(self._total))
        pieces: list[Part] = [(total, "$title bold")]
        if self._filter:
            match = ngettext("{n} matches", "{n} match", self._shown).format(n=number(self._shown))
            pieces += ["   ", (f"{match} ", "$account"), (f"/{self._filter}", "$account bold")]
        if self._total:
            state = (
                _("following the newest")
                if self._following
                else _("holding this request; f follows the newest")
            )
            pieces += ["   ", (state, "$quiet")]
        return [line(*pieces).truncate(width, ellipsis=True)]


class RequestsScreen(TableScreen):
    """The last requests, the newest last. A cursor on it follows; moved off it, everything holds still."""

    AREA = "requests"
    ABOUT = N_(
        "One line per request that was sent, the newest last. Wait is the time in line, Answer the time "
        "until HubSoft's last byte. Documents never stand in a path. While the cursor is on the newest "
        "request it follows; move it and the request under it stays where it is."
    )
    CSS_PATH = Path(__file__).parents[2] / "styles" / "requests.tcss"
    AUTO_FOCUS = "RequestTable"

    _now = 0.0

    def body(self) -> ComposeResult:
        """Compose the summary, the filter, the table and the details."""
        yield RequestSummary()
        yield FilterLine()
        with Container(id="requests-split"):
            yield RequestTable(
                empty=_("No request was sent yet. Look somebody up (F2) and it will be here."),
                id="requests-table",
            )
            yield RequestDetail(id="requests-detail")

    def show(self, snapshot: Snapshot) -> None:
        """Put the requests in the table."""
        super().show(snapshot)
        self._now = snapshot.wall
        self.table.set_rows(snapshot.requests)
        self._tell()

    def relabelled(self) -> None:
        """Give the new table the focus; the filter's line is new and empty."""
        self.table.focus()

    def copied(self) -> tuple[str, str] | None:
        """Return the chosen request as one line."""
        row = self.table.item
        if row is None:
            return None
        told = f"{request_text(row)} {latency(row.latency)} {size(row.size)} {row.error}"
        return _("the request, {outcome}").format(outcome=outcome_word(row.outcome)), told.strip()

    @property
    def table(self) -> RequestTable:
        """The table."""
        return self.query_one(RequestTable)

    @action("enter", N_("details"), N_("Show everything about one request."), job=READ)
    def action_details(self) -> None:
        self.toggle_class("-details")
        self._tell()
        self.redraw_frame()

    @action("f", N_("newest"), N_("Go to the newest request and follow it."), job=FIND)
    def action_follow(self) -> None:
        if self.table.sorted_by is not None:
            self.table.sort_by(None)
        self.table.action_edge(-1)

    @action(
        "l", N_("slowest"), N_("Show the slowest answers first, with the cursor on the slowest."), job=FIND
    )
    def action_slowest(self) -> None:
        self.table.sort_by("latency")
        self.table.action_edge(0)

    @action(
        "escape",
        N_("close"),
        N_("Close the details, then clear the filter."),
        when=lambda screen: screen.has_class("-details") or screen.filtering,
        job=READ,
    )
    def action_close(self) -> None:
        if self.has_class("-details") and self.table.has_focus:
            self.remove_class("-details")
        else:
            self.leave_filter()
        self.redraw_frame()

    def narrowed(self) -> None:
        """Say how many match."""
        self._tell()

    @on(VirtualTable.RowHighlighted)
    def _moved(self) -> None:
        self._tell()

    @on(VirtualTable.RowSelected)
    def _chosen(self) -> None:
        self.action_details()

    def _tell(self) -> None:
        table = self.table
        following = table.follows
        self.query_one(RequestSummary).show(
            table.rows.total, len(table.rows), self._line.text, following=following
        )
        if self.has_class("-details"):
            self.query_one(RequestDetail).show(table.item, self._now)

"""A ticket as the cells of a table, as the text that a filter searches, as a line to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import HOUR, NOTHING
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.judgement import is_late
from hubsoft_tui.services.tickets.types import TicketRow, TicketState
from hubsoft_tui.texts import _

from ..line_widget import line
from ..table.table import Column
from .texts import (
    SIGNS,
    age_text,
    change_text,
    change_time,
    left_text,
    opened_text,
    responsible_text,
    status_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL: Final = ("protocol", "customer", "type", "status", "responsible", "age", "left", "changed")
"""The columns that are shown unless a person chose others."""


def ticket_id(row: TicketRow) -> str:
    """Return the id of a ticket's row."""
    return str(row.id)


def ticket_line(row: TicketRow, now: float) -> str:
    """Return a ticket as one line of text, to be copied. No document is in it."""
    words = (
        row.protocol,
        row.customer or "",
        row.type or "",
        status_text(row),
        responsible_text(row),
        opened_text(row, now),
        left_text(row, now),
    )
    return "  ".join(clean(word) for word in words if word)


class TicketCells:
    """The cells of tickets as seen at `now` (UTC epoch seconds); `fresh` holds the ids that stand out.

    `soon` is what is left of an SLA, in seconds, from which it is marked.
    """

    def __init__(self, now: float, soon: float = HOUR) -> None:
        self.now = now
        self.soon = soon
        self.fresh: dict[str, float] = {}
        """Rows that stand out, and until when."""
        self.read_to: int | None = None
        """The newest change that was read; None marks nothing."""
        self.seen: Mapping[int, int] = {}
        """Tickets that were opened since, and the change they stood at."""

    def columns(self) -> tuple[Column[TicketRow], ...]:
        """Return every column there is, titled in the present language."""
        return (*self._what(), *self._when(), *self._further())

    def _what(self) -> tuple[Column[TicketRow], ...]:
        return (
            Column("protocol", "  " + _("Protocol"), self._protocol, 22, sort=lambda row: row.protocol),
            Column(
                "customer",
                _("Customer"),
                lambda row: row.customer or NOTHING,
                minimum=16,
                weight=4,
                sort=lambda row: row.customer or None,
            ),
            Column(
                "type",
                _("Type"),
                lambda row: row.type or NOTHING,
                minimum=11,
                weight=3,
                priority=3,
                sort=lambda row: row.type or None,
            ),
            Column(
                "status",
                _("Status"),
                self._status,
                minimum=12,
                weight=3,
                priority=1,
                sort=lambda row: row.status or None,
            ),
            Column(
                "responsible",
                _("Responsible"),
                self._responsible,
                minimum=10,
                weight=2,
                priority=4,
                sort=lambda row: row.responsible[0] if row.responsible else None,
            ),
        )

    def _when(self) -> tuple[Column[TicketRow], ...]:
        return (
            Column(
                "age",
                _("Age"),
                self._age,
                7,
                "right",
                priority=2,
                sort=lambda row: None if row.opened_at is None else -row.opened_at,
            ),
            Column("left", _("SLA"), self._left, 7, "right", sort=lambda row: row.due_at),
            Column(
                "changed",
                _("Last change"),
                self._changed,
                # Cut to a few letters it says nothing, and what happened stands in the feed too.
                minimum=36,
                weight=4,
                priority=5,
                sort=lambda row: row.change.number if row.change is not None else None,
                descending=True,
            ),
        )

    def _further(self) -> tuple[Column[TicketRow], ...]:
        return (
            Column(
                "opened",
                _("Opened"),
                self._opened,
                10,
                priority=6,
                sort=lambda row: row.opened_at,
                descending=True,
            ),
            Column(
                "code",
                _("Code"),
                lambda row: NOTHING if row.customer_code is None else str(row.customer_code),
                8,
                "right",
                priority=7,
                sort=lambda row: row.customer_code,
            ),
            Column(
                "messages",
                _("Messages"),
                lambda row: str(row.messages),
                9,
                "right",
                priority=8,
                sort=lambda row: row.messages,
                descending=True,
            ),
        )

    def is_unread(self, row: TicketRow) -> bool:
        """Whether the ticket changed since the person looked."""
        if self.read_to is None or row.change is None:
            return False
        return row.change.number > max(self.read_to, self.seen.get(row.id, 0))

    def _stands_out(self, row: TicketRow) -> bool:
        return ticket_id(row) in self.fresh

    def _protocol(self, row: TicketRow) -> Content:
        protocol = clean(row.protocol) or str(row.id)
        if row.change is not None and self._stands_out(row):
            return Content.styled(f"{SIGNS[row.change.kind]} {protocol}", "bold $mark")
        if row.change is not None and self.is_unread(row):
            return line((f"{SIGNS[row.change.kind]} ", "bold $mark"), (protocol, ""))
        sign = {TicketState.CLOSED: "✓", TicketState.MISSING: "?"}.get(row.state, " ")
        return Content.styled(f"{sign} {protocol}", "" if row.state is TicketState.OPEN else "$quiet")

    def _status(self, row: TicketRow) -> Content:
        return Content.styled(status_text(row), "" if row.state is TicketState.OPEN else "$quiet")

    def _responsible(self, row: TicketRow) -> Content:
        return Content.styled(responsible_text(row) or NOTHING, "" if row.responsible else "$quiet")

    def _opened(self, row: TicketRow) -> Content:
        return Content.styled(opened_text(row, self.now), "$quiet")

    def _age(self, row: TicketRow) -> Content:
        return Content.styled(age_text(row, self.now), "$quiet")

    def _left(self, row: TicketRow) -> Content:
        if is_late(row, self.now):
            return Content.styled(left_text(row, self.now), "bold $bad")
        soon = row.due_at is not None and row.due_at - self.now < self.soon
        return Content.styled(
            left_text(row, self.now), "$warn" if soon and row.state is TicketState.OPEN else "$quiet"
        )

    def _changed(self, row: TicketRow) -> Content:
        change = row.change
        if change is None:
            return Content.styled(NOTHING, "$quiet")
        style = "bold $mark" if self._stands_out(row) else "" if self.is_unread(row) else "$quiet"
        return line((change_time(change), "$quiet"), "  ", (change_text(change), style))

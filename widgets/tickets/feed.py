"""What happened lately to followed tickets, the newest first; it stands out for a minute, then calms down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.texts import _

from ..line_widget import Drawn, fit, line
from .texts import FRESH_SECONDS, SIGNS, change_text, change_time, kind_word, short_protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from hubsoft_tui.services.tickets.types import Change

BESIDE_CELLS: Final = 70
"""What one change needs: where there is room twice, two stand side by side."""


class TicketFeed(Drawn):
    """As many changes as there are lines."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A change was clicked."""

        def __init__(self, ticket_id: int) -> None:
            super().__init__()
            self.ticket_id = ticket_id

    def __init__(self) -> None:
        super().__init__(id="ticket-feed")
        self._changes: tuple[Change, ...] = ()
        self._now = 0.0

    def show(self, changes: Sequence[Change], now: float) -> None:
        """Draw `changes`, the newest of which is last, as seen at `now` (UTC epoch seconds)."""
        self._changes, self._now = tuple(changes), now
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        height = max(1, self.content_size.height)
        if not self._changes:
            return [Content.styled(_("What changes will be listed here."), "$quiet")]
        columns, room = self._grid(width)
        shown = self._changes[-height * columns :][::-1]
        words = max(cell_len(kind_word(kind)) for kind in ChangeKind)
        cells = [self._line(change, room, words) for change in shown]
        if columns == 1:
            return cells
        # Down first: what is read together stands together.
        rows = []
        for y in range(min(height, len(cells))):
            beside = [cells[y + height * x] for x in range(columns) if y + height * x < len(cells)]
            rows.append(Content("   ").join(beside))
        return rows

    def on_click(self, event: events.Click) -> None:
        """Choose the ticket of the change under the mouse."""
        at = event.get_content_offset_capture(self)
        columns, room = self._grid(self.content_size.width)
        height = max(1, self.content_size.height)
        index = at.y + height * min(at.x // (room + 3), columns - 1)
        shown = self._changes[-height * columns :][::-1]
        if 0 <= index < len(shown):
            self.post_message(self.Chosen(shown[index].ticket_id))

    def _grid(self, width: int) -> tuple[int, int]:
        columns = max(1, (width + 3) // (BESIDE_CELLS + 3))
        return columns, (width - 3 * (columns - 1)) // columns

    def _line(self, change: Change, width: int, words: int) -> Content:
        fresh = change.seen_at + FRESH_SECONDS > self._now
        needs = change.kind is ChangeKind.MISSING
        sign = "bold $mark" if fresh else "$warn" if needs else "$quiet"
        text = change_text(change)
        said = text.removeprefix(kind_word(change.kind)).removeprefix(": ").strip()
        customer = clean(change.customer or "")
        tail = "  ".join(part for part in (customer, said) if part)
        return line(
            (change_time(change), "$quiet"),
            "  ",
            (SIGNS[change.kind], sign),
            " ",
            (fit(kind_word(change.kind), words), "bold" if fresh else "$quiet"),
            "  ",
            (short_protocol(change.protocol), "" if fresh else "$quiet"),
            "  ",
            (tail, "" if fresh else "$quiet"),
        ).truncate(width, ellipsis=True, pad=True)

"""What happened lately to followed tickets, the newest first: sentences, to be read or gone through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from hubsoft_tui.formats import NOTHING
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.texts import _

from ..line_widget import Drawn, cut, line
from .texts import FRESH_SECONDS, SIGNS, change_text, change_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from hubsoft_tui.services.tickets.types import Change

BESIDE_CELLS: Final = 56
"""What one sentence needs: where there is room, several stand side by side."""
CUSTOMER_CELLS: Final = 24
_BETWEEN: Final = 3


class TicketFeed(Drawn, can_focus=True):
    """As many changes as there is room for. With the focus one of them is marked, and enter opens its ticket."""

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("left,h", "beside(-1)", show=False),
        Binding("right", "beside(1)", show=False),
        Binding("home,g", "first", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """A change was chosen; `opens` when its ticket is wanted in full."""

        def __init__(self, ticket_id: int, *, opens: bool) -> None:
            super().__init__()
            self.ticket_id = ticket_id
            self.opens = opens

    def __init__(self) -> None:
        super().__init__(id="ticket-feed")
        self._changes: tuple[Change, ...] = ()
        self._now = 0.0
        self._marked: int | None = None
        """The number of the change under the cursor: new ones do not move it to another."""

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
        shown = self._shown()
        place = self._place(shown) if self.has_focus else None
        cells = [self._line(change, room, marked=index == place) for index, change in enumerate(shown)]
        if columns == 1:
            return cells
        # Down first: what is read together stands together.
        rows = []
        for y in range(min(height, len(cells))):
            beside = [cells[y + height * x] for x in range(columns) if y + height * x < len(cells)]
            rows.append(Content(" " * _BETWEEN).join(beside))
        return rows

    # -- going through it

    def on_focus(self) -> None:
        """Begin at the newest."""
        self._marked = None
        self.redraw()

    def on_blur(self) -> None:
        """Mark nothing."""
        self.redraw()

    def action_move(self, by: int) -> None:
        """Go to an older or newer change."""
        shown = self._shown()
        if shown:
            place = min(max(0, self._place(shown) + by), len(shown) - 1)
            self._marked = shown[place].number
            self.redraw()

    def action_beside(self, by: int) -> None:
        """Go to the column beside."""
        self.action_move(by * max(1, self.content_size.height))

    def action_first(self) -> None:
        """Go to the newest change."""
        self.on_focus()

    def action_choose(self) -> None:
        """Open the ticket of the change under the cursor."""
        if shown := self._shown():
            self.post_message(self.Chosen(shown[self._place(shown)].ticket_id, opens=True))

    def on_click(self, event: events.Click) -> None:
        """Choose the ticket of the change under the mouse."""
        at = event.get_content_offset_capture(self)
        columns, room = self._grid(self.content_size.width)
        height = max(1, self.content_size.height)
        index = at.y + height * min(at.x // (room + _BETWEEN), columns - 1)
        shown = self._shown()
        if 0 <= index < len(shown):
            self.post_message(self.Chosen(shown[index].ticket_id, opens=False))

    def _shown(self) -> tuple[Change, ...]:
        columns, _room = self._grid(self.content_size.width)
        return self._changes[-max(1, self.content_size.height) * columns :][::-1]

    def _place(self, shown: Sequence[Change]) -> int:
        numbers = [change.number for change in shown]
        return numbers.index(self._marked) if self._marked in numbers else 0

    def _grid(self, width: int) -> tuple[int, int]:
        most = max(1, (width + _BETWEEN) // (BESIDE_CELLS + _BETWEEN))
        columns = max(1, min(most, -(-len(self._changes) // max(1, self.content_size.height))))
        return columns, (width - _BETWEEN * (columns - 1)) // columns

    def _line(self, change: Change, width: int, *, marked: bool) -> Content:
        fresh = change.seen_at + FRESH_SECONDS > self._now
        urgent = change.kind in {ChangeKind.LATE, ChangeKind.MISSING}
        sign = "bold $mark" if fresh else "bold $bad" if change.kind is ChangeKind.LATE else "$warn"
        style = "" if fresh or marked else "$quiet"
        customer = clean(change.customer or "") or NOTHING
        drawn = line(
            (change_time(change), "$quiet"),
            " ",
            (SIGNS[change.kind], sign if fresh or urgent else "$quiet"),
            " ",
            # The protocol tells two tickets of one customer apart: it is shown where a person asks for it.
            (f"{clean(change.protocol)} ", "$account") if marked else "",
            (cut(customer, CUSTOMER_CELLS), "bold" if fresh else style),
            "  ",
            (change_text(change), style),
        ).truncate(width, ellipsis=True, pad=True)
        return drawn.stylize("on $row") if marked else drawn

"""Tickets: every followed ticket and what happens to it, on a screen to leave open all day."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.containers import Container, Vertical
from textual.widgets import Input

from hubsoft_tui.texts import N_, _
from widgets.table.table import VirtualTable
from widgets.tickets.counts import SyncLine, TicketCounts
from widgets.tickets.feed import TicketFeed
from widgets.tickets.table import TicketTable
from widgets.tickets.texts import Quick

from ..frame.actions import Action
from ..writing import outbox as _outbox  # noqa: F401 - its actions must be known before keys are remapped
from .actions import TICKETS_ACTIONS
from .board import SECOND, TicketBoard
from .pane import TicketPane

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot

PREPARED: Final = 500
"""Rows that are made ready for filtering between two looks at the keyboard."""


class TicketsScreen(TicketBoard):
    """The screen: its frame, and what its keys do."""

    AREA = "tickets"
    CSS_PATH = Path(__file__).parents[3] / "styles" / "tickets.tcss"
    AUTO_FOCUS = "TicketTable"
    ABOUT = N_(
        "Every ticket we follow, and below or beside it what happened to them; what is new stands out for a minute. "
        "One pass asks HubSoft for all of them at once. The table rests at the newest ticket until the cursor is "
        "moved; from then on the ticket under it stays where it is, whatever arrives. The counters above narrow the "
        "table, each with its key."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = TICKETS_ACTIONS

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose counters, filter, table, details and feed."""
        yield TicketCounts()
        yield SyncLine()
        field = Input(placeholder=_("every word typed must be there"), compact=True, id="tickets-filter")
        field.cursor_blink = False
        yield field
        with Container(id="tickets-split"):
            with Vertical(id="tickets-main"):
                yield TicketTable(now=time.time(), me=self.me, empty=self._empty(), id="tickets-table")
            with Vertical(id="tickets-side"):
                yield TicketPane()
                yield TicketFeed()

    def on_mount(self) -> None:
        """Begin at the newest, and look at the clock."""
        super().on_mount()
        self.table.restore(self._view)
        self.set_interval(SECOND, self._pass_time)
        self._draw()

    async def relabel(self) -> None:
        """Speak another language; the view stays as the person made it."""
        self._view = self.table.view
        await super().relabel()

    def relabelled(self) -> None:
        """Fill the new widgets with what the old ones showed."""
        table = self.table
        table.narrow(self._quick)
        table.filter(self._words)
        self._field.value, self._field.display = self._words, False
        table.put(self._followed.rows.values(), whole=True)
        self.call_after_refresh(table.restore, self._view)
        self._draw()
        if self.has_class("-details") and self._view.selected is not None:
            self.pane.put(self._followed.rows.get(int(self._view.selected)))
        self._focus_in_sight()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self.table.say_when_empty(self._empty())
        self._look()
        self._draw()

    def show(self, snapshot: Snapshot) -> None:
        """Look at the mirror when there is news, and follow the pane's question in line."""
        version = snapshot.badges.versions.get("tickets", 0)
        if version != self._asked_for:
            self._look(version)
        self.pane.tick(snapshot)

    def copied(self) -> tuple[str, str] | None:
        """Return the protocol under the cursor."""
        row = self.chosen_row
        return (_("the protocol"), row.protocol) if row is not None and row.protocol else None

    # -- what the widgets say

    @on(Input.Changed, "#tickets-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """Narrow the table as one types."""
        event.stop()
        self._words = event.value.strip()
        self.table.filter(self._words)
        self.told()
        self.redraw_frame()

    @on(Input.Submitted, "#tickets-filter")
    def filter_done(self, event: Input.Submitted) -> None:
        """Leave the field; what it holds goes on narrowing."""
        event.stop()
        self._field.display = False
        self.table.focus()

    @on(VirtualTable.RowHighlighted)
    def moved(self) -> None:
        """Show the ticket the cursor is on, where its details are open."""
        if self.has_class("-details") and self.has_class("-wide"):
            self.pane.put(self.table.item)
        self.told()
        self.redraw_frame()

    @on(VirtualTable.RowSelected)
    def selected(self) -> None:
        """Open the details."""
        self.action_details()

    @on(TicketFeed.Chosen)
    def chosen_change(self, event: TicketFeed.Chosen) -> None:
        """Go to the ticket of a change that was clicked."""
        event.stop()
        self.reveal(event.ticket_id)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way back only where there is something to leave."""
        if action == "close" and not (self.is_mounted and self._composed and self._deep):
            return False
        return super().check_action(action, parameters)

    @property
    def _deep(self) -> bool:
        """Whether details are open or something narrows the table."""
        narrow = self._words or self._field.display or self._quick is not Quick.OPEN
        return bool(narrow) or self.has_class("-details")

    def _focus_in_sight(self) -> None:
        covered = self.has_class("-details") and not self.has_class("-wide")
        self.set_focus(self.pane if covered else self.table)

    def action_details(self) -> None:
        """Open the details and ask for the texts; again: close them."""
        row = self.table.item
        if row is None:
            return
        self.hold()
        known = self.pane.detail is not None and self.pane.row is not None and self.pane.row.id == row.id
        if self.has_class("-details") and known:
            self.remove_class("-details")
        else:
            self.add_class("-details")
            self.pane.put(row)
            self.pane.ask()
        self._focus_in_sight()
        self.redraw_frame()

    def action_refresh(self) -> None:
        """Ask HubSoft for the texts again."""
        if self.has_class("-details"):
            self.pane.ask(refresh=True)
        else:
            self.action_details()

    def action_filter(self) -> None:
        """Type into the filter."""
        self._field.display = True
        self.set_focus(self._field)
        self._prepare()

    def _prepare(self) -> None:
        """Have the rows ready for the first letter, a few at a time, so that no key waits for them."""
        if not self.table.rows.ready(PREPARED):
            self.set_timer(0.01, self._prepare)

    def action_order(self) -> None:
        """Sort by the next column."""
        self.table.cycle_sort()

    def action_turn(self) -> None:
        """Turn the order round."""
        self.table.reverse_sort()

    def action_newest(self) -> None:
        """Go to the newest ticket and stay there."""
        self.table.sort_by("opened")
        self.table.rest()
        self.told()

    def action_narrow(self, quick: str) -> None:
        """Narrow the table; again: back to the open tickets."""
        chosen = Quick(quick)
        if chosen is Quick.MINE and not self.me:
            said = _(
                'Who are you? Write my_name = "your name, as HubSoft writes it" under [ui] in config.toml.'
            )
            self.console.tell(said, severity="warning")
            return
        self._narrow(Quick.OPEN if chosen is self._quick else chosen)

    def action_close(self) -> None:
        """Leave the filter's field, close the details, clear what narrows: one thing at a time."""
        if self.has_class("-details") and not self._field.has_focus:
            self.remove_class("-details")
        elif self._words or self._field.display:
            self._field.value, self._words = "", ""
            self._field.display = False
            self.table.filter("")
        elif self._quick is not Quick.OPEN:
            self._narrow(Quick.OPEN)
        self._focus_in_sight()
        self.told()
        self.redraw_frame()

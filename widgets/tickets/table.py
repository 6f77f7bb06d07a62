"""The table of followed tickets: rests at the newest until the cursor is moved, then holds what is under the cursor."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from hubsoft_tui.formats import HOUR
from hubsoft_tui.services.tickets.filters import EVERYTHING, TicketFilter
from hubsoft_tui.services.tickets.judgement import Judging, judge_of, ticket_text
from hubsoft_tui.services.tickets.types import BoardOrder as Order
from hubsoft_tui.services.tickets.types import TicketRow
from hubsoft_tui.values import dataclass

from ..table.table import VirtualTable
from .columns import USUAL, TicketCells, ticket_id
from .texts import FRESH_SECONDS, Quick, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual import events

    from ..line_widget import Part
    from ..table.table import Column


NEWEST: Final[Order] = ("age", False)
ORDERS: Final[dict[Quick, Order]] = {Quick.LATE: ("left", False), Quick.CHANGED: ("changed", True)}
"""Late tickets begin with the most late, those that changed with the newest change."""


@dataclass(frozen=True, slots=True)
class View:
    """The user's order, filter and cursor: they survive a refresh, another language and a new widget."""

    orders: dict[Quick, Order] = field(default_factory=dict)
    """How each is sorted, where a person chose it."""
    selected: str | None = None
    offset: int = 0
    """The line the cursor stands on, counted from the first in sight."""
    resting: bool = True


class TicketTable(VirtualTable[TicketRow]):
    """Tickets by id. Cells that depend on the time of day are computed for `now` (UTC epoch seconds)."""

    def __init__(
        self,
        *,
        now: float,
        me: str = "",
        soon: float = HOUR,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        self._cells = TicketCells(now, soon)
        self._orders: dict[Quick, Order] = {}
        self._marked: frozenset[str] = frozenset()
        self._me = me
        self._quick = Quick.OPEN
        self._filter = EVERYTHING
        self._holds = judge_of(EVERYTHING)
        self._fresh = self._cells.fresh
        self._arrived: set[str] = set()
        """Rows that came while the first lines were out of sight."""
        self._resting = True
        super().__init__(self._cells.columns(), identify=ticket_id, describe=ticket_text, empty=empty, id=id)
        self._judge_by()
        self._rows.keep(self._is_wanted)
        self.show_columns(USUAL)

    @property
    def columns(self) -> tuple[Column[TicketRow], ...]:
        """Every column there is."""
        return self._columns

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The keys of those shown, in their order."""
        return tuple(column.key for column in self._shown)

    @property
    def now(self) -> float:
        """The instant its cells are computed for."""
        return self._cells.now

    # -- what a person made of it

    @property
    def view(self) -> View:
        """What to `restore` later."""
        place = self._place
        self._note_order()
        return View(dict(self._orders), self.selected, place.cursor - place.top, self._resting)

    def restore(self, view: View) -> None:
        """Stand as `view` says, as far as its row is there."""
        self._orders = dict(view.orders)
        self._sort_as_chosen()
        self._resting = view.resting
        if view.selected is not None and not view.resting and self.select(view.selected):
            self._place.look_at(self._place.cursor - view.offset)
        self._settle()

    @property
    def resting(self) -> bool:
        """Whether the first row has the cursor, whichever it is: the cursor was not moved yet."""
        return self._resting

    @property
    def above(self) -> int:
        """How many rows arrived above the first line in sight and were not looked at."""
        top = self._place.top
        places = {row_id: self._rows.index_of(row_id) for row_id in self._arrived} if top else {}
        self._arrived = {row_id for row_id, place in places.items() if place is not None and place < top}
        return len(self._arrived)

    def rest(self) -> None:
        """Go to the first row and stay there, whatever arrives."""
        self._resting = True
        self._settle()

    def narrow(self, quick: Quick) -> None:
        """Show only what `quick` means, in the order that was chosen for it last."""
        if quick is not self._quick:
            self._note_order()
            self._quick = quick
            self._sort_as_chosen()
        self._keep()

    def _note_order(self) -> None:
        order = self._sorted_by, self._descending
        if order != ORDERS.get(self._quick, NEWEST) or self._quick in self._orders:
            self._orders[self._quick] = order

    def _sort_as_chosen(self) -> None:
        key, descending = self._orders.get(self._quick, ORDERS.get(self._quick, NEWEST))
        self.sort_by(key, descending=descending)

    def sort_as_usual(self) -> None:
        """Sort as what the table is narrowed to is sorted unless a person chose otherwise."""
        self._orders.pop(self._quick, None)
        self._sort_as_chosen()

    def apply(self, wanted: TicketFilter) -> None:
        """Show only what `wanted` means too. One that names a state shows it among the open ones as well."""
        former, self._filter = self._filter, wanted
        if wanted.conditions != former.conditions:
            self._holds = judge_of(wanted)
            self._keep()
        self._rows.filter(wanted.words, wanted.unwanted)
        self._settle()

    def _keep(self) -> None:
        self._judge_by()
        everything = self._quick is Quick.ALL and not self._filter.conditions
        self._rows.keep(None if everything else self._is_wanted)
        self._settle()

    def mark_unread(self, read_to: int | None, seen: Mapping[int, int]) -> None:
        """Mark what changed after `read_to` (None: nothing), save the tickets that were opened since (`seen`)."""
        cells = self._cells
        if (cells.read_to, cells.seen) != (read_to, seen):
            cells.read_to, cells.seen = read_to, dict(seen)
            self._painted.clear()
            self.redraw()

    @property
    def order(self) -> Order:
        """How it is sorted."""
        return self._sorted_by, self._descending

    def know(self, me: str) -> None:
        """`me` is the folded name that counts as mine from now on."""
        self._me = me
        self._judge_by()

    def mark(self, ids: Iterable[int]) -> None:
        """Mark these tickets, and no others."""
        marked = frozenset(map(str, ids))
        for row_id in marked ^ self._marked:
            self._painted.pop((row_id, True), None)
            self._painted.pop((row_id, False), None)
        self._marked = marked
        self.redraw()

    def mark_of(self, row_id: str) -> Part:
        """Return the sign of a marked ticket."""
        return ("●", "bold $mark") if row_id in self._marked else " "

    # -- what happens to it

    def update_rows(
        self, rows: Iterable[TicketRow], *, whole: bool = False, removed: Iterable[int] = ()
    ) -> None:
        """Take over what changed, or all there is. The row under the cursor stays though it is not wanted now."""
        rows = tuple(rows)
        if whole:
            self._fresh.clear()
            self._rows.replace(rows)
        chosen = self.selected
        for row in rows:
            row_id = ticket_id(row)
            if row.change is not None and row.change.seen_at + FRESH_SECONDS > self.now:
                self._fresh[row_id] = row.change.seen_at + FRESH_SECONDS
            if whole:
                continue
            if row_id not in self._rows:
                self._arrived.add(row_id)
            self._rows.upsert(row, spare=row_id == chosen and not self._resting)
        for each in removed:
            self._rows.remove(str(each))
            self._fresh.pop(str(each), None)
        self._settle()

    def pass_time(self, now: float) -> None:
        """Draw what another instant changes: ages by the minute, and what stood out long enough."""
        minute = int(now // 60) != int(self.now // 60)
        self._cells.now = now
        self._judge_by()
        calmed = [row_id for row_id, until in self._fresh.items() if until <= now]
        for row_id in calmed:
            del self._fresh[row_id]
            self._painted.pop((row_id, True), None)
            self._painted.pop((row_id, False), None)
        if minute:
            self._painted.clear()
            if self._quick in {Quick.LATE, Quick.CHANGED} or self._filter.ages:
                self._rows.recheck(spare=None if self._resting else self.selected)
                self._settle()
        if minute or calmed:
            self.redraw()

    def _is_wanted(self, row: TicketRow) -> bool:
        by = self._judging
        return wanted(row, self._narrowed_to, by.now, by.me) and (not self._judged or self._holds(row, by))

    def _judge_by(self) -> None:
        """Take note of what rows are judged by: it is the same for thousands of them."""
        quick, cells = self._quick, self._cells
        stated = quick is Quick.OPEN and self._filter.names_a_state
        self._narrowed_to = Quick.ALL if stated else quick
        self._judged = bool(self._filter.conditions)
        self._judging = Judging(cells.now, self._me, cells.soon, cells.is_unread)

    # -- where it stands

    def _settle(self) -> None:
        if self._resting:
            self._place.go(0)
            self._place.look_at(0)
            self._moved()
        else:
            super()._settle()

    def _moved(self) -> None:
        left, now_on = self._told, self.selected
        if left is not None and left != now_on and not self._resting and left in self._rows:
            # It was kept in sight only for the cursor.
            self._rows.recheck((left,))
            self._place.settle()
        super()._moved()

    def _go(self, index: int) -> None:
        self._resting = False
        super()._go(index)

    def action_page(self, by: int) -> None:
        """Move the cursor and the view by a screenful."""
        self._resting = False
        super().action_page(by)

    def action_select(self) -> None:
        """Choose the row under the cursor, and hold it."""
        self._resting = False
        super().action_select()

    def hold(self) -> None:
        """Keep the cursor on its row from now on: something is being done with it."""
        self._resting = False

    def _scroll(self, by: int, event: events.Event) -> None:
        self._resting = False
        super()._scroll(by, event)

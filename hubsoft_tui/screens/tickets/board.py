"""The board: what is known of the followed tickets, how it is shown and narrowed, and how it is left."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Container, Vertical
from textual.widgets import Input

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.formats import fold
from hubsoft_tui.services.tickets.filters import EVERYTHING
from hubsoft_tui.services.tickets.types import BoardState
from hubsoft_tui.texts import _
from widgets.table.table import VirtualTable
from widgets.tickets.columns import USUAL
from widgets.tickets.counts import SyncLine, TicketCounts, UnreadChanges
from widgets.tickets.feed import TicketFeed
from widgets.tickets.filter_field import TicketFilterField
from widgets.tickets.table import TicketTable, View
from widgets.tickets.texts import Quick

from ..frame.actions import registry, shown_key
from ..frame.base import ConsoleScreen
from .followed_tickets import FollowedTickets
from .pane import TicketPane
from .presence import Presence

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.tickets.types import Delta, SyncStatus, TicketRow

    from ..frame.console import EngineHandle

    News = tuple[Delta, SyncStatus, BoardState | None, int]

SECOND: Final = 1.0
KEEP_SECONDS: Final = 60.0
"""How long at most the board is not on disk as it stands."""
CLOSING_SECONDS: Final = 1.0
FOLLOW_LABEL: Final = "ticket-follow"


class TicketBoard(ConsoleScreen):
    """Shows the tickets. Its state outlives its widgets: another language makes new ones."""

    def __init__(self) -> None:
        super().__init__()
        self._followed = FollowedTickets()
        self._view = View()
        self._quick = Quick.OPEN
        self._words = ""
        self._minute = 0
        self._busy = ""
        """Where a pass that a person asked for stands; empty when none was."""
        self._loading = False
        self._asked_for = -1
        """The badge's version at the last look: each is looked at once."""
        self._marked: set[int] = set()
        """Tickets that are acted on together."""
        self._looked = Presence()
        self._board = BoardState()
        """How it stands, as far as it is kept for the next start."""
        self._kept = self._board
        self._kept_at = 0.0

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose counters, filter, table, details and feed."""
        yield TicketCounts()
        yield SyncLine()
        yield TicketFilterField()
        with Container(id="tickets-split"):
            with Vertical(id="tickets-main"):
                yield TicketTable(
                    now=self.console.wall(),
                    me=self.me,
                    soon=self.console.settings.sync.due_soon_seconds,
                    empty=self._empty(),
                    id="tickets-table",
                )
            with Vertical(id="tickets-side"):
                yield TicketPane()
                yield TicketFeed()

    def on_mount(self) -> None:
        """Begin at the newest, and look at the clock."""
        super().on_mount()
        self.console.at_the_end.append(self._keep_at_the_end)
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
        table.show_columns(self._board.columns or USUAL)
        table.mark(self._marked)
        table.narrow(self._quick)
        self._field.value, self._field.display = self._words, False
        table.update_rows(self._followed.rows.values(), whole=True)
        self.call_after_refresh(table.restore, self._view)
        self._draw()
        if self.has_class("-details") and self._view.selected is not None:
            self.pane.show(self._followed.rows.get(int(self._view.selected)))
        self._focus_in_sight()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self.table.say_when_empty(self._empty())
        if not self._followed.loaded:
            self._load_news()
        self._draw()

    def show(self, snapshot: Snapshot) -> None:
        """Look at the mirror when there is news, and follow the pane's question in line."""
        version = snapshot.badges.versions.get("tickets", 0)
        if version != self._asked_for:
            self._load_news(version)
        self.pane.tick(snapshot)

    def touched(self) -> None:
        """Note that the person is here, unless what came before is not shown yet."""
        if self._loading or not self._followed.loaded:
            return
        unread = self._looked.unread(self.console.wall())
        self._looked.touch(self.console.wall())
        if unread != self._looked.unread(self.console.wall()):
            self._draw_unread()

    def on_screen_suspend(self) -> None:
        """Note that the person looks at something else."""
        self._looked.leave()
        if self.query(TicketTable):  # not while the console ends
            self._note_board()
        self._keep_board()

    @property
    def copies(self) -> bool:
        """Whether there is a ticket to copy."""
        return self.chosen_row is not None

    def copied(self) -> tuple[str, str] | None:
        """Return the protocol under the cursor."""
        row = self.chosen_row
        return (_("the protocol"), row.protocol) if row is not None and row.protocol else None

    # -- what is in sight

    @property
    def me(self) -> str:
        """The person's name as it is looked for among those responsible; empty when it is not known."""
        return fold(self.console.settings.ui.my_name or self._board.my_name).strip()

    @property
    def table(self) -> TicketTable:
        """The table."""
        return self.query_one(TicketTable)

    @property
    def pane(self) -> TicketPane:
        """The details."""
        return self.query_one(TicketPane)

    @property
    def _field(self) -> TicketFilterField:
        return self.query_one(TicketFilterField)

    @property
    def chosen_row(self) -> TicketRow | None:
        """The ticket a key acts on: the one in the details, or under the cursor while they are closed."""
        if not self.is_mounted or not self._composed:
            return None
        return self.pane.row if self.has_class("-details") else self.table.item

    @property
    def chosen_rows(self) -> tuple[TicketRow, ...]:
        """The tickets that a message or a closing is for: those marked, or the one that is chosen."""
        rows = self._followed.rows
        marked = tuple(rows[ticket_id] for ticket_id in self._marked if ticket_id in rows)
        row = self.chosen_row
        return marked or (() if row is None else (row,))

    @property
    def narrowed(self) -> bool:
        """Whether details are open or something narrows the table."""
        if not self.is_mounted or not self._composed:
            return False
        narrow = self._words or self._field.display or self._marked or self._quick is not Quick.OPEN
        return bool(narrow) or self.has_class("-details")

    @property
    def has_unread(self) -> bool:
        """Whether something changed while the person was away."""
        return self._looked.unread(self.console.wall())

    def reveal(self, ticket_id: int) -> bool:
        """Bring a ticket under the cursor, whatever narrows the table; return False when it is not followed."""
        if ticket_id not in self._followed.rows:
            return False
        if not self.table.select(str(ticket_id)):
            self._words = self._field.value = ""
            self.table.apply(EVERYTHING)
            self._narrow(Quick.ALL)
            self.table.select(str(ticket_id))
        return True

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def show_ticket(self, ticket_id: int, protocol: str) -> None:
        """Bring a ticket under the cursor; one that is not followed is followed first: 1 request."""
        if self.reveal(ticket_id):
            return
        row = await self.asked(lambda services: services.tickets.follow(protocol, label=FOLLOW_LABEL))
        if row is not None:
            self._show_followed(row)

    def _show_followed(self, row: TicketRow) -> None:
        """Show a ticket that was just followed; the mirror's news has it a moment later too."""
        self._followed.add(row)
        self.table.update_rows((row,))
        self.reveal(row.id)
        self._draw()

    def _narrow(self, quick: Quick) -> None:
        self._quick = quick
        self.table.narrow(quick)
        self._draw()
        self.redraw_frame()

    def _focus_in_sight(self) -> None:
        covered = self.has_class("-details") and not self.has_class("-wide")
        self.set_focus(self.pane if covered else self.table)

    # -- what is new

    def _load_news(self, version: int | None = None) -> None:
        if self._loading or self.console.hub is None:
            return
        self._loading = True
        self._asked_for = self._asked_for if version is None else version
        self._ask_news()

    @work(group="news", exit_on_error=False)
    async def _ask_news(self) -> None:
        since = self._followed.version

        looked = self._looked

        async def news(services: Services) -> News:
            tickets = services.tickets
            board = await tickets.board() if not self._followed.loaded else None
            read_to = board.read_to if board is not None else looked.read_to
            count = 0 if read_to is None else await tickets.changed_after(read_to)
            return await tickets.delta(since), await tickets.status(), board, count

        try:
            found = await self.asked(news)
            if found is None or self.frozen:
                self._asked_for = -1
            else:
                self._apply_news(*found)
        finally:
            self._loading = False

    def _apply_news(self, delta: Delta, status: SyncStatus, board: BoardState | None, count: int) -> None:
        newest = delta.changes[-1].number if delta.changes else self._looked.newest
        if board is not None:
            self._looked.begin(board.read_to, board.left_at, newest, self.console.wall())
            self._restore(board)
        self._looked.newest, self._looked.count = newest, count
        now = self.console.wall()
        self._followed.apply_delta(delta, self.me, now)
        self._followed.set_status(status, now)
        with self.console.batch_update():
            self.table.say_when_empty(self._empty())
            self.table.pass_time(now)
            self.table.update_rows(delta.rows, whole=delta.whole, removed=delta.removed)
            self._draw()
            shown = self.pane.row
            if shown is not None and (fresh := self._followed.rows.get(shown.id)) is not shown:
                self.pane.show(fresh)
                if fresh is not None and self.pane.detail is not None:
                    self.pane.ask(quiet=True)
        self.redraw_frame()

    def _pass_time(self) -> None:
        if self.frozen or not self.is_current or not self.table.is_attached:
            return
        now = self.console.wall()
        self.table.pass_time(now)
        minute = int(now // 60)
        if minute != self._minute:
            self._minute = minute
            self._followed.count(now, self.me)
            self._draw_counts()
            self.pane.draw()
        self.query_one(TicketFeed).show(self._followed.changes, now)
        self._draw_unread()
        self._note_board()
        if now - self._kept_at > KEEP_SECONDS:
            self._keep_board()
        status = self._followed.status
        due = status is not None and status.next_at is not None and status.next_at <= now
        if due and now - self._followed.status_at > 2 * SECOND:
            self._followed.status_at = now
            self._ask_status()

    @work(group="status", exclusive=True, exit_on_error=False)
    async def _ask_status(self) -> None:
        # A failure shows nothing here: the next look at the mirror says what is wrong.
        status = await self.asked(lambda services: services.tickets.status(), lambda _sentence, _error: None)
        if status is not None:
            self._followed.status = status
            self._draw_sync()

    # -- how it is left

    def _restore(self, board: BoardState) -> None:
        """Stand as the person left it."""
        self._board = self._kept = board
        self.table.know(self.me)
        orders = {quick: board.orders[quick.value] for quick in Quick if quick.value in board.orders}
        chosen = next((quick for quick in Quick if quick.value == board.quick), Quick.OPEN)
        if chosen is not Quick.MINE or self.me:
            self._quick = chosen
        self.table.narrow(self._quick)
        self.table.restore(View(orders))
        self.table.show_columns(board.columns or USUAL)
        if board.filter and not self._words:
            self._words = self._field.value = board.filter

    def _note_board(self) -> None:
        looked, columns = self._looked, self.table.shown_columns
        if looked.read_to is not None:
            self._board = replace(
                self._board,
                quick=self._quick.value,
                filter=self._words,
                orders={quick.value: order for quick, order in self.table.view.orders.items()},
                columns=() if columns == USUAL else columns,
                read_to=looked.read_to,
                left_at=looked.left_at,
            )

    def _keep_board(self) -> None:
        if self._board != self._kept and self.console.hub is not None:
            self._kept, self._kept_at = self._board, self.console.wall()
            self._write_board(self._board)

    @work(group="board", exit_on_error=False)
    async def _write_board(self, board: BoardState) -> None:
        # A board that is not kept is no reason to disturb a person: it is kept a minute later.
        await self.asked(
            lambda services: services.tickets.keep_board(board), lambda _sentence, _error: self._not_kept()
        )

    def _not_kept(self) -> None:
        self._kept = BoardState()

    def _keep_at_the_end(self, engine: EngineHandle) -> None:
        board = self._board
        if board != self._kept:
            with contextlib.suppress(HubSoftError):
                engine.call(lambda services: services.tickets.keep_board(board), CLOSING_SECONDS)

    # -- how it is drawn

    def _draw(self) -> None:
        self.query_one(TicketFeed).show(self._followed.changes, self.console.wall())
        self._draw_counts()
        self._draw_unread()

    def _draw_counts(self) -> None:
        keys = {quick: self._key(f"tickets.{quick.value}") for quick in Quick}
        counts = self._followed.tally.counts if self._followed.loaded else None
        self.query_one(TicketCounts).show(counts, keys, self._quick)

    def _draw_unread(self) -> None:
        """Mark what came since the person left, and say how much it is."""
        unread = self._looked.unread(self.console.wall())
        self.table.mark_unread(self._looked.read_to if unread else None, self._looked.seen)
        self._draw_sync()

    def _draw_sync(self) -> None:
        """Draw the line that says what is shown and how syncing goes."""
        table, looked = self.table, self._looked
        unread = None
        if looked.unread(self.console.wall()):
            unread = UnreadChanges(looked.left_at, looked.count, self._key("tickets.read"))
        self.query_one(SyncLine).show(
            self._followed.tally.counts,
            self._followed.status,
            self.console.wall(),
            busy=self._busy,
            filter_text=self._words,
            matches=len(table.rows),
            above=table.above,
            marked=len(self._marked),
            unread=unread,
            hint=self._field.hint() if self._field.has_focus else None,
        )

    def _key(self, action_id: str) -> str:
        row = registry.find(action_id)
        keys = self.console.keys_of(row) if row is not None else ()
        return shown_key(keys[0]) if keys else ""

    def _empty(self) -> str:
        if self.console.trouble:
            return self.console.trouble
        if not self._followed.loaded:
            return _("Reading the tickets kept here…")
        return _(
            "No ticket is followed yet. {sync} asks HubSoft for the open ones, {follow} follows one."
        ).format(sync=self._key("tickets.sync"), follow=self._key("tickets.follow"))

    # -- what the widgets say

    @on(Input.Changed, "#tickets-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """Narrow the table as one types."""
        event.stop()
        self._words = event.value.strip()
        self._field.read(event.value)
        self.table.apply(self._field.wanted)
        self._draw_sync()
        self.redraw_frame()

    @on(Input.Submitted, "#tickets-filter")
    def filter_done(self, event: Input.Submitted) -> None:
        """Leave the field; what it holds goes on narrowing. What cannot be read stays to be corrected."""
        event.stop()
        if self._field.valid:
            self._field.display = False
            self.set_focus(self.table)
            self._draw_sync()

    @on(VirtualTable.RowHighlighted)
    def moved(self) -> None:
        """Show the ticket the cursor is on, where its details are open."""
        if self.has_class("-details") and self.has_class("-wide"):
            self.pane.show(self.table.item)
        self._draw_sync()
        self.redraw_frame()

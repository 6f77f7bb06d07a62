"""The board: what is known of the followed tickets, how it is shown and narrowed, and how it is left."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual.containers import Container, Vertical

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.formats import fold
from hubsoft_tui.services.tickets.filters import EVERYTHING
from hubsoft_tui.services.tickets.types import BoardState, BoardView
from hubsoft_tui.texts import _
from widgets.tickets.columns import USUAL
from widgets.tickets.counts import SyncLine, TicketCounts, UnreadChanges
from widgets.tickets.feed import TicketFeed
from widgets.tickets.filter_field import TicketFilterField
from widgets.tickets.table import TicketTable, View
from widgets.tickets.texts import Quick

from ..frame.actions import registry, shown_key
from ..frame.console import silent
from .followed_tickets import FollowedTickets, Presence
from .pane import TicketPane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.tickets.types import Delta, SyncStatus, TicketRow

    from ..frame.base import ConsoleScreen
    from ..frame.console import EngineHandle

    News = tuple[Delta, SyncStatus, BoardState | None, int]

SECOND: Final = 1.0
KEEP_SECONDS: Final = 60.0
"""Seconds at most before a change of the board is on disk."""
CLOSING_SECONDS: Final = 1.0
FOLLOW_LABEL: Final = "ticket-follow"


class TicketBoard:
    """Shows the tickets. Its state outlives its widgets: another language makes new ones."""

    def __init__(self, screen: ConsoleScreen) -> None:
        """`screen` shows it."""
        self.screen = screen
        self.followed = FollowedTickets()
        self._view = View()
        self.quick = Quick.OPEN
        self.words = ""
        self._minute = 0
        self.busy = ""
        """Progress of a pass that a person asked for; empty without one."""
        self._loading = False
        self._asked_for = -1
        """The badge's version at the last look: each is looked at once."""
        self.marked: set[int] = set()
        """Tickets that are acted on together."""
        self.looked = Presence()
        self.state = BoardState()
        """The state of the board that the next start restores."""
        self._kept = self.state
        self._kept_at = 0.0

    # -- the frame

    def compose(self) -> ComposeResult:
        """Compose counters, filter, table, details and feed."""
        yield TicketCounts()
        yield SyncLine()
        yield TicketFilterField()
        with Container(id="tickets-split"):
            with Vertical(id="tickets-main"):
                yield TicketTable(
                    now=self.screen.console.wall(),
                    me=self.me,
                    soon=self.screen.console.settings.sync.due_soon_seconds,
                    empty=self._empty(),
                    id="tickets-table",
                )
            with Vertical(id="tickets-side"):
                yield TicketPane()
                yield TicketFeed()

    def begin(self) -> None:
        """Begin at the newest, and look at the clock."""
        self.screen.console.at_the_end.append(self._keep_at_the_end)
        self.table.restore(self._view)
        self.screen.set_interval(SECOND, self._pass_time)
        self.draw()

    def remember(self) -> None:
        """Keep the user's view before the widgets are made anew."""
        self._view = self.table.view

    def relabelled(self) -> None:
        """Fill the new widgets with what the old ones showed."""
        table = self.table
        table.show_columns(self.state.columns or USUAL)
        table.mark(self.marked)
        table.narrow(self.quick)
        self.field.value, self.field.display = self.words, False
        table.update_rows(self.followed.rows.values(), whole=True)
        self.screen.call_after_refresh(table.restore, self._view)
        self.draw()
        if self.screen.has_class("-details") and self._view.selected is not None:
            self.pane.show(self.followed.rows.get(int(self._view.selected)))
        self.focus_in_sight()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self.table.say_when_empty(self._empty())
        if not self.followed.loaded:
            self.load_news()
        self.draw()

    def show(self, snapshot: Snapshot) -> None:
        """Look at the mirror when there is news, and follow the pane's question in line."""
        version = snapshot.badges.versions.get("tickets", 0)
        if version != self._asked_for:
            self.load_news(version)
        self.pane.tick(snapshot)

    def touched(self) -> None:
        """Note that the person is here, unless what came before is not shown yet."""
        if self._loading or not self.followed.loaded:
            return
        unread = self.looked.unread(self.screen.console.wall())
        self.looked.touch(self.screen.console.wall())
        if unread != self.looked.unread(self.screen.console.wall()):
            self.draw_unread()

    def leave(self) -> None:
        """Note that the person looks at something else."""
        self.looked.leave()
        if self.screen.query(TicketTable):  # not while the console ends
            self.note()
        self.keep()

    # -- what is in sight

    @property
    def me(self) -> str:
        """The person's name as it is looked for among those responsible; empty when it is not known."""
        return fold(self.screen.console.settings.ui.my_name or self.state.my_name).strip()

    @property
    def table(self) -> TicketTable:
        """The table."""
        return self.screen.query_one(TicketTable)

    @property
    def pane(self) -> TicketPane:
        """The details."""
        return self.screen.query_one(TicketPane)

    @property
    def field(self) -> TicketFilterField:
        """The line a filter is typed into."""
        return self.screen.query_one(TicketFilterField)

    @property
    def typing(self) -> bool:
        """Whether the filter is typed into: a slash belongs to it."""
        return self.screen.composed and self.field.has_focus

    @property
    def chosen_row(self) -> TicketRow | None:
        """The ticket a key acts on: the one in the details, or under the cursor while they are closed."""
        if not self.screen.composed:
            return None
        return self.pane.row if self.screen.has_class("-details") else self.table.item

    @property
    def chosen_rows(self) -> tuple[TicketRow, ...]:
        """The tickets that a message or a closing is for: those marked, or the one that is chosen."""
        rows = self.followed.rows
        marked = tuple(rows[ticket_id] for ticket_id in self.marked if ticket_id in rows)
        row = self.chosen_row
        return marked or (() if row is None else (row,))

    @property
    def narrowed(self) -> bool:
        """Whether details are open or something narrows the table."""
        if not self.screen.composed:
            return False
        narrow = self.words or self.field.display or self.marked or self.quick is not Quick.OPEN
        return bool(narrow) or self.screen.has_class("-details")

    @property
    def has_unread(self) -> bool:
        """Whether something changed while the person was away."""
        return self.looked.unread(self.screen.console.wall())

    def reveal(self, ticket_id: int) -> bool:
        """Bring a ticket under the cursor, whatever narrows the table; return False when it is not followed."""
        if ticket_id not in self.followed.rows:
            return False
        if not self.table.select(str(ticket_id)):
            self.words = self.field.value = ""
            self.table.apply(EVERYTHING)
            self.narrow(Quick.ALL)
            self.table.select(str(ticket_id))
        return True

    def show_followed(self, row: TicketRow) -> None:
        """Show a ticket that was just followed; the mirror's news has it a moment later too."""
        self.followed.add(row)
        self.table.update_rows((row,))
        self.reveal(row.id)
        self.draw()

    def narrow(self, quick: Quick) -> None:
        """Show only what `quick` means."""
        self.quick = quick
        self.table.narrow(quick)
        self.draw()
        self.screen.redraw_frame()

    @property
    def covered(self) -> bool:
        """Whether the details take the place of the table."""
        return self.screen.has_class("-details") and not self.screen.has_class("-wide")

    def focus_in_sight(self) -> None:
        """Give the focus to what can be seen of details and table."""
        self.screen.set_focus(self.pane if self.covered else self.table)

    def filter_typed(self, text: str) -> None:
        """Narrow the table as one types."""
        self.words = text.strip()
        self.field.read(text)
        self.table.apply(self.field.wanted)
        self.draw_sync()
        self.screen.redraw_frame()

    def filter_by(self, text: str) -> None:
        """Filter by `text`, which was not typed into the field."""
        self.words = text.strip()
        self.field.value, self.field.display = self.words, False
        self.filter_typed(self.words)

    def mark(self, ids: Iterable[int]) -> None:
        """Mark these tickets, and no others."""
        self.marked = set(ids)
        self.table.mark(self.marked)
        self.draw_sync()
        self.screen.redraw_frame()

    # -- what is new

    def load_news(self, version: int | None = None) -> None:
        """Read what is new in the mirror, unless a read is running."""
        if self._loading or self.screen.console.hub is None:
            return
        self._loading = True
        self._asked_for = self._asked_for if version is None else version
        self.screen.run_worker(self._ask_news(), group="news", exit_on_error=False)

    async def _ask_news(self) -> None:
        since = self.followed.version

        looked = self.looked

        async def news(services: Services) -> News:
            tickets = services.tickets
            board = await tickets.board() if not self.followed.loaded else None
            read_to = board.read_to if board is not None else looked.read_to
            count = 0 if read_to is None else await tickets.changed_after(read_to)
            return await tickets.delta(since), await tickets.status(), board, count

        try:
            found = await self.screen.asked(news)
            if found is None or self.screen.frozen:
                self._asked_for = -1
            else:
                self._apply_news(*found)
        finally:
            self._loading = False

    def _apply_news(self, delta: Delta, status: SyncStatus, board: BoardState | None, count: int) -> None:
        newest = delta.changes[-1].number if delta.changes else self.looked.newest
        passed = status.last.at if status.last is not None else 0.0
        if board is not None:
            self.looked.begin(board.read_to, board.left_at, newest, self.screen.console.wall(), passed)
            self._restore(board)
        self.looked.newest, self.looked.count = newest, count
        self.looked.passed(passed)
        now = self.screen.console.wall()
        self.followed.apply_delta(delta, self.me, now)
        self.followed.set_status(status, now)
        with self.screen.console.batch_update():
            self.table.say_when_empty(self._empty())
            self.table.pass_time(now)
            self.table.update_rows(delta.rows, whole=delta.whole, removed=delta.removed)
            self.draw()
            shown = self.pane.row
            if shown is not None and (fresh := self.followed.rows.get(shown.id)) is not shown:
                self.pane.show(fresh)
                if fresh is not None and self.pane.detail is not None:
                    self.pane.ask(quiet=True)
        self.screen.redraw_frame()

    def _pass_time(self) -> None:
        if self.screen.frozen or not self.screen.is_current or not self.table.is_attached:
            return
        now = self.screen.console.wall()
        self.table.pass_time(now)
        minute = int(now // 60)
        if minute != self._minute:
            self._minute = minute
            self.followed.count(now, self.me)
            self._draw_counts()
            self.pane.draw()
        self.screen.query_one(TicketFeed).show(self.followed.changes, now)
        self.draw_unread()
        self.note()
        if now - self._kept_at > KEEP_SECONDS:
            self.keep()
        status = self.followed.status
        due = status is not None and status.next_at is not None and status.next_at <= now
        if due and now - self.followed.status_at > 2 * SECOND:
            self.followed.status_at = now
            self.screen.run_worker(self._ask_status(), group="status", exclusive=True, exit_on_error=False)

    async def _ask_status(self) -> None:
        # A failure shows nothing here: the next look at the mirror says what is wrong.
        status = await self.screen.asked(lambda services: services.tickets.status(), silent)
        if status is not None:
            self.followed.status = status
            self.draw_sync()

    # -- how it is left

    def _restore(self, board: BoardState) -> None:
        """Restore the board as the user left it."""
        self.state = self._kept = board
        self.table.know(self.me)
        orders = {quick: board.orders[quick.value] for quick in Quick if quick.value in board.orders}
        chosen = next((quick for quick in Quick if quick.value == board.quick), Quick.OPEN)
        if chosen is not Quick.MINE or self.me:
            self.quick = chosen
        self.table.narrow(self.quick)
        self.table.restore(View(orders))
        self.table.show_columns(board.columns or USUAL)
        if board.filter and not self.words:
            self.words = self.field.value = board.filter

    def note(self) -> None:
        """Note the state of the board."""
        looked, columns = self.looked, self.table.shown_columns
        if looked.read_to is not None:
            self.state = replace(
                self.state,
                quick=self.quick.value,
                filter=self.words,
                orders={quick.value: order for quick, order in self.table.view.orders.items()},
                columns=() if columns == USUAL else columns,
                read_to=looked.read_to,
                left_at=looked.left_at,
            )

    def keep(self) -> None:
        """Write the state of the board to disk."""
        if self.state != self._kept and self.screen.console.hub is not None:
            self._kept, self._kept_at = self.state, self.screen.console.wall()
            self.screen.run_worker(self._write_board(self.state), group="board", exit_on_error=False)

    async def _write_board(self, board: BoardState) -> None:
        # A board that is not kept is no reason to disturb a person: it is kept a minute later.
        await self.screen.asked(
            lambda services: services.tickets.keep_board(board), lambda _sentence, _error: self._not_kept()
        )

    def _not_kept(self) -> None:
        self._kept = BoardState()

    def _keep_at_the_end(self, engine: EngineHandle) -> None:
        board = self.state
        if board != self._kept:
            with contextlib.suppress(HubSoftError):
                engine.call(lambda services: services.tickets.keep_board(board), CLOSING_SECONDS)

    def as_view(self, name: str) -> BoardView:
        """Return the present filter, order and columns as a view."""
        table = self.table
        columns = () if table.shown_columns == USUAL else table.shown_columns
        return BoardView(
            name=name, quick=self.quick.value, filter=self.words, order=table.order, columns=columns
        )

    def stand_as(self, view: BoardView) -> None:
        """Show a saved view."""
        quick = next((quick for quick in Quick if quick.value == view.quick), Quick.OPEN)
        self.narrow(Quick.OPEN if quick is Quick.MINE and not self.me else quick)
        self.filter_by(view.filter)
        if view.order is not None:
            key, descending = view.order
            self.table.sort_by(key, descending=descending)
        self.table.show_columns(view.columns or USUAL)
        self.table.rest()
        self.note()
        self.screen.console.tell(view.name)

    # -- how it is drawn

    def draw(self) -> None:
        """Draw everything that is not the table."""
        self.screen.query_one(TicketFeed).show(self.followed.changes, self.screen.console.wall())
        self._draw_counts()
        self.draw_unread()

    def _draw_counts(self) -> None:
        keys = {quick: self._key(f"tickets.{quick.value}") for quick in Quick}
        counts = self.followed.tally.counts if self.followed.loaded else None
        self.screen.query_one(TicketCounts).show(counts, keys, self.quick)

    def draw_unread(self) -> None:
        """Mark what came since the person left, and say how much it is."""
        unread = self.looked.unread(self.screen.console.wall())
        self.table.mark_unread(self.looked.read_to if unread else None, self.looked.seen)
        self.draw_sync()

    def draw_sync(self) -> None:
        """Draw the line that says what is shown and how syncing goes."""
        table, looked = self.table, self.looked
        unread = None
        if looked.unread(self.screen.console.wall()):
            unread = UnreadChanges(looked.left_at, looked.count, self._key("tickets.read"))
        self.screen.query_one(SyncLine).show(
            self.followed.tally.counts,
            self.followed.status,
            self.screen.console.wall(),
            busy=self.busy,
            filter_text=self.words,
            matches=len(table.rows),
            above=table.above,
            marked=len(self.marked),
            unread=unread,
            hint=self.field.hint() if self.field.has_focus else None,
        )

    def _key(self, action_id: str) -> str:
        row = registry.find(action_id)
        keys = self.screen.console.keys_of(row) if row is not None else ()
        return shown_key(keys[0]) if keys else ""

    def _empty(self) -> str:
        if self.screen.console.trouble:
            return self.screen.console.trouble
        if not self.followed.loaded:
            return _("Reading the tickets kept here…")
        return _(
            "No ticket is followed yet. {sync} asks HubSoft for the open ones, {follow} follows one."
        ).format(sync=self._key("tickets.sync"), follow=self._key("tickets.follow"))

"""Tickets: every followed ticket and what happens to it, on a screen to leave open all day."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Container, Vertical
from textual.widgets import Input

from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.types import BoardState, BoardView
from hubsoft_tui.texts import N_, _, number
from widgets.table.rows import fold
from widgets.table.table import VirtualTable
from widgets.tickets.columns import USUAL, ticket_line
from widgets.tickets.counts import SyncLine, TicketCounts, UnreadChanges, cost, pass_sentence
from widgets.tickets.feed import TicketFeed
from widgets.tickets.filter_field import TicketFilterField
from widgets.tickets.filters import EVERYTHING, vocabulary
from widgets.tickets.table import TicketTable, View
from widgets.tickets.texts import Quick, is_open

from ..frame.actions import action, registry, shown_key
from ..frame.base import ConsoleScreen, one_page
from ..frame.confirm import ConfirmScreen, PromptScreen
from ..writing import outbox as _outbox  # noqa: F401 - its actions must be known before keys are remapped
from ..writing import ticket_flow
from ..writing.ticket_flow import About
from .columns import ColumnsScreen
from .followed import FollowedTickets
from .pane import TicketPane
from .presence import Presence
from .views import MOST_VIEWS, ViewsScreen, name_page, saved, view_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Entry
    from hubsoft_tui.services.tickets.types import Delta, SyncStatus, TicketRow

    from ..frame.console import EngineHandle

    News = tuple[Delta, SyncStatus, BoardState | None, int]

SECOND: Final = 1.0
KEEP_SECONDS: Final = 60.0
"""How long at most the board is not on disk as it stands."""
CLOSING_SECONDS: Final = 1.0
MOST_AT_ONCE: Final = 200
"""Tickets that one text goes into."""
FOLLOW_LABEL: Final = "ticket-follow"
PREPARED: Final = 500
"""Rows that are made ready for filtering between two looks at the keyboard."""


def has_ticket(screen: TicketsScreen) -> bool:
    """Tell whether there is a ticket to act on."""
    return screen.chosen_row is not None


def has_open_ticket(screen: TicketsScreen) -> bool:
    """Tell whether a ticket to act on is open."""
    return any(map(is_open, screen.chosen_rows))


def has_view(screen: TicketsScreen, key: str) -> bool:
    """Tell whether a saved view has this key."""
    return any(view.key == key for view in screen.views)


class TicketsScreen(ConsoleScreen):
    """The screen. Its state outlives its widgets: another language makes new ones."""

    AREA = "tickets"
    CSS_PATH = Path(__file__).parents[3] / "styles" / "tickets.tcss"
    AUTO_FOCUS = "TicketTable"
    ABOUT = N_(
        "Every ticket we follow, and below or beside it what happened to them; what is new stands out for a minute. "
        "One pass asks HubSoft for all of them at once. The table rests at the newest ticket until the cursor is "
        "moved; from then on the ticket under it stays where it is, whatever arrives. The counters above narrow the "
        "table, each with its key."
    )

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
                    now=time.time(),
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
        unread = self._looked.unread(time.time())
        self._looked.touch(time.time())
        if unread != self._looked.unread(time.time()):
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
        return has_ticket(self)

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
        return self._looked.unread(time.time())

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
            self._looked.begin(board.read_to, board.left_at, newest, time.time())
            self._restore(board)
        self._looked.newest, self._looked.count = newest, count
        self._followed.apply_delta(delta, self.me)
        self._followed.set_status(status)
        with self.console.batch_update():
            self.table.say_when_empty(self._empty())
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
        now = time.time()
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
            self._kept, self._kept_at = self._board, time.time()
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
        self.query_one(TicketFeed).show(self._followed.changes, time.time())
        self._draw_counts()
        self._draw_unread()

    def _draw_counts(self) -> None:
        keys = {quick: self._key(f"tickets.{quick.value}") for quick in Quick}
        counts = self._followed.tally.counts if self._followed.loaded else None
        self.query_one(TicketCounts).show(counts, keys, self._quick)

    def _draw_unread(self) -> None:
        """Mark what came since the person left, and say how much it is."""
        unread = self._looked.unread(time.time())
        self.table.mark_unread(self._looked.read_to if unread else None, self._looked.seen)
        self._draw_sync()

    def _draw_sync(self) -> None:
        """Draw the line that says what is shown and how syncing goes."""
        table, looked = self.table, self._looked
        unread = None
        if looked.unread(time.time()):
            unread = UnreadChanges(looked.left_at, looked.count, self._key("tickets.read"))
        self.query_one(SyncLine).show(
            self._followed.tally.counts,
            self._followed.status,
            time.time(),
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

    @on(VirtualTable.RowSelected)
    def selected(self) -> None:
        """Open the details."""
        self.action_details()

    @on(TicketFeed.Chosen)
    def chosen_change(self, event: TicketFeed.Chosen) -> None:
        """Go to the ticket of a change; open it where that was asked for."""
        event.stop()
        if self.reveal(event.ticket_id) and event.opens:
            self.set_focus(self.table)
            if not self.has_class("-details"):
                self.action_details()

    # -- actions, in the order of the key line; each acts on the ticket chosen when its key was pressed

    @action(
        "enter",
        N_("details"),
        N_("Show one ticket in full; its texts cost 1 request the first time."),
        when=has_ticket,
    )
    def action_details(self) -> None:
        """Open the details and ask for the texts; again: close them."""
        row = self.table.item
        if row is None:
            return
        self.table.hold()
        known = self.pane.detail is not None and self.pane.row is not None and self.pane.row.id == row.id
        if self.has_class("-details") and known:
            self.remove_class("-details")
        else:
            self.add_class("-details")
            self.pane.show(row)
            self.pane.ask()
            if row.change is not None:
                self._looked.seen[row.id] = row.change.number
                self._draw_unread()
        self._focus_in_sight()
        self.redraw_frame()

    @action(
        "escape",
        N_("back"),
        N_("Close the details, then unmark, then clear the filters: one thing at a time."),
        when=lambda screen: screen.narrowed,
    )
    def action_close(self) -> None:
        """Leave the filter's field, close the details, clear what narrows: one thing at a time."""
        if self.has_class("-details") and not self._field.has_focus:
            self.remove_class("-details")
        elif self._marked and not self._field.has_focus:
            self._mark(())
        elif self._words or self._field.display:
            self._field.value, self._words = "", ""
            self._field.display = False
            self.table.apply(EVERYTHING)
        elif self._quick is not Quick.OPEN:
            self._narrow(Quick.OPEN)
        self._focus_in_sight()
        self._draw_sync()
        self.redraw_frame()

    @action(
        "v",
        N_("mark as read"),
        N_("Mark what changed since you left the board as read."),
        when=lambda screen: screen.has_unread,
    )
    def action_read(self) -> None:
        """Mark everything as read."""
        self._looked.mark(time.time())
        self._draw_unread()
        self._note_board()
        self.redraw_frame()

    @action(
        "tab", N_("what happened"), N_("Go through what happened lately; enter opens the ticket."), line=False
    )
    def action_feed(self) -> None:
        """Go to the list of what happened, and back to the table."""
        feed = self.query_one(TicketFeed)
        self.set_focus(self.table if self.focused is feed or not feed.display else feed)

    @action("s", N_("sync now"), N_("Ask HubSoft now what changed."))
    def action_sync(self) -> None:
        """Make a pass now."""
        if not self._busy:
            self._busy = _("Asking HubSoft…")
            self._draw_sync()
            self._sync()

    @work(group="sync", exit_on_error=False)
    async def _sync(self) -> None:
        report = await self.asked(lambda services: services.tickets.sync(priority=Priority.HIGH))
        self._busy = ""
        if report is not None:
            self.console.tell(pass_sentence(report))
        self._draw_sync()

    @action(
        "slash",
        N_("filter"),
        N_(
            "Show only tickets that hold every word typed, and conditions: late, resp:sara, sla<1h. Tab completes."
        ),
        first=True,
    )
    def action_filter(self) -> None:
        """Type into the filter."""
        self._field.display = True
        self._field.learn(vocabulary(self._followed.rows.values()))
        self.set_focus(self._field)
        self._draw_sync()
        self._prepare()

    def _prepare(self) -> None:
        """Have the rows ready for the first letter, a few at a time, so that no key waits for them."""
        if not self.table.rows.ready(PREPARED):
            self.set_timer(0.01, self._prepare)

    @action(
        "m",
        N_("message"),
        N_("Write a message into the ticket: 1 request, through the outbox."),
        writes=True,
        when=has_open_ticket,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_message(self) -> None:
        """Write a message into the chosen ticket, or the same into all that are marked."""
        if tickets := self._acted_on():
            entry = await ticket_flow.add_message(self.console, *tickets)
            self._unmark(entry)

    @action(
        "x",
        N_("close ticket"),
        N_("Close the ticket with a reason, after a confirmation: 1 request, through the outbox."),
        writes=True,
        when=has_open_ticket,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_close_ticket(self) -> None:
        """Close the chosen ticket, or all that are marked."""
        if tickets := self._acted_on():
            entry = await ticket_flow.close_ticket(self.console, *tickets)
            self._unmark(entry)

    def _acted_on(self) -> list[About]:
        """Return the open ones among the tickets chosen; none, and a sentence, when they are too many."""
        self.table.hold()
        rows = [row for row in self.chosen_rows if is_open(row)]
        if len(rows) > MOST_AT_ONCE:
            said = _("These are {n} tickets. At most {most} are written to at once: mark fewer.")
            self.console.tell(said.format(n=number(len(rows)), most=number(MOST_AT_ONCE)), severity="warning")
            return []
        return [about(row) for row in sorted(rows, key=lambda row: row.id)]

    def _mark(self, ids: Iterable[int]) -> None:
        self._marked = set(ids)
        self.table.mark(self._marked)
        self._draw_sync()
        self.redraw_frame()

    def _unmark(self, entry: Entry | None) -> None:
        """Mark nothing any more, once something was written."""
        if entry is not None and self._marked:
            self._mark(())

    @action("t", N_("mark"), N_("Mark the ticket: m and x then act on all that are marked."), when=has_ticket)
    def action_mark(self) -> None:
        """Mark the ticket under the cursor, or unmark it, and go on to the next."""
        row = self.table.item
        if row is not None:
            self._mark(self._marked ^ {row.id})
            self.table.action_move(1)

    @action("T", N_("mark all"), N_("Mark every open ticket that is shown; again: none."), line=False)
    def action_mark_all(self) -> None:
        """Mark all that are shown, or none when they are."""
        shown = {row.id for row in self.table.rows if is_open(row)}
        self._mark(() if shown == self._marked else shown)

    @action("C", N_("columns"), N_("Choose which columns are shown, and in which order."), line=False)
    @work(group="columns", exit_on_error=False)
    @one_page
    async def action_columns(self) -> None:
        """Choose columns."""
        titles = {column.key: column.title.strip() for column in self.table.columns}
        page = ColumnsScreen(titles, self.table.shown_columns, USUAL)
        chosen = await self.app.push_screen_wait(page)
        if chosen is not None:
            self.table.show_columns(chosen)
            self._note_board()

    @action("o", N_("sort"), N_("Sort by the next column."))
    def action_order(self) -> None:
        """Sort by the next column."""
        self.table.cycle_sort()

    @action("O", N_("turn round"), N_("Turn the order round."), line=False)
    def action_turn(self) -> None:
        """Turn the order round."""
        self.table.reverse_sort()

    @action(
        "f",
        N_("to the top"),
        N_("Go to the first ticket in the usual order and stay there, whatever arrives."),
    )
    def action_newest(self) -> None:
        """Go to the first ticket of the usual order and stay there."""
        self.table.sort_as_usual()
        self.table.rest()
        self._draw_sync()

    @action("r", N_("texts"), N_("Ask HubSoft for this ticket's texts again."))
    def action_refresh(self) -> None:
        """Ask HubSoft for the texts again."""
        if self.has_class("-details"):
            self.pane.ask(refresh=True)
        else:
            self.action_details()

    @action("p", N_("open"), N_("Show the open tickets (pending)."), id="open", args=("open",), line=False)
    @action(
        "c",
        N_("changed today"),
        N_("Show what changed today, closed ones too."),
        id="changed",
        args=("changed",),
        line=False,
    )
    @action(
        "l",
        N_("late"),
        N_("Show the open tickets whose SLA has ended."),
        id="late",
        args=("late",),
        line=False,
    )
    @action(
        "u",
        N_("unassigned"),
        N_("Show the open tickets that are nobody's."),
        id="unassigned",
        args=("unassigned",),
        line=False,
    )
    @action(
        "i",
        N_("mine"),
        N_("Show the open tickets that are yours; who you are is asked the first time."),
        id="mine",
        args=("mine",),
        line=False,
    )
    @action(
        "a",
        N_("total"),
        N_("Show every followed ticket, closed ones too."),
        id="all",
        args=("all",),
        line=False,
    )
    def action_narrow(self, quick: str) -> None:
        """Narrow the table; again: back to the open tickets."""
        chosen = Quick(quick)
        if chosen is Quick.MINE and not self.me:
            self._ask_name()
            return
        self._narrow(Quick.OPEN if chosen is self._quick else chosen)

    @work(group="name", exit_on_error=False)
    @one_page
    async def _ask_name(self) -> None:
        """Ask who the person is, keep it with the board, and show what is theirs."""
        page = name_page(
            _("Who are you?"),
            _("Your name, as HubSoft writes it among those responsible. It is kept for you on this machine."),
        )
        name: str | None = await self.app.push_screen_wait(page)
        if name is not None:
            self._board = replace(self._board, my_name=name)
            self._followed.count(time.time(), self.me)
            self.table.know(self.me)
            self._narrow(Quick.MINE)
            self._note_board()
            self._keep_board()

    # -- saved views

    async def narrow(self, text: str) -> None:
        """Filter by `text` among the open tickets."""
        self._narrow(Quick.OPEN)
        self._filter(text)

    def _filter(self, text: str) -> None:
        self._words = text.strip()
        self._field.value, self._field.display = self._words, False
        self._field.read(self._words)
        self.table.apply(self._field.wanted)
        self._draw_sync()
        self.redraw_frame()

    @property
    def views(self) -> tuple[BoardView, ...]:
        """The views that were saved."""
        return self._board.views

    def _show_view(self, view: BoardView) -> None:
        quick = next((quick for quick in Quick if quick.value == view.quick), Quick.OPEN)
        self._narrow(Quick.OPEN if quick is Quick.MINE and not self.me else quick)
        self._filter(view.filter)
        if view.order is not None:
            key, descending = view.order
            self.table.sort_by(key, descending=descending)
        self.table.show_columns(view.columns or USUAL)
        self.table.rest()
        self._note_board()
        self.console.tell(view.name)

    @action(
        "V",
        N_("views"),
        N_("Save how the board stands under a name and a key, or show a saved view."),
        line=False,
    )
    @work(group="views", exit_on_error=False)
    @one_page
    async def action_views(self) -> None:
        """List the saved views."""
        views, chosen, saves = await self.app.push_screen_wait(ViewsScreen(self._board.views))
        self._board = replace(self._board, views=views)
        if chosen is not None:
            self._show_view(chosen)
        elif saves:
            await self._save_view()
        self._keep_board()
        self.redraw_frame()

    async def _save_view(self) -> None:
        if len(self.views) >= MOST_VIEWS:
            self.console.tell(
                _("There are {n} views already: remove one first.").format(n=MOST_VIEWS), severity="warning"
            )
            return
        page = name_page(_("Save this view"), _("Its name. A view of the same name is replaced."))
        name: str | None = await self.app.push_screen_wait(page)
        if name is None:
            return
        table = self.table
        view = BoardView(
            name=name,
            quick=self._quick.value,
            filter=self._words,
            order=table.order,
            columns=() if table.shown_columns == USUAL else table.shown_columns,
        )
        self._board = replace(self._board, views=saved(self._board.views, view))
        key = next(each.key for each in self._board.views if each.name == name)
        said = _("Saved: {name}, with the key {key}.") if key else _("Saved: {name}. V shows it.")
        self.console.tell(said.format(name=name, key=key))

    @view_keys(N_("saved view"), N_("Show the saved view with this key."), when=has_view)
    def action_view(self, key: str) -> None:
        """Show the saved view with this key."""
        view = next((view for view in self._board.views if view.key == key), None)
        if view is not None:
            self._show_view(view)

    @action("plus", N_("follow"), N_("Follow one more ticket, by its protocol: 1 request."), line=False)
    def action_follow(self) -> None:
        """Follow one more ticket."""
        self.table.hold()
        self._follow()

    @work(group="follow", exit_on_error=False)
    @one_page
    async def _follow(self) -> None:
        page: PromptScreen[TicketRow] = PromptScreen(
            _("Follow a ticket"),
            _("Type its protocol and press enter. It costs 1 request, unless it is followed already."),
            lambda text: lambda services: services.tickets.follow(text.strip(), label=FOLLOW_LABEL),
        )
        row: TicketRow | None = await self.app.push_screen_wait(page)
        if row is not None:
            self._show_followed(row)
            self.console.tell(_("Followed: {protocol}").format(protocol=row.protocol))

    @action(
        "minus",
        N_("unfollow"),
        N_("Follow this ticket no longer. Nothing changes at HubSoft."),
        line=False,
        when=has_ticket,
    )
    @work(group="unfollow", exit_on_error=False)
    @one_page
    async def action_unfollow(self) -> None:
        """Follow the chosen ticket no longer, after a yes."""
        row = self.chosen_row
        if row is None:
            return
        self.table.hold()
        page = ConfirmScreen(
            _("Follow this ticket no longer?"),
            f"{row.protocol}   {row.customer or ''}",
            _("Nothing changes at HubSoft. Its protocol follows it again whenever you want."),
        )
        if await self.app.push_screen_wait(page):
            await self.asked(lambda services: services.tickets.unfollow(row.id))

    @action(
        "n",
        N_("new ticket"),
        N_("Look the customer up first: a ticket is opened for one."),
        writes=True,
        line=False,
    )
    async def action_new(self) -> None:
        """Go where a customer can be chosen: a ticket is opened for one."""
        self.console.tell(_("Look the customer up, then press n: a ticket is opened for a customer."))
        await self.run_action("app.area('lookup')")

    @action("Y", N_("copy line"), N_("Copy the whole line of the ticket."), line=False, when=has_ticket)
    def action_copy_line(self) -> None:
        """Copy the chosen ticket as one line."""
        if (row := self.chosen_row) is not None:
            self.console.copy(_("the ticket"), ticket_line(row, time.time()))

    @action("", N_("plan of the next pass"), N_("Say what the next pass would ask, and what it costs."))
    @work(group="plan", exclusive=True, exit_on_error=False)
    async def action_plan(self) -> None:
        """Say what the next pass would ask."""
        plan = await self.asked(lambda services: services.tickets.plan())
        if plan is not None:
            self.console.tell("\n".join([*plan.lines, cost(plan.requests, plan.naive_requests)]))


def about(row: TicketRow) -> About:
    """Return what a form says about the ticket it writes into."""
    subject = " · ".join(clean(part) for part in (row.type, row.status) if part)
    return About(row.id, row.protocol, row.customer, subject)

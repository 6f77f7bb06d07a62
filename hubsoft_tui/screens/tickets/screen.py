"""Tickets: every followed ticket and what happens to it, on a screen to leave open all day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual import on, work
from textual.widgets import Input

from hubsoft_tui.core.types import Priority
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.filters import EVERYTHING
from hubsoft_tui.services.tickets.judgement import is_open
from hubsoft_tui.services.tickets.types import BoardView
from hubsoft_tui.texts import N_, _, number
from widgets.table.table import VirtualTable
from widgets.tickets.columns import ticket_line
from widgets.tickets.counts import cost, pass_sentence
from widgets.tickets.feed import TicketFeed
from widgets.tickets.filter_field import vocabulary
from widgets.tickets.texts import Quick

from ..frame.actions import action
from ..frame.base import ConsoleScreen, one_page
from ..frame.confirm import ConfirmScreen, PromptScreen
from ..frame.record import record_key
from ..writing import outbox as _outbox  # noqa: F401 - its actions must be known before keys are remapped
from ..writing import ticket_flow
from ..writing.ticket_flow import About
from .board import FOLLOW_LABEL, TicketBoard
from .views import ask_name, choose_columns, choose_view, view_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.outbox.types import Entry
    from hubsoft_tui.services.tickets.types import TicketRow
    from widgets.tickets.table import TicketTable

F = TypeVar("F", bound="Callable[..., Any]")

FIND: Final = N_("Find tickets")
READ: Final = N_("Read a ticket")
WRITE: Final = N_("Write to tickets")
FOLLOW: Final = N_("Follow tickets")
SHOW: Final = N_("Arrange the board")

MOST_AT_ONCE: Final = 200
"""Tickets that one text goes into."""
PREPARED: Final = 500
"""Rows that are made ready for filtering between two looks at the keyboard."""


def has_ticket(screen: TicketsScreen) -> bool:
    """Tell whether there is a ticket to act on."""
    return screen.board.chosen_row is not None


def has_open_ticket(screen: TicketsScreen) -> bool:
    """Tell whether a ticket to act on is open."""
    return any(map(is_open, screen.board.chosen_rows))


def in_sight(screen: TicketsScreen) -> bool:
    """Tell whether the table is in sight: on a narrow terminal the details take its place."""
    return not screen.board.covered


def has_view(screen: TicketsScreen, key: str) -> bool:
    """Tell whether a saved view has this key."""
    return any(view.key == key for view in screen.views)


def _counter_key(key: str, quick: str, label: str, help: str) -> Callable[[F], F]:  # noqa: A002 - an action's word
    """Declare the method below as the action of a counter: it is called with what the counter counts."""
    return action(key, label, help, id=quick, args=(quick,), line=False, job=FIND)


class TicketsScreen(ConsoleScreen):
    """What can be done on the board; each acts on the ticket chosen when its key was pressed."""

    AREA = "tickets"
    tells_changes = True
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
        self.board = TicketBoard(self)

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the board."""
        yield from self.board.compose()

    def on_mount(self) -> None:
        """Begin at the newest."""
        super().on_mount()
        self.board.begin()

    async def relabel(self) -> None:
        """Draw in another language; the user's view stays."""
        self.board.remember()
        await super().relabel()

    def relabelled(self) -> None:
        """Fill the new widgets with what the old ones showed."""
        self.board.relabelled()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self.board.engine_changed()

    def show(self, snapshot: Snapshot) -> None:
        """Look at the mirror when there is news."""
        self.board.show(snapshot)

    def touched(self) -> None:
        """Note that the person is here."""
        self.board.touched()

    def on_screen_suspend(self) -> None:
        """Note that the person looks at something else."""
        self.board.leave()

    @property
    def table(self) -> TicketTable:
        """The table."""
        return self.board.table

    @property
    def copies(self) -> bool:
        """Whether there is a ticket to copy."""
        return self.board.chosen_row is not None

    def copied(self) -> tuple[str, str] | None:
        """Return the protocol under the cursor."""
        row = self.board.chosen_row
        return (_("the protocol"), row.protocol) if row is not None and row.protocol else None

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def show_ticket(self, ticket_id: int, protocol: str) -> None:
        """Bring a ticket under the cursor; one that is not followed is followed first: 1 request."""
        if self.board.reveal(ticket_id):
            return
        row = await self.asked(lambda services: services.tickets.follow(protocol, label=FOLLOW_LABEL))
        if row is not None:
            self.board.show_followed(row)

    # -- what the widgets say

    @on(Input.Changed, "#tickets-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """Narrow the table as one types."""
        event.stop()
        self.board.filter_typed(event.value)

    @on(Input.Submitted, "#tickets-filter")
    def filter_done(self, event: Input.Submitted) -> None:
        """Leave the field; what it holds goes on narrowing. What cannot be read stays to be corrected."""
        event.stop()
        if self.board.field.valid:
            self.board.field.display = False
            self.set_focus(self.table)
            self.board.draw_sync()

    @on(VirtualTable.RowHighlighted)
    def moved(self) -> None:
        """Show the ticket the cursor is on, where its details are open."""
        if self.has_class("-details") and self.has_class("-wide"):
            self.board.pane.show(self.table.item)
        self.board.draw_sync()
        self.redraw_frame()

    @on(VirtualTable.RowSelected)
    def selected(self) -> None:
        """Open the details."""
        self.action_details()

    @on(TicketFeed.Chosen)
    def chosen_change(self, event: TicketFeed.Chosen) -> None:
        """Go to the ticket of a change; open it where that was asked for."""
        event.stop()
        if self.board.reveal(event.ticket_id) and event.opens:
            self.set_focus(self.table)
            if not self.has_class("-details"):
                self.action_details()

    # -- actions, in the order of the key line; each acts on the ticket chosen when its key was pressed

    @action(
        "enter",
        N_("details"),
        N_("Show one ticket in full; its texts cost 1 request the first time."),
        when=lambda screen: has_ticket(screen) and in_sight(screen),
        job=READ,
    )
    def action_details(self) -> None:
        row = self.table.item
        if row is None:
            return
        self.table.hold()
        known = (
            self.board.pane.detail is not None
            and self.board.pane.row is not None
            and self.board.pane.row.id == row.id
        )
        if self.has_class("-details") and known:
            self.remove_class("-details")
        else:
            self.add_class("-details")
            self.board.pane.show(row)
            self.board.pane.ask()
            if row.change is not None:
                self.board.looked.seen[row.id] = row.change.number
                self.board.draw_unread()
        self.board.focus_in_sight()
        self.redraw_frame()

    @action(
        "escape",
        N_("back"),
        N_("Close the details, then unmark, then clear the filters: one thing at a time."),
        when=lambda screen: screen.board.narrowed,
        job=READ,
    )
    def action_close(self) -> None:
        if self.has_class("-details") and not self.board.field.has_focus:
            self.remove_class("-details")
        elif self.board.marked and not self.board.field.has_focus:
            self.board.mark(())
        elif self.board.words or self.board.field.display:
            self.board.field.value, self.board.words = "", ""
            self.board.field.display = False
            self.table.apply(EVERYTHING)
        elif self.board.quick is not Quick.OPEN:
            self.board.narrow(Quick.OPEN)
        self.board.focus_in_sight()
        self.board.draw_sync()
        self.redraw_frame()

    @action(
        "v",
        N_("mark as read"),
        N_("Mark what changed since you left the board as read."),
        when=lambda screen: screen.board.has_unread,
        job=FIND,
    )
    def action_read(self) -> None:
        self.board.looked.mark(self.console.wall())
        self.board.draw_unread()
        self.board.note()
        self.redraw_frame()

    @action(
        "tab",
        N_("what happened"),
        N_("Go through what happened lately; enter opens the ticket."),
        line=False,
        job=FIND,
    )
    def action_feed(self) -> None:
        feed = self.query_one(TicketFeed)
        self.set_focus(self.table if self.focused is feed or not feed.display else feed)

    @action(
        "slash",
        N_("filter"),
        N_(
            "Show only tickets that hold every word typed, and conditions: late, resp:sara, sla<1h. Tab completes."
        ),
        first=True,
        when=lambda screen: not screen.board.typing and in_sight(screen),
        job=FIND,
    )
    def action_filter(self) -> None:
        self.board.field.display = True
        self.board.field.learn(vocabulary(self.board.followed.rows.values()))
        self.set_focus(self.board.field)
        self.board.draw_sync()
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
        job=WRITE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_message(self) -> None:
        if tickets := self._acted_on():
            entry = await ticket_flow.add_message(self.console, *tickets)
            self._unmark(entry)

    @action(
        "x",
        N_("close ticket"),
        N_("Close the ticket with a reason, after a confirmation: 1 request, through the outbox."),
        writes=True,
        when=has_open_ticket,
        job=WRITE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_close_ticket(self) -> None:
        if tickets := self._acted_on():
            entry = await ticket_flow.close_ticket(self.console, *tickets)
            self._unmark(entry)

    @action("r", N_("texts"), N_("Ask HubSoft for this ticket's texts again."), job=READ)
    def action_refresh(self) -> None:
        if self.has_class("-details"):
            self.board.pane.ask(refresh=True)
        else:
            self.action_details()

    @action("s", N_("sync now"), N_("Ask HubSoft now what changed."), job=FOLLOW)
    def action_sync(self) -> None:
        if not self.board.busy:
            self.board.busy = _("Asking HubSoft…")
            self.board.draw_sync()
            self._sync()

    @work(group="sync", exit_on_error=False)
    async def _sync(self) -> None:
        report = await self.asked(lambda services: services.tickets.sync(priority=Priority.HIGH))
        self.board.busy = ""
        if report is not None:
            self.console.tell(pass_sentence(report))
        self.board.draw_sync()

    def _acted_on(self) -> list[About]:
        """Return the open ones among the tickets chosen; none, and a sentence, when they are too many."""
        self.table.hold()
        rows = [row for row in self.board.chosen_rows if is_open(row)]
        if len(rows) > MOST_AT_ONCE:
            said = _("These are {n} tickets. At most {most} are written to at once: mark fewer.")
            self.console.tell(said.format(n=number(len(rows)), most=number(MOST_AT_ONCE)), severity="warning")
            return []
        return [about(row) for row in sorted(rows, key=lambda row: row.id)]

    def _unmark(self, entry: Entry | None) -> None:
        """Remove the marks once something was written."""
        if entry is not None and self.board.marked:
            self.board.mark(())

    @action(
        "t",
        N_("mark"),
        N_("Mark the ticket: m and x then act on all that are marked."),
        when=lambda screen: has_ticket(screen) and in_sight(screen),
        job=WRITE,
    )
    def action_mark(self) -> None:
        row = self.table.item
        if row is not None:
            self.board.mark(self.board.marked ^ {row.id})
            self.table.action_move(1)

    @action(
        "T", N_("mark all"), N_("Mark every open ticket that is shown; again: none."), line=False, job=WRITE
    )
    def action_mark_all(self) -> None:
        shown = {row.id for row in self.table.rows if is_open(row)}
        self.board.mark(() if shown == self.board.marked else shown)

    @action(
        "C", N_("columns"), N_("Choose which columns are shown, and in which order."), line=False, job=SHOW
    )
    @work(group="columns", exit_on_error=False)
    @one_page
    async def action_columns(self) -> None:
        await choose_columns(self.board)

    @action("o", N_("sort"), N_("Sort by the next column."), when=in_sight, job=FIND)
    def action_order(self) -> None:
        self.table.cycle_sort()

    @action("O", N_("turn round"), N_("Turn the order round."), line=False, job=FIND)
    def action_turn(self) -> None:
        self.table.reverse_sort()

    @action(
        "f",
        N_("to the top"),
        N_("Go to the first ticket in the usual order and stay there, whatever arrives."),
        when=in_sight,
        job=FIND,
    )
    def action_newest(self) -> None:
        self.table.sort_as_usual()
        self.table.rest()
        self.board.draw_sync()

    @_counter_key("p", "open", N_("open"), N_("Show the open tickets (pending)."))
    @_counter_key("c", "changed", N_("changed today"), N_("Show what changed today, closed ones too."))
    @_counter_key("l", "late", N_("late"), N_("Show the open tickets whose SLA has ended."))
    @_counter_key("u", "unassigned", N_("unassigned"), N_("Show the open tickets that are nobody's."))
    @_counter_key(
        "i",
        "mine",
        N_("mine"),
        N_("Show the open tickets that are yours; who you are is asked the first time."),
    )
    @_counter_key("a", "all", N_("total"), N_("Show every followed ticket, closed ones too."))
    def action_narrow(self, quick: str) -> None:
        """Narrow the table; again: back to the open tickets."""
        chosen = Quick(quick)
        if chosen is Quick.MINE and not self.board.me:
            self._ask_name()
            return
        self.board.narrow(Quick.OPEN if chosen is self.board.quick else chosen)

    @work(group="name", exit_on_error=False)
    @one_page
    async def _ask_name(self) -> None:
        await ask_name(self.board)

    # -- saved views

    async def narrow(self, text: str) -> None:
        """Filter by `text` among the open tickets."""
        self.board.narrow(Quick.OPEN)
        self.board.filter_by(text)

    @property
    def views(self) -> tuple[BoardView, ...]:
        """The views that were saved."""
        return self.board.state.views

    @action(
        "V",
        N_("views"),
        N_("Save how the board stands under a name and a key, or show a saved view."),
        line=False,
        job=SHOW,
    )
    @work(group="views", exit_on_error=False)
    @one_page
    async def action_views(self) -> None:
        await choose_view(self.board)

    @view_keys(N_("saved view"), N_("Show the saved view with this key."), job=SHOW, when=has_view)
    def action_view(self, key: str) -> None:
        """Show the saved view with this key."""
        view = next((view for view in self.board.state.views if view.key == key), None)
        if view is not None:
            self.board.stand_as(view)

    @action(
        "plus",
        N_("follow"),
        N_("Follow one more ticket, by its protocol: 1 request."),
        line=False,
        job=FOLLOW,
    )
    def action_follow(self) -> None:
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
            self.board.show_followed(row)
            self.console.tell(_("Followed: {protocol}").format(protocol=row.protocol))

    @action(
        "minus",
        N_("unfollow"),
        N_("Follow this ticket no longer. Nothing changes at HubSoft."),
        line=False,
        when=has_ticket,
        job=FOLLOW,
    )
    @work(group="unfollow", exit_on_error=False)
    @one_page
    async def action_unfollow(self) -> None:
        row = self.board.chosen_row
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
        job=WRITE,
    )
    async def action_new(self) -> None:
        self.console.tell(_("Look the customer up, then press n: a ticket is opened for a customer."))
        await self.run_action("app.area('lookup')")

    @action(
        "Y", N_("copy line"), N_("Copy the whole line of the ticket."), line=False, when=has_ticket, job=READ
    )
    def action_copy_line(self) -> None:
        if (row := self.board.chosen_row) is not None:
            self.console.copy(_("the ticket"), ticket_line(row, self.console.wall()))

    @action(
        "",
        N_("plan of the next pass"),
        N_("Say what the next pass would ask, and what it costs."),
        job=FOLLOW,
    )
    @work(group="plan", exclusive=True, exit_on_error=False)
    async def action_plan(self) -> None:
        plan = await self.asked(lambda services: services.tickets.plan())
        if plan is not None:
            self.console.tell("\n".join([*plan.lines, cost(plan.requests, plan.naive_requests)]))

    @record_key
    async def action_record(self) -> None:
        """Begin a recording, or end it."""
        await self.run_action("app.record")


def about(row: TicketRow) -> About:
    """Return what a form says about the ticket it writes into."""
    subject = " · ".join(clean(part) for part in (row.type, row.status) if part)
    return About(row.id, row.protocol, row.customer, subject, customer_code=row.customer_code)

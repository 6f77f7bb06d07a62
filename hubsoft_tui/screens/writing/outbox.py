"""The outbox: everything written to HubSoft from here, where it stands, and what a person must decide."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Container, VerticalScroll

from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import ACTION_KINDS, ASKING, EntryState
from hubsoft_tui.texts import N_, _
from widgets.fields import ChoiceOption, FilterLine
from widgets.outbox import EntryDetail, OutboxSummary, OutboxTable, customer_text, undecided, what_word
from widgets.table.table import VirtualTable

from ..frame.actions import action
from ..frame.base import one_page
from ..frame.confirm import ConfirmScreen, PickScreen, PromptScreen
from ..frame.table_screen import TableScreen
from . import ticket_flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Draft, Entry

DECIDE: Final = N_("Decide about an entry")
READ: Final = N_("Read the list")


def entry_is(fit: Callable[[Entry], object]) -> Callable[[OutboxScreen], bool]:
    """Return the condition that there is an entry under the cursor and that it is `fit`."""

    def holds(screen: OutboxScreen) -> bool:
        return screen.chosen is not None and bool(fit(screen.chosen))

    return holds


def asks_to_decide(entry: Entry) -> bool:
    """Tell whether HubSoft refused `entry`, one like it exists, or it was held."""
    return entry.state in ASKING


def correctable(entry: Entry) -> bool:
    """Tell whether `entry` waits for a person and was written in a form."""
    return asks_to_decide(entry) and entry.kind not in ACTION_KINDS


def linkable(entry: Entry) -> bool:
    """Tell whether `entry` may be an open ticket already."""
    return entry.kind not in ACTION_KINDS and (entry.state is EntryState.EXISTS or undecided(entry))


def at_rest(entry: Entry) -> bool:
    """Tell whether `entry` is neither settled nor on its way."""
    return asks_to_decide(entry) or entry.state is EntryState.QUEUED or undecided(entry)


class OutboxScreen(TableScreen):
    """The list. It stands in front of the area it was opened from; esc goes back there."""

    AREA = "outbox"
    CSS_PATH = Path(__file__).parents[3] / "styles" / "outbox.tcss"
    AUTO_FOCUS = "OutboxTable"
    ABOUT = N_(
        "What is written to HubSoft is kept here before the first byte leaves, so nothing is lost and nothing is sent "
        "twice blindly. What HubSoft refused waits to be corrected; when it is not known whether HubSoft has it, it is "
        "looked for before it is sent again."
    )

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] | None = None
        """None while they are not known."""
        self._sent: dict[tuple[str, Draft], tuple[tuple[str, str], ...]] = {}
        """What each entry sends, as it was asked for; a corrected one sends something else."""
        self._open_only = False
        self._asked_for = -1

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the counts, the entries and one of them in full."""
        yield OutboxSummary()
        yield FilterLine()
        with Container(id="outbox-split"):
            yield OutboxTable(now=time.time(), empty=self._empty(), id="outbox-table")
            with VerticalScroll(id="outbox-pane"):
                yield EntryDetail()

    def on_mount(self) -> None:
        """Ask for the entries."""
        super().on_mount()
        self.set_interval(15.0, lambda: self.query_one(OutboxTable).pass_time(time.time()))
        self._load()

    def relabelled(self) -> None:
        """Fill the new widgets."""
        self._sent.clear()
        self._draw()
        self.table.focus()

    def show(self, snapshot: Snapshot) -> None:
        """Ask again when there is news."""
        version = snapshot.badges.versions.get("outbox", 0)
        if version != self._asked_for:
            self._asked_for = version
            self._load()

    @property
    def copies(self) -> bool:
        """Whether there is an entry to copy the protocol of."""
        return self.chosen is not None

    def copied(self) -> tuple[str, str] | None:
        """Return the protocol, HubSoft's where there is one."""
        entry = self.table.item
        return None if entry is None else (_("the protocol"), entry.protocol or entry.local_protocol)

    @property
    def table(self) -> OutboxTable:
        """The table."""
        return self.query_one(OutboxTable)

    @property
    def chosen(self) -> Entry | None:
        """The entry under the cursor."""
        return self.table.item if self._composed else None

    def _empty(self) -> str:
        return _("Nothing was written from here yet. Look a customer up (F2) and press n to open a ticket.")

    # -- what is in it

    @work(group="entries", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        entries = await self.asked(lambda services: services.outbox.entries())
        if entries is not None:
            self._entries = entries
            self._draw()

    def _draw(self) -> None:
        if self._entries is None:
            return
        shown = [entry for entry in self._entries if not self._open_only or not entry.over or entry.asks]
        shown.sort(key=lambda entry: (not entry.asks, entry.over, -entry.created_at))
        if self._entries:
            self.table.say_when_empty(_("Nothing is under way: all that was written is settled."))
        self.table.set_rows(tuple(shown))
        self.query_one(OutboxSummary).show(self._entries)
        self._fit()
        self._draw_entry()

    def _fit(self) -> None:
        """Give the entry in full the lines that the list, under it or beside it, leaves."""
        place = self.query_one("#outbox-split").size.height
        lines = place - len(self._entries or ()) - 2
        self.query_one("#outbox-pane").styles.max_height = (
            None if self.has_class("-wide") else max(place // 2, lines)
        )

    def on_resize(self) -> None:
        """Give both their lines again."""
        super().on_resize()
        self.call_after_refresh(self._fit)

    def narrowed(self) -> None:
        """Show the entry that the cursor is on then."""
        self._draw_entry()

    def _draw_entry(self) -> None:
        entry = self.table.item
        sent: tuple[tuple[str, str], ...] = ()
        if entry is not None:
            key = entry.local_protocol, entry.draft
            if key not in self._sent:
                self._sent[key] = ()
                self._preview(entry)
            sent = self._sent[key]
        self.query_one(EntryDetail).show(entry, sent, "")
        self.call_after_refresh(self.redraw_frame)  # what it says may be longer than its place

    @work(group="preview", exit_on_error=False)
    async def _preview(self, entry: Entry) -> None:
        lines = await self.asked(lambda services: services.outbox.contents(entry))
        if lines is not None:
            self._sent[entry.local_protocol, entry.draft] = lines
            self._draw_entry()

    @on(VirtualTable.RowHighlighted)
    def moved(self) -> None:
        """Show the entry the cursor is on."""
        self._draw_entry()

    @on(VirtualTable.RowSelected)
    async def selected(self) -> None:
        """Go to the ticket."""
        if self.check_action("open_ticket", ()):
            await self.action_open_ticket()

    # -- actions; each is done to the entry that was chosen when its key was pressed

    @action(
        "enter",
        N_("go to ticket"),
        N_("Go to the ticket it became."),
        id="open",
        when=entry_is(lambda entry: entry.ticket_id is not None),
        job=DECIDE,
    )
    async def action_open_ticket(self) -> None:
        entry = self.table.item
        if entry is not None and entry.ticket_id is not None:
            await self.console.show_ticket(entry.ticket_id, entry.protocol or "")

    @action(
        "c",
        N_("correct"),
        N_("Correct what was refused and send it again."),
        writes=True,
        when=entry_is(correctable),
        job=DECIDE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_correct(self) -> None:
        if (entry := self.chosen) is not None:
            await ticket_flow.write(self.console, await ticket_flow.correction(self.console, entry))
            self._load()

    @action(
        "l",
        N_("link"),
        N_("Take the open ticket for this one; nothing is sent."),
        writes=True,
        when=entry_is(linkable),
        job=DECIDE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_link(self) -> None:
        if (entry := self.chosen) is None:
            return
        protocol = await self._which(entry)
        if not protocol:
            return
        said = _("{protocol} is taken for it; nothing is sent.").format(protocol=protocol)
        if await self._confirmed(_("Link it to this ticket?"), entry, said):
            await self._done(lambda services: services.outbox.adopt(entry.local_protocol, protocol))

    @action(
        "r",
        N_("send again"),
        N_("Send it as it is, after a yes."),
        writes=True,
        when=entry_is(at_rest),
        job=DECIDE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_resend(self) -> None:
        if (entry := self.chosen) is None:
            return
        lines = [_("It is sent exactly as it was written.")]
        if entry.similar:
            protocols = ", ".join(entry.similar)
            lines.append(_("These open tickets may be the same: {protocols}.").format(protocols=protocols))
        if await self._confirmed(_("Send it again?"), entry, *lines):
            await self._done(lambda services: services.outbox.resend(entry.local_protocol))

    @action(
        "d",
        N_("discard"),
        N_("Give it up, after a yes. It is not sent."),
        writes=True,
        when=entry_is(lambda entry: at_rest(entry) or entry.doubles),
        job=DECIDE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_discard(self) -> None:
        if (entry := self.chosen) is None:
            return
        question, said = _("Discard it?"), _("It will not be sent. This cannot be undone.")
        if entry.doubles:
            question, said = _("Was one of them closed?"), _("The entry asks for nobody any more.")
        if await self._confirmed(question, entry, said):
            await self._done(lambda services: services.outbox.discard(entry.local_protocol))

    @action("a", N_("all / open"), N_("Show settled entries too, or only those under way."), job=READ)
    def action_all(self) -> None:
        self._open_only = not self._open_only
        self._draw()

    @action(
        "tab",
        N_("scroll"),
        N_("Go to what is said about the entry, which the arrows scroll; again: back to the list."),
        when=lambda screen: screen.composed and screen.query_one("#outbox-pane").max_scroll_y,
        job=READ,
    )
    def action_read(self) -> None:
        pane = self.query_one("#outbox-pane")
        self.set_focus(pane if self.table.has_focus else self.table)

    @action("escape", N_("back"), N_("Clear the filter, then go back."), job=READ)
    def action_back(self) -> None:
        if not self.leave_filter():
            self.app.pop_screen()

    async def _which(self, entry: Entry) -> str:
        """Return the protocol of the ticket that `entry` is; empty when the person went back."""
        if len(entry.similar) == 1:
            return entry.similar[0]
        if entry.similar:
            options = [ChoiceOption(index, protocol) for index, protocol in enumerate(entry.similar)]
            chosen: int | None = await self.app.push_screen_wait(
                PickScreen(_("Which ticket is it?"), options)
            )
            return "" if chosen is None else entry.similar[chosen]
        page: PromptScreen[str] = PromptScreen(
            _("Which ticket is it?"), _("Type its protocol, as HubSoft shows it."), _typed
        )
        return await self.app.push_screen_wait(page) or ""

    async def _confirmed(self, question: str, entry: Entry, *lines: str) -> bool:
        about = f"{entry.local_protocol}   {what_word(entry)}   {customer_text(entry)}"
        answer = await self.app.push_screen_wait(ConfirmScreen(question, clean(about), *lines))
        return bool(answer)

    async def _done(self, ask: Callable[[Services], Awaitable[Entry]]) -> None:
        await self.asked(ask)
        self._load()


def _typed(text: str) -> Callable[[Services], Awaitable[str]]:
    """Take what is typed into a prompt as it is: nothing is asked."""

    async def ask(_services: Services) -> str:
        return text.strip()

    return ask

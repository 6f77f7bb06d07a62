"""The outbox: everything written to HubSoft from here, where it stands, and what a person must decide."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on, work
from textual.containers import Container, VerticalScroll

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import EntryState
from hubsoft_tui.texts import N_, _, ngettext
from widgets.choice_field import Option
from widgets.drawn import Drawn, line
from widgets.outbox_rows import EntryDetail, OutboxTable
from widgets.outbox_words import customer_text, what_word
from widgets.table import VirtualTable
from widgets.words import number

from . import outbox_questions as questions
from . import writing
from .actions import Action
from .base import ConsoleScreen
from .confirm import ConfirmScreen
from .pick import PickScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.content import Content

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.opening import Services
    from hubsoft_tui.services.outbox.types import Entry

T = TypeVar("T")

_OVER = frozenset({EntryState.SENT, EntryState.DISCARDED})
_RESENT = frozenset({EntryState.REFUSED, EntryState.EXISTS, EntryState.QUEUED})


class OutboxCounts(Drawn):
    """The line above the entries: how many wait, how many need a person."""

    def __init__(self) -> None:
        super().__init__(id="outbox-counts")
        self._entries: Sequence[Entry] = ()

    def show(self, entries: Sequence[Entry]) -> None:
        """Draw the counts of `entries`."""
        self._entries = entries
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line."""
        waiting = sum(entry.state not in _OVER for entry in self._entries)
        asks = sum(entry.asks for entry in self._entries)
        under_way = ngettext("{n} under way", "{n} under way", waiting).format(n=number(waiting))
        needs = ngettext("{n} needs you", "{n} need you", asks).format(n=number(asks))
        return [
            line(
                (_("Outbox"), "bold $title"),
                "   ",
                (under_way, "" if waiting else "$quiet"),
                "   ",
                (needs, "bold $bad" if asks else "$quiet"),
            ).truncate(width, ellipsis=True)
        ]


class OutboxScreen(ConsoleScreen):
    """The list. It stands in front of the area it was opened from; esc goes back there."""

    AREA = "outbox"
    CSS_PATH = Path(__file__).parents[2] / "styles" / "outbox.tcss"
    AUTO_FOCUS = "OutboxTable"
    ABOUT = N_(
        "What is written to HubSoft is kept here before the first byte leaves, so nothing is lost and nothing is sent "
        "twice blindly. What HubSoft refused waits to be corrected; when it is not known whether HubSoft has it, it is "
        "looked for before it is sent again."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("outbox.open", "enter", N_("open ticket"), N_("Go to the ticket it became."), "open_ticket"),
        Action(
            "outbox.correct",
            "c",
            N_("correct"),
            N_("Correct what was refused and send it again."),
            "correct",
            writes=True,
        ),
        Action(
            "outbox.link",
            "l",
            N_("link"),
            N_("Take the open ticket for this one; nothing is sent."),
            "link",
            writes=True,
        ),
        Action(
            "outbox.resend",
            "r",
            N_("send again"),
            N_("Send it as it is, after a yes."),
            "resend",
            writes=True,
        ),
        Action(
            "outbox.discard",
            "d",
            N_("discard"),
            N_("Give it up, after a yes. It is not sent."),
            "discard",
            writes=True,
        ),
        Action(
            "outbox.all",
            "a",
            N_("all / open"),
            N_("Show settled entries too, or only those under way."),
            "all",
        ),
        Action("outbox.back", "escape", N_("back"), N_("Go back."), "back"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._sent: dict[str, tuple[tuple[str, str], ...]] = {}
        """What each entry sends, as it was asked for."""
        self._open_only = False
        self._asked_for = -1

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the counts, the entries and one of them in full."""
        yield OutboxCounts()
        with Container(id="outbox-split"):
            yield OutboxTable(now=time.time(), empty=self._empty(), id="outbox-table")
            with VerticalScroll(id="outbox-pane", can_focus=False):
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

    def copied(self) -> tuple[str, str] | None:
        """Return the protocol, HubSoft's where there is one."""
        entry = self.table.item
        return None if entry is None else (_("the protocol"), entry.protocol or entry.local_protocol)

    @property
    def table(self) -> OutboxTable:
        """The table."""
        return self.query_one(OutboxTable)

    def _empty(self) -> str:
        return _("Nothing was written from here yet. Look a customer up (1) and press n to open a ticket.")

    # -- what is in it

    @work(group="entries", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        entries = await self._asked(questions.entries(open_only=False))
        if entries is not None:
            self._entries = entries
            self._draw()

    def _draw(self) -> None:
        shown = [
            entry for entry in self._entries if not self._open_only or entry.state not in _OVER or entry.asks
        ]
        shown.sort(key=lambda entry: (not entry.asks, entry.state in _OVER, -entry.created_at))
        self.table.set_rows(tuple(shown))
        self.query_one(OutboxCounts).show(self._entries)
        self._draw_entry()

    def _draw_entry(self) -> None:
        entry = self.table.item
        if entry is not None and entry.local_protocol not in self._sent:
            self._sent[entry.local_protocol] = ()
            self._preview(entry)
        sent = self._sent.get(entry.local_protocol, ()) if entry is not None else ()
        self.query_one(EntryDetail).show(entry, sent, "")
        self.redraw_frame()

    @work(group="preview", exit_on_error=False)
    async def _preview(self, entry: Entry) -> None:
        lines = await self._asked(questions.preview(entry.draft))
        if lines is not None:
            self._sent[entry.local_protocol] = lines
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

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the entry under the cursor allows."""
        if action in {"open_ticket", "correct", "link", "resend", "discard", "copy"}:
            entry = self.table.item if self._composed else None
            if entry is None or not _allows(entry, action):
                return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Go back to what this stands in front of."""
        self.app.pop_screen()

    def action_all(self) -> None:
        """Show the settled ones too, or not."""
        self._open_only = not self._open_only
        self._draw()

    async def action_open_ticket(self) -> None:
        """Go to the ticket on the tickets screen."""
        entry = self.table.item
        if entry is not None and entry.ticket_id is not None:
            await self.console.show_ticket(entry.ticket_id, entry.protocol or "")

    @work(group="write", exit_on_error=False)
    async def action_correct(self) -> None:
        """Open the form, filled with what was refused."""
        if (entry := self.table.item) is not None:
            await writing.write(self.console, writing.correction(entry))
            self._load()

    @work(group="write", exit_on_error=False)
    async def action_resend(self) -> None:
        """Send the entry again as it is."""
        if (entry := self.table.item) is None:
            return
        lines = [_("It is sent exactly as it was written.")]
        if entry.similar:
            protocols = ", ".join(entry.similar)
            lines.append(_("These open tickets may be the same: {protocols}.").format(protocols=protocols))
        if await self._yes(_("Send it again?"), entry, *lines):
            await self._done(questions.resend(entry.local_protocol))

    @work(group="write", exit_on_error=False)
    async def action_discard(self) -> None:
        """Give the entry up."""
        entry = self.table.item
        if entry is not None and await self._yes(
            _("Discard it?"), entry, _("It will not be sent. This cannot be undone.")
        ):
            await self._done(questions.discard(entry.local_protocol))

    @work(group="write", exit_on_error=False)
    async def action_link(self) -> None:
        """Take an open ticket for what the entry was to open."""
        if (entry := self.table.item) is None or not entry.similar:
            return
        chosen: int | None = 0
        if len(entry.similar) > 1:
            options = [Option(index, protocol) for index, protocol in enumerate(entry.similar)]
            chosen = await self.app.push_screen_wait(PickScreen(_("Which ticket is it?"), options))
        if chosen is None:
            return
        protocol = entry.similar[chosen]
        said = _("{protocol} is taken for it; nothing is sent.").format(protocol=protocol)
        if await self._yes(_("Link it to this ticket?"), entry, said):
            await self._done(questions.adopt(entry.local_protocol, protocol))

    async def _yes(self, question: str, entry: Entry, *lines: str) -> bool:
        about = f"{entry.local_protocol}   {what_word(entry)}   {customer_text(entry)}"
        answer = await self.app.push_screen_wait(ConfirmScreen(question, clean(about), *lines))
        return bool(answer)

    async def _done(self, ask: Callable[[Services], Awaitable[Entry]]) -> None:
        await self._asked(ask)
        self._load()

    async def _asked(self, ask: Callable[[Services], Awaitable[T]]) -> T | None:
        """Return what `ask` returns; None when it failed, which the person was told."""
        try:
            door = await self.console.door()
            return await door.run(ask)
        except HubSoftError as error:
            self.console.tell(error, severity="warning")
        except Exception as error:  # noqa: BLE001 - a list must not end the console
            self.console.tell(self.console.unexpected(error), severity="error")
        return None


def _allows(entry: Entry, action: str) -> bool:
    """Tell whether `action` would do something to `entry`."""
    return {
        "open_ticket": entry.ticket_id is not None,
        "correct": entry.state is EntryState.REFUSED,
        "link": entry.state is EntryState.EXISTS and bool(entry.similar),
        "resend": entry.state in _RESENT,
        "discard": entry.state in {EntryState.REFUSED, EntryState.EXISTS, EntryState.QUEUED},
        "copy": True,
    }[action]

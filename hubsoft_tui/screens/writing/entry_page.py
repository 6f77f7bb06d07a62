"""One entry of the outbox: the last look before it is put there, and the page that follows it.

That page shows the local protocol at once and HubSoft's as soon as it comes, both to be read out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.formats import clock
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import ACTION_KINDS, ASKING, EntryKind, EntryState
from hubsoft_tui.texts import N_, _, ngettext, number
from widgets.line_widget import data
from widgets.outbox import Large, SentLines, entry_sentence, state_word, what_word

from ..frame.actions import action
from ..frame.modal import STYLE, ConsoleModal

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Entry, Review


class ReviewScreen(ConsoleModal[bool]):
    """Shows a `Review`; enter sends it, esc goes back to change it."""

    AREA = "review"
    CSS_PATH = STYLE

    def __init__(
        self, title: str, review: Review, subject: str = "", still_open: tuple[str, ...] = ()
    ) -> None:
        """`still_open` are lines about open tickets that may be the same matter."""
        super().__init__()
        self._subject = subject
        self._open = still_open
        self._title = title
        self._review = review

    def body(self) -> ComposeResult:
        """Compose the page."""
        alike = self._alike()
        with VerticalScroll(classes="page", id="review"):
            yield Static(data(self._title, "bold $title"), classes="heading")
            if self._subject:
                subjects = [data(each) for each in self._subject.splitlines()]
                yield Static(Content("\n").join(subjects), classes="line")
            if alike:
                yield Static(Content("\n").join(alike), classes="line")
            yield Static(Content.styled(_("Exactly this goes to HubSoft:"), "$quiet"), classes="line")
            yield SentLines(self._review.lines)
            yield from self.beside()
            yield Static(
                Content.assemble(
                    (_("enter"), "bold $account"),
                    " ",
                    (_("sends it anyway") if alike else _("sends it"), "bold $title"),
                    "    ",
                    (_("esc"), "bold $account"),
                    " ",
                    (_("goes back to change it"), "$quiet"),
                ),
                classes="line",
            )

    def beside(self) -> ComposeResult:
        """Compose what is shown besides what is sent."""
        yield from ()

    def _alike(self) -> list[Content]:
        """Return what may be the same matter: entries that say the same, open tickets of the same kind."""
        lines = [
            Content.assemble(
                ("! ", "bold $warn"),
                (_("The same was written at {time}:").format(time=clock(entry.created_at)), "bold $warn"),
                "  ",
                (f"{entry.local_protocol}  {state_word(entry)[0]}  {clean(entry.protocol or '')}", "bold"),
            )
            for entry in self._review.similar
        ]
        if self._open:
            warning = ngettext(
                "There is an open ticket of this type:",
                "There are {n} open tickets of this type:",
                len(self._open),
            ).format(n=number(len(self._open)))
            lines.append(Content.assemble(("! ", "bold $warn"), (warning, "bold $warn")))
            lines += [Content.assemble("  ", data(each, "bold")) for each in self._open]
        return lines

    def on_mount(self) -> None:
        """Let the arrows scroll a long text."""
        super().on_mount()
        self.query_one("#review").focus()

    @action("enter", N_("send"), N_("Write it to the outbox and send it."))
    def action_send(self) -> None:
        self.dismiss(True)

    @action("escape", N_("change it"), N_("Go back to the form."))
    def action_back(self) -> None:
        self.dismiss(False)


PATIENCE_SECONDS: Final = 10.0
"""How long one look at an entry waits for it; looks follow each other while the page is open."""
PAUSE_SECONDS: Final = 1.0


class SentScreen(ConsoleModal[None]):
    """Follows one entry; whatever becomes of it goes on without this page."""

    AREA = "sent"
    CSS_PATH = STYLE
    SHARED: ClassVar = {"copy": N_("copy protocol")}

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        """How the entry stands, as far as this page knows."""
        self.wants_correction = False

    def follows(self, entry: Entry) -> bool:
        """Whether this page tells what becomes of `entry`."""
        return entry.local_protocol == self.entry.local_protocol

    def body(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(id="sent-what", classes="heading")
            yield Static(id="sent-protocol-label")
            yield Large(id="sent-protocol")
            yield Static(id="sent-local")
            yield Static(id="sent-told", classes="line")
            yield from self.beside()

    def beside(self) -> ComposeResult:
        """Compose what is shown besides how the entry stands."""
        yield from ()

    def settled(self) -> None:
        """Do what follows once nothing is left to be written."""

    @property
    def looks(self) -> bool:
        """Whether another look at HubSoft may show more."""
        return False

    def look(self) -> None:
        """Look at HubSoft once more."""

    def on_mount(self) -> None:
        """Show what is known and wait for the rest."""
        super().on_mount()
        self._draw()
        self._follow()

    @work(exit_on_error=False)
    async def _follow(self) -> None:
        while not self.entry.over:
            entry = await self.asked(self._settled, self._failed)
            if entry is not None:
                self.entry = entry
                self._draw()
            if self.entry.over:
                break
            # An entry that waits for minutes, or for a person, may be handed back at once each time.
            await asyncio.sleep(PAUSE_SECONDS)
        self.settled()

    def _failed(self, sentence: str, _error: Exception) -> None:
        self.query_one("#sent-told", Static).update(data(f"! {sentence}", "$warn"))

    async def _settled(self, services: Services) -> Entry:
        return await services.outbox.settled(self.entry.local_protocol, PATIENCE_SECONDS)

    def _draw(self) -> None:
        entry = self.entry
        sent, opened = entry.state is EntryState.SENT, entry.kind is EntryKind.OPEN
        name = entry.draft.customer_name or ""
        heading = "   ".join(part for part in (what_word(entry), name) if part)
        self.query_one("#sent-what", Static).update(data(heading[:1].upper() + heading[1:], "bold $title"))
        large = self.query_one("#sent-protocol", Large)
        if entry.protocol:
            # One number is large, the one to read out: the customer may have been told the local one before.
            self._label("#sent-protocol-label", _("HubSoft's protocol"), entry.protocol)
            large.show(entry.protocol, "bold $ok" if sent and opened else "")
            self._label("#sent-local", _("Local protocol"), entry.local_protocol)
        else:
            self._label("#sent-protocol-label", _("Local protocol"), entry.local_protocol)
            large.show(entry.local_protocol, "bold $title")
        self.query_one("#sent-local").display = bool(entry.protocol)
        refused = entry.state in ASKING
        lines = [data(entry_sentence(entry), "bold $warn" if refused else "bold $ok" if sent else "$account")]
        if entry.said:
            lines.append(data(entry.said, "$warn" if refused else "$quiet"))
        self.query_one("#sent-told", Static).update(Content("\n").join(lines))
        self.redraw_keys()

    def _label(self, place: str, title: str, text: str) -> None:
        # The plain text too: it can be selected and searched for, large signs cannot.
        self.query_one(place, Static).update(Content.assemble((title, "$quiet"), "  ", data(text)))

    @action("enter,escape", N_("close"), N_("Close this page; the entry goes on by itself."))
    def action_done(self) -> None:
        self.dismiss(None)

    @action(
        "c",
        N_("correct"),
        N_("Correct what HubSoft refused."),
        writes=True,
        when=lambda page: page.entry.state is EntryState.REFUSED and page.entry.kind not in ACTION_KINDS,
    )
    def action_correct(self) -> None:
        self.wants_correction = True
        self.dismiss(None)

    @action(
        "r",
        N_("look again"),
        N_("Ask HubSoft again how the customer stands."),
        when=lambda page: page.looks,
    )
    def action_look(self) -> None:
        self.look()

    @action(
        "s",
        N_("copy sentence"),
        N_("Copy a sentence with the protocol, for a chat with the customer."),
        when=lambda page: bool(page.sentence),
    )
    def action_copy_sentence(self) -> None:
        self.console.copy(_("the sentence with the protocol"), self.sentence)

    @property
    def sentence(self) -> str:
        """What a chat is told once it is written; empty where there is no protocol to tell."""
        if self.entry.state is not EntryState.SENT or not self.entry.protocol:
            return ""
        texts = {
            EntryKind.OPEN: _("Your request is registered. Protocol: {protocol}"),
            EntryKind.MESSAGE: _("Your request {protocol} was updated."),
            EntryKind.CLOSE: _("Your request {protocol} is closed."),
        }
        return texts.get(self.entry.kind, "").format(protocol=self.entry.protocol)

    def action_copy(self) -> None:
        """Copy HubSoft's protocol, or the local one while there is none."""
        if self.entry.protocol:
            self.console.copy(_("the protocol"), self.entry.protocol)
        else:
            self.console.copy(_("the local protocol"), self.entry.local_protocol)

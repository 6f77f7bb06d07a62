"""The page that follows several entries of the outbox that were written together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import Entry, EntryState
from hubsoft_tui.texts import N_, ngettext, number
from widgets.outbox import entry_sentence
from widgets.safety import data

from ..frame.actions import action
from ..frame.confirm import STYLE
from ..frame.modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services

BAR_CELLS: Final = 40


class SeveralScreen(ConsoleModal[None]):
    """Shows how far they are, and which of them ask for a person; they go on without this page."""

    AREA = "several"
    CSS_PATH = STYLE

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._entries = {entry.local_protocol: entry for entry in entries}
        self._version = -1
        self._looking = False

    def follows(self, entry: Entry) -> bool:
        """Whether this page tells what becomes of `entry`."""
        return entry.local_protocol in self._entries

    @property
    def asking(self) -> tuple[Entry, ...]:
        """Those that ask for a person."""
        return tuple(entry for entry in self._entries.values() if entry.asks)

    def body(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(classes="page", id="several"):
            yield Static(id="several-count", classes="heading")
            yield Static(id="several-left", classes="line")

    def on_mount(self) -> None:
        """Show what is known; the arrows scroll."""
        super().on_mount()
        self.query_one("#several").focus()
        self._draw()
        self._look()

    def tick(self, snapshot: Snapshot) -> None:
        """Look again whenever the outbox changed."""
        super().tick(snapshot)
        version = snapshot.badges.versions.get("outbox", 0)
        if version != self._version and not self._looking:
            self._version = version
            self._look()

    @work(exit_on_error=False)
    async def _look(self) -> None:
        self._looking = True
        try:
            entries = await self.asked(lambda services: services.outbox.entries())
        finally:
            self._looking = False
        for entry in entries or ():
            if self.follows(entry):
                self._entries[entry.local_protocol] = entry
        self._draw()

    def _draw(self) -> None:
        entries = self._entries.values()
        total, sent = len(entries), sum(entry.state is EntryState.SENT for entry in entries)
        full = BAR_CELLS * sent // max(1, total)
        self.query_one("#several-count", Static).update(
            Content.assemble(
                (
                    ngettext("{sent} of {n} is at HubSoft", "{sent} of {n} are at HubSoft", total).format(
                        sent=number(sent), n=number(total)
                    ),
                    "bold $ok" if sent == total else "bold $title",
                ),
                "\n",
                ("▮" * full, "$ok"),
                ("▯" * (BAR_CELLS - full), "$faint"),
            )
        )
        left = sorted((entry for entry in entries if not entry.over), key=lambda entry: not entry.asks)
        self.query_one("#several-left", Static).update(
            Content("\n").join(
                data(
                    f"{entry.local_protocol}  {clean(entry.draft.customer_name or '')}  {entry_sentence(entry)}"
                    + (f"  {clean(entry.said)}" if entry.said else ""),
                    "$warn" if entry.asks else "$quiet",
                )
                for entry in left
            )
        )
        self.redraw_keys()

    @action(
        "r",
        N_("take up again"),
        N_("Send again what HubSoft refused, or what nothing is known of."),
        writes=True,
        when=lambda page: page.asking,
    )
    @work(group="again", exclusive=True, exit_on_error=False)
    async def action_again(self) -> None:
        """Send again what asks for a person."""
        protocols = [entry.local_protocol for entry in self.asking]

        async def again(services: Services) -> int:
            count = 0
            for protocol in protocols:
                try:
                    await services.outbox.resend(protocol)
                except InvalidInput:  # another person saw to it, or it is on its way
                    continue
                count += 1
            return count

        count = await self.asked(again)
        if count is not None:
            said = ngettext("{n} is sent again.", "{n} are sent again.", count)
            self.console.tell(said.format(n=number(count)))
        self._look()

    @action("enter,escape", N_("close"), N_("Close this page; the entries go on by themselves."))
    def action_done(self) -> None:
        """Close the page."""
        self.dismiss(None)

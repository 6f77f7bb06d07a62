"""What a person decides about an outbox entry: correct it, link it, send it again, give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import EntryState
from hubsoft_tui.texts import _
from widgets.choice_field import Option
from widgets.outbox.texts import customer_text, undecided, what_word

from ..frame.base import ConsoleScreen
from ..frame.confirm import ConfirmScreen, PromptScreen
from ..frame.pick import PickScreen
from ..frame.single import one_page
from . import outbox_questions as questions
from . import ticket_flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Entry


class OutboxDeeds(ConsoleScreen):
    """The deciding part of the outbox. Each deed is done to the entry that was chosen when its key was pressed."""

    @property
    def chosen(self) -> Entry | None:
        """The entry under the cursor."""
        raise NotImplementedError

    def load(self) -> None:
        """Ask for the entries again."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the entry under the cursor allows."""
        if action in {"open_ticket", "correct", "link", "resend", "discard", "copy"}:
            entry = self.chosen if self._composed else None
            if entry is None or not allows(entry, action):
                return False
        return super().check_action(action, parameters)

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_correct(self) -> None:
        """Open the form, filled with what was refused."""
        if (entry := self.chosen) is not None:
            await ticket_flow.write(self.console, await ticket_flow.correction(self.console, entry))
            self.load()

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_resend(self) -> None:
        """Send the entry again as it is."""
        if (entry := self.chosen) is None:
            return
        lines = [_("It is sent exactly as it was written.")]
        if entry.similar:
            protocols = ", ".join(entry.similar)
            lines.append(_("These open tickets may be the same: {protocols}.").format(protocols=protocols))
        if await self._yes(_("Send it again?"), entry, *lines):
            await self._done(questions.resend(entry.local_protocol))

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_discard(self) -> None:
        """Give the entry up; of a doubled one, note that somebody saw to it."""
        if (entry := self.chosen) is None:
            return
        question, said = _("Discard it?"), _("It will not be sent. This cannot be undone.")
        if entry.doubles:
            question, said = _("Was one of them closed?"), _("The entry asks for nobody any more.")
        if await self._yes(question, entry, said):
            await self._done(questions.discard(entry.local_protocol))

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_link(self) -> None:
        """Take an open ticket for what the entry was to open."""
        if (entry := self.chosen) is None:
            return
        protocol = await self._which(entry)
        if not protocol:
            return
        said = _("{protocol} is taken for it; nothing is sent.").format(protocol=protocol)
        if await self._yes(_("Link it to this ticket?"), entry, said):
            await self._done(questions.adopt(entry.local_protocol, protocol))

    async def _which(self, entry: Entry) -> str:
        """Return the protocol of the ticket that `entry` is; empty when the person went back."""
        if len(entry.similar) == 1:
            return entry.similar[0]
        if entry.similar:
            options = [Option(index, protocol) for index, protocol in enumerate(entry.similar)]
            chosen: int | None = await self.app.push_screen_wait(
                PickScreen(_("Which ticket is it?"), options)
            )
            return "" if chosen is None else entry.similar[chosen]
        page: PromptScreen[str] = PromptScreen(
            _("Which ticket is it?"), _("Type its protocol, as HubSoft shows it."), questions.typed
        )
        return await self.app.push_screen_wait(page) or ""

    async def _yes(self, question: str, entry: Entry, *lines: str) -> bool:
        about = f"{entry.local_protocol}   {what_word(entry)}   {customer_text(entry)}"
        answer = await self.app.push_screen_wait(ConfirmScreen(question, clean(about), *lines))
        return bool(answer)

    async def _done(self, ask: Callable[[Services], Awaitable[Entry]]) -> None:
        await self.asked(ask)
        self.load()


def allows(entry: Entry, action: str) -> bool:
    """Tell whether `action` would do something to `entry`."""
    asking = entry.state in {EntryState.REFUSED, EntryState.EXISTS}
    rests = asking or entry.state is EntryState.QUEUED or undecided(entry)
    return {
        "open_ticket": entry.ticket_id is not None,
        "correct": asking,
        "link": entry.state is EntryState.EXISTS or undecided(entry),
        "resend": rests,
        "discard": rests or bool(entry.doubles),
        "copy": True,
    }[action]

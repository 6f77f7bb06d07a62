"""What was begun and not sent: go on with it where it was begun, or discard it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import on, work
from textual.containers import VerticalScroll
from textual.widgets import Static

from hubsoft_tui.formats import moment
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.texts import N_, _
from widgets.fields import ChoiceField, ChoiceOption
from widgets.line_widget import data

from ..frame.actions import action
from ..frame.confirm import ConfirmScreen, SmallPage
from ..frame.drafts import draft_title
from . import ticket_flow
from .ticket_flow import About

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.store.drafts import KeptDraft

    from ..frame.console import Console


def has_drafts(screen: DraftsScreen) -> bool:
    """Tell whether there is a draft to act on."""
    return bool(screen.drafts)


class DraftsScreen(SmallPage["KeptDraft"]):
    """Ends with the draft to go on with."""

    AREA = "drafts"
    drafts: tuple[KeptDraft, ...] = ()
    """What is listed."""

    def body(self) -> ComposeResult:
        """Compose the drafts."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(_("Begun and not sent"), "bold $title"), classes="heading")
            yield ChoiceField(
                empty=_("Nothing is begun: every form was sent or discarded."), id="drafts-list"
            )

    def on_mount(self) -> None:
        """List them."""
        super().on_mount()
        self._list()
        self.query_one(ChoiceField).focus()

    def _list(self) -> None:
        now = time.time()
        self.drafts = self.console.drafts.all()
        self.redraw_keys()
        self.query_one(ChoiceField).offer(
            [
                ChoiceOption(index, draft_title(draft), f"{draft.subject}   {moment(draft.at, now)}")
                for index, draft in enumerate(self.drafts)
            ]
        )

    @on(ChoiceField.Chosen)
    def chosen(self, event: ChoiceField.Chosen) -> None:
        """End with what was taken."""
        event.stop()
        if event.field.chosen is not None:
            self.dismiss(self.drafts[event.field.chosen.id])

    @action("enter", N_("go on"), N_("Go on with the marked draft."), when=has_drafts)
    def action_take(self) -> None:
        """The field takes enter itself; this is for the key line."""
        self.query_one(ChoiceField).take_marked()

    @action("ctrl+r", N_("discard"), N_("Forget the marked draft, after a yes."), first=True, when=has_drafts)
    @work(exit_on_error=False)
    async def action_discard(self) -> None:
        marked = self.query_one(ChoiceField).marked
        if marked is None:
            return
        draft = self.drafts[marked.id]
        question = ConfirmScreen(
            _("Discard it?"), f"{marked.label}   {marked.note}", _("What is typed in it will be gone.")
        )
        if await self.app.push_screen_wait(question):
            self.console.drafts.drop(draft.about)
            self.console.save_drafts()
            self._list()


async def list_drafts(console: Console) -> None:
    """List the drafts, and go on with the one that is taken where it was begun."""
    await console.read_drafts()
    draft: KeptDraft | None = await console.push_screen_wait(DraftsScreen())
    if draft is None:
        return
    what, _space, number = draft.about.partition(" ")
    whose = draft.subject or None
    if what == EntryKind.OPEN.value and draft.term:
        await console.look_up(draft.term, write=True)
    elif what == EntryKind.MESSAGE.value:
        about = About(int(number), draft.term, whose, customer_code=draft.customer_code)
        await ticket_flow.add_message(console, about)
    elif what == EntryKind.CLOSE.value:
        about = About(int(number), draft.term, whose, customer_code=draft.customer_code)
        await ticket_flow.close_ticket(console, about)
    else:  # the correction of what HubSoft refused: it is begun at its entry
        await console.run_action("app.outbox")

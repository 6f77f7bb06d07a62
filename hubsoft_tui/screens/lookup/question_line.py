"""The line questions are typed into, and the customers looked up last under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from widgets.customer.lists import RecentBar, RecentCustomer
from widgets.fields import QuestionInput, pasted

from ...values import dataclass
from ..frame.console import ConsolePart, silent
from . import texts as words

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer


class RecentCustomers(ConsolePart, RecentBar):
    """The bar of the customers looked up last. It reports no errors: the lookup does."""

    _in_sight = ""

    def load(self, in_sight: str | None = None) -> None:
        """Show them anew, once the engine runs; `in_sight` is the document that stands above already."""
        if in_sight is not None:
            self._in_sight = in_sight
        if self.console.hub is not None:
            self._load()

    @work(group="recent", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        recent = await self.asked(lambda services: services.customers.recent(), silent)
        if recent is not None:
            self.show(
                tuple(
                    RecentCustomer(each.term, each.name, each.document, each.active)
                    for each in recent
                    if not self._in_sight or each.document != self._in_sight
                )
            )

    @work(group="remember", exit_on_error=False)
    async def remember(self, customer: Customer) -> None:
        """Put a customer in front."""
        await self.asked(lambda services: services.customers.remember(customer), silent)
        self.load()


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """One question as it was typed. `label` finds its place in line in a snapshot."""

    text: str
    label: str
    refresh: bool = False
    """Ask HubSoft itself, whatever is remembered."""
    keep: bool = False
    """It is about the customer in sight, who stays there until the answer."""
    write: bool = False
    """A ticket for its customer is gone on with once the answer is there."""


class TermInput(QuestionInput):
    """An input whose asked text stays selected, so that typing begins the next question.

    This holds also for keys that arrive before the answer, or in one packet with enter.
    """

    async def _on_key(self, event: events.Key) -> None:
        """Ask at once: as a binding enter would act only after what came right behind it was typed."""
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            await self.action_submit()
            self.select_all()
        elif event.character == ":" and (not self.value or self.selected_text == self.value):
            # No question begins with it: it goes to another screen, as everywhere.
            event.prevent_default()
            event.stop()
            await self.screen.run_action("app.go")

    def _on_paste(self, event: events.Paste) -> None:
        """Take a line; where it is the whole question it is asked."""
        super()._on_paste(event)
        if self.value == pasted(event.text):
            self.select_all()


class QuestionLine(Horizontal):
    """Says what its text is, takes pastes, begins with a digit. Posts `Asked` when enter or a paste asks."""

    class Asked(Message):
        """A question was asked."""

        def __init__(self, text: str, *, typed: bool) -> None:
            super().__init__()
            self.text = text
            self.typed = typed
            """True when enter asked, False when a paste did."""

    def __init__(self) -> None:
        super().__init__(id="question")

    def compose(self) -> ComposeResult:
        """Compose the line."""
        yield Static(Content("▌"), id="prompt")
        yield TermInput(id="term")
        yield Static(Content(""), id="kind")

    @property
    def field(self) -> QuestionInput:
        """What is typed into."""
        return self.query_one(QuestionInput)

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        """Ask what was typed."""
        event.stop()
        self.post_message(self.Asked(event.value, typed=True))

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Say what the text is recognised as."""
        event.stop()
        kind = words.kind_of(event.value)
        self.query_one("#kind", Static).update(Content.styled(kind, "$ok") if kind else Content(""))

    @on(QuestionInput.Pasted)
    def pasted(self, event: QuestionInput.Pasted) -> None:
        """Look up what is pasted into the empty line."""
        event.stop()
        self.post_message(self.Asked(event.text, typed=False))

    def paste(self, text: str) -> None:
        """Ask what was pasted elsewhere."""
        self.field.value = text
        self.field.select_all()
        self.post_message(self.Asked(text, typed=False))

    def write(self, text: str) -> None:
        """Begin the next question with `text`, ready to be gone on with."""
        self.screen.set_focus(self.field)
        self.field.value = text
        self.field.cursor_position = len(text)

    def ready(self) -> None:
        """Be ready for the next question."""
        self.screen.set_focus(self.field)
        self.field.select_all()

    def holds(self, text: str) -> bool:
        """Tell whether this text, and no newer one, stands in the line."""
        return self.field.value.strip() == text.strip()

"""The line questions are typed into: says what the text is recognised as, takes pastes, begins with a digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from widgets.question import QuestionInput

from . import lookup_words as words
from .actions import AREAS

if TYPE_CHECKING:
    from textual.app import ComposeResult

NEXT_DIGIT_SECONDS: Final = 0.3
"""How long a digit that is also a screen's key waits for another: two digits begin the next question."""


class QuestionLine(Horizontal):
    """One line. Posts `Asked` when enter or a paste asks."""

    class Asked(Message):
        """A question was asked."""

        def __init__(self, text: str, *, typed: bool) -> None:
            super().__init__()
            self.text = text
            self.typed = typed
            """With enter; a paste otherwise."""

    def __init__(self) -> None:
        super().__init__(id="question")
        self._digit = ""
        """A screen's key that may still turn out to begin the next question."""

    def compose(self) -> ComposeResult:
        """Compose the line."""
        yield Static(Content("▌"), id="prompt")
        yield QuestionInput(id="term")
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
        self.post_message(self.Asked(text, typed=False))

    def ready(self) -> None:
        """Be ready for the next question."""
        self.screen.set_focus(self.field)
        self.field.select_all()

    def holds(self, text: str) -> bool:
        """Tell whether this text, and no newer one, stands in the line."""
        return self.field.value.strip() == text.strip()

    def begin(self, digit: str, here: str) -> None:
        """Begin the next question; a single digit that is the key of another area than `here` goes there."""
        begun, self._digit = self._digit, ""
        if not begun and any(area.key == digit and area.id != here for area in AREAS):
            self._digit = digit
            self.set_timer(NEXT_DIGIT_SECONDS, self._go_after_all)
            return
        self.screen.set_focus(self.field)
        self.field.value = begun + digit
        self.field.cursor_position = len(self.field.value)

    async def _go_after_all(self) -> None:
        digit, self._digit = self._digit, ""
        for area in AREAS:
            if area.key == digit:
                await self.run_action(f"app.area('{area.id}')")

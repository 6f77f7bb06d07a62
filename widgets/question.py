"""The line one types questions into: a still cursor, and pastes that are one clean line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import Input

from hubsoft_tui.privacy import REPLACEMENT, clean

if TYPE_CHECKING:
    from textual import events


def pasted(text: str) -> str:
    """Return the first line of a paste that holds anything, without control characters around or inside it."""
    for each in text.splitlines():
        if line := clean(each).replace(REPLACEMENT, "").strip():
            return line
    return ""


class QuestionInput(Input):
    """An input of one line. The cursor stands still: a blinking one sends bytes all day."""

    class Pasted(Message):
        """A whole line was pasted where nothing stood."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        *,
        placeholder: str = "",
        password: bool = False,
        value: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, password=password, id=id, compact=True, select_on_focus=False
        )
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        """Ignore the slash that goes to this line when one is here already: no question begins with it."""
        untouched = not self.value or self.selected_text == self.value
        if event.character == "/" and untouched and not self.password:
            event.prevent_default()
            event.stop()

    def _on_paste(self, event: events.Paste) -> None:
        """Take one clean line of what was pasted."""
        if line := pasted(event.text):
            whole = not self.value or self.selected_text == self.value
            self.replace(line, *sorted(self.selection))
            if whole:
                self.post_message(self.Pasted(line))
        event.prevent_default()
        event.stop()

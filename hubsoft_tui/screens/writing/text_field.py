"""The field a person writes into, where the last texts come back, and the text of what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.widgets import TextArea

from hubsoft_tui.services.outbox.types import Closing, NewMessage, NewTicket
from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from hubsoft_tui.services.outbox.types import Draft

LAST_TEXTS: Final = 20
"""How many of the texts that were written before a field offers."""


class TextField(TextArea):
    """Several lines of text. The cursor stands still: a blinking one sends bytes all day.

    While nothing is typed, up and down go through the last texts.
    """

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(text, id=id, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False
        self.last_texts: tuple[str, ...] = ()
        """What was written before, the newest first."""
        self._recalled = -1

    def action_cursor_up(self, select: bool = False) -> None:
        """Bring an older text back where nothing else is typed; else go up a line."""
        if select or not self._recall(1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Bring a newer text back where nothing else is typed; else go down a line."""
        if select or not self._recall(-1):
            super().action_cursor_down(select)

    def _recall(self, step: int) -> bool:
        shown = self.last_texts[self._recalled] if 0 <= self._recalled < len(self.last_texts) else ""
        wanted = (self._recalled if self.text else -1) + step
        if (self.text != shown and self.text) or not -1 <= wanted < len(self.last_texts):
            return False
        self._recalled = wanted
        self.write(self.last_texts[wanted] if wanted >= 0 else "")
        return True

    def write(self, text: str) -> None:
        """Hold `text`, ready to be gone on with."""
        self.text = text
        self.move_cursor(self.document.end)


def text_of(draft: Draft) -> str:
    """Return the text a person wrote into `draft`."""
    if isinstance(draft, NewTicket):
        return draft.description
    if isinstance(draft, NewMessage):
        return draft.text
    return draft.description if isinstance(draft, Closing) else ""


def text_problem(text: str) -> str:
    """Return why `text` cannot be sent as a description or message, or nothing."""
    return "" if text.strip() else _("Write what it is about: HubSoft takes no empty text.")

"""A number to be read out over the phone: three lines high, in groups of four."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD

from hubsoft_tui.privacy import clean

from .line_widget import Drawn

_LETTERS: Final = {
    "L": ("╻  ", "┃  ", "┗━╸"),
    "O": ("┏━┓", "┃ ┃", "┗━┛"),
    "C": ("┏━╸", "┃  ", "┗━╸"),
    " ": ("  ", "  ", "  "),
}
GROUP: Final = 4


def grouped(text: str) -> str:
    """Return digits in groups of four; what is not all digits as it is."""
    text = clean(text)
    if not text.isdigit():
        return text
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def large(text: str) -> tuple[str, str, str] | None:
    """Return `text` three lines high, or None when it holds what cannot be drawn so."""
    glyphs = []
    for character in text:
        if character in _LETTERS:
            glyphs.append(_LETTERS[character])
        elif character.isdigit() and character in DIGITS:
            at = DIGITS.index(character) * 3
            top, middle, bottom = (DIGITS3X3_BOLD[at + y].ljust(3) for y in range(3))
            glyphs.append((top, middle, bottom))
        else:
            return None
    return (
        "".join(one[0] for one in glyphs),
        "".join(one[1] for one in glyphs),
        "".join(one[2] for one in glyphs),
    )


class Large(Drawn):
    """One number, large where there is room for it, bold where there is not."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._text = ""
        self._style = "bold $title"

    def show(self, text: str, style: str) -> None:
        """Draw `text`; nothing when it is empty."""
        self._text, self._style = text, style
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        text = grouped(self._text)
        drawn = large(text)
        if drawn is None or len(drawn[0]) > width:
            return [Content.styled(text, self._style)]
        return [Content.styled(each, self._style) for each in drawn]

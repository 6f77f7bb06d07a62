"""What is sent to HubSoft, label by label, every word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from hubsoft_tui.privacy import clean

from ..line_widget import Drawn, fit, line
from ..tickets.detail import paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES = 2000


class SentLines(Drawn):
    """Labelled values; long ones go on below each other, none is cut short of `MOST_LINES`."""

    def __init__(self, lines: Sequence[tuple[str, str]] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines = tuple(lines)

    def show(self, lines: Sequence[tuple[str, str]]) -> None:
        """Draw `lines`."""
        self._lines = tuple(lines)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        if not self._lines:
            return []
        label = min(max(cell_len(name) for name, _value in self._lines) + 2, max(8, width // 3))
        drawn: list[Content] = []
        for name, value in self._lines:
            first, *rest = paragraphs(value, max(10, width - label), MOST_LINES)
            drawn.append(line((fit(clean(name), label), "$quiet"), first))
            drawn += [Content(" " * label + each) for each in rest]
        return drawn

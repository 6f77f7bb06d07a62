"""The base of everything drawn here: a widget of text lines that sends only the cells that changed.

Textual resends a whole widget when any of it changes. On a thin link that is the difference between 80 bytes
and 10 kB a second, so a `Drawn` compares what it shows with what it should show and refreshes the difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.cells import cached_cell_len, cell_len
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from hubsoft_tui.privacy import clean

if TYPE_CHECKING:
    from textual.style import Style

Part = str | Content | tuple[str, str] | tuple[str, "Style"]
"""A piece of a line: plain text, text with a style, or content. Text is data; it is never read as markup."""

# Moving the cursor and restating the style costs about as much as this many unchanged cells.
_GAP: Final = 10

_NEVER: Final = Size(-1, -1)

_PAINTED: Final[tuple[Any, ...]] = (
    cached_cell_len,
    *(
        kept
        for kind in (Segment, Region)
        for name in dir(kind)
        if hasattr(kept := getattr(kind, name), "cache_clear")
    ),
)
"""What Rich and Textual keep of texts and places that were painted: tens of thousands, long gone from the screen."""


def forget_painted() -> None:
    """Let the next frames compute again what is on the screen, and what is not be forgotten."""
    for kept in _PAINTED:
        kept.cache_clear()


class Drawn(Widget):
    """Lines of text computed from values by `draw`; `redraw` repaints what differs, and nothing else."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    Drawn { height: auto; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._drawn_size = _NEVER

    def draw(self, width: int) -> list[Content]:
        """Return the lines to show in `width` cells."""
        raise NotImplementedError

    def strips(self, width: int) -> list[Strip]:
        """Return the lines as they go to the terminal, each exactly `width` cells."""
        return [self.paint(drawn, width) for drawn in self.draw(width)]

    def redraw(self) -> None:
        """Compare what is shown with what should be, and refresh the cells that differ."""
        size = self.content_size
        if not self.is_attached or not size:
            return
        if size != self._drawn_size:
            self._forget()
            return
        before, self._strips = self._strips, self.strips(size.width)
        if len(before) != len(self._strips):
            self._forget()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, self._strips, strict=True))
            for start, end in changed(old, new)
        ]
        if regions:
            # Textual forgets these where it renders a widget, which is done here in its place.
            self._dirty_regions.clear()
            self.refresh(*regions)

    def repaint(self) -> None:
        """Draw everything again: something changed that lines do not know of, such as the language."""
        self._forget()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are."""
        return max(1, len(self.draw(width)))

    def render_line(self, y: int) -> Strip:
        """Return line `y`, painting all of them the first time and after a resize."""
        size = self.content_size
        if size != self._drawn_size:
            self._strips, self._drawn_size = self.strips(size.width), size
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(size.width, self.visual_style.rich_style)

    def notify_style_update(self) -> None:
        """Paint again: colours may have changed."""
        self._drawn_size = _NEVER
        super().notify_style_update()

    def _forget(self) -> None:
        self._drawn_size = _NEVER
        self.refresh(layout=self.styles.is_auto_height)

    def paint(self, line: Content, width: int, base: Style | None = None) -> Strip:
        """Return `line` as exactly `width` cells in this widget's colours (over `base`, if given).

        What does not fit ends in …, wherever it is drawn: text that just stops reads as if it were whole.
        """
        if line.cell_length > width and cell_len(line.plain.rstrip()) > width:
            line = line.truncate(width, ellipsis=True)
        style = self.visual_style if base is None else self.visual_style + base
        pieces = line.render(style, end="", parse_style=self._get_style)
        strip = Strip([Segment(text, own.rich_style) for text, own in pieces])
        return strip.adjust_cell_length(width, style.rich_style)


class DrawnCell(Drawn):
    """A `Drawn` in a grid whose columns are equally wide; it may span several.

    Textual measures what spans columns as if it stood in one of them: it would come out far too tall.
    """

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are at the width of all the columns it spans."""
        edges = self.styles.gutter.width
        span, parent = self.styles.column_span or 1, self.parent
        if isinstance(parent, Widget) and span > 1 and width + edges < container.width:
            columns, gap = parent.styles.grid_size_columns or 1, parent.styles.grid_gutter_vertical or 0
            cells = container.width - gap * (columns - 1)
            width = max(1, cells * span // columns + gap * (span - 1) - edges)
        return super().get_content_height(container, viewport, width)


def changed(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """Return the spans of cells (start, end) in which two lines of one width differ, near ones joined."""
    if old is new or old == new:
        return []
    spans: list[tuple[int, int]] = []
    for x, (one, other) in enumerate(zip(_cells(old), _cells(new), strict=False)):
        if one == other:
            continue
        if spans and x - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _cells(strip: Strip) -> list[tuple[str, object]]:
    """Return what stands in each cell; both halves of a wide character carry it, so it is never cut."""
    cells: list[tuple[str, object]] = []
    for text, style, _control in strip:
        if text.isascii():
            cells.extend((character, style) for character in text)
            continue
        for character in text:
            width = cell_len(character)
            if width:
                cells.extend((character * (half + 1), style) for half in range(width))
            elif cells:  # an accent of its own belongs to the cell before it
                cells[-1] = (cells[-1][0] + character, style)
    return cells


def line(*parts: Part) -> Content:
    """Return one line from its pieces; empty ones are left out."""
    return Content.assemble(*(part for part in parts if part))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` as exactly `width` cells, cut with … when it is longer; wide characters count two."""
    length = cell_len(text)
    if length > width:
        text = cut(text, width)
        length = cell_len(text)
    space = " " * (width - length)
    return space + text if right else text + space


def cut(text: str, width: int) -> str:
    """Return at most `width` cells of `text`, ending in … when something was left out."""
    if len(text) <= width and (text.isascii() or cell_len(text) <= width):
        return text
    if width <= 0:
        return ""
    room = width - 1
    if text[:width].isascii():
        return text[:room] + "…"
    kept = 0
    for index, character in enumerate(text):
        kept += cell_len(character)
        if kept > room:
            return text[:index] + "…"
    return text


def data(value: object, style: str = "") -> Content:
    """Return text that came from outside as what it is: characters, in one style, never markup."""
    return Content.styled(clean(str(value)), style)

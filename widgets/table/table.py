"""The table of the console: lines drawn from a list, so 100,000 rows cost what the forty in sight cost.

Textual's `DataTable` resends itself for one changed cell and measures every cell of every new row. This one
keeps the cursor on its row by id, keeps the lines in sight where they are when rows arrive above them, and
sends the cells that changed. It scrolls on its own rather than as a `ScrollView`: a scroll view lays the whole
screen out again whenever its number of rows changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.style import Style

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, Part, cut, fit, line
from .rows import Rows, Viewport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.geometry import Size

T = TypeVar("T")

Cell = str | Content

BETWEEN: Final = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column. Its cells are computed from the row's item when they come into sight, never before."""

    key: str
    title: str
    """As shown: translated by the caller."""
    cell: Callable[[T], Cell]
    """Plain text (data, never markup) or content with styles."""
    width: int = 0
    """Cells; 0 shares what the other columns leave."""
    align: Literal["left", "right"] = "left"
    priority: int = 0
    """On a narrow screen the columns with the highest number go first; 0 always stays."""
    sort: Callable[[T], Any] | None = None
    """What the column sorts by; None: it does not."""
    descending: bool = False
    """Sorts from the largest when chosen first."""
    style: str = ""
    minimum: int = 8
    """Cells a sharing column needs at least."""
    weight: int = 1
    """How much of what is left a sharing column takes, against the others."""


def fit_columns(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """Return the columns that fit in `width` cells with their widths; sharing ones take what is left."""
    kept = list(columns)

    def needed() -> int:
        return sum((column.width or column.minimum) + BETWEEN for column in kept)

    while kept and needed() > width + BETWEEN:
        worst = max(column.priority for column in kept)
        if worst == 0:
            break
        # Of equals the rightmost goes first.
        del kept[max(index for index, column in enumerate(kept) if column.priority == worst)]
    left = max(0, width + BETWEEN - needed())
    weights = sum(column.weight for column in kept if not column.width)
    sized = []
    for column in kept:
        if column.width or not weights:
            sized.append((column, column.width or column.minimum))
            continue
        share = left * column.weight // weights
        left, weights = left - share, weights - column.weight
        sized.append((column, column.minimum + share))
    return sized


def plain(cell: Cell) -> str:
    """Return a cell's text without its styles."""
    return cell if isinstance(cell, str) else cell.plain


def draw_cell(column: Column[T], item: T, width: int) -> Part:
    """Return the cell of `column` for `item` as exactly `width` cells."""
    cell = column.cell(item)
    if isinstance(cell, str):
        text = cell if cell.isprintable() else clean(cell)
        return (fit(text, width, right=column.align == "right"), column.style)
    content = cell.truncate(width, ellipsis=True)
    space = width - content.cell_length
    padded = content.pad_left(space) if column.align == "right" else content.pad_right(space)
    return padded.stylize_before(column.style) if column.style else padded


_GUTTER: Final = 2
_BAR: Final = 1
_WHEEL: Final = 3


class VirtualTable(Drawn, Generic[T], can_focus=True):
    """A table over items of one type, known by id. Posts `RowHighlighted` and `RowSelected`."""

    DEFAULT_CSS = """
    VirtualTable { height: 1fr; width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "edge(0)", show=False),
        Binding("end,G", "edge(-1)", show=False),
        Binding("enter", "select", show=False),
    ]

    class RowHighlighted(Message):
        """The cursor is on another row; `row_id` is None when there is none."""

        def __init__(self, table: VirtualTable[Any], row_id: str | None) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> VirtualTable[Any]:
            """The table."""
            return self.table

    class RowSelected(Message):
        """A row was chosen with enter or a second click."""

        def __init__(self, table: VirtualTable[Any], row_id: str) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> VirtualTable[Any]:
            """The table."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        identify: Callable[[T], str],
        describe: Callable[[T], str] | None = None,
        empty: str = "",
        unknown: str = "…",
        follow: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        """Make a table; `describe` gives the text a filter searches (default: the cells of all columns).

        With `follow` the cursor starts on the last row and goes with it as rows arrive, until it is moved
        off.
        """
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._shown = self._columns
        self._rows: Rows[T] = Rows(identify, describe or self._text_of)
        self._source: object = None
        self._empty = empty
        self._unknown = unknown
        self._known = False
        """Whether it was told what there is, if only that there is nothing: before that nothing is claimed."""
        self._place = Viewport(self._rows, follow=follow)
        self._sorted_by: str | None = None
        self._descending = False
        self._told: str | None = None
        self._painted: dict[tuple[str, bool], tuple[T, Strip]] = {}
        self._layout_of: tuple[int, list[tuple[Column[T], int]]] = (-1, [])

    # -- what is in it

    @property
    def rows(self) -> Rows[T]:
        """The rows in the order shown. Read it; change it through the table."""
        return self._rows

    @property
    def selected(self) -> str | None:
        """The id under the cursor, or None when no row is in sight."""
        return self._place.selected

    @property
    def item(self) -> T | None:
        """The item under the cursor."""
        selected = self.selected
        return None if selected is None else self._rows.get(selected)

    @property
    def sorted_by(self) -> str | None:
        """The key of the column that sorts, or None for the order of arrival."""
        return self._sorted_by

    @property
    def follows(self) -> bool:
        """The cursor is on the last arrival and goes with it."""
        return self._place.following

    def set_rows(self, items: Iterable[T]) -> None:
        """Hold `items` and nothing else. Handing over the same object again costs nothing."""
        self._known = True
        if items is self._source and isinstance(items, tuple):
            return
        self._source = items
        self._rows.replace(items)
        self._settle()

    def upsert(self, *items: T) -> None:
        """Add items, or put each in the place of the one with its id."""
        self._known = True
        self._source = None
        for item in items:
            self._rows.upsert(item)
        self._settle()

    def say_when_empty(self, text: str) -> None:
        """Say `text` while there is no row."""
        if text != self._empty or not self._known:
            self._empty, self._known = text, True
            self.redraw()

    def filter(self, text: str) -> None:
        """Show only rows that hold every word of `text`; case and accents do not matter."""
        self._rows.filter(text)
        self._settle()

    def show_columns(self, keys: Sequence[str]) -> None:
        """Show the columns with these keys, in this order, where there is room; any column still sorts."""
        by_key = {column.key: column for column in self._columns}
        shown = tuple(by_key[key] for key in keys if key in by_key)
        if shown and shown != self._shown:
            self._shown = shown
            self._layout_of = (-1, [])
            self.repaint()

    def sort_by(self, key: str | None, *, descending: bool | None = None) -> None:
        """Sort by the column `key`, or by arrival with None; without `descending`, as the column prefers."""
        column = next((one for one in self._columns if one.key == key and one.sort), None)
        self._sorted_by = column.key if column else None
        preferred = column.descending if column else False
        self._descending = preferred if descending is None else descending
        self._rows.sort(column.sort if column else None, descending=self._descending)
        self._place.turned(arrivals_last=column is None and not self._descending)
        self._moved()

    def cycle_sort(self) -> None:
        """Sort by the next column in sight that can; after the last, by arrival again."""
        keys: list[str | None] = [None, *(column.key for column, _width in self._fitting() if column.sort)]
        place = keys.index(self._sorted_by) if self._sorted_by in keys else 0
        self.sort_by(keys[(place + 1) % len(keys)])

    def reverse_sort(self) -> None:
        """Turn the order round."""
        self.sort_by(self._sorted_by, descending=not self._descending)

    def select(self, row_id: str) -> bool:
        """Put the cursor on a row; return False when it is not in sight of the filter."""
        index = self._rows.index_of(row_id)
        if index is not None:
            self._go(index)
        return index is not None

    # -- keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self._place.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor and the view by a screenful."""
        self._place.page(by)
        self._moved()

    def action_edge(self, index: int) -> None:
        """Go to the first row (0) or the last (-1)."""
        self._go(len(self._rows) - 1 if index < 0 else 0)

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        if (selected := self.selected) is not None:
            self.post_message(self.RowSelected(self, selected))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; the cursor stays on its row, even out of sight."""
        self._scroll(_WHEEL, event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; the cursor stays on its row, even out of sight."""
        self._scroll(-_WHEEL, event)

    def on_click(self, event: events.Click) -> None:
        """Header: sort by that column. Row: put the cursor there; on the cursor: choose it. Bar: go there."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y == 0:
            self._click_header(at.x)
            return
        if at.x >= self.content_size.width - _BAR and len(self._rows) > self._place.height:
            self._go((at.y - 1) * (len(self._rows) - 1) // max(1, self._place.height - 1))
            return
        index = self._place.top + at.y - 1
        if index >= len(self._rows):
            return
        if index == self._place.cursor:
            self.action_select()
        else:
            self._go(index)

    def on_focus(self) -> None:
        """Draw the cursor as the place where keys go."""
        self._painted.clear()
        self.redraw()

    def on_blur(self) -> None:
        """Draw the cursor as a place remembered."""
        self._painted.clear()
        self.redraw()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._place.height = max(1, self.content_size.height - 1)
        self._place.reveal()
        self.redraw()

    def _click_header(self, x: int) -> None:
        start = _GUTTER
        for column, width in self._fitting():
            if start <= x < start + width and column.sort:
                again = column.key == self._sorted_by
                self.sort_by(column.key, descending=not self._descending if again else None)
            start += width + BETWEEN

    def _scroll(self, by: int, event: events.Event) -> None:
        event.stop()
        self._place.look_at(self._place.top + by)
        self.redraw()

    def _go(self, index: int) -> None:
        self._place.go(index)
        self._moved()

    def _settle(self) -> None:
        self._place.settle()
        self._moved()

    def _moved(self) -> None:
        if (selected := self.selected) != self._told:
            self._told = selected
            self.post_message(self.RowHighlighted(self, selected))
        self.redraw()

    # -- how it looks

    def mark_of(self, row_id: str) -> Part:
        """Return one cell that marks a row."""
        del row_id
        return " "

    def draw(self, width: int) -> list[Content]:
        """Return nothing: a table paints lines, and keeps them (see `strips`)."""
        del width
        return []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height of all rows and the header, for a table whose height is `auto`."""
        del container, viewport, width
        return len(self._rows) + 1

    def notify_style_update(self) -> None:
        """Forget the painted lines: colours may have changed."""
        self._painted.clear()
        super().notify_style_update()

    def repaint(self) -> None:
        """Paint every line again."""
        self._painted.clear()
        super().repaint()

    def strips(self, width: int) -> list[Strip]:
        """Return the header and the lines in sight."""
        if self._layout_of[0] != width:
            self._painted.clear()
            self._layout_of = (width, fit_columns(self._shown, width - _GUTTER - _BAR))
        height = self.content_size.height - 1
        self._place.height = max(1, height)
        self._place.look_at(self._place.top)
        top = self._place.top
        if len(self._painted) > 4 * height + 64:
            self._painted.clear()
        body = width - _BAR
        shown = [self._row(top + y, body) for y in range(min(height, len(self._rows) - top))]
        if not shown:
            shown = [self.paint(each, body) for each in self._nothing(body)[: max(0, height)]]
        blank = Strip.blank(body, self.visual_style.rich_style)
        shown += [blank] * (height - len(shown))
        bar = self._bar(height)
        lines = [Strip.join((strip, part)) for strip, part in zip(shown, bar, strict=True)]
        return [self.paint(self._header(), width), *lines]

    def _fitting(self) -> list[tuple[Column[T], int]]:
        return self._layout_of[1]

    def _header(self) -> Content:
        pieces: list[Part] = [" " * _GUTTER]
        for column, width in self._fitting():
            mark = ""
            if column.key == self._sorted_by:
                mark = " ▾" if self._descending else " ▴"
            title = cut(column.title, width - len(mark)) + mark
            style = "$title bold" if mark else "$quiet"
            pieces += [(fit(title, width, right=column.align == "right"), style), " " * BETWEEN]
        return line(*pieces)

    def _row(self, index: int, width: int) -> Strip:
        item, row_id = self._rows.at(index), self._rows.id_at(index)
        on = index == self._place.cursor
        kept = self._painted.get((row_id, on))
        if kept is not None and kept[0] is item:
            return kept[1]
        sign = "▸" if on and self.can_focus else " "
        pieces: list[Part] = [(sign, "$account bold"), self.mark_of(row_id)]
        for column, cells in self._fitting():
            pieces += [draw_cell(column, item, cells), " " * BETWEEN]
        base = Style.parse("on $row") if on and self.has_focus else None
        strip = self.paint(line(*pieces), width, base)
        self._painted[row_id, on] = (item, strip)
        return strip

    def _nothing(self, width: int) -> list[Content]:
        hidden = self._rows.filtered and self._rows.total
        text = (
            _("Nothing matches; esc clears the filter.")
            if hidden
            else self._empty
            if self._known
            else self._unknown
        )
        told = Content.styled(text, "$quiet").wrap(max(1, width - _GUTTER))
        return [each.pad_left(_GUTTER) for each in told]

    def _bar(self, height: int) -> list[Strip]:
        """Return the bar at the right edge, one cell per line; empty when everything is in sight."""
        base = self.visual_style
        plain = Strip([Segment(" ", base.rich_style)], 1)
        count = len(self._rows)
        if count <= height or height < 1 or not self.can_focus:
            return [plain] * max(0, height)
        thumb = Strip([Segment("▐", (base + Style.parse("$faint")).rich_style)], 1)
        size = max(1, height * height // count)
        start = min((height - size) * self._place.top // (count - height), height - size)
        return [thumb if start <= y < start + size else plain for y in range(height)]

    def _text_of(self, item: T) -> str:
        return " ".join(plain(column.cell(item)) for column in self._columns)

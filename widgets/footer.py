"""The two thin lines that frame every screen: where one is, and what the keys do here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from hubsoft_tui.values import dataclass

from .line_widget import Drawn, cut, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events

_GAP: Final = "   "
_NARROW: Final = 100
"""Cells below which a key line is short of room."""
_SHORTEST: Final = 3
"""Cells a label keeps at least: below that it would say nothing beside its key."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be pressed: what it is called inside, its key, its label."""

    id: str
    key: str
    label: str
    short: str = ""
    """The label where there is little room; empty: it is cut there."""
    yields: bool = False
    """At the end of a narrow key line it gives its place to what would not fit."""

    @property
    def width(self) -> int:
        """Return its cells on screen."""
        return cell_len(self.key) + 1 + cell_len(self.label)


class ItemLine(Drawn):
    """One line of items; a click presses one."""

    DEFAULT_CSS = """
    ItemLine { height: 1; padding: 0 1; }
    """

    class Pressed(Message):
        """An item was clicked. `id` is the item's."""

        def __init__(self, item_id: str) -> None:
            super().__init__()
            self.id = item_id

    _items: tuple[Item, ...] = ()

    def shown(self, width: int) -> Iterable[Item]:
        """Return the items that are shown in `width` cells, left to right."""
        return self._items

    def gap(self, width: int) -> str:
        """Return what stands between them."""
        return _GAP

    def on_click(self, event: events.Click) -> None:
        """Press the item under the mouse."""
        start, width = 0, self.content_size.width
        x = event.get_content_offset_capture(self).x
        for item in self.shown(width):
            if start <= x < start + item.width:
                self.post_message(self.Pressed(item.id))
                return
            start += item.width + len(self.gap(width))


class AreaBar(ItemLine):
    """The areas with their keys, the one in sight standing out; marks (DEMO, FROZEN) at the right end.

    Where there is little room they stand closer, then the others have their short labels, and then all: every area
    stays in sight. Where that is not enough for several marks, each ends before its first ` · `.
    """

    _current = ""
    _marks: tuple[tuple[str, str], ...] = ()

    def show(self, items: tuple[Item, ...], current: str, marks: tuple[tuple[str, str], ...] = ()) -> None:
        """Show `items`, `current` being an item's id; `marks` are (text, style)."""
        self._items, self._current, self._marks = items, current, marks
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the line."""
        parts = []
        for item in self.shown(width):
            here = item.id == self._current
            parts.append(
                line(
                    (item.key, "bold $account" if here else "$account"),
                    " ",
                    (item.label, "bold underline $title" if here else "$quiet"),
                )
            )
        left = Content(self.gap(width)).join(parts)
        marks = self._marked(width)
        room = max(0, width - marks.cell_length)
        return [Content.assemble(left.truncate(room, ellipsis=True, pad=True), marks)]

    def shown(self, width: int) -> Iterable[Item]:
        """Return the areas, with labels as short as it takes."""
        return self._fitted(width)[0]

    def gap(self, width: int) -> str:
        """Return what stands between them."""
        return self._fitted(width)[1]

    def _fitted(self, width: int) -> tuple[tuple[Item, ...], str]:
        room = width - self._marked(width).cell_length
        for gap in (_GAP, "  "):
            if _width(self._items, gap) < room:
                return self._items, gap
        others = tuple(item if item.id == self._current else _shortened(item) for item in self._items)
        every = tuple(map(_shortened, self._items))
        for items in (others, every):
            if _width(items, "  ") < room:
                return items, "  "
        items = every
        longest = max((cell_len(item.label) for item in items), default=0)
        for most in range(longest - 1, _SHORTEST - 1, -1):
            items = tuple(
                item if item.id == self._current else replace(item, label=cut(item.label, most))
                for item in every
            )
            if _width(items, "  ") < room:
                break
        return items, "  "

    def _marked(self, width: int) -> Content:
        whole = Content(" ").join(Content.styled(f" {text} ", style) for text, style in self._marks)
        short = tuple(map(_shortened, self._items))
        if len(self._marks) < 2 or _width(short, "  ") < width - whole.cell_length:
            return whole
        begun = ((text.partition(" · ")[0], style) for text, style in self._marks)
        return Content(" ").join(Content.styled(f" {text} ", style) for text, style in begun)


def _shortened(item: Item) -> Item:
    return replace(item, label=item.short or item.label)


def _width(items: tuple[Item, ...], gap: str) -> int:
    return sum(item.width for item in items) + len(gap) * max(0, len(items) - 1)


class KeyLine(ItemLine):
    """What the keys do on this screen, most useful first; what does not fit is left to help."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; }
    """

    _tail: tuple[Item, ...] = ()

    def show(self, items: tuple[Item, ...], tail: tuple[Item, ...] = ()) -> None:
        """Show `items` while there is room, and always `tail` (palette, help, quit)."""
        self._items, self._tail = items, tail
        self.redraw()

    def shown(self, width: int) -> Iterable[Item]:
        """Return as many items as fit before the tail."""
        kept = self._before(self._tail, width)
        if len(kept) == len(self._items) or width >= _NARROW:
            return (*kept, *self._tail)
        tail = tuple(item for item in self._tail if not item.yields)
        more = self._before(tail, width)
        return (*more, *tail) if len(more) > len(kept) else (*kept, *self._tail)

    def _before(self, tail: tuple[Item, ...], width: int) -> list[Item]:
        room = width - sum(item.width + len(_GAP) for item in tail)
        kept: list[Item] = []
        for item in self._items:
            room -= item.width + len(_GAP)
            if room < -len(_GAP):
                break
            kept.append(item)
        return kept

    def draw(self, width: int) -> list[Content]:
        """Return the line."""
        return [
            Content(_GAP).join(
                line((item.key, "$account"), " ", (item.label, "$quiet")) for item in self.shown(width)
            )
        ]

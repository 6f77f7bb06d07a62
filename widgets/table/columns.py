"""A table's columns: what each shows of an item, and which of them fit side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from textual.content import Content

from hubsoft_tui.privacy import clean

from ..line_widget import Part, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

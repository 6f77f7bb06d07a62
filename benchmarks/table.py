"""What a benchmark found, as a table for people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100
"""Columns that notes are wrapped to."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading. The first column is text and stands left, the others are figures and stand right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def render(self) -> str:
        """Return the table as text, with its notes below."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        head, *body = (_line(line, widths) for line in lines)
        notes = (f"  {line}" for note in self.notes for line in textwrap.wrap(note, WIDTH - 2))
        return "\n".join((self.title, "", head, "-" * len(head), *body, *notes))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if index else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *others)).rstrip()


def ratio(value: float, base: float) -> str:
    """Write how many times `base` a figure is; a dash when there is nothing to compare with."""
    return f"{value / base:.2f}x" if base else "-"

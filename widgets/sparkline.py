"""Values over time and curves as one-colour block characters: a fraction of the bytes of a coloured sparkline."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from hubsoft_tui.values import dataclass

from .line_widget import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.content import Content


BLOCKS: Final = "▁▂▃▄▅▆▇█"


def blocks(
    values: Sequence[float], width: int, *, low: float | None = None, high: float | None = None
) -> str:
    """Return the last `width` values as one line of blocks, oldest first, between `low` and `high`.

    Without `low` and `high` the values' own extremes are taken; values outside are drawn at the edge.
    """
    return "".join(column[0] for column in _columns(values, width, 1, low, high))


def columns(
    values: Sequence[float], width: int, height: int, *, low: float | None = None, high: float | None = None
) -> list[str]:
    """Return the last `width` values as `height` lines of blocks, top line first."""
    drawn = _columns(values, width, height, low, high)
    return ["".join(column[row] for column in drawn) for row in range(height)]


def _columns(
    values: Sequence[float], width: int, height: int, low: float | None, high: float | None
) -> list[list[str]]:
    shown = values[-width:] if width > 0 else ()
    if not shown or height < 1:
        return []
    floor = min(shown) if low is None else low
    span = (max(shown) if high is None else high) - floor
    steps = len(BLOCKS) * height
    drawn = []
    for value in shown:
        share = (value - floor) / span if span > 0 else 0.0
        # The lowest block says "measured, low"; a gap would say "not measured".
        filled = min(steps, max(1, 1 + int(share * (steps - 1) + 0.5)))
        column = []
        for row in range(height - 1, -1, -1):
            part = filled - row * len(BLOCKS)
            column.append(" " if part <= 0 else BLOCKS[min(part, len(BLOCKS)) - 1])
        drawn.append(column)
    return drawn


DASH: Final = "┄"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that stands at `x` on the curve."""

    x: float
    sign: str
    style: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of x on a logarithmic scale of `width` cells."""

    low: float
    high: float
    width: int

    def cell(self, x: float) -> int:
        """Return the cell that `x` is in, the nearest for one outside."""
        if self.high <= self.low or self.low <= 0:
            return 0
        share = math.log(max(x, 1e-9) / self.low) / math.log(self.high / self.low)
        return min(max(0, round(share * (self.width - 1))), self.width - 1)

    def value(self, cell: int) -> float:
        """Return the x in the middle of a cell."""
        share = cell / max(1, self.width - 1)
        return float(self.low * (self.high / self.low) ** share)


def between(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return y at `x` on straight lines through `points` (x, y), in order of x, x on a logarithmic scale."""
    place = bisect_right(points, (x, math.inf))
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[place - 1], points[place]
    share = math.log(x / left) / math.log(right / left) if right > left > 0 else 0.0
    return low + (high - low) * share


def curve_rows(
    points: Sequence[tuple[float, float]],
    scale: Scale,
    height: int,
    *,
    top: float,
    low: float = 0.0,
    style: str,
    marks: Sequence[Mark] = (),
    limit: float | None = None,
) -> list[Content]:
    """Return `height` lines of `scale.width` cells: the curve from `low` to `top`, `limit` as a dashed line under it.

    Later marks stand over earlier ones.
    """
    drawn = columns(
        [between(points, scale.value(cell)) for cell in range(scale.width)],
        scale.width,
        height,
        low=low,
        high=top,
    )
    signs = {
        (_row(between(points, mark.x) - low, height, top - low), scale.cell(mark.x)): (mark.sign, mark.style)
        for mark in marks
    }
    dashed = _row(limit - low, height, top - low) if limit is not None and limit <= top else None
    return [
        line(
            *_pieces(row, style, {x: sign for (at, x), sign in signs.items() if at == y}, dashed=y == dashed)
        )
        for y, row in enumerate(drawn)
    ]


def _pieces(
    row: str, style: str, signs: Mapping[int, tuple[str, str]], *, dashed: bool
) -> Iterator[tuple[str, str]]:
    """Yield a row's text with its styles, neighbours of one style together: fewer changes to send."""
    nothing = (DASH, "$faint") if dashed else (" ", "")
    cells = (signs.get(x) or (nothing if block == " " else (block, style)) for x, block in enumerate(row))
    for own, group in groupby(cells, key=itemgetter(1)):
        yield "".join(text for text, _style in group), own


def axis(scale: Scale, labels: Sequence[tuple[float, str]]) -> str:
    """Return the labels of x in one line, each under its value, those that would touch another left out."""
    drawn = [" "] * scale.width
    taken = -2
    for x, text in labels:
        middle = scale.cell(x)
        start = min(max(0, middle - len(text) // 2), scale.width - len(text))
        if start > taken + 1 and start >= 0:
            drawn[start : start + len(text)] = text
            taken = start + len(text)
    return "".join(drawn)


def nice_top(value: float) -> float:
    """Return a round number a little above `value`."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value)


def axis_ends(values: Sequence[float]) -> tuple[float, float]:
    """Return round ends of an axis that shows how `values` differ: from 0 unless the least is over half the most."""
    least, most = min(values), max(values)
    if least <= most / 2 or most <= 0:
        return 0.0, nice_top(most)
    step = 10.0 ** math.floor(math.log10(max((most - least) / 3, most / 300)))
    low = max(0.0, (math.floor(least / step) - 1) * step)
    return low, (math.floor(most / step) + 1) * step


def _row(value: float, height: int, top: float) -> int:
    """Return the line in which the curve ends at `value`, 0 at the top."""
    steps = len(BLOCKS) * height
    share = min(max(value / top, 0.0), 1.0) if top > 0 else 0.0
    filled = min(steps, max(1, 1 + int(share * (steps - 1) + 0.5)))
    return height - 1 - (filled - 1) // len(BLOCKS)

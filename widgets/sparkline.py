"""Values over time as one-colour block characters: a fraction of the bytes of a coloured sparkline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

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

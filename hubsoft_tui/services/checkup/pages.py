"""Pages of the roster: how many there are, which size to fall back to, and which row one begins at."""

from __future__ import annotations

from typing import Final

SIZES: Final = (500, 250, 100, 50, 25)
"""Page sizes to fall back to when HubSoft cannot answer a larger one in time. Each divides one before it, so a
smaller page begins where a larger one ended."""
SMALLEST: Final = SIZES[-1]
GROW_AFTER: Final = 4
"""Good pages in a row after which a larger one is tried again."""


def count_pages(rows: int, size: int) -> int:
    """Return how many pages so many rows are; an empty roster is one page too."""
    return max(1, -(-rows // size))


def pages_left(offset: int, total: int, size: int) -> int:
    """Return how many pages are left behind `offset` rows."""
    return 0 if offset >= total else count_pages(total, size) - offset // size


def smaller(size: int) -> int | None:
    """Return the next smaller page size, or None when there is none."""
    return next((each for each in SIZES if each < size), None)


def larger(size: int, most: int) -> int:
    """Return the next larger page size, at most `most`."""
    return min(most, next((each for each in reversed(SIZES) if each > size), most))

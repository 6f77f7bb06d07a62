"""Which page to ask for next in a list that shifts while it is read, and how large it may be.

Rows stand newest first. One that leaves the part already read lets all below it move up, and the first of the
next page would slip past unseen. So pages overlap: they are asked for in sizes whose page numbers fall a few
rows short of what was read, and a page that shares no row with those before it tells of a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

SMALLEST: Final = 20
"""A page that fails at this size is not made smaller."""
MOST_OVERLAP: Final = 10
TRIED: Final = 12
CLEAN_BEFORE_GROWING: Final = 5
MOST_PATIENCE: Final = 320


@dataclass(frozen=True, slots=True)
class Ask:
    """One page: HubSoft counts them from 0 in pages of this very size."""

    page: int
    size: int

    @property
    def first(self) -> int:
        """The first row it holds, counted from 0."""
        return self.page * self.size

    @property
    def after(self) -> int:
        """The first row it no longer holds."""
        return self.first + self.size


def overlap(size: int) -> int:
    """Return how many rows two pages of about this size share: as many may leave between the two."""
    return 0 if size < 4 else min(MOST_OVERLAP, max(1, size // 25))


def next_page(read: int, size: int, shared: int | None = None) -> Ask:
    """Return the page, of at most `size` rows, that reads furthest on from the first `read` rows.

    It repeats at least `shared` of them, `overlap(size)` unless told, where pages are large enough for that.
    """
    if read <= 0:
        return Ask(0, size)
    begin = max(0, read - (overlap(size) if shared is None else shared))
    fewest = max(1, -(-begin // size))
    # The largest size whose page of that number begins early enough; a few numbers on, pages only get smaller.
    asks = [Ask(page, begin // page) for page in range(fewest, fewest + TRIED) if begin >= page]
    best = max(asks, key=lambda ask: ask.after, default=Ask(0, size))
    # Small pages far down a list may have to choose between overlapping and getting on.
    return best if best.after > read else Ask(read // size, size)


def on_from(read: int, size: int, total: int | None) -> Ask:
    """Return the page to ask for after the first `read` of `total` rows; None where the total is unknown.

    Where it spares a page, the last one repeats nothing: then only the total tells whether rows moved.
    """
    overlapping, bare = next_page(read, size), next_page(read, size, 0)
    return bare if total is not None and bare.after >= total > overlapping.after else overlapping


def pages(rows: int, size: int) -> int:
    """Return how many pages it takes to read so many rows; one at least."""
    count, read = 1, size
    while read < rows:
        read = on_from(read, size, rows).after
        count += 1
    return count


class PageSize(msgspec.Struct, frozen=True):
    """How many rows a page may ask for: less after one that was too heavy, more again after a while.

    Kept in the mirror between passes. A failure on growing doubles how long the next try waits.
    """

    size: int
    clean: int = 0
    """Passes since it last changed."""
    patience: int = CLEAN_BEFORE_GROWING
    """Passes before it grows."""

    @property
    def smaller(self) -> PageSize:
        """What to try after a page was too heavy."""
        return PageSize(max(min(self.size, SMALLEST), self.size // 2), 0, self.patience)

    def within(self, most: int) -> PageSize:
        """Return this size as far as the settings allow it."""
        return self if self.size <= most else PageSize(most, self.clean, self.patience)

    def after_pass(self, worked: PageSize, most: int) -> PageSize:
        """Return the size for the next pass, when this one began with `self` and `worked` did."""
        if worked.size < self.size:
            return PageSize(worked.size, 0, min(MOST_PATIENCE, self.patience * 2))
        if self.size >= most:
            return PageSize(most)
        if self.clean + 1 >= self.patience:
            return PageSize(min(most, self.size * 2), 0, self.patience)
        return PageSize(self.size, self.clean + 1, self.patience)

"""Which changes a person has read: all of them while at the board, after an absence those marked as read."""

from __future__ import annotations

from typing import Final

AWAY_SECONDS: Final = 300.0
"""A person who touches nothing for so long was away."""


class Presence:
    """Knows up to which change the person has read. Instants are UTC epoch seconds, numbers those of changes."""

    def __init__(self) -> None:
        self.read_to: int | None = None
        """None before anything is known."""
        self.left_at = 0.0
        """When the person was last here with nothing left to read."""
        self.newest = 0
        self.count = 0
        """How many changes came after `read_to`."""
        self.seen: dict[int, int] = {}
        """Tickets that were opened since, and the change they stood at."""
        self._touched = float("-inf")
        self._behind = False
        """An absence left something to read."""

    def begin(self, read_to: int | None, left_at: float, newest: int, now: float) -> None:
        """Go on from where the person left; at the very first start everything is read."""
        self.newest = newest
        self.read_to = newest if read_to is None else min(read_to, newest)
        self.left_at = left_at or now
        self._touched = now
        self._behind = self.newest > self.read_to
        if not self._behind:
            self.left_at = now

    def touch(self, now: float) -> None:
        """Note that the person is here. What came since the last touch is read, unless that was an absence."""
        if self.read_to is None:
            return
        if now - self._touched > AWAY_SECONDS and self.newest > self.read_to:
            self._behind = True
        self._touched = now
        if not self._behind:
            self.read_to, self.left_at, self.count = self.newest, now, 0

    def leave(self) -> None:
        """Note that the person looks at something else."""
        self._touched = float("-inf")

    def unread(self, now: float) -> bool:
        """Whether there is something to read since an absence."""
        return (
            self.read_to is not None
            and self.newest > self.read_to
            and (self._behind or now - self._touched > AWAY_SECONDS)
        )

    def mark(self, now: float) -> None:
        """Count every change as read."""
        self._behind, self._touched = False, now
        self.touch(now)
        self.seen.clear()

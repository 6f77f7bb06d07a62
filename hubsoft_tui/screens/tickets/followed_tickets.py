"""What the tickets screen knows: rows, their counts, the last changes, how syncing goes and what a person has read."""

from __future__ import annotations

import gc
from collections import deque
from typing import TYPE_CHECKING, Final

from widgets.tickets.counts import TicketTally

if TYPE_CHECKING:
    from hubsoft_tui.services.tickets.types import Change, Delta, SyncStatus, TicketRow

KEPT_CHANGES: Final = 300


class FollowedTickets:
    """Every followed ticket as of `version`. It outlives the widgets that draw it."""

    def __init__(self) -> None:
        self.version = 0
        self.loaded = False
        """The mirror was read once: an empty one is empty."""
        self.rows: dict[int, TicketRow] = {}
        self.changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self.tally = TicketTally((), 0.0, "")
        self.status: SyncStatus | None = None
        self.status_at = 0.0

    def apply_delta(self, delta: Delta, me: str, now: float) -> None:
        """Put `delta` on top of what is known at `now`; `me` is the folded name that counts as mine."""
        if delta.whole:
            self.rows = {row.id: row for row in delta.rows}
            self.changes.clear()
            self.count(now, me)
            _spare_the_collector()
        else:
            for row in delta.rows:
                self.add(row)
            for ticket_id in delta.removed:
                self.tally.change(self.rows.pop(ticket_id, None), None)
        newest = self.changes[-1].number if self.changes else -1
        self.changes.extend(change for change in delta.changes if change.number > newest)
        self.version, self.loaded = delta.version, True

    def add(self, row: TicketRow) -> None:
        """Take over one ticket, new or changed."""
        self.tally.change(self.rows.get(row.id), row)
        self.rows[row.id] = row

    def count(self, now: float, me: str) -> None:
        """Count every ticket anew: at another instant others are late, or changed today."""
        self.tally = TicketTally(self.rows.values(), now, me)

    def set_status(self, status: SyncStatus, now: float) -> None:
        """Take over how syncing goes."""
        self.status, self.status_at = status, now


def _spare_the_collector() -> None:
    """Keep Python's garbage collector from walking every ticket again and again.

    Rows hold no cycles, and 20,000 of them would keep a key waiting for a tenth of a second each time.
    """
    gc.unfreeze()
    gc.freeze()


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
        self._old: float | None = None
        """When the last pass began, while what happened in the absence may not be known here yet."""

    def begin(
        self, read_to: int | None, left_at: float, newest: int, now: float, passed: float = 0.0
    ) -> None:
        """Go on from where the person left; at the very first start everything is read.

        `passed` is when the last pass began: what the next one finds after a long silence happened in the absence.
        """
        self._old = passed if read_to is not None and now - passed > AWAY_SECONDS else None
        self.newest = newest
        self.read_to = newest if read_to is None else min(read_to, newest)
        self.left_at = left_at or now
        self._touched = now
        self._behind = self.newest > self.read_to
        if not self._behind and self._old is None:
            self.left_at = now

    def passed(self, began: float) -> None:
        """Take note of the last pass: the first after a silence tells what happened in the absence."""
        if self._old is not None and began != self._old:
            self._old = None
            self._behind = self.read_to is not None and self.newest > self.read_to

    def touch(self, now: float) -> None:
        """Note that the person is here. What came since the last touch is read, unless that was an absence."""
        if self.read_to is None or self._old is not None:
            return
        if now - self._touched > AWAY_SECONDS and self.newest > self.read_to:
            self._behind = True
        self._touched = now
        if not self._behind:
            self.read_to, self.left_at, self.count = self.newest, now, 0
            self.seen.clear()

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
        self._behind, self._touched, self._old = False, now, None
        self.touch(now)

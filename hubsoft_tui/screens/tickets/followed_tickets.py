"""What the tickets screen knows: rows, their counts, the last changes and how syncing goes."""

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

"""What the tickets screen knows: rows, the last changes and how syncing goes, kept from one look to the next."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hubsoft_tui.services.tickets.types import Change, Delta, SyncStatus, TicketRow

KEPT_CHANGES: Final = 300


class Followed:
    """Every followed ticket as of `version`. It outlives the widgets that draw it."""

    def __init__(self) -> None:
        self.version = 0
        self.loaded = False
        """The mirror was read once: an empty one is empty."""
        self.rows: dict[int, TicketRow] = {}
        self.changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self.status: SyncStatus | None = None

    def take(self, delta: Delta) -> None:
        """Put `delta` on top of what is known."""
        if delta.whole:
            self.rows.clear()
            self.changes.clear()
        self.rows.update((row.id, row) for row in delta.rows)
        for ticket_id in delta.removed:
            self.rows.pop(ticket_id, None)
        newest = self.changes[-1].number if self.changes else -1
        self.changes.extend(change for change in delta.changes if change.number > newest)
        self.version, self.loaded = delta.version, True

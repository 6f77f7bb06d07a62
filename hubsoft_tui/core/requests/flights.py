"""The questions on their way from this home: a process announces what it asks, the others look again in a moment."""

from __future__ import annotations

from typing import Final

from ...errors import HubSoftError
from ..clock import Clock
from ..ports import Look, RecordPort, StoredEntry
from ..types import Priority

LOOK_SECONDS: Final = 0.05


class LocalFlights:
    """A FlightPort of the processes on one home; who waits finds the answer among the records."""

    seconds = 15.0

    def __init__(self, records: RecordPort, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def look(self, key: str, priority: Priority, max_age: float, before: Look | None) -> Look:
        """Begin to ask, unless a living process does so at least as urgently. Raises StoreError."""
        return Look(mine=self._records.claim(key, priority, self.seconds))

    async def renew(self, key: str, priority: Priority, look: Look) -> None:
        """Say that the question is still on its way. Raises StoreError."""
        self._records.claim(key, priority, self.seconds)

    async def heard(self, key: str) -> None:
        """Wait a moment."""
        await self._clock.sleep(LOOK_SECONDS)

    def landed(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        """Keep the answer. Raises StoreError."""
        self._records.save(entries, ended=key)

    def failed(self, key: str, look: Look, error: HubSoftError | None) -> None:
        """Let the others ask. Raises StoreError."""
        self._records.unclaim(key)

"""Forms that were begun and not sent, kept on this home until they are sent or a person gives them up."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.clock import Clock
from ..store.drafts import Dropped, KeptDraft, SqliteDrafts
from .serial_thread import SerialThread


class DraftBox:
    """Lives in the engine's loop; a flush to a slow disk must not hold it up."""

    def __init__(self, store: SqliteDrafts, clock: Clock) -> None:
        self._lane = SerialThread("drafts", lambda: store, clock)

    async def all(self) -> tuple[KeptDraft, ...]:
        """Return every draft, newest first. Raises StoreError."""
        return await self._lane.run(lambda store: store.all())

    async def write(self, changes: Sequence[KeptDraft | Dropped]) -> None:
        """Have `changes` on disk, safe from a crash and a power cut, when it returns. Raises StoreError."""
        await self._lane.run(lambda store: store.write(changes))

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._lane.close()

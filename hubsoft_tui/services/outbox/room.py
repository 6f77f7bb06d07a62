"""The outbox's file, worked on in a thread of its own: a flush to a slow disk must not hold up the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from ...core.clock import Clock
from ...errors import Closed, StoreBusy
from ...store.outbox import SqliteOutbox
from ...texts import say

T = TypeVar("T")

BUSY_SECONDS: Final = 10.0
"""How long another process may hold the file before anybody hears of it."""
PAUSE_SECONDS: Final = 0.02


class Room:
    """Runs what is to be done with the store, one thing after the other. Lives in the engine's loop."""

    def __init__(self, store: SqliteOutbox, clock: Clock, *, aside: bool = True) -> None:
        """Without `aside` the work is done in the loop itself: virtual time does not wait for threads."""
        self._store = store
        self._clock = clock
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hubsoft-outbox") if aside else None

    async def do(self, work: Callable[[SqliteOutbox], T]) -> T:
        """Return what `work` returns; patient while the file is busy. Raises StoreError, Closed.

        A caller that is cancelled meanwhile does not stop the work.
        """
        if self._closed:
            raise Closed(say("The engine is closed."))
        until = self._clock.now() + BUSY_SECONDS
        while True:
            try:
                if self._thread is None:
                    return work(self._store)
                return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._store)
            except StoreBusy:
                if self._clock.now() >= until:
                    raise
            await self._clock.sleep(PAUSE_SECONDS)

    def close(self) -> None:
        """Finish what is being done and end the thread; what comes later raises Closed."""
        self._closed = True
        if self._thread is not None:
            self._thread.shutdown()

"""A thread with one connection to the mirror of its own: heavy reading and writing stay off the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from ...core.clock import Clock
from ...errors import Closed, StoreBusy
from ...store.mirror import Mirror
from ...texts import say

T = TypeVar("T")

PATIENCE_SECONDS: Final = 20.0
"""How long a busy file is tried again before somebody is told."""
AGAIN_SECONDS: Final = 0.05


class Lane:
    """Runs one thing after the other, in its own thread. The mirror is opened when the first needs it."""

    def __init__(self, opened: Callable[[], Mirror], clock: Clock, name: str) -> None:
        self._opened = opened
        self._clock = clock
        self._mirror: Mirror | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"hubsoft-{name}")
        self._closed = False

    @property
    def mirror(self) -> Mirror | None:
        """The mirror, once it is open; for looking at what it was opened as."""
        return self._mirror

    async def run(self, work: Callable[[Mirror], T]) -> T:
        """Run `work` in the thread and return its result; while another process writes, try again patiently.

        What `work` writes must be one transaction. Raises StoreError.
        """
        until = self._clock.now() + PATIENCE_SECONDS
        while True:
            if self._closed:
                raise Closed(say("The engine is closed."))
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
            except StoreBusy:
                if self._clock.now() >= until:
                    raise
            await self._clock.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        """Wait for what is going on, and close the connection."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
            self._thread.shutdown(wait=False)

    def _do(self, work: Callable[[Mirror], T]) -> T:
        if self._mirror is None:
            self._mirror = self._opened()
        return work(self._mirror)

    def _shut(self) -> None:
        if self._mirror is not None:
            self._mirror.close()

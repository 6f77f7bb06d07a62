"""The check-ups' files, reached from the engine's loop: a thread of their own does the reading and writing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final, TypeVar

from ...core.clock import Clock
from ...errors import StoreBusy
from ...store.checkups import Checkups
from ...store.decisions import Decisions
from ...store.notices import Notices
from ...store.rosters import Rosters

T = TypeVar("T")

TRIES: Final = 200
TRY_AGAIN_SECONDS: Final = 0.05


class Shelf:
    """Runs work on the files one piece after another. Lives in the engine's loop."""

    def __init__(
        self,
        checkups: Checkups,
        decisions: Decisions,
        rosters: Rosters,
        notices: Notices,
        *,
        clock: Clock,
        executor: Executor | None = None,
    ) -> None:
        self.checkups = checkups
        self.decisions = decisions
        self.rosters = rosters
        self.notices = notices
        self._clock = clock
        self._executor = executor or ThreadPoolExecutor(1, "hubsoft-checkups")

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do `work` in the files' thread; another process's writing is waited for. Raises StoreError."""
        for _try in range(TRIES):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._executor, work)
            except StoreBusy:
                await self._clock.sleep(TRY_AGAIN_SECONDS)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """End the thread once what it has begun is done."""
        self._executor.shutdown(wait=True)

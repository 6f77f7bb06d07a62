"""The check-ups' files, reached from the engine's loop: a thread of their own does the reading and writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...core.clock import Clock
from ...store.checkup_results import Decisions
from ...store.checkups import Checkups
from ...store.command_queue import Notices
from ...store.rosters import Rosters
from ..serial_thread import Lane

T = TypeVar("T")


class Shelf:
    """Three stores over one file, and the lane that work on them takes. Lives in the engine's loop."""

    def __init__(
        self,
        checkups: Checkups,
        decisions: Decisions,
        rosters: Rosters,
        notices: Notices,
        clock: Clock,
        *,
        aside: bool = True,
    ) -> None:
        """Without `aside` the work is done in the loop itself."""
        self.checkups = checkups
        self.decisions = decisions
        self.rosters = rosters
        self.notices = notices
        self._lane = Lane("checkups", lambda: None, clock, aside=aside)

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do `work` in the files' thread; another process's writing is waited for. Raises StoreError, Closed."""
        return await self._lane.run(lambda _nothing: work())

    async def close(self) -> None:
        """End the thread once what it has begun is done."""
        await self._lane.close()

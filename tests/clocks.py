"""A clock that a test moves by hand; `tests.virtual` has the one that moves an event loop with it."""

from __future__ import annotations

import asyncio


class HandClock:
    """Stands still until it is told otherwise; `wall` and `now` can be moved apart."""

    def __init__(self, now: float = 1000.0, wall: float = 1_795_000_000.0, epoch: str = "boot") -> None:
        self._now = now
        self._wall = wall
        self._epoch = epoch

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall

    def epoch(self) -> str:
        return self._epoch

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._wall += seconds

    def step_wall(self, seconds: float) -> None:
        self._wall += seconds

    def reboot(self) -> None:
        self._epoch += "'"
        self._now = 5.0

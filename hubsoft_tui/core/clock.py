"""Time as the engine sees it: one clock for durations, one for dates, one way to sleep; all injectable."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import Protocol

from ..formats import day_of


class Clock(Protocol):
    """What the engine asks of time."""

    def now(self) -> float:
        """Seconds on a clock that never steps and goes on during suspend; the same for every process."""
        ...

    def wall(self) -> float:
        """UTC epoch seconds; may step either way."""
        ...

    def epoch(self) -> str:
        """Name what `now` counts from: values of two different epochs must not be compared."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, possibly longer when the machine was suspended; callers look at `now` again."""
        ...


class SystemClock:
    """The machine's clocks. `now` is CLOCK_BOOTTIME where there is one: CLOCK_MONOTONIC stops in suspend."""

    def __init__(self) -> None:
        self._id = getattr(time, "CLOCK_BOOTTIME", None)
        self._epoch = _boot_name()

    def now(self) -> float:
        """Seconds since the machine started, suspends included."""
        return time.monotonic() if self._id is None else time.clock_gettime(self._id)

    def wall(self) -> float:
        """UTC epoch seconds."""
        return time.time()

    def epoch(self) -> str:
        """Name this boot of the machine."""
        return self._epoch

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        import asyncio  # noqa: PLC0415 - heavy: a question from memory waits for nothing

        await asyncio.sleep(max(0.0, seconds))


def today(clock: Clock) -> date:
    """Return the day it is at HubSoft."""
    return day_of(clock.wall())


def _boot_name() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        # Without a boot id: the moment of boot, coarse enough that clock corrections do not rename it. When
        # one does, the only effect is a window's wait.
        return f"{sys.platform}:{round((time.time() - time.monotonic()) / 60)}"

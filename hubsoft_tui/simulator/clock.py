"""The simulator's own time: it starts where it is told and runs at the rate it is told."""

from __future__ import annotations

import time


class SimClock:
    """Epoch seconds that begin at `start` (now, if None) and advance `rate` times as fast as real ones.

    With a rate of 0 time stands still until `advance`.
    """

    def __init__(self, start: float | None = None, rate: float = 1.0) -> None:
        self.start = float(int(time.time() if start is None else start))
        self._rate = rate
        self._begun = time.monotonic()
        self._added = 0.0

    def now(self) -> float:
        """Return the simulated epoch second."""
        return self.start + self._added + (time.monotonic() - self._begun) * self._rate

    def advance(self, seconds: float) -> None:
        """Jump `seconds` ahead."""
        self._added += seconds

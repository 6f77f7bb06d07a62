"""A clock that runs as the machine's does, from another date."""

from __future__ import annotations

from datetime import datetime

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.formats import BRASILIA


class From(SystemClock):
    """It is `moment` now, at Brasília."""

    def __init__(self, *moment: int) -> None:
        super().__init__()
        self.start = datetime(*moment, tzinfo=BRASILIA).timestamp()  # type: ignore[misc, arg-type]
        self._began = self.now()

    def wall(self) -> float:
        return self.start + self.now() - self._began

    def jump(self, seconds: float) -> None:
        self.start += seconds

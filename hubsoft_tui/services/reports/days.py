"""Days as HubSoft counts them: where they begin and end, and their hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ...formats import ONE_DAY, at, start_of

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One day as a stretch of time, `[since, until)` in epoch seconds."""

    day: date
    since: float
    until: float

    @property
    def hours(self) -> list[tuple[float, int]]:
        """When each hour began, and which one a clock at HubSoft showed then."""
        count = round((self.until - self.since) / HOUR)
        begun = [self.since + HOUR * number for number in range(count)]
        return [(since, at(since).hour) for since in begun]


def stretch(day: date) -> Stretch:
    """Return the day from midnight to midnight."""
    return Stretch(day, start_of(day), start_of(day + ONE_DAY))

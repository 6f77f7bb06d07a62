"""Local days: where they begin and end, and their hours, when the clocks change too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One day as a stretch of time, `[since, until)` in epoch seconds: 23 to 25 hours long."""

    day: date
    since: float
    until: float

    @property
    def hours(self) -> list[tuple[float, int]]:
        """When each hour began, and which one the wall clock showed then."""
        count = round((self.until - self.since) / HOUR)
        begun = [self.since + HOUR * number for number in range(count)]
        return [(since, datetime.fromtimestamp(since).astimezone().hour) for since in begun]


def stretch(day: date) -> Stretch:
    """Return the day from local midnight to local midnight."""
    return Stretch(day, _midnight(day), _midnight(day + timedelta(days=1)))


def day_of(wall: float) -> date:
    """Return the local day of an instant (epoch s)."""
    return datetime.fromtimestamp(wall).astimezone().date()


def _midnight(day: date) -> float:
    # The local clock's, and not `astimezone()`: where clocks change at midnight that would go back an hour.
    return datetime.combine(day, time()).timestamp()

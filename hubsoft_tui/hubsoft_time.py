"""HubSoft's time, which is Brasília's: what people read is in it, wherever the console runs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

BRASILIA: Final = timezone(timedelta(hours=-3), "BRT")
"""HubSoft writes naive local times; every recorded row is exactly 3 h behind its epoch twin."""
DAY_SECONDS: Final = 86_400.0
ONE_DAY: Final = timedelta(days=1)


def at(instant: float) -> datetime:
    """Return an instant (UTC epoch seconds) as a clock at HubSoft shows it. Raises as `fromtimestamp` does."""
    return datetime.fromtimestamp(instant, BRASILIA)


def iso(instant: float, timespec: str = "seconds") -> str:
    """Return an instant for other programs: ISO 8601 with its offset."""
    return at(instant).isoformat(timespec=timespec)


def day_of(instant: float) -> date:
    """Return the day of an instant: it begins at three in the morning UTC."""
    return at(instant).date()


def start_of(day: date) -> float:
    """Return the instant (UTC epoch seconds) at which a day begins."""
    return datetime.combine(day, time(), BRASILIA).timestamp()

"""Days as HubSoft counts them: at Brasília, where they begin at three in the morning UTC."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from ..api.models import BRASILIA

DAY_SECONDS: Final = 86_400.0
ONE_DAY: Final = timedelta(days=1)


def day_of(moment: float) -> date:
    """Return the day of an instant (UTC epoch seconds)."""
    return datetime.fromtimestamp(moment, BRASILIA).date()


def start_of(day: date) -> float:
    """Return the instant (UTC epoch seconds) at which a day begins."""
    return datetime.combine(day, time(), BRASILIA).timestamp()

"""Keeping house: days that are over are added up and kept; only then do the rows they were made from go."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

from ...formats import DAY, day_of
from ...settings.tree import Settings
from ...store.database import open_database
from ...store.reports import MIGRATIONS, KeptDay, ReportStore
from ...store.trace_reading import KEPT_HOUSE, TraceReader, count_rows
from ...store.trace_writer import TraceStore
from .aggregate import add_up
from .days import Stretch, stretch
from .types import DayReport

EVERY_SECONDS: Final = 3600.0
SETTLED_SECONDS: Final = 600.0
"""A day is added up this long after its end: other processes write what they hold in their memory first."""
LATE_DAYS: Final = 3
"""A machine that slept writes the last rows of a day when it wakes: for so long a kept day is looked at again."""


class House:
    """What the trace's writer does once an hour, for every account of the home."""

    def __init__(self, path: Path, settings: Settings, wall: Callable[[], float]) -> None:
        self._path = path
        self._settings = settings
        self._wall = wall

    def keep(self, trace: TraceStore) -> None:
        """Add up and trim, unless another process just did. Raises StoreError."""
        now, settings = self._wall(), self._settings
        if 0 <= now - trace.mark(KEPT_HOUSE) < EVERY_SECONDS:
            return
        oldest_kept = day_of(now - settings.reports.keep_days * DAY)
        with closing(open_database(self._path, MIGRATIONS)) as database:
            for account in trace.accounts():
                kept = ReportStore(database, account)
                keep_days(trace.of(account), kept, now)
                kept.drop(oldest_kept.isoformat())
        trace.trim(before=now - settings.trace.keep_days * DAY, max_rows=settings.trace.max_rows)
        trace.set_mark(KEPT_HOUSE, now)


def keep_days(trace: TraceReader, kept: ReportStore, now: float) -> None:
    """Keep every day that is over and not kept yet, or not whole because its last rows came late."""
    oldest = trace.oldest()
    if oldest is None:
        return
    there = {each.day: each for each in kept.days()}
    for day in days_over(oldest, now):
        before = there.get(day.day.isoformat())
        late = before is not None and day.until > now - LATE_DAYS * DAY
        if before is None or (late and count_rows(trace, day.since, day.until) > before.rows):
            report = add_up(trace, day)
            if report.rows:
                keep(kept, report)


def days_over(since: float, now: float) -> list[Stretch]:
    """Return the days from that of `since` (epoch s) on that are over and settled, oldest first."""
    days: list[Stretch] = []
    day: date = day_of(since)
    while (found := stretch(day)).until + SETTLED_SECONDS <= now:
        days.append(found)
        day += timedelta(days=1)
    return days


def keep(kept: ReportStore, report: DayReport) -> None:
    """Keep one report. Raises StoreError."""
    total = report.total
    head = KeptDay(
        report.day.isoformat(),
        total.questions,
        total.requests,
        total.saved,
        total.errors,
        total.rate_limited,
        report.rows,
    )
    kept.save(head, msgspec.json.encode(report))

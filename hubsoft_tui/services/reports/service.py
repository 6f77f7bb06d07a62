"""The reports as screens and commands ask for them; reading is done in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec

from ...core.clock import Clock
from ...core.trace import NaiveRow
from ...store import reports, trace_reading
from ...store.database import open_database
from ...store.trace_sums import count_rows
from ...texts import Text
from .days import day_of, stretch
from .house import LATE_DAYS
from .sums import add_up
from .types import DayHead, DayReport

T = TypeVar("T")

LISTED: Final = 60
"""Days a list shows unless more are asked for."""


class Writer(Protocol):
    """What the reports need of whoever writes the trace."""

    @property
    def trouble(self) -> Text | str | None:
        """Why nothing is written, as a sentence; None while all is well."""
        ...

    def flush(self) -> None:
        """Wait until what was handed in is written, or could not be."""
        ...

    def noted(self, row: NaiveRow) -> None:
        """Take what a pass saved."""
        ...


class Reports:
    """The service; lives in the engine's loop. Days are local: from midnight to midnight on this machine's clock."""

    def __init__(self, *, trace: Path, kept: Path, account: str, writer: Writer | None, clock: Clock) -> None:
        self._trace = trace
        self._kept = kept
        self._account = account
        self._writer = writer
        self._clock = clock
        self._files = ExitStack()
        self._opened: tuple[trace_reading.TraceReader, reports.ReportStore] | None = None
        self._latest: DayReport | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hubsoft-reports")

    @property
    def trouble(self) -> Text | str | None:
        """Why nothing is added to the reports at the moment, as a sentence; None while all is well."""
        return self._writer.trouble if self._writer is not None else None

    @property
    def tracing(self) -> bool:
        """Whether the settings want a trace; without one there is nothing to report."""
        return self._writer is not None

    def today(self) -> date:
        """Return the local day it is."""
        return day_of(self._clock.wall())

    async def day(self, day: date) -> DayReport:
        """Return the report of a day; of one without questions, an empty one. Raises StoreError."""
        return await self._read(lambda trace, kept: self._report(trace, kept, day))

    async def days(self, most: int = LISTED) -> tuple[DayHead, ...]:
        """Return the days there is something of, newest first, at most `most`. Raises StoreError."""
        return await self._read(lambda trace, kept: self._heads(trace, kept, most))

    def note_naive(self, caller: str, naive: int, requests: int) -> None:
        """Add to today what a pass over many saved: it spent `requests` where one for each would be `naive`.

        It stands in place of the questions of the same `caller` in what the day saved. Returns at once.
        """
        if self._writer is not None:
            self._writer.noted(NaiveRow(self._clock.wall(), caller, naive, requests))

    async def close(self) -> None:
        """Close the files."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._files.close)
        self._thread.shutdown(wait=False)

    async def _read(self, work: Callable[[trace_reading.TraceReader, reports.ReportStore], T]) -> T:
        def read() -> T:
            if self._writer is not None:
                self._writer.flush()
            return work(*self._open())

        return await asyncio.get_running_loop().run_in_executor(self._thread, read)

    def _open(self) -> tuple[trace_reading.TraceReader, reports.ReportStore]:
        if self._opened is None:
            with ExitStack() as stack:
                trace = open_database(self._trace, trace_reading.MIGRATIONS)
                stack.callback(trace.close)
                kept = open_database(self._kept, reports.MIGRATIONS)
                stack.callback(kept.close)
                self._files = stack.pop_all()
            self._opened = (
                trace_reading.TraceReader(trace, self._account),
                reports.ReportStore(kept, self._account),
            )
        return self._opened

    def _report(self, trace: trace_reading.TraceReader, kept: reports.ReportStore, day: date) -> DayReport:
        body = kept.load(day.isoformat())
        if body is not None:
            # Of another version's shape, it is made again while its rows are there.
            with contextlib.suppress(msgspec.MsgspecError):
                return msgspec.json.decode(body, type=DayReport)
        wanted = stretch(day)
        if (
            self._latest is None
            or self._latest.day != day
            or count_rows(trace, wanted.since, wanted.until) != self._latest.rows
        ):
            self._latest = add_up(trace, wanted)
        return self._latest

    def _heads(
        self, trace: trace_reading.TraceReader, kept: reports.ReportStore, most: int
    ) -> tuple[DayHead, ...]:
        over = {
            date.fromisoformat(each.day): DayHead(
                date.fromisoformat(each.day),
                each.questions,
                each.requests,
                each.saved,
                each.errors,
                each.rate_limited,
            )
            for each in kept.days()[:most]
        }
        for day in self._recent(trace):
            if day not in over and (report := self._report(trace, kept, day)).rows:
                over[day] = head_of(report)
        return tuple(over[day] for day in sorted(over, reverse=True)[:most])

    def _recent(self, trace: trace_reading.TraceReader) -> list[date]:
        """Return the days whose rows may not have been added up yet, today among them, oldest first."""
        oldest, today = trace.oldest(), self.today()
        if oldest is None:
            return []
        days = min((today - day_of(oldest)).days, LATE_DAYS)
        return [today - timedelta(days=back) for back in range(days, -1, -1)]


def head_of(report: DayReport) -> DayHead:
    """Return the few figures of a report that a list of days shows."""
    total = report.total
    return DayHead(report.day, total.questions, total.requests, total.saved, total.errors, total.rate_limited)

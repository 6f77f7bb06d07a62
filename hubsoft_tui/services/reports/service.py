"""The reports. Days that are over are added up and kept, and only then do their rows go.

The last hour is read by minutes, and with it who used the budget: every program of the home together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date, timedelta
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ...core.clock import Clock
from ...core.telemetry.trace import NaiveRow
from ...formats import DAY, day_of
from ...settings.tree import Settings
from ...store import reports, trace_reader
from ...store.database import open_database
from ...store.reports import MIGRATIONS, KeptDay, ReportStore
from ...store.rescue import decoded
from ...store.trace_reader import KEPT_HOUSE, MINUTE_SPAN, TraceReader, count_rows
from ...store.trace_writer import TraceStore, TraceWriter
from ...texts import Text, say
from ..serial_thread import SerialThread
from .aggregate import Stretch, SumHeap, add_up, stretch
from .figures import Sums
from .types import ActionCount, BudgetUse, DayHead, DayReport, LastHour, MinuteSums, Overview, SoFar

if TYPE_CHECKING:
    from ...store.trace_reader import TraceReader

MINUTES: Final = 60
MINUTE: Final = float(MINUTE_SPAN)
LATE_MINUTES: Final = 3
"""A request is written when it ends, under the minute it was sent in: so many minutes are read again."""


class HourReader:
    """Reads the hour; minutes that are over are kept, so that a look costs a few minutes' rows. One thread's."""

    def __init__(self) -> None:
        self._kept: dict[float, MinuteSums] = {}

    def read(self, trace: TraceReader, now: float) -> LastHour:
        """Return the hour before `now` (epoch s). Raises StoreError."""
        running = now // MINUTE * MINUTE
        wanted = [running - MINUTE * back for back in range(MINUTES - 1, -1, -1)]
        settled = running - LATE_MINUTES * MINUTE
        kept = {since: self._kept[since] for since in wanted if since < settled and since in self._kept}
        first = next(since for since in wanted if since not in kept)
        read = _minutes(trace, first, running + MINUTE)
        found = {since: kept.get(since) or MinuteSums(since, read.get(since, Sums())) for since in wanted}
        self._kept = found
        return LastHour(tuple(found.values()), _uses(trace, now))


def _minutes(trace: TraceReader, since: float, until: float) -> dict[float, Sums]:
    heaps: defaultdict[int, SumHeap] = defaultdict(SumHeap)
    for asked in trace_reader.asked(trace, since, until, MINUTE_SPAN):
        heaps[asked.hour].ask(asked)
    for sent in trace_reader.sent(trace, since, until, MINUTE_SPAN):
        heaps[sent.hour].send(sent)
    return {since + MINUTE * number: heap.sums() for number, heap in heaps.items()}


def _uses(trace: TraceReader, now: float) -> tuple[BudgetUse, ...]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in trace_reader.sent(trace, now - MINUTE, now + MINUTE):
        if row.sent:
            counts[row.person, row.program][row.caller] += 1
    uses = (BudgetUse(*key, tuple(callers.most_common())) for key, callers in counts.items())
    return tuple(sorted(uses, key=lambda use: (-use.requests, use.person, use.program)))


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
        if not trace.house_due(now):
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
    head = KeptDay(*(report.day.isoformat(), *_HEAD(report.total), report.rows))
    kept.save(head, msgspec.json.encode(report))


_HEAD: Final = attrgetter("questions", "requests", "saved", "errors", "rate_limited")
"""The few figures of a day that a list of days shows."""
LISTED: Final = 60
"""Days a list shows unless more are asked for."""


class ReportReader:
    """The reports of one account. Opens the files when first asked; every method raises StoreError."""

    def __init__(self, trace: Path, kept: Path, account: str, clock: Clock) -> None:
        self._trace = trace
        self._kept = kept
        self._account = account
        self._clock = clock
        self._files = ExitStack()
        self._opened: tuple[trace_reader.TraceReader, reports.ReportStore] | None = None
        self._latest: DayReport | None = None
        self._hour = HourReader()

    def today(self) -> date:
        """Return the local day it is."""
        return day_of(self._clock.wall())

    def day(self, day: date) -> DayReport:
        """Return the report of a day; of one without questions, an empty one."""
        trace, kept = self._open()
        body = kept.load(day.isoformat())
        # One that cannot be read is made again while its rows are there.
        if body is not None and (whole := decoded(body, DayReport)) is not None:
            return whole
        wanted, latest = stretch(day), self._latest
        rows = count_rows(trace, wanted.since, wanted.until)
        if latest is None or (latest.day, latest.rows) != (day, rows):
            latest = self._latest = add_up(trace, wanted)
        return latest

    def days(self, most: int = LISTED) -> tuple[DayHead, ...]:
        """Return the days there is something of, newest first, at most `most`."""
        trace, kept = self._open()
        heads = (DayHead(date.fromisoformat(each.day), *_HEAD(each)) for each in kept.days()[:most])
        found = {head.day: head for head in heads}
        for day in self._recent(trace):
            if day not in found and (report := self.day(day)).rows:
                found[day] = head_of(report)
        return tuple(found[day] for day in sorted(found, reverse=True)[:most])

    def overview(self, day: date | None = None, most: int = LISTED) -> Overview:
        """Return the list of days, and `day` in full, or the newest."""
        days, today = self.days(most), self.today()
        listed = {head.day for head in days}
        wanted = day if day in listed or not days else days[0].day
        return Overview(days, self.day(wanted or today), today)

    def hour(self) -> LastHour:
        """Return the last hour by minutes, and who used the budget in the last one."""
        return self._hour.read(self._open()[0], self._clock.wall())

    def last_answer(self) -> float | None:
        """When HubSoft last answered a request, whatever it said (epoch s); None when it never did."""
        return self._open()[0].last_answer()

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        self._opened = None

    def _open(self) -> tuple[trace_reader.TraceReader, reports.ReportStore]:
        if self._opened is None:
            with ExitStack() as stack:
                trace = open_database(self._trace, trace_reader.MIGRATIONS, senses=trace_reader.SENSES)
                stack.callback(trace.close)
                kept = open_database(self._kept, reports.MIGRATIONS)
                stack.callback(kept.close)
                self._files = stack.pop_all()
            self._opened = (
                trace_reader.TraceReader(trace, self._account),
                reports.ReportStore(kept, self._account),
            )
        return self._opened

    def _recent(self, trace: trace_reader.TraceReader) -> list[date]:
        """Return the days whose rows may not have been added up yet, today among them, oldest first."""
        oldest, today = trace.oldest(), self.today()
        if oldest is None:
            return []
        days = min((today - day_of(oldest)).days, LATE_DAYS)
        return [today - timedelta(days=back) for back in range(days, -1, -1)]


def head_of(report: DayReport) -> DayHead:
    """Return the few figures of a report that a list of days shows."""
    return DayHead(report.day, *_HEAD(report.total))


T = TypeVar("T")


class Reports:
    """The service; lives in the engine's loop. Days are local: from midnight to midnight on this machine's clock."""

    def __init__(
        self,
        reader: ReportReader,
        writer: TraceWriter | None,
        clock: Clock,
        actions: Callable[[date], tuple[ActionCount, ...]] = lambda _day: (),
    ) -> None:
        """`actions` returns what the trail says was done on a day."""
        self._reader = reader
        self._writer = writer
        self._actions = actions
        self._clock = clock
        self._thread = SerialThread("reports", lambda: reader, clock, closed=ReportReader.close)

    @property
    def trouble(self) -> Text | str | None:
        """Why nothing is added to the reports at the moment, as a sentence; None while all is well."""
        if self._writer is None:
            return say("The setting trace.enabled is false.")
        return self._writer.trouble

    def today(self) -> date:
        """Return the local day it is."""
        return self._reader.today()

    async def day(self, day: date) -> DayReport:
        """Return the report of a day; of one without questions, an empty one. Raises StoreError."""
        return self._with_actions(await self._read(lambda reader: reader.day(day)))

    async def days(self, most: int = LISTED) -> tuple[DayHead, ...]:
        """Return the days there is something of, newest first, at most `most`. Raises StoreError."""
        return await self._read(lambda reader: reader.days(most))

    async def overview(self, day: date | None = None, most: int = LISTED) -> Overview:
        """Return the list of days, and `day` in full, or the newest. Raises StoreError."""
        found = await self._read(lambda reader: reader.overview(day, most))
        return replace(found, report=self._with_actions(found.report), trouble=str(self.trouble or ""))

    async def so_far(self) -> SoFar:
        """Return the report of today so far, and the last hour. Raises StoreError."""
        report, hour = await self._read(lambda reader: (reader.day(reader.today()), reader.hour()))
        return SoFar(report, hour, str(self.trouble or ""))

    def note_naive(self, caller: str, naive: int, requests: int) -> None:
        """Add to today what a pass over many saved: it spent `requests` where one for each would be `naive`.

        It stands in place of the questions of the same `caller` in what the day saved. Returns at once.
        """
        if self._writer is not None:
            self._writer.noted(NaiveRow(self._clock.wall(), caller, naive, requests))

    async def close(self) -> None:
        """Close the files."""
        await self._thread.close()

    def _with_actions(self, report: DayReport) -> DayReport:
        return replace(report, actions=self._actions(report.day))

    async def _read(self, work: Callable[[ReportReader], T]) -> T:
        def read(reader: ReportReader) -> T:
            if self._writer is not None:
                self._writer.flush()
            return work(reader)

        return await self._thread.run(read)

"""The trace as passes over millions of questions need it: by subject, eight bytes and a mark for each question.

`Changes` estimates how often an answer had changed by the time it was shown. `TraceSource` reads the trace: in a
thread, and no more often than reading it is worth.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...core.telemetry.trace import CATEGORIES, REFRESH, QuestionRow, mark_of
from ...core.types import Category
from ...formats import DAY
from ...store.database import Database, open_database
from ...store.trace_reader import MIGRATIONS, SENSES, TraceReader
from ...values import dataclass
from ..serial_thread import SerialThread
from .waits import Arrival, arrivals

ENOUGH_SUSPENDED: Final = 40
"""Comparisons needed of suspended customers: they are few, and what changes much is soon known."""
ENOUGH: Final = 100
"""Comparisons below which nothing is said."""
REACH: Final = 4.0
"""Spans up to this many times an age teach about that age; longer ones only where those are too few."""
_STEPS: Final = 4
_FIRST: Final = 60.0
SPANS: Final = tuple(_FIRST * 2 ** (step / _STEPS) for step in range(60))
"""Upper ends, in seconds, of the spans that are counted together: four to a doubling, a minute to three weeks."""


class Changes:
    """Comparisons of an answer with the one that replaced it, counted by the span between the two fetches.

    One tells only that a change lies somewhere between the two, or that none does. The estimate is that of a constant
    rate of change (Cho and Garcia-Molina), taken from spans like the age in question: records change at different
    rates, and by day more than by night, so what a week's span teaches says little about an hour. One change more
    than was seen is counted, so that few comparisons never look safe.
    """

    def __init__(self, enough: int = ENOUGH) -> None:
        """`enough` comparisons are needed to say anything."""
        self.enough = enough
        self._compared = [0] * (len(SPANS) + 1)
        self._changed = [0] * (len(SPANS) + 1)
        self._exposed = [0.0] * (len(SPANS) + 1)

    def take(self, span: float, *, changed: bool) -> None:
        """Count one comparison over `span` seconds."""
        place = bisect_right(SPANS, span)
        self._compared[place] += 1
        self._changed[place] += changed
        # A record that changed was exposed until it did: half of the span, for all one knows.
        self._exposed[place] += span / 2 if changed else span

    def with_those_of(self, other: Changes) -> Changes:
        """Return the comparisons of both."""
        both = Changes(self.enough)
        both._compared = [one + two for one, two in zip(self._compared, other._compared, strict=True)]
        both._changed = [one + two for one, two in zip(self._changed, other._changed, strict=True)]
        both._exposed = [one + two for one, two in zip(self._exposed, other._exposed, strict=True)]
        return both

    @property
    def compared(self) -> int:
        """How many comparisons there were."""
        return sum(self._compared)

    @property
    def changed(self) -> int:
        """How many of them showed a change."""
        return sum(self._changed)

    def share(self, age: float) -> float | None:
        """Return which share (0-1) of answers `age` seconds old had changed, or None where too little is known.

        For answers of many ages give their mean: the share at the mean is at least the mean of the shares.
        """
        if age <= 0:
            return 0.0
        rate = self._rate(age)
        return None if rate is None else -math.expm1(-rate * age)

    def _rate(self, age: float) -> float | None:
        """Return changes per second among comparisons over spans like `age`; enough of them."""
        place = bisect_right(SPANS, age * REACH)
        for end in range(place + 1, len(SPANS) + 2):
            if sum(self._compared[:end]) >= self.enough:
                return (sum(self._changed[:end]) + 1) / sum(self._exposed[:end])
        return None


@dataclass(frozen=True, slots=True)
class SubjectQuestions:
    """The questions about one subject, in order of time."""

    times: array[float]
    """Seconds since `TraceColumns.origin`."""
    marks: bytearray


class TraceColumns:
    """Questions in order of time, kept by subject; and what comparing old answers with new ones taught.

    `origin` is the instant (UTC epoch seconds) that times are counted from: small numbers add up exactly.
    """

    def __init__(self, origin: float = 0.0) -> None:
        self.origin = origin
        self.subjects: dict[int, SubjectQuestions] = {}
        self.total = 0
        self.last = 0.0
        """When the last question was asked, in seconds since `origin`."""
        self.changes = {category: Changes() for category in Category}
        """Whether what a category shows had changed, by how long it had been kept; of customers, active ones."""
        self.suspended = Changes(ENOUGH_SUSPENDED)
        """The same for customers without an active contract, their data and status together."""
        self.absent = Changes()
        """Whether there was such a customer after all."""

    @property
    def days(self) -> float:
        """How long the trace is, in days of 24 hours."""
        return self.last / DAY

    def add(self, at: float, subject: int, mark: int) -> None:
        """Take one question, asked at `at` (UTC epoch seconds), not before the one added before it."""
        asked = self.subjects.get(subject)
        if asked is None:
            asked = self.subjects[subject] = SubjectQuestions(array("d"), bytearray())
        self.last = at - self.origin
        asked.times.append(self.last)
        asked.marks.append(mark)
        self.total += 1

    def compare(
        self, category: Category, span: float, *, changed: bool, was_suspended: bool, was_negative: bool
    ) -> None:
        """Take what a refetch showed, `span` seconds after the fetch before it."""
        if span <= 0:
            return
        if was_negative:
            self.absent.take(span, changed=changed)
        elif was_suspended and category is not Category.SERVICE_DATA:
            self.suspended.take(span, changed=changed)
        else:
            self.changes[category].take(span, changed=changed)

    def take(self, row: QuestionRow) -> None:
        """Take one row of the trace."""
        if row.changed is not None:
            self.compare(
                row.category,
                row.since,
                changed=row.changed,
                was_suspended=row.was_suspended,
                was_negative=row.was_negative,
            )
        if not row.failed and row.caller != REFRESH:
            self.add(row.at, row.subject, mark_of(row))


def gather(rows: Iterable[QuestionRow]) -> TraceColumns:
    """Return the columns of `rows`, which are in order of time."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return TraceColumns()
    columns = TraceColumns(first.at)
    columns.take(first)
    for row in rows:
        columns.take(row)
    return columns


def collect(points: Iterator[tuple[int, int, int]]) -> TraceColumns:
    """Return the columns of a trace's points: (at in microseconds, subject, mark), in order of time."""
    first = next(points, None)
    if first is None:
        return TraceColumns()
    columns = TraceColumns(first[0] / 1e6)
    columns.add(first[0] / 1e6, *first[1:])
    for at, subject, mark in points:
        columns.add(at / 1e6, subject, mark)
    return columns


def learn(rows: Iterable[tuple[int, int, int, int, int]], columns: TraceColumns) -> None:
    """Let `columns` learn from a trace's comparisons: (category, milliseconds, changed, suspended, negative)."""
    for category, span, changed, was_suspended, was_negative in rows:
        columns.compare(
            CATEGORIES[category],
            span / 1000,
            changed=bool(changed),
            was_suspended=bool(was_suspended),
            was_negative=bool(was_negative),
        )


DAYS: Final = 14
"""How much of the trace is looked at: what came before may be another season's habits."""
KEPT_SECONDS: Final = 20.0
KEPT_TIMES: Final = 30.0
"""What was read serves for this many times as long as reading took, and for `KEPT_SECONDS` at least."""


class TraceSource:
    """The last days of one account's trace. Lives in the engine's loop; reads in a thread of its own."""

    def __init__(self, path: Path, account: str, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._lock = asyncio.Lock()
        self._thread = SerialThread(
            "trace-read", lambda: open_database(path, MIGRATIONS, senses=SENSES), clock, closed=Database.close
        )
        self._columns: tuple[TraceColumns, float] | None = None
        self._arrivals: tuple[tuple[Arrival, ...], float] | None = None

    async def columns(self, *, fresh: bool = False) -> TraceColumns:
        """Return the questions of the last `DAYS`, up to a while ago unless `fresh`. Raises StoreError."""
        async with self._lock:
            if self._columns is None or fresh or self._clock.now() >= self._columns[1]:
                began = time.perf_counter()
                read = await self._thread.run(self._read_columns)
                self._columns = read, self._until(time.perf_counter() - began)
            return self._columns[0]

    async def arrivals(self) -> tuple[Arrival, ...]:
        """Return the requests of the busiest stretch of the last `DAYS`. Raises StoreError."""
        async with self._lock:
            if self._arrivals is None or self._clock.now() >= self._arrivals[1]:
                began = time.perf_counter()
                read = await self._thread.run(self._read_arrivals)
                self._arrivals = read, self._until(time.perf_counter() - began)
            return self._arrivals[0]

    async def close(self) -> None:
        """Close the file, after the reading that goes on."""
        await self._thread.close()

    def _until(self, took: float) -> float:
        return self._clock.now() + max(KEPT_SECONDS, took * KEPT_TIMES)

    def _read_columns(self, database: Database) -> TraceColumns:
        reader, now = TraceReader(database, self._account), self._clock.wall()
        columns = collect(reader.points(now - DAYS * DAY, now + DAY))
        learn(reader.comparisons(now - DAYS * DAY, now + DAY), columns)
        return columns

    def _read_arrivals(self, database: Database) -> tuple[Arrival, ...]:
        now = self._clock.wall()
        return arrivals(TraceReader(database, self._account).sent(now - DAYS * DAY, now + DAY))

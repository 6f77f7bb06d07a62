"""The trace as passes over millions of questions need it: by subject, eight bytes and a mark for each question.

`TraceSource` reads it: in a thread, and no more often than reading it is worth.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...core.telemetry.trace import CATEGORIES, REFRESH, QuestionRow, mark_of
from ...core.types import Category
from ...formats import DAY
from ...store.database import Database, open_database
from ...store.trace_reader import MIGRATIONS, TraceReader
from ..serial_thread import SerialThread
from .change_rate import Changes
from .waits import Arrival, arrivals

ENOUGH_SUSPENDED: Final = 40
"""Comparisons needed of suspended customers: they are few, and what changes much is soon known."""


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
        self._lane = SerialThread(
            "trace-read", lambda: open_database(path, MIGRATIONS), clock, closed=Database.close
        )
        self._columns: tuple[TraceColumns, float] | None = None
        self._arrivals: tuple[tuple[Arrival, ...], float] | None = None

    async def columns(self, *, fresh: bool = False) -> TraceColumns:
        """Return the questions of the last `DAYS`, up to a while ago unless `fresh`. Raises StoreError."""
        async with self._lock:
            if self._columns is None or fresh or self._clock.now() >= self._columns[1]:
                began = time.perf_counter()
                read = await self._lane.run(self._read_columns)
                self._columns = read, self._until(time.perf_counter() - began)
            return self._columns[0]

    async def arrivals(self) -> tuple[Arrival, ...]:
        """Return the requests of the busiest stretch of the last `DAYS`. Raises StoreError."""
        async with self._lock:
            if self._arrivals is None or self._clock.now() >= self._arrivals[1]:
                began = time.perf_counter()
                read = await self._lane.run(self._read_arrivals)
                self._arrivals = read, self._until(time.perf_counter() - began)
            return self._arrivals[0]

    async def close(self) -> None:
        """Close the file, after the reading that goes on."""
        await self._lane.close()

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

"""The trace as passes over millions of questions need it: by subject, eight bytes and a mark for each question."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ...core.telemetry.trace import CATEGORIES, REFRESH, QuestionRow, mark_of
from ...core.types import Category
from ...formats import DAY
from .change_rate import Changes

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

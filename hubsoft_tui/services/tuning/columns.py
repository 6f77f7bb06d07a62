"""The trace as passes over millions of questions need it: by subject, eight bytes and a mark for each question."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ...core.trace import QuestionRow
from ...core.types import Category, Outcome, Priority
from .changes import Changes

CATEGORIES: Final = tuple(Category)
"""A mark's two lowest bits are a place in here."""
CATEGORY: Final = 0b0000_0011
FORCED: Final = 0b0000_0100
"""The asker wanted HubSoft asked whatever was remembered."""
NEGATIVE: Final = 0b0000_1000
"""What was shown is "there is no such thing"."""
SUSPENDED: Final = 0b0001_0000
"""What was shown is a customer without an active contract."""
PERSON: Final = 0b0010_0000
"""Somebody waited for the answer."""

REFRESH: Final = "refresh"
"""The caller of questions that nobody asked: they renew ahead, and no lifetime has to answer them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions about one subject, in order of time."""

    times: array[float]
    """Seconds since `Columns.origin`."""
    marks: bytearray


class Columns:
    """Questions in order of time, kept by subject; and what comparing old answers with new ones taught.

    `origin` is the instant (UTC epoch seconds) that times are counted from: small numbers add up exactly.
    """

    def __init__(self, origin: float = 0.0) -> None:
        self.origin = origin
        self.subjects: dict[int, Asked] = {}
        self.total = 0
        self.last = 0.0
        """When the last question was asked, in seconds since `origin`."""
        self.changes = {category: Changes() for category in Category}
        """Whether what a category shows had changed, by how long it had been kept; active customers."""
        self.suspended = {category: Changes() for category in Category}
        """The same for customers without an active contract."""

    @property
    def days(self) -> float:
        """How long the trace is, in days of 24 hours."""
        return self.last / 86_400

    def add(self, at: float, subject: int, mark: int) -> None:
        """Take one question, asked at `at` (UTC epoch seconds), not before the one added before it."""
        asked = self.subjects.get(subject)
        if asked is None:
            asked = self.subjects[subject] = Asked(array("d"), bytearray())
        self.last = at - self.origin
        asked.times.append(self.last)
        asked.marks.append(mark)
        self.total += 1

    def take(self, row: QuestionRow) -> None:
        """Take one row of the trace."""
        if row.changed is not None and row.since > 0:
            seen = self.suspended if row.suspended else self.changes
            seen[row.category].take(row.since, changed=row.changed)
        if not row.failed and row.caller != REFRESH:
            self.add(row.at, row.subject, mark_of(row))


def gather(rows: Iterable[QuestionRow]) -> Columns:
    """Return the columns of `rows`, which are in order of time."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return Columns()
    columns = Columns(first.at)
    columns.take(first)
    for row in rows:
        columns.take(row)
    return columns


def mark_of(row: QuestionRow) -> int:
    """Return what the passes need to know of `row` beside when and about whom."""
    mark = CATEGORIES.index(row.category)
    if row.forced:
        mark |= FORCED
    if row.negative or row.outcome is Outcome.NEGATIVE:
        mark |= NEGATIVE
    if row.suspended:
        mark |= SUSPENDED
    if row.priority <= Priority.HIGH:
        mark |= PERSON
    return mark

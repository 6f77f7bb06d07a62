"""One day added up from the trace: SQLite groups the questions, the few requests are looked at one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from ...core.telemetry.trace import CATEGORIES
from ...core.types import Priority
from ...formats import DAY, at, start_of
from ...store import trace_reader
from ...store.trace_reader import OUTCOMES, TRIMMED, AskedSum, PassSum, Sent, TraceReader
from ...values import dataclass
from .figures import SUMMED, Sums
from .types import DayReport, Hour

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One day as a stretch of time, `[since, until)` in epoch seconds."""

    day: date
    since: float
    until: float

    @property
    def hours(self) -> list[tuple[float, int]]:
        """When each hour began, and which one a clock at HubSoft showed then."""
        count = round((self.until - self.since) / HOUR)
        begun = [self.since + HOUR * number for number in range(count)]
        return [(since, at(since).hour) for since in begun]


def stretch(day: date) -> Stretch:
    """Return the day from midnight to midnight."""
    begins = start_of(day)
    return Stretch(day, begins, begins + DAY)


def add_up(trace: TraceReader, day: Stretch) -> DayReport:
    """Return the report of a day, from the rows that are there. Raises StoreError."""
    asked = trace_reader.asked(trace, day.since, day.until)
    sent = trace_reader.sent(trace, day.since, day.until)
    passes = trace_reader.passes(trace, day.since, day.until)
    # What a caller notes of its passes stands in place of its questions: they would be counted twice.
    book = _Book(noting={each.caller for each in passes})
    for one in asked:
        book.ask(one)
    for each in sent:
        book.send(each)
    for pass_ in passes:
        book.note(pass_)
    return book.closed(
        day,
        whole=trace.mark(TRIMMED) <= day.since,
        rows=sum(one.times for one in asked) + len(sent) + sum(each.times for each in passes),
    )


_ASKED: Final = [(name, each.asked) for name, each in SUMMED.items() if each.asked is not None]
_SENT: Final = [(name, each.sent) for name, each in SUMMED.items() if each.sent is not None]
_REDUCED: Final = {
    name: (each.gathered, each.reduced)
    for name, each in SUMMED.items()
    if each.gathered is not None and each.reduced is not None
}
_GATHERED: Final = {gathered for gathered, _reduced in _REDUCED.values()}


class SumHeap:
    """What gathers under one heading: counts by the name of a field, and numbers by what gathered them."""

    __slots__ = ("counts", "numbers")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.numbers: dict[object, list[int]] = {gathered: [] for gathered in _GATHERED}

    def ask(self, row: AskedSum) -> None:
        """Take questions that are alike, without what they saved."""
        self.add(_of_asked(row))

    def send(self, row: Sent) -> None:
        """Take a request, without what it spent of what was saved."""
        self.add(_of_sent(row))

    def add(self, row: _Row, *, saved: int = 0) -> None:
        """Take what a row adds."""
        for name, count in row.counts:
            self.counts[name] += count
        for gathered, value in row.numbers:
            self.numbers[gathered].append(value)
        self.counts["saved"] += saved

    def sums(self) -> Sums:
        """Return the figures."""
        for numbers in self.numbers.values():
            numbers.sort()
        values: dict[str, Any] = dict(self.counts)
        for name, (gathered, reduced) in _REDUCED.items():
            values[name] = reduced(self.numbers[gathered])
        return Sums(**values)


class _Row(NamedTuple):
    """What a row of the trace adds to every heading that it stands under."""

    counts: list[tuple[str, int]]
    numbers: list[tuple[object, int]]


def _of_asked(row: AskedSum) -> _Row:
    ended = OUTCOMES[row.outcome]
    return _Row([(name, count) for name, asked in _ASKED if (count := int(asked(row, ended)))], [])


def _of_sent(row: Sent) -> _Row:
    return _Row(
        [(name, count) for name, sent in _SENT if (count := int(sent(row)))],
        [(gathered, value) for gathered in _GATHERED if (value := gathered(row)) is not None],
    )


class _Book:
    def __init__(self, noting: set[str]) -> None:
        self.noting = noting
        self.total = SumHeap()
        self.hours: defaultdict[int, SumHeap] = defaultdict(SumHeap)
        self.endpoints: defaultdict[str, SumHeap] = defaultdict(SumHeap)
        self.priorities: dict[str, SumHeap] = {priority.name.lower(): SumHeap() for priority in Priority}
        self.categories: dict[str, SumHeap] = {category.value: SumHeap() for category in CATEGORIES}
        self.operators: defaultdict[str, SumHeap] = defaultdict(SumHeap)
        self.callers: defaultdict[str, SumHeap] = defaultdict(SumHeap)
        self.statuses: Counter[str] = Counter()

    def ask(self, row: AskedSum) -> None:
        saved = 0 if row.caller in self.noting else row.times
        adds = _of_asked(row)
        for heap in self._heaps(row):
            heap.add(adds, saved=saved)
        self.categories[CATEGORIES[row.category].value].add(adds)

    def send(self, row: Sent) -> None:
        spent = row.asked and row.sent and row.caller not in self.noting
        adds = _of_sent(row)
        for heap in self._heaps(row):
            heap.add(adds, saved=-1 if spent else 0)
        self.endpoints[row.operation].add(adds)
        if row.sent:
            self.statuses[str(row.status or row.outcome)] += 1

    def note(self, row: PassSum) -> None:
        for heap in (self.total, self.hours[row.hour], self.callers[row.caller], self.operators[row.person]):
            heap.counts["saved"] += row.saved

    def closed(self, day: Stretch, *, whole: bool, rows: int) -> DayReport:
        return DayReport(
            day=day.day,
            since=day.since,
            until=day.until,
            total=self.total.sums(),
            hours=tuple(
                Hour(since, clock, self.hours[number].sums() if number in self.hours else Sums())
                for number, (since, clock) in enumerate(day.hours)
            ),
            endpoints=_largest_first(self.endpoints.items()),
            priorities={name: heap.sums() for name, heap in self.priorities.items()},
            categories={name: heap.sums() for name, heap in self.categories.items()},
            operators=_largest_first(self.operators.items()),
            callers=_largest_first(self.callers.items()),
            statuses=dict(sorted(self.statuses.items())),
            whole=whole,
            rows=rows,
        )

    def _heaps(self, row: AskedSum | Sent) -> tuple[SumHeap, ...]:
        return (
            self.total,
            self.hours[row.hour],
            self.priorities[Priority(row.priority).name.lower()],
            self.callers[row.caller],
            self.operators[row.person],
        )


def _largest_first(heaps: Iterable[tuple[str, SumHeap]]) -> dict[str, Sums]:
    sums = {name: heap.sums() for name, heap in heaps}
    return dict(sorted(sums.items(), key=lambda each: (-each[1].requests, -each[1].questions, each[0])))

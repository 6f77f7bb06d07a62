"""One day added up from the trace: SQLite groups the questions, the few requests are looked at one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...core.telemetry.trace import CATEGORIES
from ...core.types import Outcome, Priority
from ...store import trace_sums
from ...store.trace_reading import MICRO, OUTCOMES, TRIMMED, TraceReader
from ...store.trace_sums import AskedSum, PassSum, Sent
from .days import Stretch
from .types import DayReport, Hour, Sums

NO_ERROR: Final = frozenset({"ok", "not_found", "refused", "429", "cancelled"})
"""How requests end that neither HubSoft nor the way to it failed."""


def add_up(trace: TraceReader, day: Stretch) -> DayReport:
    """Return the report of a day, from the rows that are there. Raises StoreError."""
    asked = trace_sums.asked(trace, day.since, day.until)
    sent = trace_sums.sent(trace, day.since, day.until)
    passes = trace_sums.passes(trace, day.since, day.until)
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


@dataclass(slots=True)
class _Heap:
    """What gathers under one heading."""

    outcomes: Counter[int] = field(default_factory=Counter)
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    saved: int = 0

    def ask(self, row: AskedSum, *, saved: int = 0) -> None:
        self.outcomes[row.outcome] += row.times
        self.failed += row.times if row.failed else 0
        self.saved += saved

    def send(self, row: Sent, *, saved: int = 0) -> None:
        self.saved += saved
        if not row.sent:
            self.counts["unsent"] += 1
            return
        counts = self.counts
        counts["requests"] += 1
        counts["asked"] += row.asked
        counts["repeats"] += row.attempt > 1
        counts["rate_limited"] += row.outcome == "429"
        counts["errors"] += row.outcome not in NO_ERROR
        counts["size"] += row.size
        self.waits.append(row.wait)
        if row.status is not None:
            self.latencies.append(row.latency)

    def sums(self) -> Sums:
        latencies, waits = sorted(self.latencies), sorted(self.waits)
        by_outcome = {outcome: self.outcomes[number] for number, outcome in enumerate(OUTCOMES)}
        return Sums(
            questions=sum(self.outcomes.values()),
            hits=by_outcome[Outcome.HIT],
            coalesced=by_outcome[Outcome.COALESCED],
            negative=by_outcome[Outcome.NEGATIVE],
            stale=by_outcome[Outcome.STALE],
            failed=self.failed,
            requests=self.counts["requests"],
            asked=self.counts["asked"],
            repeats=self.counts["repeats"],
            errors=self.counts["errors"],
            rate_limited=self.counts["rate_limited"],
            unsent=self.counts["unsent"],
            size=self.counts["size"],
            waited=sum(waits) / MICRO,
            wait_p95=_percentile(waits, 0.95),
            p50=_percentile(latencies, 0.50),
            p95=_percentile(latencies, 0.95),
            saved=self.saved,
        )


class _Book:
    def __init__(self, noting: set[str]) -> None:
        self.noting = noting
        self.total = _Heap()
        self.hours: defaultdict[int, _Heap] = defaultdict(_Heap)
        self.endpoints: defaultdict[str, _Heap] = defaultdict(_Heap)
        self.priorities: dict[str, _Heap] = {priority.name.lower(): _Heap() for priority in Priority}
        self.categories: dict[str, _Heap] = {category.value: _Heap() for category in CATEGORIES}
        self.operators: defaultdict[str, _Heap] = defaultdict(_Heap)
        self.callers: defaultdict[str, _Heap] = defaultdict(_Heap)
        self.statuses: Counter[str] = Counter()

    def ask(self, row: AskedSum) -> None:
        saved = 0 if row.caller in self.noting else row.times
        for heap in self._heaps(row):
            heap.ask(row, saved=saved)
        self.categories[CATEGORIES[row.category].value].ask(row)

    def send(self, row: Sent) -> None:
        spent = row.asked and row.sent and row.caller not in self.noting
        for heap in self._heaps(row):
            heap.send(row, saved=-1 if spent else 0)
        self.endpoints[row.operation].send(row)
        if row.sent:
            self.statuses[str(row.status or row.outcome)] += 1

    def note(self, row: PassSum) -> None:
        for heap in (self.total, self.hours[row.hour], self.callers[row.caller], self.operators[row.person]):
            heap.saved += row.saved

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

    def _heaps(self, row: AskedSum | Sent) -> tuple[_Heap, ...]:
        return (
            self.total,
            self.hours[row.hour],
            self.priorities[Priority(row.priority).name.lower()],
            self.callers[row.caller],
            self.operators[row.person],
        )


def _largest_first(heaps: Iterable[tuple[str, _Heap]]) -> dict[str, Sums]:
    sums = {name: heap.sums() for name, heap in heaps}
    return dict(sorted(sums.items(), key=lambda each: (-each[1].requests, -each[1].questions, each[0])))


def _percentile(ordered: Sequence[int], share: float) -> float | None:
    """Return the value below which `share` of them lie, in seconds."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / MICRO if ordered else None

"""The last hour by minutes, and who used the budget in the last one: of every program of the home together."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from ...store import trace_reader
from ...store.trace_reader import MINUTE_SPAN
from .aggregate import SumHeap
from .figures import Sums
from .types import BudgetUse, LastHour, MinuteSums

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

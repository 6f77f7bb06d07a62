"""What another size of the cache would have meant, exactly for a cache that evicts at once.

Whatever was a hit or a miss, a question makes its record the last used; so how deep in the line of use a record
stood when it was asked for does not depend on any lifetime, nor on the size (Mattson's stack distance). A record
deeper than the size was evicted; then the question fetches. That with age limits such a cache is no stack (a
larger one may fetch less often and show older answers) matters not: the last fetch is kept for every size.

The real cache evicts at its next cleaning, within minutes: it forgets a little later than this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Final

from ...core.telemetry import trace as marks
from .columns import TraceColumns
from .curve import Point
from .lifetimes import fixed

SIZES: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
MOST: Final = 300_000
"""Questions looked at, the newest: a size is told by days, not by months."""

_SERVICE: Final = 2
_NEVER: Final = -1e18


def size_curve(
    columns: TraceColumns, lifetimes: Mapping[str, float], sizes: Iterable[int] = SIZES
) -> tuple[Point, ...]:
    """Return a point for each size, in customers, about the questions that customers' records answer.

    A few microseconds a question: a task for a thread.
    """
    sizes = sorted(set(sizes))
    rules = fixed(lifetimes)
    line = _Line(sizes)
    count = len(sizes)
    fetched: dict[int, list[float]] = {}
    kinds: dict[int, list[int]] = {}
    requests, hits, ages, oldest = [0] * count, [0] * count, [0.0] * count, [0.0] * count
    asked = 0
    for at, subject, mark in _newest(columns):
        asked += 1
        depth = line.use(subject)
        last = fetched.get(subject)
        if last is None:
            last, kept = fetched[subject], kinds[subject] = [_NEVER] * count, [0] * count
        else:
            kept = kinds[subject]
        kind = 2 if mark & marks.NEGATIVE else 1 if mark & marks.SUSPENDED else 0
        category, forced = mark & marks.CATEGORY, mark & marks.FORCED
        for place in range(count):
            age = at - last[place]
            if place < depth or forced or at > last[place] + rules[kept[place]].caps[category]:
                requests[place] += 1
                last[place], kept[place] = at, kind
            else:
                hits[place] += 1
                ages[place] += age
                oldest[place] = max(oldest[place], age)
    return tuple(
        Point(
            value=float(size),
            requests=requests[place],
            asked=asked,
            hits=hits[place],
            mean_age=ages[place] / hits[place] if hits[place] else 0.0,
            max_age=oldest[place],
        )
        for place, size in enumerate(sizes)
    )


class _Line:
    """Records in the order of their last use, cut where the sizes end."""

    def __init__(self, sizes: list[int]) -> None:
        self._zones = [OrderedDict[int, None]() for _ in sizes]
        self._rooms = [size - before for size, before in zip(sizes, (0, *sizes[:-1]), strict=True)]
        self._zone: dict[int, int] = {}

    def use(self, subject: int) -> int:
        """Put `subject` in front; return the place of the smallest size that still held it, or how many there are."""
        beyond = len(self._zones)
        depth = self._zone.get(subject, beyond)
        if depth < beyond:
            del self._zones[depth][subject]
        carried = subject
        for place in range(min(depth, beyond - 1) + 1):
            zone = self._zones[place]
            zone[carried] = None
            self._zone[carried] = place
            if len(zone) <= self._rooms[place]:
                return depth
            carried, _ = zone.popitem(last=False)
        self._zone.pop(carried, None)
        return depth


def _newest(columns: TraceColumns) -> Iterator[tuple[float, int, int]]:
    """Return (time, subject, mark) of the newest questions that a customer's record answers, in order of time."""
    wanted = max(0.0, columns.last * (1 - MOST / columns.total)) if columns.total > MOST else 0.0
    streams = []
    for subject, asked in columns.subjects.items():
        start = bisect_right(asked.times, wanted) if wanted else 0
        if start < len(asked.times):
            streams.append((subject, asked.times[start:], asked.marks[start:]))
    flat = (
        (at, subject, mark)
        for subject, times, marked in streams
        for at, mark in zip(times, marked, strict=True)
        if mark & marks.CATEGORY != _SERVICE
    )
    return iter(sorted(flat, key=itemgetter(0)))

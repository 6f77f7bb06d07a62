"""What every candidate for a lifetime would have cost and shown, exactly, in one pass over the trace.

For each subject the pass keeps the last fetch under every candidate, as a set: candidates whose last fetch is the
same question move as one, as bits of one number. From a fetch, the next one under a candidate is found by bisection,
so answers from memory are skipped, not visited; that candidates part ways at all is rare. A question fetches when
the record's age exceeds what its category allows, whichever category's question brought the record: they share it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import Final

from . import columns as marks
from .columns import Asked, Columns
from .lifetimes import Kind, Rule, Rules, rules

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0

CANDIDATES: Final = (
    *(minutes * MINUTE for minutes in (1, 2, 3, 5, 10, 15, 20, 30, 45)),
    *(hours * HOUR for hours in (1, 1.5, 2, 3, 4, 6, 8, 12, 18)),
    *(days * DAY for days in (1, 1.5, 2, 3, 4, 5, 7)),
)
"""Lifetimes a person might choose, in seconds."""

_CATEGORY: Final = [
    bytes((mark & marks.CATEGORY) == place for mark in range(256)) for place in range(len(marks.CATEGORIES))
]
_FORCED: Final = bytes(bool(mark & marks.FORCED) for mark in range(256))
_KIND: Final = bytes(
    Kind.NEGATIVE if mark & marks.NEGATIVE else Kind.SUSPENDED if mark & marks.SUSPENDED else Kind.PLAIN
    for mark in range(256)
)
_FLUSH: Final = 50_000
"""Sets of candidates that are counted apart before they are added up: bounds the memory of odd traces."""


@dataclass(frozen=True, slots=True)
class Point:
    """What one value would have meant over the whole trace. Ages in seconds."""

    value: float
    requests: int
    """Requests of every category: what one fetches answers the others too."""
    asked: int
    """Questions the setting is about."""
    hits: int
    """Of those, how many memory would have answered."""
    mean_age: float
    """Of what those hits would have shown."""
    max_age: float

    @property
    def ratio(self) -> float | None:
        """Share (0-1) of the questions that memory would have answered; None without questions."""
        return self.hits / self.asked if self.asked else None


@dataclass(slots=True)
class _Cell:
    """What a set of candidates has in common."""

    fetches: int = 0
    own: int = 0
    hits: int = 0
    ages: float = 0.0
    oldest: float = 0.0


class _Tally:
    """Adds up per candidate what was counted per set of candidates."""

    def __init__(self, candidates: int) -> None:
        self.cells: dict[int, _Cell] = {}
        self._sums = [_Cell() for _ in range(candidates)]

    def settle(self) -> list[_Cell]:
        """Return the sums by candidate."""
        for members, cell in self.cells.items():
            while members:
                lowest = members & -members
                total = self._sums[lowest.bit_length() - 1]
                total.fetches += cell.fetches
                total.own += cell.own
                total.hits += cell.hits
                total.ages += cell.ages
                total.oldest = max(total.oldest, cell.oldest)
                members ^= lowest
        self.cells.clear()
        return self._sums


def curve(
    columns: Columns, lifetimes: Mapping[str, float], key: str, values: Iterable[float] = CANDIDATES
) -> tuple[Point, ...]:
    """Return a point for each of `values` (seconds) of the lifetime `key`, the others as in `lifetimes`.

    About a microsecond a question, whatever the number of values: a task for a thread.
    """
    candidates = sorted(set(values))
    tally = _Tally(len(candidates))
    ruled = rules(lifetimes, key)
    walk = _Walk(candidates, ruled, tally)
    for asked in columns.subjects.values():
        walk.through(asked)
        if len(tally.cells) > _FLUSH:
            tally.settle()
    return tuple(
        Point(
            value=value,
            requests=cell.fetches,
            asked=cell.own + cell.hits,
            hits=cell.hits,
            mean_age=cell.ages / cell.hits if cell.hits else 0.0,
            max_age=cell.oldest,
        )
        for value, cell in zip(candidates, tally.settle(), strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Stop:
    """Questions at which every candidate fetches once what is remembered is older than `cap` seconds."""

    times: Sequence[float]
    places: Sequence[int]
    cap: float


class _Walk:
    """Goes through one subject after another with all candidates at once."""

    def __init__(self, candidates: list[float], ruled: Rules, tally: _Tally) -> None:
        self._candidates = candidates
        self._everyone = (1 << len(candidates)) - 1
        self._below = [(1 << place) - 1 for place in range(len(candidates) + 1)]
        self._ruled = ruled
        self._about = bytes((mark & marks.CATEGORY) in ruled.about for mark in range(256))
        self._tally = tally

    def through(self, asked: Asked) -> None:
        """Count what every candidate does with the questions about one subject."""
        times, own = list(asked.times), asked.marks.translate(self._about)
        kinds = asked.marks.translate(_KIND)
        rules = {kind: self._ruled.of(Kind(kind)) for kind in set(kinds)}
        stops = {kind: _stops(rule, times, asked.marks) for kind, rule in rules.items()}
        forced = list(compress(range(len(times)), asked.marks.translate(_FORCED)))
        places = list(compress(range(len(times)), own))
        own_times = list(compress(times, own))
        rank = list(accumulate(own))
        sums = [0.0, *accumulate(own_times)]
        count, candidates, below, cells = len(times), self._candidates, self._below, self._tally.cells
        # For each question the candidates that fetch there; the first question is everybody's fetch.
        fetching = [0] * count
        fetching[0] = self._everyone
        for place, at in enumerate(times):
            members = fetching[place]
            if not members:
                continue
            kind = kinds[place]
            varies = rules[kind].varies
            cell = cells.get(members)
            if cell is None:
                cell = cells[members] = _Cell()
            cell.fetches += 1
            if varies and own[place]:
                cell.own += 1
            # By `end` everybody has fetched again, whatever the candidate.
            end = _end(stops[kind], at, count)
            if forced:
                again = bisect_right(forced, place)
                if again < len(forced) and forced[again] < end:
                    end = forced[again]
            if not varies:
                if end < count:
                    fetching[end] |= members
                continue
            first, last = rank[place], rank[end - 1]
            while members:
                lowest = members & -members
                next_ = bisect_right(own_times, at + candidates[lowest.bit_length() - 1], first, last)
                if next_ >= last:
                    leaving, next_, there = members, last, end
                else:
                    there = places[next_]
                    leaving = members & below[bisect_left(candidates, own_times[next_] - at)] | lowest
                if next_ > first:
                    cell = cells.get(leaving)
                    if cell is None:
                        cell = cells[leaving] = _Cell()
                    cell.hits += next_ - first
                    cell.ages += sums[next_] - sums[first] - (next_ - first) * at
                    oldest = own_times[next_ - 1] - at
                    if oldest > cell.oldest:
                        cell.oldest = oldest
                if there < count:
                    fetching[there] |= leaving
                members ^= leaving


def _stops(rule: Rule, times: list[float], marked: bytearray) -> list[_Stop]:
    """Return, for each category that is asked about, where its cap ends what is remembered."""
    found = []
    for table, cap in zip(_CATEGORY, rule.caps, strict=True):
        if cap < math.inf:
            flags = marked.translate(table)
            places = list(compress(range(len(times)), flags))
            if places:
                found.append(_Stop(list(compress(times, flags)), places, cap))
    return found


def _end(stops: list[_Stop], at: float, count: int) -> int:
    end = count
    for stop in stops:
        next_ = bisect_right(stop.times, at + stop.cap)
        if next_ < len(stop.times) and stop.places[next_] < end:
            end = stop.places[next_]
    return end

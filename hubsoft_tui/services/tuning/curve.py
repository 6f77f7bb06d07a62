"""What every candidate for a lifetime, or for the cache's size, would have cost and shown, exactly.

For each subject the pass keeps the last fetch under every candidate, as a set: candidates whose last fetch is the
same question move as one, as bits of one number. From a fetch, the next one under a candidate is found by bisection,
so answers from memory are skipped, not visited; that candidates part ways at all is rare. A question fetches when
the record's age exceeds what its category allows, whichever category's question brought the record: they share it.

For sizes (`size_curve`): whatever was a hit or a miss, a question makes its record the last used; so how deep in the
line of use a record stood when it was asked for depends neither on a lifetime nor on the size (Mattson's stack
distance). A record deeper than the size was evicted; then the question fetches. With age limits such a cache is no
stack (a larger one may fetch less often and show older answers), so the last fetch is kept for every size. The real
cache evicts at its next cleaning, within minutes: it forgets a little later than this.

`Rules` say how old an answer may be, as the cache decides it, and what of that one setting decides.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from itertools import accumulate, compress
from operator import itemgetter
from typing import Final

from ...core.telemetry import trace as marks
from ...core.types import Category
from ...formats import DAY, HOUR, MINUTE
from ...settings.tree import CacheSettings
from ...values import dataclass
from .columns import SubjectQuestions, TraceColumns

DATA: Final = "cache.client_data_ttl"
STATUS: Final = "cache.contract_status_ttl"
SERVICE: Final = "cache.service_data_ttl"
NOT_FOUND: Final = "cache.not_found_ttl"
SUSPENDED: Final = "cache.suspended_ttl"

KEYS: Final = {
    DATA: Category.CLIENT_DATA,
    STATUS: Category.CONTRACT_STATUS,
    SERVICE: Category.SERVICE_DATA,
}
"""The settings that are a category's lifetime."""
LIFETIMES: Final = (*KEYS, SUSPENDED, NOT_FOUND)
"""Every setting that is a lifetime."""

_SUSPENDABLE: Final = (0, 1)
"""The categories, by place, that end earlier for a customer without an active contract."""


class RecordKind(IntEnum):
    """What was fetched; it decides how long it answers."""

    PLAIN = 0
    SUSPENDED = 1
    NEGATIVE = 2


Ages = tuple[float, ...]
"""Seconds, by category's place."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long what was fetched answers each category. `varies`: the setting in question decides too.

    Where it does, an answer ends when either is over: the candidate's lifetime, for the setting's categories,
    or the cap.
    """

    caps: Ages
    varies: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """One setting's part: the categories (by place) it is about, and a rule for each kind of record."""

    about: frozenset[int]
    by_kind: tuple[Rule, Rule, Rule]


def ages(settings: CacheSettings) -> Mapping[str, float]:
    """Return every lifetime in seconds, by key."""
    return {key: float(getattr(settings, key.partition(".")[2])) for key in LIFETIMES}


def rules(lifetimes: Mapping[str, float], key: str) -> Rules:
    """Return what `key` decides while every other lifetime is as in `lifetimes`."""
    plain, suspended, negative = fixed(lifetimes)
    if key == NOT_FOUND:
        free = Rule((math.inf,) * 3, varies=True)
        return Rules(frozenset(range(3)), (plain, suspended, free))
    if key == SUSPENDED:
        return Rules(frozenset(_SUSPENDABLE), (plain, replace(plain, varies=True), negative))
    place = marks.CATEGORIES.index(KEYS[key])
    without = tuple(math.inf if each == place else age for each, age in enumerate(plain.caps))
    brief = _shorter(without, lifetimes[SUSPENDED])
    return Rules(frozenset({place}), (Rule(without, varies=True), Rule(brief, varies=True), negative))


def fixed(lifetimes: Mapping[str, float]) -> tuple[Rule, Rule, Rule]:
    """Return the rules, by kind, when no setting is in question."""
    own = tuple(lifetimes[each] for each in KEYS)
    return Rule(own), Rule(_shorter(own, lifetimes[SUSPENDED])), Rule((lifetimes[NOT_FOUND],) * 3)


def _shorter(own: Ages, suspended: float) -> Ages:
    return tuple(min(age, suspended) if place in _SUSPENDABLE else age for place, age in enumerate(own))


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
KIND: Final = bytes(
    RecordKind.NEGATIVE
    if mark & marks.NEGATIVE
    else RecordKind.SUSPENDED
    if mark & marks.SUSPENDED
    else RecordKind.PLAIN
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
        self.cells: defaultdict[int, _Cell] = defaultdict(_Cell)
        self._sums = [_Cell() for _ in range(candidates)]

    def settle(self) -> list[_Cell]:
        """Return the sums by candidate."""
        for members, cell in self.cells.items():
            for place, total in enumerate(self._sums):
                if members >> place & 1:
                    total.fetches += cell.fetches
                    total.own += cell.own
                    total.hits += cell.hits
                    total.ages += cell.ages
                    total.oldest = max(total.oldest, cell.oldest)
        self.cells.clear()
        return self._sums


def curve(
    columns: TraceColumns, lifetimes: Mapping[str, float], key: str, values: Iterable[float] = CANDIDATES
) -> tuple[Point, ...]:
    """Return a point for each of `values` (seconds) of the lifetime `key`, the others as in `lifetimes`.

    About a microsecond a question, whatever the number of values: a task for a thread.
    """
    candidates = sorted(set(values))
    tally = _Tally(len(candidates))
    walk = _Walk(candidates, rules(lifetimes, key), tally)
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


class _Subject:
    """The questions about one subject: of those that the setting is about, `rank[place]` came up to a question."""

    def __init__(self, times: list[float], flags: bytes | bytearray) -> None:
        self.fetching = [0] * (len(times) + 1)
        """For each question the candidates that fetch there; the last one is the end of the trace."""
        self.flags = flags
        self.places = list(compress(range(len(times)), flags))
        self.times = list(compress(times, flags))
        self.rank = list(accumulate(flags))
        self.sums = [0.0, *accumulate(self.times)]


class _Stops:
    """Where everybody fetches again, whatever the candidate: a cap is over, or the asker insisted."""

    def __init__(self, rule: Rule, times: list[float], marked: bytearray) -> None:
        self._count = len(times)
        self._forced = list(compress(range(len(times)), marked.translate(_FORCED)))
        self._capped = []
        for table, cap in zip(_CATEGORY, rule.caps, strict=True):
            flags = marked.translate(table)
            if cap < math.inf and (places := list(compress(range(len(times)), flags))):
                self._capped.append((list(compress(times, flags)), places, cap))

    def after(self, place: int, at: float) -> int:
        """Return the first such question after the one at `place`, or how many there are."""
        end = self._count
        for times, places, cap in self._capped:
            next_ = bisect_right(times, at + cap)
            if next_ < len(times) and places[next_] < end:
                end = places[next_]
        if self._forced:
            next_ = bisect_right(self._forced, place)
            if next_ < len(self._forced) and self._forced[next_] < end:
                end = self._forced[next_]
        return end


class _Walk:
    """Goes through one subject after another with all candidates at once."""

    def __init__(self, candidates: list[float], ruled: Rules, tally: _Tally) -> None:
        self._candidates = candidates
        self._below = [(1 << place) - 1 for place in range(len(candidates) + 1)]
        self._ruled = ruled
        self._about = bytes((mark & marks.CATEGORY) in ruled.about for mark in range(256))
        self._cells = tally.cells

    def through(self, asked: SubjectQuestions) -> None:
        """Count what every candidate does with the questions about one subject."""
        times = list(asked.times)
        subject = _Subject(times, asked.marks.translate(self._about))
        kinds = asked.marks.translate(KIND)
        ruled = {kind: self._ruled.by_kind[kind] for kind in set(kinds)}
        stops = {kind: _Stops(rule, times, asked.marks) for kind, rule in ruled.items()}
        cells, fetching = self._cells, subject.fetching
        fetching[0] = self._below[-1]  # the first question is everybody's fetch
        for place, at in enumerate(times):
            members = fetching[place]
            if not members:
                continue
            cell = cells[members]
            cell.fetches += 1
            kind = kinds[place]
            end = stops[kind].after(place, at)
            if ruled[kind].varies:
                cell.own += subject.flags[place]
                self._part(subject, members, place, at, end)
            else:
                fetching[end] |= members

    def _part(self, subject: _Subject, members: int, place: int, at: float, end: int) -> None:
        """Send each of `members`, who fetch at `place`, to where it fetches next; count its hits on the way.

        At `end` everybody fetches.
        """
        candidates, cells, times, sums = self._candidates, self._cells, subject.times, subject.sums
        first, last = subject.rank[place], subject.rank[end - 1]
        while members:
            lowest = members & -members
            next_ = bisect_right(times, at + candidates[lowest.bit_length() - 1], first, last)
            if next_ >= last:
                leaving, next_ = members, last
                subject.fetching[end] |= leaving
            else:
                leaving = members & self._below[bisect_left(candidates, times[next_] - at)] | lowest
                subject.fetching[subject.places[next_]] |= leaving
            if next_ > first:
                cell = cells[leaving]
                cell.hits += next_ - first
                cell.ages += sums[next_] - sums[first] - (next_ - first) * at
                oldest = times[next_ - 1] - at
                cell.oldest = max(cell.oldest, oldest)
            members ^= leaving


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
    held = fixed(lifetimes)
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
        kind = KIND[mark]
        category, forced = mark & marks.CATEGORY, mark & marks.FORCED
        for place in range(count):
            age = at - last[place]
            if place < depth or forced or at > last[place] + held[kept[place]].caps[category]:
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

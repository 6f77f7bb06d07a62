"""Who will be asked for again: how often, in days like these, somebody asked again for a record like this one.

A record that is about to be too old is like others in three things: how often people asked for it in the last
week, how long ago they last did, and the time of day. Of those like it in the trace is counted how many were asked
for again within one more lifetime. Few of a kind are judged by all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from ...core.trace import CATEGORY, NEGATIVE, PERSON, SUSPENDED
from .columns import Asked, Columns
from .durations import DAY

WEEK: Final = 7 * DAY
OFTEN: Final = (1, 3, 7, 15)
"""Questions of the last week: up to one, up to three, ..."""
LATELY: Final = (1.0, 2.0, 4.0)
"""How long ago somebody last asked, in lifetimes."""
BLOCK: Final = 3
"""Hours of the day that are taken together."""
PRIOR: Final = 5.0
"""How many of all count with those of a kind."""

_PEOPLE: Final = bytes(
    (mark & PERSON) != 0 and (mark & CATEGORY) == 0 and not mark & NEGATIVE for mark in range(256)
)
"""People's questions about a customer's data: what they wait for."""
_SUSPENDED: Final = bytes(bool(mark & SUSPENDED) for mark in range(256))


@dataclass(slots=True)
class _Seen:
    expired: int = 0
    again: int = 0


class Reuse:
    """Learns from a trace; `lifetime` in seconds is that of customers' data, `hour` tells the local hour of a time."""

    def __init__(self, lifetime: float, hour: Callable[[float], float]) -> None:
        self.lifetime = lifetime
        self._hour = hour
        self._kinds: dict[tuple[int, int, int], _Seen] = {}
        self._all = _Seen()

    def learn(self, columns: Columns, *, until: float | None = None) -> None:
        """Count what came after each time a record would have been too old, up to `until` (columns' time)."""
        end = columns.last if until is None else until
        for asked in columns.subjects.values():
            people = people_of(asked)
            for at in _expiries(people, self.lifetime, end):
                again = people[bisect_right(people, at) :][:1]
                self._count(people, at, again=bool(again) and again[0] <= at + self.lifetime)

    def chance(self, people: Sequence[float], at: float) -> float:
        """Return how likely (0-1) somebody asks within a lifetime after `at`; `people` are earlier questions."""
        likely = (self._all.again + 0.5) / (self._all.expired + 1)
        seen = self._kinds.get(self._kind(people, at))
        if seen is None:
            return likely
        return (seen.again + PRIOR * likely) / (seen.expired + PRIOR)

    @property
    def learnt(self) -> int:
        """From how many records that grew too old it learnt."""
        return self._all.expired

    def _count(self, people: Sequence[float], at: float, *, again: bool) -> None:
        seen = self._kinds.setdefault(self._kind(people, at), _Seen())
        for each in (seen, self._all):
            each.expired += 1
            each.again += again

    def _kind(self, people: Sequence[float], at: float) -> tuple[int, int, int]:
        now = bisect_right(people, at)
        lately = at - people[now - 1] if now else WEEK
        often = now - bisect_left(people, at - WEEK)
        return (
            bisect_left(OFTEN, often),
            bisect_left(LATELY, lately / self.lifetime),
            int(self._hour(at)) // BLOCK,
        )


def people_of(asked: Asked) -> list[float]:
    """Return when people asked for the data of a subject."""
    return list(compress(asked.times, asked.marks.translate(_PEOPLE)))


def _expiries(people: Sequence[float], lifetime: float, end: float) -> Iterator[float]:
    """Yield when the record would have been too old, had it been renewed at every expiry for a while."""
    fetched = None
    for place, at in enumerate(people):
        if fetched is not None and at <= fetched + lifetime:
            continue
        fetched = at
        next_ = people[place + 1] if place + 1 < len(people) else end
        expiry = fetched + lifetime
        for _renewal in range(len(LATELY) + 1):
            if expiry + lifetime > end:
                return
            yield expiry
            if next_ <= expiry:
                break
            expiry += lifetime


@dataclass(frozen=True, slots=True)
class Promise:
    """What renewing ahead would have done over a stretch of the trace."""

    people: int
    """Lookups of people that a record could have answered."""
    waited: int
    """Of those, how many waited for HubSoft without it."""
    waits_saved: int
    spent: int
    """Requests more."""
    days: float

    @property
    def per_request(self) -> float | None:
        """Waits saved by each request; None where nothing would be renewed."""
        return self.waits_saved / self.spent if self.spent else None


def promise(
    columns: Columns, lifetime: float, worth: float, hour: Callable[[float], float], *, learn: float = 2 / 3
) -> Promise:
    """Learn from the first part of the trace (a share of it) and renew ahead in the rest.

    `worth` is how likely a record must be asked for again to be renewed. `lifetime` in seconds.
    """
    start = columns.last * learn
    reuse = Reuse(lifetime, hour)
    reuse.learn(columns, until=start)
    people = waited = saved = spent = 0
    for asked in columns.subjects.values():
        times = people_of(asked)
        without, with_ = _Kept(lifetime), _Kept(lifetime)
        for at in times:
            for expiry in with_.expiries(at):
                if expiry < start or reuse.chance(times[: bisect_left(times, at)], expiry) < worth:
                    break
                with_.fetched = expiry
                spent += 1
            waits, still = without.asked(at), with_.asked(at)
            if at >= start:
                people += 1
                waited += waits
                saved += waits - still
    return Promise(people, waited, saved, spent, (columns.last - start) / DAY)


class _Kept:
    """One record, as people's questions find it."""

    def __init__(self, lifetime: float) -> None:
        self.fetched: float | None = None
        self._lifetime = lifetime

    def expiries(self, before: float) -> Iterator[float]:
        """Yield each instant before `before` at which it becomes too old; whoever renews it sets `fetched`."""
        while self.fetched is not None and self.fetched + self._lifetime < before:
            yield self.fetched + self._lifetime

    def asked(self, at: float) -> bool:
        """Answer a question; tell whether it waited."""
        if self.fetched is not None and at <= self.fetched + self._lifetime:
            return False
        self.fetched = at
        return True

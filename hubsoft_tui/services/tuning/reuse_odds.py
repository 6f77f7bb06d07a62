"""The odds of another question: how often, in days like these, a record like this one was asked for again.

A record that is about to be too old is like others in three things: how often people asked for it in the last
week, how long ago they last did, and the time of day. Of those like it in the trace is counted how many were asked
for again within one more lifetime. Few of a kind are judged by all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from ...core.telemetry.trace import CATEGORY, FORCED, NEGATIVE, PERSON, SUSPENDED
from ...formats import DAY
from .columns import SubjectQuestions, TraceColumns
from .lifetimes import DATA, Rule, fixed

WEEK: Final = 7 * DAY
OFTEN: Final = (1, 3, 7, 15)
"""Questions of the last week: up to one, up to three, ..."""
LATELY: Final = (1.0, 2.0, 4.0)
"""How long ago the last question was, in lifetimes."""
BLOCK: Final = 3
"""Hours of the day that are taken together."""
PRIOR: Final = 5.0
"""How many of all count with those of a kind."""

_PEOPLE: Final = bytes(
    (mark & PERSON) != 0 and (mark & CATEGORY) == 0 and not mark & NEGATIVE for mark in range(256)
)
"""People's questions about a customer's data: what they wait for."""
_LOOKS: Final = 4
"""How many lifetimes an unasked record is looked at: after that it is like others never asked for again."""


@dataclass(slots=True)
class _Seen:
    expired: int = 0
    again: int = 0


_MOST: Final = 1000
"""Renewals of one record between two questions, at most."""


class Reuse:
    """Learns from a trace; `lifetimes` hold, by key, and `hour` tells the local hour of a time."""

    def __init__(self, lifetimes: Mapping[str, float], hour: Callable[[float], float]) -> None:
        self.lifetimes = dict(lifetimes)
        self.lifetime = self.lifetimes[DATA]
        self._hour = hour
        self._kinds: dict[tuple[int, int, int], _Seen] = {}
        self._all = _Seen()

    def learn(self, columns: TraceColumns, *, until: float | None = None) -> None:
        """Count what came after each time a record would have been too old, up to `until` (columns' time)."""
        end = columns.last if until is None else until
        rules = fixed(self.lifetimes)
        for asked in columns.subjects.values():
            people, kept = people_of(asked), _HeldRecord(rules)
            expiries: list[float] = []
            waits: list[float] = []
            for at, mark in zip(asked.times, asked.marks, strict=True):
                expiries += kept.expiries(at, _LOOKS)
                if kept.ask(at, mark) and _PEOPLE[mark] and not mark & FORCED:
                    waits.append(at)
            expiries += kept.expiries(end, _LOOKS)
            for expiry in expiries:
                if expiry + self.lifetime > end:
                    break
                next_ = bisect_right(waits, expiry)
                again = next_ < len(waits) and waits[next_] <= expiry + self.lifetime
                self._count(people, expiry, again=again)

    def chance(self, people: Sequence[float], at: float) -> float:
        """Return how likely (0-1) a person would wait within a lifetime after `at`; `people` asked earlier."""
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


def people_of(asked: SubjectQuestions) -> list[float]:
    """Return when people asked for the data of a subject."""
    return list(compress(asked.times, asked.marks.translate(_PEOPLE)))


class _HeldRecord:
    """One subject's record, by the cache's rules."""

    def __init__(self, rules: tuple[Rule, Rule, Rule]) -> None:
        self.fetched: float | None = None
        self._rules = rules
        self._kind = 0

    def ask(self, at: float, mark: int) -> bool:
        """Answer a question; tell whether it waited for HubSoft."""
        fresh = (
            self.fetched is not None
            and not mark & FORCED
            and at <= self.fetched + self._rules[self._kind].caps[mark & CATEGORY]
        )
        if not fresh:
            self.fetched = at
            self._kind = 2 if mark & NEGATIVE else 1 if mark & SUSPENDED else 0
        return not fresh

    def renew(self, at: float) -> None:
        """Fetch it anew, unasked."""
        self.fetched = at

    def expiries(self, before: float, most: int) -> Iterator[float]:
        """Yield up to `most` instants before `before` at which it would be too old, renewed each time.

        What does not exist is not renewed, nor a customer that a payment may unlock.
        """
        if self.fetched is None or self._kind:
            return
        lifetime = self._rules[0].caps[0]
        expiry = self.fetched + lifetime
        while expiry < before and most > 0:
            yield expiry
            expiry, most = expiry + lifetime, most - 1


@dataclass(frozen=True, slots=True)
class Promise:
    """What renewing ahead would have done over a stretch of the trace."""

    people: int
    """Lookups of people that a record could have answered."""
    waited: int
    """Of those, how many waited for HubSoft without it."""
    waits_saved: int
    spent: int
    """Renewals."""
    days: float

    @property
    def per_request(self) -> float | None:
        """Waits saved by each renewal; None where nothing would be renewed."""
        return self.waits_saved / self.spent if self.spent else None


def promise(
    columns: TraceColumns,
    lifetimes: Mapping[str, float],
    worth: float,
    hour: Callable[[float], float],
    *,
    learn: float = 2 / 3,
) -> Promise:
    """Learn from the first part of the trace (a share of it) and renew ahead in the rest.

    `worth` is how likely a record must be waited for again to be renewed.
    """
    start = columns.last * learn
    reuse = Reuse(lifetimes, hour)
    reuse.learn(columns, until=start)
    total = _Renewed()
    for asked in columns.subjects.values():
        _replay(asked, fixed(lifetimes), reuse, worth, total, start, columns.last)
    return Promise(total.people, total.waited, total.saved, total.spent, (columns.last - start) / DAY)


@dataclass(slots=True)
class _Renewed:
    people: int = 0
    waited: int = 0
    saved: int = 0
    spent: int = 0


def _replay(
    asked: SubjectQuestions,
    rules: tuple[Rule, Rule, Rule],
    reuse: Reuse,
    worth: float,
    total: _Renewed,
    *stretch: float,
) -> None:
    """Answer the questions about one subject with and without renewing, and count from `stretch` on."""
    start, end = stretch
    people, without, with_ = people_of(asked), _HeldRecord(rules), _HeldRecord(rules)

    def renew(before: float) -> None:
        for expiry in list(with_.expiries(before, _MOST)):
            earlier = people[: bisect_right(people, expiry)]
            if expiry < start or reuse.chance(earlier, expiry) < worth:
                break
            with_.renew(expiry)
            total.spent += 1

    for at, mark in zip(asked.times, asked.marks, strict=True):
        renew(at)
        waits, still = without.ask(at, mark), with_.ask(at, mark)
        if at >= start and _PEOPLE[mark] and not mark & FORCED:
            total.people += 1
            total.waited += waits
            total.saved += waits - still
    renew(end)

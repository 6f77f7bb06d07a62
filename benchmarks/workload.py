"""A provider's month of questions, and the fewest requests that could have answered them."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

DAY: Final = 86_400.0
HOUR: Final = 3600.0
CALLERS: Final = 300
CHECKS: Final = 50
"""Customers who call, each day: is the contract active? And mostly then: who is it?"""
THEN_DATA: Final = 0.7
CHECKUP: Final = 100
"""Customers whose status is checked every morning at six."""
SYNCS: Final = (9.0, 13.0, 18.0)
"""Hours at which the open tickets are read."""
TICKETS: Final = 15
CLOSED_PER_DAY: Final = 4
MIXED: Final = 20
STEP: Final = 0.1
"""Seconds from one question of a batch to the next."""


class Kind(Enum):
    """What is asked."""

    DATA = "data"
    STATUS = "status"
    TICKET = "ticket"
    WRITE = "write"


MIX: Final = {Kind.DATA: 0.40, Kind.STATUS: 0.30, Kind.TICKET: 0.15, Kind.WRITE: 0.15}
Ages = Mapping[Kind, float]
"""How old, in seconds, an answer of each kind may be; a write is never answered from memory."""
AGES: Final[Ages] = {Kind.DATA: 1800.0, Kind.STATUS: 14_400.0, Kind.TICKET: 900.0}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: when (seconds from the start), and about which customer or ticket."""

    at: float
    subject: int
    kind: Kind


class _Callers:
    """Who calls: the second of them half as often as the first, the third a third as often (Zipf, s = 1)."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._reach = list(itertools.accumulate(1 / rank for rank in range(1, CALLERS + 1)))
        self._names = list(range(CALLERS))
        chance.shuffle(self._names)

    def next(self) -> int:
        rank = bisect.bisect_left(self._reach, self._chance.random() * self._reach[-1])
        return self._names[min(rank, CALLERS - 1)]


def month(days: int, seed: int = 1) -> list[Asked]:
    """Return every question of `days` days, in order of time; the same seed asks the same."""
    chance = random.Random(seed)
    callers = _Callers(chance)
    asked = itertools.chain.from_iterable(
        _day(day * DAY, CLOSED_PER_DAY * day, callers, chance) for day in range(days)
    )
    return sorted(asked, key=lambda one: one.at)


def _day(start: float, first_ticket: int, callers: _Callers, chance: random.Random) -> Iterator[Asked]:
    for _ in range(CHECKS):
        at, who = start + _busy_hour(chance), callers.next()
        yield Asked(at, who, Kind.STATUS)
        if chance.random() < THEN_DATA:
            yield Asked(at + chance.uniform(1, 30), who, Kind.DATA)
    for who in range(CHECKUP):
        yield Asked(start + 6 * HOUR + who * STEP, who, Kind.STATUS)
    for hour in SYNCS:
        for place in range(TICKETS):
            yield Asked(start + hour * HOUR + place * STEP, first_ticket + place, Kind.TICKET)
    for kind in chance.choices(list(MIX), list(MIX.values()), k=MIXED):
        who = first_ticket + chance.randrange(TICKETS) if kind is Kind.TICKET else callers.next()
        yield Asked(start + _busy_hour(chance), who, kind)


def _busy_hour(chance: random.Random) -> float:
    """Return a moment between 8 and 22 h: around half past ten, around four, and a few in the evening."""
    while True:
        middle, spread = (20.0, 1.0) if chance.random() < 0.15 else (chance.choice((10.5, 16.0)), 1.5)
        if 8 <= (hour := chance.gauss(middle, spread)) <= 22:
            return hour * HOUR


# -- who asked how often


def naive(trace: Iterable[Asked]) -> int:
    """Nothing is remembered."""
    return sum(1 for _ in trace)


def seed_cache(trace: Iterable[Asked], *, data_tells_status: bool) -> int:
    """Two copies of a customer with lifetimes of their own (30 min, 4 h), fixed when stored; no tickets."""
    good_until: dict[tuple[int, Kind], float] = {}
    requests = 0
    for one in trace:
        if one.at <= good_until.get((one.subject, one.kind), -1.0):
            continue
        requests += 1
        if one.kind in {Kind.DATA, Kind.STATUS}:
            good_until[one.subject, one.kind] = one.at + AGES[one.kind]
        if one.kind is Kind.DATA and data_tells_status:
            good_until[one.subject, Kind.STATUS] = one.at + AGES[Kind.STATUS]
    return requests


# -- the fewest possible


def per_subject(trace: Iterable[Asked], ages: Ages) -> int:
    """Return the fewest requests when one request brings one customer or ticket.

    A question at t is answered by any request for its subject in [t - age, t]. Placing requests as late as
    the first unanswered question allows is optimal for stabbing intervals, so no prefetching beats this.
    """
    asked: dict[tuple[bool, int], float] = {}
    requests = 0
    for one in trace:
        key = (one.kind is Kind.TICKET, one.subject)
        if one.kind is Kind.WRITE:
            requests += 1
        elif one.at - asked.get(key, -math.inf) > ages[one.kind]:
            asked[key] = one.at
            requests += 1
    return requests


def with_sweeps(trace: Iterable[Asked], ages: Ages, *, pages: int) -> int:
    """Return the fewest requests when `pages` requests bring every customer, and one brings every ticket.

    Exact. Any sweep may as well happen right before a question, so `cheapest[i]` is the least that serves all
    questions before the i-th and sweeps there; from each such point single requests run on to every later one.
    """
    trace = list(trace)
    total = sum(one.kind is Kind.WRITE for one in trace)
    for tickets, price in ((True, 1), (False, pages)):
        about = [one for one in trace if (one.kind is Kind.TICKET) is tickets and one.kind is not Kind.WRITE]
        total += _cheapest(about, ages, price)
    return total


def _cheapest(trace: list[Asked], ages: Ages, price: int) -> int:
    least: defaultdict[int, float] = defaultdict(lambda: math.inf)
    end = len(trace)

    def serve(begin: int, spent: float, swept: float) -> None:
        asked: dict[int, float] = {}
        for index in range(begin, end):
            if index > begin or swept == -math.inf:
                least[index] = min(least[index], spent + price)
                if least[index] <= spent:
                    return  # sweeping here was no dearer by another way, and everything would be fresher
            one = trace[index]
            if one.at - asked.get(one.subject, swept) > ages[one.kind]:
                asked[one.subject] = one.at
                spent += 1
        least[end] = min(least[end], spent)

    serve(0, 0, -math.inf)
    for index in range(end):
        serve(index, least[index], trace[index].at)
    return int(least[end]) if end else 0

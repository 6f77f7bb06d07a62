"""The cache, question by question: what curves must equal."""

from dataclasses import dataclass
from typing import Any

from hubsoft_tui.core.telemetry import trace as marks
from hubsoft_tui.services.tuning.curve import KEYS, NOT_FOUND, SUSPENDED

DATA, STATUS, SERVICE = KEYS


@dataclass
class Replayed:
    requests: int = 0
    asked: int = 0
    hits: int = 0
    ages: float = 0.0
    oldest: float = 0.0

    @property
    def mean_age(self):
        return self.ages / self.hits if self.hits else 0.0


def limit(lifetimes, category, negative, suspended):
    if negative:
        return lifetimes[NOT_FOUND]
    own = lifetimes[(DATA, STATUS, SERVICE)[category]]
    return min(own, lifetimes[SUSPENDED]) if suspended and category != 2 else own


def is_about(key, category, negative, suspended):
    if key == NOT_FOUND:
        return negative
    if negative:
        return False
    if key == SUSPENDED:
        return suspended and category != 2
    return key == (DATA, STATUS, SERVICE)[category]


def replay(rows, lifetimes, key, *, lives=lambda _subject, _place: True):
    """Answer `rows` of (at, subject, mark) as the cache would; `lives` says whether a record is still there."""
    told = Replayed()
    kept: dict[Any, Any] = {}
    for place, (at, subject, mark) in enumerate(rows):
        category = mark & marks.CATEGORY
        fetched, kind = kept.get(subject, (None, (False, False)))
        fresh = (
            fetched is not None
            and lives(subject, place)
            and not mark & marks.FORCED
            and at <= fetched + limit(lifetimes, category, *kind)
        )
        if not fresh:
            told.requests += 1
            fetched, kind = at, (bool(mark & marks.NEGATIVE), bool(mark & marks.SUSPENDED))
            kept[subject] = fetched, kind
        if is_about(key, category, *kind):
            told.asked += 1
            if fresh:
                told.hits += 1
                told.ages += at - fetched
                told.oldest = max(told.oldest, at - fetched)
    return told

"""Every question, counted per category with the hit ratio's recent course, and noted in the trace."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from ..cache.cache import CachedAnswer
from ..cache.freshness import Fetched, Question
from ..clock import Clock, today
from ..types import Category, CategoryStats, Outcome, RequestContext
from .trace import AskedQuestion, Tracer

COURSE_MINUTES: Final = 30
_ANSWERED: Final = frozenset({Outcome.HIT, Outcome.COALESCED, Outcome.NEGATIVE})


class _Counter:
    __slots__ = ("counts", "course", "expired")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(Outcome, 0)
        self.expired = 0
        self.course: deque[list[int]] = deque(maxlen=COURSE_MINUTES)
        """Of each minute in which something was asked: which it was, asked, answered here."""


class Statistics:
    """Grows by a few integers per question. Without a tracer nothing is noted, which costs a question nothing."""

    def __init__(self, clock: Clock, tracer: Tracer | None = None) -> None:
        self._clock = clock
        self._tracer = tracer
        self._counters = {category: _Counter() for category in Category}
        self._day = today(clock)
        self._minute = -1
        self._asked_today = 0

    def asked(self, question: Question[Any], context: RequestContext, *, forced: bool) -> AskedQuestion:
        """Note that `question` came, now."""
        return AskedQuestion(
            self._clock.wall(), question.key, question.category, context.priority, context.caller, forced
        )

    def remembered(self, asked: AskedQuestion, outcome: Outcome, found: CachedAnswer) -> None:
        """Count a question answered from memory: a hit, a negative or a stale answer."""
        self.count(asked.category, outcome)
        if self._tracer is not None:
            self._tracer.shown(asked, outcome, found.ids, found.values, found.age)

    def fetched(
        self,
        asked: AskedQuestion,
        began: float,
        found: CachedAnswer | None,
        fetched: Fetched[Any],
        *,
        joined: bool,
    ) -> None:
        """Count a question that HubSoft answered; `found` is what was too old when it was asked, at `began`."""
        outcome = Outcome.COALESCED if joined or not fetched.requests else Outcome.MISS
        self.count(asked.category, outcome, expired=found is not None and not asked.forced)
        if self._tracer is None:
            return
        # A roster's rows, which are no records of their own, show less of a customer: they cannot be compared.
        listed = asked.category is Category.CLIENT_DATA and (
            (fetched.values and not fetched.ids) or (found is not None and found.values and not found.ids)
        )
        if outcome is Outcome.COALESCED or found is None or listed:
            self._tracer.shown(asked, outcome, fetched.ids, fetched.values, fetched.age)
            return
        since = found.age + max(0.0, self._clock.now() - fetched.age - began)
        self._tracer.renewed(
            asked, fetched.ids or found.ids, found.values, fetched.values, age=fetched.age, since=since
        )

    def failed(self, asked: AskedQuestion, found: CachedAnswer | None) -> None:
        """Count a question without an answer."""
        self.count(asked.category, Outcome.MISS)
        if self._tracer is not None:
            self._tracer.failed(asked, found.ids if found is not None else ())

    def count(self, category: Category, outcome: Outcome, *, expired: bool = False) -> None:
        """Count one question; `expired` for a miss that found an answer too old."""
        minute = self._turn_day()
        self._asked_today += 1
        counter = self._counters[category]
        counter.counts[outcome] += 1
        counter.expired += expired
        if not counter.course or counter.course[-1][0] != minute:
            counter.course.append([minute, 0, 0])
        latest = counter.course[-1]
        latest[1] += 1
        latest[2] += outcome in _ANSWERED

    def today(self) -> int:
        """How many questions were asked since local midnight, or the start if that was later."""
        self._turn_day()
        return self._asked_today

    def _turn_day(self) -> int:
        """Begin another day once it is another; return the minute it is."""
        minute = int(self._clock.wall() // 60)
        # A day begins with a minute, and a date costs more than the rest of counting.
        if minute != self._minute:
            self._minute = minute
            if (day := today(self._clock)) != self._day:
                self._day, self._asked_today = day, 0
        return minute

    def state(self) -> dict[Category, CategoryStats]:
        """What a watcher sees."""
        return {category: _stats(counter) for category, counter in self._counters.items()}


def _stats(counter: _Counter) -> CategoryStats:
    hits = counter.counts[Outcome.HIT]
    return CategoryStats(
        hits=hits,
        misses=counter.counts[Outcome.MISS],
        coalesced=counter.counts[Outcome.COALESCED],
        stale=counter.counts[Outcome.STALE],
        expired=counter.expired,
        negative=counter.counts[Outcome.NEGATIVE],
        course=tuple(answered / asked for _, asked, answered in counter.course),
    )

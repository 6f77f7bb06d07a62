"""Every question, counted for the watchers and noted in the trace, however it ends."""

from __future__ import annotations

from typing import Any

from ..cache.cache import CachedAnswer
from ..cache.question import Question
from ..clock import Clock
from ..requests.fetch import Fetched
from ..types import Outcome, RequestContext
from .statistics import Statistics
from .tracer import AskedQuestion, Tracer


class Tally:
    """Counts what the engine answers. Without a tracer nothing is noted, and a question costs nothing for it."""

    def __init__(self, statistics: Statistics, clock: Clock, tracer: Tracer | None) -> None:
        self._statistics = statistics
        self._clock = clock
        self._tracer = tracer

    def asked(self, question: Question[Any], context: RequestContext, *, forced: bool) -> AskedQuestion:
        """Note that `question` came, now."""
        return AskedQuestion(
            self._clock.wall(), question.key, question.category, context.priority, context.caller, forced
        )

    def remembered(self, asked: AskedQuestion, outcome: Outcome, found: CachedAnswer) -> None:
        """Count a question answered from memory: a hit, a negative or a stale answer."""
        self._statistics.count(asked.category, outcome, age=found.age)
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
        self._statistics.count(asked.category, outcome, expired=found is not None and not asked.forced)
        if self._tracer is None:
            return
        if outcome is Outcome.COALESCED or found is None:
            self._tracer.shown(asked, outcome, fetched.ids, fetched.values, fetched.age)
            return
        since = found.age + max(0.0, self._clock.now() - fetched.age - began)
        self._tracer.renewed(
            asked, fetched.ids or found.ids, found.values, fetched.values, age=fetched.age, since=since
        )

    def failed(self, asked: AskedQuestion, found: CachedAnswer | None) -> None:
        """Count a question without an answer."""
        self._statistics.count(asked.category, Outcome.MISS)
        if self._tracer is not None:
            self._tracer.failed(asked, found.ids if found is not None else ())

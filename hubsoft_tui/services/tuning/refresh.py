"""Renewing ahead: what people will probably ask for again is fetched anew, unasked, before it is too old.

It cannot save requests, it spends them: what it buys is that people do not wait. So it renews only what, by what
the trace taught, is asked for again often enough; only within its share of the budget, in the background's class,
while HubSoft is well and no person waits; it counts what came of it, and stands still for a day when it did not pay.

`Reuse` holds the odds of another question. A record that is about to be too old is like others in three things: how
often people asked for it in the last week, how long ago they last did, and the time of day. Of those like it in the
trace is counted how many were asked for again within one more lifetime. Few of a kind are judged by all.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Final

from ... import formats
from ...api.models import Customer
from ...core.cache.freshness import Question
from ...core.clock import today
from ...core.telemetry.trace import (
    CATEGORY,
    FORCED,
    NEGATIVE,
    PERSON,
    REFRESH,
    QuestionRow,
)
from ...core.types import Category, Outcome, Priority, Renewing, RequestContext
from ...errors import HubSoftError
from ...formats import DAY, HOUR
from ...store.tuning import TuningLog
from ...values import dataclass
from ..customers import questions
from ..customers.terms import Kind, Term
from .columns import SubjectQuestions, TraceColumns, TraceSource
from .curve import DATA, KIND, Rule, ages, fixed

if TYPE_CHECKING:
    from ...core.clock import Clock
    from ...core.engine import Engine

logger = logging.getLogger(__name__)

WEEK: Final = 7 * DAY
OFTEN: Final = (1, 3, 7, 15)
"""Questions of the last week: up to one, up to three, ..."""
LATELY: Final = (1.0, 2.0, 4.0)
"""How long ago the last question was, in lifetimes."""
BLOCK: Final = 3
"""Hours of the day that are taken together."""
PRIOR: Final = 5.0
"""How many of all count with those of a kind."""

PEOPLE: Final = bytes(
    (mark & PERSON) != 0 and (mark & CATEGORY) == 0 and not mark & NEGATIVE for mark in range(256)
)
"""People's questions about a customer's data: what they wait for."""
_LOOKS: Final = 4
"""How many lifetimes an unasked record is looked at: after that it is like others never asked for again."""


@dataclass(slots=True)
class _Seen:
    expired: int = 0
    again: int = 0


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
            people, kept = people_of(asked), HeldRecord(rules)
            expiries: list[float] = []
            waits: list[float] = []
            for at, mark in zip(asked.times, asked.marks, strict=True):
                expiries += kept.expiries(at, _LOOKS)
                if kept.ask(at, mark) and PEOPLE[mark] and not mark & FORCED:
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
    return list(compress(asked.times, asked.marks.translate(PEOPLE)))


class HeldRecord:
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
            self._kind = KIND[mark]
        return not fresh

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


LOOK_SECONDS: Final = 10.0
AHEAD: Final = 2 * LOOK_SECONDS
"""A record is renewed within its last so many seconds."""
LEARN_SECONDS: Final = HOUR
LOOKED_AT: Final = 2000
"""Records looked at, the last used."""
LEAST_LEARNT: Final = 50
"""Records that grew too old, without which nothing is foretold."""
JUDGED: Final = 60
"""Renewals over which it is judged whether they paid."""
STILL: Final = DAY


@dataclass(slots=True)
class _Renewal:
    """A record that was renewed: whether it paid shows with the next question, or when it is too old again."""

    before: float
    """When it would have been too old, UTC epoch seconds."""
    until: float


class RefreshAhead:
    """Lives in the engine's loop. It also sees every row of the trace on its way to the file."""

    def __init__(
        self,
        engine: Engine,
        *,
        subject_of: Callable[[str], int],
        source: TraceSource,
        log: TuningLog,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._subject_of = subject_of
        self._source = source
        self._log = log
        self._clock = clock
        self._reuse: Reuse | None = None
        self._learnt_at = float("-inf")
        self._people: dict[int, list[float]] = {}
        """When people asked for a subject, UTC epoch seconds; as the trace knew it, and what came since."""
        self._origin = 0.0
        self._renewed: dict[int, _Renewal] = {}
        self._starts: deque[float] = deque()
        self._outcomes: deque[bool] = deque(maxlen=JUDGED)
        self._stopped_until: float | None = None
        self._stopping = False
        """That it stands still is not on disk yet: a person's question found it out, and waits for no disk."""
        self._spent = self._saved = 0
        self._today = Renewing()

    @property
    def state(self) -> Renewing | None:
        """What came of it today; None while it is off."""
        return self._today if self._engine.settings.refresh.enabled else None

    def question(self, row: QuestionRow) -> None:
        """Notice a question of a person."""
        if not self._engine.settings.refresh.enabled:
            return
        if row.caller == REFRESH or row.category is not Category.CLIENT_DATA or row.priority > Priority.HIGH:
            return
        self._people.setdefault(row.subject, []).append(row.at)
        renewal = self._renewed.get(row.subject)
        if renewal is not None and row.at > renewal.before:
            del self._renewed[row.subject]
            self._judge(paid=row.outcome is Outcome.HIT)

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            if not self._engine.settings.refresh.enabled:
                self._reuse = None
                continue
            try:
                await self.look()
            except HubSoftError as error:
                logger.warning("renewing ahead: %s", error)

    async def look(self) -> int:
        """Renew what is due and worth it; return how many requests that took. Raises HubSoftError."""
        if self._stopped_until is None:
            self._stopped_until = self._log.stopped_until()
        now = self._clock.wall()
        self._let_go(now)
        spent = 0
        if now >= self._stopped_until:
            reuse = await self._learnt()
            spent = await self._renew_due(reuse, now) if reuse is not None else 0
        self._tell(now)
        return spent

    # -- inside

    async def _learnt(self) -> Reuse | None:
        lifetimes = ages(self._engine.settings.cache)
        stale = self._reuse is None or self._reuse.lifetimes != lifetimes
        if stale or self._clock.now() - self._learnt_at >= LEARN_SECONDS:
            columns = await self._source.columns(fresh=True)

            def learn() -> tuple[Reuse, dict[int, list[float]]]:
                reuse = Reuse(lifetimes, lambda at: _hour(at + columns.origin))
                reuse.learn(columns)
                people = {
                    subject: [at + columns.origin for at in times]
                    for subject, asked in columns.subjects.items()
                    if (times := people_of(asked))
                }
                return reuse, people

            self._reuse, self._people = await asyncio.to_thread(learn)
            self._origin = columns.origin
            self._learnt_at = self._clock.now()
        return self._reuse if self._reuse is not None and self._reuse.learnt >= LEAST_LEARNT else None

    async def _renew_due(self, reuse: Reuse, now: float) -> int:
        spent, worth = 0, self._engine.settings.refresh.worth
        for name, age in self._engine.known.customers(LOOKED_AT):
            left = reuse.lifetime - age
            if not 0 < left <= AHEAD:
                continue
            subject = self._subject_of(name)
            people = [at - self._origin for at in self._people.get(subject, ())]
            if reuse.chance(people, now + left - self._origin) < worth:
                continue
            if not self._engine.idle or not self._affordable():
                break
            if await self._renew(name, subject, now + left, reuse.lifetime):
                spent += 1
        return spent

    async def _renew(self, name: str, subject: int, before: float, lifetime: float) -> bool:
        customer = self._engine.known.record(name)
        if not isinstance(customer, Customer) or (question := _question(customer)) is None:
            return False
        if self._engine.known.lifetime_of(customer, Category.CLIENT_DATA) != lifetime:
            return False  # a payment may unlock this customer: what is renewed may be wrong in a moment
        self._starts.append(self._clock.now())
        answer = await self._engine.ask(question, RequestContext(REFRESH, Priority.LOW), refresh=True)
        self._spent += answer.requests
        if (earlier := self._renewed.pop(subject, None)) is not None and earlier.until <= before + AHEAD:
            self._judge(paid=False)
        self._renewed[subject] = _Renewal(before, before + lifetime)
        return True

    def _affordable(self) -> bool:
        """Tell whether its share of the budget has room for one more."""
        limiter = self._engine.settings.limiter
        now = self._clock.now()
        while self._starts and now - self._starts[0] >= limiter.window_seconds:
            self._starts.popleft()
        share = self._engine.settings.refresh.share
        return len(self._starts) < max(1, int(limiter.max_requests_per_minute * share))

    def _let_go(self, now: float) -> None:
        """Settle the renewals that expired before a question."""
        for subject in [subject for subject, each in self._renewed.items() if now > each.until]:
            del self._renewed[subject]
            self._judge(paid=False)

    def _judge(self, *, paid: bool) -> None:
        self._saved += paid
        self._outcomes.append(paid)
        worth = self._engine.settings.refresh.worth
        if len(self._outcomes) == JUDGED and sum(self._outcomes) < worth * JUDGED / 2:
            self._outcomes.clear()
            self._stopped_until = self._clock.wall() + STILL
            self._stopping = True
            logger.info("renewing ahead did not pay: it stands still for a day")

    def _tell(self, now: float) -> None:
        day = today(self._clock).isoformat()
        if self._stopping and self._stopped_until is not None:
            self._log.stop(self._stopped_until)
            self._stopping = False
        if self._spent or self._saved:
            self._log.count_renewed(day, spent=self._spent, saved=self._saved)
            self._spent = self._saved = 0
        spent, saved = self._log.renewed(day)
        stopped = self._stopped_until if self._stopped_until and now < self._stopped_until else None
        self._today = Renewing(spent, saved, stopped)


def _question(customer: Customer) -> Question[tuple[Customer, ...]] | None:
    if customer.document:
        kind = Kind.CPF if len(customer.document) == 11 else Kind.CNPJ
        return questions.customer(Term(kind, customer.document))
    return None if customer.code is None else questions.customer(Term(Kind.CODE, str(customer.code)))


def _hour(at: float) -> float:
    there = formats.at(at)
    return there.hour + there.minute / 60

"""The engine: every question passes this one door, so the token, the budget and the memory exist once.

It lives in one event loop, in one background thread (`worker`). Nothing outside touches its objects: callers
await `ask` through the worker, watchers read immutable snapshots.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from ..api.models import TokenGrant
from ..api.operations import Operation
from ..errors import RateLimited, StoreError, TimedOut, Unreachable
from ..settings import CacheSettings, Settings
from ..texts import say
from . import chores
from .breaker import Breaker
from .cache import Cache, Found
from .clock import Clock
from .events import Events
from .exchange import Exchange, Received
from .fetch import Fetched, Fetcher
from .gate import Gate
from .health import HealthMonitor
from .job import Job
from .journal import Journal
from .limits import limits_from
from .ports import PermitPort, RecordPort, TokenPort
from .question import Question
from .retry import Backoff, RetryBudget
from .statistics import Statistics
from .tokens import Tokens
from .transport import Transport
from .types import (
    Answer,
    ApiState,
    Badges,
    BudgetState,
    CacheState,
    Category,
    Health,
    Outcome,
    Priority,
    Snapshot,
    Source,
)

T = TypeVar("T")
logger = logging.getLogger(__name__)

DEADLINES: Final = {Priority.CRITICAL: 120.0, Priority.HIGH: 75.0, Priority.NORMAL: None, Priority.LOW: None}
"""Seconds a caller of each class waits unless it says otherwise; None waits as long as it takes. People see their
place in line and can leave it, so they wait for at least one whole window to pass."""
TOKEN_LOOK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Ports:
    """What the engine shares with other processes."""

    permits: PermitPort
    tokens: TokenPort
    records: RecordPort


class Engine:
    """Create, `start`, `ask`, `close`: all within one event loop."""

    def __init__(
        self,
        settings: Settings,
        ports: Ports,
        clock: Clock,
        *,
        kinds: Mapping[str, Any],
        login: Operation[TokenGrant],
        probe: Operation[Any],
        backoff: Backoff | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.events = Events()
        self.badges: Callable[[], Badges] = Badges
        """What the services add to a snapshot; set by whoever builds them."""
        self._probe = probe
        self._cache = Cache(ports.records, clock, kinds, max_entries=settings.cache.max_entries)
        self._statistics = Statistics(clock)
        self._breaker = Breaker(clock, settings.health)
        self._health = HealthMonitor(clock, settings.health, self._breaker, self.events)
        self._journal = Journal(clock, self.events)
        self._gate = Gate(ports.permits, clock, limits_from(settings.limiter))
        self._exchange = Exchange(
            transport=Transport(settings.profile, settings.http),
            gate=self._gate,
            breaker=self._breaker,
            health=self._health,
            journal=self._journal,
            backoff=backoff or Backoff(settings.retry),
            budget=RetryBudget(clock, settings.retry),
            clock=clock,
        )
        self._tokens = Tokens(
            ports.tokens,
            clock,
            lambda: self._exchange.login(login),
            buffer_seconds=settings.token.buffer_seconds,
        )
        self._fetcher = Fetcher(
            cache=self._cache,
            records=ports.records,
            exchange=self._exchange,
            tokens=self._tokens,
            clock=clock,
            limit=self._limit,
        )
        self._chores: list[asyncio.Task[None]] = []
        self._serial = 0
        self._last = Snapshot()

    # -- life ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the background chores: cleaning, early renewal, noticing that HubSoft is back."""
        self._chores = [
            asyncio.create_task(chore)
            for chore in (
                chores.every(lambda: self.settings.cache.clean_seconds, self.clean_cache, self.clock),
                chores.every(lambda: TOKEN_LOOK_SECONDS, self._tokens.ready, self.clock),
                chores.recover(self._breaker, self._ask_something_cheap, self.clock),
            )
        ]

    async def close(self) -> None:
        """Stop everything; questions still waiting raise Closed."""
        self._gate.close()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._fetcher.close()
        await self._tokens.close()
        await self._exchange.transport.close()

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on, for what is already remembered too. The profile must be the same."""
        self.settings = settings
        self._gate.reconfigure(limits_from(settings.limiter))
        self._cache.resize(settings.cache.max_entries)
        self._breaker.settings = self._health.settings = settings.health
        self._exchange.budget.settings = settings.retry
        self._exchange.backoff = Backoff(settings.retry)
        self._tokens.buffer_seconds = settings.token.buffer_seconds

    # -- questions ----------------------------------------------------------------------------------------

    async def ask(
        self,
        question: Question[T],
        *,
        category: Category | None = None,
        priority: Priority = Priority.HIGH,
        refresh: bool = False,
        patience: float | None = None,
        label: str = "",
        caller: str = "",
    ) -> Answer[T]:
        """Answer from memory if that is young enough, else from HubSoft, else from memory marked stale.

        `category` is the age limit to use instead of the question's own; `refresh` asks HubSoft whatever is
        remembered; `patience` is in seconds (None: the class's own). Raises HubSoftError; an answer "there is
        no such thing" is the empty value, not an error.
        """
        if category is not None and category is not question.category:
            question = replace(question, category=category)
        found = self._cache.find(question.key)
        if found is not None and not refresh and found.age <= self._limit(question.category, found):
            outcome = Outcome.NEGATIVE if found.negative else Outcome.HIT
            self._statistics.count(question.category, outcome, age=found.age)
            return self._remembered(question, found, Source.CACHE)
        try:
            if priority <= Priority.HIGH:
                self._exchange.patience.refuse_while_away()
            fetched, joined = await self._fetch(question, priority, patience, label, caller, refresh=refresh)
        except (Unreachable, RateLimited, StoreError) as error:
            found = self._cache.find(question.key)
            if found is None or found.negative or found.age > self.settings.cache.stale_ttl:
                self._statistics.count(question.category, Outcome.MISS)
                raise
            self._statistics.count(question.category, Outcome.STALE)
            return self._remembered(question, found, Source.STALE, reason=str(error))
        outcome = Outcome.COALESCED if joined or not fetched.requests else Outcome.MISS
        self._statistics.count(question.category, outcome, expired=found is not None and not refresh)
        return Answer(
            value=fetched.value,
            source=Source.API if fetched.requests else Source.CACHE,
            age=fetched.age,
            fetched_at=fetched.fetched_at,
            requests=0 if joined else fetched.requests,
            truncated=fetched.truncated,
            problems=fetched.problems,
        )

    def remembered(self, question: Question[T]) -> Answer[T] | None:
        """Return what is remembered, however old, or None. Asks nobody and counts as no question."""
        found = self._cache.find(question.key)
        return None if found is None else self._remembered(question, found, Source.CACHE)

    async def send(
        self,
        operation: Operation[T],
        *,
        priority: Priority = Priority.HIGH,
        patience: float | None = None,
        label: str = "",
        caller: str = "",
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """Send one operation that is not a question about a remembered thing (a test, a write).

        `ready` is awaited right before each attempt's first byte; what it raises is raised here, nothing sent.
        Raises HubSoftError; UnknownOutcome when a write may or may not have happened. Cancelling a write
        after it was sent leaves its outcome unknown too.
        """
        received = await self.receive(
            operation, priority=priority, patience=patience, label=label, caller=caller, ready=ready
        )
        value: T = received.decoded.value
        return value

    async def receive(
        self,
        operation: Operation[Any],
        *,
        priority: Priority = Priority.HIGH,
        patience: float | None = None,
        label: str = "",
        caller: str = "",
        retries: int | None = None,
        spent: Callable[[int], object] | None = None,
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> Received:
        """Send one operation as `send` does, and return everything it brought: its page too, and when it was sent.

        `retries` repeats a failure less often than the settings allow; `spent` is told how many requests
        HubSoft received for it, however it ends.
        """
        job = self._job(priority, patience, label, caller, retries)
        job.ready = ready
        work = self._exchange.perform(job, operation, self._tokens)
        try:
            # A write that was sent is waited for until the transport gives up: leaving earlier would call
            # something that happened a failure. Its deadline still holds in the queue.
            return await (self._in_time(job, work) if operation.repeatable else work)
        finally:
            if spent is not None:
                spent(job.requests)

    def clear_cache(self) -> int:
        """Forget every answer; return how many records went."""
        return self._cache.clear()

    def clean_cache(self) -> int:
        """Drop what has expired beyond use and what is over the limit; return how many expired."""
        return self._cache.clean(keep_seconds=self.settings.cache.stale_ttl)

    def cache_count(self) -> int:
        """How many customers are remembered."""
        return self._cache.count()

    # -- watching -----------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything a screen shows, now. The serial grows only when something a person can see changed."""
        budget = self._gate.state()
        now = self.clock.now()
        snapshot = Snapshot(
            # With marks on the tape time itself is a change, once a second; without, silence is.
            at=float(int(now)) if budget.marks else 0.0,
            profile=self.settings.profile.name,
            host=self.settings.profile.url.partition("://")[2],
            budget=budget,
            cache=CacheState(
                records=self._cache.count(),
                max_entries=self._cache.max_entries,
                evicted=self._cache.evicted,
                categories=self._statistics.state(),
            ),
            api=self._health.state(),
            token=self._tokens.state(),
            requests=self._journal.rows(),
            requests_today=self._journal.sent_today(),
            questions_today=self._statistics.today(),
            waiting=self._gate.waiting(),
            badges=self.badges(),
        )
        if snapshot != self._last:
            self._last = snapshot
            self._serial += 1
        return replace(snapshot, serial=self._serial, at=now, wall=self.clock.wall())

    def api(self) -> ApiState:
        """HubSoft's health now."""
        return self._health.state()

    def budget(self) -> BudgetState:
        """How much of the budget is used now, by all processes on this home."""
        return self._gate.state()

    async def _ask_something_cheap(self) -> None:
        await self.send(self._probe, caller="probe")

    # -- inside -------------------------------------------------------------------------------------------

    def _limit(self, category: Category, found: Found) -> float:
        if found.negative:
            return self.settings.cache.not_found_ttl
        return _lifetime(self.settings.cache, category)

    def _remembered(
        self, question: Question[T], found: Found, source: Source, *, reason: str = ""
    ) -> Answer[T]:
        return Answer(
            value=question.join(found.values),
            source=source,
            age=found.age,
            fetched_at=found.fetched_at,
            truncated=found.truncated,
            reason=reason,
        )

    def _job(
        self,
        priority: Priority,
        patience: float | None,
        label: str,
        caller: str,
        retries: int | None = None,
    ) -> Job:
        seconds = DEADLINES[priority] if patience is None else patience
        deadline = None if seconds is None else self.clock.now() + seconds
        return Job(self._gate, priority, deadline=deadline, caller=caller, label=label, retries=retries)

    async def _fetch(
        self,
        question: Question[T],
        priority: Priority,
        patience: float | None,
        label: str,
        caller: str,
        *,
        refresh: bool,
    ) -> tuple[Fetched[T], bool]:
        job = self._job(priority, patience, label, caller)
        return await self._in_time(
            job,
            self._fetcher.join(job, question, refresh=refresh),
        )

    async def _in_time(self, job: Job, work: Awaitable[T]) -> T:
        if job.deadline is None:
            return await work
        try:
            async with asyncio.timeout(max(0.0, job.deadline - self.clock.now())):
                return await work
        except TimeoutError:
            if self._health.state().health is Health.OFFLINE:
                raise TimedOut(self._exchange.patience.unanswered()) from None
            raise TimedOut(say("Its turn did not come in time; others go first. Try again.")) from None


def _lifetime(settings: CacheSettings, category: Category) -> float:
    if category is Category.CLIENT_DATA:
        return settings.client_data_ttl
    if category is Category.CONTRACT_STATUS:
        return settings.contract_status_ttl
    return settings.service_data_ttl

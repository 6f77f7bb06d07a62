"""The engine: every question takes this way, so the token, the budget and the cache exist once.

It lives in one event loop, in one background thread. Callers in other threads await `ask` there, through the hub,
and read immutable snapshots.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from ..api.models import TokenGrant
from ..api.operation import Operation
from ..errors import HubSoftError, RateLimited, StoreError, TimedOut, Unreachable
from ..settings.tree import Settings
from ..texts import say
from ..values import dataclass
from .cache.cache import Cache, CachedAnswer
from .cache.freshness import Fetched, Freshness, Question
from .clock import Clock
from .fetch import Fetcher
from .limiter.gate import Gate
from .limiter.ledger import PermitPort
from .limiter.throttle import limits_from
from .ports import FlightPort, NewsPort, OutagePort, RecordPort, TokenPort
from .requests.admission import PROBE_SECONDS, VERDICT_SECONDS
from .requests.breaker import Breaker
from .requests.exchange import Backoff, Exchange, Received, RetryBudget
from .requests.health import HealthMonitor
from .requests.job import Job
from .requests.tokens import Tokens
from .requests.transport import Transport
from .snapshots import Snapshots
from .telemetry.journal import Events, Journal
from .telemetry.statistics import Statistics
from .telemetry.trace import AskedQuestion, Tracer
from .types import (
    Answer,
    ApiState,
    Badges,
    BreakerState,
    BudgetState,
    Category,
    Health,
    Outcome,
    Priority,
    RequestContext,
    Snapshot,
    Source,
)

T = TypeVar("T")
logger = logging.getLogger(__name__)

ANYONE: Final = RequestContext()
DEADLINES: Final = {Priority.CRITICAL: 120.0, Priority.HIGH: 75.0, Priority.NORMAL: None, Priority.LOW: None}
"""Seconds a caller of each class waits unless it says otherwise; None waits as long as it takes. People see their
place in line and can leave it, so they wait for at least one whole window to pass."""
TOKEN_LOOK_SECONDS: Final = 30.0
RECOVERY_LOOK_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 0.3
"""How long a half-open breaker waits for a question, the better probe, before the engine sends its own."""
NOTED_SECONDS: Final = 1.0
"""How often questions that other threads answered from memory are counted."""
NOTED_KEPT: Final = 50_000
FILE_LOOK_SECONDS: Final = 1.0
"""How often it is looked whether the budget's file is still there: what is in flight must be in the next one too."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the engine shares with other processes."""

    permits: PermitPort
    tokens: TokenPort
    records: RecordPort
    flights: FlightPort
    outages: OutagePort | None = None
    """None where no other machine asks with this login."""
    news: NewsPort | None = None
    """As above."""


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
        tracer: Tracer | None = None,
        suspended: Callable[[object], bool] = lambda _record: False,
    ) -> None:
        """`suspended` is true of a customer without an active contract: remembered for `suspended_ttl` at most."""
        self.settings = settings
        self.clock = clock
        self.events = Events()
        self.badges: Callable[[], Badges] = Badges
        """What the services add to a snapshot; set by the code that builds them."""
        self.tracer = tracer
        self._probe = probe
        cache = Cache(
            ports.records,
            clock,
            kinds,
            max_entries=settings.cache.max_entries,
            max_briefs=settings.cache.roster_entries,
        )
        self.known = Freshness(cache, clock, settings.cache, suspended)
        """What is remembered, for those who ask for nothing else."""
        self._statistics = Statistics(clock, tracer)
        self._breaker = Breaker(clock, settings.health)
        self._health = HealthMonitor(clock, settings.health, self._breaker, self.events)
        self._journal = Journal(clock, self.events, tracer.sink if tracer is not None else None)
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
            outages=ports.outages,
        )
        self._tokens = Tokens(
            ports.tokens,
            clock,
            lambda: self._exchange.login(login),
            buffer_seconds=settings.token.buffer_seconds,
        )
        self._fetcher = Fetcher(
            cache=cache,
            flights=ports.flights,
            exchange=self._exchange,
            tokens=self._tokens,
            clock=clock,
            limit=self.known.limit,
            find=self.known.find,
        )
        self._news = ports.news
        if ports.news is not None:
            ports.news.on_outdated, ports.news.on_cleared = self.known.outdate, self.known.clear
        self._noted: deque[tuple[AskedQuestion, CachedAnswer]] = deque(maxlen=NOTED_KEPT)
        self._background: list[asyncio.Task[None]] = []
        self._probes: set[asyncio.Task[Any]] = set()
        self._snapshots = Snapshots(
            clock,
            settings.profile,
            self._gate,
            self.known,
            self._statistics,
            self._health,
            self._tokens,
            self._journal,
        )

    # -- life ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the background tasks: cleaning, early renewal, noticing that HubSoft is back."""
        self._gate.start()
        self._background = [
            asyncio.create_task(task)
            for task in (
                _every(lambda: self.settings.cache.clean_seconds, self.known.clean, self.clock),
                _every(lambda: FILE_LOOK_SECONDS, self._gate.follow, self.clock),
                _every(lambda: NOTED_SECONDS, self._count_noted, self.clock),
                _every(lambda: TOKEN_LOOK_SECONDS, self._tokens.ready, self.clock),
                _recover(self._breaker, self._send_probe, self.clock),
            )
        ]

    async def close(self) -> None:
        """Stop everything; questions still waiting raise Closed."""
        self._count_noted()
        await self._gate.close()
        ending = [*self._background, *self._probes]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._fetcher.close()
        await self._tokens.close()
        await self._gate.leave()
        await self._exchange.transport.close()

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on, for what is already remembered too. The profile must be the same."""
        self.settings = settings
        self._gate.reconfigure(limits_from(settings.limiter))
        self.known.reconfigure(settings.cache)
        self._breaker.settings = self._health.settings = settings.health
        self._exchange.budget.settings = settings.retry
        self._exchange.backoff = Backoff(settings.retry)
        self._tokens.buffer_seconds = settings.token.buffer_seconds

    # -- questions ----------------------------------------------------------------------------------------

    async def ask(
        self,
        question: Question[T],
        context: RequestContext = ANYONE,
        *,
        category: Category | None = None,
        refresh: bool = False,
    ) -> Answer[T]:
        """Answer from memory if that is young enough, else from HubSoft, else from memory marked stale.

        `category` is the age limit to use instead of the question's own; `refresh` asks HubSoft whatever is
        remembered. Raises HubSoftError; an answer "there is no such thing" is the empty value, not an error.
        """
        if category is not None and category is not question.category:
            question = replace(question, category=category)
        asked = self._statistics.asked(question, context, forced=refresh)
        found = self.known.find(question)
        if found is not None and not refresh and self.known.fresh(question, found):
            self._statistics.remembered(asked, Outcome.NEGATIVE if found.negative else Outcome.HIT, found)
            return self.known.answer(question, found)
        began = self.clock.now()
        try:
            bring = self._fetch(question, context, refresh=refresh)
            if context.priority <= Priority.HIGH and self._breaker.state is not BreakerState.CLOSED:
                shown = found is not None and not refresh
                bring = self._probing(bring, VERDICT_SECONDS if shown else PROBE_SECONDS)
            fetched, joined = await bring
        except (Unreachable, RateLimited, StoreError) as error:
            found = self.known.find(question)
            if found is None or not (self.known.useful(found) or question.lasting):
                self._statistics.failed(asked, found)
                raise
            self._statistics.remembered(asked, Outcome.STALE, found)
            return self.known.answer(question, found, Source.STALE, reason=str(error))
        except BaseException:
            # HubSoft said no, or the asker left: it was asked all the same.
            self._statistics.failed(asked, found)
            raise
        self._statistics.fetched(asked, began, found, fetched, joined=joined)
        if refresh and self._news is not None and found is not None and found.values != fetched.values:
            self._news.newer(fetched.ids, fetched.age)
        return Answer(
            value=fetched.value,
            source=Source.API if fetched.requests else Source.CACHE,
            age=fetched.age,
            fetched_at=fetched.fetched_at,
            requests=0 if joined else fetched.requests,
            truncated=fetched.truncated,
            problems=fetched.problems,
        )

    def note(self, asked: AskedQuestion, found: CachedAnswer) -> None:
        """Count a question that was answered from what is remembered without asking here. Any thread."""
        self._noted.append((asked, found))

    def _count_noted(self) -> None:
        while self._noted:
            asked, found = self._noted.popleft()
            self.known.cache.use(asked.key, found.ids)
            self._statistics.remembered(asked, Outcome.NEGATIVE if found.negative else Outcome.HIT, found)

    async def send(
        self,
        operation: Operation[T],
        context: RequestContext = ANYONE,
        *,
        ready: Callable[[], Awaitable[float | None]] | None = None,
    ) -> T:
        """Send one operation that is not a question about a remembered thing (a test, a write).

        `ready` is awaited right before each attempt's first byte; what it raises is raised here, nothing sent, and
        after the instant (Clock.now) that it returns no byte leaves.
        Raises HubSoftError; UnknownOutcome when a write may or may not have happened. Cancelling a write
        after it was sent leaves its outcome unknown too.
        """
        return (await self.receive(operation, context, ready=ready)).decoded.value

    async def receive(
        self,
        operation: Operation[T],
        context: RequestContext = ANYONE,
        *,
        retries: int | None = None,
        spent: Callable[[int], object] | None = None,
        ready: Callable[[], Awaitable[float | None]] | None = None,
        through_outages: bool = True,
    ) -> Received[T]:
        """Send one operation as `send` does, and return everything it brought: its page too, and when it was sent.

        `retries` repeats a failure less often than the settings allow; `spent` is told how many requests
        HubSoft received for it, however it ends; `ready` is awaited before each attempt's first byte, once its
        turn has come, and what it raises takes the attempt back. Without `through_outages` background work too
        is told at once when HubSoft is away.
        """
        job = self._job(context)
        job.retries, job.ready, job.through_outages = retries, ready, through_outages
        work = self._exchange.perform(job, operation, self._tokens)
        try:
            # A write that was sent is waited for until the transport gives up: leaving earlier would call
            # something that happened a failure. Its deadline still holds in the queue.
            return await (self._in_time(job, work) if operation.repeatable else work)
        finally:
            if spent is not None:
                spent(job.requests)

    def forget(self) -> int:
        """Forget every answer, on all machines that share a budget; return how many records went here."""
        if self._news is not None:
            self._news.cleared()
        return self.known.clear()

    def outdate(self, names: Sequence[str]) -> None:
        """Let these records answer nothing any more, on no machine, but what is asked while HubSoft is away."""
        self.known.outdate(names)
        if self._news is not None:
            self._news.outdated(names)

    @property
    def idle(self) -> bool:
        """HubSoft is well, allows the whole rate, and no request waits: background work may spend."""
        budget, health = self._gate.state(), self._health.state()
        return (
            health.health in {Health.ONLINE, Health.UNKNOWN}
            and health.breaker is BreakerState.CLOSED
            and budget.limit == budget.configured
            and not budget.paused_for
            and not budget.queued
        )

    # -- watching -----------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything a screen shows, now. The serial grows only when something a person can see changed."""
        self._count_noted()
        return self._snapshots.take(self.badges())

    def api(self) -> ApiState:
        """HubSoft's health now."""
        return self._health.state()

    def budget(self) -> BudgetState:
        """How much of the budget is used now, by all processes on this home."""
        return self._gate.state()

    async def _send_probe(self) -> None:
        await self.send(self._probe, RequestContext("probe"))

    # -- inside -------------------------------------------------------------------------------------------

    def _job(self, context: RequestContext, *, asked: bool = False) -> Job:
        seconds = DEADLINES[context.priority] if context.timeout is None else context.timeout
        deadline = None if seconds is None else self.clock.now() + seconds
        return Job(self._gate, context, deadline=deadline, asked=asked)

    async def _fetch(
        self,
        question: Question[T],
        context: RequestContext,
        *,
        refresh: bool,
    ) -> tuple[Fetched[T], bool]:
        job = self._job(context, asked=True)
        return await self._in_time(job, self._fetcher.join(job, question, refresh=refresh))

    async def _probing(self, bring: Coroutine[Any, Any, T], seconds: float) -> T:
        """Wait `seconds` for a question of a person that finds out whether HubSoft is back.

        After that the caller gets the error; the question goes on, since its answer ends the outage.
        """
        task = asyncio.create_task(bring)
        self._probes.add(task)
        task.add_done_callback(self._probed)
        try:
            await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() or self._breaker.state is BreakerState.CLOSED:
            return await task
        raise Unreachable(self._exchange.admission.unanswered())

    def _probed(self, task: asyncio.Task[Any]) -> None:
        self._probes.discard(task)
        if not task.cancelled():
            task.exception()  # seen: the person may have been told already

    async def _in_time(self, job: Job, work: Awaitable[T]) -> T:
        if job.deadline is None:
            return await work
        try:
            async with asyncio.timeout(max(0.0, job.deadline - self.clock.now())):
                return await work
        except TimeoutError:
            if self._health.state().health is Health.OFFLINE:
                raise TimedOut(self._exchange.admission.unanswered()) from None
            if (held_by := self._gate.held_by) is not None:
                raise TimedOut(held_by) from None
            if self._gate.lost or self._gate.closed_by() is not None:
                raise self._exchange.admission.limited(self._gate.paused_for) from None
            raise TimedOut(say("Its turn did not come in time; others go first. Try again.")) from None


async def _every(seconds: Callable[[], float], do: Callable[[], object], clock: Clock) -> None:
    """Call `do` every so many seconds; a failure is logged, and the next call tries again."""
    while True:
        await clock.sleep(seconds())
        try:
            do()
        except HubSoftError as error:
            logger.warning("background task: %s", error)


async def _recover(breaker: Breaker, probe: Callable[[], Awaitable[object]], clock: Clock) -> None:
    """Send the probe once the breaker is half-open and no question does, so that screens show that HubSoft is back."""
    while True:
        await breaker.changed(RECOVERY_LOOK_SECONDS)
        if breaker.state is not BreakerState.HALF_OPEN:
            continue
        await clock.sleep(GRACE_SECONDS)  # a real question makes the better probe
        if breaker.state is BreakerState.HALF_OPEN:
            try:
                await probe()
            except HubSoftError as error:
                logger.info("probe: %s", error)

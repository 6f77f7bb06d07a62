"""One operation's way to HubSoft and back: breaker, token, queue, wire, decoding, and what may be repeated.

Every attempt is a place of its own in the queue and pays for its own slot. A write whose outcome is unknown is
never repeated here: `UnknownOutcome` says so to the outbox.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from ...api.answers import Decoded
from ...api.models import TokenGrant
from ...api.operation import Operation
from ...errors import (
    BadAnswer,
    CredentialsRefused,
    HubSoftError,
    NotFound,
    RateLimited,
    TimedOut,
    UnknownOutcome,
    Unproven,
    Unreachable,
)
from ...settings.tree import RetrySettings
from ...texts import say
from ..clock import Clock
from ..limiter.gate import Gate, Permit, QueuePlace
from ..ports import OutagePort
from ..telemetry.journal import Journal
from ..types import BreakerState, Priority, RequestContext, RequestRow
from .admission import AdmissionControl
from .breaker import Breaker
from .health import HealthMonitor
from .job import Job
from .reply import decoded_answer, pause_in_body, read_limits, redirected, reset_after, retry_after
from .tokens import Tokens
from .transport import ERROR_SECONDS, Reply, Transport, TransportFailure

T = TypeVar("T")

LOGIN: Final = "token"
"""Who asks when the engine logs in."""
LEASE_SLACK: Final = 5.0
"""Seconds a permit's lease outlives the longest its request can take."""
HTTP_MOVED: Final = 300
HTTP_CLIENT_ERROR: Final = 400
HTTP_UNAUTHORIZED: Final = 401
HTTP_TOO_MANY: Final = 429
HTTP_SERVER_ERROR: Final = 500
RECENT_SECONDS: Final = 120.0
REPEATED_SHARE: Final = 0.2
"""How many of recent requests may be repeats, so that they never become the load."""


class Backoff:
    """Waits between attempts: exponential with jitter, in seconds."""

    def __init__(self, settings: RetrySettings) -> None:
        self._settings = settings

    def after(self, attempt: int) -> float:
        """Seconds to wait after the failure of `attempt` (1 is the first)."""
        from tenacity import RetryCallState  # noqa: PLC0415 - heavy library: most requests are answered at once
        from tenacity.wait import wait_exponential_jitter  # noqa: PLC0415 - as above

        settings = self._settings
        wait = wait_exponential_jitter(
            multiplier=settings.backoff_base,
            max=settings.backoff_max,
            exp_base=settings.backoff_multiplier,
            jitter=settings.backoff_base,
        )
        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
        state.attempt_number = attempt
        return float(wait(state))


class RetryBudget:
    """Repeats stay under a fifth of recent requests; one request's own repeats always fit."""

    def __init__(self, clock: Clock, settings: RetrySettings) -> None:
        self._clock = clock
        self.settings = settings
        self._sent: deque[float] = deque()
        self._repeated: deque[float] = deque()

    def sent(self) -> None:
        """Count one request."""
        self._forget()
        self._sent.append(self._clock.now())

    def take(self) -> bool:
        """Count one repeat if it fits, else say no."""
        self._forget()
        if len(self._repeated) >= max(self.settings.max_retries, REPEATED_SHARE * len(self._sent)):
            return False
        self._repeated.append(self._clock.now())
        return True

    def _forget(self) -> None:
        before = self._clock.now() - RECENT_SECONDS
        for log in (self._sent, self._repeated):
            while log and log[0] <= before:
                log.popleft()


class Received(msgspec.Struct, Generic[T], frozen=True):
    """What an operation brought, and when its request was sent: `at` in epoch s, `now` on the engine's clock."""

    decoded: Decoded[T]
    at: float
    now: float


class _Again(Exception):
    """The attempt may be repeated. `error` is what the caller is told when it is not."""

    def __init__(
        self, error: HubSoftError, *, failure: bool = False, rejected: bool = False, shared: bool = False
    ) -> None:
        super().__init__(error)
        self.error = error
        self.failure = failure
        """It counts against `max_retries`."""
        self.rejected = rejected
        """HubSoft answered 401 to the token we used."""
        self.shared = shared
        """The failed request served all callers (a login), so repeating it is not this job's expense."""


class Exchange:
    """Lives in the engine's loop; used by it alone."""

    def __init__(
        self,
        *,
        transport: Transport,
        gate: Gate,
        breaker: Breaker,
        health: HealthMonitor,
        journal: Journal,
        backoff: Backoff,
        budget: RetryBudget,
        clock: Clock,
        outages: OutagePort | None = None,
    ) -> None:
        self.transport = transport
        self.gate = gate
        self.breaker = breaker
        self.health = health
        self.journal = journal
        self.backoff = backoff
        self.budget = budget
        self.clock = clock
        self.admission = AdmissionControl(breaker, gate, health, clock, outages)

    async def perform(self, job: Job, operation: Operation[T], tokens: Tokens) -> Received[T]:
        """Send `operation` as often as is right and return what it brought. Raises HubSoftError."""
        attempt, rejected, not_before = 1, False, 0.0
        while True:
            probe = await self.admission.admitted(job, operation)
            try:
                return await self._attempt(job, operation, tokens, attempt, not_before, probe=probe)
            except _Again as again:
                if again.rejected:
                    if rejected:
                        # Refused with the token of a moment ago: another login would be refused too.
                        tokens.refuse(again.error)
                        self.health.credentials(again.error.text)
                        raise again.error from None
                    rejected = True
                elif probe and self.breaker.state is not BreakerState.CLOSED:
                    # Another look would find what this one found: HubSoft is away.
                    raise Unreachable(self.admission.unanswered()) from None
                elif again.failure:
                    not_before = self._repeat_at(job, attempt, again)
                    attempt += 1
            finally:
                if probe:
                    self.admission.probe_ended()

    async def login(self, operation: Operation[TokenGrant]) -> TokenGrant:
        """Ask for a token, once. Logging in is rare and every request waits for it, so it goes first."""
        job = Job(self.gate, RequestContext(LOGIN, Priority.CRITICAL))
        permit = await self._enter(job, operation, 0.0)
        try:
            received = await self._send(job, operation, permit, None, attempt=1, probe=False)
        except CredentialsRefused as error:
            self.health.credentials(error.text)
            raise
        self.health.credentials(None)
        grant: TokenGrant = received.decoded.value
        return grant

    async def _attempt(
        self,
        job: Job,
        operation: Operation[T],
        tokens: Tokens,
        attempt: int,
        not_before: float,
        *,
        probe: bool,
    ) -> Received[T]:
        try:
            await tokens.current()
        except _Again as again:
            # Breaker and health heard of it from the login itself; only the probe's verdict is ours to give.
            if probe:
                self.admission.failed(probe=True)
            raise _Again(again.error, failure=again.failure, shared=True) from None
        permit = await self._enter(job, operation, not_before, attempt)
        until: float | None = None
        try:
            if job.ready is not None:
                until = await job.ready()
            token = tokens.ready()
        except BaseException:
            permit.unused()
            raise
        away = not probe and (self.breaker.state is not BreakerState.CLOSED or self.admission.resting > 0)
        if token is None or away or not permit.valid:
            # While it waited the token died, HubSoft went away, or the machine slept. The slot goes back.
            permit.unused()
            raise _Again(Unreachable(self.admission.unanswered()))
        try:
            return await self._send(
                job, operation, permit, token.value, attempt=attempt, probe=probe, until=until
            )
        except _Again as again:
            if again.rejected:
                tokens.rejected(token.version)
            raise

    async def _enter(
        self, job: Job, operation: Operation[Any], not_before: float, attempt: int = 1
    ) -> Permit:
        job.place = QueuePlace(
            job.priority,
            deadline=job.deadline,
            not_before=max(not_before, self.admission.rests_until),
            lease=self.transport.longest(operation) + LEASE_SLACK,
            label=job.label,
            attempt=attempt,
        )
        try:
            return await self.gate.enter(job.place)
        finally:
            job.place = None

    async def _send(
        self,
        job: Job,
        operation: Operation[T],
        permit: Permit,
        token: str | None,
        *,
        attempt: int,
        probe: bool,
        until: float | None = None,
    ) -> Received[T]:
        """Send one attempt, no byte of it after `until` (Clock.now) or the end of the permit's lease."""
        at, now = self.clock.wall(), self.clock.now()
        job.requests += 1
        self.budget.sent()
        row = self.journal.begin(
            operation=operation.name,
            path=operation.shown_path,
            priority=job.priority,
            attempt=attempt,
            wait=permit.waited,
            caller=job.caller,
            asked=job.asked,
        )
        try:
            reply = await self.transport.send(
                operation,
                token,
                may_leave=lambda: permit.valid and (until is None or self.clock.now() < until),
                heard=self._heard,
            )
        except TransportFailure as failure:
            if not failure.sent:
                permit.unused()  # not a byte left: HubSoft counted nothing, and neither do we
                job.requests -= 1
            elif failure.kind == "timeout":
                permit.given_up()
            self._note(row, now, failure.kind, error=str(failure.text), sent=failure.sent)
            if failure.ours:
                raise _Again(Unreachable(failure.text), failure=True) from None
            unreachable = (TimedOut if failure.kind == "timeout" else Unreachable)(failure.text)
            told = self._failure(operation, unreachable, sent=failure.sent, probe=probe)
            # What is too much is too much the next time too.
            raise unreachable if failure.kind == "too_large" and isinstance(told, _Again) else told from None
        except BaseException:
            self._note(row, now, "cancelled")
            raise
        finally:
            permit.done()
        decoded = await self._read(operation, reply, row, now, signed=token is not None, probe=probe)
        return Received(decoded, at, now)

    async def _read(
        self,
        operation: Operation[T],
        reply: Reply,
        row: RequestRow,
        now: float,
        *,
        signed: bool,
        probe: bool,
    ) -> Decoded[T]:
        status, size = reply.status, len(reply.body)
        moved = HTTP_MOVED <= status < HTTP_CLIENT_ERROR
        try:
            if status == HTTP_TOO_MANY:
                raise self._too_many(reply)
            if moved:
                raise redirected(reply)
            decoded = await self._decoded(operation, reply, signed=signed)
        except asyncio.CancelledError:
            self._note(row, now, "cancelled", status=status, size=size)
            raise
        except Unproven as error:
            # HubSoft is there and said what it had to say: asking again at once would bring the same.
            self._note(row, now, "bad_answer", status=status, size=size, error=str(error))
            self._answered(now)
            raise
        except BadAnswer as error:
            outcome = "server_error" if status >= HTTP_SERVER_ERROR else "bad_answer"
            self._note(row, now, outcome, status=status, size=size, error=str(error))
            told = self._failure(operation, error, sent=True, probe=probe)
            # It leads elsewhere the next time too.
            raise error if moved and isinstance(told, _Again) else told from None
        except (HubSoftError, _Again) as verdict:
            # HubSoft said no; it is there, and that is what breaker and health want to know.
            said = verdict.error if isinstance(verdict, _Again) else verdict
            outcome = str(status) if isinstance(verdict, _Again) else _outcome(said)
            self._note(row, now, outcome, status=status, size=size, error=str(said))
            self._answered(now)
            raise
        self._note(row, now, "ok", status=status, size=size)
        self._answered(now)
        if signed:
            self.health.credentials(None)
        return decoded

    async def _decoded(self, operation: Operation[T], reply: Reply, *, signed: bool) -> Decoded[T]:
        try:
            return await decoded_answer(operation, reply)
        except CredentialsRefused:
            if reply.status != HTTP_UNAUTHORIZED or not signed:
                raise
            said = say("HubSoft does not accept the token it gave us.")
            raise _Again(CredentialsRefused(said), rejected=True) from None

    def _heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Obey what status and headers ask, before anything of the body can go wrong."""
        if status == HTTP_TOO_MANY:
            # That nothing remains is what a 429 means.
            asked, (limit, _remaining) = self._pause_of(headers), read_limits(headers)
            self._limited(2 * ERROR_SECONDS if asked is None else asked, limit)
            return
        self.gate.observed(*read_limits(headers))
        if status >= HTTP_SERVER_ERROR and (asked := retry_after(headers, self.clock.wall())) is not None:
            self.admission.rest(asked)

    def _pause_of(self, headers: Mapping[str, str]) -> float | None:
        wall = self.clock.wall()
        asked = retry_after(headers, wall)
        return reset_after(headers, wall) if asked is None else asked

    def _limited(self, seconds: float | None, limit: int | None = None) -> None:
        new = self.gate.limited(seconds, limit)
        self.health.limited(self.gate.paused_for, new=new)

    def _too_many(self, reply: Reply) -> _Again:
        if self._pause_of(reply.headers) is None:
            # Until here all requests were paused for as long as the body could take.
            self._limited(pause_in_body(reply.body))
        return _Again(self.admission.limited(self.gate.paused_for), failure=True)

    def _failure(
        self, operation: Operation[Any], error: HubSoftError, *, sent: bool, probe: bool
    ) -> Exception:
        self.admission.failed(probe=probe)
        self.health.failed(error.text)
        if sent and not operation.repeatable:
            return UnknownOutcome(
                say("It is not known whether HubSoft carried this out: {reason}", reason=error.text)
            )
        return _Again(error, failure=True)

    def _answered(self, sent_now: float) -> None:
        self.admission.answered()
        self.health.answered(self.clock.now() - sent_now)

    def _note(
        self,
        row: RequestRow,
        now: float,
        outcome: str,
        *,
        status: int | None = None,
        size: int = 0,
        error: str = "",
        sent: bool = True,
    ) -> None:
        latency = self.clock.now() - now
        self.journal.end(
            row, latency=latency, outcome=outcome, status=status, size=size, error=error, sent=sent
        )

    def _repeat_at(self, job: Job, attempt: int, again: _Again) -> float:
        """Return when (engine's clock) the next attempt may start, or raise its error when there is none."""
        most = self.budget.settings.max_retries
        if attempt > (most if job.retries is None else min(most, job.retries)):
            raise again.error from None
        at = self.clock.now() + self.backoff.after(attempt)
        if isinstance(again.error, RateLimited):
            if self.admission.too_long(job, self.gate.paused_for):
                raise again.error from None
            at = max(at, self.clock.now() + self.gate.paused_for)
        elif not again.shared and not self.budget.take():
            raise again.error from None
        if (resting := self.admission.resting) > 0:
            if self.admission.too_long(job, resting):
                raise again.error from None
            at = max(at, self.admission.rests_until)
        if job.deadline is not None and at > job.deadline:
            raise again.error from None
        return at


def _outcome(error: HubSoftError) -> str:
    if isinstance(error, NotFound):
        return "not_found"
    return "credentials" if isinstance(error, CredentialsRefused) else "refused"

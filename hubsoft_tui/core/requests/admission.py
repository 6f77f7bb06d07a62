"""Who waits for HubSoft, and who is told instead: the breaker and HubSoft's own pauses, before the queue."""

from __future__ import annotations

from typing import Any, Final

from ...api.operation import Operation
from ...errors import BudgetLost, QueueFull, RateLimited, TimedOut, Unreachable
from ...formats import clock
from ...texts import Text, say
from ..clock import Clock
from ..limiter.gate import Gate
from ..ports import OutagePort
from ..types import BreakerState, Priority
from .breaker import Admission, Breaker
from .health import HealthMonitor
from .job import Job

VERDICT_SECONDS: Final = 0.8
"""How long a person's question waits for the probe that is already on its way."""
PROBE_SECONDS: Final = 3.0
"""How long a person's question that is the probe itself is waited for; the probe goes on after that."""
PEOPLE_PAUSE_SECONDS: Final = 10.0
"""A person is told of a longer pause at once, or shown what is remembered."""
BACKGROUND_LOOK_SECONDS: Final = 5.0


class AdmissionControl:
    """Lives in the engine's loop; people are told within a second, background work waits, within bounds."""

    def __init__(
        self,
        breaker: Breaker,
        gate: Gate,
        health: HealthMonitor,
        clock: Clock,
        outages: OutagePort | None = None,
    ) -> None:
        self._outages = outages
        if outages is not None:
            outages.on_away, outages.on_answered = self._away_elsewhere, self._answered_elsewhere
        self._breaker = breaker
        self._gate = gate
        self._health = health
        self._clock = clock
        self._parked = 0
        """How many wait for the breaker."""
        self.rests_until = 0.0
        """Until when (Clock.now) HubSoft, which is away, asked not to be asked."""

    async def admitted(self, job: Job, operation: Operation[Any]) -> bool:
        """Wait until the breaker lets this through, as its one probe (True) or not; people are told instead."""
        until = self._clock.now() + VERDICT_SECONDS
        while (admission := await self._admission(job, operation)) is Admission.WAIT:
            now = self._clock.now()
            if _is_persons(job) or not job.through_outages:
                self._refuse_while_away()
            if _is_persons(job) and now >= until:
                raise Unreachable(self.unanswered())
            if job.deadline is not None and now >= job.deadline:
                raise TimedOut(self.unanswered())
            await self._wait_for_change(job, until - now if _is_persons(job) else BACKGROUND_LOOK_SECONDS)
        probe = admission is Admission.PROBE
        job.probed = job.probed or probe
        paused, resting = self._gate.paused_for, self.resting
        if self.too_long(job, paused) or self.too_long(job, resting):
            if probe:
                self.probe_ended()
            raise self.limited(paused) if paused >= resting else self.away(resting)
        return probe

    async def _admission(self, job: Job, operation: Operation[Any]) -> Admission:
        # A background request would take the probe into its own slow lane; for it the engine sends a probe.
        admission = self._breaker.admit(
            safe_read=operation.repeatable and _is_persons(job), early=not job.probed
        )
        if (
            admission is Admission.PROBE
            and self._outages is not None
            and not await self._may_probe(self._outages)
        ):
            return Admission.WAIT
        return admission

    async def _may_probe(self, outages: OutagePort) -> bool:
        """Ask the other machines for the one probe; while one of them has it, this one waits for its news."""
        taken = False
        try:
            taken = await outages.take()
        finally:
            if not taken:
                self._breaker.undecided()
        return taken

    def probe_ended(self) -> None:
        """The probe has its verdict, or ends without one."""
        state = self._breaker.state
        if state is BreakerState.HALF_OPEN:
            self._breaker.undecided()
        if self._outages is not None:
            self._outages.ended(failed=state is BreakerState.OPEN)

    def failed(self, *, probe: bool) -> None:
        """HubSoft did not answer."""
        closed = self._breaker.state is BreakerState.CLOSED
        self._breaker.failed(probe=probe)
        if self._outages is not None and closed and self._breaker.state is not BreakerState.CLOSED:
            self._outages.opened()

    def answered(self) -> None:
        """HubSoft answered, whatever it said."""
        closed = self._breaker.state is BreakerState.CLOSED
        self._breaker.succeeded()
        if self._outages is not None and not closed:
            self._outages.answered()

    def _away_elsewhere(self) -> None:
        """Other machines get no answer: this one need not find out."""
        if self._breaker.state is BreakerState.CLOSED:
            self._breaker.opened_elsewhere()
            self._health.away_elsewhere()

    def _answered_elsewhere(self) -> None:
        self._breaker.succeeded()
        self._health.answered_elsewhere()

    @property
    def resting(self) -> float:
        """Seconds until HubSoft, which is away, may be asked again as it wished; 0 when it did not wish that."""
        return max(0.0, self.rests_until - self._clock.now())

    def rest(self, seconds: float) -> None:
        """HubSoft is away (a 5xx with Retry-After) and names when to come back."""
        self.rests_until = max(self.rests_until, self._clock.now() + min(seconds, self._gate.longest_pause))

    def too_long(self, job: Job, paused: float) -> bool:
        """Whether a pause asked for by HubSoft is more than this caller should wait without being told."""
        if paused > PEOPLE_PAUSE_SECONDS and (_is_persons(job) or not job.through_outages):
            return True
        return job.deadline is not None and paused > 0 and self._clock.now() + paused > job.deadline

    async def _wait_for_change(self, job: Job, at_most: float) -> None:
        if self._parked >= self._gate.queue_limit:
            raise QueueFull(
                say("{count} requests wait for HubSoft to come back already.", count=self._parked)
            )
        self._parked += 1
        job.lifted = self._breaker.look_again
        try:
            await self._breaker.changed(at_most)
        finally:
            job.lifted = None
            self._parked -= 1

    def _refuse_while_away(self) -> None:
        """Raise Unreachable while the breaker is open, for those who must not wait for its next try."""
        if self._breaker.state is BreakerState.OPEN:
            raise Unreachable(self.unanswered())

    def unanswered(self) -> Text:
        """Say since when HubSoft has not answered."""
        state = self._health.state()
        if state.last_good is None:
            return say(
                "HubSoft cannot be reached: {reason}",
                reason=self._health.reason or say("it does not answer."),
            )
        since = clock(self._health.failing_since or state.last_good)
        return say("HubSoft has not answered since {time}.", time=since)

    def away(self, seconds: float) -> Unreachable:
        """Build the error for when HubSoft wants to be asked again in so many seconds."""
        return Unreachable(
            say("HubSoft is away and asks to be tried again in {seconds} s.", seconds=round(seconds))
        )

    def limited(self, seconds: float) -> RateLimited:
        """Build the error for a pause of so many seconds."""
        if (text := self._gate.closed_by()) is not None:
            return BudgetLost(text, retry_after=seconds)
        if self._gate.lost:
            text = say(
                "The file of the budget was lost, so one window is waited; the next request may go in {seconds} s.",
                seconds=round(seconds),
            )
            return BudgetLost(text, retry_after=seconds)
        text = say("HubSoft limits our requests; the next may go in {seconds} s.", seconds=round(seconds))
        return RateLimited(text, retry_after=seconds)


def _is_persons(job: Job) -> bool:
    """Whether a person waits for it; a more urgent caller may join while it is on its way."""
    return job.priority <= Priority.HIGH

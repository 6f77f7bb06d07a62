"""HubSoft's health as people see it: Online, Slow, Limited, Refused, Offline, with latencies and errors."""

from __future__ import annotations

from collections import deque

from ...settings.tree import HealthSettings
from ...texts import Text, say
from ..clock import Clock
from ..telemetry.journal import Events, HealthChanged
from ..types import ApiState, BreakerState, Health
from .breaker import Breaker

RECENT = 100
COURSE = 60
SHOWN_LIMITED_SECONDS = 60.0
FAILURES_SHOWN_OFFLINE = 2


class HealthMonitor:
    """Keeps the last outcomes and names the state."""

    def __init__(self, clock: Clock, settings: HealthSettings, breaker: Breaker, events: Events) -> None:
        self._clock = clock
        self._events = events
        self.settings = settings
        self._breaker = breaker
        self._latencies: deque[float] = deque(maxlen=COURSE)
        self._failures: deque[bool] = deque(maxlen=RECENT)
        self._in_a_row = 0
        self._last_good: float | None = None
        self.failing_since: float | None = None
        """When the first of the failures in a row happened; None while the last request was answered."""
        self._limited_until = 0.0
        self._limited_events = 0
        self._refused = False
        self.reason: Text | str = ""
        """Why the last request failed, as a sentence."""
        self._shown = Health.UNKNOWN
        self._since = clock.wall()

    def answered(self, latency: float) -> None:
        """HubSoft answered, whatever it said, after `latency` seconds."""
        self._latencies.append(latency)
        self._failures.append(False)
        self._in_a_row = 0
        self.failing_since = None
        self._last_good = self._clock.wall()
        self._look()

    def failed(self, reason: Text | str) -> None:
        """HubSoft did not answer, or not as itself."""
        self._failures.append(True)
        if self.failing_since is None:
            self.failing_since = self._clock.wall()
        self._in_a_row += 1
        self.reason = reason
        self._look()

    def away_elsewhere(self) -> None:
        """Other machines that share the budget get no answer; this one does not ask."""
        if self.failing_since is None:
            self.failing_since = self._clock.wall()
            self.reason = say("The other machines get no answer from HubSoft.")
        self._look()

    def answered_elsewhere(self) -> None:
        """HubSoft answers another machine again; what it answers this one is not known yet."""
        self._in_a_row = 0
        self.failing_since = None
        self._look()

    def limited(self, seconds: float, *, new: bool) -> None:
        """A 429 arrived; `new` when it is not part of an event already counted."""
        self._limited_until = self._clock.now() + max(seconds, SHOWN_LIMITED_SECONDS)
        self._limited_events += new
        self._look()

    def credentials(self, reason: Text | str | None) -> None:
        """The last login was refused for `reason`, or accepted (None)."""
        self._refused = reason is not None
        if reason is not None:
            self.reason = reason
        self._look()

    def state(self) -> ApiState:
        """Everything a watcher sees."""
        health = self._look()
        ordered = sorted(self._latencies)
        return ApiState(
            health=health,
            since=self._since,
            p50=_percentile(ordered, 0.50),
            p95=_percentile(ordered, 0.95),
            course=tuple(self._latencies),
            error_ratio=sum(self._failures) / len(self._failures) if self._failures else 0.0,
            error_window=len(self._failures),
            last_good=self._last_good,
            rate_limited=self._limited_events,
            breaker=self._breaker.state,
            breaker_retry_in=float(round(self._breaker.retry_in)),
            reason=str(self.reason) if health in {Health.OFFLINE, Health.REFUSED} else "",
        )

    def _look(self) -> Health:
        health = self._health()
        if health is not self._shown:
            changed = HealthChanged(self._shown, health, self._clock.wall())
            self._shown, self._since = health, changed.at
            if health is Health.OFFLINE and self.failing_since is not None:
                # The outage is as old as its first failure: the one time that every screen names.
                self._since = self.failing_since
            self._events.publish(changed)
        return health

    def _health(self) -> Health:
        if self._refused:
            return Health.REFUSED
        if self._breaker.state is not BreakerState.CLOSED or self._in_a_row >= FAILURES_SHOWN_OFFLINE:
            return Health.OFFLINE
        if self._clock.now() < self._limited_until:
            return Health.LIMITED
        if not self._latencies:
            return Health.UNKNOWN if not self._in_a_row else Health.OFFLINE
        recent = sorted(list(self._latencies)[-5:])
        median = _percentile(recent, 0.5)
        return Health.SLOW if median is not None and median > self.settings.slow_seconds else Health.ONLINE


def _percentile(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

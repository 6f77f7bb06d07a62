"""What the engine, its events, the disk and other services say by the name of the rule that reads it, and for how long.

Where a value of late could rest on one moment alone it is taken over half of its rule's duration, so that what
holds for the whole of it has more than one behind it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ...core.clock import Clock
from ...core.telemetry.journal import Event
from ...core.types import BreakerState, BudgetState, Health, Priority, RequestRow, SharedState, Snapshot
from ...settings.alerts import AlertRule, AlertSettings
from ...values import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement. `evidence` is when (Clock.now) the newest thing happened that it rests on."""

    value: float
    evidence: float


@dataclass(frozen=True, slots=True)
class RuleState:
    """What one look says about one rule."""

    ripe: bool = False
    """It has been wrong long enough for an alert."""
    bad: bool = False
    """It is wrong, or not yet well again: an open alert holds."""
    well_for: float = -math.inf
    """Seconds for which all has been well."""


NOTHING_KNOWN: Final = RuleState()


class Hysteresis:
    """One rule's memory between looks."""

    def __init__(self, rule: AlertRule) -> None:
        self.rule = rule
        self._bad_since: float | None = None
        self._well_since: float | None = None
        self._not_before = -math.inf

    def observe(self, reading: Measurement | None, now: float, *, limit: float, duration: float) -> RuleState:
        """Take one look's reading into account. Without one nothing begins and nothing ends.

        Wrong for `duration` seconds means that evidence reaches over as long: two failures in one second and
        silence ever after are not an hour of failing.
        """
        if reading is None or reading.evidence < self._not_before:
            return NOTHING_KNOWN
        bad, well = self.rule.bad(reading.value, limit), self.rule.well(reading.value, limit)
        self._well_since = (now if self._well_since is None else self._well_since) if well else None
        if not bad:
            self._bad_since = None
        elif self._bad_since is None:
            self._bad_since = reading.evidence
        since = self._bad_since
        return RuleState(
            ripe=since is not None and reading.evidence - since >= duration,
            bad=not well,
            well_for=-math.inf if self._well_since is None else now - self._well_since,
        )

    def forget(self, now: float) -> None:
        """Begin anew: evidence from before `now` counts no more."""
        self._bad_since = self._well_since = None
        self._not_before = now


ANSWERED: Final = frozenset({"ok", "not_found", "refused", "credentials", "401", "429"})
"""Outcomes of requests that HubSoft answered."""
OURS: Final = frozenset({"cancelled", "pool"})
"""Outcomes that say nothing about HubSoft."""
SMALL_ANSWER: Final = 64 * 1024
"""Bytes; a page of hundreds may take its time, and says nothing about slowness."""
FEWEST_ANSWERS: Final = 3
"""A slow HubSoft gives few answers in a minute, and the last of them must be as late as the rule's duration."""
MOST_KEPT: Final = 5_000
STEPS_SECONDS: Final = 600.0
"""So long a step of the shared server's clock counts."""

Facts = Mapping[str, Measurement | None]
"""One look, by rule. None is "not known", which neither opens nor clears an alert."""
ExtraFacts = Mapping[str, float | None]
"""What other services know, by rule; None where it is not known, or nothing is meant to happen."""
NO_EXTRA: Final[ExtraFacts] = {}


class Measurements:
    """Keeps the little past that measuring needs. For the engine's loop; one `facts` per look."""

    def __init__(self, clock: Clock, settings: Callable[[], AlertSettings]) -> None:
        self._clock = clock
        self._settings = settings
        self._answered_at: float | None = None
        self._failed_at: float | None = None
        self._refused_at: float | None = None
        self._latencies = _Lately()
        self._waits = _Lately()
        self._limited = _Lately()
        self._limited_seen = 0
        self._steps = _Lately()
        self._held_back: float | None = None
        self._started = clock.now()
        self._asked: deque[tuple[float, int, float]] = deque([(self._started, 0, 0.0)])
        """Questions so far, and how many of them the cache answered."""

    def facts(
        self,
        snapshot: Snapshot,
        events: Iterable[Event],
        extra: ExtraFacts = NO_EXTRA,
        *,
        in_use: int = 0,
        disk_free: float | None = None,
    ) -> Facts:
        """Measure. `events` are those since the last look, `in_use` the records that are, `disk_free` megabytes."""
        now, settings = self._clock.now(), self._settings()
        for event in events:
            if isinstance(event, RequestRow):
                self._note(event, now)
        shared = snapshot.budget.shared
        return {
            "api_down": self._down(snapshot, now),
            "credentials_refused": self._refused(snapshot, now),
            "rate_limited": self._limited_lately(snapshot, now, settings.rate_limited_for),
            # Requests of a window that other programs spent with this login, as HubSoft's answers of late show.
            "others_spend": Measurement(float(snapshot.budget.others), now),
            "shared_lost": None if shared is None else Measurement(shared.lost_for, now),
            "shared_aside": None if shared is None else _aside(shared, snapshot.budget, now),
            "shared_clock": self._stepped(shared, now),
            "shared_versions": None if shared is None else Measurement(float(shared.other_versions > 0), now),
            "api_slow": self._slow(now, settings.api_slow_for),
            "wait_long": self._longest_wait(snapshot, now, settings.wait_long_for / 2),
            "queue_full": _share(snapshot.budget.queued, snapshot.budget.queue_limit, now),
            # Any cache fills up in time: only one that is full of what is still asked for is too small.
            "cache_full": _share(in_use, snapshot.cache.max_entries, now),
            "hit_ratio_low": self._hit_ratio(snapshot, now, settings),
            "disk_low": _known(disk_free, now),
            **{rule: _known(value, now) for rule, value in extra.items()},
        }

    def _note(self, row: RequestRow, now: float) -> None:
        if row.outcome in OURS or not row.outcome:
            return
        if row.outcome not in ANSWERED:
            self._failed_at = now
            return
        self._answered_at = now
        if row.outcome in {"credentials", "401"}:
            self._refused_at = now
        if row.latency is not None and row.size < SMALL_ANSWER:
            self._latencies.add(now, row.latency)
        # A repeated request waited for its failure too, which is told by other rules.
        if row.priority <= Priority.HIGH and row.attempt == 1:
            self._waits.add(now, row.wait)

    def _down(self, snapshot: Snapshot, now: float) -> Measurement | None:
        api = snapshot.api
        if api.health is Health.OFFLINE:
            # While the breaker is open HubSoft is tried again and again; otherwise only when a request is made.
            tried = self._failed_at if api.breaker is BreakerState.CLOSED else now
            return None if tried is None else Measurement(1.0, tried)
        return self._answering(api.health)

    def _refused(self, snapshot: Snapshot, now: float) -> Measurement | None:
        if snapshot.api.health is Health.REFUSED:
            return Measurement(1.0, now if self._refused_at is None else self._refused_at)
        return None if snapshot.api.health is Health.OFFLINE else self._answering(snapshot.api.health)

    def _answering(self, health: Health) -> Measurement | None:
        if health is Health.UNKNOWN or self._answered_at is None:
            return None
        return Measurement(0.0, self._answered_at)

    def _limited_lately(self, snapshot: Snapshot, now: float, window: float) -> Measurement:
        for _event in range(snapshot.api.rate_limited - self._limited_seen):
            self._limited.add(now, 1.0)
        self._limited_seen = snapshot.api.rate_limited
        return Measurement(float(len(self._limited.since(now - window))), now)

    def _stepped(self, shared: SharedState | None, now: float) -> Measurement | None:
        if shared is None:
            return None
        # The sum is of the ledger's whole life; one that began anew has a smaller one.
        if self._held_back is not None and shared.held_back > self._held_back:
            self._steps.add(now, shared.held_back - self._held_back)
        self._held_back = shared.held_back
        return Measurement(sum(self._steps.since(now - STEPS_SECONDS)), now)

    def _slow(self, now: float, window: float) -> Measurement | None:
        latencies = self._latencies.since(now - window)
        if len(latencies) < FEWEST_ANSWERS or self._answered_at is None:
            return None
        ordered = sorted(latencies)  # `statistics` would bring fractions, decimals and dice into each console
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        return Measurement(middle, self._answered_at)

    def _longest_wait(self, snapshot: Snapshot, now: float, window: float) -> Measurement:
        lanes = (snapshot.budget.lanes[priority] for priority in (Priority.CRITICAL, Priority.HIGH))
        standing = [lane.oldest for lane in lanes if lane.waiting]
        return Measurement(max([*standing, *self._waits.since(now - window)], default=0.0), now)

    def _hit_ratio(self, snapshot: Snapshot, now: float, settings: AlertSettings) -> Measurement | None:
        window = settings.hit_ratio_low_for / 2
        asked = snapshot.cache.questions
        answered = (snapshot.cache.ratio or 0.0) * asked
        self._asked.append((now, asked, answered))
        while len(self._asked) > 1 and self._asked[1][0] <= now - window:
            self._asked.popleft()
        if now - self._started < window:
            return None  # an empty memory answers nothing yet: that is a start, not a trouble
        _then, asked_before, answered_before = self._asked[0]
        count = asked - asked_before
        if count < settings.hit_ratio_low_questions:
            return Measurement(1.0, now)
        return Measurement((answered - answered_before) / count, now)


class _Lately:
    """Values with their instants, the latest few thousand."""

    def __init__(self) -> None:
        self._values: deque[tuple[float, float]] = deque(maxlen=MOST_KEPT)

    def add(self, now: float, value: float) -> None:
        self._values.append((now, value))

    def since(self, instant: float) -> list[float]:
        while self._values and self._values[0][0] < instant:
            self._values.popleft()
        return [value for _at, value in self._values]


def _aside(shared: SharedState, budget: BudgetState, now: float) -> Measurement:
    return Measurement(shared.set_aside / max(1, budget.configured), now)


def _share(part: float, whole: float, now: float) -> Measurement | None:
    return Measurement(min(1.0, part / whole), now) if whole > 0 else None


def _known(value: float | None, now: float) -> Measurement | None:
    return None if value is None else Measurement(value, now)

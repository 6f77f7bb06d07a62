"""What is looked at: a handful of measurements, each with the instant of the evidence behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement. `evidence` is when (Clock.now) the newest thing happened that it rests on."""

    value: float
    evidence: float


@dataclass(frozen=True, slots=True)
class ExtraFacts:
    """What other services know, durations in seconds; None where nobody knows, or nothing is meant to happen."""

    sync_late: float | None = None
    """How long the next sync of tickets is overdue; 0 when it is not."""
    outbox_stuck: float | None = None
    """How long the oldest write has waited that should be at HubSoft by now; 0 when none does."""
    state_lost: float | None = None
    """How many losses on disk nobody has acknowledged."""
    checkup_held: float | None = None
    """Not seconds but commands: how many of the check-up's wait for a person."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One look. None is "not known", which neither opens nor clears an alert."""

    api_down: Reading | None = None
    """1 while HubSoft does not answer."""
    credentials_refused: Reading | None = None
    """1 while HubSoft refuses the login."""
    rate_limited: Reading | None = None
    """How often HubSoft answered 429 lately."""
    api_slow: Reading | None = None
    """Seconds that half of the latest answers took; None over too few."""
    wait_long: Reading | None = None
    """Seconds that a person waited for the turn, the longest of late."""
    queue_full: Reading | None = None
    """How much of the queue is taken, 0-1."""
    outbox_stuck: Reading | None = None
    """Seconds, as in ExtraFacts."""
    state_lost: Reading | None = None
    """How many, as in ExtraFacts."""
    checkup_held: Reading | None = None
    """Commands of the check-up that wait for a person."""
    sync_late: Reading | None = None
    """Seconds, as in ExtraFacts."""
    cache_full: Reading | None = None
    """How much of the cache is taken by customers that were used lately, 0-1: any cache fills up in time, and
    only one that is full of what is still asked for is too small."""
    hit_ratio_low: Reading | None = None
    """Hit ratio of late, 0-1; 1 while too little was asked to say anything."""
    disk_low: Reading | None = None
    """Free megabytes where the state is kept."""

"""From measurements to a verdict: how long a rule has been broken, and how long all has been well.

Pure; instants are on the suspend-aware clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ...settings.alerts import AlertRule


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

"""What is measured, and the rules, as data: which threshold, for how long, and what a person is told.

At the end `Hysteresis` tells from measurements how long a rule has been broken. Pure; instants are on the
suspend-aware clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import Final, cast

from ...settings.alerts import ALERTS, AlertSettings
from ...texts import N_


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement. `evidence` is when (Clock.now) the newest thing happened that it rests on."""

    value: float
    evidence: float


@dataclass(frozen=True, slots=True)
class ExtraFacts:
    """What other services know, durations in seconds; None where it is not known, or nothing is meant to happen."""

    sync_late: float | None = None
    """How long the next sync of tickets is overdue; 0 when it is not."""
    outbox_stuck: float | None = None
    """How long the oldest write has waited that should be at HubSoft by now; 0 when none does."""
    state_lost: float | None = None
    """How many losses on disk are not acknowledged."""
    checkup_held: float | None = None
    """Not seconds but commands: how many of the check-up's wait for a person."""
    tickets_late: float | None = None
    """Not seconds but tickets: how many open ones became late in the last hour."""
    tickets_due: float | None = None
    """Not seconds but tickets: how many are due soon."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One look. None is "not known", which neither opens nor clears an alert."""

    api_down: Measurement | None = None
    """1 while HubSoft does not answer."""
    credentials_refused: Measurement | None = None
    """1 while HubSoft refuses the login."""
    rate_limited: Measurement | None = None
    """How often HubSoft answered 429 lately."""
    others_spend: Measurement | None = None
    """Requests of a window that other programs spent with this login, as HubSoft's answers of late show."""
    shared_lost: Measurement | None = None
    """Seconds since the server that machines share answered last; 0 while it answers."""
    shared_aside: Measurement | None = None
    """How much of the budget is kept free for machines that are silent or not known, 0-1."""
    shared_clock: Measurement | None = None
    """Seconds that the shared server's clock jumped ahead, and was not believed, in the last ten minutes."""
    api_slow: Measurement | None = None
    """Seconds that half of the latest answers took; None over too few."""
    wait_long: Measurement | None = None
    """Seconds that a person waited for the turn, the longest of late."""
    queue_full: Measurement | None = None
    """How much of the queue is taken, 0-1."""
    outbox_stuck: Measurement | None = None
    """Seconds, as in ExtraFacts."""
    state_lost: Measurement | None = None
    """How many, as in ExtraFacts."""
    checkup_held: Measurement | None = None
    """Commands of the check-up that wait for a person."""
    tickets_late: Measurement | None = None
    """Tickets, as in ExtraFacts."""
    tickets_due: Measurement | None = None
    """Tickets, as in ExtraFacts."""
    sync_late: Measurement | None = None
    """Seconds, as in ExtraFacts."""
    cache_full: Measurement | None = None
    """How much of the cache is taken by customers that were used lately, 0-1: any cache fills up in time, and
    only one that is full of what is still asked for is too small."""
    hit_ratio_low: Measurement | None = None
    """Hit ratio of late, 0-1; 1 while too little was asked to say anything."""
    disk_low: Measurement | None = None
    """Free megabytes where the state is kept."""


_DECLARED: Final = frozenset(declared.name for declared in fields(AlertSettings))
"""The names of the thresholds and durations: a rule's begin with its own."""


class Unit(Enum):
    """What a rule's value is measured in."""

    NONE = "none"  # it is so, or it is not
    SHARE = "share"  # 0-1
    SECONDS = "seconds"
    TIMES = "times"
    REQUESTS = "requests"  # of a minute
    TICKETS = "tickets"
    MEGABYTES = "megabytes"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One kind of alert; its `id` is a field of `Facts`. `title` and `advice` are marked: translate when shown."""

    id: str
    title: str
    advice: str
    """What to do about it, as a sentence."""
    unit: Unit = Unit.NONE
    at_once: bool = False
    """Its `_for` is the time it counts in: an alert opens as soon as the limit is reached."""
    reset: float = 0.8
    """All is well again at this part of the limit, so that a value on the border does not flap."""
    urgent: bool = False
    """People are hindered now."""

    @property
    def below(self) -> bool:
        """Whether it is wrong to be below the limit, not at or above it."""
        return f"{self.id}_below" in _DECLARED

    def read(self, facts: Facts) -> Measurement | None:
        """Return the fact that is called like the rule."""
        return cast("Measurement | None", getattr(facts, self.id))

    def limit(self, settings: AlertSettings) -> float:
        """Return the threshold of the rule's name; what has none is so, or it is not."""
        names = (f"{self.id}_{ending}" for ending in ("above", "below", "times"))
        return next((float(getattr(settings, name)) for name in names if name in _DECLARED), 1.0)

    def duration(self, settings: AlertSettings) -> float:
        """Return for how many seconds it must be so before an alert opens."""
        return 0.0 if self.at_once else float(getattr(settings, f"{self.id}_for", 0.0))

    def bad(self, value: float, limit: float) -> bool:
        """Tell whether `value` is worth an alert."""
        return value < limit if self.below else value >= limit

    def well(self, value: float, limit: float) -> bool:
        """Tell whether `value` lets an open alert clear."""
        return value >= limit * self.reset if self.below else value < limit * self.reset

    def worse(self, value: float, than: float) -> bool:
        """Tell whether `value` is clearly worse: small steps are not worth a change on a screen."""
        return value < than * 0.9 if self.below else value > than * 1.1


RULES: Final = (
    AlertRule(
        "api_down",
        N_("HubSoft does not answer"),
        N_("People are shown what is remembered. Look whether HubSoft is up, and this computer's network."),
        urgent=True,
    ),
    AlertRule(
        "credentials_refused",
        N_("HubSoft refuses the login"),
        N_("Nothing can be asked. Look whether the API user's password or client secret was changed."),
        urgent=True,
    ),
    AlertRule(
        "rate_limited",
        N_("HubSoft limits our requests"),
        N_(
            "Something else may use this login, or max_requests_per_minute is more than HubSoft allows: lower it."
        ),
        Unit.TIMES,
        at_once=True,
    ),
    AlertRule(
        "others_spend",
        N_("Others use this login"),
        N_(
            "Another machine or program sends requests that the budget here does not count. Machines share one budget "
            "through a server (shared.url); a program needs a login of its own."
        ),
        Unit.REQUESTS,
        at_once=True,
    ),
    AlertRule(
        "shared_lost",
        N_("The shared server is lost"),
        N_(
            "People are shown what is remembered, and writes wait. See hubsoft-tui shared check, and “When it is down” "
            "in docs/shared.md."
        ),
        Unit.SECONDS,
        urgent=True,
    ),
    AlertRule(
        "shared_aside",
        N_("Silent machines hold budget"),
        N_(
            "See on the Monitor which are silent. If one is off for good: hubsoft-tui shared forget NAME. "
            "If the server forgot what it knew: hubsoft-tui shared begin."
        ),
        Unit.SHARE,
    ),
    AlertRule(
        "shared_clock",
        N_("Shared server's clock jumps"),
        N_("The budget holds all the same. Let NTP set the clock of the server, slowly."),
        Unit.SECONDS,
    ),
    AlertRule(
        "api_slow",
        N_("HubSoft is slow"),
        N_("Ask your HubSoft contact; work that is not urgent may wait."),
        Unit.SECONDS,
    ),
    AlertRule(
        "wait_long",
        N_("People wait too long"),
        N_("The budget is used up. See on Requests what asks so much, and whether HubSoft allows more."),
        Unit.SECONDS,
        urgent=True,
    ),
    AlertRule(
        "queue_full",
        N_("Queue nearly full"),
        N_("When it is full the least urgent requests are refused. See on Requests what asks so much."),
        Unit.SHARE,
    ),
    AlertRule(
        "outbox_stuck",
        N_("Writes do not reach HubSoft"),
        N_(
            "They are kept and go out as soon as they can. Look at the outbox for those that ask for a person."
        ),
        Unit.SECONDS,
        urgent=True,
    ),
    AlertRule(
        "state_lost",
        N_("Files were lost"),
        N_(
            "A file of the console's state was damaged or gone. "
            "See which and acknowledge it in the palette: lost files."
        ),
        Unit.TIMES,
        urgent=True,
    ),
    AlertRule(
        "checkup_held",
        N_("Check-up commands held"),
        N_(
            "Unusually many members lost the contract at once. Look at them on Check-up, then release or drop them."
        ),
        urgent=True,
    ),
    AlertRule(
        "tickets_late",
        N_("Tickets became late"),
        N_("So many in the last hour. Tickets shows them with l, the most late first."),
        Unit.TICKETS,
    ),
    AlertRule(
        "tickets_due",
        N_("Tickets are due soon"),
        N_("Their SLA ends soon. Tickets shows them with the filter soon."),
        Unit.TICKETS,
    ),
    AlertRule(
        "sync_late",
        N_("Ticket sync is late"),
        N_("What Tickets shows is old. Look there for why the last pass did not end."),
        Unit.SECONDS,
    ),
    AlertRule(
        "cache_full",
        N_("Cache nearly full"),
        N_(
            "It is full of customers asked for lately, and forgets some that are asked again. Raise max_entries."
        ),
        Unit.SHARE,
        reset=0.95,
    ),
    AlertRule(
        "hit_ratio_low",
        N_("Hit ratio low"),
        N_("Most questions cost a request. Longer lifetimes or a larger cache may help."),
        Unit.SHARE,
        reset=1.25,
    ),
    AlertRule(
        "disk_low",
        N_("Disk nearly full"),
        N_("When it is full nothing can be remembered or written down. Free some space."),
        Unit.MEGABYTES,
        reset=1.25,
        urgent=True,
    ),
)
"""Every rule, the most urgent first."""

BY_ID: Final = {rule.id: rule for rule in RULES}

assert tuple(BY_ID) == ALERTS  # noqa: S101 - each is known to the settings, in one order


@dataclass(frozen=True, slots=True)
class RuleState:
    """What one look says about one rule."""

    ripe: bool = False
    """It has been wrong long enough for an alert."""
    bad: bool = False
    """It is wrong, or not yet well again: an open alert holds."""
    well_for: float = -math.inf
    """Seconds for which all has been well."""


NOTHING_KNOWN = RuleState()


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

"""What is worth an alert, after how long, and which webhook to call: the rules as data, and the `[alerts]` section.

A rule's threshold and duration are settings named after it. Durations are in seconds on a clock that goes on during
suspend. How a rule is measured is in `services/alerts/measurements.py`.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Final

from ..formats import DAY, HOUR, MINUTE
from ..texts import N_
from ..values import dataclass
from .rules import (
    MEGABYTES,
    OF_BUDGET,
    OF_CACHE,
    OF_QUESTIONS,
    OF_QUEUE,
    QUESTIONS,
    REQUESTS,
    SECONDS,
    TICKETS,
    TIMES,
    above,
    setting,
    within,
)


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
    """One kind of alert. `title` and `advice` are marked: translate when shown."""

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
        "shared_versions",
        N_("Machines differ in version"),
        N_("The Monitor and hubsoft-tui shared machines list which runs what. Update the older."),
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


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """When each rule opens an alert; `<rule>_for` is how long it must be so, in seconds."""

    off: tuple[str, ...] = setting((), N_("Alerts that are switched off, by name."), choices=tuple(BY_ID))
    clear_for: float = setting(
        2 * MINUTE,
        N_("How long all must be well again before an alert clears."),
        within(0, DAY, SECONDS),
        N_("alerts: clear after"),
    )
    look_seconds: float = setting(
        5.0,
        N_("How often it is looked whether something is worth an alert."),
        within(0.1, MINUTE, SECONDS),
        N_("alerts: look every"),
    )
    api_down_for: float = setting(
        MINUTE,
        N_("An alert opens when HubSoft does not answer for this long."),
        within(0, DAY, SECONDS),
        N_("alert: HubSoft away"),
    )
    credentials_refused_for: float = setting(
        0.0,
        N_("An alert opens when HubSoft refuses the login for this long."),
        within(0, DAY, SECONDS),
        N_("alert: login refused"),
    )
    rate_limited_times: int = setting(
        1,
        N_("An alert opens when HubSoft answered “too many requests” (429) this often."),
        within(1, 1000, TIMES),
        N_("alert: number of 429"),
    )
    rate_limited_for: float = setting(
        10 * MINUTE,
        N_("The time in which those refusals are counted."),
        within(1, DAY, SECONDS),
        N_("alert: 429 within"),
    )
    others_spend_above: int = setting(
        1,
        N_("An alert opens when HubSoft counts this many requests a minute that this computer did not send."),
        within(1, 1_000_000, REQUESTS),
        N_("alert: others spend"),
    )
    shared_lost_above: float = setting(
        10.0,
        N_("An alert opens when the server that machines share does not answer for this long."),
        within(1, DAY, SECONDS),
        N_("alert: server lost"),
    )
    shared_aside_above: float = setting(
        0.34,
        N_("An alert opens when this much of the budget is kept free for machines that are silent."),
        above(0, 1, OF_BUDGET),
        N_("alert: kept free"),
    )
    shared_aside_for: float = setting(
        2 * MINUTE,
        N_("How long so much must be kept free for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: kept free for"),
    )
    shared_clock_above: float = setting(
        5.0,
        N_("An alert opens when the shared server's clock jumped ahead this far within ten minutes."),
        above(0, DAY, SECONDS),
        N_("alert: shared clock"),
    )
    shared_versions_for: float = setting(
        10 * MINUTE,
        N_(
            "How long machines that share the budget must run different versions of this program for an alert."
        ),
        within(0, 30 * DAY, SECONDS),
        N_("alert: versions for"),
    )
    api_slow_above: float = setting(
        5.0,
        N_("An alert opens when half of HubSoft's answers take this long."),
        above(0, 300, SECONDS),
        N_("alert: HubSoft slow"),
    )
    api_slow_for: float = setting(
        2 * MINUTE,
        N_("How long HubSoft must be slow for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: slow for"),
    )
    wait_long_above: float = setting(
        15.0,
        N_("An alert opens when people wait this long for their turn."),
        above(0, HOUR, SECONDS),
        N_("alert: people wait"),
    )
    wait_long_for: float = setting(
        MINUTE,
        N_("How long people must wait too long for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: people wait for"),
    )
    queue_full_above: float = setting(
        0.8,
        N_("An alert opens when this much of the queue is taken."),
        above(0, 1, OF_QUEUE),
        N_("alert: queue taken"),
    )
    queue_full_for: float = setting(
        30.0,
        N_("How long the queue must be so full for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: queue for"),
    )
    outbox_stuck_above: float = setting(
        15 * MINUTE,
        N_("An alert opens when something written waits this long to reach HubSoft."),
        within(1, 30 * DAY, SECONDS),
        N_("alert: outbox waits"),
    )
    outbox_stuck_for: float = setting(
        MINUTE,
        N_("How long the outbox must be stuck for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: outbox for"),
    )
    tickets_late_above: int = setting(
        10,
        N_("An alert opens when this many open tickets became late within an hour."),
        within(1, 1_000_000, TICKETS),
        N_("alert: tickets late"),
    )
    tickets_due_above: int = setting(
        20,
        N_("An alert opens when this many tickets are due within sync.due_soon_seconds."),
        within(1, 1_000_000, TICKETS),
        N_("alert: tickets due"),
    )
    ring: tuple[str, ...] = setting(
        ("tickets_late",),
        N_(
            "What rings the terminal of an open console: alerts by name; tickets_late and tickets_due ring for each "
            "ticket too."
        ),
        choices=tuple(BY_ID),
    )
    ring_with: tuple[str, ...] = setting(
        ("bell",),
        N_("How it rings: the bell, or a notification that your terminal understands (OSC 9 or OSC 777)."),
        choices=("bell", "osc9", "osc777"),
    )
    ring_seconds: float = setting(
        MINUTE,
        N_("An alert rings once in this time at most; what came since is told with the next."),
        within(1, DAY, SECONDS),
        N_("alert: rings every"),
    )
    sync_late_above: float = setting(
        10 * MINUTE,
        N_("An alert opens when the sync of tickets is this late."),
        within(1, 30 * DAY, SECONDS),
        N_("alert: sync late"),
    )
    sync_late_for: float = setting(
        MINUTE,
        N_("How long the sync must be late for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: sync for"),
    )
    cache_full_above: float = setting(
        0.95,
        N_("An alert opens when this much of the cache is taken by customers asked for lately."),
        above(0, 1, OF_CACHE),
        N_("alert: cache taken"),
    )
    cache_full_for: float = setting(
        5 * MINUTE,
        N_("How long the cache must be so full for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: cache for"),
    )
    hit_ratio_low_below: float = setting(
        0.2,
        N_("An alert opens when fewer questions than this are answered from the cache."),
        within(0, 1, OF_QUESTIONS),
        N_("alert: hit ratio below"),
    )
    hit_ratio_low_for: float = setting(
        HOUR,
        N_("How long the hit ratio must be low for an alert."),
        within(1, DAY, SECONDS),
        N_("alert: hit ratio for"),
    )
    hit_ratio_low_questions: int = setting(
        50,
        N_("A hit ratio counts only over this many questions or more."),
        within(1, 1_000_000, QUESTIONS),
        N_("alert: min. questions"),
    )
    disk_low_below: float = setting(
        500.0,
        N_("An alert opens when less disk space than this is free."),
        within(0, 1_000_000, MEGABYTES),
        N_("alert: disk below"),
    )
    disk_low_for: float = setting(
        MINUTE,
        N_("How long the disk must be nearly full for an alert."),
        within(0, DAY, SECONDS),
        N_("alert: disk for"),
    )
    webhook_url: str = setting(
        "",
        N_("An address that is told of every alert (JSON, by POST); empty: nobody."),
        shape=N_('an address such as https://hooks.example/alerts, or ""'),
        secret=True,
    )
    """Many chat services put a key into the address, so it is treated as a secret."""
    webhook_timeout: float = setting(
        10.0,
        N_("How long that address may take to answer."),
        above(0, MINUTE, SECONDS),
        N_("webhook: answer within"),
    )


_DECLARED: Final = frozenset(declared.name for declared in fields(AlertSettings))
"""The names of the thresholds and durations: a rule's begin with its own."""

"""What is worth an alert, after how long, and which webhook to call: the `[alerts]` section.

One threshold and one duration for each rule of `services/alerts/rules.py`, named after it. Durations are in
seconds on a clock that goes on during suspend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..formats import DAY, HOUR, MINUTE
from ..texts import N_
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
    setting,
)

ALERTS: Final = (
    "api_down",
    "credentials_refused",
    "rate_limited",
    "others_spend",
    "shared_lost",
    "shared_aside",
    "shared_clock",
    "api_slow",
    "wait_long",
    "queue_full",
    "outbox_stuck",
    "state_lost",
    "checkup_held",
    "tickets_late",
    "tickets_due",
    "sync_late",
    "cache_full",
    "hit_ratio_low",
    "disk_low",
)
"""Every rule's name, the most urgent first."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """When each rule opens an alert; `<rule>_for` is how long it must be so, in seconds."""

    off: tuple[str, ...] = setting((), N_("Alerts that are switched off, by name."), choices=ALERTS)
    clear_for: float = setting(
        2 * MINUTE,
        N_("How long all must be well again before an alert clears."),
        SECONDS,
        name=N_("alerts: clear after"),
        low=0,
        high=DAY,
    )
    look_seconds: float = setting(
        5.0,
        N_("How often it is looked whether something is worth an alert."),
        SECONDS,
        name=N_("alerts: look every"),
        low=0.1,
        high=MINUTE,
    )
    api_down_for: float = setting(
        MINUTE,
        N_("An alert opens when HubSoft does not answer for this long."),
        SECONDS,
        name=N_("alert: HubSoft away"),
        low=0,
        high=DAY,
    )
    credentials_refused_for: float = setting(
        0.0,
        N_("An alert opens when HubSoft refuses the login for this long."),
        SECONDS,
        name=N_("alert: login refused"),
        low=0,
        high=DAY,
    )
    rate_limited_times: int = setting(
        1,
        N_("An alert opens when HubSoft answered “too many requests” (429) this often."),
        TIMES,
        name=N_("alert: number of 429"),
        low=1,
        high=1000,
    )
    rate_limited_for: float = setting(
        10 * MINUTE,
        N_("The time in which those refusals are counted."),
        SECONDS,
        name=N_("alert: 429 within"),
        low=1,
        high=DAY,
    )
    others_spend_above: int = setting(
        1,
        N_("An alert opens when HubSoft counts this many requests a minute that this computer did not send."),
        REQUESTS,
        name=N_("alert: others spend"),
        low=1,
        high=1_000_000,
    )
    shared_lost_above: float = setting(
        10.0,
        N_("An alert opens when the server that machines share does not answer for this long."),
        SECONDS,
        name=N_("alert: server lost"),
        low=1,
        high=DAY,
    )
    shared_aside_above: float = setting(
        0.34,
        N_("An alert opens when this much of the budget is kept free for machines that are silent."),
        OF_BUDGET,
        name=N_("alert: kept free"),
        above=0,
        high=1,
    )
    shared_aside_for: float = setting(
        2 * MINUTE,
        N_("How long so much must be kept free for an alert."),
        SECONDS,
        name=N_("alert: kept free for"),
        low=0,
        high=DAY,
    )
    shared_clock_above: float = setting(
        5.0,
        N_("An alert opens when the shared server's clock jumped ahead this far within ten minutes."),
        SECONDS,
        name=N_("alert: shared clock"),
        above=0,
        high=DAY,
    )
    api_slow_above: float = setting(
        5.0,
        N_("An alert opens when half of HubSoft's answers take this long."),
        SECONDS,
        name=N_("alert: HubSoft slow"),
        above=0,
        high=300,
    )
    api_slow_for: float = setting(
        2 * MINUTE,
        N_("How long HubSoft must be slow for an alert."),
        SECONDS,
        name=N_("alert: slow for"),
        low=0,
        high=DAY,
    )
    wait_long_above: float = setting(
        15.0,
        N_("An alert opens when people wait this long for their turn."),
        SECONDS,
        name=N_("alert: people wait"),
        above=0,
        high=HOUR,
    )
    wait_long_for: float = setting(
        MINUTE,
        N_("How long people must wait too long for an alert."),
        SECONDS,
        name=N_("alert: people wait for"),
        low=0,
        high=DAY,
    )
    queue_full_above: float = setting(
        0.8,
        N_("An alert opens when this much of the queue is taken."),
        OF_QUEUE,
        name=N_("alert: queue taken"),
        above=0,
        high=1,
    )
    queue_full_for: float = setting(
        30.0,
        N_("How long the queue must be so full for an alert."),
        SECONDS,
        name=N_("alert: queue for"),
        low=0,
        high=DAY,
    )
    outbox_stuck_above: float = setting(
        15 * MINUTE,
        N_("An alert opens when something written waits this long to reach HubSoft."),
        SECONDS,
        name=N_("alert: outbox waits"),
        low=1,
        high=30 * DAY,
    )
    outbox_stuck_for: float = setting(
        MINUTE,
        N_("How long the outbox must be stuck for an alert."),
        SECONDS,
        name=N_("alert: outbox for"),
        low=0,
        high=DAY,
    )
    tickets_late_above: int = setting(
        10,
        N_("An alert opens when this many open tickets became late within an hour."),
        TICKETS,
        name=N_("alert: tickets late"),
        low=1,
        high=1_000_000,
    )
    tickets_due_above: int = setting(
        20,
        N_("An alert opens when this many tickets are due within sync.due_soon_seconds."),
        TICKETS,
        name=N_("alert: tickets due"),
        low=1,
        high=1_000_000,
    )
    ring: tuple[str, ...] = setting(
        ("tickets_late",),
        N_(
            "What rings the terminal of an open console: alerts by name; tickets_late and tickets_due ring for each "
            "ticket too."
        ),
        choices=ALERTS,
    )
    ring_with: tuple[str, ...] = setting(
        ("bell",),
        N_("How it rings: the bell, or a notification that your terminal understands (OSC 9 or OSC 777)."),
        choices=("bell", "osc9", "osc777"),
    )
    ring_seconds: float = setting(
        MINUTE,
        N_("An alert rings once in this time at most; what came since is told with the next."),
        SECONDS,
        name=N_("alert: rings every"),
        low=1,
        high=DAY,
    )
    sync_late_above: float = setting(
        10 * MINUTE,
        N_("An alert opens when the sync of tickets is this late."),
        SECONDS,
        name=N_("alert: sync late"),
        low=1,
        high=30 * DAY,
    )
    sync_late_for: float = setting(
        MINUTE,
        N_("How long the sync must be late for an alert."),
        SECONDS,
        name=N_("alert: sync for"),
        low=0,
        high=DAY,
    )
    cache_full_above: float = setting(
        0.95,
        N_("An alert opens when this much of the cache is taken by customers asked for lately."),
        OF_CACHE,
        name=N_("alert: cache taken"),
        above=0,
        high=1,
    )
    cache_full_for: float = setting(
        5 * MINUTE,
        N_("How long the cache must be so full for an alert."),
        SECONDS,
        name=N_("alert: cache for"),
        low=0,
        high=DAY,
    )
    hit_ratio_low_below: float = setting(
        0.2,
        N_("An alert opens when fewer questions than this are answered from the cache."),
        OF_QUESTIONS,
        name=N_("alert: hit ratio below"),
        low=0,
        high=1,
    )
    hit_ratio_low_for: float = setting(
        HOUR,
        N_("How long the hit ratio must be low for an alert."),
        SECONDS,
        name=N_("alert: hit ratio for"),
        low=1,
        high=DAY,
    )
    hit_ratio_low_questions: int = setting(
        50,
        N_("A hit ratio counts only over this many questions or more."),
        QUESTIONS,
        name=N_("alert: min. questions"),
        low=1,
        high=1_000_000,
    )
    disk_low_below: float = setting(
        500.0,
        N_("An alert opens when less disk space than this is free."),
        MEGABYTES,
        name=N_("alert: disk below"),
        low=0,
        high=1_000_000,
    )
    disk_low_for: float = setting(
        MINUTE,
        N_("How long the disk must be nearly full for an alert."),
        SECONDS,
        name=N_("alert: disk for"),
        low=0,
        high=DAY,
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
        SECONDS,
        name=N_("webhook: answer within"),
        above=0,
        high=MINUTE,
    )

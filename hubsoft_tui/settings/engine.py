"""The engine: how long answers count, how much is asked, how failures are met, what it may tune. Times in seconds."""

from __future__ import annotations

from typing import ClassVar

from ..formats import DAY
from ..texts import N_
from ..values import dataclass
from .rules import (
    BYTES,
    CONNECTIONS,
    OF_ANSWERS,
    OF_BUDGET,
    PER_MINUTE,
    RECORDS,
    REQUESTS,
    SECONDS,
    TIMES,
    WAITS,
    above,
    setting,
    within,
)


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How old an answer may be, in seconds, per category."""

    LIVE: ClassVar[bool] = True
    client_data_ttl: float = setting(
        1800.0,
        N_("How old a customer's data may be shown without asking again."),
        above(0, 30 * DAY, SECONDS),
        N_("customer data"),
    )
    contract_status_ttl: float = setting(
        14400.0,
        N_("How old the answer to “is the contract active?” may be."),
        above(0, 30 * DAY, SECONDS),
        N_("contract status"),
    )
    service_data_ttl: float = setting(
        3600.0,
        N_("How old a service's data may be shown without asking again."),
        above(0, 30 * DAY, SECONDS),
        N_("service data"),
    )
    not_found_ttl: float = setting(
        300.0,
        N_("How long “there is no such customer” is remembered."),
        above(0, 30 * DAY, SECONDS),
        N_("not found"),
    )
    suspended_ttl: float = setting(
        14400.0,
        N_("How old a customer's data or status may be without an active contract: a payment may unlock it."),
        above(0, 30 * DAY, SECONDS),
        N_("suspended customers"),
    )
    """Where it is shorter than the category's own: the shorter one holds."""
    stale_ttl: float = setting(
        604800.0,
        N_("How long expired records are kept for when HubSoft is away."),
        above(0, 365 * DAY, SECONDS),
        N_("expired records kept"),
    )
    max_entries: int = setting(
        1000,
        N_("How many customers are remembered; the longest unused go first."),
        within(1, 1_000_000, RECORDS),
        N_("customers remembered"),
    )
    roster_entries: int = setting(
        50_000,
        N_("How many customers seen in a roster are remembered, for whether their contract is active."),
        within(0, 1_000_000, RECORDS),
        N_("customers from rosters"),
    )
    """About 700 bytes of disk each. They take no place of `max_entries`, nor the other way round."""
    one_page_seconds: float = setting(
        3.0,
        N_(
            "Where all customers fit in one page: how long a person may wait for that page in place of one customer."
        ),
        within(0, 15, SECONDS),
        N_("page of all customers"),
    )
    """0 never asks for it."""
    clean_seconds: float = setting(
        300.0,
        N_("How often records too old to be of use are removed."),
        within(1, DAY, SECONDS),
        N_("cache cleaned every"),
    )


@dataclass(frozen=True, slots=True)
class LimiterSettings:
    """The budget: requests per minute, and each class's share of it (0-1)."""

    LIVE: ClassVar[bool] = True
    max_requests_per_minute: int = setting(
        30,
        N_("The most HubSoft is asked in any 60 seconds, everything included."),
        within(1, 6000, PER_MINUTE),
        N_("requests a minute"),
    )
    share: dict[str, float] = setting(
        {"critical": 1.0, "high": 0.93, "normal": 0.87, "low": 0.73},
        N_("How much of the budget requests of this urgency may fill; the rest is for more urgent ones."),
        above(0, 1, OF_BUDGET),
        names={
            "critical": N_("share of CRITICAL"),
            "high": N_("share of HIGH"),
            "normal": N_("share of NORMAL"),
            "low": N_("share of LOW"),
        },
    )
    max_queue_size: int = setting(
        1000,
        N_("How many requests may wait; beyond it the least urgent is refused."),
        within(1, 100_000, REQUESTS),
        N_("longest queue"),
    )
    longest_pause: float = setting(
        900.0,
        N_("The longest pause that HubSoft may ask for; a Retry-After beyond it counts as this."),
        within(1, DAY, SECONDS),
        N_("longest pause"),
    )
    window_seconds: float = setting(
        60.0, N_("The window the budget is counted in; only tests shorten it."), above(0, 3600, SECONDS)
    )


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Repeats after a failure that may pass. `backoff_base` is the first wait in seconds."""

    LIVE: ClassVar[bool] = True
    max_retries: int = setting(
        3,
        N_("How often a request that failed is repeated."),
        within(0, 10, TIMES),
        N_("repeats of a request"),
    )
    backoff_multiplier: float = setting(
        2.0,
        N_("Each wait before a repeat is this many times the one before."),
        within(1, 10, TIMES),
        N_("repeat: wait grows by"),
    )
    backoff_base: float = setting(
        0.5, N_("The wait before the first repeat."), above(0, 60, SECONDS), N_("repeat: first wait")
    )
    backoff_max: float = setting(
        30.0, N_("The longest wait before a repeat."), above(0, 600, SECONDS), N_("repeat: longest wait")
    )


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Renewal this many seconds before expiry, or a tenth of the life if that is shorter."""

    LIVE: ClassVar[bool] = True
    buffer_seconds: float = setting(
        300.0,
        N_("The login is renewed this long before it expires."),
        within(0, DAY, SECONDS),
        N_("login renewed early"),
    )


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Timeouts in seconds for each phase, and the largest answer read, in bytes."""

    connect_timeout: float = setting(
        5.0, N_("How long connecting may take."), above(0, 300, SECONDS), N_("HTTP: connecting")
    )
    read_timeout: float = setting(
        20.0, N_("How long HubSoft may stay silent."), above(0, 600, SECONDS), N_("HTTP: silence")
    )
    write_timeout: float = setting(
        10.0, N_("How long sending may stand still."), above(0, 300, SECONDS), N_("HTTP: sending")
    )
    pool_timeout: float = setting(
        10.0,
        N_("How long a request waits for a free connection."),
        above(0, 300, SECONDS),
        N_("HTTP: free connection"),
    )
    max_response_bytes: int = setting(
        64 * 1024 * 1024,
        N_("The largest answer that is read."),
        within(64 * 1024, 1024**3, BYTES),
        N_("HTTP: largest answer"),
    )
    max_connections: int = setting(
        8,
        N_("How many connections to HubSoft are open at once."),
        within(1, 100, CONNECTIONS),
        N_("HTTP: connections"),
    )


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """When HubSoft counts as slow (seconds), and when the breaker opens."""

    LIVE: ClassVar[bool] = True
    slow_seconds: float = setting(
        3.0,
        N_("HubSoft counts as slow when its slowest answers take longer."),
        above(0, 300, SECONDS),
        N_("HubSoft: slow from"),
    )
    failures_to_open: int = setting(
        5,
        N_("After this many failures in a row HubSoft counts as offline."),
        within(1, 100, TIMES),
        N_("failures to offline"),
    )
    open_seconds: float = setting(
        10.0,
        N_("The first wait before an offline HubSoft is tried again."),
        above(0, 3600, SECONDS),
        N_("offline: first look"),
    )
    open_max_seconds: float = setting(
        60.0,
        N_("The longest wait before an offline HubSoft is tried again."),
        above(0, 3600, SECONDS),
        N_("offline: longest wait"),
    )


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """How lifetimes are chosen: by a person, or by themselves within these bounds (seconds)."""

    LIVE: ClassVar[bool] = True
    self: bool = setting(
        default=False,
        does=N_("Move the lifetimes to the recommended values by themselves, at most twice a day."),
        name=N_("self-tuning"),
    )
    changed_share: float = setting(
        0.01,
        N_("Which share of the answers from memory may have changed at HubSoft meanwhile."),
        above(0, 0.5, OF_ANSWERS),
        N_("answers that changed"),
    )
    shortest_ttl: float = setting(
        60.0,
        N_("The shortest lifetime that self-tuning may choose."),
        within(1, 30 * DAY, SECONDS),
        N_("self-tuning: shortest"),
    )
    longest_ttl: float = setting(
        DAY,
        N_("The longest lifetime that self-tuning may choose."),
        within(1, 30 * DAY, SECONDS),
        N_("self-tuning: longest"),
    )


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """Renewing ahead: it saves people waits, never requests, and spends at most `share` (0-1) of the budget."""

    LIVE: ClassVar[bool] = True
    enabled: bool = setting(
        default=False,
        does=N_("Renew what people will probably ask for again before it is too old. It costs requests."),
        name=N_("renewing ahead"),
    )
    share: float = setting(
        0.1,
        N_("The most of the budget that renewing ahead may spend."),
        above(0, 0.5, OF_BUDGET),
        N_("ahead: share of budget"),
    )
    worth: float = setting(
        0.1,
        N_(
            "How many waits each request that renews ahead must save, at least; with half of that it stops for a day."
        ),
        above(0, 1, WAITS),
        N_("ahead: waits to save"),
    )

"""The engine: how long answers count, how much is asked, how failures are met, what it may tune. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..formats import DAY
from ..texts import N_
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
    setting,
)


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How old an answer may be, in seconds, per category."""

    LIVE: ClassVar[bool] = True
    client_data_ttl: float = setting(
        1800.0,
        N_("How old a customer's data may be shown without asking again."),
        SECONDS,
        name=N_("customer data"),
        above=0,
        high=30 * DAY,
    )
    contract_status_ttl: float = setting(
        14400.0,
        N_("How old the answer to “is the contract active?” may be."),
        SECONDS,
        name=N_("contract status"),
        above=0,
        high=30 * DAY,
    )
    service_data_ttl: float = setting(
        3600.0,
        N_("How old a service's data may be shown without asking again."),
        SECONDS,
        name=N_("service data"),
        above=0,
        high=30 * DAY,
    )
    not_found_ttl: float = setting(
        300.0,
        N_("How long “there is no such customer” is remembered."),
        SECONDS,
        name=N_("not found"),
        above=0,
        high=30 * DAY,
    )
    suspended_ttl: float = setting(
        14400.0,
        N_("How old a customer's data or status may be without an active contract: a payment may unlock it."),
        SECONDS,
        name=N_("suspended customers"),
        above=0,
        high=30 * DAY,
    )
    """Where it is shorter than the category's own: the shorter one holds."""
    stale_ttl: float = setting(
        604800.0,
        N_("How long expired records are kept for when HubSoft is away."),
        SECONDS,
        name=N_("expired records kept"),
        above=0,
        high=365 * DAY,
    )
    max_entries: int = setting(
        1000,
        N_("How many customers are remembered; the longest unused go first."),
        RECORDS,
        name=N_("customers remembered"),
        low=1,
        high=1_000_000,
    )
    roster_entries: int = setting(
        50_000,
        N_("How many customers seen in a roster are remembered, for whether their contract is active."),
        RECORDS,
        name=N_("customers from rosters"),
        low=0,
        high=1_000_000,
    )
    """About 700 bytes of disk each. They take no place of `max_entries`, nor the other way round."""
    one_page_seconds: float = setting(
        3.0,
        N_(
            "Where all customers fit in one page: how long a person may wait for that page in place of one customer."
        ),
        SECONDS,
        name=N_("page of all customers"),
        low=0,
        high=15,
    )
    """0 never asks for it."""
    clean_seconds: float = setting(
        300.0,
        N_("How often records too old to be of use are removed."),
        SECONDS,
        name=N_("cache cleaned every"),
        low=1,
        high=DAY,
    )


@dataclass(frozen=True, slots=True)
class LimiterSettings:
    """The budget: requests per minute, and each class's share of it (0-1)."""

    LIVE: ClassVar[bool] = True
    max_requests_per_minute: int = setting(
        30,
        N_("The most HubSoft is asked in any 60 seconds, everything included."),
        PER_MINUTE,
        name=N_("requests a minute"),
        low=1,
        high=6000,
    )
    share: dict[str, float] = setting(  # noqa: RUF009 - it returns a field with a factory
        {"critical": 1.0, "high": 0.93, "normal": 0.87, "low": 0.73},
        N_("How much of the budget requests of this urgency may fill; the rest is for more urgent ones."),
        OF_BUDGET,
        names={
            "critical": N_("share of CRITICAL"),
            "high": N_("share of HIGH"),
            "normal": N_("share of NORMAL"),
            "low": N_("share of LOW"),
        },
        above=0,
        high=1,
    )
    max_queue_size: int = setting(
        1000,
        N_("How many requests may wait; beyond it the least urgent is refused."),
        REQUESTS,
        name=N_("longest queue"),
        low=1,
        high=100_000,
    )
    longest_pause: float = setting(
        900.0,
        N_("The longest pause that HubSoft may ask for; a Retry-After beyond it counts as this."),
        SECONDS,
        name=N_("longest pause"),
        low=1,
        high=DAY,
    )
    window_seconds: float = setting(
        60.0, N_("The window the budget is counted in; only tests shorten it."), SECONDS, above=0, high=3600
    )


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Repeats after a failure that may pass. `backoff_base` is the first wait in seconds."""

    LIVE: ClassVar[bool] = True
    max_retries: int = setting(
        3,
        N_("How often a request that failed is repeated."),
        TIMES,
        name=N_("repeats of a request"),
        low=0,
        high=10,
    )
    backoff_multiplier: float = setting(
        2.0,
        N_("Each wait before a repeat is this many times the one before."),
        TIMES,
        name=N_("repeat: wait grows by"),
        low=1,
        high=10,
    )
    backoff_base: float = setting(
        0.5, N_("The wait before the first repeat."), SECONDS, name=N_("repeat: first wait"), above=0, high=60
    )
    backoff_max: float = setting(
        30.0,
        N_("The longest wait before a repeat."),
        SECONDS,
        name=N_("repeat: longest wait"),
        above=0,
        high=600,
    )


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Renewal this many seconds before expiry, or a tenth of the life if that is shorter."""

    LIVE: ClassVar[bool] = True
    buffer_seconds: float = setting(
        300.0,
        N_("The login is renewed this long before it expires."),
        SECONDS,
        name=N_("login renewed early"),
        low=0,
        high=DAY,
    )


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Timeouts in seconds for each phase, and the largest answer read, in bytes."""

    connect_timeout: float = setting(
        5.0, N_("How long connecting may take."), SECONDS, name=N_("HTTP: connecting"), above=0, high=300
    )
    read_timeout: float = setting(
        20.0, N_("How long HubSoft may stay silent."), SECONDS, name=N_("HTTP: silence"), above=0, high=600
    )
    write_timeout: float = setting(
        10.0, N_("How long sending may stand still."), SECONDS, name=N_("HTTP: sending"), above=0, high=300
    )
    pool_timeout: float = setting(
        10.0,
        N_("How long a request waits for a free connection."),
        SECONDS,
        name=N_("HTTP: free connection"),
        above=0,
        high=300,
    )
    max_response_bytes: int = setting(
        64 * 1024 * 1024,
        N_("The largest answer that is read."),
        BYTES,
        name=N_("HTTP: largest answer"),
        low=64 * 1024,
        high=1024**3,
    )
    max_connections: int = setting(
        8,
        N_("How many connections to HubSoft are open at once."),
        CONNECTIONS,
        name=N_("HTTP: connections"),
        low=1,
        high=100,
    )


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """When HubSoft counts as slow (seconds), and when the breaker opens."""

    LIVE: ClassVar[bool] = True
    slow_seconds: float = setting(
        3.0,
        N_("HubSoft counts as slow when its slowest answers take longer."),
        SECONDS,
        name=N_("HubSoft: slow from"),
        above=0,
        high=300,
    )
    failures_to_open: int = setting(
        5,
        N_("After this many failures in a row HubSoft counts as offline."),
        TIMES,
        name=N_("failures to offline"),
        low=1,
        high=100,
    )
    open_seconds: float = setting(
        10.0,
        N_("The first wait before an offline HubSoft is tried again."),
        SECONDS,
        name=N_("offline: first look"),
        above=0,
        high=3600,
    )
    open_max_seconds: float = setting(
        60.0,
        N_("The longest wait before an offline HubSoft is tried again."),
        SECONDS,
        name=N_("offline: longest wait"),
        above=0,
        high=3600,
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
        OF_ANSWERS,
        name=N_("answers that changed"),
        above=0,
        high=0.5,
    )
    shortest_ttl: float = setting(
        60.0,
        N_("The shortest lifetime that self-tuning may choose."),
        SECONDS,
        name=N_("self-tuning: shortest"),
        low=1,
        high=30 * DAY,
    )
    longest_ttl: float = setting(
        DAY,
        N_("The longest lifetime that self-tuning may choose."),
        SECONDS,
        name=N_("self-tuning: longest"),
        low=1,
        high=30 * DAY,
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
        OF_BUDGET,
        name=N_("ahead: share of budget"),
        above=0,
        high=0.5,
    )
    worth: float = setting(
        0.1,
        N_(
            "How many waits each request that renews ahead must save, at least; with half of that it stops for a day."
        ),
        WAITS,
        name=N_("ahead: waits to save"),
        above=0,
        high=1,
    )

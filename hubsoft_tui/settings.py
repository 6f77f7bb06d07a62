"""One typed tree of settings: defaults < config.toml < tuned.toml < environment < flags.

Each field carries its `Rule` (unit, bounds, one line of what it does): files, variables and flags are checked
against it, and the tuning screen shows it. `settings_files` reads the places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from .setting_rules import (
    BYTES,
    CHARACTERS,
    CONNECTIONS,
    DAYS,
    FILES,
    HOURS,
    OF_BUDGET,
    PER_MINUTE,
    PER_SECOND,
    RECORDS,
    REQUESTS,
    ROWS,
    SECONDS,
    TIMES,
    setting,
)
from .settings_alerts import AlertSettings
from .settings_tuning import RefreshSettings, TuningSettings
from .texts import N_

PriorityName = Literal["critical", "high", "normal", "low"]

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One HubSoft credential. Its secrets never appear in its text form."""

    name: str = "main"
    url: str = setting(
        "", N_("The address of HubSoft's API."), shape=N_("an address such as https://api.example")
    )
    client_id: str = setting("", N_("The client id HubSoft gave for its API."))
    username: str = setting("", N_("The user HubSoft's API is used as."))
    client_secret: str = setting("", N_("The client secret that belongs to the client id."), secret=True)
    password: str = setting("", N_("The API user's password."), secret=True)
    webhook_secret: str = setting(
        "", N_("A secret sent along to the webhook, so that it knows who calls."), secret=True
    )
    color: str = setting(
        "",
        N_("A colour that keeps this profile in sight; empty for the theme's."),
        pattern=r"|[a-z_]{1,40}|#[0-9a-fA-F]{6}",
        shape=N_('a colour such as "green" or "#4488ff", or ""'),
    )
    """A colour that stays in sight, e.g. `green` or `#4488ff`; empty for the theme's accent."""
    read_only: bool = setting(default=False, does=N_("Takes every action that writes to HubSoft away."))


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How old an answer may be, in seconds, per category."""

    client_data_ttl: float = setting(
        1800.0,
        N_("How old a customer's data may be shown without asking again."),
        SECONDS,
        above=0,
        high=30 * DAY,
    )
    contract_status_ttl: float = setting(
        14400.0,
        N_("How old the answer to “is the contract active?” may be."),
        SECONDS,
        above=0,
        high=30 * DAY,
    )
    service_data_ttl: float = setting(
        3600.0,
        N_("How old a service's data may be shown without asking again."),
        SECONDS,
        above=0,
        high=30 * DAY,
    )
    not_found_ttl: float = setting(
        300.0, N_("How long “there is no such customer” is remembered."), SECONDS, above=0, high=30 * DAY
    )
    suspended_ttl: float = setting(
        14400.0,
        N_("How old a customer's data or status may be without an active contract: a payment may unlock it."),
        SECONDS,
        above=0,
        high=30 * DAY,
    )
    """Where it is shorter than the category's own: the shorter one holds."""
    stale_ttl: float = setting(
        604800.0,
        N_("How long expired records are kept for when HubSoft is away."),
        SECONDS,
        above=0,
        high=365 * DAY,
    )
    """How long an expired record is kept for when HubSoft is unreachable."""
    max_entries: int = setting(
        1000,
        N_("How many customers are remembered; the longest unused go first."),
        RECORDS,
        low=1,
        high=1_000_000,
    )
    roster_entries: int = setting(
        50_000,
        N_("How many customers seen in a roster are remembered, for whether their contract is active."),
        RECORDS,
        low=0,
        high=1_000_000,
    )
    """About 700 bytes of disk each. They push nobody out of `max_entries`, and nobody pushes them out."""
    clean_seconds: float = setting(
        300.0, N_("How often records too old to be of use are removed."), SECONDS, low=1, high=DAY
    )


@dataclass(frozen=True, slots=True)
class LimiterSettings:
    """The budget: requests per minute, and each class's share of it (0-1)."""

    max_requests_per_minute: int = setting(
        30,
        N_("The most HubSoft is asked in any 60 seconds, everything included."),
        PER_MINUTE,
        low=1,
        high=6000,
    )
    share: dict[str, float] = setting(  # noqa: RUF009 - it returns a field with a factory
        {"critical": 1.0, "high": 0.93, "normal": 0.87, "low": 0.73},
        N_("How much of the budget requests of this urgency may fill; the rest is for more urgent ones."),
        OF_BUDGET,
        above=0,
        high=1,
    )
    max_queue_size: int = setting(
        1000,
        N_("How many requests may wait; beyond it the least urgent is refused."),
        REQUESTS,
        low=1,
        high=100_000,
    )
    window_seconds: float = setting(
        60.0, N_("The window the budget is counted in; only tests shorten it."), SECONDS, above=0, high=3600
    )
    """Only tests shorten it: the promise is per 60 s."""


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Repeats after a failure that may pass. `backoff_base` is the first wait in seconds."""

    max_retries: int = setting(3, N_("How often a request that failed is repeated."), TIMES, low=0, high=10)
    backoff_multiplier: float = setting(
        2.0, N_("Each wait before a repeat is this many times the one before."), TIMES, low=1, high=10
    )
    backoff_base: float = setting(0.5, N_("The wait before the first repeat."), SECONDS, above=0, high=60)
    backoff_max: float = setting(30.0, N_("The longest wait before a repeat."), SECONDS, above=0, high=600)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Renewal this many seconds before expiry, or a tenth of the life if that is shorter."""

    buffer_seconds: float = setting(
        300.0, N_("The login is renewed this long before it expires."), SECONDS, low=0, high=DAY
    )


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Timeouts in seconds for each phase, and the largest answer read, in bytes."""

    connect_timeout: float = setting(5.0, N_("How long connecting may take."), SECONDS, above=0, high=300)
    read_timeout: float = setting(20.0, N_("How long HubSoft may stay silent."), SECONDS, above=0, high=600)
    write_timeout: float = setting(10.0, N_("How long sending may stand still."), SECONDS, above=0, high=300)
    pool_timeout: float = setting(
        10.0, N_("How long a request waits for a free connection."), SECONDS, above=0, high=300
    )
    max_response_bytes: int = setting(
        64 * 1024 * 1024, N_("The largest answer that is read."), BYTES, low=64 * 1024, high=1024**3
    )
    max_connections: int = setting(
        8, N_("How many connections to HubSoft are open at once."), CONNECTIONS, low=1, high=100
    )


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """When HubSoft counts as slow (seconds), and when the breaker opens."""

    slow_seconds: float = setting(
        3.0, N_("HubSoft counts as slow when its slowest answers take longer."), SECONDS, above=0, high=300
    )
    failures_to_open: int = setting(
        5, N_("After this many failures in a row HubSoft counts as offline."), TIMES, low=1, high=100
    )
    open_seconds: float = setting(
        10.0, N_("The first wait before an offline HubSoft is tried again."), SECONDS, above=0, high=3600
    )
    open_max_seconds: float = setting(
        60.0, N_("The longest wait before an offline HubSoft is tried again."), SECONDS, above=0, high=3600
    )


@dataclass(frozen=True, slots=True)
class CustomerSettings:
    """What counts as an active contract, by status prefix."""

    active_statuses: tuple[str, ...] = setting(
        ("servico_habilitado",), N_("The status prefixes of a service that count as an active contract.")
    )


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How writes to HubSoft are sent, looked for and kept. `quiet_seconds` is longer than HubSoft is ever late."""

    quiet_seconds: float = setting(
        180.0,
        N_("How long HubSoft is given before we look whether a write happened."),
        SECONDS,
        low=1,
        high=DAY,
    )
    retry_seconds: float = setting(
        15.0, N_("The longest wait before a write that never left is tried again."), SECONDS, low=1, high=3600
    )
    look_first_seconds: float = setting(
        300.0,
        N_("A ticket that waited longer is not opened before we looked whether somebody else opened it."),
        SECONDS,
        low=0,
        high=DAY,
    )
    similar_seconds: float = setting(
        600.0, N_("The same text written again within this time is asked about."), SECONDS, low=0, high=DAY
    )
    max_characters: int = setting(
        5000, N_("The longest description or message that is sent."), CHARACTERS, low=100, high=65_535
    )
    keep_days: float = setting(
        7.0, N_("How long what was sent or discarded stays in the outbox's list."), DAYS, above=0, high=365
    )


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How often tickets are synced (seconds), how many rows a page asks for (1-500), and what is followed."""

    enabled: bool = setting(default=True, does=N_("Sync tickets by itself while a console is open."))
    interval_seconds: float = setting(60.0, N_("How often tickets are synced."), SECONDS, low=5, high=DAY)
    page_size: int = setting(500, N_("How many rows one request asks for."), ROWS, low=1, high=500)
    messages: bool = setting(
        default=True, does=N_("Read the tickets' messages along with them: no request more, heavier pages.")
    )
    first_days: int = setting(
        30,
        N_("The first sync takes the open tickets of this many days; later ones follow."),
        DAYS,
        low=1,
        high=3650,
    )
    keep_days: int = setting(
        7, N_("How long a closed ticket stays in the list; it is kept in the mirror."), DAYS, low=0, high=3650
    )


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """The trace: one row for each question and request, without personal data; reports and tuning need it."""

    enabled: bool = setting(
        default=True,
        does=N_("Keep one row for each question and request; reports and tuning are made from them."),
    )
    keep_days: float = setting(
        30.0, N_("How long the rows are kept; days that are over stay in the reports."), DAYS, low=1, high=365
    )
    max_rows: int = setting(
        1_000_000,
        N_("How many questions are kept; the oldest go first."),
        ROWS,
        low=10_000,
        high=100_000_000,
    )


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """How long the reports of days are kept."""

    keep_days: float = setting(400.0, N_("How long a day's report is kept."), DAYS, low=1, high=3650)


@dataclass(frozen=True, slots=True)
class CheckupSettings:
    """How members are checked against the roster, and what is run for those who lost their contract."""

    page_size: int = setting(
        500, N_("How many customers one page of the roster asks for at most."), ROWS, low=25, high=500
    )
    patience_seconds: float = setting(
        1800.0,
        N_("How long a check-up waits for a HubSoft that is away before the rest is unknown."),
        SECONDS,
        low=1,
        high=DAY,
    )
    nightly_roster: bool = setting(
        default=False,
        does=N_(
            "Read the whole roster once a night while a console is open, so that the day's questions are answered."
        ),
    )
    quiet_hour: int = setting(
        4, N_("From which hour of the day the nightly roster may be read."), HOURS, low=0, high=23
    )
    command: tuple[str, ...] = setting(
        (),
        N_(
            "What is run for each member who lost the contract: a program and its arguments. {document}, {name}, "
            "{external_id}, {result}, {status} and {list} are filled in."
        ),
    )
    command_timeout: float = setting(30.0, N_("How long that program may take."), SECONDS, above=0, high=3600)


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The console's own: language (`auto`, `pt_BR`, `en`), theme, and view clock in frames per second."""

    language: str = setting(
        "auto", N_("The language of the texts; auto takes the terminal's."), choices=("auto", "pt_BR", "en")
    )
    theme: str = setting(
        "hubsoft",
        N_("The colours of the console."),
        pattern=r"[A-Za-z0-9_-]{1,40}",
        shape=N_("a theme's name, as the palette shows it"),
    )
    refresh_per_second: float = setting(
        2.0, N_("How often the screens look at the engine."), PER_SECOND, low=0.2, high=10
    )
    open_tickets: bool = setting(
        default=True, does=N_("Ask for a customer's open tickets along with the customer: 1 more request.")
    )
    my_name: str = setting(
        "",
        N_("Your name as HubSoft writes it among those responsible; the tickets screen finds yours by it."),
        pattern=r".{0,80}",
        shape=N_("a name, or a part of one"),
    )
    reveal_seconds: float = setting(
        30.0, N_("How long a revealed document stays readable."), SECONDS, low=1, high=600
    )


LOG_LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, how it is written, and how much of it is kept."""

    level: str = setting("info", N_("The least important thing that is logged."), choices=LOG_LEVELS)
    format: str = setting(
        "readable",
        N_("How it is written: a readable line for each event, or one JSON object on a line."),
        choices=("readable", "json"),
    )
    levels: dict[str, str] = setting(  # noqa: RUF009 - it returns a field with a factory
        dict.fromkeys(("api", "core", "services", "store", "screens"), "same"),
        N_("The least important thing that this part of the program logs; same is as log.level."),
        choices=("same", *LOG_LEVELS),
    )
    max_bytes: int = setting(
        2 * 1024 * 1024,
        N_("How large the file grows before a new one is begun."),
        BYTES,
        low=64 * 1024,
        high=1024**3,
    )
    kept_files: int = setting(5, N_("How many full files are kept beside it."), FILES, low=1, high=100)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Build one by hand, or `settings_files.load()` it as the console does."""

    profile: Profile = field(default_factory=Profile)
    cache: CacheSettings = field(default_factory=CacheSettings)
    limiter: LimiterSettings = field(default_factory=LimiterSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    token: TokenSettings = field(default_factory=TokenSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    customers: CustomerSettings = field(default_factory=CustomerSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    refresh: RefreshSettings = field(default_factory=RefreshSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    checkup: CheckupSettings = field(default_factory=CheckupSettings)
    tuning: TuningSettings = field(default_factory=TuningSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    log: LogSettings = field(default_factory=LogSettings)
    keys: dict[str, str] = field(default_factory=dict)
    """Remapped keys: action id -> key."""
    home: str = ""
    """The one folder that holds everything, as HUBSOFT_TUI_HOME; empty for the system's usual places."""

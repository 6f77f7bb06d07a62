"""One typed tree of settings: defaults < config.toml < tuned.toml < environment < flags.

Each field carries its `Rule` (unit, bounds, one line of what it does): files, variables and flags are checked
against it, and the tuning screen shows it. `files` reads the places.
"""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import Final
from urllib.parse import unquote

from ..formats import DAY, HOUR
from ..privacy import hide
from ..texts import N_
from ..values import dataclass
from .alerts import AlertSettings
from .engine import (
    CacheSettings,
    HealthSettings,
    HttpSettings,
    LimiterSettings,
    RefreshSettings,
    RetrySettings,
    TokenSettings,
    TuningSettings,
)
from .rules import (
    BYTES,
    CHARACTERS,
    DAYS,
    FILES,
    HOURS,
    MEMBERS,
    OF_ACTIVE,
    PER_SECOND,
    RECORDS,
    ROWS,
    SECONDS,
    above,
    setting,
    within,
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
        within(1, DAY, SECONDS),
        N_("outbox: quiet period"),
    )
    retry_seconds: float = setting(
        15.0,
        N_("The longest wait before a write that never left is tried again."),
        within(1, 3600, SECONDS),
        N_("outbox: longest retry"),
    )
    look_first_seconds: float = setting(
        300.0,
        N_("A ticket that waited longer is not opened before we looked whether somebody else opened it."),
        within(0, DAY, SECONDS),
        N_("outbox: looks after"),
    )
    similar_seconds: float = setting(
        600.0,
        N_("The same text written again within this time is asked about."),
        within(0, DAY, SECONDS),
        N_("outbox: same text"),
    )
    max_characters: int = setting(
        5000,
        N_("The longest description or message that is sent."),
        within(100, 65_535, CHARACTERS),
        N_("outbox: longest text"),
    )
    keep_days: float = setting(
        7.0,
        N_("How long what was sent or discarded stays in the outbox's list."),
        above(0, 365, DAYS),
        N_("outbox: kept for"),
    )


OFF_OR_CONFIRM: Final = ("off", "confirm")


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """What may be done to services from here: `off` takes an action away, `confirm` asks before it is sent.

    The names are those of the outbox's kinds of entries.
    """

    unlock_days: int = setting(
        3, N_("For how many days an unlock on trust is proposed."), within(1, 365, DAYS)
    )
    valid_seconds: float = setting(
        120.0,
        N_("How long an action may wait to be sent; after that it is held until a person says so."),
        within(5, 3600, SECONDS),
    )
    trust_unlock: str = setting(
        "confirm", N_("Unlock a suspended service on trust for some days."), choices=OFF_OR_CONFIRM
    )
    disconnect: str = setting("confirm", N_("Disconnect the session of a service."), choices=OFF_OR_CONFIRM)
    clear_mac: str = setting(
        "confirm", N_("Clear the MAC address that a service is bound to."), choices=OFF_OR_CONFIRM
    )
    clear_physical_address: str = setting(
        "confirm", N_("Clear the equipment that a service is bound to."), choices=OFF_OR_CONFIRM
    )
    restart_device: str = setting(
        "confirm", N_("Restart the equipment at a customer's."), choices=OFF_OR_CONFIRM
    )
    restore_device: str = setting(
        "confirm",
        N_("Bring the equipment at a customer's back to its factory settings."),
        choices=OFF_OR_CONFIRM,
    )
    suspend: str = setting("confirm", N_("Suspend a service."), choices=OFF_OR_CONFIRM)
    enable: str = setting("confirm", N_("Enable a suspended service for good."), choices=OFF_OR_CONFIRM)
    activate: str = setting(
        "confirm", N_("Activate a service that was never enabled."), choices=OFF_OR_CONFIRM
    )
    open_work_order: str = setting("confirm", N_("Open a work order for a ticket."), choices=OFF_OR_CONFIRM)
    confirm_visit: str = setting("confirm", N_("Confirm a planned visit."), choices=OFF_OR_CONFIRM)
    reschedule_visit: str = setting("confirm", N_("Plan a visit for another time."), choices=OFF_OR_CONFIRM)


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How often tickets are synced (seconds), how many rows a page asks for (1-500), and what is followed."""

    enabled: bool = setting(
        default=True, does=N_("Sync tickets by itself while a console is open."), name=N_("sync by itself")
    )
    interval_seconds: float = setting(
        60.0, N_("How often tickets are synced."), within(5, DAY, SECONDS), N_("sync: every")
    )
    page_size: int = setting(
        500, N_("How many rows one request asks for."), within(1, 500, ROWS), N_("sync: page size")
    )
    messages: bool = setting(
        default=True,
        does=N_("Read the tickets' messages along with them: no request more, heavier pages."),
        name=N_("sync: with messages"),
    )
    first_days: int = setting(
        30,
        N_("The first sync takes the open tickets of this many days; later ones follow."),
        within(1, 3650, DAYS),
        N_("sync: first look back"),
    )
    keep_days: int = setting(
        7,
        N_("How long a closed ticket stays in the list; it is kept in the mirror."),
        within(0, 3650, DAYS),
        N_("sync: closed stay for"),
    )
    keep_closed: int = setting(
        5_000,
        N_(
            "How many closed tickets stay in the list at most, those closed last; all are kept in the mirror."
        ),
        within(1, 1_000_000, ROWS),
        N_("sync: most closed"),
    )
    due_soon_seconds: float = setting(
        HOUR,
        N_("A ticket is due soon when this much of its SLA is left: it is marked, and told once."),
        within(0, 30 * DAY, SECONDS),
        N_("tickets: due soon"),
    )


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """The trace: one row for each question and request, without personal data; reports and tuning need it."""

    enabled: bool = setting(
        default=True,
        does=N_("Keep one row for each question and request; reports and tuning are made from them."),
        name=N_("trace"),
    )
    keep_days: float = setting(
        30.0,
        N_("How long the rows are kept; days that are over stay in the reports."),
        within(1, 365, DAYS),
        N_("trace: kept for"),
    )
    max_rows: int = setting(
        1_000_000,
        N_("How many questions are kept; the oldest go first."),
        within(10_000, 100_000_000, ROWS),
        N_("trace: most rows"),
    )


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """How long the reports of days are kept."""

    keep_days: float = setting(
        400.0, N_("How long a day's report is kept."), within(1, 3650, DAYS), N_("reports: kept for")
    )


@dataclass(frozen=True, slots=True)
class CheckupSettings:
    """How members are checked against the roster, and what is run for those who lost their contract."""

    page_size: int = setting(
        500,
        N_("How many customers one page of the roster asks for at most."),
        within(25, 500, ROWS),
        N_("check-up: page size"),
    )
    patience_seconds: float = setting(
        1800.0,
        N_("How long a check-up waits for a HubSoft that is away before the rest is unknown."),
        within(1, DAY, SECONDS),
        N_("check-up: patience"),
    )
    nightly_roster: bool = setting(
        default=False,
        does=N_(
            "Read the whole roster once a night while a console is open, so that the day's questions are answered."
        ),
        name=N_("roster every night"),
    )
    quiet_hour: int = setting(
        4,
        N_("From which hour of the day the nightly roster may be read."),
        within(0, 23, HOURS),
        N_("roster: quiet hour"),
    )
    command: tuple[str, ...] = setting(
        (),
        N_(
            "What is run for each member who lost the contract: a program and its arguments. {document}, {name}, "
            "{external_id}, {result}, {status} and {list} are filled in."
        ),
    )
    command_timeout: float = setting(
        30.0, N_("How long that program may take."), above(0, 3600, SECONDS), N_("check-up: program")
    )
    hold_above_share: float = setting(
        0.05,
        N_(
            "When more than this share of the active members loses the contract in one check-up, and more than "
            "hold_above_members, the program is not run before a person has looked."
        ),
        within(0, 1, OF_ACTIVE),
        N_("check-up: hold above"),
    )
    hold_above_members: int = setting(
        3,
        N_("Up to so many lost contracts in one check-up are never held, whatever their share."),
        within(0, 1_000_000, MEMBERS),
        N_("check-up: never hold"),
    )


__all__ = [
    "ActionSettings",
    "AlertSettings",
    "CacheSettings",
    "CheckupSettings",
    "CustomerSettings",
    "HealthSettings",
    "HttpSettings",
    "LimiterSettings",
    "LogSettings",
    "OutboxSettings",
    "Profile",
    "RefreshSettings",
    "ReportSettings",
    "RetrySettings",
    "Settings",
    "SyncSettings",
    "TokenSettings",
    "TraceSettings",
    "TuningSettings",
    "UiSettings",
]


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
    shared_url: str = setting(
        "",
        N_("The shared server's address with its password; it is used instead of shared.url."),
        secret=True,
    )
    shared_password: str = setting("", N_("The shared server's password."), secret=True)
    color: str = setting(
        "",
        N_("A colour that keeps this profile in sight; empty for the theme's."),
        pattern=r"|[a-z_]{1,40}|#[0-9a-fA-F]{6}",
        shape=N_('a colour such as "green" or "#4488ff", or ""'),
    )
    read_only: bool = setting(default=False, does=N_("Takes every action that writes to HubSoft away."))

    def __post_init__(self) -> None:
        """Keep the secrets out of every log and message: a server may repeat what it was sent."""
        for secret in (self.client_secret, self.password, self.webhook_secret, self.shared_password):
            hide(secret)
        if "@" in self.shared_url:
            hide(unquote(self.shared_url.partition("://")[2].rpartition("@")[0].partition(":")[2]))

    @property
    def account(self) -> str:
        """A name of the credential that does not show it: what its processes share is kept under this name."""
        parts = "\n".join((self.url.lower().rstrip("/"), self.client_id, self.username.lower()))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """The Redis or Valkey server through which several machines share one budget."""

    url: str = setting(
        "",
        N_("The server that machines with the same login share; empty for this machine alone."),
        pattern=r"|rediss?://(?:[^:@/\s]+@)?[^@/\s]+(?:/\d*)?|unix://(?:[^:@/\s]+@)?/[^\s?@]+(?:\?db=\d+)?",
        shape=N_('an address such as "rediss://user@host:6380/0", without a password'),
    )
    ca_file: str = setting("", N_("The certificates that vouch for the server; empty for the system's."))
    allow_plain: bool = setting(
        default=False,
        does=N_("Speak to a server over a network without encryption, which can be read on the way."),
    )
    name: str = setting(
        "",
        N_("What this machine is called on the Monitor; empty for the name it has on the network."),
        pattern=r".{0,40}",
        shape=N_("a name"),
    )
    max_records: int = setting(
        5000, N_("How many answers the server keeps for all machines."), within(100, 1_000_000, RECORDS)
    )


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
    csv_for_people: bool = setting(
        default=False,
        does=N_(
            "Write the results of a check-up to CSV in the language of the texts, with its words and dates, instead of "
            "the keys that scripts go by."
        ),
    )
    refresh_per_second: float = setting(
        2.0, N_("How often the screens look at the engine."), within(0.2, 10, PER_SECOND)
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
        30.0, N_("How long a revealed document stays readable."), within(1, 600, SECONDS)
    )
    canned_texts: str = setting(
        "",
        N_(
            "The file with the provider's canned texts; yours are in texts.toml beside config.toml and come first."
        ),
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
    levels: dict[str, str] = setting(
        dict.fromkeys(("api", "core", "services", "store", "screens"), "same"),
        N_("The least important thing that this part of the program logs; same is as log.level."),
        choices=("same", *LOG_LEVELS),
    )
    max_bytes: int = setting(
        2 * 1024 * 1024,
        N_("How large the file grows before a new one is begun."),
        within(64 * 1024, 1024**3, BYTES),
    )
    kept_files: int = setting(5, N_("How many full files are kept beside it."), within(1, 100, FILES))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Build one by hand, or `files.load()` it as the console does.

    A section that the engine takes over while it runs says `LIVE`: a value tried for it holds at once.
    """

    profile: Profile = field(default_factory=Profile)
    cache: CacheSettings = field(default_factory=CacheSettings)
    limiter: LimiterSettings = field(default_factory=LimiterSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    token: TokenSettings = field(default_factory=TokenSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    customers: CustomerSettings = field(default_factory=CustomerSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    actions: ActionSettings = field(default_factory=ActionSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    refresh: RefreshSettings = field(default_factory=RefreshSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    checkup: CheckupSettings = field(default_factory=CheckupSettings)
    tuning: TuningSettings = field(default_factory=TuningSettings)
    shared: SharedSettings = field(default_factory=SharedSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    log: LogSettings = field(default_factory=LogSettings)
    keys: dict[str, str] = field(default_factory=dict)
    """Remapped keys: action id -> key."""
    home: str = ""
    """The one folder that holds everything, as HUBSOFT_TUI_HOME; empty for the system's usual places."""

"""One typed tree of settings: defaults < config.toml < tuned.toml < environment < flags.

Each field carries its `Rule` (unit, bounds, one line of what it does): files, variables and flags are checked
against it, and the tuning screen shows it. `files` reads the places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..texts import N_
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
from .rules import BYTES, FILES, PER_SECOND, SECONDS, setting
from .services import (
    CheckupSettings,
    CustomerSettings,
    OutboxSettings,
    ReportSettings,
    SyncSettings,
    TraceSettings,
)

__all__ = [
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
    color: str = setting(
        "",
        N_("A colour that keeps this profile in sight; empty for the theme's."),
        pattern=r"|[a-z_]{1,40}|#[0-9a-fA-F]{6}",
        shape=N_('a colour such as "green" or "#4488ff", or ""'),
    )
    read_only: bool = setting(default=False, does=N_("Takes every action that writes to HubSoft away."))


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
    """Everything that can be set. Build one by hand, or `files.load()` it as the console does."""

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

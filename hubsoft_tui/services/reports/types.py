"""What the reports hand out, and what its headings are called: immutable, light to import, in UTC epoch seconds."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from typing import Final

from ...formats import NOTHING
from ...texts import N_, _
from ...values import dataclass
from ..outbox.types import EntryKind
from .figures import Sums


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day, from `since` (epoch s). `clock` is the hour the wall clock showed, 0 to 23."""

    since: float
    clock: int
    sums: Sums = field(default_factory=Sums)


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How often an operator asked for an action on a service or a visit, and how it stands as the trail says."""

    operator: str
    kind: EntryKind
    asked: int = 0
    done: int = 0
    refused: int = 0
    open: int = 0
    """Not known, held, or still on its way."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The figures in the order of `ACTION_HEADS`."""
        return self.asked, self.done, self.refused, self.open


ACTION_HEADS: Final = (N_("asked for"), N_("done"), N_("turned down"), N_("open"))


@dataclass(frozen=True, slots=True)
class DayReport:
    """One day from local midnight to local midnight, in the time zone of the machine that made the report."""

    day: date
    since: float
    until: float
    total: Sums = field(default_factory=Sums)
    hours: tuple[Hour, ...] = ()
    endpoints: dict[str, Sums] = field(default_factory=dict)
    """By the operation's name."""
    priorities: dict[str, Sums] = field(default_factory=dict)
    """By the class's name in small letters, the most urgent first; all four are there."""
    categories: dict[str, Sums] = field(default_factory=dict)
    operators: dict[str, Sums] = field(default_factory=dict)
    """By the account of the operating system that asked."""
    callers: dict[str, Sums] = field(default_factory=dict)
    """By what asked: `lookup`, `checkup`, `program`, ..."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Requests by HTTP status; those without an answer by what happened to them."""
    whole: bool = True
    """False when rows of this day are gone already, so that it was more than this."""
    rows: int = 0
    """How many rows of the trace it was made from."""
    actions: tuple[ActionCount, ...] = ()
    """What was done to services and visits, by operator; of the trail, so never kept with the report."""


@dataclass(frozen=True, slots=True)
class DayHead:
    """One day in the list of days."""

    day: date
    questions: int
    requests: int
    saved: int
    errors: int = 0
    rate_limited: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The days, newest first, and one of them in full: what the screen shows."""

    days: tuple[DayHead, ...]
    report: DayReport
    today: date
    trouble: str = ""
    """Why nothing is added at the moment, as a sentence; empty while all is well."""


@dataclass(frozen=True, slots=True)
class MinuteSums:
    """What was asked and sent in the minute that began at `since` (epoch s)."""

    since: float
    sums: Sums


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What one program of one operator sent lately: requests by what asked, the most first."""

    person: str
    program: str
    callers: tuple[tuple[str, int], ...]

    @property
    def requests(self) -> int:
        """How many requests that were."""
        return sum(count for _caller, count in self.callers)


@dataclass(frozen=True, slots=True)
class LastHour:
    """The last 60 minutes, oldest first and the running one last, and the uses of the last 60 seconds."""

    minutes: tuple[MinuteSums, ...] = ()
    uses: tuple[BudgetUse, ...] = ()
    """The largest first."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """The report of today so far, and the last hour: what the Monitor shows of the trace."""

    day: DayReport
    hour: LastHour = LastHour()
    trouble: str = ""
    """Why nothing is added at the moment, as a sentence; empty while all is well."""


_PROGRAMS: Final = {
    "console": N_("console"),
    "command": N_("command"),
    "cron": N_("cron"),
    "library": N_("library"),
}
_CATEGORIES: Final = {
    "client_data": N_("customer data"),
    "contract_status": N_("contract status"),
    "service_data": N_("service data"),
}
_PRIORITIES: Final = {
    "critical": N_("critical: opening a ticket"),
    "high": N_("high: a person waits"),
    "normal": N_("normal: sync"),
    "low": N_("low: background"),
}
_CALLERS: Final = {
    "checkup": N_("check-up"),
    "desk": N_("desk"),
    "lookup": N_("lookup"),
    "outbox": N_("outbox"),
    "probe": N_("is HubSoft back?"),
    "program": N_("another program"),
    "refresh": N_("refresh ahead"),
    "sync": N_("sync"),
    "test": N_("connection test"),
    "tickets": N_("tickets"),
    "token": N_("login"),
}


def category_name(category: str) -> str:
    """Return what a category is called."""
    return _(_CATEGORIES.get(category, category))


def priority_name(priority: str) -> str:
    """Return what a class is called, and what it is for."""
    return _(_PRIORITIES.get(priority, priority))


def caller_name(caller: str) -> str:
    """Return what asked, in words; as it is where there are none."""
    return _(_CALLERS[caller]) if caller in _CALLERS else caller or NOTHING


def program_name(program: str) -> str:
    """Return what a program that sends is called; as it is where there is no word."""
    return _(_PROGRAMS[program]) if program in _PROGRAMS else program or NOTHING

"""What check-ups hand out, and its words for the screen and the command line alike.

Immutable, light to import, instants in UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from ...formats import about
from ...store.checkup_rows import Decision, KnownMember, ListRow, Member, Notice, Result, RunRow, RunState
from ...texts import Text, _, ngettext, number
from ...values import dataclass

__all__ = [
    "BadLine",
    "CheckupDelta",
    "CheckupPlan",
    "Decision",
    "Imported",
    "KnownMember",
    "ListOverview",
    "ListRow",
    "Member",
    "MemberRow",
    "Notice",
    "Progress",
    "Result",
    "RunRow",
    "RunState",
    "Variant",
    "Way",
    "held_line",
    "plan_lines",
    "result_word",
    "source_word",
]


class Variant(Enum):
    """Which customers a reading of the roster asks for."""

    ENABLED = "enabled"  # those with a service in an active status
    CURRENT = "current"  # those with a service that is not cancelled
    ALL = "all"


class Way(Enum):
    """How the members are decided that the cache does not settle."""

    NOTHING = "nothing"  # everybody is remembered
    SINGLES = "singles"  # one request each
    ROSTER = "roster"  # pages of the roster, then those it did not hold


@dataclass(frozen=True, slots=True)
class CheckupPlan:
    """What a run will ask. `requests` and `seconds` are estimates; people go first, so it may take longer."""

    way: Way
    members: int
    cached: int
    """How many are decided by what is remembered."""
    variant: Variant | None = None
    total: int | None = None
    """Customers in that variant of the roster."""
    page_size: int = 0
    pages: int = 0
    singles: int = 0
    """Questions for one member: all of them, or those that the roster is not expected to hold."""
    seconds: float = 0.0
    per_window: int = 0
    """Requests a window may hold of this class."""
    asked: int = 0
    """Requests already spent to learn the roster's size."""
    at_most: bool = False
    """The roster's size is not known: it may turn out cheaper."""

    @property
    def requests(self) -> int:
        """How many requests it is expected to take."""
        return self.pages + self.singles

    @property
    def naive_requests(self) -> int:
        """What asking for each member takes."""
        return self.members


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member with the decision there is, as tables show it."""

    member: Member
    decision: Decision | None = None

    @property
    def changed(self) -> bool:
        """Whether the result is known to differ from before."""
        return self.decision is not None and self.decision.changed


@dataclass(frozen=True, slots=True)
class Progress:
    """How the check-up in sight goes. Immutable; read as often as you like."""

    version: int = 0
    """Grows whenever anything of it changed."""
    list: ListRow | None = None
    state: RunState | None = None
    """None while the list was never run."""
    total: int = 0
    counts: Mapping[Result, int] = field(default_factory=dict)
    """Decisions so far."""
    pending: int = 0
    """Seen without a contract, and certain once the roster is read to its end."""
    gained: int = 0
    """Members who have a contract and were known to have none, and `lost` the other way round."""
    lost: int = 0
    compared_at: float | None = None
    """When the run ended that it is compared with; None when there is none."""
    plan: CheckupPlan | None = None
    requests: int = 0
    """Requests HubSoft received for it, logins apart."""
    expected: int = 0
    """Requests it is expected to take in all."""
    seconds: float = 0.0
    """Time spent running."""
    eta: float | None = None
    """Seconds to the end, estimated; None when nothing runs."""
    started_at: float | None = None
    ended_at: float | None = None
    doing: str = ""
    """`remembered`, `roster`, `singles`, `waiting` (for HubSoft to come back) while it runs; else empty."""
    trouble: str = ""
    """Why it waits or stopped, as a sentence."""
    who: str = ""
    """The process that runs it, when it is not this one."""
    notices: int = 0
    """Commands that have not succeeded yet."""
    held: int = 0
    """Commands of this list that wait for a person: too many members lost the contract at once."""
    logins: int = 0
    """Logins while it ran here."""

    @property
    def running_here(self) -> bool:
        """Whether this process is running it now."""
        return self.state is RunState.RUNNING and not self.who

    @property
    def decided(self) -> int:
        """How many members are decided, the unknown ones included."""
        return sum(self.counts.values())

    @property
    def received(self) -> int:
        """Everything HubSoft received for it: what is told."""
        return self.requests + self.logins

    @property
    def saved(self) -> int:
        """Requests the naive way would have spent beyond ours, on those decided so far."""
        return max(0, self.decided - self.requests)


@dataclass(frozen=True, slots=True)
class CheckupDelta:
    """Rows that differ from an earlier version; with `whole`, all there are, in the list's order."""

    version: int
    rows: tuple[MemberRow, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ListOverview:
    """A list and its last run, for the table of lists."""

    list: ListRow
    run: RunRow | None = None
    counts: Mapping[Result, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is no member: its number from 1, and why. Holds nothing personal."""

    number: int
    reason: Text


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held."""

    members: tuple[Member, ...]
    bad: tuple[BadLine, ...] = ()
    doubles: tuple[tuple[int, int], ...] = ()
    """Lines that repeat the document of an earlier line: (line, earlier line)."""
    restored: int = 0
    """Documents that had lost leading zeros, as spreadsheets do to numbers."""
    headerless: bool = False
    """No line names the columns: the one that holds a document was taken for the documents."""
    columns: tuple[str, ...] = ()
    """What the heading calls the columns that documents were read from."""


def plan_lines(plan: CheckupPlan) -> list[str]:
    """Say how the members will be decided, and what it costs; one or two lines."""
    if plan.way is Way.NOTHING:
        return [_("Everybody is remembered: nothing needs to be asked.")]
    return [_way(plan), _cost(plan)]


def result_word(result: Result) -> str:
    """Return a result for people."""
    return {
        Result.ACTIVE: _("active"),
        Result.INACTIVE: _("inactive"),
        Result.NOT_FOUND: _("not found"),
        Result.UNKNOWN: _("unknown"),
    }[result]


def held_line(count: int) -> str:
    """Say that commands are held, and why."""
    return ngettext(
        "Unusually many members lost the contract at once: {n} command is held until a person looks.",
        "Unusually many members lost the contract at once: {n} commands are held until a person looks.",
        count,
    ).format(n=number(count))


def source_word(source: str) -> str:
    """Return for people where a result is known from."""
    return {"cache": _("memory"), "roster": _("roster"), "api": _("asked")}.get(source, source)


def _way(plan: CheckupPlan) -> str:
    singles = ngettext("{n} single question", "{n} single questions", plan.singles).format(
        n=number(plan.singles)
    )
    if plan.way is Way.SINGLES:
        if plan.at_most:
            return _("{singles}, or fewer once the roster's size is known").format(singles=singles)
        return singles
    pages = ngettext("{n} page of {size}", "{n} pages of {size}", plan.pages).format(
        n=number(plan.pages), size=number(plan.page_size)
    )
    roster = {
        Variant.ENABLED: _("roster of enabled services: {pages}"),
        Variant.CURRENT: _("roster without cancelled services: {pages}"),
        Variant.ALL: _("whole roster: {pages}"),
    }[plan.variant or Variant.ALL].format(pages=pages)
    return (
        _("{roster}, and about {singles}").format(roster=roster, singles=singles) if plan.singles else roster
    )


def _cost(plan: CheckupPlan) -> str:
    requests = ngettext("{n} request", "{n} requests", plan.requests).format(n=number(plan.requests))
    cost = _("{requests} instead of {naive}, about {time}.").format(
        requests=requests, naive=number(plan.naive_requests), time=about(plan.seconds)
    )
    if plan.cached:
        cost += " " + ngettext(
            "{n} member is remembered.", "{n} members are remembered.", plan.cached
        ).format(n=number(plan.cached))
    return cost

"""What the reports hand out: immutable, light to import, in seconds, bytes and UTC epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Sums:
    """What was asked and sent under one heading: an hour, an endpoint, a person..."""

    questions: int = 0
    hits: int = 0
    coalesced: int = 0
    negative: int = 0
    stale: int = 0
    failed: int = 0
    """Questions that nothing answered."""
    requests: int = 0
    """Requests HubSoft received, logins and repeats included."""
    asked: int = 0
    """Of those, the ones that answered questions; the rest are logins, probes, pages of passes and writes."""
    repeats: int = 0
    errors: int = 0
    """Requests that HubSoft or the way to it failed; a 429 is counted apart, and a clear no is no error."""
    rate_limited: int = 0
    unsent: int = 0
    """Tries that never left: no connection. HubSoft did not count them, and `requests` does not either."""
    size: int = 0
    """Bytes of the answers."""
    waited: float = 0.0
    """Seconds in the queue and at the limiter, all requests together."""
    wait_p95: float | None = None
    p50: float | None = None
    """Seconds from the first byte sent to the last byte read; None without an answer. `p95` too."""
    p95: float | None = None
    saved: int = 0
    """Requests that one for each question, and one for each thing of a pass, would have cost in addition."""

    @property
    def ratio(self) -> float | None:
        """Share of questions answered without a request of their own, a stale answer apart; None without any."""
        return (self.hits + self.coalesced + self.negative) / self.questions if self.questions else None

    @property
    def naive(self) -> int:
        """Requests the naive way would have cost."""
        return self.requests + self.saved

    @property
    def saved_share(self) -> float | None:
        """Share of the naive way's requests that were saved; None where there is nothing to save from."""
        return max(0, self.saved) / self.naive if self.naive > 0 else None


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day, from `since` (epoch s). `clock` is the hour the wall clock showed, 0 to 23."""

    since: float
    clock: int
    sums: Sums = field(default_factory=Sums)


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

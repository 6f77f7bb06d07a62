"""A stretch of the trace summed up by SQLite, for the reports: questions in groups, requests one by one.

`hour` counts whole hours from the beginning of the stretch.
"""

from __future__ import annotations

from typing import Final, NamedTuple, cast

from .trace_reading import TraceReader

_ASKED: Final = (
    "SELECT (q.at - ?1) / 3600000000, category, priority, outcome, c.text, p.text, failed, count(*)"
    " FROM question q JOIN word c ON c.id = q.caller JOIN word p ON p.id = q.person"
    " WHERE q.at >= ?1 AND q.at < ?2 AND account = ?3 GROUP BY 1, 2, 3, 4, q.caller, q.person, 7"
)
_SENT: Final = (
    "SELECT (s.at - ?1) / 3600000000, o.text, priority, c.text, p.text, attempt, wait, latency, status, size,"
    " e.text, sent, asked FROM sent s JOIN word o ON o.id = s.operation JOIN word c ON c.id = s.caller"
    " JOIN word p ON p.id = s.person JOIN word e ON e.id = s.outcome"
    " WHERE s.at >= ?1 AND s.at < ?2 AND account = ?3"
)
_PASSES: Final = (
    "SELECT (n.at - ?1) / 3600000000, c.text, p.text, sum(naive - requests), count(*)"
    " FROM naive n JOIN word c ON c.id = n.caller JOIN word p ON p.id = n.person"
    " WHERE n.at >= ?1 AND n.at < ?2 AND account = ?3 GROUP BY 1, n.caller, n.person"
)
_ROWS: Final = (
    "SELECT (SELECT count(*) FROM question WHERE at >= ?1 AND at < ?2 AND account = ?3)"
    " + (SELECT count(*) FROM sent WHERE at >= ?1 AND at < ?2 AND account = ?3)"
    " + (SELECT count(*) FROM naive WHERE at >= ?1 AND at < ?2 AND account = ?3)"
)


class AskedSum(NamedTuple):
    """Questions that are alike; `category` and `outcome` are places in `CATEGORIES` and `OUTCOMES`."""

    hour: int
    category: int
    priority: int
    outcome: int
    caller: str
    person: str
    failed: int
    times: int


class Sent(NamedTuple):
    """One request; `wait` and `latency` in microseconds."""

    hour: int
    operation: str
    priority: int
    caller: str
    person: str
    attempt: int
    wait: int
    latency: int
    status: int | None
    size: int
    outcome: str
    sent: int
    asked: int


class PassSum(NamedTuple):
    """What the passes of one caller saved."""

    hour: int
    caller: str
    person: str
    saved: int
    times: int


def asked(trace: TraceReader, since: float, until: float) -> list[AskedSum]:
    """Return the questions of `[since, until)` (epoch s). Raises StoreError."""
    return [AskedSum._make(row) for row in trace.select(_ASKED, since, until)]


def sent(trace: TraceReader, since: float, until: float) -> list[Sent]:
    """Return the requests of `[since, until)` (epoch s). Raises StoreError."""
    return [Sent._make(row) for row in trace.select(_SENT, since, until)]


def passes(trace: TraceReader, since: float, until: float) -> list[PassSum]:
    """Return what the passes of `[since, until)` (epoch s) saved. Raises StoreError."""
    return [PassSum._make(row) for row in trace.select(_PASSES, since, until)]


def count_rows(trace: TraceReader, since: float, until: float) -> int:
    """How many rows there are of `[since, until)` (epoch s). Raises StoreError."""
    return int(cast("int", trace.select(_ROWS, since, until)[0][0]))

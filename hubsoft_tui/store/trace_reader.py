"""What the trace's file looks like, and the ways to read it: row by row, and summed up for the reports.

Rows stand under the microsecond they happened at, moved on by one where another row has it: that order is the
only index, so a row costs little and a stretch of time is read in one sweep. Words are kept once, as numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ..core.telemetry.trace import (
    CATEGORIES,
    FORCED,
    NEGATIVE,
    PERSON,
    REFRESH,
    SUSPENDED,
    QuestionRow,
    SentRow,
)
from ..core.types import Outcome, Priority
from .database import Database
from .disk import store_errors
from .rescue import listing

MIGRATIONS: Final = (
    """
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE question (
    at INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    category INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    age INTEGER NOT NULL,
    caller INTEGER NOT NULL,
    person INTEGER NOT NULL,
    changed INTEGER,
    status_changed INTEGER,
    since INTEGER NOT NULL,
    suspended INTEGER NOT NULL,
    forced INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    negative INTEGER NOT NULL,
    was_negative INTEGER NOT NULL,
    was_suspended INTEGER NOT NULL
);
CREATE TABLE sent (
    at INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    caller INTEGER NOT NULL,
    person INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    wait INTEGER NOT NULL,
    latency INTEGER NOT NULL,
    status INTEGER,
    size INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    asked INTEGER NOT NULL
);
CREATE TABLE naive (
    at INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    caller INTEGER NOT NULL,
    person INTEGER NOT NULL,
    naive INTEGER NOT NULL,
    requests INTEGER NOT NULL
);
CREATE TABLE mark (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
""",
    "ALTER TABLE sent ADD COLUMN program INTEGER NOT NULL DEFAULT 0;",
)
OUTCOMES: Final = tuple(Outcome)
_PRIORITY: Final = f"priority IN {listing(Priority)} AND at BETWEEN 0 AND 100000000000000000"
SENSES: Final = {
    "question": f"{_PRIORITY} AND category BETWEEN 0 AND {len(CATEGORIES) - 1}"
    f" AND outcome BETWEEN 0 AND {len(OUTCOMES) - 1}"
    " AND max(forced, suspended, failed, negative, was_negative, was_suspended) <= 1"
    " AND min(forced, suspended, failed, negative, was_negative, was_suspended) >= 0"
    " AND coalesce(changed, 0) IN (0, 1) AND coalesce(status_changed, 0) IN (0, 1)",
    "sent": _PRIORITY,
    "naive": "at BETWEEN 0 AND 100000000000000000",
}
MICRO: Final = 1_000_000
MILLI: Final = 1000
TRIMMED: Final = "trimmed"
KEPT_HOUSE: Final = "kept house"
HOUSE_SECONDS: Final = 3600.0
TABLES: Final = ("question", "sent", "naive")


class TraceReader:
    """One connection's view of the trace, for one thread; `account` names the credential. Raises StoreError."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def of(self, account: str) -> TraceReader:
        """Return the same file's view of another account."""
        return TraceReader(self._database, account)

    def questions(self, since: float, until: float) -> Iterator[QuestionRow]:
        """Yield the questions of `[since, until)` (epoch s), oldest first, without holding them all."""
        for row in self._stream(
            "SELECT q.at, category, subject, priority, outcome, age, w.text, changed, status_changed, since,"
            " suspended, forced, failed, negative, was_negative, was_suspended"
            " FROM question q JOIN word w ON w.id = q.caller"
            " WHERE q.at >= ? AND q.at < ? AND account = ? ORDER BY q.at",
            since,
            until,
        ):
            at, category, subject, priority, outcome, age, caller, changed, status, gap, *flags = row
            suspended, forced, failed, negative, was_negative, was_suspended = map(bool, flags)
            yield QuestionRow(
                at / MICRO, CATEGORIES[category], subject, Priority(priority), OUTCOMES[outcome], age / MILLI, caller,
                None if changed is None else bool(changed), gap / MILLI, suspended,
                None if status is None else bool(status), forced, failed, negative, was_negative, was_suspended,
            )  # fmt: skip

    def points(self, since: float, until: float) -> Iterator[tuple[int, int, int]]:
        """Yield (at in microseconds, subject, mark) of the questions that were asked and answered.

        For passes over millions of rows, where a `QuestionRow` each costs more than the pass: `mark` is that of
        `core.trace.mark_of`. What the console asked unasked (`REFRESH`) is left out. Oldest first.
        """
        mark = (
            f"category | (forced * {FORCED}) | (suspended * {SUSPENDED})"
            f" | ((priority <= {int(Priority.HIGH)}) * {PERSON})"
            f" | ((negative OR outcome = {OUTCOMES.index(Outcome.NEGATIVE)}) * {NEGATIVE})"
        )
        return self._stream(
            f"SELECT at, subject, {mark} FROM question"  # noqa: S608 - ours
            " WHERE at >= ? AND at < ? AND account = ? AND NOT failed"
            f" AND caller != coalesce((SELECT id FROM word WHERE text = '{REFRESH}'), -1) ORDER BY at",
            since,
            until,
        )

    def comparisons(self, since: float, until: float) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield (category, milliseconds between the fetches, changed, was suspended, was negative) of refetches.

        `category` is a place in `CATEGORIES`.
        """
        return self._stream(
            "SELECT category, since, changed, was_suspended, was_negative FROM question"
            " WHERE at >= ? AND at < ? AND account = ? AND changed IS NOT NULL ORDER BY at",
            since,
            until,
        )

    def sent(self, since: float, until: float) -> Iterator[SentRow]:
        """Yield the requests of `[since, until)` (epoch s), in the order they were sent."""
        for row in self._stream(
            "SELECT s.at, o.text, priority, c.text, attempt, wait, latency, status, size, e.text, sent, asked"
            " FROM sent s"
            " JOIN word o ON o.id = operation JOIN word c ON c.id = caller JOIN word e ON e.id = outcome"
            " WHERE s.at >= ? AND s.at < ? AND account = ? ORDER BY s.at",
            since,
            until,
        ):
            at, operation, priority, caller, attempt, wait, latency, status, size, outcome, sent, asked = row
            yield SentRow(
                at / MICRO, operation, Priority(priority), caller, attempt, wait / MICRO, latency / MICRO,
                status, size, outcome, bool(sent), bool(asked),
            )  # fmt: skip

    def count(self) -> tuple[int, int]:
        """How many questions and requests are kept, of every account."""
        rows = self._database.read("SELECT (SELECT count(*) FROM question), (SELECT count(*) FROM sent)")
        return rows[0][0], rows[0][1]

    def accounts(self) -> list[str]:
        """Return every account that ever wrote here."""
        return [str(name) for (name,) in self._database.read("SELECT name FROM account ORDER BY id")]

    def oldest(self) -> float | None:
        """When the oldest row of the account was written (epoch s); None where there is none."""
        oldest = [
            int(at)
            for table in TABLES
            for (at,) in self._database.read(
                f"SELECT at FROM {table} WHERE account = ? ORDER BY at LIMIT 1",  # noqa: S608 - ours
                (self._number(),),
            )
        ]
        return min(oldest) / MICRO if oldest else None

    def last_answer(self) -> float | None:
        """When the last request that was answered was sent (epoch s); None when none was."""
        rows = self._database.read(
            "SELECT at FROM sent WHERE account = ? AND status IS NOT NULL ORDER BY at DESC LIMIT 1",
            (self._number(),),
        )
        return float(rows[0][0] / MICRO) if rows else None

    def select(self, sql: str, since: float, until: float) -> list[tuple[Any, ...]]:
        """Run a summing-up: `sql` has `?1` and `?2` for the stretch and `?3` for the account's number."""
        return self._database.read(sql, (round(since * MICRO), round(until * MICRO), self._number()))

    def mark(self, name: str) -> float:
        """Return a number kept under `name`, 0 when there is none. `TRIMMED`: older rows are gone (epoch s)."""
        rows = self._database.read("SELECT value FROM mark WHERE name = ?", (name,))
        return float(rows[0][0]) if rows else 0.0

    def house_due(self, now: float) -> bool:
        """Whether it is an hour since complete days were added up and old rows dropped."""
        return not 0 <= now - self.mark(KEPT_HOUSE) < HOUSE_SECONDS

    def _stream(self, sql: str, since: float, until: float) -> Iterator[tuple[Any, ...]]:
        with store_errors(self._database.path):
            yield from self._database.connection.execute(
                sql, (round(since * MICRO), round(until * MICRO), self._number())
            )

    def _number(self) -> int:
        rows = self._database.read("SELECT id FROM account WHERE name = ?", (self._account,))
        return int(rows[0][0]) if rows else 0


_ASKED: Final = (
    "SELECT (q.at - ?1) / {span}, category, priority, outcome, c.text, p.text, failed, count(*)"
    " FROM question q JOIN word c ON c.id = q.caller JOIN word p ON p.id = q.person"
    " WHERE q.at >= ?1 AND q.at < ?2 AND account = ?3 GROUP BY 1, 2, 3, 4, q.caller, q.person, 7"
)
_SENT: Final = (
    "SELECT (s.at - ?1) / {span}, o.text, priority, c.text, p.text, attempt, wait, latency, status, size,"
    " e.text, sent, asked, coalesce((SELECT text FROM word WHERE id = s.program), '')"
    " FROM sent s JOIN word o ON o.id = s.operation JOIN word c ON c.id = s.caller"
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


HOUR_SPAN: Final = 3600
MINUTE_SPAN: Final = 60


class AskedSum(NamedTuple):
    """Questions that are alike; `category` and `outcome` are places in `CATEGORIES` and `OUTCOMES`.

    `hour` counts spans of time from the beginning: hours, unless another span was asked for.
    """

    hour: int
    category: int
    priority: int
    outcome: int
    caller: str
    person: str
    failed: int
    times: int


class Sent(NamedTuple):
    """One request; `wait` and `latency` in microseconds, `hour` as in `AskedSum`."""

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
    program: str
    """What sent it: `console`, `command`, `cron`, `library`; empty where older versions wrote it."""


class PassSum(NamedTuple):
    """What the passes of one caller saved."""

    hour: int
    caller: str
    person: str
    saved: int
    times: int


def asked(trace: TraceReader, since: float, until: float, span: int = HOUR_SPAN) -> list[AskedSum]:
    """Return the questions of `[since, until)` (epoch s) by spans of so many seconds. Raises StoreError."""
    return [AskedSum._make(row) for row in trace.select(_ASKED.format(span=span * MICRO), since, until)]


def sent(trace: TraceReader, since: float, until: float, span: int = HOUR_SPAN) -> list[Sent]:
    """Return the requests of `[since, until)` (epoch s) by spans of so many seconds. Raises StoreError."""
    return [Sent._make(row) for row in trace.select(_SENT.format(span=span * MICRO), since, until)]


def passes(trace: TraceReader, since: float, until: float) -> list[PassSum]:
    """Return what the passes of `[since, until)` (epoch s) saved. Raises StoreError."""
    return [PassSum._make(row) for row in trace.select(_PASSES, since, until)]


def count_rows(trace: TraceReader, since: float, until: float) -> int:
    """How many rows there are of `[since, until)` (epoch s). Raises StoreError."""
    return int(trace.select(_ROWS, since, until)[0][0])

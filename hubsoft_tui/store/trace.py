"""The trace on disk: a few dozen bytes for each question and each request, in order of time, bounded.

Rows stand under the microsecond they happened at, moved on by one where another row has it: that order is the
only index, so a row costs little and a stretch of time is read in one sweep. Words are kept once, as numbers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from ..core.trace import CATEGORIES, FORCED, NEGATIVE, PERSON, REFRESH, SUSPENDED, QuestionRow, SentRow
from ..core.types import Outcome, Priority
from ..errors import StoreError
from .database import Database, store_errors

MIGRATIONS: Final = (
    """
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
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
    sent INTEGER NOT NULL
);
CREATE TABLE mark (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
""",
)
OUTCOMES: Final = tuple(Outcome)
MICRO: Final = 1_000_000
MILLI: Final = 1000
TRIMMED: Final = "trimmed"
KEPT_HOUSE: Final = "kept house"
_TABLES: Final = ("question", "sent")
_AT_ONCE: Final = 10_000
"""Rows deleted in one transaction: another process that writes waits no longer than that takes."""

_Question = tuple[
    int, int, int, int, int, int, str, int | None, int | None, int, int, int, int, int, int, int
]
_Sent = tuple[int, str, int, str, int, int, int, int | None, int, str, int]


class TraceStore:
    """One connection's view of the trace, for one thread; `account` names the credential. Raises StoreError."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account
        self._words: dict[str, int] = {}

    # -- writing

    def write(self, questions: Sequence[QuestionRow], sent: Sequence[SentRow], person: str) -> None:
        """Keep rows, all or none. `person` is who uses this machine's account."""
        with self._forgetting_words_that_were_not_kept(), self._database.write():
            self._learn(
                [self._account, person]
                + [row.caller for row in questions]
                + [word for row in sent for word in (row.operation, row.caller, row.outcome)]
            )
            head = self._words[self._account], self._words[person]
            self._insert("question", [self._question(row, *head) for row in questions])
            self._insert("sent", [self._sent(row, *head) for row in sent])

    def trim(self, *, before: float, max_rows: int) -> int:
        """Drop rows older than `before` (epoch s), then the oldest beyond `max_rows`; return how many went.

        Of every account: the file is bounded as a whole.
        """
        bound = round(before * MICRO)
        rows = self._database.read("SELECT at FROM question ORDER BY at DESC LIMIT 1 OFFSET ?", (max_rows,))
        if rows:
            bound = max(bound, int(cast("int", rows[0][0])) + 1)
        dropped = 0
        for table in _TABLES:
            while went := self._drop(table, bound):
                dropped += went
        if dropped:
            self.set_mark(TRIMMED, bound / MICRO)
        return dropped

    def mark(self, name: str) -> float:
        """Return a number kept under `name`, 0 when there is none. `TRIMMED`: older rows are gone (epoch s)."""
        rows = self._database.read("SELECT value FROM mark WHERE name = ?", (name,))
        return float(cast("float", rows[0][0])) if rows else 0.0

    def set_mark(self, name: str, value: float) -> None:
        """Keep a number under `name`."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))

    # -- reading

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
            at, category, subject, priority, outcome, age, caller, changed, status, gap, *flags = cast(
                "_Question", row
            )
            suspended, forced, failed, negative, was_negative, was_suspended = map(bool, flags)
            yield QuestionRow(
                at=at / MICRO,
                category=CATEGORIES[category],
                subject=subject,
                priority=Priority(priority),
                outcome=OUTCOMES[outcome],
                age=age / MILLI,
                caller=caller,
                changed=None if changed is None else bool(changed),
                since=gap / MILLI,
                suspended=suspended,
                status_changed=None if status is None else bool(status),
                forced=forced,
                failed=failed,
                negative=negative,
                was_negative=was_negative,
                was_suspended=was_suspended,
            )

    def points(self, since: float, until: float) -> Iterator[tuple[int, int, int]]:
        """Yield (at in microseconds, subject, mark) of the questions that somebody asked and that were answered.

        For passes over millions of rows, where a `QuestionRow` each costs more than the pass: `mark` is that of
        `core.trace.mark_of`. What the console asked unasked (`REFRESH`) is left out. Oldest first.
        """
        mark = (
            f"category | (forced * {FORCED}) | (suspended * {SUSPENDED})"
            f" | ((priority <= {int(Priority.HIGH)}) * {PERSON})"
            f" | ((negative OR outcome = {OUTCOMES.index(Outcome.NEGATIVE)}) * {NEGATIVE})"
        )
        return cast(
            "Iterator[tuple[int, int, int]]",
            self._stream(
                f"SELECT at, subject, {mark} FROM question"  # noqa: S608 - ours
                " WHERE at >= ? AND at < ? AND account = ? AND NOT failed"
                f" AND caller != coalesce((SELECT id FROM word WHERE text = '{REFRESH}'), -1) ORDER BY at",
                since,
                until,
            ),
        )

    def comparisons(self, since: float, until: float) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield (category, milliseconds between the fetches, changed, was suspended, was negative) of refetches.

        `category` is a place in `CATEGORIES`.
        """
        return cast(
            "Iterator[tuple[int, int, int, int, int]]",
            self._stream(
                "SELECT category, since, changed, was_suspended, was_negative FROM question"
                " WHERE at >= ? AND at < ? AND account = ? AND changed IS NOT NULL ORDER BY at",
                since,
                until,
            ),
        )

    def sent(self, since: float, until: float) -> Iterator[SentRow]:
        """Yield the requests of `[since, until)` (epoch s), in the order they were sent."""
        for row in self._stream(
            "SELECT s.at, o.text, priority, c.text, attempt, wait, latency, status, size, e.text, sent FROM sent s"
            " JOIN word o ON o.id = operation JOIN word c ON c.id = caller JOIN word e ON e.id = outcome"
            " WHERE s.at >= ? AND s.at < ? AND account = ? ORDER BY s.at",
            since,
            until,
        ):
            at, operation, priority, caller, attempt, wait, latency, status, size, outcome, sent = cast(
                "_Sent", row
            )
            yield SentRow(
                at=at / MICRO,
                operation=operation,
                priority=Priority(priority),
                caller=caller,
                attempt=attempt,
                wait=wait / MICRO,
                latency=latency / MICRO,
                status=status,
                size=size,
                outcome=outcome,
                sent=bool(sent),
            )

    def count(self) -> tuple[int, int]:
        """How many questions and requests are kept, of every account."""
        questions, sent = (
            int(cast("int", self._database.read(f"SELECT count(*) FROM {table}")[0][0]))  # noqa: S608 - ours
            for table in _TABLES
        )
        return questions, sent

    def select(self, sql: str, since: float, until: float) -> list[tuple[object, ...]]:
        """Run a summing-up of ours: `sql` has `?1` and `?2` for the stretch and `?3` for the account's number."""
        return self._database.read(sql, (round(since * MICRO), round(until * MICRO), self._number()))

    # -- inside

    def _stream(self, sql: str, since: float, until: float) -> Iterator[tuple[object, ...]]:
        with store_errors(self._database.path):
            yield from self._database.connection.execute(
                sql, (round(since * MICRO), round(until * MICRO), self._number())
            )

    def _number(self) -> int:
        rows = self._database.read("SELECT id FROM word WHERE text = ?", (self._account,))
        return int(cast("int", rows[0][0])) if rows else 0

    def _drop(self, table: str, bound: int) -> int:
        with self._database.write() as connection:
            return connection.execute(
                f"DELETE FROM {table} WHERE at < ? AND at <= (SELECT max(at) FROM"  # noqa: S608 - ours
                f" (SELECT at FROM {table} ORDER BY at LIMIT ?))",
                (bound, _AT_ONCE),
            ).rowcount

    @contextlib.contextmanager
    def _forgetting_words_that_were_not_kept(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            self._words.clear()
            raise

    def _learn(self, words: Iterable[str]) -> None:
        connection = self._database.connection
        for word in dict.fromkeys(words):
            if word not in self._words:
                connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (word,))
                row = connection.execute("SELECT id FROM word WHERE text = ?", (word,)).fetchone()
                self._words[word] = row[0]

    def _insert(self, table: str, rows: list[list[int | None]]) -> None:
        if not rows:
            return
        marks = ", ".join("?" * len(rows[0]))
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - ours
        execute, last = self._database.connection.execute, 0
        for row in sorted(rows, key=lambda row: cast("int", row[0])):
            row[0] = last = max(last + 1, cast("int", row[0]))
            while not execute(insert, row).rowcount:
                row[0] = last = last + 1

    def _question(self, row: QuestionRow, account: int, person: int) -> list[int | None]:
        return [
            round(row.at * MICRO),
            account,
            CATEGORIES.index(row.category),
            row.subject,
            int(row.priority),
            OUTCOMES.index(row.outcome),
            round(row.age * MILLI),
            self._words[row.caller],
            person,
            row.changed,
            row.status_changed,
            round(row.since * MILLI),
            row.suspended,
            row.forced,
            row.failed,
            row.negative,
            row.was_negative,
            row.was_suspended,
        ]

    def _sent(self, row: SentRow, account: int, person: int) -> list[int | None]:
        return [
            round(row.at * MICRO),
            account,
            self._words[row.operation],
            int(row.priority),
            self._words[row.caller],
            person,
            row.attempt,
            round(row.wait * MICRO),
            round(row.latency * MICRO),
            row.status,
            row.size,
            self._words[row.outcome],
            row.sent,
        ]

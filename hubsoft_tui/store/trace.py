"""The trace on disk: a few dozen bytes for each question and each request, in order of time, bounded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from ..core.telemetry.trace import CATEGORIES, NaiveRow, QuestionRow, SentRow
from ..errors import StoreError
from .database import Database
from .trace_reading import MICRO, MILLI, OUTCOMES, TABLES, TRIMMED, TraceReader

_AT_ONCE: Final = 10_000
"""Rows deleted in one transaction: another process that writes waits no longer than that takes."""


class TraceStore(TraceReader):
    """A reader that also writes. Raises StoreError; with StoreBusy nothing was changed."""

    def __init__(self, database: Database, account: str) -> None:
        super().__init__(database, account)
        self._words: dict[str, int] = {}

    def write(
        self,
        questions: Sequence[QuestionRow],
        sent: Sequence[SentRow],
        naive: Sequence[NaiveRow] = (),
        *,
        person: str,
    ) -> None:
        """Keep rows, all or none. `person` is who uses this machine's account."""
        with self._forgetting_words_that_were_not_kept(), self._database.write():
            self._learn([person, *(word for rows in (questions, sent, naive) for word in _words(rows))])
            head = self._enter(), self._words[person]
            self._insert("question", [self._question(row, *head) for row in questions])
            self._insert("sent", [self._sent(row, *head) for row in sent])
            self._insert("naive", [self._naive(row, *head) for row in naive])

    def trim(self, *, before: float, max_rows: int) -> int:
        """Drop rows older than `before` (epoch s), then the oldest beyond `max_rows`; return how many went.

        Of every account: the file is bounded as a whole.
        """
        bound = round(before * MICRO)
        rows = self._database.read("SELECT at FROM question ORDER BY at DESC LIMIT 1 OFFSET ?", (max_rows,))
        if rows:
            bound = max(bound, int(cast("int", rows[0][0])) + 1)
        dropped = 0
        for table in TABLES:
            while went := self._drop(table, bound):
                dropped += went
        if dropped:
            self.set_mark(TRIMMED, bound / MICRO)
        return dropped

    def set_mark(self, name: str, value: float) -> None:
        """Keep a number under `name`."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))

    def _enter(self) -> int:
        self._database.connection.execute("INSERT OR IGNORE INTO account (name) VALUES (?)", (self._account,))
        return self._number()

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
            row.asked,
        ]

    def _naive(self, row: NaiveRow, account: int, person: int) -> list[int | None]:
        return [
            round(row.at * MICRO),
            account,
            self._words[row.caller],
            person,
            row.naive,
            row.requests,
        ]


def _words(rows: Sequence[QuestionRow | SentRow | NaiveRow]) -> Iterator[str]:
    for row in rows:
        yield row.caller
        if isinstance(row, SentRow):
            yield row.operation
            yield row.outcome

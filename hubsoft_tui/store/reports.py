"""Reports of days that are over, each as the bytes it was given, and its few figures for the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from .database import Database

MIGRATIONS: Final = (
    """
CREATE TABLE day (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    questions INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    rate_limited INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account, day)
) WITHOUT ROWID;
""",
)


@dataclass(frozen=True, slots=True)
class KeptDay:
    """One day's few figures. `day` is written year-month-day; `rows` is how many rows of the trace it was made from."""

    day: str
    questions: int
    requests: int
    saved: int
    errors: int
    rate_limited: int
    rows: int


class ReportStore:
    """The days of one account, for one thread. Raises StoreError."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def save(self, kept: KeptDay, body: bytes) -> None:
        """Keep a day, in place of what was kept of it."""
        figures = (kept.questions, kept.requests, kept.saved, kept.errors, kept.rate_limited, kept.rows)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (self._account, kept.day, *figures, body),
            )

    def load(self, day: str) -> bytes | None:
        """Return what was kept of a day, or None."""
        rows = self._database.read("SELECT body FROM day WHERE account = ? AND day = ?", (self._account, day))
        return cast("bytes", rows[0][0]) if rows else None

    def days(self) -> list[KeptDay]:
        """Return every day that is kept, newest first."""
        rows = self._database.read(
            "SELECT day, questions, requests, saved, errors, rate_limited, rows FROM day"
            " WHERE account = ? ORDER BY day DESC",
            (self._account,),
        )
        return [KeptDay(*cast("tuple[str, int, int, int, int, int, int]", row)) for row in rows]

    def drop(self, before: str) -> int:
        """Forget the days before one; return how many went."""
        with self._database.write() as connection:
            return connection.execute(
                "DELETE FROM day WHERE account = ? AND day < ?", (self._account, before)
            ).rowcount

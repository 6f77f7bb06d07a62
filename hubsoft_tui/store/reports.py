"""Reports of days that are over, each as the bytes it was given, and its few figures for the list."""

from __future__ import annotations

from dataclasses import astuple
from typing import Final

from ..values import dataclass
from .database import AccountStore

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


class ReportStore(AccountStore):
    """The days of one account."""

    def save(self, kept: KeptDay, body: bytes) -> None:
        """Keep a day, in place of what was kept of it."""
        self._write("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*astuple(kept), body))

    def load(self, day: str) -> bytes | None:
        """Return what was kept of a day, or None."""
        rows = self._read("SELECT body FROM day WHERE account = ? AND day = ?", (day,))
        return bytes(rows[0][0]) if rows else None

    def days(self) -> list[KeptDay]:
        """Return every day that is kept, newest first."""
        rows = self._read(
            "SELECT day, questions, requests, saved, errors, rate_limited, rows FROM day"
            " WHERE account = ? ORDER BY day DESC"
        )
        return [KeptDay(*row) for row in rows]

    def drop(self, before: str) -> int:
        """Forget the days before one; return how many went."""
        return self._write("DELETE FROM day WHERE account = ? AND day < ?", (before,))

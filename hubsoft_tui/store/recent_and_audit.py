"""What belongs to the people at this desk: the customers they looked at last, and what they uncovered."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Final

from .database import AccountStore

MIGRATIONS: Final = (
    """
CREATE TABLE recent (
    account TEXT NOT NULL,
    term TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    active INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, document)
);
CREATE TABLE audit (
    account TEXT NOT NULL,
    at REAL NOT NULL,
    person TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);
""",
)
KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class Recent:
    """A customer looked up lately. `term` is what to type to see it again; `at` is UTC epoch seconds."""

    term: str = field(repr=False)
    name: str = field(repr=False)
    document: str = field(repr=False)
    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the trail; `at` is UTC epoch seconds."""

    at: float
    person: str
    action: str
    subject: str


class RecentAndAudit(AccountStore):
    """Two small tables of one credential."""

    def recent(self) -> tuple[Recent, ...]:
        """Return the last customers looked at, newest first."""
        rows = self._read(
            "SELECT term, name, document, active, at FROM recent WHERE account = ? ORDER BY at DESC LIMIT ?",
            (KEPT,),
        )
        return tuple(
            Recent(term, name, document, bool(active), at) for term, name, document, active, at in rows
        )

    def remember(self, recent: Recent) -> None:
        """Put `recent` in front; beyond twenty the oldest go."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO recent VALUES (?, ?, ?, ?, ?, ?)", (self._account, *astuple(recent))
            )
            connection.execute(
                "DELETE FROM recent WHERE account = ?1 AND document NOT IN"
                " (SELECT document FROM recent WHERE account = ?1 ORDER BY at DESC LIMIT ?2)",
                (self._account, KEPT),
            )

    def trail(self, since: float, until: float) -> tuple[AuditLine, ...]:
        """Return the lines written from `since` to before `until` (epoch s), oldest first."""
        rows = self._read(
            "SELECT at, person, action, subject FROM audit WHERE account = ? AND at >= ? AND at < ?"
            " ORDER BY at, rowid",
            (since, until),
        )
        return tuple(AuditLine(at, person, action, subject) for at, person, action, subject in rows)

    def audit(self, action: str, subject: str, person: str, at: float) -> None:
        """Add one line to the trail; `subject` is already masked."""
        self._write("INSERT INTO audit VALUES (?, ?, ?, ?, ?)", (at, person, action, subject))

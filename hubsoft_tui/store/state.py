"""The token, and what belongs to the people at this desk: the customers they looked at last, what they uncovered.

The right to log in is one living process's at a time.
"""

from __future__ import annotations

from dataclasses import astuple, field, replace
from typing import Final

from ..core.clock import Clock
from ..core.ports import StoredToken
from ..values import dataclass
from .database import AccountStore, Database
from .process_liveness import Lease, ProcessLiveness

MIGRATIONS: Final = (
    """
CREATE TABLE token (
    account TEXT PRIMARY KEY,
    value TEXT NOT NULL,        -- empty once HubSoft refused it; the row stays so that versions only grow
    version INTEGER NOT NULL,
    issued_wall REAL NOT NULL,
    expires_wall REAL NOT NULL,
    issued_now REAL NOT NULL,
    expires_now REAL NOT NULL,
    epoch TEXT NOT NULL
);
CREATE TABLE login_lease (
    account TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until REAL NOT NULL,
    epoch TEXT NOT NULL
);
""",
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
SENSES: Final = {"token": "version >= 0 AND value NOT GLOB '*[^ -~]*'"}
"""A token travels in a header, as printable ASCII."""


class SqliteTokens(AccountStore):
    """A TokenPort over one database (see core.ports)."""

    poll = 0.05

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness, clock: Clock) -> None:
        super().__init__(database, account)
        self._login = Lease(database, "login_lease", account, liveness, clock)
        self._read_at: tuple[tuple[int, int], int] | None = None
        self._token: StoredToken | None = None

    def load(self) -> StoredToken | None:
        """Return the newest token, or None; microseconds while nothing was written."""
        # Others' commits, and ours.
        state = self._database.state(), self._database.connection.total_changes
        if state != self._read_at:
            rows = self._read(
                "SELECT value, version, issued_wall, expires_wall, issued_now, expires_now, epoch FROM token"
                " WHERE account = ? AND value != ''"
            )
            self._token, self._read_at = StoredToken(*rows[0]) if rows else None, state
        return self._token

    def save(self, token: StoredToken) -> StoredToken:
        """Keep `token` under the next version and return it so."""
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT version FROM token WHERE account = ?", (self._account,)
            ).fetchone()
            saved = replace(token, version=1 if row is None else int(row[0]) + 1)
            connection.execute(
                "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._account, *astuple(saved)),
            )
        return saved

    def discard(self, version: int) -> None:
        """Forget the token if it is still this version."""
        self._write("UPDATE token SET value = '' WHERE account = ? AND version = ?", (version,))

    async def lease(self, seconds: float) -> bool:
        """Take the right to log in; False while a living process holds it and its time is not over."""
        return self._login.take(seconds)

    def release(self) -> None:
        """Give the right to log in back."""
        self._login.release()

    def refused(self, reason: str) -> None:
        """Keep nothing of it: each process asks HubSoft once."""


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

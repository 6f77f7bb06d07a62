"""The token on disk: one row per credential, and the right to log in, which one living process holds at a time."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Final

from ..core.clock import Clock
from ..core.ports import StoredToken
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
)
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

"""Who is to be told that a member lost the contract: a small queue that survives failures and crashes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final, cast

from .checkup_rows import Member, Notice, Result
from .database import Database
from .process_liveness import ProcessLiveness

MIGRATIONS: Final = (
    """
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    list_name TEXT NOT NULL,
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    result TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    said TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '',
    UNIQUE (account, list, document)
);
""",
    "ALTER TABLE notice ADD COLUMN held INTEGER NOT NULL DEFAULT 0;",
)
_COLUMNS: Final = (
    "id, list, list_name, document, name, external_id, result, status, attempts, next_at, said, held"
)


@dataclass(frozen=True, slots=True)
class Tripwire:
    """When so many lose the contract in one run that a person looks first: more than both."""

    share: float
    """Of those who were known to be active, 0-1."""
    members: int

    def trips(self, lost: int, active: int) -> bool:
        """Tell whether losing `lost` of `active` members in one run is unusual."""
        return lost > self.members and lost > self.share * active


class CommandQueue:
    """The queue of one credential. A notice stays until its command has succeeded. Raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness) -> None:
        self._database = database
        self._account = account
        self._liveness = liveness

    def add(
        self, connection: sqlite3.Connection, run_id: int, at: float, tripwire: Tripwire | None = None
    ) -> None:
        """Queue, as the run ends, every member it found without a contract who was known to have one.

        Those who have one again are taken out. When the tripwire trips, those of this run are held for a person.
        """
        connection.execute(
            "DELETE FROM notice WHERE account = ?1 AND list = (SELECT list FROM run WHERE id = ?2) AND document IN"
            " (SELECT document FROM decision WHERE account = ?1 AND run = ?2 AND settled AND result = ?3)",
            (self._account, run_id, Result.ACTIVE.value),
        )
        (active, lost) = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE settled AND result IN (?4, ?5)) FROM decision"
            " WHERE account = ?1 AND run = ?2 AND was = ?3",
            (
                self._account, run_id,
                Result.ACTIVE.value, Result.INACTIVE.value, Result.NOT_FOUND.value,
            ),
        ).fetchone()  # fmt: skip
        held = tripwire is not None and tripwire.trips(lost, active)
        connection.execute(
            "INSERT OR REPLACE INTO notice"
            " (account, list, list_name, document, name, external_id, result, status, next_at, held)"
            " SELECT ?1, m.list, l.name, m.document, m.name, m.external_id, d.result, d.status, ?3, ?7"
            " FROM decision d JOIN run r ON r.id = d.run"
            " JOIN member m ON m.account = ?1 AND m.list = r.list AND m.document = d.document"
            " JOIN list l ON l.id = r.list"
            " WHERE d.account = ?1 AND d.run = ?2 AND d.settled AND d.was = ?4 AND d.result IN (?5, ?6)",
            (
                self._account, run_id, at,
                Result.ACTIVE.value, Result.INACTIVE.value, Result.NOT_FOUND.value, held,
            ),
        )  # fmt: skip

    def release(self, list_id: int, at: float) -> int:
        """Let the held notices of a list be due at `at`; return how many."""
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE notice SET held = 0, next_at = ? WHERE account = ? AND list = ? AND held",
                (at, self._account, list_id),
            ).rowcount

    def drop(self, list_id: int) -> int:
        """Forget the held notices of a list: their command is never run; return how many."""
        with self._database.write() as connection:
            return connection.execute(
                "DELETE FROM notice WHERE account = ? AND list = ? AND held", (self._account, list_id)
            ).rowcount

    def take(self, at: float) -> Notice | None:
        """Take the next one that is due, so that no other process runs it too; None when there is none.

        One that this owner took and never settled is taken again: whatever ran its command is over.
        """
        with self._database.write() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, owner FROM notice WHERE account = ? AND next_at <= ? AND NOT held"  # noqa: S608
                " ORDER BY next_at, id",
                (self._account, at),
            ).fetchall()
            dead = self._liveness.dead({row[-1] for row in rows if row[-1]})
            takers = {"", self._liveness.owner, *dead}
            free = next((row for row in rows if row[-1] in takers), None)
            if free is None:
                return None
            connection.execute("UPDATE notice SET owner = ? WHERE id = ?", (self._liveness.owner, free[0]))
        return _notice(free[:-1])

    def done(self, notice: Notice) -> None:
        """The command succeeded."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM notice WHERE id = ?", (notice.id,))

    def failed(self, notice: Notice, said: str, next_at: float) -> None:
        """The command failed, as `said`; it is tried again at `next_at`."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE notice SET attempts = attempts + 1, said = ?, next_at = ?, owner = '' WHERE id = ?",
                (said, next_at, notice.id),
            )

    def pending(self) -> tuple[Notice, ...]:
        """Return every notice that has not succeeded, the oldest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM notice WHERE account = ? ORDER BY id",  # noqa: S608
            (self._account,),
        )
        return tuple(map(_notice, rows))


def _notice(row: tuple[object, ...]) -> Notice:
    id_, list_id, list_name, document, name, external, result, status, attempts, next_at, said, held = cast(
        "tuple[int, int, str, str, str, str, str, str, int, float, str, int]", row
    )
    member = Member(document, name, external)
    return Notice(
        id_, list_id, list_name, member, Result(result), status, attempts, next_at, said, bool(held)
    )

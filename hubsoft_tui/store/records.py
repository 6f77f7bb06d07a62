"""Records on disk: what was learnt survives a restart, and one process's answer is everybody's."""

from __future__ import annotations

import math
import sqlite3
from typing import Final

from ..core.clock import Clock
from ..core.ports import StoredEntry
from ..core.types import Priority
from .database import AccountStore, Database
from .process_liveness import ProcessLiveness, held_elsewhere

MIGRATIONS: Final = (
    """
CREATE TABLE record (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    fetched_at REAL NOT NULL,
    fetched_now REAL NOT NULL,
    epoch TEXT NOT NULL,
    used_at REAL NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX record_kind ON record (account, kind, used_at);
CREATE TABLE claim (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    priority INTEGER NOT NULL,
    until REAL NOT NULL,
    epoch TEXT NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
""",
    # With rows by their number: in a tree by their keys, bodies of a KB each made the file twice as large.
    """
CREATE TABLE numbered (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    fetched_at REAL NOT NULL,
    fetched_now REAL NOT NULL,
    epoch TEXT NOT NULL,
    used_at REAL NOT NULL,
    PRIMARY KEY (account, key)
);
INSERT INTO numbered SELECT * FROM record;
DROP TABLE record;
ALTER TABLE numbered RENAME TO record;
CREATE INDEX record_kind ON record (account, kind, used_at);
""",
)
RECORDS: Final = "records.db"
COUNTED: Final = "customer"
"""`max_entries` counts records of this kind; the others follow: they are smaller and expire sooner."""
OTHERS_PER_RECORD: Final = 8
LASTING: Final = "choices"
"""Tables of names and numbers: an outage may be when they are needed, so age alone takes none away."""
LASTING_ANSWERS: Final = f"answer:{LASTING}:%"
BRIEF: Final = "brief"
"""A roster's rows: thousands come at once, so they have a limit of their own and push no customer out."""


def _is_sound(row: tuple[object, ...]) -> bool:
    """Whether each cell of a row is of its column's type: of what is not, HubSoft is asked again."""
    _key, kind, body, fetched_at, fetched_now, epoch = row
    return (
        type(kind) is str
        and type(body) is bytes
        and type(fetched_at) is type(fetched_now) is float
        and type(epoch) is str
    )


class RecordReader(AccountStore):
    """A RecordSource over one database (see core.ports)."""

    def __init__(self, database: Database, account: str) -> None:
        super().__init__(database, account)
        self._seen = database.state()

    def load(self, keys: list[str]) -> dict[str, StoredEntry]:
        """Return the entries that exist."""
        marks = ", ".join("?" * len(keys))
        rows = self._read(
            "SELECT key, kind, body, fetched_at, fetched_now, epoch FROM record"  # noqa: S608 - question marks only
            f" WHERE account = ? AND key IN ({marks})",
            keys,
        )
        return {row[0]: StoredEntry(*row) for row in rows if _is_sound(row)}

    def changed(self) -> bool:
        """Tell whether another connection changed anything since the last call."""
        state = self._database.state()
        changed, self._seen = state != self._seen, state
        return changed

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class SqliteRecords(RecordReader):
    """A RecordPort over one database (see core.ports)."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness, clock: Clock) -> None:
        super().__init__(database, account)
        self._liveness = liveness
        self._clock = clock
        self._deferred: dict[str, StoredEntry] = {}
        self.behind = False
        """What was deferred is not on disk, or could not be put there."""

    def load(self, keys: list[str]) -> dict[str, StoredEntry]:
        """Return the entries that exist, those that are not on disk yet too."""
        if not self._deferred:
            return super().load(keys)
        here = {key: self._deferred[key] for key in keys if key in self._deferred}
        return super().load([key for key in keys if key not in here]) | here

    def defer(self, entries: list[StoredEntry]) -> None:
        """Keep entries with those of the next `flush`: one transaction for many. No other process is told sooner."""
        self._deferred.update((entry.key, entry) for entry in entries)
        self.behind = True

    def flush(self) -> None:
        """Put on disk what was deferred."""
        if self._deferred:
            entries, self._deferred = list(self._deferred.values()), {}
            self.save(entries)
            self.behind = False

    def save(self, entries: list[StoredEntry], *, ended: str = "") -> None:
        """Keep entries, and end this process's announced fetch of `ended`.

        Of one boot of the machine the later fetch wins, whatever the wall clock did in between.
        """
        self.flush()
        with self._database.write() as connection:
            connection.executemany(
                "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5)"
                " ON CONFLICT (account, key) DO UPDATE SET kind = ?3, body = ?4, fetched_at = ?5, fetched_now = ?6,"
                " epoch = ?7, used_at = max(used_at, ?5) WHERE epoch != ?7 OR fetched_now <= ?6",
                [
                    (self._account, e.key, e.kind, e.body, e.fetched_at, e.fetched_now, e.epoch)
                    for e in entries
                ],
            )
            if ended:
                self._unclaim(connection, ended)

    def touch(self, keys: list[str], at: float) -> None:
        """Note that these were used at `at`."""
        self.flush()
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE record SET used_at = ? WHERE account = ? AND key = ?",
                [(at, self._account, key) for key in keys],
            )

    def outdate(self, keys: list[str] | None, *, to: float, before: float) -> None:
        """Let entries (None: all) that were asked for before `before` count as fetched at `to`.

        From then on they count as asked for at `before`, so that no answer to what was asked earlier replaces them.
        """
        self.flush()
        chosen, named = "key NOT LIKE ?", [LASTING_ANSWERS]
        if keys is not None:
            chosen, named = f"key IN ({', '.join('?' * len(keys))})", keys
        self._write(
            "UPDATE record SET fetched_at = min(fetched_at, ?2), fetched_now = ?3, epoch = ?4"  # noqa: S608 - question marks only
            f" WHERE account = ?1 AND (epoch != ?4 OR fetched_now <= ?3) AND kind != ?5 AND {chosen}",
            (to, before, self._clock.epoch(), LASTING, *named),
        )

    def clear(self, before: float | None = None) -> int:
        """Forget everything, or what was asked for before `before`; return how many customers went."""
        self.flush()
        count = self.count()
        asked = (self._clock.epoch(), math.inf if before is None else before)
        self._write("DELETE FROM record WHERE account = ? AND (epoch != ? OR fetched_now <= ?)", asked)
        return count - self.count()

    def clean(self, *, older_than: float, max_entries: int, max_briefs: int) -> tuple[int, int]:
        """Drop what was fetched before `older_than`, then the longest unused beyond each kind's limit."""
        self.flush()
        with self._database.write() as connection:
            expired = connection.execute(
                "DELETE FROM record WHERE account = ?1 AND fetched_at < ?2 AND kind != ?3 AND key NOT LIKE ?4",
                (self._account, older_than, LASTING, LASTING_ANSWERS),
            ).rowcount
            evicted, _briefs = (
                connection.execute(
                    "DELETE FROM record WHERE account = ?1 AND kind = ?2 AND key IN (SELECT key FROM record"
                    " WHERE account = ?1 AND kind = ?2 ORDER BY used_at DESC LIMIT -1 OFFSET ?3)",
                    (self._account, kind, most),
                ).rowcount
                for kind, most in ((COUNTED, max_entries), (BRIEF, max_briefs))
            )
            connection.execute(
                "DELETE FROM record WHERE account = ?1 AND kind NOT IN (?2, ?3) AND key IN (SELECT key FROM record"
                " WHERE account = ?1 AND kind NOT IN (?2, ?3) ORDER BY used_at DESC LIMIT -1 OFFSET ?4)",
                (self._account, COUNTED, BRIEF, max_entries * OTHERS_PER_RECORD),
            )
        return expired, evicted

    def count(self, used_since: float = 0.0) -> int:
        """How many customers are kept that were used since then (epoch s)."""
        self.flush()
        return self._count(
            "SELECT count(*) FROM record WHERE account = ? AND kind = ? AND used_at >= ?",
            (COUNTED, used_since),
        )

    def recent(self, kind: str, limit: int) -> list[tuple[str, float]]:
        """Return when records of a kind were fetched, the last used first."""
        self.flush()
        rows = self._read(
            "SELECT key, fetched_at FROM record WHERE account = ? AND kind = ? ORDER BY used_at DESC LIMIT ?",
            (kind, limit),
        )
        return [(key, at) for key, at in rows]

    def claim(self, key: str, priority: Priority, seconds: float) -> bool:
        """Announce a fetch; False while a living process fetches the same at least as urgently."""
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT priority, owner, until, epoch FROM claim WHERE account = ? AND key = ?",
                (self._account, key),
            ).fetchone()
            if (
                row is not None
                and row[0] <= priority
                and held_elsewhere(self._liveness, self._clock, *row[1:])
            ):
                return False
            connection.execute(
                "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._account, key, self._liveness.owner, int(priority),
                    self._clock.now() + seconds, self._clock.epoch(),
                ),
            )  # fmt: skip
        return True

    def unclaim(self, key: str) -> None:
        """The announced fetch ended."""
        with self._database.write() as connection:
            self._unclaim(connection, key)

    def _unclaim(self, connection: sqlite3.Connection, key: str) -> None:
        connection.execute(
            "DELETE FROM claim WHERE account = ? AND key = ? AND owner = ?",
            (self._account, key, self._liveness.owner),
        )

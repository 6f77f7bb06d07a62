"""Alerts on disk: one row each, however many processes on this home notice it; and the calls to make about them.

A process that sees that something is wrong *affirms* the alert: it writes the instant of its newest evidence. One
that sees all well may clear it once it was not affirmed for a while, so an alert needs no owner, and one whose
processes were all killed is taken up by the next. Instants of evidence are on the suspend-aware clock of `epoch`.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from typing import Final

from ..core.clock import Clock
from ..values import dataclass
from .database import AccountStore, Database
from .process_liveness import ProcessLiveness, held_elsewhere

MIGRATIONS: Final = (
    """
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    rule TEXT NOT NULL,
    value REAL NOT NULL,
    worst REAL NOT NULL,
    threshold REAL NOT NULL,
    opened_at REAL NOT NULL,
    cleared_at REAL,
    acknowledged_at REAL,
    affirmed REAL NOT NULL,
    epoch TEXT NOT NULL,
    changed INTEGER NOT NULL
);
CREATE UNIQUE INDEX alert_open ON alert (account, rule) WHERE cleared_at IS NULL;
CREATE INDEX alert_changed ON alert (account, changed);
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at REAL NOT NULL,
    attempts INTEGER NOT NULL,
    due REAL NOT NULL,
    epoch TEXT NOT NULL,
    owner TEXT,
    until REAL NOT NULL
);
""",
)
KEPT: Final = 500
"""How many alerts of one credential are remembered."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `value`, `worst` and `limit` are in the unit of its rule; instants in UTC epoch seconds."""

    id: int
    rule: str
    value: float
    """What was measured when it opened."""
    worst: float
    limit: float
    """The threshold that was crossed."""
    opened_at: float
    cleared_at: float | None = None
    acknowledged_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether it holds now."""
        return self.cleared_at is None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that holds, and the instant of the newest evidence for it; minus infinity before this boot."""

    alert: Alert
    affirmed: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call to make. `created_at` is UTC epoch seconds."""

    id: int
    body: str
    created_at: float
    attempts: int


Letter = Callable[[Alert], str]
"""Writes the body of the call about an alert that just opened or cleared."""

_COLUMNS: Final = "id, rule, value, worst, threshold, opened_at, cleared_at, acknowledged_at"


class AlertStore(AccountStore):
    """The alerts of one credential. Every method takes tens of microseconds, and raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness, clock: Clock) -> None:
        super().__init__(database, account)
        self._liveness = liveness
        self._clock = clock

    # -- alerts

    def version(self) -> int:
        """Return a number that grows with every change a person can see, in whichever process."""
        return self._count("SELECT max(changed) FROM alert WHERE account = ?")

    def holding(self) -> tuple[OpenAlert, ...]:
        """Return the alerts that hold, oldest first."""
        rows = self._read(
            f"SELECT {_COLUMNS}, affirmed, epoch FROM alert"  # noqa: S608 - constant names only
            " WHERE account = ? AND cleared_at IS NULL ORDER BY id"
        )
        epoch = self._clock.epoch()
        return tuple(
            OpenAlert(Alert(*shown), affirmed if when == epoch else -math.inf)
            for *shown, affirmed, when in rows
        )

    def recent(self, limit: int) -> tuple[Alert, ...]:
        """Return the last alerts that opened, newest first."""
        rows = self._read(
            f"SELECT {_COLUMNS} FROM alert WHERE account = ? ORDER BY id DESC LIMIT ?",  # noqa: S608
            (limit,),
        )
        return tuple(Alert(*row) for row in rows)

    def begin(
        self, rule: str, *, value: float, limit: float, evidence: float, letter: Letter | None
    ) -> Alert | None:
        """Open an alert and order the call about it; None when that rule's alert is open already."""
        with self._database.write() as connection:
            wall = self._clock.wall()
            cursor = connection.execute(
                "INSERT OR IGNORE INTO alert"
                " (account, rule, value, worst, threshold, opened_at, affirmed, epoch, changed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._account, rule, value, value, limit, wall, evidence, self._clock.epoch(),
                    self._next(connection),
                ),
            )  # fmt: skip
            if not cursor.rowcount or cursor.lastrowid is None:
                return None
            alert = Alert(cursor.lastrowid, rule, value, value, limit, wall)
            self._order(connection, alert, letter)
            connection.execute(
                "DELETE FROM alert WHERE account = ?1 AND cleared_at IS NOT NULL AND id NOT IN"
                " (SELECT id FROM alert WHERE account = ?1 ORDER BY id DESC LIMIT ?2)",
                (self._account, KEPT),
            )
        return alert

    def affirm(self, alert_id: int, *, evidence: float, worst: float | None) -> None:
        """Note that an open alert still holds; `worst`, if given, is worse than what it has seen so far."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE alert SET affirmed = ?, epoch = ? WHERE id = ? AND cleared_at IS NULL",
                (evidence, self._clock.epoch(), alert_id),
            )
            if worst is not None:
                connection.execute(
                    "UPDATE alert SET worst = ?, changed = ? WHERE id = ? AND cleared_at IS NULL",
                    (worst, self._next(connection), alert_id),
                )

    def clear(self, alert: Alert, *, letter: Letter | None) -> Alert | None:
        """Close an alert and order the call about it; None when another process was faster."""
        with self._database.write() as connection:
            wall = max(self._clock.wall(), alert.opened_at)
            cursor = connection.execute(
                "UPDATE alert SET cleared_at = ?, changed = ? WHERE id = ? AND cleared_at IS NULL",
                (wall, self._next(connection), alert.id),
            )
            if not cursor.rowcount:
                return None
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM alert WHERE id = ?",  # noqa: S608 - constant names only
                (alert.id,),
            ).fetchone()
            cleared = Alert(*row)
            self._order(connection, cleared, letter)
        return cleared

    def acknowledge(self, alert_id: int | None = None) -> int:
        """Note that a person has seen an open alert, or all of them; return how many were news."""
        with self._database.write() as connection:
            cursor = connection.execute(
                "UPDATE alert SET acknowledged_at = ?1, changed = ?2 WHERE account = ?3"
                " AND cleared_at IS NULL AND acknowledged_at IS NULL AND (?4 IS NULL OR id = ?4)",
                (self._clock.wall(), self._next(connection), self._account, alert_id),
            )
            return cursor.rowcount

    # -- calls about them

    def waiting(self) -> int:
        """Return how many calls are still to be made."""
        return self._count("SELECT count(*) FROM delivery WHERE account = ?")

    def claim(self, seconds: float) -> Delivery | None:
        """Take the oldest call for at most `seconds`; None when it is not due or a living process has it."""
        if not self.waiting():
            return None
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT id, body, created_at, attempts, due, epoch, owner, until FROM delivery"
                " WHERE account = ? ORDER BY id LIMIT 1",
                (self._account,),
            ).fetchone()
            if row is None:
                return None
            *shown, due, epoch, owner, until = row
            now, here = self._clock.now(), self._clock.epoch()
            not_due = epoch == here and now < due
            if not_due or held_elsewhere(self._liveness, self._clock, owner, until, epoch):
                return None
            connection.execute(
                "UPDATE delivery SET owner = ?, due = ?, until = ?, epoch = ? WHERE id = ?",
                (self._liveness.owner, now, now + seconds, here, row[0]),
            )
        return Delivery(*shown)

    def postpone(self, delivery: Delivery, seconds: float) -> None:
        """Give a call back: it failed, and is due again in so many seconds."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE delivery SET owner = NULL, attempts = attempts + 1, due = ?, epoch = ? WHERE id = ?",
                (self._clock.now() + seconds, self._clock.epoch(), delivery.id),
            )

    def finish(self, delivery: Delivery) -> None:
        """Take a call off the list: it was made, or is given up."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM delivery WHERE id = ?", (delivery.id,))

    def _order(self, connection: sqlite3.Connection, alert: Alert, letter: Letter | None) -> None:
        if letter is not None:
            connection.execute(
                "INSERT INTO delivery (account, body, created_at, attempts, due, epoch, until)"
                " VALUES (?, ?, ?, 0, ?, ?, 0)",
                (
                    self._account, letter(alert), self._clock.wall(), self._clock.now(), self._clock.epoch(),
                ),
            )  # fmt: skip

    def _next(self, connection: sqlite3.Connection) -> int:
        row = connection.execute(
            "SELECT coalesce(max(changed), 0) + 1 FROM alert WHERE account = ?", (self._account,)
        ).fetchone()
        return int(row[0])

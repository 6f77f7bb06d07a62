"""The budget's ledger in SQLite: one for all processes on a home, kept over restarts and crashes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from ..core.clock import Clock
from ..core.limiter.ledger import Ledger, MachineNotes, QueueHead, Slot, Throttle
from ..core.types import Priority
from ..texts import Text
from .database import BEGUN_UNIT, Database
from .disk import holder, store_errors
from .process_liveness import ProcessLiveness
from .rescue import listing

T = TypeVar("T")

MIGRATIONS: Final = (
    """
    CREATE TABLE budget (account TEXT PRIMARY KEY, epoch TEXT NOT NULL, throttle BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE slot (
        account TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, priority INTEGER NOT NULL,
        started REAL NOT NULL, lease_end REAL NOT NULL, done REAL,
        PRIMARY KEY (account, id)
    ) WITHOUT ROWID;
    CREATE TABLE line (
        account TEXT NOT NULL, owner TEXT NOT NULL, priority INTEGER NOT NULL,
        arrival REAL NOT NULL, waiting INTEGER NOT NULL, seen REAL NOT NULL,
        PRIMARY KEY (account, owner, priority)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE machine (account TEXT PRIMARY KEY, epoch TEXT NOT NULL, notes BLOB NOT NULL) WITHOUT ROWID;
    """,
)

AHEAD_SECONDS: Final = 86_400.0
"""No instant of a ledger lies further ahead on the clock of its boot."""


def senses(clock: Clock) -> dict[str, str]:
    """Return what is true of the ledger's rows: of this boot no instant is of a day to come."""
    latest = clock.now() + AHEAD_SECONDS
    rules = {
        "slot": f"max(started, lease_end, coalesce(done, 0)) < {latest}",
        "line": f"max(arrival, seen) < {latest} AND waiting >= 0",
    }
    return {
        table: f"priority IN {listing(Priority)} AND ({rule} OR"  # noqa: S608 - our names
        f" (SELECT epoch FROM budget b WHERE b.account = {table}.account) IS NOT '{clock.epoch()}')"
        for table, rule in rules.items()
    }


def readable(table: str, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a row whose opaque part can be read, or None."""
    try:
        if table == "budget":
            _throttle(found["throttle"])
        elif table == "machine":
            msgspec.msgpack.decode(found["notes"], type=MachineNotes)
    except (msgspec.MsgspecError, TypeError, RecursionError):
        return None
    return found


def _throttle(kept: bytes) -> Throttle:
    return msgspec.json.decode(kept, type=Throttle)


LOSS_MATTERS_SECONDS: Final = 86_400.0
"""So long an account that is new to a file begun after a loss waits a window first: clocks may have been set."""


class SqliteBudget:
    """A LedgerStore over a database opened with `MIGRATIONS`; `account` hashes the url, client and user.

    Every method takes tens of microseconds, and at most BUSY_SECONDS when another process is writing.
    """

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness, clock: Clock) -> None:
        self.owner = liveness.owner
        self._database = database
        self._account = account
        self._liveness = liveness
        self._clock = clock
        self._epoch = clock.epoch()
        # What the tables hold, as of SQLite's counts of commits (others', ours): it saves reading.
        self._stored = Ledger()
        self._stored_epoch = ""
        self._stored_version: tuple[int, int] | None = None
        self._others: set[str] = set()
        """Owners besides this one whose death would change what is stored."""
        self._connection = database.connection
        self._renewals = database.renewals
        self._known = Ledger()
        """What a file that is gone was last known to hold; empty while none is."""
        self._bereft = False
        """The file was begun after a loss, and its ledger does not say so yet."""

    def read(self) -> Ledger:
        """Return the ledger as it is now, for looking only."""
        self._look()
        return self._mourning(self._current(), self._clock.now())

    def follow(self) -> None:
        """Notice that the file is gone, or another one, and carry over what is known. Raises StoreError."""
        self._look()
        if self._bereft:
            self.update(lambda ledger, _now: (ledger, None))

    def last(self) -> bool:
        """Whether no other process of this home is alive."""
        return self._liveness.alone()

    def held_by(self) -> Text:
        """Say which process holds the file, as a sentence."""
        return holder(self._database.path)

    def _look(self) -> None:
        with store_errors(self._database.path):
            self._database.follow()
            self._load(self._database.connection)

    def update(self, step: Callable[[Ledger, float], tuple[Ledger, T]]) -> T:
        """Change the ledger by `step` in one transaction; see `LedgerStore.update`."""
        self._liveness.enter()
        with self._database.write() as db:
            self._load(db)
            # The dead are counted before the clock is read: a dead process sent nothing after that instant.
            dead = self._liveness.dead(self._others)
            now = self._clock.now()
            stored = self._current()
            if stored is self._stored:
                stored = stored.untouched()
            ledger, result = step(self._mourning(stored, now).buried(dead, now), now)
            # Until the commit is known to have worked, what the tables hold is not known.
            others, self._stored_version = self._stored_version, None
            self._save(db, ledger)
            # Within the transaction no other process commits: the count of theirs is what it was.
            version = None if others is None else (others[0], db.total_changes)
        self._stored, self._stored_epoch, self._stored_version = ledger, self._epoch, version
        self._others -= dead
        if self._bereft:
            self._known, self._bereft = Ledger(), False
        return result

    def note(self, step: Callable[[MachineNotes, Ledger, float], tuple[MachineNotes, Ledger, T]]) -> T:
        """Change the ledger and what is noted of a shared server by `step`, in one transaction; see `update`."""

        def both(ledger: Ledger, now: float) -> tuple[Ledger, T]:
            before = self._noted(self._connection)
            notes, ledger, result = step(before, ledger, now)
            if notes != before:
                row = (self._account, self._epoch, msgspec.msgpack.encode(notes))
                self._connection.execute("INSERT OR REPLACE INTO machine VALUES (?, ?, ?)", row)
            return ledger, result

        return self.update(both)

    def notes(self) -> MachineNotes:
        """Return what is noted of a shared server, for looking only. Raises StoreError."""
        with store_errors(self._database.path):
            self._database.follow()
            return self._noted(self._database.connection)

    def _noted(self, db: sqlite3.Connection) -> MachineNotes:
        row = db.execute(
            "SELECT notes FROM machine WHERE account = ? AND epoch = ?", (self._account, self._epoch)
        ).fetchone()
        return MachineNotes() if row is None else msgspec.msgpack.decode(row[0], type=MachineNotes)

    def _current(self) -> Ledger:
        same = self._stored_epoch == self._epoch
        return self._stored if same else self._stored.rebased(self._clock.now())

    def _mourning(self, ledger: Ledger, now: float) -> Ledger:
        return ledger.after_loss(self._known, now) if self._bereft else ledger

    def _load(self, db: sqlite3.Connection) -> None:
        if db is not self._connection:
            self._connection, self._stored_version = db, None
        if self._renewals != self._database.renewals:
            self._renewals, self._bereft = self._database.renewals, True
            self._known = self._mourning(self._current(), self._clock.now())
        version = _version(db)
        if version == self._stored_version:
            return
        slots = db.execute(
            "SELECT id, owner, priority, started, lease_end, done FROM slot WHERE account = ?"
            " ORDER BY started",
            (self._account,),
        )
        line = db.execute(
            "SELECT owner, priority, arrival, waiting, seen FROM line WHERE account = ?", (self._account,)
        )
        ledger = Ledger(
            {row[0]: Slot(row[0], row[1], Priority(row[2]), *row[3:]) for row in slots},
            {(row[0], Priority(row[1])): QueueHead(row[0], Priority(row[1]), *row[2:]) for row in line},
        )
        self._stored, self._stored_epoch = ledger, ""
        self._others = ledger.owners() - {self.owner}
        kept = db.execute("SELECT epoch, throttle FROM budget WHERE account = ?", (self._account,)).fetchone()
        if kept is None:
            self._bereft = self._bereft or self._begun_after_loss(db)
        else:
            self._stored = Ledger(ledger.slots, ledger.queue, _throttle(kept[1]))
            self._stored_epoch = kept[0]
        self._stored_version = version

    def _begun_after_loss(self, db: sqlite3.Connection) -> bool:
        """Tell whether the file took the place of a lost one, so lately that what that held still matters."""
        begun = int(db.execute("PRAGMA application_id").fetchone()[0]) * BEGUN_UNIT
        return begun > 0 and abs(self._clock.wall() - begun) < LOSS_MATTERS_SECONDS

    def _save(self, db: sqlite3.Connection, new: Ledger) -> None:
        """Write what differs from what is stored."""
        old, account = self._stored, self._account
        if new.throttle is not old.throttle or self._stored_epoch != self._epoch:
            kept = (account, self._epoch, msgspec.json.encode(new.throttle))
            db.execute("INSERT OR REPLACE INTO budget VALUES (?, ?, ?)", kept)
        known, now = old.slots, new.slots
        touched = known.keys() | now.keys() if new.touched is None else new.touched
        for key in touched:
            slot = now.get(key)
            if slot is None:
                db.execute("DELETE FROM slot WHERE account = ? AND id = ?", (account, key))
            elif known.get(key) is not slot:
                row = (account, key, slot.owner, slot.priority, slot.started, slot.lease_end, slot.done)
                db.execute("INSERT OR REPLACE INTO slot VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                if slot.done is None and slot.owner != self.owner:
                    self._others.add(slot.owner)
        if new.queue is not old.queue:
            for place, head in new.queue.items():
                if old.queue.get(place) != head:
                    entry = (account, *place, head.arrival, head.waiting, head.seen)
                    if head.owner != self.owner:
                        self._others.add(head.owner)
                    db.execute("INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?, ?, ?)", entry)
            for place in old.queue.keys() - new.queue.keys():
                db.execute(
                    "DELETE FROM line WHERE account = ? AND owner = ? AND priority = ?", (account, *place)
                )


def _version(db: sqlite3.Connection) -> tuple[int, int]:
    return db.execute("PRAGMA data_version").fetchone()[0], db.total_changes

"""What is still to be written to HubSoft, durable before the first byte of it is sent.

One table. A row says how far it came, who works on it, and until when that claim holds. What a row may become is
the service's business: here it is only made sure that two processes never work on one row, and that a process that
lost its claim cannot write over another's result.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, fields, replace
from typing import Any, Final

from ..core.clock import Clock
from ..values import dataclass
from .database import AccountStore, Database
from .losses import HighWater
from .process_liveness import ProcessLiveness
from .rescue import MOST, sequence_of

MIGRATIONS: Final = (
    """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    marker TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created_at REAL NOT NULL,
    content TEXT NOT NULL,
    draft BLOB NOT NULL,
    state TEXT NOT NULL,
    updated_at REAL NOT NULL,
    sent_at REAL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    looks INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    due REAL,
    epoch TEXT NOT NULL,
    ticket_id INTEGER,
    protocol TEXT,
    said TEXT NOT NULL,
    doubles TEXT NOT NULL,
    similar TEXT NOT NULL,
    claim INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease REAL
);
CREATE INDEX entry_due ON entry (account, due) WHERE due IS NOT NULL;
""",
)
QUEUED: Final = "queued"
SENDING: Final = "sending"
LATEST: Final = 1e11
"""No instant of a row is later than this (UTC epoch seconds)."""
LEASE_SECONDS: Final = 30.0
"""A claim of a frozen process ends after this; a living one renews it."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One entry. Instants in UTC epoch seconds, but `due` and `lease`: on `Clock.now` of `epoch`."""

    number: int
    marker: str
    kind: str
    created_at: float
    content: str
    """What two entries that say the same have in common; not readable."""
    draft: bytes = field(repr=False)
    state: str = QUEUED
    updated_at: float = 0.0
    sent_at: float | None = None
    """When its first byte may first have left."""
    attempts: int = 0
    uncertain: int = 0
    """How many of the attempts HubSoft may have carried out without our knowing."""
    failures: int = 0
    """How often in a row it could not be sent or looked for."""
    looks: int = 0
    """How many later looks for doubles are done."""
    approved: bool = False
    """A person said to send it whatever similar ticket exists."""
    due: float | None = None
    """When the next step is to be made; None when no step is planned."""
    epoch: str = ""
    ticket_id: int | None = None
    protocol: str | None = None
    said: str = ""
    doubles: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    claim: int = 0
    """Grows with every claim: names the one that is held."""
    owner: str | None = None
    lease: float | None = None


Step = Callable[[OutboxRow], OutboxRow]
"""What becomes of a row; called while no other process can write, so it must be quick and have no effects."""

_COLUMNS: Final = tuple(each.name for each in fields(OutboxRow))
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM entry "  # noqa: S608 - our own names
_FIXED: Final = frozenset({"number", "marker", "kind", "created_at"})
_CHANGING: Final = tuple(name for name in _COLUMNS if name not in _FIXED)
_UPDATE: Final = f"UPDATE entry SET {', '.join(f'{name} = :{name}' for name in _CHANGING)} "  # noqa: S608
_MINE: Final = "WHERE number = ? AND owner = ? AND claim = ?"
_RENEW: Final = f"UPDATE entry SET lease = ? {_MINE}"  # noqa: S608
_CLAIM: Final = (
    "UPDATE entry SET owner = ?, lease = ?, claim = claim + 1"  # noqa: S608
    " WHERE number = ? AND account = ? AND due <= ? AND owner IS NULL"
    f" RETURNING {', '.join(_COLUMNS)}"
)
_LISTS: Final = frozenset({"doubles", "similar"})


@dataclass(frozen=True, slots=True)
class OutboxTally:
    """How many entries are not over, how many ask for a person, and the oldest (epoch s) that asks for none."""

    left: int
    asks: int
    oldest: float | None


class SqliteOutbox(AccountStore):
    """The entries of one credential, for one thread at a time. Raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness, clock: Clock) -> None:
        super().__init__(database, account)
        self._liveness = liveness
        self._clock = clock
        self._version: object = None
        self._high = HighWater(database.path)
        # What is purged are people's phones and troubles: its pages are overwritten.
        database.read("PRAGMA secure_delete=ON")

    @property
    def owner(self) -> str:
        """Name this process among all that share the outbox."""
        return self._liveness.owner

    def add(self, kind: str, draft: bytes, content: str, new_marker: Callable[[], str]) -> OutboxRow:
        """Keep a new entry, due at once: when this returns, it survives a power cut."""
        return self.add_all([(kind, draft, content)], new_marker)[0]

    def add_all(
        self, entries: Sequence[tuple[str, bytes, str]], new_marker: Callable[[], str]
    ) -> tuple[OutboxRow, ...]:
        """Keep new entries (kind, draft, content), all of them or none."""
        with self._database.write() as connection:
            self._go_on(connection)
            return tuple(self._added(connection, *each, new_marker) for each in entries)

    def _added(
        self,
        connection: sqlite3.Connection,
        kind: str,
        draft: bytes,
        content: str,
        new_marker: Callable[[], str],
    ) -> OutboxRow:
        wall = self._clock.wall()
        row = OutboxRow(
            number=0,
            marker="",
            kind=kind,
            created_at=wall,
            content=content,
            draft=draft,
            updated_at=wall,
            due=self._clock.now(),
            epoch=self._clock.epoch(),
        )
        names = ("account", *(name for name in _COLUMNS if name != "number"))
        sql = f"INSERT INTO entry ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608
        while True:
            row = replace(row, marker=new_marker())
            try:
                cursor = connection.execute(sql, {"account": self._account, **_values(row)})
            except sqlite3.IntegrityError:  # the marker is taken: one in hundreds of millions
                continue
            number = cursor.lastrowid or 0
            # Before the commit: no number is handed out that a loss of this file could hand out again.
            self._high.raise_to(number)
            return replace(row, number=number)

    def _go_on(self, connection: sqlite3.Connection) -> None:
        """Have the next number follow the highest that was ever handed out, in a file before this one too."""
        high = self._high.read()
        if high > sequence_of(connection, "entry"):
            connection.execute("DELETE FROM sqlite_sequence WHERE name = 'entry'")
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('entry', ?)", (high,))

    def row(self, number: int) -> OutboxRow | None:
        """Return one entry."""
        return next(iter(self._rows("number = ?", (number,))), None)

    def rows(self) -> tuple[OutboxRow, ...]:
        """Return every entry, newest first."""
        return self._rows("1")

    def due(self) -> tuple[int, ...]:
        """Return the numbers of those whose next step is due and that no process works on, oldest first."""
        found = self._read(
            "SELECT number FROM entry WHERE account = ? AND due <= ? AND owner IS NULL ORDER BY number",
            (self._clock.now(),),
        )
        return tuple(int(str(number)) for (number,) in found)

    def next_due(self) -> float | None:
        """Return when (`Clock.now`) the next step of any unclaimed entry is due."""
        ((due,),) = self._read(
            "SELECT min(due) FROM entry WHERE account = ? AND due IS NOT NULL AND owner IS NULL"
        )
        return due if isinstance(due, float) else None

    def alike(self, content: str, since: float) -> tuple[OutboxRow, ...]:
        """Return the entries with this `content` written at `since` (epoch s) or later, newest first."""
        return self._rows("content = ? AND created_at >= ?", (content, since))

    def tickets(self) -> frozenset[int]:
        """Return the ids of the tickets that entries became."""
        found = self._read("SELECT ticket_id FROM entry WHERE account = ? AND ticket_id IS NOT NULL")
        return frozenset(int(str(ticket)) for (ticket,) in found)

    # -- claims

    def claim(self, number: int) -> OutboxRow | None:
        """Take an entry whose next step is due, for `LEASE_SECONDS`; None when it is not due or not free."""
        now = self._clock.now()
        with self._database.write() as connection:
            found = connection.execute(
                _CLAIM,
                (self.owner, now + LEASE_SECONDS, number, self._account, now),
            ).fetchall()
        return _row(found[0]) if found else None

    def renew(self, row: OutboxRow) -> bool:
        """Hold a claim longer; False when it was lost."""
        with self._database.write() as connection:
            lease = self._clock.now() + LEASE_SECONDS
            return connection.execute(_RENEW, (lease, *self._held(row))).rowcount == 1

    def advance(self, row: OutboxRow, step: Step) -> OutboxRow | None:
        """Change a claimed entry and keep the claim; None, and nothing changed, when the claim was lost."""
        lease = self._clock.now() + LEASE_SECONDS
        return self._change(row, lambda found: replace(step(found), lease=lease))

    def finish(self, row: OutboxRow, step: Step) -> OutboxRow | None:
        """Change a claimed entry and let it go; None, and nothing changed, when the claim was lost."""
        return self._change(row, lambda found: replace(step(found), owner=None, lease=None))

    def revise(self, number: int, step: Step) -> OutboxRow | None:
        """Change an entry, claimed or not: `step` decides by what it finds; None when there is no such entry.

        What `step` raises changes nothing.
        """
        with self._database.write() as connection:
            found = connection.execute(
                f"{_SELECT}WHERE number = ? AND account = ?", (number, self._account)
            ).fetchall()
            if not found:
                return None
            after = step(_row(found[0]))
            self._store(connection, after)
            return after

    def recover(self, step: Step, *, of: Iterable[str] | None = None) -> tuple[OutboxRow, ...]:
        """Apply `step` to what no process works on any more, and to what was due on a clock that is gone.

        That is: claims of dead processes, claims of others that ran out, or with `of` the claims of those owners.
        Returns what was changed. Reads alone when there is nothing to do.
        """
        left = self._abandoned(frozenset(of) if of is not None else None)
        if not left:
            return ()
        changed = []
        with self._database.write() as connection:
            for stale in left:
                found = connection.execute(
                    f"{_SELECT}WHERE number = ? AND claim = ? AND owner IS ?",
                    (stale.number, stale.claim, stale.owner),
                ).fetchall()
                if found and (row := _row(found[0])).lease == stale.lease:
                    # A claim more, so that a frozen process finds its own is gone.
                    after = replace(step(row), owner=None, lease=None, claim=row.claim + 1)
                    self._store(connection, after)
                    changed.append(after)
        return tuple(changed)

    def _abandoned(self, of: frozenset[str] | None) -> list[OutboxRow]:
        if of is not None:
            return [row for row in self._rows("owner IS NOT NULL") if row.owner in of]
        now, epoch = self._clock.now(), self._clock.epoch()
        rows = self._rows("owner IS NOT NULL OR (due IS NOT NULL AND epoch != ?)", (epoch,))
        dead = self._liveness.dead({row.owner for row in rows if row.owner is not None})
        return [row for row in rows if self._is_abandoned(row, dead, now, epoch)]

    def _is_abandoned(self, row: OutboxRow, dead: set[str], now: float, epoch: str) -> bool:
        if row.owner is None:
            return row.epoch != epoch
        if row.owner == self.owner:
            return False  # this very process works on it, however late it is
        return row.owner in dead or row.epoch != epoch or (row.lease or 0.0) < now

    # -- watching and tidying

    def changed(self) -> bool:
        """Tell whether another process changed anything since the last call. Microseconds."""
        version = self._database.read("PRAGMA data_version")[0][0]
        before, self._version = self._version, version
        return bool(before != version)

    def tally(self, *, over: Sequence[str], asking: Sequence[str], undecided: str) -> OutboxTally:
        """Count the entries not in the states `over`, and those a person must look at.

        These are in a state of `asking`, or `undecided` with no step planned, or doubled.
        """
        ((left, asks, oldest),) = self._database.read(
            f"SELECT count(*) FILTER (WHERE state NOT IN ({_marks(over)})),"  # noqa: S608
            f" count(*) FILTER (WHERE state IN ({_marks(asking)}) OR (state = ? AND due IS NULL)"
            " OR doubles != '[]'),"
            f" min(created_at) FILTER (WHERE state NOT IN ({_marks(over)}) AND state NOT IN ({_marks(asking)})"
            " AND NOT (state = ? AND due IS NULL)) FROM entry WHERE account = ?",
            (*over, *asking, undecided, *over, *asking, undecided, self._account),
        )
        return OutboxTally(int(str(left)), int(str(asks)), None if oldest is None else float(str(oldest)))

    def purge(self, states: Sequence[str], before: float) -> int:
        """Forget entries in these states with nothing left to do since `before` (epoch s); return how many."""
        return self._write(
            f"DELETE FROM entry WHERE account = ? AND state IN ({_marks(states)}) AND updated_at < ?"  # noqa: S608
            " AND due IS NULL AND doubles = '[]'",
            (*states, before),
        )

    def _rows(self, where: str, parameters: Sequence[object] = ()) -> tuple[OutboxRow, ...]:
        found = self._read(f"{_SELECT}WHERE account = ? AND ({where}) ORDER BY number DESC", (*parameters,))
        return tuple(map(_row, found))

    def _change(self, row: OutboxRow, step: Step) -> OutboxRow | None:
        with self._database.write() as connection:
            found = connection.execute(f"{_SELECT}{_MINE}", self._held(row)).fetchall()
            if not found:
                return None
            after = step(_row(found[0]))
            self._store(connection, after)
            return after

    def _held(self, row: OutboxRow) -> tuple[object, ...]:
        return (row.number, self.owner, row.claim)

    def _store(self, connection: sqlite3.Connection, row: OutboxRow) -> None:
        connection.execute(f"{_UPDATE}WHERE number = :number", _values(row))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def _values(row: OutboxRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return {name: json.dumps(value) if name in _LISTS else value for name, value in values.items()}


def _row(found: Sequence[Any]) -> OutboxRow:
    values = dict(zip(_COLUMNS, found, strict=True))
    values |= {name: tuple(json.loads(values[name])) for name in _LISTS}
    values["approved"] = bool(values["approved"])
    return OutboxRow(**values)


def rescued(
    table: str, found: Mapping[str, Any], readable: Callable[[OutboxRow], object]
) -> Mapping[str, Any] | None:
    """Return what a row read from a damaged file is carried over as, or None when it makes no sense.

    `readable` raises ValueError for a draft that cannot be read. A row that waits to be sent may have been sent
    before the file was damaged: it is given to an owner that is gone, in the middle of sending, so that it is
    looked for first.
    """
    if table != "entry":
        return found
    try:
        row = _row([found[name] for name in _COLUMNS])
        readable(row)
        if not _is_sensible(row):
            return None
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if row.state == QUEUED and row.due is not None:
        sent_at = row.created_at if row.sent_at is None else row.sent_at
        return {**found, "state": SENDING, "owner": "rescued", "lease": 0.0, "sent_at": sent_at}
    return found


def _is_sensible(row: OutboxRow) -> bool:
    """Whether every value of a row is of its kind, and a number no more than it can be."""
    counts: tuple[Any, ...] = (row.number, row.attempts, row.uncertain, row.failures, row.looks, row.claim)
    moments: tuple[Any, ...] = (
        row.created_at,
        row.updated_at,
        row.sent_at or 0.0,
        row.due or 0.0,
        row.lease or 0.0,
    )
    words: tuple[Any, ...] = (row.marker, row.content, row.epoch, row.said, *row.doubles, *row.similar)
    return (
        row.number > 0
        and all(isinstance(count, int) and 0 <= count < MOST for count in counts)
        and all(isinstance(at, int | float) and -LATEST < at < LATEST for at in moments)
        and all(isinstance(word, str) for word in words)
        and all(isinstance(word, str | None) for word in (row.protocol, row.owner))
        and isinstance(row.ticket_id, int | None)
    )

"""The tickets' mirror on disk: what HubSoft said of each ticket we know, and every change we noticed.

One SQLite file for all processes on a home. A pass of the sync is one transaction (`mirror_writing`): a
reader sees the truth before it or after it. `version` grows with every transaction that changed something a
person can see, so that asking for what differs is a look into one index.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from ..core.clock import Clock
from .database import AccountStore, Database
from .mirror_records import (
    DueTold,
    FollowedTicket,
    Following,
    Label,
    MirrorChange,
    MirrorMessage,
    MirrorState,
    MirrorTexts,
    MirrorTicket,
    Pulse,
    Standing,
    StatusCount,
)
from .process_liveness import Lease, ProcessLiveness
from .rescue import listing

TICKETS: Final = "tickets.db"
MIGRATIONS: Final = (
    """
CREATE TABLE mirror (
    account TEXT PRIMARY KEY,
    version INTEGER NOT NULL DEFAULT 0,
    changes INTEGER NOT NULL DEFAULT 0,
    began_at REAL,       -- when the first whole pass began
    synced_at REAL,
    looked_at REAL,
    tables_at REAL,
    page BLOB,
    last BLOB
) WITHOUT ROWID;
CREATE TABLE ticket (
    account TEXT NOT NULL,
    id INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    state INTEGER NOT NULL,
    following INTEGER NOT NULL,
    type_id INTEGER,
    type TEXT,
    status_id INTEGER,
    status TEXT,
    status_prefix TEXT,
    opened_at REAL,
    closed_at REAL,
    deleted_at REAL,
    due_at REAL,
    draft INTEGER NOT NULL,
    opened_by TEXT,
    closed_by TEXT,
    responsible TEXT NOT NULL,
    sector TEXT,
    closing_status TEXT,
    closing_reason TEXT,
    service_id INTEGER,
    customer_id INTEGER,
    customer_code INTEGER,
    customer_name TEXT,
    customer_document TEXT,
    messages INTEGER,
    last_message INTEGER NOT NULL,
    first_seen REAL NOT NULL,
    confirmed_at REAL NOT NULL,
    change INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX ticket_version ON ticket (account, version);
CREATE INDEX ticket_following ON ticket (account, state, opened_at) WHERE following > 0;
CREATE INDEX ticket_protocol ON ticket (account, protocol);
CREATE INDEX ticket_opened ON ticket (account, opened_at, status_id, state);
CREATE INDEX ticket_closed ON ticket (account, closed_at) WHERE closed_at IS NOT NULL;
CREATE TABLE change (
    account TEXT NOT NULL,
    number INTEGER NOT NULL,
    ticket_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    before TEXT,
    after TEXT,
    at REAL,             -- when HubSoft says
    "by" TEXT,
    seen_at REAL NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX change_ticket ON change (account, ticket_id);
CREATE INDEX change_version ON change (account, version);
CREATE TABLE message (
    account TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    text TEXT NOT NULL,
    written_at REAL,
    PRIMARY KEY (account, ticket_id, id)
) WITHOUT ROWID;
CREATE TABLE texts (
    account TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    opening TEXT,
    closing TEXT,
    contact_name TEXT,
    contact_phone TEXT,
    work_orders BLOB,
    asked_at REAL,
    PRIMARY KEY (account, ticket_id)
) WITHOUT ROWID;
CREATE TABLE label (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    label TEXT NOT NULL,
    prefix TEXT,
    PRIMARY KEY (account, kind, id)
) WITHOUT ROWID;
CREATE TABLE spent (
    account TEXT NOT NULL,
    day TEXT NOT NULL,   -- local, YYYY-MM-DD
    requests INTEGER NOT NULL,
    naive INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) WITHOUT ROWID;
CREATE TABLE sync_lease (
    account TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until REAL NOT NULL,
    epoch TEXT NOT NULL
) WITHOUT ROWID;
""",
    # What ended before it was told is known.
    """
ALTER TABLE ticket ADD COLUMN due_told INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET due_told = 2
    WHERE due_at <= (SELECT synced_at FROM mirror WHERE mirror.account = ticket.account);
""",
    """
CREATE TABLE board (
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    state BLOB NOT NULL,  -- opaque here
    PRIMARY KEY (account, person)
) WITHOUT ROWID;
""",
)
SENSES: Final = {
    "mirror": "version >= 0 AND changes >= 0",
    "ticket": f"state IN {listing(Standing)} AND following IN {listing(Following)}"
    f" AND due_told IN {listing(DueTold)} AND version >= 0 AND change >= 0",
    "change": "number > 0 AND version >= 0",
}


def columns(names: Sequence[str]) -> str:
    """Return column names for a statement: `before` and `by` are words of SQL's own."""
    return ", ".join(f'"{name}"' for name in names)


R = TypeVar("R", bound=msgspec.Struct)
_TABLES: Final[Mapping[type[msgspec.Struct], str]] = {
    MirrorState: "mirror",
    MirrorTicket: "ticket",
    FollowedTicket: "ticket",
    MirrorChange: "change",
    MirrorMessage: "message",
    MirrorTexts: "texts",
    Label: "label",
}
"""Where the fields of each record are the columns."""
_SELECT: Final = {
    record: f"SELECT {columns(record.__struct_fields__)} FROM {table} WHERE account = ? "  # noqa: S608 - constants
    for record, table in _TABLES.items()
}
_PUT: Final = {
    record: f"INSERT OR REPLACE INTO {table} (account, {columns(record.__struct_fields__)})"  # noqa: S608
    f" VALUES (?{', ?' * len(record.__struct_fields__)})"
    for record, table in _TABLES.items()
}


class Mirror(AccountStore):
    """One connection to the mirror of one credential, for one thread. Raises StoreError."""

    def __init__(self, database: Database, account: str) -> None:
        super().__init__(database, account)
        self.database = database
        self.account = account
        self._seen: int | None = None

    def close(self) -> None:
        """Close the connection."""
        self.database.close()

    def state(self) -> MirrorState:
        """Return what the sync keeps for itself."""
        return next(iter(self._all(MirrorState)), MirrorState())

    def pulse(self) -> Pulse | None:
        """Return what tells of news, or None when no connection wrote since the last call. Microseconds."""
        seen = int(self._database.read("PRAGMA data_version")[0][0])
        if seen == self._seen:
            return None
        rows = self._read(
            "SELECT version, synced_at, (SELECT owner FROM sync_lease WHERE account = ?1) FROM mirror"
            " WHERE account = ?1"
        )
        self._seen = seen
        return Pulse(*rows[0]) if rows else Pulse(0, None, None)

    def tickets(self, ids: Iterable[int]) -> dict[int, MirrorTicket]:
        """Return those of `ids` that are known, by id."""
        found = self._all(MirrorTicket, "AND id IN (SELECT value FROM json_each(?))", (listed(ids),))
        return {ticket.id: ticket for ticket in found}

    def by_protocol(self, protocol: str) -> MirrorTicket | None:
        """Return the ticket with this protocol, if it is known."""
        return next(iter(self._all(MirrorTicket, "AND protocol = ?", (protocol,))), None)

    def followed(self, *, open_only: bool = False, since: int = -1) -> list[MirrorTicket]:
        """Return the tickets that are followed, newest first; those of a version after `since`."""
        news = ("AND version > ?", (since,)) if since >= 0 else ("", ())
        only = f" AND state = {int(Standing.OPEN)}" if open_only else ""
        return self._all(MirrorTicket, f"AND following > 0 {news[0]}{only} ORDER BY id DESC", news[1])

    def followed_open(self) -> list[FollowedTicket]:
        """Return the tickets that are followed and open."""
        return self._all(FollowedTicket, f"AND following > 0 AND state = {int(Standing.OPEN)}")

    def dropped(self, since: int) -> list[int]:
        """Return the ids of tickets not followed whose version is after `since`."""
        rows = self._read(
            "SELECT id FROM ticket WHERE account = ? AND version > ? AND following <= 0", (since,)
        )
        return [row[0] for row in rows]

    def changes(self, *, last: int | None = None, ticket_id: int | None = None) -> list[MirrorChange]:
        """Return changes, oldest first: of one ticket or of all, the `last` few or all."""
        one = ("", ()) if ticket_id is None else ("AND ticket_id = ?", (ticket_id,))
        limit = -1 if last is None else int(last)
        found = self._all(MirrorChange, f"{one[0]} ORDER BY number DESC LIMIT {limit}", one[1])
        return found[::-1]

    def numbered(self, numbers: Iterable[int]) -> dict[int, MirrorChange]:
        """Return the changes with these numbers, by number."""
        found = self._all(MirrorChange, "AND number IN (SELECT value FROM json_each(?))", (listed(numbers),))
        return {change.number: change for change in found}

    def changes_since(self, version: int) -> list[MirrorChange]:
        """Return the changes noticed after `version`, oldest first."""
        return self._all(MirrorChange, "AND version > ? ORDER BY number", (version,))

    def messages(self, ticket_id: int) -> list[MirrorMessage]:
        """Return a ticket's messages, oldest first."""
        return self._all(MirrorMessage, "AND ticket_id = ? ORDER BY written_at, id", (ticket_id,))

    def texts(self, ticket_id: int) -> MirrorTexts:
        """Return a ticket's long texts, as far as they are known."""
        return next(iter(self._all(MirrorTexts, "AND ticket_id = ?", (ticket_id,))), MirrorTexts(ticket_id))

    def labels(self) -> list[Label]:
        """Return every status and type that was heard of."""
        return self._all(Label, "ORDER BY kind, id")

    def statuses(self, since: float) -> list[StatusCount]:
        """Count the tickets opened since then (UTC epoch seconds) by status, open and closed."""
        rows = self._read(
            f"SELECT status_id, sum(state = {int(Standing.OPEN)}), sum(state = {int(Standing.CLOSED)})"  # noqa: S608
            " FROM ticket WHERE account = ? AND opened_at >= ? GROUP BY status_id",
            (since,),
        )
        return [StatusCount(*row) for row in rows]

    def count(self, *, opened_since: float | None = None, closed_since: float | None = None) -> int:
        """Count the tickets known that were opened, or closed, since then (UTC epoch seconds)."""
        column, since = ("opened_at", opened_since) if closed_since is None else ("closed_at", closed_since)
        return self._count(
            f"SELECT count(*) FROM ticket WHERE account = ? AND {column} >= ?",  # noqa: S608 - one of two
            (since or 0.0,),
        )

    def tracked(self) -> int:
        """Count the tickets that are followed and open."""
        return self._count(
            "SELECT count(*) FROM ticket WHERE account = ? AND following > 0 AND state = ?", (Standing.OPEN,)
        )

    def changed_after(self, number: int) -> int:
        """Count the changes whose number is above `number`."""
        return self._count("SELECT count(*) FROM change WHERE account = ? AND number > ?", (number,))

    def board(self, person: str) -> bytes | None:
        """Return how a person left the board."""
        rows = self._read("SELECT state FROM board WHERE account = ? AND person = ?", (person,))
        return rows[0][0] if rows else None

    def keep_board(self, person: str, state: bytes) -> None:
        """Keep how a person left the board."""
        self._write("INSERT OR REPLACE INTO board (account, person, state) VALUES (?, ?, ?)", (person, state))

    def due(self, now: float, *, back: float, ahead: float) -> tuple[int, int]:
        """Count the open tickets that are followed whose SLA ended within `back` seconds, and ends within `ahead`."""
        rows = self._read(
            "SELECT total(due_at > ?2 - ?3 AND due_at <= ?2), total(due_at > ?2 AND due_at <= ?2 + ?4)"
            " FROM ticket WHERE account = ?1 AND following > 0 AND state = ?5",
            (now, back, ahead, Standing.OPEN),
        )
        return int(rows[0][0]), int(rows[0][1])

    def earliest(self) -> float | None:
        """Return when the oldest ticket that is followed by rule was opened (UTC epoch seconds)."""
        rows = self._read(
            "SELECT min(opened_at) FROM ticket WHERE account = ? AND following > 0"  # noqa: S608 - a constant
            f" AND following = {int(Following.RULE)}"
        )
        earliest: float | None = rows[0][0]
        return earliest

    def spent(self, day: str) -> tuple[int, int]:
        """Return how many requests syncing took on a day, and how many one per ticket would have taken."""
        rows = self._read("SELECT requests, naive FROM spent WHERE account = ? AND day = ?", (day,))
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def _all(self, record: type[R], rest: str = "", parameters: Sequence[object] = ()) -> list[R]:
        """Return the records of this credential, `rest` being what else the statement says."""
        return [record(*row) for row in self._read(_SELECT[record] + rest, parameters)]


def listed(ids: Iterable[int]) -> str:
    """Return ids as `json_each` takes them."""
    return f"[{','.join(map(str, ids))}]"


LEASE_SECONDS: Final = 60.0
"""What a frozen process holds is free after this; a living one renews it."""

_ABOUT_TICKETS: Final = (
    ("change", "ticket_id"), ("message", "ticket_id"), ("texts", "ticket_id"), ("ticket", "id")
)  # fmt: skip
_TEXTS: Final = ("opening", "closing", "contact_name", "contact_phone", "work_orders", "asked_at")


class Draft:
    """The open transaction: what is said here is kept when the block ends, or not at all."""

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        self._connection = connection
        self._account = account
        self._version = 0
        self._number: int | None = None

    @property
    def version(self) -> int:
        """The version of what this block changes; asking for it takes it."""
        if not self._version:
            (self._version,) = self._connection.execute(
                # Where the line of the account is lost, what it counted goes on.
                "INSERT INTO mirror (account, version, changes) VALUES (?1,"
                " 1 + coalesce((SELECT max(version) FROM ticket WHERE account = ?1), 0),"
                " coalesce((SELECT max(number) FROM change WHERE account = ?1), 0))"
                " ON CONFLICT (account) DO UPDATE SET version = version + 1 RETURNING version",
                (self._account,),
            ).fetchone()
        return self._version

    def number(self) -> int:
        """Return the number of the next change."""
        if self._number is None:
            (self._number,) = self._connection.execute(
                "SELECT max(coalesce((SELECT changes FROM mirror WHERE account = ?1), 0),"
                " coalesce((SELECT max(number) FROM change WHERE account = ?1), 0))",
                (self._account,),
            ).fetchone()
        self._number += 1
        return self._number

    def keep(self, tickets: Iterable[MirrorTicket]) -> None:
        """Keep tickets as they are now."""
        version = self.version
        self._put(MirrorTicket, (msgspec.structs.replace(ticket, version=version) for ticket in tickets))

    def changed(self, changes: Iterable[MirrorChange]) -> None:
        """Add lines to the history."""
        version = self.version
        self._connection.executemany(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((self._account, *msgspec.structs.astuple(change), version) for change in changes),
        )
        if self._number is not None:
            self.remember(changes=self._number)

    def confirm(self, seen: Mapping[float, Iterable[int]]) -> None:
        """Note when tickets were last returned: by the moment they were asked for, their ids."""
        for at, ids in seen.items():
            self._connection.execute(
                "UPDATE ticket SET confirmed_at = max(confirmed_at, ?) WHERE account = ?"
                " AND id IN (SELECT value FROM json_each(?))",
                (at, self._account, listed(ids)),
            )

    def messages(self, messages: Iterable[MirrorMessage]) -> None:
        """Keep messages; one that is known is replaced."""
        self._put(MirrorMessage, messages)

    def texts(self, texts: Iterable[MirrorTexts]) -> None:
        """Keep long texts; what is None leaves what is known."""
        kept = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in _TEXTS)
        self._connection.executemany(
            f"INSERT INTO texts (account, ticket_id, {', '.join(_TEXTS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            f" ON CONFLICT (account, ticket_id) DO UPDATE SET {kept}",
            ((self._account, *msgspec.structs.astuple(each)) for each in texts),
        )

    def opened_again(self, ids: Iterable[int]) -> None:
        """Forget what was written when these were closed."""
        self._connection.execute(
            "UPDATE texts SET closing = NULL WHERE account = ? AND ticket_id IN (SELECT value FROM json_each(?))",
            (self._account, listed(ids)),
        )

    def learn(self, labels: Iterable[Label]) -> None:
        """Keep what statuses and types are called."""
        self._put(Label, labels)

    def remember(self, **state: float | bytes | None) -> None:
        """Set fields of `MirrorState`."""
        names = list(state)
        self._connection.execute(
            f"INSERT INTO mirror (account, {', '.join(names)}) VALUES (?{', ?' * len(names)})"  # noqa: S608 - ours
            f" ON CONFLICT (account) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}",
            (self._account, *state.values()),
        )

    def spend(self, day: str, requests: int, naive: int) -> None:
        """Add to a day's count of requests, and of those one per ticket would have taken."""
        self._connection.execute(
            "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT (account, day)"
            " DO UPDATE SET requests = requests + excluded.requests, naive = naive + excluded.naive",
            (self._account, day, requests, naive),
        )

    def settle(self, *, closed_before: float, most: int) -> None:
        """Stop following by rule what was closed, or last returned, before then (UTC epoch seconds).

        Of those closed since, the `most` that were closed last stay, and any closed in the same instant.
        """
        whose = f"account = ?1 AND following > 0 AND following = {int(Following.RULE)}"
        closed = f"state = {int(Standing.CLOSED)} AND closed_at"
        last = self._connection.execute(
            f"SELECT closed_at FROM ticket WHERE {whose} AND {closed} >= ?2"  # noqa: S608 - ours
            " ORDER BY closed_at DESC LIMIT 1 OFFSET ?3",
            (self._account, closed_before, most - 1),
        ).fetchone()
        where = f"{whose} AND ({closed} < ?3 OR (state = {int(Standing.MISSING)} AND confirmed_at < ?2))"
        parameters = (self._account, closed_before, last[0] if last else closed_before)
        if self._connection.execute(f"SELECT 1 FROM ticket WHERE {where} LIMIT 1", parameters).fetchone():  # noqa: S608
            self._connection.execute(
                f"UPDATE ticket SET following = {int(Following.NO)}, version = ?4 WHERE {where}",  # noqa: S608
                (*parameters, self.version),
            )

    def forget(self, *, over_before: float, opened_before: float) -> int:
        """Forget tickets that are not followed, with all that was said in them; return how many.

        Those closed, or last returned, before `over_before`, and opened before `opened_before` (UTC epoch
        seconds): one opened later would be news when a list shows it again.
        """
        rows = self._connection.execute(
            "SELECT id FROM ticket WHERE account = ? AND following <= 0 AND opened_at < ?"  # noqa: S608 - ours
            f" AND ((state = {int(Standing.CLOSED)} AND closed_at < ?)"
            f" OR (state = {int(Standing.MISSING)} AND confirmed_at < ?))",
            (self._account, opened_before, over_before, over_before),
        ).fetchall()
        ids = listed(row[0] for row in rows)
        for table, column in _ABOUT_TICKETS:
            self._connection.execute(
                f"DELETE FROM {table} WHERE account = ? AND {column} IN (SELECT value FROM json_each(?))",  # noqa: S608
                (self._account, ids),
            )
        return len(rows)

    def _put(self, record: type[msgspec.Struct], records: Iterable[msgspec.Struct]) -> None:
        values = ((self._account, *msgspec.structs.astuple(each)) for each in records)
        self._connection.executemany(_PUT[record], values)


@contextlib.contextmanager
def writing(mirror: Mirror) -> Iterator[Draft]:
    """Hold the mirror for one transaction. Raises StoreBusy when another process does, and StoreError."""
    with mirror.database.write() as connection:
        yield Draft(connection, mirror.account)


def sync_lease(mirror: Mirror, liveness: ProcessLiveness, clock: Clock) -> Lease:
    """Return the right to sync."""
    return Lease(mirror.database, "sync_lease", mirror.account, liveness, clock)

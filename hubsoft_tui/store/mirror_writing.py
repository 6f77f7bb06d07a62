"""Writing to the tickets' mirror: everything within one block is one transaction.

What is written takes the next version; a block that only confirms what was known takes none.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from ..core.clock import Clock
from .lease import Lease
from .mirror import TICKET, Mirror, columns, listed
from .mirror_records import Following, Label, MirrorChange, MirrorMessage, MirrorTexts, MirrorTicket, Standing
from .process_liveness import ProcessLiveness

LEASE_SECONDS: Final = 60.0
"""What a frozen process holds is free after this; a living one renews it."""

_MARKS: Final = ", ".join("?" * (len(TICKET) + 1))
_KEEP: Final = f"INSERT OR REPLACE INTO ticket (account, {columns(TICKET)}) VALUES ({_MARKS})"  # noqa: S608
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
                "INSERT INTO mirror (account, version) VALUES (?, 1)"
                " ON CONFLICT (account) DO UPDATE SET version = version + 1 RETURNING version",
                (self._account,),
            ).fetchone()
        return self._version

    def number(self) -> int:
        """Return the number of the next change."""
        if self._number is None:
            row = self._connection.execute(
                "SELECT changes FROM mirror WHERE account = ?", (self._account,)
            ).fetchone()
            self._number = int(row[0]) if row else 0
        self._number += 1
        return self._number

    def keep(self, tickets: Iterable[MirrorTicket]) -> None:
        """Keep tickets as they are now."""
        version = self.version
        self._connection.executemany(
            _KEEP,
            (
                (self._account, *msgspec.structs.astuple(msgspec.structs.replace(ticket, version=version)))
                for ticket in tickets
            ),
        )

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
        self._connection.executemany(
            "INSERT OR REPLACE INTO message (account, id, ticket_id, text, written_at) VALUES (?, ?, ?, ?, ?)",
            ((self._account, *msgspec.structs.astuple(message)) for message in messages),
        )

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
        self._connection.executemany(
            "INSERT OR REPLACE INTO label (account, kind, id, label, prefix) VALUES (?, ?, ?, ?, ?)",
            ((self._account, *msgspec.structs.astuple(label)) for label in labels),
        )

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

    def settle(self, *, closed_before: float) -> None:
        """Stop following by rule what was closed, or last returned, before then (UTC epoch seconds)."""
        where = (
            "account = ?1 AND following > 0 AND following = ?2"
            f" AND ((state = {int(Standing.CLOSED)} AND closed_at < ?3)"
            f" OR (state = {int(Standing.MISSING)} AND confirmed_at < ?3))"
        )
        parameters = (self._account, int(Following.RULE), closed_before)
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


@contextlib.contextmanager
def writing(mirror: Mirror) -> Iterator[Draft]:
    """Hold the mirror for one transaction. Raises StoreBusy when another process does, and StoreError."""
    with mirror.database.write() as connection:
        yield Draft(connection, mirror.account)


def sync_lease(mirror: Mirror, liveness: ProcessLiveness, clock: Clock) -> Lease:
    """Return the right to sync."""
    return Lease(mirror.database, "sync_lease", mirror.account, liveness, clock)

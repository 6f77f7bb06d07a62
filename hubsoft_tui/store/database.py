"""SQLite files that several processes open at once, after any crash, and never silently lose."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from .disk import is_damage, store_errors
from .opening import DatabaseOpening, Opened
from .rescue import Mend, carry_over

AGAIN_SECONDS: Final = 5.0
"""How often a file that could only be read, or was found damaged, is opened again."""


class Database:
    """One connection to one file, for one thread at a time. Every failure is a StoreError naming the file.

    `lost` says that what an earlier file held is lost, wholly or in part: it was damaged, or gone. `set_aside` is
    where a damaged file was moved. A file that is moved or deleted while it is open is begun anew, with the rows
    of the old one, at the next read or write; `renewals` counts that.
    """

    def __init__(self, opening: DatabaseOpening) -> None:
        self.path = opening.path
        self.renewals = 0
        self._opening = opening
        self._damaged = False
        self._closed = False
        self._opened = opening.open()
        self._tried_at = time.monotonic() if self._opened.trouble is not None else -AGAIN_SECONDS

    @property
    def set_aside(self) -> Path | None:
        """Where the damaged file was moved when this one was begun in its place, else None."""
        return self._opened.set_aside

    @property
    def lost(self) -> bool:
        """Whether what was here before is lost."""
        return self._opened.lost

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection; it is another one after the file was begun anew."""
        return self._opened.connection

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Run one reading statement and return its rows; StoreBusy or StoreError when it cannot be read."""
        with self._errors():
            self.follow()
            return self.connection.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock (BEGIN IMMEDIATE) for the block, then commit; anything raised rolls back.

        Waits at most BUSY_SECONDS for another writer, then raises StoreBusy with nothing changed. Once the
        block runs, the only failures left are the disk's.
        """
        with self._errors():
            self.follow()
            self._refuse_reading_only()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction; then there is nothing to roll back.
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def follow(self) -> None:
        """Begin the file anew if it is gone, another one, or damaged. A microsecond while all is well."""
        if self._closed or self._opened.trouble is not None:
            return  # what is read alone may be no file at all
        if self._damaged:
            if time.monotonic() - self._tried_at < AGAIN_SECONDS:
                return
            self._tried_at, self._damaged = time.monotonic(), False
            self._renew(self._opening.open(reading=False))
        elif self._opened.moved(self.path):
            self._renew(self._opening.open(reading=False, gone=True))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        with store_errors(self.path):
            try:
                yield
            except sqlite3.DatabaseError as error:
                self._damaged = self._damaged or is_damage(error)
                raise

    def _renew(self, opened: Opened) -> None:
        before, self._opened = self._opened, opened
        if opened.inode != before.inode:
            self.renewals += 1
            # What was set aside was read on the way; of what another process began, its rows are there already.
            if self._opening.rescued and opened.set_aside is None:
                with contextlib.suppress(sqlite3.Error):
                    carry_over(before.connection, opened.connection, keyless=opened.lost)
        before.connection.close()

    def _refuse_reading_only(self) -> None:
        """Raise what keeps the file from being written, unless it can be by now."""
        if self._opened.trouble is None:
            return
        if time.monotonic() - self._tried_at < AGAIN_SECONDS:
            raise self._opened.trouble
        self._tried_at = time.monotonic()
        # Closed first: where the log's index is in memory, this connection has the file for itself.
        self.connection.close()
        self._opened = self._opening.open()
        if self._opened.trouble is not None:
            raise self._opened.trouble

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        self._closed = True
        self.connection.close()


def open_database(
    path: Path,
    migrations: Sequence[str],
    *,
    durable: bool = False,
    wall: Callable[[], float] = time.time,
    rescued: bool = True,
    mend: Mend | None = None,
) -> Database:
    """Open `path`, creating it (0600, new folders 0700) and running the migrations it has not seen.

    `migrations` are SQL scripts, oldest first and never edited once released: the file's version is how many
    have run. `durable` makes a commit survive power loss (a flush each), otherwise it survives a crash of the
    process. A damaged file is moved aside, never deleted; with `rescued`, its readable rows are carried over as
    `mend` returns them. What is lost, a file that was there before and is missing too, is remembered (see `losses`). A
    file that cannot be written, on a full disk say, is opened for reading alone; then every write raises why.
    Several processes may open at once. Raises StoreError when a newer version wrote the file, or it is a link, or
    it can be neither written nor read.
    """
    return Database(DatabaseOpening(path, tuple(migrations), durable, wall, rescued, mend))

"""SQLite files that several processes open at once, after any crash, and never silently lose.

A file is opened privately, by one process at a time, whole, or else for reading alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from ..errors import StoreBusy, StoreError
from ..texts import say
from ..values import dataclass
from .disk import PARTS, is_damage, make_private_file, make_private_folder, store_error, store_errors
from .losses import Loss, amend_loss, mark_room, note_loss, prepare_marks, was_there
from .rescue import Mend, Senses, carry_over, rescue, take_out, unsound

logger = logging.getLogger(__name__)

BUSY_SECONDS: Final = 0.05
"""How long one statement may wait for another process: the engine's thread serves everybody else too."""
OPEN_SECONDS: Final = 10.0
"""How long opening may wait for other processes that are opening the same file."""
LOG_PAGES: Final = 256
"""A file's log is carried over at about 1 MiB: SQLite's own measure lets eight files grow for an hour, to 4 each."""
CACHE_KIB: Final = 512
"""Pages kept in memory for each connection; the system keeps the rest. SQLite's own measure is four times that."""
STATEMENTS: Final = 256
"""So many that were run are kept compiled."""
MOST_MIGRATIONS: Final = 1000
"""No version of a file is higher; a damaged one may say anything."""
BEGUN_UNIT: Final = 60.0
"""A file begun after a loss says when, in these seconds, as its application id; 0 in any other."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection, and how it came about."""

    connection: sqlite3.Connection
    inode: tuple[int, int] | None = None
    lost: bool = False
    set_aside: Path | None = None
    trouble: StoreError | None = None
    """Why it can only be read; None when it can be written."""

    def moved(self, path: str) -> bool:
        """Tell whether `path` is another file than the one that is open, or none, or empty."""
        try:
            found = os.stat(path)  # noqa: PTH116 - at each question: a Path's own costs twice as much
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return (found.st_dev, found.st_ino) != self.inode or not found.st_size


@dataclass(frozen=True, slots=True)
class DatabaseOpening:
    """Everything that opening a database needs, so that it can be done again. See `database.open_database`."""

    path: Path
    migrations: tuple[str, ...]
    durable: bool = False
    wall: Callable[[], float] = time.time
    rescued: bool = True
    mend: Mend | None = None
    trusted: bool = False
    senses: Senses | None = field(default_factory=dict)
    cache: bool = False

    def open(self, *, reading: bool = True, gone: bool = False) -> Opened:
        """Open it; with `reading` for reading alone when it cannot be written. `gone` says that it just went.

        Raises StoreError.
        """
        try:
            with store_errors(self.path):
                make_private_folder(self.path.parent)
                with _one_opener(self.path):
                    return self._open(gone=gone)
        except StoreBusy:
            raise
        except StoreError as error:
            if not reading or not isinstance(error.__cause__, OSError | sqlite3.OperationalError):
                raise
            opened = self._for_reading(error)
            if opened is None:
                raise
            return opened

    def _open(self, *, gone: bool) -> Opened:
        missing = self._missing()
        lost = missing and (gone or was_there(self.path))
        prepare_marks(self.path)
        if lost:
            self._clear_remains()
            note_loss(self.path, "missing", self.wall())
            logger.warning("%s was gone or empty, and is begun anew", self.path)
        opened = self._connected(lost=lost)
        if isinstance(opened, Opened):
            self._take_out_unsound(opened.connection)
            mark_room(self.path)
            return self._for_use(opened)
        # It is damaged. What is remembered first cannot be forgotten by a crash in between.
        aside = _name_aside(self.path, self.wall())
        try:
            loss = note_loss(self.path, "damaged", self.wall(), aside=str(aside))
            # Moved before it is closed: closing is when SQLite would delete its log.
            _move_aside(self.path, aside)
        finally:
            opened.close()
        again = self._connected(lost=True)
        assert isinstance(again, Opened)  # noqa: S101 - a file that was just made is whole
        mark_room(self.path)
        self._rescue(aside, again.connection, loss)
        return replace(self._for_use(again), set_aside=aside)

    def _for_use(self, opened: Opened) -> Opened:
        """Exchange the connection: it keeps what it compiled, and what opening runs once is the largest."""
        with contextlib.closing(opened.connection):
            connection = self._connect(STATEMENTS)
            try:
                self._set_up(connection)
                connection.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
            except BaseException:
                connection.close()
                raise
        return replace(opened, connection=connection)

    def _connected(self, *, lost: bool) -> Opened | sqlite3.Connection:
        """Return what was opened, or the connection to a file that turned out to be damaged."""
        connection = self._connect(0)
        try:
            self._prepare(connection, begun=lost)
            if not (self.rescued or self.cache) and self._unsound(connection):
                raise _damage("a row makes no sense")
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return connection
            connection.close()
            raise
        except BaseException:
            connection.close()
            raise
        found = self.path.stat()
        return Opened(connection, (found.st_dev, found.st_ino), lost)

    def _rescue(self, aside: Path, into: sqlite3.Connection, loss: Loss) -> None:
        with contextlib.closing(self._empty()) as empty:
            fresh = empty.serialize()
        rescued = rescue(aside, into, fresh, self.mend) if self.rescued else 0
        if rescued:
            rescued -= take_out(into, self._unsound(into), None)
        logger.warning("%s was damaged and set aside as %s; %d rows are back", self.path, aside, rescued)
        if rescued:
            amend_loss(self.path, replace(loss, rescued=rescued))

    def _take_out_unsound(self, connection: sqlite3.Connection) -> None:
        """Set the rows aside that cannot be used, and remember that; those of a cache are only forgotten."""
        rows = self._unsound(connection)
        if not rows:
            return
        aside = None
        if not self.cache:
            aside = _name_aside(self.path, self.wall())
            make_private_file(aside)
        gone = take_out(connection, rows, aside)
        logger.warning("%d rows of %s could not be used: %s", gone, self.path, ", ".join(rows))
        if aside is not None and gone:
            note_loss(self.path, "rows", self.wall(), aside=str(aside), rows=gone)

    def _unsound(self, connection: sqlite3.Connection) -> dict[str, str]:
        return {} if self.senses is None else unsound(connection, self.senses, self.mend)

    def _missing(self) -> bool:
        try:
            return not self.path.lstat().st_size
        except FileNotFoundError:
            return True

    def _clear_remains(self) -> None:
        """Move away what is left of a file that is gone: its log would pass for that of the next."""
        if any(os.path.lexists(f"{self.path}{part}") for part in PARTS):
            _move_aside(self.path, _name_aside(self.path, self.wall()))

    def _connect(self, statements: int) -> sqlite3.Connection:
        make_private_file(self.path)
        return sqlite3.connect(
            self.path,
            timeout=OPEN_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=statements,
        )

    def _prepare(self, connection: sqlite3.Connection, *, begun: bool) -> None:
        if not self.trusted:
            _refuse_damaged(connection)
        self._refuse_newer(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        self._set_up(connection)
        self._migrate(connection, begun=begun)

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'NORMAL'}")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")

    def _refuse_newer(self, connection: sqlite3.Connection) -> None:
        if version(connection) > len(self.migrations):
            raise StoreError(
                say(
                    "The file {path} was written by a newer version of hubsoft-tui. Update this one.",
                    path=self.path,
                )
            )

    def _migrate(self, connection: sqlite3.Connection, *, begun: bool) -> None:
        if version(connection) == len(self.migrations):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._refuse_newer(connection)
            for script in self.migrations[version(connection) :]:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(self.migrations)}")
            if begun:
                # In one transaction with the tables: no process may find them and not know that.
                connection.execute(f"PRAGMA application_id={int(self.wall() // BEGUN_UNIT)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    # -- reading alone

    def _for_reading(self, trouble: StoreError) -> Opened | None:
        """Return what can be read while `trouble` keeps it from being written; None when it cannot be read."""
        connection = self._readable() if self.path.is_file() and not self.path.is_symlink() else None
        if connection is None and self._lacks_only_room():
            connection = self._empty()  # a room that this home does not have yet, or lost
        if connection is None:
            return None
        logger.warning("%s is only read: %s", self.path, trouble)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
        return Opened(connection, trouble=trouble)

    def _lacks_only_room(self) -> bool:
        """Whether nothing of it was ever written, beside files that hold something."""
        with contextlib.suppress(OSError):
            others = (other for other in self.path.parent.glob("*.db") if other != self.path)
            return self._missing() and any(other.stat().st_size for other in others)
        return False

    def _readable(self) -> sqlite3.Connection | None:
        """Open the file in the first way that works without writing, if it has the shape that is known."""
        name = f"file:{quote(str(self.path))}"
        log = Path(f"{self.path}-wal")
        logged = log.exists() and log.stat().st_size > 0
        ways: list[tuple[str, str]] = [(f"{name}?mode=ro", "")]
        # Nothing is in the log, so the file alone is all there is; else its index is kept in memory, which
        # needs the file for itself.
        ways.append((name, "PRAGMA locking_mode=EXCLUSIVE") if logged else (f"{name}?immutable=1", ""))
        for uri, first in ways:
            connection = None
            try:
                connection = sqlite3.connect(
                    uri, uri=True, isolation_level=None, check_same_thread=False, timeout=1.0
                )
                if first:
                    connection.execute(first)
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                if version(connection) == len(self.migrations):
                    return connection
            except sqlite3.Error:
                pass
            if connection is not None:
                connection.close()
        return None

    def _empty(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._migrate(connection, begun=False)
        return connection


def version(connection: sqlite3.Connection) -> int:
    """Return how many migrations a file has seen."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def _one_opener(path: Path) -> Iterator[None]:
    """Let one process at a time open `path`: of two that find it damaged, the second finds a fresh one."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        for _try in range(round(OPEN_SECONDS / 0.01)):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.01)
        else:
            raise StoreBusy(say("Another process is using {path}. Try again in a moment.", path=path))
        yield
    finally:
        os.close(lock)


def _refuse_damaged(connection: sqlite3.Connection) -> None:
    try:
        whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        # Tables come with their version in one transaction.
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        plausible = version(connection) in range(1 if tables else 0, MOST_MIGRATIONS)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        whole = plausible = False  # what the first page says is no format of SQLite's
    except UnicodeDecodeError:
        whole = plausible = False  # the schema's own text is damaged, and quick_check quotes it
    if not whole or not plausible:
        raise _damage("quick_check failed")


def _damage(what: str) -> sqlite3.DatabaseError:
    damage = sqlite3.DatabaseError(what)
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return damage


def _statements(script: str) -> Iterator[str]:
    """Split a script: `executescript` would commit the migration half done."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n\t;"):
                yield statement
            statement = ""


def _name_aside(path: Path, wall: float) -> Path:
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, again = Path(f"{path}.corrupt-{stamp}"), 1
    while any(os.path.lexists(f"{aside}{part}") for part in PARTS):
        again += 1
        aside = Path(f"{path}.corrupt-{stamp}-{again}")
    return aside


def _move_aside(path: Path, aside: Path) -> None:
    for part in PARTS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{part}").rename(f"{aside}{part}")


FOLLOW_SECONDS: Final = 0.25
"""How often who only looks for changes looks whether the file is still there."""
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
        self._name = os.fspath(opening.path)
        self.renewals = 0
        self._opening = opening
        self._damaged = False
        self._closed = False
        self._followed_at = -AGAIN_SECONDS
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

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one reading statement and return its rows; StoreBusy or StoreError when it cannot be read."""
        # Not by `store_errors`: a context manager made of a generator costs as much as the read.
        try:
            self.follow()
            return self._opened.connection.execute(sql, parameters).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._note_damage(error)
            raise store_error(error, self.path) from error

    def state(self) -> tuple[int, int]:
        """Return what differs once another connection committed, or the file was begun anew; two microseconds.

        That the file is gone is noticed within a moment. Raises StoreError.
        """
        now = time.monotonic()
        try:
            if now - self._followed_at >= FOLLOW_SECONDS:
                self.follow()
                self._followed_at = now
            found = self._opened.connection.execute("PRAGMA data_version").fetchone()
        except (sqlite3.Error, OSError) as error:
            self._note_damage(error)
            raise store_error(error, self.path) from error
        return self.renewals, found[0]

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock (BEGIN IMMEDIATE) for the block, then commit; anything raised rolls back.

        Waits at most BUSY_SECONDS for another writer, then raises StoreBusy with nothing changed. Once the
        block runs, the only failures left are the disk's.
        """
        try:
            self.follow()
            self._refuse_reading_only()
            connection = self._opened.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction; then there is nothing to roll back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            self._note_damage(error)
            raise store_error(error, self.path) from error

    def follow(self) -> None:
        """Begin the file anew if it is gone, another one, or damaged. A microsecond while all is well."""
        if self._closed or self._opened.trouble is not None:
            return  # what is read alone may be no file at all
        if self._damaged:
            if time.monotonic() - self._tried_at < AGAIN_SECONDS:
                return
            self._tried_at, self._damaged = time.monotonic(), False
            self._renew(self._opening.open(reading=False))
        elif self._opened.moved(self._name):
            self._renew(self._opening.open(reading=False, gone=True))

    def _note_damage(self, error: Exception) -> None:
        self._damaged = self._damaged or (isinstance(error, sqlite3.DatabaseError) and is_damage(error))

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


class AccountStore:
    """The rows of one credential in one file, for one thread at a time. Raises StoreError.

    Of every statement here the first parameter is the account. With StoreBusy nothing was changed.
    """

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def _read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._database.read(sql, (self._account, *parameters))

    def _count(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Return the number in the only row; 0 where it is NULL."""
        return int(self._read(sql, parameters)[0][0] or 0)

    def _write(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement in a transaction of its own; return how many rows it changed."""
        with self._database.write() as connection:
            return connection.execute(sql, (self._account, *parameters)).rowcount


def open_database(
    path: Path,
    migrations: Sequence[str],
    *,
    durable: bool = False,
    wall: Callable[[], float] = time.time,
    rescued: bool = True,
    mend: Mend | None = None,
    trusted: bool = False,
    senses: Senses | None = MappingProxyType({}),
    cache: bool = False,
) -> Database:
    """Open `path`, creating it (0600, new folders 0700) and running the migrations it has not seen.

    `migrations` are SQL scripts, oldest first and never edited once released: the file's version is how many
    have run. `durable` makes a commit survive power loss (a flush each), otherwise it survives a crash of the
    process. A damaged file is moved aside, never deleted; with `rescued`, its readable rows are carried over as
    `mend` returns them. A row with a cell of the wrong type, one that is not true to its table's sense, and one that
    `mend` does not return are set aside alone; of a `cache` they are forgotten, and a file that is neither `rescued`
    nor a cache is damaged by one. Without `senses` no row is looked at: its readers judge what they read. What is
    lost, a file that was there before and is missing too, is remembered (see `losses`). A file that cannot be written,
    on a full disk say, is opened for reading alone; then every write raises why. A `trusted` file is not read through,
    which takes longer the larger it is: for a short look, whose reader can do without what turns out to be damaged.
    Several processes may open at once. Raises StoreError when a newer version wrote the file, or it is a link, or
    it can be neither written nor read.
    """
    return Database(
        DatabaseOpening(path, tuple(migrations), durable, wall, rescued, mend, trusted, senses, cache)
    )

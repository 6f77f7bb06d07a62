"""SQLite files that several processes open at once, after any crash, and never silently lose."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from ..errors import StoreBusy, StoreError
from ..texts import say

T = TypeVar("T")

BUSY_SECONDS: Final = 0.05
"""How long one statement may wait for another process: the engine's thread serves everybody else too."""
OPEN_SECONDS: Final = 10.0
"""How long opening may wait for other processes that are opening the same file."""

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_PARTS: Final = ("", "-wal", "-shm")


class Database:
    """One connection to one file, for one thread at a time. Every failure is a StoreError naming the file.

    `set_aside` is where a damaged file was moved when this one was opened fresh in its place, else None.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, set_aside: Path | None = None) -> None:
        self.path = path
        self.set_aside = set_aside
        self.connection = connection

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Run one reading statement and return its rows; StoreBusy or StoreError when it cannot be read."""
        with store_errors(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock (BEGIN IMMEDIATE) for the block, then commit; anything raised rolls back.

        Waits at most BUSY_SECONDS for another writer, then raises StoreBusy with nothing changed. Once the
        block runs, the only failures left are the disk's.
        """
        with store_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself; then there is nothing to roll back.
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        self.connection.close()


def open_database(
    path: Path,
    migrations: Sequence[str],
    *,
    durable: bool = False,
    wall: Callable[[], float] = time.time,
) -> Database:
    """Open `path`, creating it (0600, new folders 0700) and running the migrations it has not seen.

    `migrations` are SQL scripts, oldest first and never edited once released: the file's version is how many
    have run. `durable` makes a commit survive power loss (a flush each), otherwise it survives a crash of the
    process. A damaged file is moved aside, never deleted (see `Database.set_aside`). Several processes may open
    at once. Raises StoreError when a newer version wrote the file, or the place cannot be written.
    """
    set_aside = None
    with store_errors(path):
        make_private_folder(path.parent)
        with _one_opener(path):
            connection = _connect(path)
            try:
                _prepare(connection, path, migrations, durable=durable)
            except sqlite3.DatabaseError as error:
                # Moved before it is closed: closing is when SQLite would delete its log.
                if _is(error, _DAMAGED):
                    set_aside = _move_aside(path, wall())
                connection.close()
                if set_aside is None:
                    raise
                connection = _connect(path)
                _prepare(connection, path, migrations, durable=durable)
            except BaseException:
                connection.close()
                raise
    return Database(connection, path, set_aside)


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about `path` into StoreError or StoreBusy."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(error, path) from error
    except OSError as error:
        no_room = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (_no_room(path) if no_room else _forbidden(path)) from error


def _explained(error: sqlite3.Error, path: Path) -> StoreError:
    if _is(error, _BUSY):
        return StoreBusy(say("Another process is using {path}. Try again in a moment.", path=path))
    if _is(error, _NO_ROOM):
        return _no_room(path)
    if _is(error, _FORBIDDEN):
        return _forbidden(path)
    if _is(error, _DAMAGED):
        return StoreError(
            say("The file {path} is damaged. Restart: it will be moved aside and begun anew.", path=path)
        )
    return StoreError(say("The file {path} cannot be used: {reason}.", path=path, reason=str(error)))


def _no_room(path: Path) -> StoreError:
    return StoreError(
        say("{path} cannot be written: the disk is full or failing. Free some space.", path=path)
    )


def _forbidden(path: Path) -> StoreError:
    return StoreError(
        say(
            "{path} cannot be written. Check who owns its folder, or choose another with HUBSOFT_TUI_HOME.",
            path=path,
        )
    )


def _is(error: sqlite3.Error, codes: frozenset[int]) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in codes


def make_private_folder(folder: Path) -> None:
    """Create `folder` and what is missing above it, each 0700."""
    # Folders that exist keep their mode: one of them may be a person's home, or /tmp.
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)


@contextlib.contextmanager
def _one_opener(path: Path) -> Iterator[None]:
    """Let one process at a time open `path`: of two that find it damaged, the second finds a fresh one."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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


def _connect(path: Path) -> sqlite3.Connection:
    _make_private_file(path)
    return sqlite3.connect(
        path, timeout=OPEN_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[str], *, durable: bool) -> None:
    _refuse_newer(connection, path, len(migrations))
    _refuse_damaged(connection)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    _migrate(connection, path, migrations)
    connection.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")


def _make_private_file(path: Path) -> None:
    # An existing file is never opened here: closing it would drop the POSIX locks that another connection of
    # this very process holds on it. SQLite gives -wal and -shm the mode of the file itself.
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    else:
        if stat.S_ISREG(mode) and mode & 0o077:
            path.chmod(0o600)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_newer(connection: sqlite3.Connection, path: Path, known: int) -> None:
    if _version(connection) > known:
        raise StoreError(
            say("The file {path} was written by a newer version of hubsoft-tui. Update this one.", path=path)
        )


def _refuse_damaged(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        error = sqlite3.DatabaseError("quick_check failed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _refuse_newer(connection, path, len(migrations))
        for script in migrations[_version(connection) :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Split a script: `executescript` would commit the migration half done."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n\t;"):
                yield statement
            statement = ""


def _move_aside(path: Path, wall: float) -> Path:
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, again = Path(f"{path}.corrupt-{stamp}"), 1
    while aside.exists():
        again += 1
        aside = Path(f"{path}.corrupt-{stamp}-{again}")
    for part in _PARTS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{part}").rename(f"{aside}{part}")
    return aside

"""What the system says about files, in our words; and files and folders that only their owner may read."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import StoreBusy, StoreError
from ..privacy import clean
from ..settings.places import tighten
from ..texts import Text, say

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
PARTS: Final = ("", "-wal", "-shm")


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about `path` into StoreError or StoreBusy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, path) from error


def store_error(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Return what an error of SQLite or the system about `path` is in our words."""
    if isinstance(error, sqlite3.Error):
        return _explained(error, path)
    if error.errno == errno.ELOOP:
        return linked(Path(error.filename or path))
    no_room = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return _no_room(path) if no_room else _forbidden(path)


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


def make_private_file(path: Path) -> None:
    """Create `path`, 0600, or close it to others. StoreError for a link; OSError for what the system refuses."""
    # An existing file is never opened here: closing it would drop the POSIX locks that another connection of
    # this very process holds on it. SQLite gives -wal and -shm the mode of the file itself.
    for part in PARTS:
        with contextlib.suppress(FileNotFoundError):
            mode = os.lstat(f"{path}{part}").st_mode
            if stat.S_ISLNK(mode):
                raise linked(Path(f"{path}{part}"))
            if not stat.S_ISREG(mode):
                raise StoreError(
                    say("{path} is no ordinary file. Move it away: one is made anew.", path=f"{path}{part}")
                )
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return
    for part in PARTS:
        tighten(Path(f"{path}{part}"))


def linked(path: Path) -> StoreError:
    """Say that a link stands where a file should be."""
    return StoreError(
        say("{path} is a link, and links are not followed here. Put the file itself in its place.", path=path)
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether `error` says that the file itself is damaged."""
    return _is(error, _DAMAGED)


_LOCKS = Path("/proc/locks")


def holder(path: Path) -> Text:
    """Say which other process holds the database `path`, by name and number where the system tells."""
    for pid in _writers(path):
        name = ""
        with contextlib.suppress(OSError):
            name = clean(Path(f"/proc/{pid}/comm").read_text(errors="replace").strip())
        if pid == os.getpid():
            return say("{path} is locked by another part of this program.", path=path)
        return say(
            "{path} is locked by another process: {name}, number {pid}.", path=path, name=name or "?", pid=pid
        )
    return say("{path} is locked by another process.", path=path)


def _writers(path: Path) -> list[int]:
    """Return the processes with a write lock on the database or its index, other processes first."""
    inodes = set()
    for part in PARTS:
        with contextlib.suppress(OSError):
            inodes.add(Path(f"{path}{part}").stat().st_ino)
    found = []
    try:
        lines = _LOCKS.read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        fields = line.split()
        # 1: POSIX  ADVISORY  WRITE 4711 08:01:123456 120 120
        with contextlib.suppress(ValueError, IndexError):
            if fields[3] == "WRITE" and int(fields[5].rpartition(":")[2]) in inodes:
                found.append(int(fields[4]))
    return sorted(found, key=lambda pid: pid == os.getpid())

"""Which process holds a database that is locked."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..privacy import clean
from ..texts import Text, say
from .disk import PARTS

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

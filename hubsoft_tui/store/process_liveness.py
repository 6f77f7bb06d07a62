"""Which processes on this home are alive, and the rights that one of them has at a time.

Each engine holds a lock that the kernel drops when its process dies. A lock says more than a process id: ids are
reused, and mean nothing in another container.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..core.clock import Clock
from ..errors import StoreError
from .database import AccountStore, Database
from .disk import make_private_folder, store_errors

NAME_LENGTH: Final = 64
"""No owner's name is longer."""
SETTLED_NS: Final = 100_000_000


class ProcessLiveness:
    """One living owner: `owner` names it until `close()`, or until its process ends in whatever way.

    Two in one process are two owners. What the dead left in `folder` is removed. On a disk that cannot be written
    it is unknown to the others until `enter` succeeds; StoreError when there is no such folder either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.owner = secrets.token_hex(8)
        self._lock = -1
        self._left = False
        self._alone_at: int | None = None
        """When the folder was last changed as of a look that found no other owner in it (ns)."""
        try:
            self.enter()
        except StoreError:
            if not folder.is_dir():
                raise
        with store_errors(folder):
            self.dead(path.stem for path in folder.glob("*.alive"))

    def enter(self) -> None:
        """Be there for the others, which must be so before anything is done that they count on. StoreError."""
        if self._lock >= 0 or self._left:
            return
        with store_errors(self._folder):
            make_private_folder(self._folder)
            self._lock = self._entered()

    def dead(self, owners: Iterable[str]) -> set[str]:
        """Return those of `owners` whose process is gone. About ten microseconds each."""
        return {owner for owner in owners if owner != self.owner and not self._alive(owner)}

    def elsewhere(self, owner: str | None) -> bool:
        """Tell whether `owner` is another one than this, and alive; empty or None is no owner."""
        return owner is not None and owner not in {"", self.owner} and self._alive(owner)

    def alone(self) -> bool:
        """Whether no other owner lives in the folder. Microseconds while it stays so: who comes changes the folder."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            changed = None
        if changed is not None and changed == self._alone_at:
            return True
        owners = {path.stem for path in self._folder.glob("*.alive")} - {self.owner}
        alone = owners == self.dead(owners)
        # What comes in the instant of the look may leave the same time behind as what came before it.
        settled = changed is not None and time.time_ns() - changed > SETTLED_NS
        self._alone_at = changed if alone and settled else None
        return alone

    def close(self) -> None:
        """Leave; from now on this owner is dead. Closing twice is harmless."""
        self._left = True
        if self._lock >= 0:
            self._path(self.owner).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.alive"

    def _entered(self) -> int:
        path = self._path(self.owner)
        while True:
            with contextlib.suppress(FileExistsError):
                lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                # Between the file and its lock another process may have found no lock, and removed it.
                with contextlib.suppress(BlockingIOError, FileNotFoundError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if os.path.samestat(path.stat(), os.fstat(lock)):
                        return lock
                os.close(lock)

    def _alive(self, owner: str) -> bool:
        # What a damaged row names as its owner must lead to no file but an owner's.
        if not owner.isalnum() or len(owner) > NAME_LENGTH:
            return False
        path = self._path(owner)
        try:
            probe = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            # Out of file descriptors, say: the living must not be buried for it.
            return True
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            return True
        finally:
            os.close(probe)
        return False


def held_elsewhere(
    liveness: ProcessLiveness, clock: Clock, owner: str | None, until: float, epoch: str
) -> bool:
    """Tell whether another process that is alive holds a claim; `until` is on the clock of `epoch`."""
    return epoch == clock.epoch() and clock.now() < until and liveness.elsewhere(owner)


class Lease(AccountStore):
    """One right of one credential: a row of `table` (account, owner, until, epoch). Raises StoreError."""

    def __init__(
        self, database: Database, table: str, account: str, liveness: ProcessLiveness, clock: Clock
    ) -> None:
        super().__init__(database, account)
        self._table = table
        self._liveness = liveness
        self._clock = clock

    @property
    def owner(self) -> str:
        """Name this process among those that take the lease."""
        return self._liveness.owner

    def take(self, seconds: float) -> bool:
        """Take or renew the lease; False while a living process holds it and its time is not over."""
        with self._database.write() as connection:
            row = connection.execute(
                f"SELECT owner, until, epoch FROM {self._table} WHERE account = ?",  # noqa: S608 - a constant
                (self._account,),
            ).fetchone()
            if row is not None and held_elsewhere(self._liveness, self._clock, *row):
                return False
            connection.execute(
                f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?, ?)",  # noqa: S608 - a constant
                (self._account, self.owner, self._clock.now() + seconds, self._clock.epoch()),
            )
        return True

    def holder(self) -> str | None:
        """Return the owner of the lease, alive or not."""
        rows = self._read(f"SELECT owner FROM {self._table} WHERE account = ?")  # noqa: S608 - a constant
        return str(rows[0][0]) if rows else None

    def held(self) -> bool:
        """Whether this process has the lease. Within a transaction the answer stays true until it ends."""
        return self.holder() == self.owner

    def elsewhere(self) -> bool:
        """Whether another process that is alive has the lease."""
        return self._liveness.elsewhere(self.holder())

    def release(self) -> None:
        """Give the lease back."""
        self._write(
            f"DELETE FROM {self._table} WHERE account = ? AND owner = ?",  # noqa: S608 - a constant
            (self.owner,),
        )

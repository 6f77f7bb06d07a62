"""A right that one process on a home has at a time, until it ends, dies or lets its time pass."""

from __future__ import annotations

from ..core.clock import Clock
from .database import Database
from .process_liveness import ProcessLiveness


def held_elsewhere(
    liveness: ProcessLiveness, clock: Clock, owner: str | None, until: float, epoch: str
) -> bool:
    """Tell whether another process that is alive holds a claim; `until` is on the clock of `epoch`."""
    return (
        owner not in {None, liveness.owner}
        and epoch == clock.epoch()
        and clock.now() < until
        and not liveness.dead([owner or ""])
    )


class Lease:
    """One right of one credential: a row of `table` (account, owner, until, epoch). Raises StoreError."""

    def __init__(
        self, database: Database, table: str, account: str, liveness: ProcessLiveness, clock: Clock
    ) -> None:
        self._database = database
        self._table = table
        self._account = account
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
        rows = self._database.read(
            f"SELECT owner FROM {self._table} WHERE account = ?",  # noqa: S608 - a constant
            (self._account,),
        )
        return str(rows[0][0]) if rows else None

    def held(self) -> bool:
        """Whether this process has the lease. Within a transaction the answer stays true until it ends."""
        return self.holder() == self.owner

    def elsewhere(self) -> bool:
        """Whether another process that is alive has the lease."""
        holder = self.holder()
        return holder not in {None, self.owner} and not self._liveness.dead([holder or ""])

    def release(self) -> None:
        """Give the lease back."""
        with self._database.write() as connection:
            connection.execute(
                f"DELETE FROM {self._table} WHERE account = ? AND owner = ?",  # noqa: S608 - a constant
                (self._account, self.owner),
            )

"""The seam between the engine and what several processes share: the token and the records.

`limiter.ledger` has the third, the permits. SQLite on one home implements them (`store/`); the engine knows nothing
of SQLite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .types import Priority


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as kept between processes and restarts. Its text form never shows the token."""

    value: str
    version: int
    issued_wall: float
    expires_wall: float
    issued_now: float
    """On the suspend-aware clock of `epoch`."""
    expires_now: float
    epoch: str

    def __repr__(self) -> str:
        return f"StoredToken(version={self.version})"


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of the record store."""

    key: str
    kind: str
    body: bytes
    fetched_at: float
    """UTC epoch seconds at which the request that brought it was sent."""
    fetched_now: float
    """The same instant on the suspend-aware clock of `epoch`: the wall clock may have stepped since."""
    epoch: str


class TokenPort(Protocol):
    """Where the token lives. Login is repeatable, so the lease only saves work."""

    def load(self) -> StoredToken | None:
        """Return the newest token, or None."""
        ...

    def save(self, token: StoredToken) -> StoredToken:
        """Keep `token` under the next version, which is higher than any before, and return it so."""
        ...

    def discard(self, version: int) -> None:
        """Forget the token if it is still this version."""
        ...

    def lease(self, seconds: float) -> bool:
        """Take the right to log in, for at most `seconds`; False when a living process holds it."""
        ...

    def release(self) -> None:
        """Give the right to log in back."""
        ...


class RecordPort(Protocol):
    """Where records live. Keys are opaque here."""

    def load(self, keys: list[str]) -> dict[str, StoredEntry]:
        """Return the entries that exist."""
        ...

    def save(self, entries: list[StoredEntry]) -> None:
        """Keep entries; an entry older than the stored one is dropped."""
        ...

    def touch(self, keys: list[str], at: float) -> None:
        """Note that these were used at `at` (epoch s), so that cleaning evicts others first."""
        ...

    def changed(self) -> bool:
        """Tell whether another process changed anything since the last call. Microseconds."""
        ...

    def clear(self) -> int:
        """Forget everything; return how many entries went."""
        ...

    def clean(self, *, older_than: float, max_entries: int, max_briefs: int) -> tuple[int, int]:
        """Drop entries fetched before `older_than` (epoch s), then the longest unused beyond the limits.

        `max_entries` counts records (kind `customer`), `max_briefs` rows of a roster (kind `brief`). Returns
        (expired, evicted); briefs that had to go are in neither.
        """
        ...

    def count(self, used_since: float = 0.0) -> int:
        """How many records (kind `customer`) are kept that were used since then (epoch s)."""
        ...

    def recent(self, kind: str, limit: int) -> list[tuple[str, float]]:
        """Return (key, fetched at in epoch s) of records of a kind, the last used first."""
        ...

    def claim(self, key: str, priority: Priority, seconds: float) -> bool:
        """Announce a fetch of `key`; False when a living process already fetches it at least as urgently."""
        ...

    def unclaim(self, key: str) -> None:
        """The announced fetch ended, either way."""
        ...

"""The seam between the engine and what several processes share: permits, the token, records.

SQLite on one home implements these today (`store/`); the engine knows nothing of SQLite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..texts import Text
from .limiter.ledger import Ledger
from .types import Priority

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limiter's settings in force. `caps` are counts of the window, CRITICAL first."""

    per_window: int = 30
    window: float = 60.0
    caps: tuple[int, int, int, int] = (30, 28, 26, 22)
    low_minimum: int = 2
    """Slots of a window LOW may always have, whoever else is waiting, CRITICAL apart."""
    max_queue: int = 1000
    longest_pause: float = 900.0
    """No Retry-After is obeyed beyond so many seconds."""

    def cap(self, priority: Priority) -> int:
        """How many slots may be held for this class to take another."""
        return self.caps[priority]


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


class PermitPort(Protocol):
    """Where the budget's ledger lives. The rules are the engine's (`schedule`); a port makes them exclusive."""

    @property
    def owner(self) -> str:
        """Name this engine among all that share the ledger."""
        ...

    def follow(self) -> None:
        """Notice that the ledger's file is gone, or another one, and carry over what is known. Raises StoreError."""
        ...

    def held_by(self) -> Text:
        """Say who holds the ledger, as a sentence."""
        ...

    def read(self) -> Ledger:
        """Return the ledger as it is now, for looking only."""
        ...

    def update(self, step: Callable[[Ledger, float], tuple[Ledger, T]]) -> T:
        """Change the ledger while nobody else can, and return what `step` found out.

        `step` gets the ledger, with what dead owners left settled and what another epoch left rebased, and
        the instant (Clock.now, read while the ledger is held); it returns the changed one. It must have no
        effects of its own: nothing is stored when this raises StoreBusy (try again) or StoreError.
        """
        ...


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

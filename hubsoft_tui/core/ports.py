"""The seam between the engine and what several processes share: the token, the records, the questions on their way.

`limiter.ledger` has the permits. SQLite on one home implements them (`store/`); the engine knows nothing of SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from ..errors import HubSoftError
from ..privacy import hide
from ..values import dataclass
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

    def __post_init__(self) -> None:
        """Keep it out of every log and message."""
        hide(self.value)

    def __repr__(self) -> str:
        return f"StoredToken(version={self.version})"


class StoredEntry(msgspec.Struct, frozen=True):
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

    async def lease(self, seconds: float) -> bool:
        """Take the right to log in, for at most `seconds`; False when a living process holds it.

        A newer token that is known elsewhere may be loaded after this. Raises StoreError, and CredentialsRefused
        when HubSoft refused the login elsewhere a moment ago.
        """
        ...

    @property
    def poll(self) -> float:
        """Seconds after which one who waits for another's login looks again."""
        ...

    def refused(self, reason: str) -> None:
        """HubSoft refused the login."""
        ...

    def release(self) -> None:
        """Give the right to log in back."""
        ...


class RecordSource(Protocol):
    """Where records are read. Keys are opaque here."""

    def load(self, keys: list[str]) -> dict[str, StoredEntry]:
        """Return the entries that exist."""
        ...

    def changed(self) -> bool:
        """Tell whether another connection changed anything since the last call. Microseconds."""
        ...


class RecordPort(RecordSource, Protocol):
    """Where records live."""

    @property
    def behind(self) -> bool:
        """What was deferred is not on disk, or could not be put there."""
        ...

    def defer(self, entries: list[StoredEntry]) -> None:
        """Keep entries with those of the next `flush`, or of whatever else is written before."""
        ...

    def flush(self) -> None:
        """Put on disk what was deferred."""
        ...

    def save(self, entries: list[StoredEntry], *, ended: str = "") -> None:
        """Keep entries; an entry older than the stored one is dropped. The fetch of key `ended` ended with it."""
        ...

    def touch(self, keys: list[str], at: float) -> None:
        """Note that these were used at `at` (epoch s), so that cleaning evicts others first."""
        ...

    def outdate(self, keys: list[str] | None, *, to: float, before: float) -> None:
        """Let entries (None: all) asked for before `before` (Clock.now) count as fetched at `to` (epoch s)."""
        ...

    def clear(self, before: float | None = None) -> int:
        """Forget everything, or what was asked for before `before` (Clock.now); return how many entries went."""
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


class Look(msgspec.Struct, frozen=True):
    """What is known of a question that is about to be asked: one of these, or it is on its way elsewhere."""

    mine: bool = False
    """This engine asks HubSoft."""
    announced: bool = False
    """The others on the home were told; what one of them learnt before that is among the records."""
    entries: tuple[StoredEntry, ...] = ()
    """What another machine learnt, young enough; not among the records yet."""
    error: HubSoftError | None = None
    """How the request failed that was waited for."""
    mark: str = ""
    """Names what was found, for the next look."""


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """One machine at the shared server."""

    id: str
    name: str
    """Empty where it was sealed with another secret."""
    version: str
    kind: str
    mine: bool
    promise: int
    """Requests a window that it may spend alone when the server is lost."""
    silent: float
    """Seconds since its last call."""
    spent: int
    """Slots of the window that it holds."""
    waiting: int
    """Its requests that wait."""


class OutagePort(Protocol):
    """What the machines that share a budget tell each other of HubSoft's outages; one probe is for all of them."""

    on_away: Callable[[], None]
    """Called when other machines get no answer."""
    on_answered: Callable[[], None]
    """Called when another machine got one after that."""

    async def take(self) -> bool:
        """Take the right to send the probe; False while another machine has it, or had it a moment ago."""
        ...

    def ended(self, *, failed: bool) -> None:
        """Give the right back, or tell that the probe got no answer."""
        ...

    def opened(self) -> None:
        """HubSoft failed this machine so often that it asks no more."""
        ...

    def answered(self) -> None:
        """HubSoft answered this machine after that."""
        ...


class NewsPort(Protocol):
    """What the machines that share a budget tell each other of what is remembered.

    Instants (Clock.now) say before when it was asked for what is meant: later answers count.
    """

    on_outdated: Callable[[tuple[str, ...] | None, float], object]
    """Called when another machine changed what these records tell; None for all."""
    on_cleared: Callable[[float], object]
    """Called when another machine forgot everything. May raise StoreError."""

    def outdated(self, names: Iterable[str]) -> None:
        """What these records tell was changed here."""
        ...

    def newer(self, names: Iterable[str], age: float) -> None:
        """These records were found changed, when they were asked for anew here `age` seconds ago."""
        ...

    def cleared(self) -> None:
        """Everything was forgotten here."""
        ...


class FlightPort(Protocol):
    """The questions on their way to HubSoft, so that one request answers all who ask."""

    @property
    def seconds(self) -> float:
        """So long after its last sign a frozen process's question is free again."""
        ...

    async def look(self, key: str, priority: Priority, max_age: float, before: Look | None) -> Look:
        """Find an answer of at most `max_age` seconds, or join who asks at least as urgently, or begin to ask.

        `before` is what the last look of the same asker found, which did not do. Raises StoreError.
        """
        ...

    async def renew(self, key: str, priority: Priority, look: Look) -> None:
        """Say that the question is still on its way. Raises StoreError."""
        ...

    async def heard(self, key: str) -> None:
        """Wait until there may be news of a question that another engine asks."""
        ...

    def landed(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        """Keep the answer, also for all who wait for it. Raises StoreError."""
        ...

    def spread(self, key: str, look: Look, entry: StoredEntry, *, life: float) -> None:
        """Tell an answer to those who ask, for `life` seconds, and keep it nowhere else. Raises StoreError."""
        ...

    def failed(self, key: str, look: Look, error: HubSoftError | None) -> None:
        """End without an answer; without an error the asker left, and another may ask at once. Raises StoreError."""
        ...

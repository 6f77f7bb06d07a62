"""What all processes on one home know together about the budget: slots, the queue, the throttle.

Pure data and pure changes of it. A `LedgerStore` loads a ledger, lets one owner change it exclusively, and stores
the difference; every rule is here, in `throttle` and in `schedule`. An engine takes part through a `PermitPort`, in
`turns` of facts against grants.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec import structs

from ...texts import Text
from ...values import dataclass
from ..types import Priority, SharedState

T = TypeVar("T")

PAUSE_SECONDS: Final = 60.0
"""How long a 429 without Retry-After pauses."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limiter's settings in force. `caps` are counts of the window, CRITICAL first."""

    per_window: int = 30
    window: float = 60.0
    caps: tuple[int, int, int, int] = (30, 28, 26, 22)
    low_minimum: int = 2
    """Slots of a window LOW may always have, whatever else is waiting, CRITICAL apart."""
    max_queue: int = 1000
    longest_pause: float = 900.0
    """No Retry-After is obeyed beyond so many seconds."""

    def cap(self, priority: Priority) -> int:
        """How many slots may be held for this class to take another."""
        return self.caps[priority]

    def pause(self, retry_after: float | None) -> float:
        """Return the seconds that a 429 pauses which asks for `retry_after`, or names none."""
        return PAUSE_SECONDS if retry_after is None else min(max(0.0, retry_after), self.longest_pause)


class Slot(msgspec.Struct, frozen=True):
    """One permit's place in the window. Times in seconds on the shared clock."""

    id: str
    owner: str
    priority: Priority
    started: float
    lease_end: float
    """When it counts as completed without a word from its owner, which is frozen or forgot."""
    done: float | None = None
    """When its request completed; None while it is in flight."""

    def completed(self, at: float) -> Slot:
        """Return it as it is once its request completed."""
        return Slot(self.id, self.owner, self.priority, self.started, self.lease_end, at)

    def frees(self, window: float) -> float:
        """When the slot may be used again: a window after the request completed, not after it was granted."""
        return (self.lease_end if self.done is None else self.done) + window

    def frees_earliest(self, window: float, now: float) -> float:
        """When the slot may be used again if a request in flight completes this very moment."""
        return (min(now, self.lease_end) if self.done is None else self.done) + window


class QueueHead(msgspec.Struct, frozen=True):
    """The first of one owner's waiters in one class, and how many wait there with it."""

    owner: str
    priority: Priority
    arrival: float
    waiting: int
    seen: float
    """When its owner last said that it still waits."""

    @property
    def rank(self) -> tuple[Priority, float, str]:
        """Sorts by who goes first."""
        return (self.priority, self.arrival, self.owner)


@dataclass(frozen=True, slots=True)
class Throttle:
    """What HubSoft said about our rate: 429s and headers."""

    paused_until: float = 0.0
    rate: int | None = None
    """Requests per window at `clean_from`, or None when it was never cut."""
    clean_from: float = 0.0
    """Since when no 429 came: the end of the last pause."""
    cut_at: float = 0.0
    """When the rate was last cut."""
    header_limit: int | None = None
    others: int = 0
    """Requests of the window that other programs spend, as the headers show, until `others_until`."""
    others_until: float = 0.0
    others_seen: int = 0
    """The same when it was last seen, at `others_at`, whether it lowers our rate or not: it is kept to be told."""
    others_at: float | None = None
    lost_at: float | None = None
    """When it was noticed that the ledger before this one is lost: what was sent in its window is not known."""

    def lost_until(self, window: float) -> float:
        """When the window of a lost ledger is over; 0 when none was lost."""
        return 0.0 if self.lost_at is None else self.lost_at + window

    def opens(self, window: float) -> float:
        """When anything may be sent, as far as pauses go."""
        return max(self.paused_until, self.lost_until(window))


class Ledger(msgspec.Struct, frozen=True):
    """The budget's whole state at one instant."""

    slots: Mapping[str, Slot] = msgspec.field(default_factory=dict)
    """By their ids, in the order in which they started."""
    queue: Mapping[tuple[str, Priority], QueueHead] = msgspec.field(default_factory=dict)
    throttle: Throttle = Throttle()
    touched: frozenset[str] | None = None
    """Slots put in, changed or taken out since the store read it; None where any may differ."""

    def owners(self) -> set[str]:
        """Name the owners whose death would change anything: in flight, or in the queue."""
        flying = {slot.owner for slot in self.slots.values() if slot.done is None}
        return flying | {owner for owner, _ in self.queue}

    def untouched(self) -> Ledger:
        """Return it as a store has it."""
        return Ledger(self.slots, self.queue, self.throttle, frozenset())

    def holding(self, *slots: Slot) -> Ledger:
        """Put `slots` in, each in the place of its former self."""
        changed = {slot.id: slot for slot in slots}
        return Ledger(
            {**self.slots, **changed}, self.queue, self.throttle, self._touching(frozenset(changed))
        )

    def _touching(self, ids: frozenset[str]) -> frozenset[str] | None:
        return None if self.touched is None else self.touched | ids

    def without(self, ids: Iterable[str]) -> Ledger:
        """Give the slots `ids` back."""
        left, gone = dict(self.slots), frozenset(ids)
        for key in gone:
            left.pop(key, None)
        return Ledger(left, self.queue, self.throttle, self._touching(gone))

    def throttled(self, **changes: float | None) -> Ledger:
        """Change fields of the throttle."""
        return structs.replace(self, throttle=replace(self.throttle, **changes))  # type: ignore[arg-type]

    def swept(self, window: float, now: float) -> Ledger:
        """Drop the slots that are free again."""
        # None is free within a window of its start, so the young ones, which are nearly all, need no look.
        old = itertools.takewhile(lambda slot: slot.started + window <= now, self.slots.values())
        free = [slot.id for slot in old if slot.frees(window) <= now]
        swept = self.without(free) if free else self
        over = self.throttle.lost_at is not None and self.throttle.lost_until(window) <= now
        return swept.throttled(lost_at=None) if over else swept

    def after_loss(self, known: Ledger, now: float) -> Ledger:
        """Begin a ledger in the place of one that was lost, with what is `known` of that."""
        throttle = replace(self.throttle if self.throttle != Throttle() else known.throttle, lost_at=now)
        return Ledger({**known.slots, **self.slots}, self.queue, throttle)

    def buried(self, dead: set[str], now: float) -> Ledger:
        """Settle what the dead left: requests in flight completed by `now`, and their waiters are gone."""
        if not dead:
            return self
        slots = {
            key: slot.completed(min(now, slot.lease_end))
            if slot.done is None and slot.owner in dead
            else slot
            for key, slot in self.slots.items()
        }
        queue = {key: head for key, head in self.queue.items() if head.owner not in dead}
        return Ledger(slots, queue, self.throttle)

    def rebased(self, now: float) -> Ledger:
        """Carry a ledger over to another epoch (the machine was restarted): its instants mean nothing now.

        Every slot counts as completed now, which costs at most one window. A pause cannot be carried over; a
        429 would renew it, and the cut rate stays.
        """
        slots = {key: Slot(key, slot.owner, slot.priority, now, now, now) for key, slot in self.slots.items()}
        kept = self.throttle
        throttle = Throttle(
            rate=kept.rate,
            clean_from=now,
            cut_at=now,
            header_limit=kept.header_limit,
            lost_at=None if kept.lost_at is None else now,
        )
        return Ledger(slots, {}, throttle)

    def posting(self, owner: str, heads: Iterable[QueueHead], *, refresh: float) -> Ledger:
        """Make `heads` the owner's part of the queue; an entry is not renewed within `refresh` seconds."""
        mine = {(head.owner, head.priority): head for head in heads}
        if not mine and not self.queue:
            return self
        for key, head in mine.items():
            old = self.queue.get(key)
            same = old is not None and (old.arrival, old.waiting) == (head.arrival, head.waiting)
            if old is not None and same and head.seen - old.seen < refresh:
                mine[key] = old
        if mine == {key: head for key, head in self.queue.items() if head.owner == owner}:
            return self
        others = {key: head for key, head in self.queue.items() if head.owner != owner}
        return structs.replace(self, queue=others | mine)


@dataclass(frozen=True, slots=True)
class MachineNotes:
    """What the processes of one home know together about their place at a shared server. Instants are Clock.now."""

    sent: float = 0.0
    """No message that could still count left later than this."""
    contact: float = 0.0
    """When the last message left that was answered; 0 for none."""
    promise: int = 0
    """Requests a window that this machine may spend alone when the server is lost."""
    roster: Mapping[str, int] = field(default_factory=dict)
    """Every machine at the server, and its promise."""
    epoch: str = ""
    version: int = 0
    """Of the ledger that said so."""
    floor: tuple[str, float, float, float] = ("", 0.0, 0.0, 0.0)
    """An epoch of the server's clocks, when it was known, and how far (ms) the slow one and the fast one are at least
    ahead of this machine's."""
    held_back: float = 0.0
    """How far (ms) the slow one had been held back by then."""
    news: tuple[str, int] = ("", 0)
    """How much was heard of what counts no more, and in which book."""
    told: tuple[tuple[str, float], ...] = ()
    """The last of it, and when it was so."""


class LedgerStore(Protocol):
    """Where the processes of one home keep the ledger together: the one that changes it has it alone."""

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
        """Change the ledger exclusively, and return what `step` found out.

        `step` gets the ledger, with what dead owners left settled and what another epoch left rebased, and
        the instant (Clock.now, read while the ledger is held); it returns the changed one. It must have no
        effects of its own: nothing is stored when this raises StoreBusy (try again) or StoreError.
        """
        ...


# What an engine knows and the ledger may not yet. Instants are this machine's Clock.now.


class Ended(msgspec.Struct, frozen=True):
    """A request completed, or is no longer waited for: `slot` says when."""

    slot: Slot


class Unused(msgspec.Struct, frozen=True):
    """Nothing was sent under this slot."""

    id: str


class TooMany(msgspec.Struct, frozen=True):
    """HubSoft answered 429 at that instant and asked for so many seconds of rest, or named none."""

    at: float
    retry_after: float | None
    limit: int | None = None
    """What HubSoft allows in a window, where the answer says so."""


class SeenLimit(msgspec.Struct, frozen=True):
    """HubSoft's rate-limit headers: what it allows in a window, and what is left of that."""

    limit: int
    remaining: int | None


Fact = Ended | Unused | TooMany | SeenLimit


class Applicant(Protocol):
    """One request that waits and may start."""

    @property
    def priority(self) -> Priority:
        """Its class."""
        ...

    @property
    def arrival(self) -> float:
        """Since when it waits in this class."""
        ...

    @property
    def lease(self) -> float:
        """The longest it can take, in seconds."""
        ...


class Told(msgspec.Struct, frozen=True):
    """One call of one engine: the facts since its last one, and all that may start, by rank."""

    facts: tuple[Fact, ...]
    asks: Sequence[Applicant]
    limits: Limits
    """As configured, before any throttle."""


class Turn(msgspec.Struct, frozen=True):
    """What a call brought: slots for the first asks of their classes, and when to look again."""

    grants: tuple[Slot, ...]
    again: float
    """Nothing can change before this instant without another engine's word; inf when nothing waits."""


class PermitPort(Protocol):
    """The budget that engines share, as one engine sees it."""

    @property
    def owner(self) -> str:
        """Name this engine among all that share the budget."""
        ...

    @property
    def instant(self) -> bool:
        """A turn awaits nothing: it may be taken in a caller's own task."""
        ...

    @property
    def refresh(self) -> float:
        """Seconds after which one that waits is announced again, and what others freed is seen."""
        ...

    async def turn(self, told: Told) -> Turn:
        """Note the facts and start what may start. StoreBusy (try again) or StoreError: nothing was noted."""
        ...

    def read(self) -> Ledger:
        """Return the ledger as last known, for looking only; microseconds."""
        ...

    def follow(self) -> None:
        """Notice that the ledger's file is gone, or another one, and carry over what is known. Raises StoreError."""
        ...

    def held_by(self) -> Text:
        """Say who holds the ledger, as a sentence."""
        ...

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to keep in touch; `wake` is called when a turn may bring more than the last one said."""
        ...

    def closed_by(self, seconds: float) -> Text | None:
        """Say why nothing is granted for so long, where it is not HubSoft's wish; None when there is no such reason."""
        ...

    def shared(self) -> SharedState | None:
        """Describe the server that several machines share; None without one."""
        ...

    async def close(self) -> None:
        """Take leave of the others."""
        ...

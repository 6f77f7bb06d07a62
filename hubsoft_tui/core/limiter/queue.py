"""The queue of one engine: the requests that wait for a permit, in order of rank, and the permit itself."""

from __future__ import annotations

import asyncio
import bisect
import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ...errors import HubSoftError
from ..clock import Clock
from ..types import Priority
from .ledger import Applicant, QueueHead, Slot

_serials = itertools.count()


class QueuePlace(msgspec.Struct, eq=False):
    """What one request wants of the queue. Instants are Clock.now, durations seconds."""

    priority: Priority
    deadline: float | None = None
    """When it is no longer worth sending."""
    not_before: float = 0.0
    lease: float = 60.0
    """The longest the request can take: should its process freeze, it counts as completed after this."""
    label: str = ""
    """Names it in `Gate.waiting`; empty when nothing follows it."""
    attempt: int = 1
    """Which attempt this is; a later one waits because an earlier one failed."""


class Permit:
    """The right to send one request now.

    Call one of `done`, `given_up` and `unused` when that is over; the first call counts.
    """

    __slots__ = ("_clock", "_held", "_settle", "_settled", "_slot", "waited")

    def __init__(
        self,
        slot: Slot,
        waited: float,
        clock: Clock,
        settle: Callable[[Slot, Slot | None], None],
        *,
        held: float = 0.0,
    ) -> None:
        """`held` is how many seconds longer the slot of a request is kept that was given up."""
        self.waited = waited
        """Seconds in the queue."""
        self._slot = slot
        self._clock = clock
        self._settle = settle
        self._held = held
        self._settled = False

    @property
    def valid(self) -> bool:
        """False once the lease is over (the machine slept, the process was frozen): then send nothing."""
        return not self._settled and self._clock.now() < self._slot.lease_end

    def done(self) -> None:
        """Tell that the request completed, or is no longer waited for: the slot is held one window more."""
        self._end(self._slot.completed(self._clock.now()))

    def given_up(self) -> None:
        """Tell that bytes left and no answer came in time: what lies between may deliver the request yet."""
        self._end(self._slot.completed(self._clock.now() + self._held))

    def unused(self) -> None:
        """Tell that nothing was sent: the slot is free at once."""
        self._end(None)

    def _end(self, after: Slot | None) -> None:
        if not self._settled:
            self._settled = True
            self._settle(self._slot, after)


class Waiter(msgspec.Struct, eq=False):
    """A request in the queue. Its future gets the permit, or the error."""

    place: QueuePlace
    arrival: float
    serial: int
    future: asyncio.Future[Permit]

    @property
    def priority(self) -> Priority:
        """Its class."""
        return self.place.priority

    @property
    def lease(self) -> float:
        """The longest its request can take, in seconds."""
        return self.place.lease

    @property
    def rank(self) -> tuple[Priority, float, int]:
        """Sorts by who goes first."""
        return (self.place.priority, self.arrival, self.serial)

    def late(self, now: float) -> bool:
        """Tell whether the deadline has passed."""
        return self.place.deadline is not None and self.place.deadline <= now

    def due(self, now: float) -> bool:
        """Tell whether it may start, as far as it is concerned."""
        return self.place.not_before <= now and not self.late(now) and not self.future.done()


class WaitQueue:
    """The waiters, sorted by rank."""

    def __init__(self) -> None:
        self._waiters: list[Waiter] = []

    def __len__(self) -> int:
        return len(self._waiters)

    def __iter__(self) -> Iterator[Waiter]:
        return iter(self._waiters)

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self._waiters

    def newcomer(self, place: QueuePlace, now: float) -> Waiter:
        """Return a waiter for `place` that is not in the queue yet."""
        return Waiter(place, now, next(_serials), asyncio.get_running_loop().create_future())

    def last(self) -> Waiter:
        """Return the newest of the lowest class."""
        return self._waiters[-1]

    def add(self, waiter: Waiter) -> None:
        """Put `waiter` where it ranks."""
        bisect.insort(self._waiters, waiter, key=lambda each: each.rank)

    def remove(self, waiter: Waiter) -> None:
        """Take `waiter` out."""
        self._waiters.remove(waiter)

    def promote(self, place: QueuePlace, priority: Priority, now: float) -> None:
        """Move the waiter of `place` to another class, as if it came there now."""
        waiter = next((waiter for waiter in self._waiters if waiter.place is place), None)
        if waiter is None:
            place.priority = priority
            return
        self.remove(waiter)
        place.priority = priority
        waiter.arrival, waiter.serial = now, next(_serials)
        self.add(waiter)

    def refuse(self, waiters: Iterable[Waiter], error: Callable[[], HubSoftError]) -> None:
        """Take `waiters` out and tell each why."""
        for waiter in list(waiters):
            self.remove(waiter)
            if not waiter.future.done():
                waiter.future.set_exception(error())

    def due(self, now: float) -> list[Waiter]:
        """Return those who may start as far as they are concerned, by rank."""
        return [waiter for waiter in self._waiters if waiter.due(now)]

    def next_instant(self, now: float) -> float:
        """Return when the next one becomes due, or late."""
        instants = (
            instant
            for waiter in self._waiters
            for instant in (waiter.place.not_before, waiter.place.deadline)
            if instant is not None and instant > now
        )
        return min(instants, default=math.inf)


def heads(due: Iterable[Applicant], owner: str, now: float) -> list[QueueHead]:
    """Return what other processes need to know of `due`: the first of each class, and how many there are."""
    arrivals: dict[Priority, list[float]] = {}
    for ask in due:
        arrivals.setdefault(ask.priority, []).append(ask.arrival)
    return [QueueHead(owner, priority, at[0], len(at), now) for priority, at in arrivals.items()]

"""The queue and the limiter: every request passes here, in order, and the server never sees more than N.

The promise and the decision are in `schedule`, this engine's waiters in `queue`; what several processes share is
in `ledger`, behind a `PermitPort`. Here is the one task that gives out permits; it lives only while a request
waits or the ledger is to be told something. For the engine's thread and loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import replace
from typing import Final

from ...errors import BudgetLost, Closed, QueueFull, StoreBusy, StoreError, TimedOut
from ...texts import Text, say
from ..clock import Clock
from ..types import BudgetState, Priority, Waiting
from . import view
from .ledger import Ended, Fact, Ledger, Limits, PermitPort, SeenLimit, Slot, Told, TooMany, Turn, Unused
from .queue import Permit, QueuePlace, Waiter, WaitQueue
from .schedule import LOOK_AGAIN
from .throttle import observed
from .turns import noted

__all__ = ["Gate", "Permit", "QueuePlace"]

TELL: Final = 0.25
"""Seconds for which the end of a request may wait for the next turn where a turn is a call to a server."""
TELL_SHARE: Final = 0.5
"""The same as a share of the window where a turn is a transaction: until a window after it the slot is held anyway, and
a transaction for the ends alone is one more for each request that comes apart."""
BROKEN: Final = 1.0
"""Seconds until a state on disk that cannot be written is tried again."""
HELD: Final = 10.0
"""Seconds after which people are told that another process holds the budget; busy moments are milliseconds."""
SHORTEST_NAP: Final = 0.001


class Gate:
    """The door to HubSoft: `enter` it, send, and tell the permit how that ended."""

    def __init__(self, port: PermitPort, clock: Clock, limits: Limits) -> None:
        self._port = port
        self._clock = clock
        self._limits = limits
        self._queue = WaitQueue()
        self._facts: list[Fact] = []  # not yet in the ledger, in order
        self._hurry = False
        self._waits = tuple(deque[float](maxlen=100) for _ in Priority)
        self._driver: asyncio.Task[None] | None = None
        self._nap: asyncio.Task[None] | None = None
        self._closed = False
        self._held_since: float | None = None
        self._held_by: Text | None = None
        with contextlib.suppress(StoreError):
            port.follow()

    @property
    def paused_for(self) -> float:
        """Seconds until a pause ends: a 429's, or the window after a loss; 0 when there is none."""
        return max(0.0, self._look().throttle.opens(self._limits.window) - self._clock.now())

    @property
    def lost(self) -> bool:
        """Whether the pause is the window after the budget's file was lost."""
        throttle = self._look().throttle
        return throttle.lost_until(self._limits.window) > max(self._clock.now(), throttle.paused_until)

    @property
    def held_by(self) -> Text | None:
        """Who has held the budget for a while, so that nothing goes out; None when it is free."""
        return self._held_by

    def start(self) -> None:
        """Keep in touch with those who share the budget."""
        self._port.start(self._wake)

    def closed_by(self) -> Text | None:
        """Say why nothing goes out, where it is not HubSoft's wish nor a lost file's; None otherwise."""
        return self._port.closed_by(self.paused_for)

    def follow(self) -> None:
        """Notice that the budget's file is gone, or another one. Raises StoreError."""
        self._port.follow()

    async def enter(self, place: QueuePlace) -> Permit:
        """Wait for the turn of `place` and return its permit; cancelling leaves the queue and spends nothing.

        Raises QueueFull (refused, or displaced by a more urgent request), TimedOut (its deadline passed), Closed,
        StoreError (the state that the processes share cannot be written), or for people BudgetLost (the machines
        that share the budget cannot be asked).
        """
        waiter = self._join(place)
        alone, full = len(self._queue) == 1, len(self._queue) > self._limits.max_queue
        if (alone or full) and self._port.instant:
            # Alone, its turn may be now; a request that need not wait displaces no other.
            await self._pump()
        if full and len(self._queue) > self._limits.max_queue:
            count = len(self._queue) - 1
            self._queue.refuse([self._queue.last()], lambda: _queue_full(count))
        if waiter.future.done():
            return waiter.future.result()
        self._wake()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._leave(waiter)
            raise

    def promote(self, place: QueuePlace, priority: Priority) -> None:
        """Move `place` up to a more urgent class, behind those already there; it never moves down."""
        if priority < place.priority:
            self._queue.promote(place, priority, self._clock.now())
            self._wake()

    @property
    def queue_limit(self) -> int:
        """How many requests may wait."""
        return self._limits.max_queue

    @property
    def longest_pause(self) -> float:
        """The longest pause, in seconds, that is obeyed."""
        return self._limits.longest_pause

    def limited(self, retry_after: float | None, limit: int | None = None) -> bool:
        """Pause all processes for a 429, `retry_after` seconds or 60; return True unless that event was known.

        `limit` is what HubSoft allows in a window, where it says so.
        """
        now = self._clock.now()
        known = self._look().throttle.paused_until > now
        self._tell(TooMany(now, retry_after, limit))
        return not known

    def observed(self, limit: int | None, remaining: int | None) -> None:
        """Take rate-limit headers (per window) into account: they may lower the rate, never raise it."""
        if limit is None or limit < 1:
            return
        ledger, now = self._look(), self._clock.now()
        used = len(ledger.swept(self._limits.window, now).slots)
        seen = observed(ledger.throttle, self._limits, now, limit=limit, remaining=remaining, used=used)
        if seen != ledger.throttle:
            self._tell(SeenLimit(limit, remaining))

    def reconfigure(self, limits: Limits) -> None:
        """Apply other limits from now on."""
        self._limits = limits
        self._wake()

    def state(self) -> BudgetState:
        """Describe the budget and the queue for a watcher; tens of microseconds."""
        arrivals: tuple[list[float], ...] = tuple([] for _ in Priority)
        for waiter in self._queue:
            arrivals[waiter.place.priority].append(waiter.arrival)
        now = self._clock.now()
        state = view.budget_state(
            self._look(), self._port.owner, self._limits, now, arrivals=arrivals, waits=self._waits
        )
        shared = self._port.shared()
        return state if shared is None else replace(state, shared=shared)

    def waiting(self) -> dict[str, Waiting]:
        """Tell where each labelled place stands."""
        queue = [(waiter.place.label, waiter.place.priority, waiter.arrival) for waiter in self._queue]
        if not any(label for label, _, _ in queue):
            return {}
        found = view.standings(self._look(), self._port.owner, self._limits, self._clock.now(), queue)
        attempts = {waiter.place.label: waiter.place.attempt for waiter in self._queue}
        return {label: replace(standing, attempt=attempts[label]) for label, standing in found.items()}

    async def close(self) -> None:
        """Refuse every request that waits or comes later; permits already given stay good.

        What ends after that is told by closing once more.
        """
        if self._closed and not self._facts:
            return
        self._closed = True
        self._queue.refuse(self._queue, _closed)
        if self._driver is not None:
            self._driver.cancel()
            await asyncio.gather(self._driver, return_exceptions=True)
        with contextlib.suppress(StoreError):
            await self._call()

    async def leave(self) -> None:
        """Tell what ended after closing, and take leave of those who share the budget."""
        await self.close()
        await self._port.close()

    # The queue.

    def _join(self, place: QueuePlace) -> Waiter:
        if self._closed:
            raise _closed()
        waiter = self._queue.newcomer(place, self._clock.now())
        if waiter.late(waiter.arrival):
            raise _timed_out()
        full = len(self._queue) >= self._limits.max_queue
        if full and waiter.rank > self._queue.last().rank:
            raise _queue_full(len(self._queue))
        self._queue.add(waiter)
        return waiter

    def _leave(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)
            self._wake()
        elif not waiter.future.cancelled() and waiter.future.exception() is None:
            # Granted in the same instant as it was cancelled.
            waiter.future.result().unused()

    # Turns.

    async def _pump(self) -> float:
        """Start every request whose turn it is; return when to look again."""
        try:
            now = self._clock.now()
            self._queue.refuse([waiter for waiter in self._queue if waiter.late(now)], _timed_out)
            turn = await self._call()
            self._tell_people()
            return min(turn.again, self._queue.next_instant(now))
        except StoreBusy:
            self._held()
            return self._clock.now() + LOOK_AGAIN
        except StoreError as error:
            text = error.text
            self._queue.refuse(self._queue, lambda: StoreError(text))
            return self._clock.now() + BROKEN

    def _tell_people(self) -> None:
        """Refuse people's requests while those who share the budget cannot be asked for long; the others wait on."""
        if not self._queue or (seconds := self.paused_for) < HELD or (text := self.closed_by()) is None:
            return
        people = [waiter for waiter in self._queue if waiter.priority <= Priority.HIGH]
        self._queue.refuse(people, lambda: BudgetLost(text, retry_after=seconds))

    async def _call(self) -> Turn:
        """Tell the ledger all there is to tell, and give out what it grants."""
        facts = tuple(self._facts)
        turn = await self._port.turn(Told(facts, self._queue.due(self._clock.now()), self._limits))
        self._held_since = self._held_by = None
        del self._facts[: len(facts)]
        for slot in turn.grants:
            self._grant(slot)
        return turn

    def _held(self) -> None:
        """Refuse people's requests once another process has held the budget too long; the others wait on."""
        now = self._clock.now()
        if self._held_since is None:
            self._held_since = now
        if now - self._held_since < HELD:
            return
        text = self._held_by = self._held_by or self._port.held_by()
        people = [waiter for waiter in self._queue if waiter.place.priority <= Priority.HIGH]
        self._queue.refuse(people, lambda: StoreBusy(text))

    def _grant(self, slot: Slot) -> None:
        """Give the slot to the first of its class; when that has left, the slot goes back."""
        due = self._queue.due(self._clock.now())
        waiter = next((waiter for waiter in due if waiter.priority is slot.priority), None)
        if waiter is None:
            self._tell(Unused(slot.id))
            return
        self._queue.remove(waiter)
        waited = max(0.0, slot.started - waiter.arrival)
        self._waits[slot.priority].append(waited)
        permit = Permit(slot, waited, self._clock, self._settle, held=self._limits.window)
        waiter.future.set_result(permit)

    # The ledger.

    def _settle(self, slot: Slot, after: Slot | None) -> None:
        if after is None:
            self._tell(Unused(slot.id))
        elif after.done is not None and after.done > self._clock.now():
            self._tell(Ended(after))  # should this process die now, its death would end the slot too early
        else:
            self._facts.append(Ended(after))
            self._drives()

    def _tell(self, fact: Fact) -> None:
        """Have the ledger told now or, while it cannot be, as soon as that is possible."""
        self._facts.append(fact)
        self._wake()

    def _look(self) -> Ledger:
        """Return the ledger as last known, with what it was not told yet."""
        try:
            ledger = self._port.read()
        except StoreError:
            ledger = Ledger()
        return noted(ledger, self._facts, self._limits, self._clock.now()) if self._facts else ledger

    # The one task.

    def _wake(self) -> None:
        """Have the driver take a turn now; there is none while there is nothing to do."""
        self._hurry = bool(self._queue or self._facts)
        if self._nap is not None:
            self._nap.cancel()
        else:
            self._drives()

    def _drives(self) -> None:
        """Have a driver, which takes its turn without hurry."""
        if (self._queue or self._facts) and self._driver is None and not self._closed:
            self._driver = asyncio.get_running_loop().create_task(self._drive(), name="gate")

    async def _drive(self) -> None:
        try:
            while self._queue or self._facts:
                if self._hurry or self._queue:
                    self._hurry = False
                    seconds = min(self._port.refresh, await self._pump() - self._clock.now())
                    if (self._queue or self._facts) and not self._hurry:
                        await self._sleep(max(SHORTEST_NAP, seconds))
                else:
                    share = TELL_SHARE * self._limits.window if self._port.instant else 0.0
                    await self._sleep(max(TELL, share))
                    self._hurry = True
        finally:
            self._driver = None
            if self._nap is not None:
                self._nap.cancel()
                self._nap = None
            # Whatever ended the driver, no request may be left waiting for it.
            self._queue.refuse(self._queue, _closed)

    async def _sleep(self, seconds: float) -> None:
        """Wait so long, or until `_wake`."""
        self._nap = asyncio.ensure_future(self._clock.sleep(seconds))
        await asyncio.wait({self._nap})
        self._nap = None


def _timed_out() -> TimedOut:
    return TimedOut(
        say("The request waited in the queue until its time was over and was not sent. Try again.")
    )


def _closed() -> Closed:
    return Closed(say("The connection to HubSoft was closed before this request was sent."))


def _queue_full(count: int) -> QueueFull:
    return QueueFull(
        say(
            "{count} requests are waiting already, so this one was not accepted. Try again later.",
            count=count,
        )
    )

"""The queue and the limiter: every request passes here, in order, and the server never sees more than N.

The promise and the decision are in `schedule`, this engine's waiters in `queue`; what several processes share is
in `ledger`, behind a `PermitPort`. Here is the one task that gives out permits; it lives only while a request
waits. For the engine's thread and loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from ...errors import Closed, QueueFull, StoreBusy, StoreError, TimedOut
from ...texts import Text, say
from ..clock import Clock
from ..types import BudgetState, Priority, Waiting
from . import view
from .ledger import Ledger, Limits, PermitPort, Slot
from .queue import Permit, QueuePlace, Waiter, WaitQueue, heads
from .schedule import LOOK_AGAIN, decide
from .throttle import observed, slowed

__all__ = ["Gate", "Permit", "QueuePlace"]

T = TypeVar("T")
Step = Callable[[Ledger, float], tuple[Ledger, T]]

REFRESH: Final = 1.0
"""Seconds after which a waiter is announced again to the other processes, and their freed slots are read."""
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
        self._edits: list[Callable[[Ledger], Ledger]] = []  # facts not yet in the ledger, in order
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

    def follow(self) -> None:
        """Notice that the budget's file is gone, or another one. Raises StoreError."""
        self._port.follow()

    async def enter(self, place: QueuePlace) -> Permit:
        """Wait for the turn of `place` and return its permit; cancelling leaves the queue and spends nothing.

        Raises QueueFull (refused, or displaced by a more urgent request), TimedOut (its deadline passed),
        Closed, or StoreError (the state that the processes share cannot be written).
        """
        waiter = self._join(place)
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

    def limited(self, retry_after: float | None) -> bool:
        """Pause all processes for a 429, `retry_after` seconds or 60; return True unless that event was known."""
        now, limits = self._clock.now(), self._limits
        known = self._look().throttle.paused_until > now
        self._record(
            lambda ledger: replace(ledger, throttle=slowed(ledger.throttle, limits, now, retry_after))
        )
        return not known

    def observed(self, limit: int | None, remaining: int | None) -> None:
        """Take rate-limit headers (per window) into account: they may lower the rate, never raise it."""
        if limit is None or limit < 1:
            return
        ledger, now = self._look(), self._clock.now()
        used = len(ledger.swept(self._limits.window, now).slots)
        seen = observed(ledger.throttle, self._limits, now, limit=limit, remaining=remaining, used=used)
        if seen != ledger.throttle:
            self._record(
                lambda ledger: ledger.throttled(
                    header_limit=seen.header_limit, others=seen.others, others_until=seen.others_until
                )
            )
            self._wake()

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
        return view.budget_state(
            self._look(), self._port.owner, self._limits, now, arrivals=arrivals, waits=self._waits
        )

    def waiting(self) -> dict[str, Waiting]:
        """Tell where each labelled place stands."""
        queue = [(waiter.place.label, waiter.place.priority, waiter.arrival) for waiter in self._queue]
        if not any(label for label, _, _ in queue):
            return {}
        found = view.standings(self._look(), self._port.owner, self._limits, self._clock.now(), queue)
        attempts = {waiter.place.label: waiter.place.attempt for waiter in self._queue}
        return {label: replace(standing, attempt=attempts[label]) for label, standing in found.items()}

    def close(self) -> None:
        """Refuse every request that waits or comes later; permits already given stay good."""
        if self._closed:
            return
        self._closed = True
        self._queue.refuse(self._queue, _closed)
        if self._driver is not None:
            self._driver.cancel()
        self._record(lambda ledger: ledger.posting(self._port.owner, (), refresh=REFRESH))

    # The queue.

    def _join(self, place: QueuePlace) -> Waiter:
        if self._closed:
            raise _closed()
        waiter = self._queue.newcomer(place, self._clock.now())
        if waiter.late(waiter.arrival):
            raise _timed_out()
        alone, full = not self._queue, len(self._queue) >= self._limits.max_queue
        if full and not alone and waiter.rank > self._queue.last().rank:
            raise _queue_full(len(self._queue))
        self._queue.add(waiter)
        if alone or full:
            # Alone, its turn may be now; a request that need not wait displaces no other.
            self._pump()
        if full and len(self._queue) > self._limits.max_queue:
            count = len(self._queue) - 1
            self._queue.refuse([self._queue.last()], lambda: _queue_full(count))
        return waiter

    def _leave(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)
            self._wake()
        elif not waiter.future.cancelled() and waiter.future.exception() is None:
            # Granted in the same instant as it was cancelled.
            waiter.future.result().unused()

    # Turns.

    def _pump(self) -> float:
        """Start every request whose turn it is; return when to look again."""
        try:
            while True:
                now = self._clock.now()
                self._queue.refuse([waiter for waiter in self._queue if waiter.late(now)], _timed_out)
                granted, again = self._update(self._turn)
                if granted is None:
                    return min(again, self._queue.next_instant(now))
                self._grant(*granted)
                if not self._queue:
                    return math.inf
        except StoreBusy:
            self._held()
            return self._clock.now() + LOOK_AGAIN
        except StoreError as error:
            text = error.text
            self._queue.refuse(self._queue, lambda: StoreError(text))
            return self._clock.now() + BROKEN

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

    def _turn(self, ledger: Ledger, now: float) -> tuple[Ledger, tuple[tuple[Waiter, Slot] | None, float]]:
        """Give one slot to the next of my waiters, if it may start; a step for `PermitPort.update`."""
        owner = self._port.owner
        ledger = ledger.swept(self._limits.window, now)
        due = self._queue.due(now)
        mine = heads(due, owner, now)
        verdict = decide(ledger, owner, mine, self._limits, now)
        if verdict.start is None:
            return ledger.posting(owner, mine, refresh=REFRESH), (None, verdict.again)
        waiter = next(waiter for waiter in due if waiter.place.priority is verdict.start)
        due.remove(waiter)
        name, lease_end = f"{owner}-{waiter.serial}", now + waiter.place.lease
        slot = Slot(name, owner, verdict.start, started=now, lease_end=lease_end)
        ledger = ledger.holding(slot).posting(owner, heads(due, owner, now), refresh=REFRESH)
        return ledger, ((waiter, slot), now)

    def _grant(self, waiter: Waiter, slot: Slot) -> None:
        self._queue.remove(waiter)
        waited = slot.started - waiter.arrival
        self._waits[slot.priority].append(waited)
        permit = Permit(slot, waited, self._clock, self._settle, held=self._limits.window)
        waiter.future.set_result(permit)

    # The ledger.

    def _settle(self, slot: Slot, after: Slot | None) -> None:
        if after is None:
            self._record(lambda ledger: ledger.without({slot.id}))
            self._wake()
        else:
            self._record(lambda ledger: ledger.holding(after))

    def _record(self, edit: Callable[[Ledger], Ledger]) -> None:
        """Record a fact in the ledger: now or, while it cannot be written, as soon as that is possible."""
        self._edits.append(edit)
        try:
            self._flush()
        except StoreError:
            self._wake()

    def _flush(self) -> None:
        self._update(lambda ledger, _now: (ledger, None))

    def _update(self, step: Step[T]) -> T:
        edits = tuple(self._edits)

        def edited(ledger: Ledger, now: float) -> tuple[Ledger, T]:
            for edit in edits:
                ledger = edit(ledger)
            return step(ledger, now)

        result = self._port.update(edited)
        self._held_since = self._held_by = None
        del self._edits[: len(edits)]
        return result

    def _look(self) -> Ledger:
        try:
            return self._port.read()
        except StoreError:
            return Ledger()

    # The one task.

    def _wake(self) -> None:
        """Have the driver look at the queue now; there is none while there is nothing to do."""
        if self._nap is not None:
            self._nap.cancel()
        elif (self._queue or self._edits) and self._driver is None and not self._closed:
            self._driver = asyncio.get_running_loop().create_task(self._drive(), name="gate")

    async def _drive(self) -> None:
        try:
            while True:
                again = self._pump()
                if not self._queue and not self._edits:
                    return
                seconds = min(REFRESH, max(SHORTEST_NAP, again - self._clock.now()))
                self._nap = asyncio.ensure_future(self._clock.sleep(seconds))
                await asyncio.wait({self._nap})
                self._nap = None
        finally:
            self._driver = None
            if self._nap is not None:
                self._nap.cancel()
                self._nap = None
            # Whatever ended the driver, no request may be left waiting for it.
            self._queue.refuse(self._queue, _closed)


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

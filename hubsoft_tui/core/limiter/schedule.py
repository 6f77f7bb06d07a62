"""Whose turn it is: the one decision of the limiter, as a pure function of the shared ledger.

The promise: a slot is held from its grant until a window after its request *completed*, and a permit is
granted only while fewer than N slots are held. So if grant j reuses the slot of request i,

    arrival j at the server >= grant j >= completion i + window >= arrival i at the server + window

and no half-open window at the server ever sees more than N, whatever the network delays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from ..types import Priority
from .ledger import Ledger, Limits, QueueHead
from .throttle import in_force

FROZEN: Final = 3.0
"""Seconds without a sign after which a living waiter of another process is passed over."""
LOOK_AGAIN: Final = 0.025
"""Seconds until one who is only outranked by another process looks again."""


class GrantDecision(msgspec.Struct, frozen=True):
    """Which of my classes starts now; else, when to look again (nothing can change before, alone)."""

    start: Priority | None
    again: float = math.inf


class WindowCapacity:
    """How much of the window is taken at one instant, and who may take more of it.

    A class may start while fewer slots are held than its reach: its cap. While LOW waits and holds fewer than
    its minimum, the slots it is owed are the last ones below HIGH's cap: out of reach for HIGH and NORMAL, in
    reach for LOW beyond its own cap. Those above HIGH's cap stay CRITICAL's alone.
    """

    def __init__(self, limits: Limits, ledger: Ledger, *, low_waits: bool) -> None:
        # Without LOW in the queue nothing depends on what it holds.
        slots = ledger.slots.values() if low_waits else ()
        lows = [slot.started for slot in slots if slot.priority is Priority.LOW]
        self.held = len(ledger.slots)
        self._caps = limits.caps
        self._low = len(lows)
        # One slot of HIGH's is never owed, or the minimum would shut HIGH out of a small window.
        self._minimum = min(limits.low_minimum, limits.cap(Priority.HIGH) - 1) if low_waits else 0
        self._pace = limits.window / limits.cap(Priority.LOW)
        self._low_from = max(lows) + self._pace if lows else -math.inf

    def fits(self, priority: Priority) -> bool:
        """Tell whether the class may start, LOW's pace apart."""
        owed = max(0, self._minimum - self._low)
        if priority is Priority.CRITICAL:
            reach = self._caps[priority]
        elif priority is Priority.LOW:
            reach = self._caps[Priority.HIGH if owed else priority]
        else:
            reach = min(self._caps[priority], self._caps[Priority.HIGH] - owed)
        return self.held < reach

    def opens(self, priority: Priority, now: float) -> float:
        """Return the instant from which a class that fits may start: `now`, or when LOW's pace allows."""
        return max(now, self._low_from) if priority is Priority.LOW else now

    def take(self, priority: Priority, now: float) -> bool:
        """Take a slot for the class if it may start now."""
        if not self.fits(priority) or self.opens(priority, now) > now:
            return False
        self.held += 1
        if priority is Priority.LOW:
            self._low += 1
            self._low_from = now + self._pace
        return True

    def give(self, priority: Priority) -> None:
        """Free a slot of the class."""
        self.held -= 1
        self._low -= priority is Priority.LOW


def decide(
    ledger: Ledger, owner: str, mine: Sequence[QueueHead], limits: Limits, now: float
) -> GrantDecision:
    """Decide which of my classes starts now, `ledger` being swept. `limits` are the configured ones.

    All waiters of all processes are served in the order of rank; what better-ranked waiters of other processes
    may take now is set aside for them, and one of mine starts if it fits into what is left.
    """
    if now < (opens := ledger.throttle.opens(limits.window)):
        return GrantDecision(None, opens)
    limits = in_force(limits, ledger.throttle, now)
    others = [head for head in ledger.queue.values() if head.owner != owner and now - head.seen < FROZEN]
    queue = sorted([*mine, *others], key=lambda head: head.rank)
    low_waits = any(head.priority is Priority.LOW for head in queue)
    room = WindowCapacity(limits, ledger, low_waits=low_waits)
    for head in queue:
        if head.owner == owner:
            if room.take(head.priority, now):
                return GrantDecision(head.priority)
        else:
            for _ in range(head.waiting):
                if not room.take(head.priority, now):
                    break
    again = _next_opening(
        WindowCapacity(limits, ledger, low_waits=low_waits), ledger, mine, limits.window, now
    )
    return GrantDecision(None, again if again > now else now + LOOK_AGAIN)


def _next_opening(
    room: WindowCapacity, ledger: Ledger, mine: Sequence[QueueHead], window: float, now: float
) -> float:
    """Return the first instant at which one of mine fits, were no other process there."""
    frees = sorted((slot.frees_earliest(window, now), slot.priority) for slot in ledger.slots.values())
    best = min(
        (room.opens(head.priority, now) for head in mine if room.fits(head.priority)), default=math.inf
    )
    for at, priority in frees:
        if best <= at:
            break
        room.give(priority)
        opening = (room.opens(head.priority, at) for head in mine if room.fits(head.priority))
        best = min(best, min(opening, default=math.inf))
    return best

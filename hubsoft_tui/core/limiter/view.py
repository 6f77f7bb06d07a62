"""The budget and the queue as a watcher sees them. Looking only: nothing here decides."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..types import BudgetState, ClassLoad, Priority, RequestMark, Waiting
from .ledger import Ledger, Limits, QueueHead
from .schedule import FROZEN
from .throttle import in_force, others_of_late


def budget_state(
    ledger: Ledger,
    owner: str,
    limits: Limits,
    now: float,
    *,
    arrivals: Sequence[Sequence[float]],
    waits: Sequence[Sequence[float]],
) -> BudgetState:
    """Describe the budget at `now`; `arrivals` and `waits` (seconds) are this engine's, by class."""
    slots = [slot for slot in ledger.slots.values() if slot.frees(limits.window) > now]
    started = sorted(
        (slot for slot in slots if slot.started > now - limits.window), key=lambda slot: slot.started
    )
    force = in_force(limits, ledger.throttle, now)
    queue = [
        ("" if index else priority.name, priority, arrival)
        for priority in Priority
        for index, arrival in enumerate(arrivals[priority])
    ]
    firsts = standings(ledger, owner, limits, now, queue) if queue else {}
    critical, high, normal, low = (
        ClassLoad(
            waiting=len(arrivals[priority]),
            oldest=max(0.0, now - arrivals[priority][0]) if arrivals[priority] else 0.0,
            cap=force.cap(priority),
            wait_p95=_p95(waits[priority]),
            starts_in=float(math.ceil(firsts[priority.name].starts_in)) if priority.name in firsts else 0.0,
        )
        for priority in Priority
    )
    return BudgetState(
        limit=force.per_window,
        configured=limits.per_window,
        window=limits.window,
        used=len(slots),
        paused_for=max(0.0, ledger.throttle.opens(limits.window) - now),
        lost=ledger.throttle.lost_until(limits.window) > max(now, ledger.throttle.paused_until),
        marks=tuple(RequestMark(slot.started, slot.priority, slot.owner == owner) for slot in started),
        lanes=(critical, high, normal, low),
        queue_limit=limits.max_queue,
        waiting_elsewhere=sum(head.waiting for head in _others(ledger, owner, now)),
        others=others_of_late(ledger.throttle, now),
    )


def standings(
    ledger: Ledger, owner: str, limits: Limits, now: float, queue: Sequence[tuple[str, Priority, float]]
) -> dict[str, Waiting]:
    """Tell where the labelled entries of `queue` stand: (label, priority, arrival), in the order of rank."""
    force = in_force(limits, ledger.throttle, now)
    frees = sorted(slot.frees_earliest(limits.window, now) for slot in ledger.slots.values())
    frees = [instant for instant in frees if instant > now]
    others = _others(ledger, owner, now)
    found: dict[str, Waiting] = {}
    for index, (label, priority, arrival) in enumerate(queue):
        if not label:
            continue
        ahead = index + sum(
            head.waiting for head in others if (head.priority, head.arrival) < (priority, arrival)
        )
        starts = max(_start(frees, force, priority, ahead, now), ledger.throttle.opens(limits.window))
        if priority is Priority.LOW:
            lows = sum(1 for _, other, _ in queue[:index] if other is Priority.LOW)
            starts = max(starts, now + lows * force.window / force.cap(priority))
        passes = sum(1 for _, other, _ in queue if other > priority)
        found[label] = Waiting(position=ahead + 1, starts_in=max(0.0, starts - now), passes=passes)
    return found


def _others(ledger: Ledger, owner: str, now: float) -> list[QueueHead]:
    return [head for head in ledger.queue.values() if head.owner != owner and now - head.seen < FROZEN]


def _start(frees: list[float], limits: Limits, priority: Priority, ahead: int, now: float) -> float:
    """Estimate when a slot is free for one with `ahead` before it: slots come free again every window."""
    needed = len(frees) + ahead + 1 - limits.cap(priority)
    if needed <= 0:
        return now
    if not frees:
        return now + limits.window * (1 + (needed - 1) // limits.cap(priority))
    rounds, place = divmod(needed - 1, len(frees))
    return frees[place] + rounds * limits.window


def _p95(waits: Sequence[float]) -> float:
    ordered = sorted(waits)
    return ordered[int(0.95 * (len(ordered) - 1))] if ordered else 0.0

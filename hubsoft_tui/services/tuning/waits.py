"""How long requests would have waited at another rate, or with other shares: the recorded ones asked again.

What arrives is what arrived, and an answer takes as long as it took; who starts when is decided by the engine's
own rules (`core.limiter.schedule`), as if this were the only program on the home and HubSoft never answered 429.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from ...core.limiter.ledger import Ledger, Limits, QueueHead, Slot
from ...core.limiter.schedule import decide
from ...core.telemetry.trace import SentRow
from ...core.types import Priority
from ...values import dataclass

MOST: Final = 3000
"""Requests looked at: those of the busiest stretch."""
_OWNER: Final = "replay"


@dataclass(frozen=True, slots=True)
class Wait:
    """How one class waited, in seconds."""

    requests: int = 0
    median: float = 0.0
    p95: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it came: `at` in seconds, and how long HubSoft took for it."""

    at: float
    priority: Priority
    latency: float


Waits = tuple[Wait, Wait, Wait, Wait]
"""By priority, the most urgent first."""


def arrivals(rows: Iterable[SentRow]) -> tuple[Arrival, ...]:
    """Return when the requests of `rows` came to the queue, of the busiest stretch `MOST` in number."""
    came = sorted(
        (Arrival(row.at - row.wait, row.priority, row.latency) for row in rows if row.sent),
        key=lambda each: each.at,
    )
    if len(came) <= MOST:
        return tuple(came)
    spans = ((came[start + MOST - 1].at - came[start].at, start) for start in range(len(came) - MOST + 1))
    _shortest, start = min(spans)
    return tuple(came[start : start + MOST])


def waits(came: Sequence[Arrival], limits: Limits) -> Waits:
    """Return how long each class would have waited under `limits`. Some 50 microseconds a request."""
    line = tuple(deque[Arrival]() for _ in Priority)
    waited: tuple[list[float], ...] = tuple([] for _ in Priority)
    ledger, now, next_ = Ledger(), 0.0, 0
    while next_ < len(came) or any(line):
        if not any(line):
            now = max(now, came[next_].at)
        while next_ < len(came) and came[next_].at <= now:
            line[came[next_].priority].append(came[next_])
            next_ += 1
        ledger = ledger.swept(limits.window, now)
        heads = [
            QueueHead(_OWNER, priority, waiting[0].at, len(waiting), now)
            for priority, waiting in zip(Priority, line, strict=True)
            if waiting
        ]
        verdict = decide(ledger, _OWNER, heads, limits, now)
        if verdict.start is None:
            now = min(verdict.again, came[next_].at if next_ < len(came) else math.inf)
            continue
        first = line[verdict.start].popleft()
        waited[verdict.start].append(now - first.at)
        done = now + first.latency
        slot = Slot(
            f"{next_}-{len(waited[verdict.start])}-{first.priority}", _OWNER, first.priority, now, done, done
        )
        ledger = ledger.holding(slot)
    critical, high, normal, low = map(_wait, waited)
    return critical, high, normal, low


def _wait(waited: list[float]) -> Wait:
    if not waited:
        return Wait()
    waited.sort()
    return Wait(len(waited), waited[len(waited) // 2], waited[int(len(waited) * 0.95)], waited[-1])

"""What the gate's tests share: a server that notes when requests arrive, and how to read its notes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from hubsoft_tui.core.clock import Clock
from hubsoft_tui.core.limiter.gate import Gate, Permit, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness


def worst_window(instants: Iterable[float], window: float) -> int:
    """The most instants in any half-open window."""
    ordered = sorted(instants)
    worst = first = 0
    for index, instant in enumerate(ordered):
        while ordered[first] + window <= instant:
            first += 1
        worst = max(worst, index - first + 1)
    return worst


def p95(waits: Iterable[float]) -> float:
    ordered = sorted(waits)
    return ordered[int(0.95 * (len(ordered) - 1))]


class Server:
    """Notes when each request arrives. `out` and `back` are the network's delays in seconds."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.arrivals: list[float] = []

    async def request(self, permit: Permit, out: float = 0.0, back: float = 0.0) -> None:
        try:
            await self.clock.sleep(out)
            self.arrivals.append(self.clock.now())
            await self.clock.sleep(back)
        finally:
            permit.done()


class Process:
    """One engine's gate on a shared home, which can die."""

    def __init__(self, home: Path, clock: Clock, limits: Limits, account: str = "account") -> None:
        self.database = open_database(home / "budget.db", MIGRATIONS)
        self.liveness = ProcessLiveness(home / "alive")
        self.port = SqliteBudget(self.database, account, self.liveness, clock)
        self.gate = Gate(LocalBudget(self.port), clock, limits)
        self.tasks: set[asyncio.Task[None]] = set()

    def die(self) -> None:
        """End as after kill -9: the kernel drops the lock, and nothing is written any more."""
        self.database.close()
        os.close(self.liveness._lock)
        self.liveness._lock = -1
        self.gate._closed = True
        for task in self.tasks:
            task.cancel()
        if self.gate._driver is not None:
            self.gate._driver.cancel()

    async def leave(self) -> None:
        """End properly."""
        await self.gate.close()
        self.liveness.close()
        self.database.close()


async def enter_all(gate: Gate, *priorities: Priority) -> list[Permit]:
    return [await gate.enter(QueuePlace(priority)) for priority in priorities]


async def settle() -> None:
    """Let every task that can run, run."""
    for _ in range(10):
        await asyncio.sleep(0)

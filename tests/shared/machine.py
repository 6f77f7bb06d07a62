"""One machine at the shared budget: its own home, its own gate, its own clock."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from hubsoft_tui.core.clock import Clock, SystemClock
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits
from hubsoft_tui.core.limiter.throttle import limits_from
from hubsoft_tui.core.limiter.turns import taken
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from hubsoft_tui.shared.budget import MachineFace, SharedBudget
from hubsoft_tui.shared.connection import SharedAddress, SharedServer
from hubsoft_tui.shared.seal import Seal
from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness

CLOCK = SystemClock()


class OwnClock(SystemClock):
    """A clock that agrees with no other machine's, and runs a little faster or slower."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        dice = random.Random(seed)
        self._drift, self._offset = 1 + dice.uniform(-1e-4, 1e-4), dice.uniform(0, 1e6)

    def now(self) -> float:
        return super().now() * self._drift + self._offset


class Machine:
    """One machine with one process: its own home, its own gate."""

    def __init__(self, home: Path, name: str, url: str, limits: Limits, clock: Clock = CLOCK) -> None:
        home.mkdir(exist_ok=True)
        self.liveness = ProcessLiveness(home / "alive")
        self.database = open_database(home / "budget.db", MIGRATIONS)
        self.ledger = SqliteBudget(self.database, "account", self.liveness, clock)
        owner = self.ledger.owner
        self.server = SharedServer(SharedAddress(url), "account")
        self.budget = SharedBudget(
            self.server,
            Seal("account", "secret"),
            MachineFace(name, name.upper(), "console"),
            ledger=self.ledger,
            owner=owner,
            clock=clock,
            longest=3.0,
            limits=limits,
            grant=lambda ledger, told, now: taken(ledger, owner, told, now),
        )
        self.gate = Gate(self.budget, clock, limits)
        self.arrivals: list[float] = []

    async def send(self, priority: Priority = Priority.HIGH) -> None:
        permit = await self.gate.enter(QueuePlace(priority, lease=3.0))
        self.arrivals.append(CLOCK.now())
        permit.done()

    async def leave(self) -> None:
        await self.gate.close()
        await self.gate.leave()
        self.liveness.close()
        self.database.close()


async def spend(home: Path, url: str, per_window: int, window: float) -> None:
    """Send without end, and write the instant of each arrival on the one clock that a test has."""
    limits = limits_from(LimiterSettings(max_requests_per_minute=per_window, window_seconds=window))
    dice = random.Random(home.name)
    machine = Machine(home, home.name, url, limits, OwnClock(int.from_bytes(home.name.encode())))
    machine.gate.start()

    async def one() -> None:
        while True:
            permit = await machine.gate.enter(QueuePlace(dice.choice(list(Priority)), lease=3.0))
            await asyncio.sleep(dice.uniform(0, 0.02))
            if not permit.valid:  # as a client that stood still: not a byte leaves
                permit.unused()
                continue
            print(CLOCK.now(), flush=True)
            await asyncio.sleep(dice.uniform(0, 0.02))
            permit.done()

    await asyncio.gather(*(one() for _ in range(5)))


if __name__ == "__main__":
    asyncio.run(spend(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))

"""The shared budget over a real server: gates of several machines, a server that goes and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits, Told
from hubsoft_tui.core.limiter.turns import taken
from hubsoft_tui.core.types import Priority, SharedContact
from hubsoft_tui.errors import BudgetLost
from hubsoft_tui.shared import budget as shared_budget
from hubsoft_tui.shared import membership
from hubsoft_tui.shared.budget import MachineFace, SharedBudget
from hubsoft_tui.shared.connection import SharedAddress, SharedServer
from hubsoft_tui.shared.seal import Seal
from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from tests.core.limiter.gating import worst_window
from tests.shared.conftest import start

CLOCK = SystemClock()
LIMITS = Limits(per_window=6, window=0.5, caps=(6, 5, 5, 4), low_minimum=1)


class Machine:
    """One machine with one process: its own home, its own gate."""

    def __init__(self, home: Path, name: str, url: str, limits: Limits = LIMITS) -> None:
        home.mkdir(exist_ok=True)
        self.liveness = ProcessLiveness(home / "alive")
        self.database = open_database(home / "budget.db", MIGRATIONS)
        self.ledger = SqliteBudget(self.database, "account", self.liveness, CLOCK)
        owner = self.ledger.owner
        self.server = SharedServer(SharedAddress(url), "account")
        self.budget = SharedBudget(
            self.server,
            Seal("account", "secret"),
            MachineFace(name, name.upper(), "console"),
            ledger=self.ledger,
            owner=owner,
            clock=CLOCK,
            longest=3.0,
            limits=limits,
            grant=lambda ledger, asks, limits, now: taken(ledger, owner, Told((), asks, limits), now),
        )
        self.gate = Gate(self.budget, CLOCK, limits)
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


@asynccontextmanager
async def machines(folder: Path, url: str, count: int) -> AsyncIterator[list[Machine]]:
    made = [Machine(folder / f"m{number}", f"m{number}", url) for number in range(count)]
    for machine in made:
        machine.gate.start()
    try:
        await made[0].budget.begin()
        yield made
    finally:
        for machine in made:
            await machine.leave()


async def test_machines_share_one_budget(tmp_path, server_url, empty):
    async with machines(tmp_path, server_url, 3) as made:
        async with asyncio.timeout(20):
            await asyncio.gather(*(machine.send() for machine in made for _ in range(6)))
        arrivals = [at for machine in made for at in machine.arrivals]
        assert worst_window(arrivals, LIMITS.window) <= LIMITS.per_window
        seen = await made[0].budget.machines()
        assert [each.name for each in seen] == ["M0", "M1", "M2"]
        assert seen[0].mine
        assert made[0].gate.state().shared.machines == 3


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_lost_server_is_told_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_budget, "GRACE", 0.0)
    monkeypatch.setattr(shared_budget, "BEAT", 0.2)
    server = start()
    try:
        async with machines(tmp_path, server.url, 2) as made:
            await made[0].send()
            await until(lambda: all(machine.budget._member.last.get("b") for machine in made))
            server.kill()
            await until(lambda: made[0].gate.state().shared.contact is SharedContact.LOST)
            shown = made[0].gate.state()
            assert shown.shared.promise == 2
            assert shown.shared.own_in == pytest.approx(2 + 8 + 3 + 0.75, abs=3)
            with pytest.raises(BudgetLost, match=r"own requests in 0:1\d"):
                await made[0].send()
            server.start()
            await until(lambda: made[0].gate.state().shared.contact is SharedContact.ON)
            await made[0].send(Priority.CRITICAL)
            assert worst_window(made[0].arrivals, LIMITS.window) <= 2
    finally:
        server.stop()


async def test_a_machine_alone_spends_its_promise_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_budget, "GRACE", 0.0)
    monkeypatch.setattr(shared_budget, "BEAT", 0.2)
    monkeypatch.setattr(membership, "SILENCE", -7.0)  # two minutes, made short
    server = start()
    try:
        async with machines(tmp_path, server.url, 2) as made:
            one = made[0]
            await until(lambda: one.budget._member.last.get("b", 0) == 2)
            server.kill()
            await until(lambda: one.gate.state().shared.contact is SharedContact.ALONE)
            begun = CLOCK.now()
            async with asyncio.timeout(20):
                await asyncio.gather(*(one.send() for _ in range(5)))
            assert worst_window(one.arrivals, LIMITS.window) == 2
            assert CLOCK.now() - begun >= 2 * LIMITS.window
            assert one.gate.state().shared.alone == 5
    finally:
        server.kill()

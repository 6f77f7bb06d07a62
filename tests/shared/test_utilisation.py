"""A backlog on many machines uses the whole budget, with few calls at the server, and CRITICAL waits for none of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from hubsoft_tui.core.limiter.queue import QueuePlace
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import TimedOut
from tests.shared.virtual_machines import Network, OwnClock, VirtualMachine
from tests.shared.world import LIMITS, LONGEST, WINDOW, worst_window
from tests.virtual import VirtualClock, run

ROUND_TRIP = 0.04
BACKLOG = (Priority.HIGH, Priority.NORMAL, Priority.LOW)


@dataclass
class Load:
    """What a backlog brought."""

    arrivals: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """Of CRITICAL's requests."""
    calls: float = 0.0
    """At the server, a second."""


async def backlog(
    clock: VirtualClock, client: Any, machines: int, windows: int, *, pause: float = 0.0
) -> Load:
    """Keep three requests waiting on each machine, each for a window at most; `pause` between CRITICAL's."""
    dice, load = random.Random(machines), Load()
    network = Network(client, clock, ROUND_TRIP)
    made = [
        VirtualMachine(network, f"m{number}", LIMITS, OwnClock(clock, dice)) for number in range(machines)
    ]
    await asyncio.sleep(0)
    await made[0].budget.begin(at_once=True)

    async def send(machine: VirtualMachine, priority: Priority) -> None:
        place = QueuePlace(priority, deadline=machine.clock.now() + WINDOW, lease=LONGEST)
        permit = await machine.gate.enter(place)
        load.arrivals.append(clock.now())
        if priority is Priority.CRITICAL:
            load.waits.append(permit.waited)
        await clock.sleep(dice.uniform(0, 0.05))
        permit.done()

    async def ask(machine: VirtualMachine) -> None:
        while True:
            try:
                await send(machine, dice.choice(BACKLOG))
            except TimedOut:
                await clock.sleep(0.05)

    async def critical() -> None:
        while True:
            await clock.sleep(pause)
            await send(dice.choice(made), Priority.CRITICAL)

    tasks = [asyncio.create_task(ask(machine)) for machine in made for _ in range(3)]
    if pause:
        tasks.append(asyncio.create_task(critical()))
    await clock.sleep(windows * WINDOW)
    load.calls = network.calls / (windows * WINDOW)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert worst_window(load.arrivals) <= LIMITS.per_window
    return load


@pytest.fixture(scope="module")
def client(server_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(server_url) as client:
        yield client


def test_twenty_machines_use_the_whole_budget(client: Any) -> None:
    load = run(lambda clock: backlog(clock, client, 20, 4))
    # LOW, NORMAL and HIGH may not use what is kept for CRITICAL; the window opens empty.
    spent = len(load.arrivals) / ((load.arrivals[-1] - load.arrivals[0]) / WINDOW + 1)
    assert spent >= 0.97 * LIMITS.cap(Priority.HIGH)
    assert load.calls <= 11


def test_critical_waits_one_round_trip_behind_a_backlog(client: Any) -> None:
    load = run(lambda clock: backlog(clock, client, 6, 8, pause=40.0))
    assert len(load.waits) >= 10
    assert sorted(load.waits)[-2] <= ROUND_TRIP + 0.05

"""One machine syncs, the others follow: a pass costs what one costs, and every mirror says the same at its end."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hubsoft_tui.core.ports import Look
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tickets.relay import KEY
from hubsoft_tui.services.tickets.types import PassReport, TicketState
from hubsoft_tui.settings.tree import RetrySettings, SharedSettings, SyncSettings
from hubsoft_tui.shared import connection
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for
from tests.services.tickets.verdict import EVERYTHING, Syncing
from tests.shared.conftest import both_servers

pytestmark = both_servers

LISTS = "atendimento/todos"


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(customers=60, tickets=40, closed_tickets=60)


@pytest.fixture
def machines(
    simulator: Simulator, tmp_path: Path, server_url: str, empty: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Syncing]]:
    """Start machines on homes of their own, each with its first pass made."""
    # A server that a busy computer lets wait is not lost: who thinks so makes a pass of its own.
    monkeypatch.setattr(connection, "PATIENCE", 20.0)
    made: list[Syncing] = []

    def start(**sync: Any) -> Syncing:
        settings = settings_for(
            simulator,
            tmp_path / f"home-{len(made)}",
            shared=SharedSettings(url=server_url),
            sync=SyncSettings(**{"first_days": EVERYTHING, "enabled": False, **sync}),
            retry=RetrySettings(max_retries=0),
        )
        syncing = Syncing(simulator, tmp_path, Hub(settings))
        made.append(syncing)
        if len(made) == 1:
            syncing.hub.call(begun)
        syncing.begin()
        return syncing

    yield start
    for syncing in made:
        syncing.close()


async def begun(services: Services) -> None:
    """Say that there is no other machine."""
    assert services.shared is not None
    await services.shared.begin(at_once=True)


async def passes(machines: list[Syncing]) -> list[PassReport | BaseException]:
    """Have all machines find at once that a pass is due: one that began before this is none of theirs."""
    await asyncio.sleep(0.1)
    began = time.monotonic() - 0.05

    async def due(services: Services) -> PassReport:
        return await services.tickets._sync.sync(Priority.NORMAL, age=time.monotonic() - began)

    found = await asyncio.gather(*(syncing.hub.run(due) for syncing in machines), return_exceptions=True)
    for syncing in machines:
        await asyncio.to_thread(syncing.look)
    return found


async def test_one_pass_is_for_all_machines(simulator: Simulator, machines) -> None:
    made = [await asyncio.to_thread(machines) for _ in range(4)]
    for between in (3, 20, 0):
        simulator.step(between)
        simulator.request_log.clear()
        reports = await passes(made)
        spent = simulator.request_log.count()
        assert spent == reports[0].requests <= 4
        assert sorted(report.shared for report in reports) == [False, True, True, True]
        assert len({(each.new, each.changed, each.closed, each.tracked) for each in reports}) == 1
        assert {each.requests for each in reports} == {spent}
    for syncing in made:
        syncing.judge()


async def test_the_first_pass_of_a_machine_is_its_own(simulator: Simulator, machines) -> None:
    await asyncio.to_thread(machines)
    simulator.request_log.clear()
    late = await asyncio.to_thread(machines)
    assert simulator.request_log.count(path=LISTS)
    late.judge()


async def test_the_machine_that_looks_back_furthest_leads_until_the_others_follow_it(
    simulator: Simulator, machines
) -> None:
    near = await asyncio.to_thread(lambda: machines(first_days=1))
    far = await asyncio.to_thread(machines)
    assert len(near.rows) < len(far.rows)
    for turn in range(3):
        simulator.step(3)
        simulator.request_log.clear()
        await passes([near, far])
        far.judge()
        if turn:
            assert simulator.request_log.count(path=LISTS) <= 4
    assert {row.id for row in far.rows.values() if row.state is TicketState.OPEN} <= near.rows.keys()


async def test_a_pass_that_fails_fails_for_all_that_wait_for_it(simulator: Simulator, machines) -> None:
    leader, *others = [await asyncio.to_thread(machines) for _ in range(3)]
    simulator.request_log.clear()

    async def lead(services: Services) -> Look:
        relay = services.tickets._sync._passes._relay
        return await relay.look(KEY, Priority.NORMAL, 0.0, None)

    async def waits(services: Services) -> bool:
        return services.tickets._sync._passes._relay.counts["wait"] > 0

    look = await leader.hub.run(lead)
    assert look.mine
    ends = asyncio.create_task(passes(others))
    async with asyncio.timeout(20):
        for other in others:
            while not await other.hub.run(waits):
                await asyncio.sleep(0.02)

    async def fail(services: Services) -> None:
        services.tickets._sync._passes._relay.failed(KEY, look, Unreachable("it is gone"))

    await leader.hub.run(fail)
    assert all(isinstance(end, Unreachable) for end in await ends)
    assert simulator.request_log.count() == 0


async def test_what_is_told_is_sealed_and_rubbish_in_its_place_costs_a_pass(
    simulator: Simulator, machines, server_url: str
) -> None:
    one, other = [await asyncio.to_thread(machines) for _ in range(2)]
    simulator.step(3)
    await passes([one])
    with redis.Redis.from_url(server_url) as client:
        told = next(key for key in client.keys("hs:*:r:*") if client.strlen(key) > 2000)
        value = client.get(told)
        assert not any(ticket.protocol.encode() in value for ticket in simulator.tickets)
        assert client.pttl(told) > 0
        dice = random.Random(1)
        client.set(told, value[:20] + dice.randbytes(len(value) - 20), keepttl=True)
    assert not (await passes([other]))[0].shared
    other.judge()


async def test_what_was_learnt_here_since_a_pass_began_is_kept(simulator: Simulator, machines) -> None:
    one, other = [await asyncio.to_thread(machines) for _ in range(2)]
    await passes([one])
    ticket = next(ticket for ticket in simulator.tickets if ticket.open and not ticket.draft)
    with simulator.provider.lock:
        at = simulator.provider.clock.now()
        simulator.provider.desk.close(ticket, by=56, closing={"id_motivo_fechamento_atendimento": 70}, at=at)

    async def looked_at(services: Services) -> None:
        await services.tickets.detail(ticket.id, refresh=True)

    async def older(services: Services) -> PassReport:
        return await services.tickets._sync.sync(Priority.NORMAL, age=60.0)

    await other.hub.run(looked_at)
    assert (await other.hub.run(older)).shared
    other.look()
    assert other.rows[ticket.id].state is TicketState.CLOSED

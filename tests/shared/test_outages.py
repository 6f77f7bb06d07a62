"""HubSoft is away: two machines find out for all, one finds out for all that it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubsoft_tui.core.types import ApiState, BreakerState
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import HealthSettings, RetrySettings, SharedSettings
from hubsoft_tui.shared import outages
from hubsoft_tui.shared.connection import SharedAddress, SharedServer
from hubsoft_tui.shared.outages import CHANNEL, SharedOutages
from tests.hubs import settings_for
from tests.shared.conftest import Slow, both_servers

pytestmark = both_servers

PEOPLE = ("86214941081", "10682083682", "52998224725")


class Machine:
    """What one machine hears of outages."""

    def __init__(self, url: str, name: str, process: str = "1") -> None:
        self.server = SharedServer(SharedAddress(url), "account")
        self.outages = SharedOutages(self.server, name, f"{name}.{process}")
        self.heard: list[str] = []
        self.outages.on_away = lambda: self.heard.append("away")
        self.outages.on_answered = lambda: self.heard.append("back")

    async def settle(self) -> None:
        """Wait until what it says is said."""
        await self.server.settle()


@asynccontextmanager
async def listening(machine: Machine) -> AsyncIterator[None]:
    """Let a machine hear the news."""

    async def hear() -> None:
        async with machine.server.listening(CHANNEL) as heard:
            began.set()
            while (said := (await heard())[1]) != b"end":
                machine.outages.news(said)

    began = asyncio.Event()
    task = asyncio.create_task(hear())
    async with asyncio.timeout(10):
        await began.wait()
        yield
        await machine.server.call(lambda client: client.publish(machine.server.prefix + CHANNEL, "end"))
        await task


@pytest.fixture
async def machines(server_url: str, empty: None) -> AsyncIterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(name: str, process: str = "1") -> Machine:
        made.append(Machine(server_url, name, process))
        return made[-1]

    yield make
    for machine in made:
        await machine.server.close()


async def test_the_bad_line_of_one_machine_stops_no_other_but_that_of_two_does(machines) -> None:
    one, same, other, third = machines("one"), machines("one", "2"), machines("other"), machines("third")
    async with listening(third):
        for machine in (one, same, one):
            machine.outages.opened()
            await machine.settle()
    await third.outages.caught_up()
    assert third.heard == []
    async with listening(third):
        other.outages.opened()
        await other.settle()
    assert third.heard == ["away"]
    late = machines("late")
    await late.outages.caught_up()
    assert late.heard == ["away"], "one that comes now is told"
    async with listening(third), listening(one):
        one.outages.answered()
        await one.settle()
    assert third.heard == ["away", "back"]
    assert one.heard == [], "its own word is no news"
    await late.outages.caught_up()
    assert late.heard == ["away"]


async def test_one_probe_is_for_all(machines) -> None:
    one, other = machines("one"), machines("other")
    assert await one.outages.take()
    assert not await other.outages.take()
    one.outages.ended(failed=False)
    await one.settle()
    assert await other.outages.take(), "taken back, so another one looks"
    other.outages.ended(failed=True)
    await other.settle()
    assert not await one.outages.take(), "another probe so soon would find the same"


async def test_who_leaves_while_it_takes_the_probe_keeps_no_other_from_it(machines, monkeypatch) -> None:
    one, other = machines("one"), machines("other")
    server = Slow(one.server, monkeypatch)
    taking = asyncio.create_task(one.outages.take())
    await server.done.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert not await other.outages.take()
    server.heard.set()
    await one.settle()
    assert await other.outages.take()


async def test_who_leaves_without_the_probe_gives_back_no_later_one_of_its_own(machines, monkeypatch) -> None:
    one, other = machines("one"), machines("other")
    assert await other.outages.take()
    server = Slow(one.server, monkeypatch)
    taking = asyncio.create_task(one.outages.take())
    await server.done.wait()
    taking.cancel()
    other.outages.ended(failed=False)
    await other.settle()
    server.done.clear()
    again = asyncio.create_task(one.outages.take())
    await server.done.wait()
    server.heard.set()
    assert await again
    await one.settle()
    assert not await other.outages.take()


@pytest.fixture
def homes(simulator, tmp_path: Path, server_url: str, empty: None) -> Iterator[Callable[[str], Hub]]:
    """Start hubs on homes of their own that share the server."""
    hubs: list[Hub] = []

    def start(name: str) -> Hub:
        settings = settings_for(
            simulator,
            tmp_path / name,
            shared=SharedSettings(url=server_url, name=name),
            health=HealthSettings(failures_to_open=2, open_seconds=0.3, open_max_seconds=0.3),
            retry=RetrySettings(max_retries=0),
        )
        hub = Hub(settings)
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.close()


async def test_a_machine_that_never_failed_knows_that_hubsoft_is_away_and_back(
    homes, simulator, monkeypatch
) -> None:
    monkeypatch.setattr(outages, "REST_MS", 500)
    hubs = [homes(name) for name in ("one", "two", "three", "four")]

    async def begun(services: Services) -> None:
        await services.shared.begin(at_once=True)

    async def state_of(services: Services) -> ApiState:
        return services.engine.api()

    async def until(*, away: bool) -> None:
        async with asyncio.timeout(20):
            for hub in hubs:
                while ((await hub.run(state_of)).breaker is not BreakerState.CLOSED) is not away:
                    await asyncio.sleep(0.02)

    for hub in hubs:
        await hub.run(begun)
    await hubs[0].run(lambda services: services.customers.lookup(PEOPLE[0]))
    simulator.fail_next(1000, "status:503")
    before = len(simulator.request_log)
    for hub in hubs[:2]:
        for document in PEOPLE[1:]:
            with pytest.raises(HubSoftError):
                await hub.run(
                    lambda services, document=document: services.customers.lookup(document, refresh=True)
                )
    await until(away=True)
    assert len(simulator.request_log) - before <= 8, "the others asked nothing"
    assert "The other machines" in (await hubs[3].run(state_of)).reason
    simulator.faults.clear()
    await until(away=False)

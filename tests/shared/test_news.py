"""What one machine forgets or changes counts no more on any: those that hear of it late too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import redis

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.types import Source
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.actions import service_action
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.shared import news
from hubsoft_tui.shared.seal import Seal
from tests.shared.conftest import both_servers
from tests.shared.world import MachineBook

pytestmark = both_servers

BIANCA, GUILHERME = "86214941081", "10682083682"


async def asked(hub: Hub, document: str) -> Any:
    return await hub.run(lambda services: services.customers.lookup(document))


async def forget(services: Services) -> None:
    """Do what `cache clear` does."""
    services.engine.forget()
    await services.shared.spread()


async def turn(services: Services) -> None:
    """Wait for no beat."""
    await services.shared.spread()


async def asleep(services: Services) -> None:
    """Take no turn of its own."""
    services.shared._called = float("inf")


async def beyond(hub: Hub, server_url: str) -> None:
    """Wait until a machine is sure that the server's clock is past this moment: a slow call leaves it unsure."""
    with redis.Redis.from_url(server_url) as client:
        seconds, microseconds = client.time()

    async def sure(services: Services) -> bool:
        await services.shared.spread()
        known = services.shared.server_time(SystemClock().now())
        return known is not None and known[1] > seconds * 1000 + microseconds / 1000 + 1

    async with asyncio.timeout(10):
        while not await hub.run(sure):
            await asyncio.sleep(0.02)


@pytest.fixture
async def two(homes: Callable[..., Hub]) -> tuple[Hub, Hub]:
    one, other = homes("one"), homes("other")
    await one.run(lambda services: services.shared.begin(at_once=True))
    for hub in (one, other):
        assert (await asked(hub, BIANCA)).found
    return one, other


async def test_what_one_machine_forgets_no_other_remembers(two, simulator, server_url) -> None:
    one, other = two
    assert simulator.request_log.count(path="cliente") == 1
    await one.run(forget)
    await beyond(other, server_url)
    assert (await asked(other, BIANCA)).source is Source.API
    assert (await asked(one, BIANCA)).found
    assert simulator.request_log.count(path="cliente") == 2


async def test_it_is_learnt_after_a_sleep_through_an_emptied_server_and_a_wrong_clock(
    two, homes, simulator, server_url, monkeypatch
) -> None:
    one, other = two
    await other.run(asleep)
    await one.run(forget)
    with redis.Redis.from_url(server_url) as client:
        client.flushdb()
    await one.run(turn)  # it reports to the ledger that began anew
    monkeypatch.setattr("hubsoft_tui.core.clock.time.time", lambda: 1e9)
    await other.run(turn)
    await other.run(turn)
    third = homes("third")
    await third.run(lambda services: services.shared.begin(at_once=True))
    assert await other.run(remembered) == 0


async def remembered(services: Services) -> int:
    return services.engine.known.count()


async def test_an_action_on_one_machine_outdates_what_the_others_know(homes, simulator, server_url) -> None:
    one, other = homes("one"), homes("other")
    customer = simulator.customer(GUILHERME)
    await one.run(lambda services: services.shared.begin(at_once=True))
    simulator.set_status(customer, "suspenso_debito")
    before = await asked(one, GUILHERME)
    assert not (await asked(other, GUILHERME)).active

    async def unlock(services: Any) -> None:
        draft = service_action(
            EntryKind.TRUST_UNLOCK, before.customers[0], before.customers[0].services[0], days=1
        )
        entry = await services.outbox.put(await services.outbox.check(draft))
        await services.outbox.settled(entry.local_protocol, 10.0)

    await one.run(unlock)
    await one.run(turn)
    late = homes("late")  # it has nothing of its own, and what the server has of before is not taken
    await beyond(late, server_url)
    after = await asked(late, GUILHERME)
    assert (after.active, after.source) == (True, Source.API)
    await other.run(turn)
    assert (await asked(other, GUILHERME)).active
    assert simulator.request_log.count(path="cliente") == 2


async def test_what_one_machine_finds_changed_when_it_asks_anew_the_others_look_for(two, simulator) -> None:
    one, other = two
    simulator.set_status(GUILHERME, "servico_habilitado")
    for hub in two:
        assert (await asked(hub, GUILHERME)).active
    before = simulator.request_log.count(path="cliente")
    simulator.set_status(GUILHERME, "suspenso_debito")
    await asyncio.sleep(news.MARGIN + 0.05)  # what was asked for in that time may be as new
    anew = await one.run(lambda services: services.customers.lookup(GUILHERME, refresh=True))
    assert not anew.active
    async with asyncio.timeout(10):
        while (found := await asked(other, GUILHERME)).active:
            await asyncio.sleep(0.02)
    assert found.source is Source.CACHE
    assert simulator.request_log.count(path="cliente") == before + 1


async def test_what_cannot_be_named_any_more_is_in_doubt(two, simulator, server_url) -> None:
    one, other = two
    await other.run(asleep)

    async def change(services: Services) -> None:
        services.engine.outdate([name for name, _age in services.engine.known.customers(1)])
        for number in range(news.MOST + 4):
            services.engine.outdate([f"customer:none-{number}"])
        await services.shared.spread()

    await one.run(change)
    with redis.Redis.from_url(server_url) as client:
        held = msgspec.msgpack.decode(client.get(client.keys("hs:*:ledger")[0]))["nw"]
    assert held["n"] == news.MOST + 5
    assert len(held["l"]) == news.MOST
    await other.run(turn)
    assert await other.run(remembered) == 1, "it can still be shown while HubSoft is away"
    assert (await asked(other, BIANCA)).source is Source.API


def test_however_much_is_changed_a_bounded_part_of_it_is_kept() -> None:
    clock = SystemClock()
    book: Any = MachineBook(clock)
    server: Any = None
    heard = news.SharedNews(
        server, Seal("account", "secret"), owner="me", clock=clock, ledger=book, hurry=lambda: None
    )
    outdated: list[object] = []
    heard.on_outdated = lambda names, _before: outdated.append(names)
    for number in range(1, 2 * news.MOST_CHANGED):
        heard.outdated([f"c{number}"])
        said: Any = heard.saying()["fo"]
        heard.heard({"nw": ["book", number], "fo": [[number, said[0], 0.0, float(number)]]})
    assert outdated == []  # this machine did all of it
    assert len(heard._own) <= news.MOST
    assert len(heard._since) <= news.MOST_CHANGED
    assert heard.doubtful([f"c{number}"], number - 0.5)
    assert not heard.doubtful([f"c{number}"], number + 0.5)
    assert not heard.doubtful(["stranger"], number - 0.5)
    assert heard.doubtful(["c1"], 0.5)  # what is kept no more puts all that is older in doubt

"""HubSoft away and back: what is shown until then, which question finds out, and what waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from hubsoft_tui.core.types import BreakerState, Health, Priority, RequestContext, Source
from hubsoft_tui.errors import (
    QueueFull,
    Unreachable,
)
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import (
    CacheSettings,
    HealthSettings,
    LimiterSettings,
)
from hubsoft_tui.simulator import Simulator
from tests.hubs import BIANCA, GUILHERME, documents, lookup


@pytest.fixture
def simulator():
    with Simulator(customers=300, tickets=20, latency=(0.0, 0.0)) as simulator:
        yield simulator


async def go_down(hub: Hub, simulator: Simulator) -> None:
    """Switch HubSoft off and make enough people notice for the breaker to open."""
    simulator.set_scenario("outage")
    for document in documents(simulator, 40)[30:]:
        with pytest.raises(Unreachable):
            await lookup(hub, document)
    with hub.watch():
        while hub.snapshot().api.breaker is BreakerState.CLOSED:
            await asyncio.sleep(0.02)


async def test_in_an_outage_known_customers_are_shown_with_their_age(hub_over, simulator):
    hub = hub_over(
        cache=CacheSettings(client_data_ttl=0.01), health=HealthSettings(open_seconds=60, open_max_seconds=60)
    )
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    before = len(simulator.request_log.entries())
    stale = await lookup(hub, BIANCA)
    assert stale.source is Source.STALE
    assert stale.age > 0
    assert "has not answered since" in stale.reason
    started = time.monotonic()
    with pytest.raises(Unreachable, match="has not answered since"):
        await lookup(hub, GUILHERME)
    assert time.monotonic() - started < 1, (
        "a promise to people, not a benchmark: the breaker answers, not a timeout"
    )
    assert len(simulator.request_log.entries()) <= before + 2, (
        "each question of a person looks once whether HubSoft is back"
    )


@pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority.HIGH])
async def test_after_an_outage_a_person_s_question_is_the_probe(hub_over, simulator, priority):
    hub = hub_over(
        cache=CacheSettings(client_data_ttl=0.01), health=HealthSettings(open_seconds=60, open_max_seconds=60)
    )
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    with pytest.raises(Unreachable):
        await lookup(hub, GUILHERME, context=RequestContext(priority=priority))
    simulator.set_scenario("calm")
    again = await lookup(hub, BIANCA, refresh=True, context=RequestContext(priority=priority))
    assert (again.source, again.found) == (Source.API, True)
    assert (await lookup(hub, GUILHERME)).found


async def test_one_of_many_questions_probes_an_open_breaker(hub_over, simulator):
    hub = hub_over(health=HealthSettings(open_seconds=60, open_max_seconds=60))
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    simulator.set_scenario("calm")
    simulator.latency = (0.3, 0.3)
    before = len(simulator.request_log.entries())
    asked = [asyncio.create_task(lookup(hub, each)) for each in documents(simulator, 100)[80:]]
    await asyncio.sleep(0.15)
    assert len(simulator.request_log.entries()) - before <= 1
    assert all(answer.found for answer in await asyncio.gather(*asked))


async def test_a_known_outage_answers_soon_and_its_end_is_noticed(hub_over, simulator):
    hub = hub_over(health=HealthSettings(open_seconds=60, open_max_seconds=60))
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    simulator.set_scenario("calm")
    simulator.latency = (3.3, 3.3)
    with pytest.raises(Unreachable, match="has not answered since"):
        await lookup(hub, GUILHERME)
    simulator.latency = (0.0, 0.0)
    with hub.watch():
        async with asyncio.timeout(5):
            while hub.snapshot().api.health is Health.OFFLINE:
                await asyncio.sleep(0.05)


async def test_joining_a_background_question_in_an_outage_returns_at_once(hub_over, simulator):
    hub = hub_over(health=HealthSettings(open_seconds=60, open_max_seconds=60))
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    background = asyncio.create_task(lookup(hub, GUILHERME, context=RequestContext(priority=Priority.LOW)))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(1):
        with pytest.raises(Unreachable):
            await lookup(hub, GUILHERME)
    background.cancel()


async def test_what_waits_for_hubsoft_to_come_back_is_bounded(hub_over, simulator):
    limiter = LimiterSettings(max_requests_per_minute=6000, max_queue_size=5)
    hub = hub_over(limiter=limiter, health=HealthSettings(open_seconds=60, open_max_seconds=60))
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    waiting = [
        asyncio.create_task(lookup(hub, document, context=RequestContext(priority=Priority.LOW)))
        for document in documents(simulator, 60)[40:]
    ]
    async with asyncio.timeout(10):
        while sum(task.done() for task in waiting) < 15:
            await asyncio.sleep(0.005)
    assert sum(task.done() for task in waiting) == 15
    assert all(isinstance(task.exception(), QueueFull) for task in waiting if task.done())
    for task in waiting:
        task.cancel()


async def test_recovery_is_noticed_without_anybody_asking(hub_over, simulator):
    hub = hub_over()
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    simulator.set_scenario("calm")
    with hub.watch():
        async with asyncio.timeout(10):
            while hub.snapshot().api.health is not Health.ONLINE:
                await asyncio.sleep(0.05)
    assert (await lookup(hub, GUILHERME)).found


async def test_one_of_fifty_background_questions_is_the_probe(hub_over, simulator):
    hub = hub_over(health=HealthSettings(open_seconds=0.6, open_max_seconds=0.6))
    await lookup(hub, BIANCA)
    await go_down(hub, simulator)
    waiting = [
        asyncio.create_task(lookup(hub, document, context=RequestContext(priority=Priority.NORMAL)))
        for document in documents(simulator, 100)[50:]
    ]
    await asyncio.sleep(0)
    at_probe: list[int] = []
    before = len(simulator.request_log.entries())
    simulator.set_scenario("calm")
    simulator.latency = (0.15, 0.15)
    while len(simulator.request_log.entries()) == before:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.08)
    at_probe.append(len(simulator.request_log.entries()) - before)
    answers = await asyncio.gather(*waiting)
    assert at_probe == [1]
    assert all(answer.found for answer in answers)


async def test_a_fresh_console_in_an_outage_has_old_ticket_types(hub_over, simulator, tmp_path):
    old = CacheSettings(service_data_ttl=0.01, stale_ttl=0.02, clean_seconds=0.05)
    first = hub_over(cache=old)
    types = await first.run(lambda s: s.outbox.types())
    reasons = await first.run(lambda s: s.outbox.reasons())
    assert types
    assert reasons
    await asyncio.sleep(0.2)
    first.close()
    simulator.set_scenario("outage")
    fresh = hub_over(cache=old)
    assert await fresh.run(lambda s: s.outbox.types()) == types
    kept = await fresh.run(lambda s: s.outbox.reasons())
    assert [(each.id, each.label) for each in kept] == [(each.id, each.label) for each in reasons]

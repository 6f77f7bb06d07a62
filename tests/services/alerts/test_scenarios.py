"""Each scenario of the simulator opens its alert once and clears it once; a calm day opens none."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from hubsoft_tui.core.types import Priority, RequestContext
from hubsoft_tui.services.alerts.rules import ExtraFacts
from hubsoft_tui.settings.tree import CacheSettings, LimiterSettings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator import provider as simulated_provider
from tests.fuzzing import in_form

from .scenario import HOUR, MINUTE, World, play, settings


def people(simulator: Simulator, count: int) -> list[str]:
    return [each.document for each in simulator.customers if len(each.document) == 11][:count]


def test_an_outage_is_told_once_and_cleared_once(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 5)

    async def story(world: World) -> None:
        await world.work(terms, 10 * MINUTE, every=30)
        simulator.set_scenario("outage")
        await world.work(terms, 15 * MINUTE, every=30, refresh=True)
        assert await world.told() == [("api_down", True)]
        assert world.alerts.unseen == 1
        simulator.set_scenario("calm")
        await world.work(terms, 10 * MINUTE, every=30, refresh=True)
        assert await world.told() == [("api_down", False)]
        assert world.alerts.unseen == 0

    play(settings(simulator, tmp_path), story)


def test_an_outage_nobody_asks_in_any_more_clears_by_the_engine_s_own_probe(
    simulator, tmp_path: Path
) -> None:
    terms = people(simulator, 5)

    async def story(world: World) -> None:
        await world.work(terms, MINUTE, every=10)
        simulator.set_scenario("outage")
        await world.work(terms, MINUTE, every=10, refresh=True)
        await world.clock.sleep(5 * MINUTE)
        assert await world.told() == [("api_down", True)]
        simulator.set_scenario("calm")
        await world.clock.sleep(10 * MINUTE)
        assert await world.told() == [("api_down", False)]

    play(settings(simulator, tmp_path), story)


def test_a_failure_and_silence_ever_after_is_no_outage(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 2)

    async def story(world: World) -> None:
        await world.ask(terms[0])
        simulator.fail_next(3, "reset")
        await world.ask(terms[1])
        await world.clock.sleep(3 * HOUR)
        assert await world.told() == []

    play(settings(simulator, tmp_path), story)


def test_being_limited_is_told_once_however_often_it_happens(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 60)

    async def story(world: World) -> None:
        simulator.throttle.limit = 10
        await world.work(terms, 20 * MINUTE, every=2, refresh=True)
        assert await world.told() == [("rate_limited", True)]
        simulator.throttle.limit = None
        await world.work(terms, 30 * MINUTE, every=20)
        assert await world.told() == [("rate_limited", False)]

    # HubSoft says nothing of its limit but 429: with its headers the limiter would keep within it.
    hide = settings(simulator, tmp_path, off=("wait_long",))
    play(hide, story)


def test_slow_answers_are_told_once(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 60)

    async def story(world: World) -> None:
        await world.work(terms, 5 * MINUTE, every=10, refresh=True)
        world.wire.latency = 6.0
        await world.work(terms, 10 * MINUTE, every=5, refresh=True)
        assert await world.told() == [("api_slow", True)]
        assert 5.5 < (await world.alerts.open())[0].value < 6.5
        world.wire.latency = 0.05
        await world.work(terms, 10 * MINUTE, every=10, refresh=True)
        assert await world.told() == [("api_slow", False)]

    play(settings(simulator, tmp_path), story)


def test_refused_credentials_are_told_at_once_and_cleared_when_they_are_right(
    simulator, tmp_path: Path, monkeypatch
) -> None:
    terms = people(simulator, 5)

    async def story(world: World) -> None:
        await world.ask(terms[0])
        right = simulated_provider.PASSWORD
        monkeypatch.setattr(simulated_provider, "PASSWORD", "another")
        simulator.revoke_tokens()
        await world.ask(terms[1])
        await world.clock.sleep(10)
        assert await world.told() == [("credentials_refused", True)]
        await world.work(terms, 10 * MINUTE, every=30, refresh=True)
        assert await world.told() == [("credentials_refused", True)]
        monkeypatch.setattr(simulated_provider, "PASSWORD", right)
        await world.work(terms, 10 * MINUTE, every=30, refresh=True)
        assert await world.told() == [("credentials_refused", False)]

    play(settings(simulator, tmp_path), story)


def test_people_who_wait_and_a_queue_that_fills_are_told_once(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 150)

    async def story(world: World) -> None:
        background = [
            asyncio.create_task(world.ask(term, context=RequestContext(priority=Priority.NORMAL)))
            for term in terms[:55]
        ]
        operators = [asyncio.create_task(world.ask(term)) for term in terms[60:80]]
        await world.clock.sleep(2 * MINUTE)
        assert await world.told() == [("queue_full", True), ("wait_long", True)]
        await asyncio.gather(*background, *operators)
        await world.clock.sleep(10 * MINUTE)
        assert await world.told() == [("queue_full", False), ("wait_long", False)]

    narrow = replace(
        settings(simulator, tmp_path), limiter=LimiterSettings(max_requests_per_minute=10, max_queue_size=70)
    )
    play(narrow, story)


def test_what_other_services_and_the_disk_say_is_told_once(simulator, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.extra, world.disk = ExtraFacts(sync_late=0.0, outbox_stuck=0.0), 600.0
        await world.clock.sleep(10 * MINUTE)
        assert await world.told() == []
        world.extra, world.disk = ExtraFacts(sync_late=601.0, outbox_stuck=901.0), 499.0
        await world.clock.sleep(10 * MINUTE)
        assert set(await world.told()) == {("sync_late", True), ("outbox_stuck", True), ("disk_low", True)}
        world.extra, world.disk = ExtraFacts(sync_late=590.0, outbox_stuck=890.0), 510.0  # on the border
        await world.clock.sleep(10 * MINUTE)
        assert set(await world.told()) == {("sync_late", True), ("outbox_stuck", True), ("disk_low", True)}
        world.extra, world.disk = ExtraFacts(sync_late=None, outbox_stuck=0.0), 900.0
        await world.clock.sleep(10 * MINUTE)
        assert set(await world.told()) == {("sync_late", True), ("outbox_stuck", False), ("disk_low", False)}
        world.extra = ExtraFacts(sync_late=0.0, outbox_stuck=0.0)
        await world.clock.sleep(10 * MINUTE)
        assert len(await world.told()) == 3
        assert world.alerts.unseen == 0

    play(settings(simulator, tmp_path), story)


def test_a_low_hit_ratio_and_a_full_cache_are_told_once_and_not_at_the_start(
    simulator, tmp_path: Path
) -> None:
    terms = people(simulator, 100)

    async def story(world: World) -> None:
        await world.work(terms, 40 * MINUTE, every=20)
        assert await world.told() == [("cache_full", True)]
        await world.work(terms[20:] + terms[:20], 60 * MINUTE, every=20)
        assert await world.told() == [("cache_full", True), ("hit_ratio_low", True)]
        await world.work(terms[:5], 60 * MINUTE, every=20)
        assert await world.told() == [("cache_full", True), ("hit_ratio_low", False)]
        world.engine.reconfigure(replace(world.engine.settings, cache=CacheSettings(max_entries=1000)))
        await world.clock.sleep(10 * MINUTE)
        assert await world.told() == [("cache_full", False), ("hit_ratio_low", False)]

    small = replace(settings(simulator, tmp_path, look_seconds=15.0), cache=CacheSettings(max_entries=20))
    play(small, story)


@pytest.mark.long
def test_a_calm_day_tells_nothing(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 150)
    random.seed(7)

    async def story(world: World) -> None:
        world.extra = ExtraFacts(sync_late=0.0, outbox_stuck=0.0)
        for hour in range(24):
            until = world.clock.now() + HOUR
            while 8 <= hour < 18 and world.clock.now() < until - 200:
                await world.ask(random.choice(terms[:40] if random.random() < 0.6 else terms))
                await world.clock.sleep(random.expovariate(1 / 60))
            await world.clock.sleep(max(0.0, until - world.clock.now()))
        assert len(world.engine.snapshot().requests) > 100
        assert await world.told() == []

    play(settings(simulator, tmp_path, look_seconds=in_form(60.0, 20.0)), story)


def test_a_cache_that_is_full_of_customers_nobody_asks_for_any_more_is_not_too_small(
    simulator, tmp_path: Path
) -> None:
    terms = people(simulator, 40)

    async def story(world: World) -> None:
        await world.work(terms, 15 * MINUTE, every=20)
        assert await world.told() == [("cache_full", True)]
        await world.clock.sleep(4 * HOUR)
        assert world.engine.known.count() == 20
        assert await world.told() == [("cache_full", False)]
        await world.work(terms[:5], 2 * HOUR, every=60)
        assert await world.told() == [("cache_full", False)]

    small = replace(
        settings(simulator, tmp_path, look_seconds=15.0, off=("hit_ratio_low",)),
        cache=CacheSettings(max_entries=20),
    )
    play(small, story)


def test_a_slow_hubsoft_is_told_though_hardly_anybody_asks(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 20)

    async def story(world: World) -> None:
        world.wire.latency = 8.0
        await world.work(terms, 8 * MINUTE, every=30)
        assert await world.told() == [("api_slow", True)]

    play(settings(simulator, tmp_path), story)


def test_one_slow_moment_is_not_told(simulator, tmp_path: Path) -> None:
    terms = people(simulator, 20)

    async def story(world: World) -> None:
        world.wire.latency = 8.0
        await asyncio.gather(*map(world.ask, terms[:10]))
        world.wire.latency = 0.1
        await world.clock.sleep(HOUR)
        await world.work(terms[10:], 5 * MINUTE, every=30)
        assert await world.told() == []

    play(settings(simulator, tmp_path), story)

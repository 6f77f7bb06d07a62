"""Two homes with one credential and nothing between them: each is told, by HubSoft's own count, that others spend."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from hubsoft_tui.settings.tree import LimiterSettings
from hubsoft_tui.simulator import Simulator
from tests import virtual

from .scenario import MINUTE, _Loop, fixture, settings

OFF = ("wait_long", "rate_limited")


def on_homes(simulator, homes, scenario, *, limit=10) -> None:
    """Run `scenario` over one console on each of `homes`, in virtual time; the simulator's window does not pass."""

    async def told() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        clock = virtual.VirtualClock(loop)
        async with contextlib.AsyncExitStack() as stack:
            consoles = []
            for home in homes:
                limiter = LimiterSettings(max_requests_per_minute=limit)
                told = replace(settings(simulator, home, off=OFF, look_seconds=30.0), limiter=limiter)
                consoles.append(await stack.enter_async_context(fixture(told, loop=loop, clock=clock)))
            await scenario(*consoles)

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(told())


def people(simulator, count):
    return [each.document for each in simulator.customers if len(each.document) == 11][:count]


@pytest.mark.parametrize(("limit", "allowed"), [(10, 10), (10, 30)], ids=["scarce", "ample"])
def test_two_homes_are_told_that_others_spend(tmp_path, limit, allowed) -> None:
    async def scenario(one, two) -> None:
        for index in range(4):
            await one.ask(terms[index], refresh=True)
            await two.ask(terms[index], refresh=True)
        await one.clock.sleep(MINUTE)
        for each in (one, two):
            assert 3 <= each.engine.snapshot().budget.others <= 5
            assert await each.told() == [("others_spend", True)]
        await one.clock.sleep(20 * MINUTE)
        for each in (one, two):
            assert each.engine.snapshot().budget.others == 0
            assert await each.told() == [("others_spend", False)]

    with Simulator(
        customers=20, tickets=5, clock_rate=0, latency=(0.0, 0.0), rate_limit=allowed
    ) as simulator:
        terms = people(simulator, 5)
        on_homes(simulator, [tmp_path / "one", tmp_path / "two"], scenario, limit=limit)


def test_a_429_that_names_the_limit_proves_others(tmp_path) -> None:
    async def scenario(one) -> None:
        await one.ask(terms[0])
        assert one.engine.snapshot().budget.others == 0
        for _request in range(8):  # a program without this engine
            with pytest.raises(urllib.error.HTTPError) as refused:
                await asyncio.to_thread(urllib.request.urlopen, f"{simulator.url}/api/v1/integracao/cliente")
            refused.value.close()
        asked = asyncio.create_task(one.ask(terms[1], refresh=True))
        await one.clock.sleep(10)
        assert simulator.request_log.entries()[-1].status == 429
        assert one.engine.snapshot().budget.others >= 5
        asked.cancel()

    with Simulator(customers=20, tickets=5, clock_rate=0, latency=(0.0, 0.0), rate_limit=8) as simulator:
        terms = people(simulator, 2)
        on_homes(simulator, [tmp_path], scenario)


def test_one_home_alone_is_told_nothing(tmp_path) -> None:
    async def scenario(one, same) -> None:
        for term in terms:
            await asyncio.gather(one.ask(term, refresh=True), same.ask(term, refresh=True))
        await one.clock.sleep(MINUTE)
        assert one.engine.snapshot().budget.others == 0
        assert await one.told() == []

    with Simulator(customers=20, tickets=5, clock_rate=0, latency=(0.0, 0.0), rate_limit=10) as simulator:
        terms = people(simulator, 4)
        on_homes(simulator, [tmp_path, tmp_path], scenario)

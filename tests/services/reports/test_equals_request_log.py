"""The report of a day equals what HubSoft received, request for request, in bad weather too."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any

import pytest

from hubsoft_tui.api.choices import Table, choices
from hubsoft_tui.core.types import Category, Priority, RequestContext
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.reports.types import DayReport
from hubsoft_tui.settings.tree import CacheSettings, HttpSettings, LimiterSettings, RetrySettings
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for

API = "/api/v1/integracao/"


@pytest.fixture
def hub_over(hub_over):
    """Start hubs that soon forget."""
    quick = {"cache": CacheSettings(client_data_ttl=0.05, not_found_ttl=0.05)}
    return lambda **sections: hub_over(**(quick | sections))


async def report(hub: Hub) -> DayReport:
    found = await hub.run(lambda s: s.reports.day(s.reports.today()))
    so_far = await hub.run(lambda s: s.reports.so_far())
    assert (so_far.day, so_far.trouble) == (found, "")
    return found


async def ask(hub: Hub, simulator: Simulator, times: int, **options: Any) -> int:
    """Ask about a few customers at once, whatever becomes of it; return how many questions that were."""
    documents = [customer.document for customer in simulator.customers][:7]

    async def one(number: int) -> None:
        with contextlib.suppress(HubSoftError):
            await hub.run(lambda s: s.customers.lookup(documents[number % 7], **options))

    await asyncio.gather(*(one(number) for number in range(times)))
    return times


def check(found: DayReport, simulator: Simulator) -> None:
    """Compare with the simulator's request log."""
    entries = simulator.request_log.entries()
    total = found.total
    assert total.requests == len(entries)
    # Only HubSoft knows the status of an answer that was cut short.
    answered = Counter(str(entry.status) for entry in entries if entry.status and entry.fault != "truncated")
    assert {status: count for status, count in found.statuses.items() if status.isdigit()} == answered
    assert total.rate_limited == answered["429"]
    paths = Counter(entry.path.removeprefix(API).removeprefix("/") for entry in entries)
    assert {name: sums.requests for name, sums in found.endpoints.items()} == {
        {"oauth/token": "token", "cliente": "cliente", "cliente/atendimento": "cliente.atendimento"}.get(
            path, path.replace("/", ".")
        ): count
        for path, count in paths.items()
    }
    for parts in (found.priorities, found.callers, found.operators):
        assert sum(sums.requests for sums in parts.values()) == total.requests
        assert sum(sums.questions for sums in parts.values()) == total.questions
        assert sum(sums.saved for sums in parts.values()) == total.saved
    assert sum(hour.sums.requests for hour in found.hours) == total.requests
    assert sum(hour.sums.saved for hour in found.hours) == total.saved
    assert sum(sums.questions for sums in found.categories.values()) == total.questions


async def test_a_calm_day(hub_over, simulator):
    hub = hub_over()
    asked = await ask(hub, simulator, 20)
    asked += await ask(
        hub, simulator, 20, category=Category.CONTRACT_STATUS, context=RequestContext("program")
    )
    found = await report(hub)
    check(found, simulator)
    total = found.total
    assert total.questions == asked
    assert total.hits + total.coalesced == asked - 7
    assert (total.requests, total.asked, total.errors) == (8, 7, 0)
    assert total.saved == asked - 7
    assert found.callers["token"].requests == 1
    assert found.callers["program"].questions == 20
    assert total.ratio == (asked - 7) / asked
    assert total.p50 is not None
    assert total.p95 is not None
    assert 0 < total.p50 <= total.p95


@pytest.mark.parametrize("weather", ["flaky", "outage"])
async def test_bad_weather(hub_over, simulator, weather):
    hub = hub_over(
        retry=RetrySettings(max_retries=2, backoff_base=0.005, backoff_max=0.01),
        http=HttpSettings(read_timeout=0.5),
    )
    await ask(hub, simulator, 7)
    await asyncio.sleep(0.06)
    simulator.set_scenario(weather)
    simulator.latency = (0.0, 0.0)
    for _round in range(5):
        await ask(hub, simulator, 14)
        await asyncio.sleep(0.06)
    simulator.set_scenario("calm")
    simulator.latency = (0.0, 0.0)
    found = await report(hub)
    check(found, simulator)
    assert found.total.errors > 3
    assert found.total.stale + found.total.failed > 0
    assert found.total.questions == 77


async def test_revoked_logins_and_repeats_are_all_there(hub_over, simulator):
    hub = hub_over(retry=RetrySettings(max_retries=3, backoff_base=0.005))
    await ask(hub, simulator, 7)
    for _round in range(3):
        await asyncio.sleep(0.06)
        simulator.revoke_tokens()
        simulator.fail_next(1, "status:500", API + "cliente")
        await ask(hub, simulator, 7)
    found = await report(hub)
    check(found, simulator)
    assert found.endpoints["token"].requests == simulator.tokens_issued == 4
    assert found.statuses["401"] >= 3
    assert found.total.repeats >= 1


async def test_429s_are_counted_apart_from_errors(make_simulator, tmp_path):
    simulator = make_simulator(rate_limit=5, rate_window=0.5)
    settings = settings_for(
        simulator, tmp_path, limiter=LimiterSettings(max_requests_per_minute=600, window_seconds=0.2)
    )
    hub = Hub(settings)
    hub.start()
    try:
        await ask(hub, simulator, 10)
        found = await report(hub)
    finally:
        hub.close()
    check(found, simulator)
    assert found.total.rate_limited > 0
    assert found.total.errors == 0


async def test_what_answers_no_question_is_a_request_and_saves_nothing(hub_over, simulator):
    hub = hub_over()
    await ask(hub, simulator, 7)
    await hub.run(
        lambda s: s.engine.send(choices(Table.SERVICE_STATUSES), RequestContext("sync", Priority.LOW))
    )
    found = await report(hub)
    assert (found.total.requests, found.total.asked, found.total.saved) == (9, 7, 0)
    assert found.callers["sync"].requests == 1


async def test_what_never_left_is_no_request(hub_over, simulator):
    hub = hub_over(retry=RetrySettings(max_retries=0), http=HttpSettings(connect_timeout=0.5))
    await ask(hub, simulator, 7)
    await asyncio.sleep(0.06)
    before = len(simulator.request_log)
    simulator.close()
    await ask(hub, simulator, 3)
    found = await report(hub)
    assert found.total.requests == before
    assert found.total.unsent > 0
    assert found.total.stale == 3


async def test_passes_say_what_they_saved_in_place_of_their_questions(hub_over, simulator):
    hub = hub_over()
    await ask(hub, simulator, 7)

    async def note(services) -> None:
        services.reports.note_naive("sync", 412, 2)
        services.reports.note_naive("checkup", 10_000, 64)

    await hub.run(note)
    await ask(hub, simulator, 5, context=RequestContext("checkup", Priority.LOW))
    found = await report(hub)
    assert found.callers["sync"].saved == 410
    assert found.callers["checkup"].saved == 10_000 - 64
    assert found.callers["checkup"].questions == 5
    assert found.total.saved == 410 + 10_000 - 64
    assert sum(hour.sums.saved for hour in found.hours) == found.total.saved


async def test_two_consoles_are_one_report_in_each(hub_over, simulator):
    one, other = hub_over(), hub_over()
    await ask(one, simulator, 10)
    await ask(other, simulator, 10)
    await report(one)  # what the other process holds is written within its two seconds
    found = await report(other)
    check(found, simulator)
    assert found.total.questions == 20

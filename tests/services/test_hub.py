"""The engine as its users meet it, over real HTTP: outages, revocations, limits, faults, several at once."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubsoft_tui.api.customers import customer_search
from hubsoft_tui.api.tickets import open_ticket
from hubsoft_tui.core.ports import Look
from hubsoft_tui.core.types import Category, Health, Priority, RequestContext, Source
from hubsoft_tui.errors import (
    BadAnswer,
    CredentialsRefused,
    HubSoftError,
    RateLimited,
    Refused,
    StoreError,
    TimedOut,
    UnknownOutcome,
    Unreachable,
)
from hubsoft_tui.services.customers import questions
from hubsoft_tui.services.customers.terms import recognise
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.storage import LocalFlights
from hubsoft_tui.settings.tree import (
    CacheSettings,
    HealthSettings,
    HttpSettings,
    LimiterSettings,
    RetrySettings,
)
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.records import SqliteRecords
from tests.hubs import BIANCA, CUSTOMER, GUILHERME, SHARE, documents, lookup, remember, sent, settings_for


@pytest.fixture
def simulator():
    with Simulator(customers=300, tickets=20, latency=(0.0, 0.0)) as simulator:
        yield simulator


# -- memory


async def test_the_same_question_again_costs_nothing(hub_over, simulator):
    hub = hub_over()
    first, second = await lookup(hub, BIANCA), await lookup(hub, "862.149.410-81")
    assert (first.source, first.requests) == (Source.API, 1)
    assert (second.source, second.requests) == (Source.CACHE, 0)
    assert 0 < second.age < 60
    assert second.customers == first.customers
    assert sent(simulator) == 1


async def test_a_changed_age_limit_applies_to_old_answers(hub_over, simulator):
    hub = hub_over(cache=CacheSettings(client_data_ttl=0.05, contract_status_ttl=60))
    await lookup(hub, BIANCA)
    await asyncio.sleep(0.06)
    assert (await lookup(hub, BIANCA, category=Category.CONTRACT_STATUS)).source is Source.CACHE
    assert (await lookup(hub, BIANCA)).source is Source.API
    await asyncio.sleep(0.06)
    await remember(hub, CacheSettings(client_data_ttl=60))
    assert (await lookup(hub, BIANCA)).source is Source.CACHE
    assert sent(simulator) == 2


async def test_an_empty_answer_is_remembered_briefly(hub_over, simulator):
    hub = hub_over(cache=CacheSettings(not_found_ttl=60))
    for _ in range(3):
        assert not (await lookup(hub, "11144477735")).found
    assert sent(simulator) == 1
    await remember(hub, CacheSettings(not_found_ttl=0.05))
    await asyncio.sleep(0.06)
    await lookup(hub, "11144477735")
    assert sent(simulator) == 2


async def test_refresh_asks_again_whatever_is_remembered(hub_over, simulator):
    hub = hub_over()
    await lookup(hub, BIANCA)
    simulator.set_status(BIANCA, "suspenso_debito")
    again = await lookup(hub, BIANCA, refresh=True)
    assert again.source is Source.API
    assert again.active is False


async def test_a_protocol_leads_to_its_customer(hub_over, simulator):
    hub = hub_over()
    ticket = simulator.tickets[-1]
    owner = {customer.code: customer for customer in simulator.customers}
    found = await lookup(hub, ticket.protocol)
    assert found.customers[0].code in owner
    assert any(
        each.protocol == ticket.protocol
        for each in (await hub.run(lambda s: s.customers.tickets(found.customers[0]))).value
    )


# -- one of everything


async def test_a_hundred_concurrent_misses_of_one_cpf_are_one_request(hub_over, simulator):
    simulator.latency = (0.05, 0.05)
    hub = hub_over()
    answers = await asyncio.gather(*(lookup(hub, BIANCA) for _ in range(100)))
    assert sent(simulator) == 1
    assert {answer.customers[0].name for answer in answers} == {"BIANCA COUTO"}


async def test_a_failing_load_is_one_request_and_a_hundred_errors(hub_over, simulator):
    hub = hub_over(retry=RetrySettings(max_retries=0))
    await lookup(hub, GUILHERME)
    simulator.latency = (0.05, 0.05)
    simulator.fail_next(1, "status:500", CUSTOMER)
    answers = await asyncio.gather(*(lookup(hub, BIANCA) for _ in range(100)), return_exceptions=True)
    assert all(isinstance(answer, Unreachable) for answer in answers)
    assert sent(simulator) == 2


async def test_the_first_of_a_hundred_leaving_costs_the_others_nothing(hub_over, simulator):
    hub = hub_over()
    await lookup(hub, GUILHERME)
    simulator.latency = (0.2, 0.2)
    tasks = [asyncio.create_task(lookup(hub, BIANCA)) for _ in range(100)]
    while sent(simulator) < 2:
        await asyncio.sleep(0.005)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(answer.found for answer in answers[1:])
    assert sent(simulator) == 2


async def test_a_token_revoked_under_fifty_requests_is_renewed_once(hub_over, simulator):
    hub = hub_over(http=HttpSettings(max_connections=60))
    await lookup(hub, BIANCA)
    simulator.latency = (0.1, 0.2)
    tasks = [asyncio.create_task(lookup(hub, document)) for document in documents(simulator, 60)[10:]]
    while sent(simulator) < 30:
        await asyncio.sleep(0.005)
    simulator.revoke_tokens()
    answers = await asyncio.gather(*tasks)
    assert all(answer.found for answer in answers)
    assert simulator.tokens_issued == 2


async def test_two_processes_on_one_home_ask_once_for_one_customer(hub_over, simulator):
    mine, other = hub_over(), hub_over()
    for hub in (mine, other):  # of those that begin in the same instant, one may not see the other
        await hub.run(lambda _services: asyncio.sleep(0))
    simulator.latency = (0.1, 0.1)
    answers = await asyncio.gather(lookup(mine, BIANCA), lookup(other, BIANCA))
    assert all(answer.found for answer in answers)
    assert sent(simulator) == 1
    assert simulator.tokens_issued == 1


@pytest.mark.parametrize("refresh", [False, True])
async def test_an_answer_that_came_before_the_question_was_announced_is_taken(
    hub_over, simulator, monkeypatch, refresh
):
    mine, other = hub_over(), hub_over()
    for hub in (mine, other):
        await hub.run(lambda _services: asyncio.sleep(0))
    looking, landed = asyncio.Event(), asyncio.Event()
    here, look = asyncio.get_running_loop(), LocalFlights.look

    async def late(self: LocalFlights, *given: Any) -> Look:
        here.call_soon_threadsafe(looking.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(landed.wait(), here))
        return await look(self, *given)

    with monkeypatch.context() as busy:
        busy.setattr(LocalFlights, "look", late)
        second = asyncio.create_task(lookup(other, BIANCA, refresh=refresh))
        await looking.wait()
    assert (await lookup(mine, BIANCA)).found
    landed.set()
    assert (await second).found
    assert sent(simulator) == 1
    await asyncio.sleep(0.1)  # what is younger than half of that is as good as new
    assert (await lookup(mine, BIANCA, refresh=True)).found, "it is not announced any more"
    assert sent(simulator) == 2


# -- failures


@pytest.mark.parametrize("kind", ["reset", "close", "status:500", "html", "html:502", "empty", "truncated"])
async def test_a_passing_fault_is_repeated_unnoticed(hub_over, simulator, kind):
    hub = hub_over()
    simulator.fail_next(2, kind, CUSTOMER)
    answer = await lookup(hub, BIANCA)
    assert answer.found
    assert answer.requests == sent(simulator) == 3


@pytest.mark.parametrize("kind", ["latin1", "json_string", "content_type"])
async def test_an_odd_encoding_is_read_as_it_is(hub_over, simulator, kind):
    hub = hub_over()
    simulator.fail_next(1, kind, CUSTOMER)
    assert (await lookup(hub, BIANCA)).customers[0].name == "BIANCA COUTO"
    assert sent(simulator) == 1


async def test_a_refusal_is_hubsofts_own_words_and_is_not_repeated(hub_over, simulator):
    hub = hub_over()
    refused = customer_search("cpf_cnpj", BIANCA)
    refused = replace(refused, query={"busca": "nada", "termo_busca": BIANCA})
    with pytest.raises(Refused, match="HubSoft"):
        await hub.run(lambda s: s.engine.send(refused))
    assert sent(simulator) == 1


@pytest.mark.parametrize("kind", ["reset", "status:500", "html", "empty", "truncated"])
async def test_a_write_whose_outcome_is_unknown_is_never_repeated(hub_over, simulator, kind):
    hub = hub_over()
    await lookup(hub, BIANCA)
    customer = (await lookup(hub, BIANCA)).customers[0]
    before = len(simulator.tickets)
    simulator.fail_next(1, kind, method="POST", after_executing=True)
    write = open_ticket(
        service_id=customer.services[0].id,
        description="line down",
        contact_name="Bianca",
        contact_phone="37999450812",
    )
    with pytest.raises(UnknownOutcome):
        await hub.run(lambda s: s.engine.send(write, RequestContext(priority=Priority.CRITICAL)))
    assert len(simulator.tickets) == before + 1
    assert sent(simulator, "/api/v1/integracao/atendimento") == 1


async def test_retries_stay_under_a_fifth_of_what_is_sent(hub_over, simulator):
    hub = hub_over(health=HealthSettings(failures_to_open=10_000))
    await lookup(hub, BIANCA)
    simulator.fail_next(1000, "status:500", CUSTOMER)
    people = documents(simulator, 80)[10:]
    await asyncio.gather(*(lookup(hub, each) for each in people), return_exceptions=True)
    retries = sent(simulator) - 1 - len(people)
    assert 3 <= retries <= 0.2 * sent(simulator) + 1


async def test_a_write_that_outlasts_its_patience_is_waited_for(hub_over, simulator):
    hub = hub_over()
    customer = (await lookup(hub, BIANCA)).customers[0]
    simulator.fail_next(1, "delay:0.4", method="POST")
    write = open_ticket(
        service_id=customer.services[0].id,
        description="line down",
        contact_name="Bianca",
        contact_phone="37999450812",
    )
    ticket = await hub.run(
        lambda s: s.engine.send(write, RequestContext(priority=Priority.CRITICAL, timeout=0.1))
    )
    assert ticket.protocol


async def test_a_late_lookup_does_not_blame_hubsoft(hub_over, simulator):
    hub = hub_over(limiter=LimiterSettings(max_requests_per_minute=1, window_seconds=30, share=SHARE))
    simulator.lifetime = 2_592_000
    with pytest.raises(TimedOut, match="turn"):  # the login took the one slot
        await hub.run(
            lambda s: s.engine.ask(questions.customer(recognise(BIANCA)), RequestContext(timeout=0.3))
        )


async def test_a_token_never_accepted_is_no_loop_of_logins(hub_over, simulator):
    hub = hub_over()
    simulator.fail_next(1000, "status:401", CUSTOMER)
    for document in documents(simulator, 5):
        with pytest.raises(CredentialsRefused):
            await lookup(hub, document)
    assert simulator.tokens_issued == 2
    assert sent(simulator) == 2


async def test_refused_credentials_are_forgotten_with_a_signed_answer(hub_over, simulator):
    hub = hub_over()
    simulator.fail_next(2, "status:401", CUSTOMER)
    with pytest.raises(CredentialsRefused):
        await lookup(hub, BIANCA)
    other = hub_over()  # another console logs in again
    assert (await lookup(other, GUILHERME)).found
    assert (await lookup(hub, "57893953098")).found
    with hub.watch():
        async with asyncio.timeout(20):  # the first snapshot builds what it counts
            while hub.snapshot().api.health is not Health.ONLINE:
                await asyncio.sleep(0.01)


# -- limits


async def test_no_window_at_the_server_holds_too_many_requests(hub_over, simulator):
    simulator.latency = (0.0, 0.05)
    window = 1.0
    hub = hub_over(limiter=LimiterSettings(max_requests_per_minute=12, window_seconds=window, share=SHARE))
    people = documents(simulator, 40)
    await asyncio.gather(
        *(lookup(hub, each, context=RequestContext(priority=Priority.CRITICAL)) for each in people)
    )
    assert sent(simulator) == 40
    assert simulator.request_log.worst_window(window) <= 12


async def test_a_429_pauses_all_and_is_one_event(hub_over, simulator):
    hub = hub_over(cache=CacheSettings(client_data_ttl=0.01))
    await lookup(hub, BIANCA)
    simulator.set_scenario("rate-limited")
    async with httpx.AsyncClient() as elsewhere:  # another program spends the whole window
        for _ in range(10):
            await elsewhere.get(simulator.url + CUSTOMER)
    answers = await asyncio.gather(
        *(lookup(hub, each) for each in documents(simulator, 40)[20:]), return_exceptions=True
    )
    assert all(isinstance(answer, RateLimited) for answer in answers), "no caller waits a minute for nothing"
    with hub.watch():
        while not (snapshot := hub.snapshot()).serial:  # the first builds every service
            await asyncio.sleep(0.02)
    assert snapshot.api.health is Health.LIMITED
    assert snapshot.api.rate_limited == 1
    assert snapshot.budget.paused_for > 0
    before = len(simulator.request_log.entries())
    stale = await lookup(hub, BIANCA)
    assert stale.source in {Source.STALE, Source.CACHE}
    assert len(simulator.request_log.entries()) == before


# -- privacy


async def test_secrets_are_nowhere_on_disk_or_in_the_log(hub_over, simulator, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    hub = hub_over()
    for document in documents(simulator, 20):
        await lookup(hub, document)
    customer = (await lookup(hub, BIANCA)).customers[0]
    await hub.run(lambda s: s.customers.connection(customer.services[0]))
    hub.close()
    files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert any(path.name == "records.db" for path in files)
    for text in (*(path.read_bytes() for path in files), caplog.text.encode()):
        assert b"senha" not in text
        assert simulator.password.encode() not in text
        assert simulator.client_secret.encode() not in text
    assert BIANCA not in caplog.text


async def test_hostile_texts_are_replaced_where_they_enter(tmp_path):
    with Simulator(customers=20, tickets=5, hostile=True, latency=(0.0, 0.0)) as simulator:
        hub = Hub(settings_for(simulator, tmp_path))
        hub.start()
        try:
            found = await lookup(hub, simulator.hostile.document)
        finally:
            hub.close()
    text = repr(found.customers)
    assert "[red]" in found.customers[0].name
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


# -- the home


async def test_a_damaged_memory_is_set_aside_not_deleted(simulator, tmp_path):
    settings = settings_for(simulator, tmp_path)
    hub = Hub(settings)
    hub.start()
    await lookup(hub, BIANCA)
    hub.close()
    records = next(Path(tmp_path).rglob("records.db"))
    records.write_bytes(b"not a database at all" * 1000)
    again = Hub(settings)
    again.start()
    try:
        assert (await lookup(again, BIANCA)).found

        async def aside(services) -> list[Path]:
            return [Path(loss.aside) for loss in services.losses.open()]

        assert [path.read_bytes()[:5] for path in await again.run(aside)] == [b"not a"]
    finally:
        again.close()


async def test_an_unreadable_cache_does_not_stop_questions(hub_over, simulator, monkeypatch):
    hub = hub_over()

    def broken(*_: object) -> None:
        raise StoreError("the disk is failing")

    monkeypatch.setattr(SqliteRecords, "load", broken)
    monkeypatch.setattr(SqliteRecords, "changed", broken)
    monkeypatch.setattr(SqliteRecords, "claim", broken)
    assert (await lookup(hub, BIANCA)).found


def test_a_home_that_cannot_be_written_is_named(simulator, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    hub = Hub(settings_for(simulator, blocked))
    with pytest.raises(HubSoftError, match="file"):
        hub.start()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        del hub
        gc.collect()
    assert not [warning for warning in caught if "close()" in str(warning.message)], (
        "nothing is left to close"
    )


async def test_reveals_and_recent_customers_are_kept(hub_over, simulator, tmp_path):
    hub = hub_over()
    for document in (BIANCA, GUILHERME, BIANCA):
        found = await lookup(hub, document)
        await hub.run(
            lambda s, found=found, document=document: s.customers.remember(found.customers[0], document)
        )
    recent = await hub.run(lambda s: s.customers.recent())
    assert [each.name for each in recent] == ["BIANCA COUTO", "GUILHERME SILVA"]
    await hub.run(lambda s: s.customers.record_reveal(found.customers[0]))
    database = sqlite3.connect(next(Path(tmp_path).rglob("state.db")))
    assert [row[0] for row in database.execute("SELECT subject FROM audit")] == ["***.149.410-**"]
    database.close()


# -- watching


async def test_snapshots_are_taken_only_while_watched(
    hub_over,
):
    hub = hub_over()
    await lookup(hub, BIANCA)
    await asyncio.sleep(0.3)
    assert hub.snapshot().serial == 0
    with hub.watch():
        while not hub.snapshot().requests:
            await asyncio.sleep(0.02)
        seen = hub.snapshot()
    assert seen.token.present
    assert [row.operation for row in seen.requests] == ["token", "cliente"]
    assert seen.cache.categories[Category.CLIENT_DATA].misses == 1
    assert BIANCA not in repr(seen)


async def test_events_arrive_for_subscribers(hub_over):
    hub = hub_over()
    with hub.events() as subscription:
        await lookup(hub, BIANCA)
        events = subscription.take(timeout=2)
    names = [getattr(event, "operation", type(event).__name__) for event in events]
    assert names.count("cliente") == 1
    assert "HealthChanged" in names


def test_bad_answers_are_unreachable_for_exit_codes():
    assert issubclass(BadAnswer, Unreachable)


# -- writes


async def test_a_caller_is_told_right_before_each_attempt_leaves(hub_over, simulator):
    hub = hub_over()
    told: list[int] = []

    async def ready() -> None:
        told.append(sent(simulator))

    simulator.fail_next(1, "status:401", CUSTOMER)
    search = customer_search("cpf_cnpj", BIANCA)
    received = await hub.run(lambda s: s.engine.receive(search, ready=ready))
    assert (told, sent(simulator)) == ([0, 1], 2)
    assert [customer.document for customer in received.decoded.value] == [BIANCA]
    assert (received.decoded.truncated, received.decoded.dropped) == (False, 0)


async def test_an_exception_of_the_caller_frees_the_slot(hub_over, simulator):
    hub = hub_over(limiter=LimiterSettings(max_requests_per_minute=3))

    async def ready() -> None:
        raise ZeroDivisionError

    search = customer_search("cpf_cnpj", BIANCA)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await hub.run(lambda s: s.engine.send(search, ready=ready))
    assert sent(simulator) == 0
    assert (await lookup(hub, BIANCA)).found


async def test_what_is_remembered_can_be_seen_without_asking(hub_over, simulator):
    hub = hub_over()
    question = questions.customer(recognise(BIANCA))

    async def remembered(services):
        return services.engine.known.remembered(question)

    assert await hub.run(remembered) is None
    await lookup(hub, BIANCA)
    answer = await hub.run(remembered)
    assert [customer.document for customer in answer.value] == [BIANCA]
    assert sent(simulator) == 1

"""Whole check-ups over real HTTP: what they cost, and that they are right whatever HubSoft does during it."""

from __future__ import annotations

import asyncio
import inspect
import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from hubsoft_tui.core.types import Category, Source
from hubsoft_tui.errors import AlreadyRunning, CredentialsRefused
from hubsoft_tui.services.checkup.types import Result, RunState, Variant, Way
from hubsoft_tui.settings.tree import CheckupSettings, HealthSettings, HttpSettings, LimiterSettings
from hubsoft_tui.simulator import people as simulated
from hubsoft_tui.simulator.details import Details
from hubsoft_tui.simulator.people import SimCustomer

from .fixture import ROSTER, SINGLE, some, strangers

QUICK = HttpSettings(read_timeout=0.1)


def documents_of(customers: list[SimCustomer]) -> list[str]:
    return [customer.document for customer in customers]


# -- what it costs


def test_a_hundred_members_cost_five_requests_and_then_none(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(simulator, documents_of(some(simulator, 100)))
    ended = fixture.run()
    assert ended.state is RunState.DONE
    assert fixture.sent() <= 5
    assert (ended.requests, ended.saved) == (fixture.sent(), 100 - fixture.sent())
    assert fixture.results() == fixture.truth()

    simulator.request_log.clear()
    again = fixture.run()
    assert (again.requests, len(simulator.request_log)) == (0, 0)
    assert fixture.results() == fixture.truth()
    assert {row.decision.source for row in fixture.rows().values()} == {"cache"}


def test_the_answers_are_those_of_asking_for_each_one(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    people = documents_of(some(simulator, 60, seed=4)) + strangers(2)
    fixture = make_fixture(simulator, people)
    fixture.run()
    rows = fixture.rows()

    async def one_by_one(services):
        return [await services.customers.lookup(each, refresh=True) for each in people]

    for document, lookup in zip(people, fixture.hub.call(one_by_one), strict=True):
        decision = rows[document].decision
        assert (decision.result is Result.ACTIVE) == bool(lookup.active)
        assert (decision.result is Result.NOT_FOUND) == (not lookup.found)
        labels = {service.status for customer in lookup.customers for service in customer.services}
        assert decision.status in labels or not labels


def test_three_are_asked_for_and_the_roster_is_left_alone(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(simulator, documents_of(some(simulator, 3)))
    fixture.run()
    assert (fixture.sent(ROSTER), fixture.sent(SINGLE)) == (0, 3)


def test_thirty_of_a_hundred_thousand_are_asked_for(make_simulator, make_fixture):
    simulator = make_simulator(customers=600)
    fixture = make_fixture(simulator, documents_of(some(simulator, 30)))

    async def larger(services):
        await services.checkup._files.run(
            lambda stores: stores.rosters.note_total(Variant.ALL.value, 100_000, 0.0)
        )

    fixture.hub.call(larger)
    list_id = fixture.id
    plan = fixture.hub.call(lambda s: s.checkup.plan(list_id))
    assert (plan.way, plan.singles, plan.asked) == (Way.SINGLES, 30, 0)
    fixture.run()
    assert (fixture.sent(ROSTER), fixture.sent(SINGLE)) == (0, 30)


# -- a roster answers the day's questions, and pretends nothing


async def ask(fixture, document, category):
    return await fixture.hub.run(lambda s: s.customers.lookup(document, category=category))


async def test_the_roster_teaches_a_status_but_not_a_customer(make_simulator, make_fixture):
    simulator = make_simulator(customers=700)
    listed = documents_of(some(simulator, 40))
    fixture = make_fixture(simulator, listed)
    await asyncio.to_thread(fixture.run)
    simulator.request_log.clear()

    others = [customer for customer in simulator.customers if customer.document not in listed][:50]
    for customer in others:
        found = await ask(fixture, customer.document, Category.CONTRACT_STATUS)
        assert (found.source, found.active) == (Source.CACHE, customer.active)
    assert len(simulator.request_log) == 0

    whole = await ask(fixture, others[0].document, Category.CLIENT_DATA)
    assert whole.source is Source.API
    assert whole.customers[0].phones
    assert fixture.sent(SINGLE) == 1


async def test_a_customer_looked_up_stays_as_rich_as_before(make_simulator, make_fixture):
    simulator = make_simulator(customers=700)
    bianca = "86214941081"
    fixture = make_fixture(simulator, documents_of(some(simulator, 40)))
    before = await ask(fixture, bianca, Category.CLIENT_DATA)
    assert before.customers[0].alerts
    simulator.set_status(bianca, "suspenso_debito")
    await asyncio.to_thread(fixture.run)
    after = await ask(fixture, bianca, Category.CLIENT_DATA)
    assert after.customers == before.customers
    # Whether the contract is active, the younger row knows better.
    assert (await ask(fixture, bianca, Category.CONTRACT_STATUS)).active is False


# -- whatever HubSoft does during it


def test_a_page_too_heavy_for_hubsoft_becomes_smaller_ones(make_simulator, make_fixture):
    simulator = make_simulator(customers=600)
    simulator.seconds_per_row = 0.002  # 250 rows take 0.5 s, 100 take 0.2 s; 0.4 s are waited
    patient = HttpSettings(read_timeout=0.2)
    fixture = make_fixture(simulator, documents_of(some(simulator, 300)), http=patient)
    ended = fixture.run()
    assert ended.state is RunState.DONE
    assert fixture.results() == fixture.truth()
    assert fixture.sent(ROSTER) < 25
    assert fixture.sent(SINGLE) == 0

    simulator.request_log.clear()
    fixture.run(max_age=0)
    asked = [entry.query for entry in simulator.request_log.entries(ROSTER)]
    assert "itens_por_pagina=100" in asked[0]  # the size that has worked


@pytest.mark.parametrize(
    "fault", ["status:429", "status:500", "html:502", "reset", "truncated", "empty", "close"]
)
def test_a_fault_in_the_middle_changes_nothing(make_simulator, make_fixture, fault):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(
        simulator, documents_of(some(simulator, 200)) + strangers(3), health=HealthSettings(open_seconds=0.05)
    )
    pages = 0

    def spoil(entry):
        nonlocal pages
        pages += entry.path == ROSTER
        if pages == 3:
            pages += 100
            simulator.fail_next(2, fault, "cliente/todos")
        if entry.path == SINGLE and pages < 1000:
            pages += 1000
            simulator.fail_next(2, fault, "cliente")

    simulator.on_request = spoil
    ended = fixture.run()
    assert ended.counts.get(Result.UNKNOWN, 0) == 0
    assert fixture.results() == fixture.truth()


def test_shifting_pages_and_a_changing_total_change_no_result(make_simulator, make_fixture):
    simulator = make_simulator(customers=2600)
    listed = some(simulator, 900)
    fixture = make_fixture(simulator, documents_of(listed))
    fixture.run()  # all are known now, so that a loss would be told
    staying = {customer.document for customer in listed}
    gone = [customer for customer in simulator.customers[:400] if customer.document not in staying]
    pages = 0

    def shift(entry):
        nonlocal pages
        if entry.path == ROSTER:
            pages += 1
            if pages in {2, 3, 5}:
                for _ in range(7):
                    simulator.remove_customer(gone.pop())

    simulator.on_request = shift
    simulator.request_log.clear()
    ended = fixture.run(max_age=0)
    assert pages > 2
    assert fixture.results() == fixture.truth()
    assert (ended.gained, ended.lost) == (0, 0)
    assert fixture.sent() <= 6 + 3 + 14  # pages, those read again, and those who still slipped by


def test_a_document_of_two_customers_is_active_if_either_is(make_simulator, make_fixture):
    simulator = make_simulator(customers=1300)
    oldest = sorted(simulator.customers, key=lambda each: -each.registered_age)
    off = next(each for each in oldest[:300] if each.services and not each.active)
    on = next(each for each in oldest[-300:] if each.active and len(each.document) == len(off.document))
    also_off = next(
        each for each in oldest[-300:] if each.services and not each.active and len(each.document) == 11
    )
    on.document = off.document
    both_off = next(each for each in oldest[300:600] if each.services and not each.active)
    both_off.document = also_off.document
    simulator.provider.roster._index()
    fixture = make_fixture(
        simulator, list({each.document for each in some(simulator, 300)} | {off.document, both_off.document})
    )
    fixture.run()
    assert fixture.results() == fixture.truth()
    assert fixture.rows()[off.document].decision.source == "roster"


def test_an_unreadable_row_takes_no_contract_away(make_simulator, make_fixture, monkeypatch):
    """Two customers have a document: the roster spoils the row of the one that is served."""
    simulator = make_simulator(customers=1300)
    oldest = sorted(simulator.customers, key=lambda each: -each.registered_age)
    off = next(each for each in oldest[:300] if each.services and not each.active)
    on = next(each for each in oldest[-300:] if each.active and len(each.document) == len(off.document))
    on.document = off.document
    simulator.provider.roster._index()
    fixture = make_fixture(simulator, list({each.document for each in some(simulator, 300)} | {off.document}))
    fixture.run()
    assert fixture.results()[off.document] is Result.ACTIVE

    honest = Details.customer

    def spoilt(self, customer, *rest, bulk=False, **options):
        row = honest(self, customer, *rest, bulk=bulk, **options)
        return row | {"id_cliente": "?"} if bulk and customer is on else row

    monkeypatch.setattr(Details, "customer", spoilt)
    ended = fixture.run(max_age=0)
    assert fixture.results() == fixture.truth()
    assert (ended.gained, ended.lost) == (0, 0)


def test_a_key_pressed_twice_is_one_run(make_simulator, make_fixture):
    simulator = make_simulator(customers=600)
    fixture = make_fixture(simulator, documents_of(some(simulator, 20)))
    list_id = fixture.id

    async def twice(services):
        return await asyncio.gather(
            services.checkup.start(list_id),
            services.checkup.start(list_id),
            services.checkup.reload(list_id),
            return_exceptions=True,
        )

    first, second, _looked = fixture.hub.call(twice)
    assert first is None
    assert isinstance(second, AlreadyRunning)
    assert fixture.progress().running_here
    assert fixture.wait().state is RunState.DONE
    assert fixture.results() == fixture.truth()


def test_a_bulk_route_that_hides_the_active_is_not_believed(make_simulator, make_fixture, monkeypatch):
    """On some servers `cancelado=sim` may mean "cancelled only": no member may lose a contract by it."""
    honest = simulated.Filter.services

    def only_cancelled(self, customer):
        shown = honest(self, customer)
        if shown is None or self.cancelled != "sim" or self.inactive != "todos":
            return shown
        cancelled = [service for service in shown if service.status == "cancelado"]
        return cancelled or None

    simulator = make_simulator(customers=1500)
    for customer in simulator.customers[:1200:5]:  # many have an old service that is cancelled
        if customer.services:
            customer.services.append(
                replace(customer.services[0], id=500_000 + customer.index, status="cancelado")
            )
    fixture = make_fixture(simulator, documents_of(some(simulator, 700)))
    truth = fixture.truth()
    monkeypatch.setattr(simulated.Filter, "services", only_cancelled)
    # Asking for one customer is a route of its own.
    monkeypatch.setattr(
        "hubsoft_tui.simulator.routes_customers.Filter",
        lambda cancelled, inactive, statuses: simulated.Filter(
            "todos"
            if inactive == "todos" and cancelled == "sim" and not statuses and _single()
            else cancelled,
            inactive,
            statuses,
        ),
    )
    ended = fixture.run()
    assert fixture.results() == truth
    assert ended.requests < 200
    simulator.request_log.clear()
    fixture.run(max_age=0)
    assert not any("cancelado=sim" in entry.query for entry in simulator.request_log.entries(ROSTER))


def _single() -> bool:
    return any(frame.function == "search" for frame in inspect.stack()[:6])


def test_an_outage_is_waited_for(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(
        simulator,
        documents_of(some(simulator, 200)),
        health=HealthSettings(open_seconds=0.05, open_max_seconds=0.1),
    )
    pages = 0

    def fall(entry):
        nonlocal pages
        pages += entry.path == ROSTER
        if pages == 2:
            simulator.set_scenario("outage")

    simulator.on_request = fall
    fixture.start()
    _wait_until(lambda: fixture.progress().trouble != "")
    simulator.on_request = None
    simulator.set_scenario("calm")
    simulator.latency = (0.0, 0.0)
    ended = fixture.wait()
    assert ended.counts.get(Result.UNKNOWN, 0) == 0
    assert fixture.results() == fixture.truth()


def test_only_the_undecidable_are_unknown(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(
        simulator,
        documents_of(some(simulator, 200)),
        health=HealthSettings(open_seconds=0.05),
        checkup=CheckupSettings(patience_seconds=2.0),
    )
    truth = fixture.truth()
    pages = 0

    def fall(entry):
        """Go down at the fourth page, but not at the first that is asked for again: a busy machine gives it up."""
        nonlocal pages
        pages += entry.path == ROSTER
        if pages >= 4 and entry.path == ROSTER and parse_qs(entry.query)["pagina"] != ["0"]:
            simulator.on_request = None
            simulator.set_scenario("outage")

    simulator.on_request = fall
    ended = fixture.run()
    results = fixture.results()
    assert ended.state is RunState.DONE
    assert 0 < ended.counts[Result.UNKNOWN] < 200
    assert all(result in {truth[each], Result.UNKNOWN} for each, result in results.items())
    assert all(row.decision.why for row in fixture.rows().values() if row.decision.result is Result.UNKNOWN)

    simulator.on_request = None
    simulator.set_scenario("calm")
    simulator.latency = (0.0, 0.0)
    simulator.request_log.clear()
    again = fixture.run()
    assert fixture.results() == truth
    assert again.requests <= ended.counts[Result.UNKNOWN]


def test_a_service_without_a_status_is_not_inactive(make_simulator, make_fixture):
    simulator = make_simulator(customers=600)
    odd = next(each for each in simulator.customers[10:] if len(each.services) == 1)
    odd.services[0].status = ""
    fixture = make_fixture(simulator, [*documents_of(some(simulator, 100)), odd.document])
    ended = fixture.run()
    assert fixture.results()[odd.document] is Result.UNKNOWN
    assert ended.counts[Result.UNKNOWN] == 1


def test_credentials_that_are_refused_stop_the_run_and_lose_nothing(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    fixture = make_fixture(simulator, documents_of(some(simulator, 100)))
    simulator.fail_next(9, "status:401", "cliente/todos")
    with pytest.raises(CredentialsRefused):
        fixture.run()
    assert fixture.progress().state is RunState.INTERRUPTED
    assert fixture.progress().trouble
    simulator.faults.clear()
    fixture.close()
    assert fixture.run().state is RunState.DONE
    assert fixture.results() == fixture.truth()


# -- people first, one at a time


async def test_a_person_is_answered_at_once_while_it_runs(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506)
    share = {"critical": 1.0, "high": 0.93, "normal": 0.87, "low": 0.73}
    fixture = make_fixture(
        simulator,
        documents_of(some(simulator, 200)),
        limiter=LimiterSettings(max_requests_per_minute=30, window_seconds=4.0, share=share),
    )
    await asyncio.to_thread(fixture.start)
    await asyncio.to_thread(_wait_until, lambda: fixture.progress().requests >= 2)
    for customer in some(simulator, 4, seed=9):
        await ask(fixture, customer.document, Category.CLIENT_DATA)
    waited = [row.wait for row in await fixture.hub.run(_rows) if row.caller == "lookup"]
    assert len(waited) == 4
    # A request behind the check-up would wait for most of a window of 4 s.
    assert max(waited) < 2.0
    await asyncio.to_thread(fixture.wait)


async def _rows(services):
    return services.engine.snapshot().requests


def test_a_second_run_is_refused_naming_the_first(make_simulator, make_fixture, tmp_path):
    simulator = make_simulator(customers=1506, latency=(0.2, 0.2))
    fixture = make_fixture(simulator, documents_of(some(simulator, 100)))
    fixture.start()
    with pytest.raises(AlreadyRunning, match=r"members\.csv is being checked already, by process \d+"):
        fixture.start()
    other = type(fixture)(simulator, tmp_path, documents_of(some(simulator, 100)))
    try:
        with pytest.raises(AlreadyRunning, match=r"members\.csv is being checked already"):
            other.start()
        assert other.progress().state is RunState.RUNNING
        assert not other.progress().running_here
    finally:
        other.close()
    fixture.wait()


def test_a_resumed_run_asks_for_no_member_twice(make_simulator, make_fixture):
    simulator = make_simulator(customers=300, latency=(0.01, 0.01))
    people = documents_of(some(simulator, 3)) + strangers(60)
    fixture = make_fixture(simulator, people)

    async def larger(services):
        await services.checkup._files.run(
            lambda stores: stores.rosters.note_total(Variant.ALL.value, 100_000, 0.0)
        )

    fixture.hub.call(larger)
    fixture.start()
    _wait_until(lambda: fixture.progress().decided >= 10)
    list_id = fixture.id
    fixture.hub.call(lambda s: s.checkup.pause(list_id))
    paused = fixture.progress()
    assert paused.state is RunState.PAUSED
    assert 10 <= paused.decided < 63
    time.sleep(0.1)
    assert fixture.progress().decided == paused.decided
    fixture.close()  # another day, another process

    ended = fixture.run()
    assert ended.state is RunState.DONE
    terms = [entry.query for entry in simulator.request_log.entries(SINGLE)]
    assert len(terms) - len(set(terms)) <= 3  # only those that were on their way when it was paused
    assert 0 <= ended.requests - len(terms) <= 3  # of which one may have left, and not arrived


def test_cancelled_it_is_over_and_nothing_is_compared_with_it(make_simulator, make_fixture):
    simulator = make_simulator(customers=1506, latency=(0.05, 0.05))
    fixture = make_fixture(simulator, documents_of(some(simulator, 100)))
    fixture.start()
    list_id = fixture.id
    _wait_until(lambda: fixture.progress().requests >= 2)
    fixture.hub.call(lambda s: s.checkup.cancel(list_id))
    assert fixture.progress().state is RunState.CANCELLED
    simulator.latency = (0.0, 0.0)
    ended = fixture.run(max_age=0)
    assert ended.compared_at is None
    assert not any(row.changed for row in fixture.rows().values())


def test_what_changed_since_the_last_run_is_told(make_simulator, make_fixture):
    simulator = make_simulator(customers=600)
    people = some(simulator, 50)
    fixture = make_fixture(simulator, documents_of(people))
    fixture.run()
    lost = next(each for each in people if each.active)
    won = next(each for each in people if not each.active and each.services)
    simulator.set_status(lost, "suspenso_debito")
    simulator.set_status(won, "servico_habilitado")
    ended = fixture.run(max_age=0)
    rows = fixture.rows()
    assert {document for document, row in rows.items() if row.changed} == {lost.document, won.document}
    assert (ended.gained, ended.lost) == (1, 1)
    decision = rows[lost.document].decision
    assert (decision.was, decision.result) == (Result.ACTIVE, Result.INACTIVE)
    assert decision.status == "Suspenso por Débito"
    assert abs(decision.since - time.time()) < 60


def _wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)

"""Absence must be proven: what is asked, revoked, remembered and sent again when answers prove nothing."""

from __future__ import annotations

import sys
from functools import partial

import pytest

from hubsoft_tui import HubSoft
from hubsoft_tui.errors import BadAnswer, Refused, Unreachable
from hubsoft_tui.services.checkup.types import Result
from hubsoft_tui.services.outbox import runner
from hubsoft_tui.services.outbox.types import EntryState
from hubsoft_tui.settings.tree import (
    CheckupSettings,
    HealthSettings,
    HttpSettings,
    OutboxSettings,
    RetrySettings,
)
from hubsoft_tui.simulator.details import Details
from hubsoft_tui.simulator.people import cpf
from tests.hubs import settings_for
from tests.services.checkup.fixture import ROSTER, SINGLE, CheckupFixture, some
from tests.services.outbox.test_outbox import LIST, OPEN, any_customer, becomes, put, ticket_for
from tests.strangers import STRANGERS, UNPROVEN, said, spoil

STRANGER = "111.444.777-35"
ONCE = {
    "retry": RetrySettings(max_retries=0, backoff_base=0.02, backoff_max=0.02),
    "health": HealthSettings(failures_to_open=50, open_seconds=0.05, open_max_seconds=0.05),
}


@pytest.fixture
def told(tmp_path):
    """A command that notes the member it is run for."""
    file = tmp_path / "told"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys\nopen({str(file)!r}, 'a').write(sys.argv[1] + '\\n')\n")

    class Told:
        command = (sys.executable, "-S", str(script), "{document}")

        @property
        def documents(self):
            return file.read_text().split() if file.exists() else []

    return Told()


# -- a person, a program


def test_a_program_hears_unknown_and_nothing_is_remembered(simulator, tmp_path):
    with HubSoft(settings_for(simulator, tmp_path, **ONCE)) as hub:
        for name in UNPROVEN:
            simulator.faults.clear()
            hub.lookup("862.149.410-81")  # HubSoft is there, and we are logged in
            hub.hub.call(_forget)
            spoil(simulator, name, SINGLE)
            for document in (STRANGER, "862.149.410-81"):
                for ask in (hub.client_info, hub.lookup, partial(hub.client_info, full_data=False)):
                    with pytest.raises((Unreachable, Refused)) as caught:
                        pytest.fail(f"{name}: {ask(document)}")
                    assert caught.value.exit_code in {1, 4}
        simulator.faults.clear()
        assert hub.client_info("862.149.410-81", full_data=False) is True
        before = len(simulator.request_log)
        assert hub.client_info(STRANGER) is None
        assert len(simulator.request_log) == before + 1


async def _forget(services):
    return services.engine.known.clear()


def test_a_ticket_whose_owner_is_not_named_is_not_nobodys(make_simulator, tmp_path):
    simulator = make_simulator()
    ticket = simulator.tickets[-1]
    row = {"id_atendimento": ticket.id, "protocolo": ticket.protocol}
    words = said({"status": "success", "atendimentos": [row]})
    simulator.fail_next(1, words.pop("kind"), LIST, **words)
    with HubSoft(settings_for(simulator, tmp_path)) as hub, pytest.raises(BadAnswer, match="whose"):
        hub.lookup(ticket.protocol)


def test_hubsofts_own_empty_list_is_not_found_in_one_request(simulator, tmp_path):
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        assert hub.client_info(STRANGER) is None
        assert hub.client_info(STRANGER, full_data=False) is False
        words = said({"status": "error", "msg": "Cliente não encontrado"}, 404)
        simulator.fail_next(1, words.pop("kind"), SINGLE, **words)
        assert hub.client_info(cpf(123_456_789)) is None
    assert [each.path for each in simulator.request_log.entries()].count(SINGLE) == 2


# -- the check-up


@pytest.mark.parametrize("names", [list(UNPROVEN), ["nginx 404"], ["no list"], ["database"]])
def test_answers_that_prove_nothing_take_no_contract_away(make_simulator, tmp_path, request, told, names):
    simulator = make_simulator(customers=60)
    people = [each.document for each in some(simulator, 60) if each.active][:12]
    checkup = CheckupSettings(command=told.command, patience_seconds=1.0)
    fixture = CheckupFixture(simulator, tmp_path, people, checkup=checkup, **ONCE)
    request.addfinalizer(fixture.close)
    assert fixture.run().counts == {Result.ACTIVE: 12}
    for _each in range(60):
        for name in names:
            for path in (SINGLE, ROSTER):
                spoil(simulator, name, path, count=1)
    ended = fixture.run(max_age=0.0)
    assert ended.counts == {Result.UNKNOWN: 12}
    assert (told.documents, ended.notices) == ([], 0)
    simulator.faults.clear()
    assert fixture.run(max_age=0.0).counts == {Result.ACTIVE: 12}


def test_a_stray_row_costs_a_request_and_no_contract(make_simulator, tmp_path, request, told):
    simulator = make_simulator(customers=60)
    people = [each.document for each in some(simulator, 60) if each.active][:12]
    fixture = CheckupFixture(
        simulator, tmp_path, people, checkup=CheckupSettings(command=told.command), **ONCE
    )
    request.addfinalizer(fixture.close)
    fixture.run()
    for name in UNPROVEN:
        spoil(simulator, name, SINGLE, count=1)
    assert fixture.run(max_age=0.0).counts == {Result.ACTIVE: 12}
    assert told.documents == []


@pytest.mark.parametrize("own", [None, "", 86214941081.0])
def test_a_row_without_its_owner_takes_no_contract_away(make_simulator, tmp_path, request, told, own):
    simulator = make_simulator(customers=60)
    person = next(each for each in simulator.customers if each.active)
    checkup = CheckupSettings(command=told.command, patience_seconds=1.0)
    fixture = CheckupFixture(simulator, tmp_path, [person.document], checkup=checkup, **ONCE)
    request.addfinalizer(fixture.close)
    fixture.run()
    row = {"id_cliente": 1, "cpf_cnpj": own, "servicos": []}
    words = said({"status": "success", "clientes": [row]})
    simulator.fail_next(9, words.pop("kind"), SINGLE, **words)
    assert fixture.run(max_age=0.0).counts == {Result.UNKNOWN: 1}
    assert told.documents == []


def test_an_active_row_without_an_owner_takes_no_contract_away(
    make_simulator, tmp_path, request, monkeypatch
):
    simulator = make_simulator(customers=120)
    gone = next(each for each in simulator.customers if each.active)
    nameless = next(each for each in simulator.customers if each.active and each is not gone)
    fixture = CheckupFixture(
        simulator, tmp_path, [each.document for each in some(simulator, 100)] + [gone.document]
    )
    request.addfinalizer(fixture.close)
    fixture.run()
    row = Details.customer

    def customer(self, one, *arguments, **options):
        made = row(self, one, *arguments, **options)
        return made | {"cpf_cnpj": None} if one is nameless and options.get("bulk") else made

    monkeypatch.setattr(Details, "customer", customer)
    simulator.set_status(gone, "cancelado")
    simulator.request_log.clear()
    fixture.run(max_age=0.0)
    asked = [each.query for each in simulator.request_log.entries() if each.path == SINGLE]
    assert any(gone.document in query for query in asked)
    assert fixture.results()[gone.document] is Result.INACTIVE


# -- the outbox


@pytest.fixture
def hub_over(hub_over, monkeypatch):
    """Start consoles whose outbox is quick."""
    monkeypatch.setattr(runner, "TICK_SECONDS", 0.05)
    sections = {
        # On a busy machine the simulator is late too, and the quiet period has to be longer than that.
        "outbox": OutboxSettings(quiet_seconds=1.0, retry_seconds=0.1),
        "http": HttpSettings(read_timeout=5.0),
        **ONCE,
    }
    return lambda: hub_over(background=True, **sections)


def _customers(simulator, count):
    return [one for one in simulator.customers if one.active and len(one.services) == 1][:count]


async def _all_sent(hub, customers):
    entries = [await put(hub, ticket_for(customer), patience=0.0) for customer in customers]
    return [await becomes(hub, entry, EntryState.SENT, seconds=30.0) for entry in entries]


async def test_a_search_that_proves_nothing_sends_nothing_again(simulator, hub_over):
    customers = _customers(simulator, 12)
    simulator.fail_next(len(customers), "close", OPEN, after_executing=True)
    for name in UNPROVEN:
        spoil(simulator, name, LIST, count=1)
    before = len(simulator.tickets)
    await _all_sent(hub_over(), customers)
    assert (
        len(simulator.tickets) == before + len(customers) == before + simulator.request_log.count(path=OPEN)
    )
    assert simulator.request_log.count(path=LIST) >= len(customers) + len(UNPROVEN)


@pytest.mark.parametrize("executed", [True, False])
async def test_a_stranger_refuses_no_ticket_and_opens_no_second(simulator, hub_over, executed):
    customers = _customers(simulator, len(STRANGERS))
    for name in STRANGERS:
        words = dict(STRANGERS[name])
        simulator.fail_next(1, words.pop("kind"), OPEN, after_executing=executed, **words)
    before = len(simulator.tickets)
    await _all_sent(hub_over(), customers)
    assert len(simulator.tickets) == before + len(customers)


async def test_a_firewall_page_at_the_login_refuses_no_password(simulator, hub_over):
    simulator.fail_next(2, "html:403", "/oauth/token")
    hub = hub_over()
    await becomes(hub, await put(hub, ticket_for(any_customer(simulator)), patience=0.0), EntryState.SENT)

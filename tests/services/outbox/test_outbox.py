"""The outbox as screens and commands meet it, over real HTTP and the real file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.api.models import Ticket
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import InvalidInput, NotFound, StoreError
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox import runner
from hubsoft_tui.services.outbox.types import Closing, EntryState, NewMessage, NewTicket
from hubsoft_tui.settings.tree import HealthSettings, HttpSettings, OutboxSettings, RetrySettings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.mirror import Mirror

from .scenario import rewrite, write

OPEN = "/api/v1/integracao/atendimento"
LIST = "/api/v1/integracao/cliente/atendimento"
QUICK = OutboxSettings(quiet_seconds=0.3, retry_seconds=0.1)


@pytest.fixture
def simulator():
    with Simulator(customers=60, tickets=8, latency=(0.0, 0.0), changes_per_minute=0.0) as simulator:
        yield simulator


@pytest.fixture
def hub_over(hub_over, monkeypatch):
    """Start consoles whose outbox is quick."""
    monkeypatch.setattr(runner, "TICK_SECONDS", 0.05)
    usual = {
        "outbox": QUICK,
        "http": HttpSettings(read_timeout=0.5),
        "retry": RetrySettings(max_retries=0, backoff_base=0.02, backoff_max=0.02),
        "health": HealthSettings(failures_to_open=50),
    }

    def start(*, background: bool = True, **sections: object) -> Hub:
        return hub_over(background=background, **{**usual, **sections})

    return start


def any_customer(simulator: Simulator):
    return next(one for one in simulator.customers if one.active and len(one.services) == 1)


def ticket_for(customer, text: str = "Sem acesso desde ontem.", **changes) -> NewTicket:
    draft = NewTicket(
        service_id=customer.services[0].id,
        description=text,
        contact_name="Bianca Couto",
        contact_phone="(37) 99999-2968",
        customer_code=customer.code,
        customer_document=customer.document,
        customer_name=customer.name,
    )
    return replace(draft, **changes)


async def put(hub: Hub, draft, patience: float = 5.0):
    async def ask(services):
        entry = await write(services.outbox, draft)
        return await services.outbox.settled(entry.local_protocol, patience)

    return await hub.run(ask)


async def becomes(hub: Hub, entry, state: EntryState, seconds: float = 8.0):
    until = time.monotonic() + seconds
    while True:
        found = await hub.run(lambda s: s.outbox.entry(entry.local_protocol))
        if found.state is state or time.monotonic() > until:
            assert found.state is state, found
            return found
        await asyncio.sleep(0.02)


def opened(simulator: Simulator, reference: str):
    return [ticket for ticket in simulator.tickets if reference in ticket.description]


# -- the plain way


async def test_a_ticket_is_opened_once_and_linked_to_its_local_protocol(hub_over, simulator):
    hub = hub_over(background=False)
    told: list[Ticket] = []

    async def absorb(ticket: Ticket) -> None:
        told.append(ticket)

    async def ask(services):
        services.outbox.sender.on_sent = absorb
        entry = await write(services.outbox, ticket_for(any_customer(simulator)))
        return entry, await services.outbox.settled(entry.local_protocol, 5.0)

    first, entry = await hub.run(ask)
    (ticket,) = opened(simulator, entry.reference)
    assert (first.local_protocol, first.state) == ("LOC000001", EntryState.QUEUED)
    assert (entry.state, entry.ticket_id, entry.protocol) == (EntryState.SENT, ticket.id, ticket.protocol)
    assert ticket.phone == "37999992968"
    assert [(one.id, one.service_id) for one in told] == [(ticket.id, ticket.service.id)]
    row = next(row for row in hub.snapshot().requests) if hub.snapshot().requests else None
    assert row is None or row.priority is Priority.CRITICAL


async def test_it_is_on_disk_as_being_sent_before_hubsoft_hears_of_it(hub_over, simulator, tmp_path):
    seen = []

    def look(request) -> None:
        if request.path == OPEN:
            with sqlite3.connect(next(tmp_path.rglob("outbox.db"))) as connection:
                seen.append(connection.execute("SELECT state, attempts, draft FROM entry").fetchall())
            connection.close()

    simulator.on_request = look
    await put(hub_over(), ticket_for(any_customer(simulator)))
    (((state, attempts, draft),),) = seen
    assert (state, attempts) == ("sending", 1)
    assert b"Sem acesso" in draft


async def test_what_it_says_in_the_strip(hub_over, simulator):
    hub = hub_over()
    simulator.fail_next(1, "status:500", OPEN)
    entry = await put(hub, ticket_for(any_customer(simulator)))
    badges = await hub.run(_badges)
    assert (entry.state, badges.outbox, badges.outbox_asks) == (EntryState.UNKNOWN, 1, 0)  # counted at `put`
    await becomes(hub, entry, EntryState.SENT)
    until = time.monotonic() + 5
    while (after := await hub.run(_badges)).outbox and time.monotonic() < until:
        await asyncio.sleep(0.02)
    assert (after.outbox, after.outbox_asks) == (0, 0)
    assert after.versions["outbox"] > badges.versions["outbox"]


async def _badges(services):
    return services.badges()


# -- everything that can go wrong


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("kind", ["reset", "close", "status:500", "html:502", "html", "empty", "delay:0.7"])
async def test_an_outcome_nobody_knows_is_looked_for_and_settled(hub_over, simulator, kind, executed):
    simulator.fail_next(1, kind, OPEN, after_executing=executed)
    hub = hub_over(outbox=replace(QUICK, quiet_seconds=0.5))
    entry = await put(hub, ticket_for(any_customer(simulator)))
    assert entry.state is EntryState.UNKNOWN
    assert entry.next_at is not None
    entry = await becomes(hub, entry, EntryState.SENT)
    (ticket,) = opened(simulator, entry.reference)
    assert (entry.ticket_id, entry.protocol) == (ticket.id, ticket.protocol)
    assert entry.attempts == (1 if executed or kind == "delay:0.7" else 2)


@pytest.mark.parametrize("kind", ["truncated", "latin1", "json_string", "content_type"])
async def test_a_spoiled_answer_opens_no_second_ticket(hub_over, simulator, kind):
    simulator.fail_next(1, kind, OPEN)
    hub = hub_over()
    entry = await put(hub, ticket_for(any_customer(simulator), "Não há conexão"))
    entry = await becomes(hub, entry, EntryState.SENT)
    (ticket,) = opened(simulator, entry.reference)
    assert entry.ticket_id == ticket.id


async def test_later_than_anybody_waited_is_reported_as_a_double(hub_over, simulator):
    simulator.fail_next(1, "late:0.9", OPEN)
    hub = hub_over(outbox=replace(QUICK, quiet_seconds=0.2))
    name = (await put(hub, ticket_for(any_customer(simulator)))).local_protocol
    entry, until = await becomes(hub, _Named(name), EntryState.SENT), time.monotonic() + 8
    while not entry.doubles and time.monotonic() < until:
        await asyncio.sleep(0.05)
        entry = await hub.run(lambda s: s.outbox.entry(name))
    both = {ticket.protocol for ticket in opened(simulator, entry.reference)}
    assert both == {entry.protocol, *entry.doubles}
    assert len(both) == 2
    while (await hub.run(_badges)).outbox_asks != 1 and time.monotonic() < until:
        await asyncio.sleep(0.02)
    assert (await hub.run(_badges)).outbox_asks == 1
    entry = await hub.run(lambda s: s.outbox.discard(name))
    assert (entry.state, entry.doubles) == (EntryState.SENT, ())


@pytest.mark.parametrize("kind", ["status:429", "status:401"])
async def test_what_hubsoft_did_not_take_is_sent_again(hub_over, simulator, kind):
    simulator.fail_next(1, kind, OPEN)
    hub = hub_over()
    entry = await put(hub, ticket_for(any_customer(simulator)))
    entry = await becomes(hub, entry, EntryState.SENT)
    assert len(opened(simulator, entry.reference)) == 1
    assert LIST not in {request.path for request in simulator.request_log.entries()}


async def test_while_hubsoft_is_down_it_waits_and_goes_when_it_is_back(hub_over, simulator):
    hub = hub_over()
    customer = any_customer(simulator)
    port = simulator.port
    simulator.close()
    entry = await put(hub, ticket_for(customer))
    assert (entry.state, entry.attempts) == (EntryState.QUEUED, 0)
    assert entry.said
    with Simulator(customers=60, tickets=8, latency=(0, 0), changes_per_minute=0, port=port) as back:
        entry = await becomes(hub, entry, EntryState.SENT)
        assert [ticket.id for ticket in opened(back, entry.reference)] == [entry.ticket_id]


async def test_a_refusal_is_kept_in_hubsofts_words_and_corrected(hub_over, simulator):
    hub = hub_over()
    customer = any_customer(simulator)
    entry = await put(hub, ticket_for(customer, service_id=99_999_999, customer_code=None))
    assert entry.state is EntryState.REFUSED
    assert "não encontrado" in entry.said
    assert entry.asks
    with pytest.raises(InvalidInput, match="empty"):
        await hub.run(lambda s: rewrite(s.outbox, entry.local_protocol, ticket_for(customer, "  ")))
    fixed = await hub.run(
        lambda s: rewrite(s.outbox, entry.local_protocol, ticket_for(customer, "Agora sim"))
    )
    assert fixed.local_protocol == entry.local_protocol
    entry = await becomes(hub, entry, EntryState.SENT)
    (ticket,) = opened(simulator, entry.reference)
    assert ticket.description.startswith("Agora sim")
    with pytest.raises(InvalidInput, match="changed"):
        await hub.run(lambda s: rewrite(s.outbox, entry.local_protocol, ticket_for(customer, "De novo")))


async def test_somebody_phoned_meanwhile(hub_over, simulator):
    hub = hub_over(outbox=replace(QUICK, look_first_seconds=0.0))
    customer = any_customer(simulator)

    def phone(request) -> None:
        if request.path == LIST and not phoned:
            phoned.append(_phoned(simulator, customer))

    phoned: list[Any] = []
    simulator.on_request = phone
    entry = await put(hub, ticket_for(customer))
    assert (entry.state, entry.similar) == (EntryState.EXISTS, (phoned[0].protocol,))
    assert opened(simulator, entry.reference) == []
    adopted = await hub.run(lambda s: s.outbox.adopt(entry.local_protocol, entry.similar[0]))
    assert (adopted.state, adopted.ticket_id) == (EntryState.SENT, phoned[0].id)
    with pytest.raises(InvalidInput):
        await hub.run(lambda s: s.outbox.resend(entry.local_protocol))


async def test_a_yes_opens_it_all_the_same(hub_over, simulator):
    hub = hub_over(outbox=replace(QUICK, look_first_seconds=0.0))
    customer = any_customer(simulator)
    _phoned(simulator, customer)
    entry = await put(hub, ticket_for(customer))
    assert entry.state is EntryState.EXISTS
    await hub.run(lambda s: s.outbox.resend(entry.local_protocol))
    await becomes(hub, entry, EntryState.SENT)
    assert len(opened(simulator, entry.reference)) == 1


def _phoned(simulator: Simulator, customer):
    provider = simulator.provider
    with provider.lock:
        return provider.desk.open(
            customer,
            customer.services[0],
            at=provider.clock.now(),
            by=56,
            description="CLIENTE LIGOU",
            type_id=109,
            status_id=22,
            responsible=None,
            contact="x",
            phone="y",
        )


async def test_a_wrong_ticket_is_not_adopted(hub_over, simulator):
    hub = hub_over()
    customer = any_customer(simulator)
    other = next(ticket for ticket in simulator.tickets if ticket.customer is not customer)
    entry = await put(hub, ticket_for(customer, service_id=99_999_999))
    with pytest.raises(NotFound):
        await hub.run(lambda s: s.outbox.adopt(entry.local_protocol, "20010101000000000000"))
    with pytest.raises(InvalidInput, match="another customer"):
        await hub.run(lambda s: s.outbox.adopt(entry.local_protocol, other.protocol))
    assert (await hub.run(lambda s: s.outbox.discard(entry.local_protocol))).state is EntryState.DISCARDED
    with pytest.raises(NotFound, match="LOC999999"):
        await hub.run(lambda s: s.outbox.entry("LOC999999"))


async def test_while_hubsoft_may_still_be_at_it_nobody_sends_it_again(hub_over, simulator):
    hub = hub_over(outbox=replace(QUICK, quiet_seconds=60.0))
    simulator.fail_next(1, "close", OPEN)
    entry = await put(hub, ticket_for(any_customer(simulator)))
    with pytest.raises(InvalidInput, match=r"in \d+ s"):
        await hub.run(lambda s: s.outbox.resend(entry.local_protocol))
    report = await hub.run(lambda s: s.outbox.send_due())
    assert (report.sent, report.unknown) == (0, 0)


# -- messages and closings


@pytest.mark.parametrize("executed", [False, True])
async def test_a_message_is_added_once_and_looks_as_it_was_written(hub_over, simulator, executed):
    hub = hub_over()
    ticket = next(ticket for ticket in simulator.tickets if ticket.open and not ticket.draft)
    simulator.fail_next(1, "close", f"{OPEN}/adicionar_mensagem/*", after_executing=executed)
    entry = await put(hub, NewMessage(ticket.id, ticket.protocol, "Técnico a caminho."))
    assert entry.state is EntryState.UNKNOWN
    await becomes(hub, entry, EntryState.SENT)
    assert [one.text for one in ticket.messages].count("Técnico a caminho.") == 1


async def test_the_same_message_written_twice_on_purpose_is_two(hub_over, simulator):
    hub = hub_over()
    ticket = next(ticket for ticket in simulator.tickets if ticket.open and not ticket.draft)
    draft = NewMessage(ticket.id, ticket.protocol, "Aguardando.")
    await put(hub, draft)
    (same,) = (await hub.run(lambda s: s.outbox.review(draft))).similar
    assert same.local_protocol == "LOC000001"
    simulator.fail_next(1, "close", f"{OPEN}/adicionar_mensagem/*")
    await becomes(hub, await put(hub, draft), EntryState.SENT)
    assert [one.text for one in ticket.messages].count("Aguardando.") == 2


@pytest.mark.parametrize("executed", [False, True])
async def test_a_ticket_is_closed_with_its_reason(hub_over, simulator, executed):
    hub = hub_over()
    ticket = next(ticket for ticket in simulator.tickets if ticket.open and not ticket.draft)
    reasons = await hub.run(lambda s: s.outbox.reasons(ticket.type_id))
    assert reasons
    simulator.fail_next(1, "close", f"{OPEN}/{ticket.id}", after_executing=executed, method="PUT")
    entry = await put(hub, Closing(ticket.id, ticket.protocol, reasons[0].id, reasons[0].label, "Resolvido."))
    await becomes(hub, entry, EntryState.SENT)
    assert (ticket.open, ticket.reason_id, ticket.closing) == (False, reasons[0].id, "Resolvido.")


async def test_types_and_reasons_are_asked_for_once(hub_over, simulator):
    hub = hub_over()
    types = [await hub.run(lambda s: s.outbox.types()) for _ in range(2)]
    await hub.run(lambda s: s.outbox.reasons(types[0][0].id))
    every = await hub.run(lambda s: s.outbox.reasons())
    narrowed = await hub.run(lambda s: s.outbox.reasons(109))
    assert types[0] == types[1] != ()
    assert 0 < len(narrowed) < len(every)
    assert simulator.request_log.count("configuracao/") == 2


# -- who may, and who may not


async def test_a_read_only_profile_writes_nothing(hub_over, simulator):
    waiting = hub_over(background=False, outbox=replace(QUICK, quiet_seconds=60.0))
    simulator.fail_next(1, "close", OPEN)
    entry = await put(waiting, ticket_for(any_customer(simulator)))
    hub = hub_over(profile=replace(simulator.profile, name="main", read_only=True))
    for attempt in (
        lambda s: write(s.outbox, ticket_for(any_customer(simulator))),
        lambda s: s.outbox.resend(entry.local_protocol),
        lambda s: s.outbox.send_due(),
    ):
        with pytest.raises(InvalidInput, match="read-only"):
            await hub.run(attempt)
    assert len(await hub.run(lambda s: s.outbox.entries())) == 1


async def test_a_cancelled_service_in_hand_is_refused_before_anything_is_kept(hub_over, simulator):
    hub = hub_over()
    customer = any_customer(simulator)
    simulator.set_status(customer, "cancelado")
    await hub.run(lambda s: s.customers.lookup(customer.document))
    with pytest.raises(InvalidInput, match="cancelled"):
        await hub.run(lambda s: write(s.outbox, ticket_for(customer)))
    assert await hub.run(lambda s: s.outbox.entries()) == ()
    by_document = ticket_for(customer, customer_code=None)
    with pytest.raises(InvalidInput, match="cancelled"):
        await hub.run(lambda s: s.outbox.check(by_document))


async def test_two_consoles_and_a_command_send_each_entry_once(hub_over, simulator):
    down = HttpSettings(connect_timeout=0.2)
    port, customers = simulator.port, [one for one in simulator.customers if one.active][:10]
    writer = hub_over(background=False, http=down)
    simulator.close()
    for customer in customers:
        await put(writer, ticket_for(customer, "Queda geral"), patience=2.0)
    with Simulator(customers=60, tickets=8, latency=(0.0, 0.05), changes_per_minute=0, port=port) as back:
        hubs = [hub_over(), hub_over()]
        reports = await asyncio.gather(*(hub.run(lambda s: s.outbox.send_due()) for hub in (writer, *hubs)))
        for number in range(len(customers)):
            entry = await becomes(writer, _Named(f"LOC{number + 1:06d}"), EntryState.SENT)
            assert len(opened(back, entry.reference)) == 1
        assert sum(report.sent for report in reports) >= 1
        assert sum("Queda geral" in ticket.description for ticket in back.tickets) == len(customers)


class _Named:
    def __init__(self, local_protocol: str) -> None:
        self.local_protocol = local_protocol


# -- leaving, and full disks


async def test_leaving_waits_for_an_answer_that_is_on_its_way(hub_over, simulator, monkeypatch):
    shut, close = [], Mirror.close

    def noted(mirror):
        shut.append(mirror)
        close(mirror)

    monkeypatch.setattr(Mirror, "close", noted)
    simulator.fail_next(1, "delay:0.3", OPEN)
    hub = hub_over(background=False)
    entry = await hub.run(lambda s: write(s.outbox, ticket_for(any_customer(simulator))))
    await becomes(hub, entry, EntryState.SENDING)
    await asyncio.to_thread(hub.close)
    assert shut, "the answer is among the tickets, whose mirror was opened for it"
    again = hub_over(background=False)
    assert (await again.run(lambda s: s.outbox.entry(entry.local_protocol))).state is EntryState.SENT


async def test_leaving_earlier_leaves_what_may_have_happened_to_be_looked_for(
    hub_over, simulator, monkeypatch
):
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.05)
    simulator.fail_next(1, "delay:0.4", OPEN, after_executing=True)
    hub = hub_over(background=False)
    entry = await hub.run(lambda s: write(s.outbox, ticket_for(any_customer(simulator))))
    await becomes(hub, entry, EntryState.SENDING)
    await asyncio.to_thread(hub.close)
    again = hub_over()
    found = await again.run(lambda s: s.outbox.entry(entry.local_protocol))
    assert found.state is EntryState.UNKNOWN
    await becomes(again, entry, EntryState.SENT)
    assert len(opened(simulator, entry.reference)) == 1


async def test_a_full_disk_is_said_and_nothing_is_sent(hub_over, simulator):
    hub = hub_over()

    async def fill(services):
        def limit(store):
            database = store._database
            pages = database.read("PRAGMA page_count")[0][0]
            return database.read(f"PRAGMA max_page_count={pages}")

        return await services.outbox._thread.run(limit)

    await hub.run(fill)
    long = ticket_for(any_customer(simulator), "Sem acesso. " * 400)
    accepted, said = 0, ""
    while accepted < 20 and not said:
        try:
            await hub.run(lambda s: write(s.outbox, long))
            accepted += 1
        except StoreError as error:
            said = str(error)
    assert "NOT accepted" in said
    await asyncio.sleep(0.2)
    assert len(await hub.run(lambda s: s.outbox.entries())) == accepted
    assert sum(long.description.strip() in ticket.description for ticket in simulator.tickets) <= accepted


def test_a_file_of_a_newer_version_is_named_and_left_alone(hub_over, tmp_path):
    hub_over().close()
    path = next(Path(tmp_path).rglob("outbox.db"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreError, match=r"outbox\.db .*newer version"):
        hub_over()

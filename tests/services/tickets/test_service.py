"""What screens, commands and the outbox ask of the tickets service."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from hubsoft_tui.api.models import Ticket
from hubsoft_tui.api.tickets import open_ticket, update_ticket
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import InvalidInput, NotFound, StoreError
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tickets.types import ChangeKind, SyncStatus, TicketState
from hubsoft_tui.settings.tree import SyncSettings
from tests.hubs import settings_for

from .test_sync import LIST, ONE, asked, change, close, open_one


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


# -- looking


def test_a_delta_tells_what_differs_and_nothing_twice(syncing, simulator):
    before = syncing.version
    simulator.step(12)
    syncing.sync()
    delta = syncing.hub.call(lambda services: services.tickets.delta(before))
    assert not delta.whole
    touched = {entry.ticket_id for entry in simulator.changes}
    assert {row.id for row in delta.rows} == {change.ticket_id for change in delta.changes} == touched
    for row in delta.rows:
        assert row.change == [each for each in delta.changes if each.ticket_id == row.id][-1]
    again = syncing.hub.call(lambda services: services.tickets.delta(delta.version))
    assert (again.version, again.rows, again.changes, again.whole) == (delta.version, (), (), False)
    whole = syncing.hub.call(lambda services: services.tickets.delta(0))
    assert (whole.whole, len(whole.rows)) == (True, len(syncing.rows))
    assert syncing.hub.call(lambda services: services.tickets.delta(10**9)).whole


def test_rows_are_newest_first(syncing):
    rows = syncing.hub.call(lambda services: services.tickets.rows(open_only=True))
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
    assert {row.state for row in rows} == {TicketState.OPEN}


def test_news_grow_when_any_process_wrote(syncing, simulator, syncing_over):
    other = syncing_over(simulator)

    async def news(services: Services) -> int:
        return services.badges().versions["tickets"]

    seen = [other.hub.call(news)]

    def grown() -> bool:
        seen.append(other.hub.call(news))
        return seen[-1] > seen[0]

    wait_until(grown)  # what was there already is news to it
    time.sleep(0.6)
    still = other.hub.call(news)
    simulator.step(5)
    syncing.sync()
    wait_until(lambda: other.hub.call(news) > still)
    assert seen == sorted(seen)


# -- details


def test_details_are_asked_for_once(syncing, simulator):
    ticket = next(each for each in simulator.tickets if each.open and each.messages and each.orders)
    simulator.request_log.clear()
    detail = syncing.hub.call(lambda services: services.tickets.detail(ticket.id))
    assert detail.opening == ticket.description
    assert [message.text for message in detail.messages] == [message.text for message in ticket.messages]
    assert [order.id for order in detail.work_orders] == [order.id for order in ticket.orders]
    assert detail.asked_at is not None
    assert detail.row.customer_document == ticket.customer.document
    assert syncing.hub.call(lambda services: services.tickets.detail(ticket.id)) == detail
    assert asked(simulator) == {ONE: 1}
    change(simulator, "message", ticket, "mais uma", by=56)
    fresh = syncing.hub.call(lambda services: services.tickets.detail(ticket.id, refresh=True))
    assert fresh.messages[-1].text == "mais uma"
    assert [line.kind for line in fresh.history] == [ChangeKind.MESSAGE]
    assert asked(simulator) == {ONE: 2}
    syncing.sync()
    syncing.judge()  # the next pass tells it no second time


def test_a_richer_row_is_not_erased_by_a_poorer_one(syncing, simulator):
    ticket = open_one(simulator)
    before = syncing.rows[ticket.id]
    syncing.hub.call(lambda services: services.tickets.detail(ticket.id))
    syncing.look()
    after = syncing.rows[ticket.id]
    assert (after.status, after.type, after.responsible, after.opened_at, after.due_at, after.service_id) == (
        before.status, before.type, before.responsible, before.opened_at, before.due_at, before.service_id
    )  # fmt: skip
    assert syncing.changes == []


def test_a_ticket_nobody_knows_has_no_details(syncing):
    with pytest.raises(NotFound, match="Follow it by its protocol"):
        syncing.hub.call(lambda services: services.tickets.detail(99))


# -- following


def test_a_person_follows_and_unfollows(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=60, closed_tickets=60)
    syncing = syncing_over(simulator, first_days=1)
    syncing.begin()
    old = next(each for each in simulator.tickets if each.open and each.id not in syncing.rows)
    row = syncing.hub.call(lambda services: services.tickets.follow(old.protocol))
    assert (row.id, row.state) == (old.id, TicketState.OPEN)
    change(simulator, "set_status", old, 64 if old.status_id != 64 else 22)
    report = syncing.sync()
    assert (report.changed, report.unconfirmed) == (1, 0)
    assert syncing.changes[-1].kind is ChangeKind.STATUS
    syncing.hub.call(lambda services: services.tickets.unfollow(old.id))
    syncing.look()
    assert old.id not in syncing.rows
    change(simulator, "message", old, "ninguém vê", by=56)
    assert syncing.sync().changed == 0
    assert old.id not in syncing.rows
    with pytest.raises(NotFound):
        syncing.hub.call(lambda services: services.tickets.unfollow(99))


def test_a_closed_ticket_can_be_followed_and_tells_when_it_opens_again(syncing, simulator):
    ticket = next(each for each in reversed(simulator.tickets) if not each.open and each.deleted_at is None)
    syncing.hub.call(lambda services: services.tickets.follow(f" {ticket.protocol} "))
    syncing.look()
    assert syncing.rows[ticket.id].state is TicketState.CLOSED
    assert syncing.changes == []
    change(simulator, "reopen", ticket)
    syncing.sync()
    assert [each.kind for each in syncing.changes] == [ChangeKind.REOPENED]


def test_a_protocol_nobody_has_is_said(syncing):
    with pytest.raises(NotFound, match="20200101000000000001"):
        syncing.hub.call(lambda services: services.tickets.follow("20200101000000000001"))
    with pytest.raises(InvalidInput, match="15 to 20 digits"):
        syncing.hub.call(lambda services: services.tickets.follow("123"))


# -- what the outbox hands over


def test_a_ticket_we_opened_is_there_at_once_and_told_once(syncing, simulator):
    customer = next(each for each in simulator.customers if each.active)

    async def opened(services: Services) -> Ticket:
        made = await services.engine.send(
            open_ticket(
                service_id=customer.services[0].id,
                description="Sem acesso",
                contact_name="Bianca",
                contact_phone="37999450812",
            )
        )
        await services.tickets.absorb(made, opened=True)
        return made

    made = syncing.hub.call(opened)
    syncing.look()
    row = syncing.rows[made.id]
    assert (row.state, row.protocol, row.status) == (TicketState.OPEN, made.protocol, "Aguardando Análise")
    assert abs((row.opened_at or 0) - time.time()) < 60
    simulator.request_log.clear()
    detail = syncing.hub.call(lambda services: services.tickets.detail(made.id))
    assert (detail.opening or "").startswith("Sem acesso")
    assert asked(simulator) == {}
    syncing.sync()
    syncing.judge()


def test_an_answer_that_names_nothing_but_a_number_changes_nothing(syncing, simulator):
    ticket = open_one(simulator)
    before = syncing.version

    async def absorb(services: Services) -> None:
        await services.tickets.absorb(Ticket(id=ticket.id))
        await services.tickets.absorb(Ticket(id=99))

    syncing.hub.call(absorb)
    assert syncing.look().version == before
    updated = update_ticket(ticket.id, status_id=66 if ticket.status_id != 66 else 22)

    async def update(services: Services) -> None:
        await services.tickets.absorb(await services.engine.send(updated))

    syncing.hub.call(update)
    syncing.look()
    assert [each.kind for each in syncing.changes] == [ChangeKind.STATUS]
    assert syncing.rows[ticket.id].status in {"EM TRATATIVA", "Pendente"}
    syncing.sync()
    assert len(syncing.changes) == 1


def test_what_was_heard_during_a_pass_is_not_undone_by_it(syncing, simulator):
    """A page is read, then the ticket moves, then a person asks for it: the pass must not tell its older state."""
    ticket = open_one(simulator, -1)
    simulator.faults.clear()
    simulator.fail_next(1, "delay:0.4", "atendimento/todos", after_executing=True)

    async def both(services: Services) -> None:
        syncing_now = asyncio.create_task(services.tickets.sync())
        await asyncio.sleep(0.2)
        change(simulator, "set_status", ticket, 64 if ticket.status_id != 64 else 22)
        await services.tickets.detail(ticket.id, refresh=True)
        await syncing_now

    syncing.hub.call(both)
    syncing.look()
    assert len(syncing.changes) == 1
    syncing.judge()


# -- one pass at a time


def test_who_asks_during_a_pass_joins_it(syncing, simulator):
    simulator.request_log.clear()

    async def both(services: Services) -> None:
        slow = services.tickets.sync(priority=Priority.NORMAL)
        person = services.tickets.sync(priority=Priority.HIGH)
        first, second = await asyncio.gather(slow, person)
        assert first == second
        assert not (await services.tickets.status()).running

    syncing.hub.call(both)
    assert asked(simulator)[LIST] == 2


def test_two_processes_never_make_a_pass_at_once(simulator, syncing_over):
    one, other = syncing_over(simulator), syncing_over(simulator)
    one.begin()
    simulator.latency = (0.1, 0.1)
    simulator.step(10)
    simulator.request_log.clear()

    async def sync(services: Services):
        return await services.tickets.sync()

    async def status(services: Services) -> SyncStatus:
        return await services.tickets.status()

    reports = []
    threads = [
        threading.Thread(target=lambda each=each: reports.append(each.hub.call(sync)))
        for each in (one, other)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: one.hub.call(status).running and other.hub.call(status).running)
    for thread in threads:
        thread.join()
    moments = [entry.monotonic for entry in simulator.request_log.entries(LIST)]
    assert all(later - earlier >= 0.09 for earlier, later in pairwise(moments))
    assert len(reports) == 2
    one.look()
    other.look()
    seen = [{row.id: replace(row, confirmed_at=0.0) for row in each.rows.values()} for each in (one, other)]
    assert seen[0] == seen[1]
    one.judge()


# -- on schedule


@pytest.fixture
def console(simulator, tmp_path):
    """A hub that runs a console's background work, often."""
    sync = SyncSettings(first_days=400, interval_seconds=0.3)
    hub = Hub(settings_for(simulator, tmp_path, sync=sync), background=True)
    hub.start()
    yield hub
    hub.close()


def test_a_console_syncs_by_itself_pauses_in_an_outage_and_goes_on(console, simulator):
    def status() -> SyncStatus:
        return console.call(lambda services: services.tickets.status())

    wait_until(lambda: status().last)
    first = status()
    assert first.last.tracked == 40
    assert first.trouble == ""
    wait_until(lambda: status().last.at > first.last.at)
    assert status().next_at is not None
    simulator.set_scenario("outage")
    wait_until(lambda: status().trouble)
    simulator.set_scenario("calm")
    simulator.latency = (0.0, 0.0)
    closed = open_one(simulator)
    close(simulator, closed)
    wait_until(
        lambda: (
            closed.id
            not in {row.id for row in console.call(lambda services: services.tickets.rows(open_only=True))}
        ),
        seconds=30,
    )
    wait_until(lambda: status().trouble == "")


def test_a_console_told_not_to_sync_does_not(simulator, tmp_path):
    hub = Hub(settings_for(simulator, tmp_path, sync=SyncSettings(enabled=False)), background=True)
    hub.start()
    time.sleep(1.2)
    status = hub.call(lambda services: services.tickets.status())
    assert (status.next_at, status.last, asked(simulator)) == (None, None, {})
    hub.close()


# -- a mirror that cannot be used


def test_a_mirror_from_a_newer_version_stops_tickets_and_nothing_else(simulator, syncing_over, tmp_path):
    (tmp_path / "state" / "rooms").mkdir(parents=True)
    with sqlite3.connect(tmp_path / "state" / "tickets.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    syncing = syncing_over(simulator)
    with pytest.raises(StoreError, match="newer version"):
        syncing.sync()
    with pytest.raises(StoreError, match="newer version"):
        syncing.hub.call(lambda services: services.tickets.rows())
    customer = simulator.customers[0]
    assert syncing.hub.call(lambda services: services.customers.lookup(customer.document)).found


def test_a_damaged_mirror_is_set_aside_and_begun_anew(simulator, syncing_over, tmp_path):
    (tmp_path / "state" / "rooms").mkdir(parents=True)
    (tmp_path / "state" / "tickets.db").write_bytes(b"not a database, " * 100)
    syncing = syncing_over(simulator)
    assert syncing.sync().tracked == 40

    async def aside(services: Services) -> list[str]:
        return [loss.aside for loss in services.losses.open()]

    (path,) = syncing.hub.call(aside)
    assert Path(path).read_bytes().startswith(b"not a database")


def test_a_full_disk_in_the_middle_of_a_pass_leaves_the_previous_truth(syncing, simulator):
    before, version = dict(syncing.rows), syncing.version

    async def at_most(services: Services, pages: int) -> None:
        # SQLite takes no fewer than there are.
        await services.tickets._writing.run(
            lambda mirror: mirror.database.connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
        )

    syncing.hub.call(lambda services: at_most(services, 1))
    with simulator.provider.lock:
        for _ in range(600):
            simulator.provider.desk._take_call(simulator.provider.clock.now())
    with pytest.raises(StoreError, match="disk is full"):
        syncing.sync()
    delta = syncing.look()
    assert (delta.version, syncing.rows) == (version, before)
    assert "disk is full" in syncing.hub.call(lambda services: services.tickets.status()).trouble
    syncing.hub.call(lambda services: at_most(services, 10**6))
    syncing.sync()
    syncing.judge()

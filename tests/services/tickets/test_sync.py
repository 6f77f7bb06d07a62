"""A pass over real HTTP: what it costs, what it finds, and what it says it could not see."""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import parse_qs

import pytest

from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.services.tickets.types import ChangeKind, TicketState
from hubsoft_tui.settings.tree import HealthSettings, HttpSettings
from hubsoft_tui.simulator import Simulator, catalogue

from .clocks import From
from .conftest import NOON
from .verdict import label

LIST = "/api/v1/integracao/atendimento/todos"
ONE = "/api/v1/integracao/cliente/atendimento"
TABLE = "/api/v1/integracao/configuracao/status_atendimento"
DAY = 86_400


def asked(simulator: Simulator) -> Counter[str]:
    return Counter(entry.path for entry in simulator.request_log.entries() if "oauth" not in entry.path)


def queries(simulator: Simulator) -> list[dict[str, str]]:
    read = (parse_qs(entry.query) for entry in simulator.request_log.entries(LIST))
    return [{name: values[0] for name, values in query.items()} for query in read]


def open_one(simulator: Simulator, place: int = 0):
    return [ticket for ticket in simulator.tickets if ticket.open and not ticket.draft][place]


def change(simulator: Simulator, name: str, ticket, *rest, **options) -> None:
    """Do something at the provider's desk, now."""
    with simulator.provider.lock:
        at = simulator.provider.clock.now()
        getattr(simulator.provider.desk, name)(ticket, *rest, at=at, **options)


def close(simulator: Simulator, ticket) -> None:
    change(simulator, "close", ticket, by=56, closing={"id_motivo_fechamento_atendimento": 70})


# -- cost


def test_a_thousand_open_among_five_thousand_cost_four_requests_a_pass(make_simulator, syncing_over):
    clock = From(*NOON)
    simulator = make_simulator(customers=400, tickets=1000, closed_tickets=4000, start_at=clock.start)
    syncing = syncing_over(simulator, clock=clock)
    assert syncing.begin().tracked == 1000
    for between in (0, 5, 40, 100):
        simulator.step(between)
        simulator.request_log.clear()
        report = syncing.sync()
        assert report.requests <= 4
        assert report.requests == sum(asked(simulator).values())
        assert report.naive_requests >= 1000
        assert report.unconfirmed == 0
    clock.jump(900)  # everything opened lately is read without a filter again
    simulator.provider.clock.advance(900)
    assert syncing.sync().requests <= 4
    syncing.judge()


def test_the_first_pass_takes_the_open_ones_of_the_last_days_and_tells_no_news(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=80, closed_tickets=200)
    syncing = syncing_over(simulator, first_days=3)
    report = syncing.sync()
    young = {
        t.id for t in simulator.tickets if t.open and t.opened_at > simulator.provider.clock.now() - 3 * DAY
    }
    old = {
        t.id for t in simulator.tickets if t.open and t.opened_at < simulator.provider.clock.now() - 4 * DAY
    }
    assert young <= set(syncing.rows)
    assert not old & set(syncing.rows)
    assert (report.new, report.changed, report.closed, len(syncing.changes)) == (0, 0, 0, 0)
    assert report.tracked == len(syncing.rows)
    assert syncing.sync().requests == 1  # few enough that one list holds them all, closed or not


def test_what_it_will_ask_is_what_it_asks(syncing, simulator):
    plan = syncing.hub.call(lambda services: services.tickets.plan())
    assert len(simulator.request_log.entries(LIST)) == 1
    simulator.request_log.clear()
    assert syncing.sync().requests == plan.requests == len(plan.lines) == 2
    assert plan.naive_requests == 40


def test_a_pass_without_messages_asks_for_none(make_simulator, syncing_over, tmp_path):
    simulator = make_simulator(customers=60, tickets=40)
    light = syncing_over(simulator, messages=False)
    light.begin()
    assert "atendimento_mensagem" not in str(queries(simulator))
    change(simulator, "message", open_one(simulator), "oi", by=56)
    assert light.sync().changed == 0
    heavy = syncing_over(simulator, home=tmp_path / "other")
    heavy.begin()
    assert "atendimento_mensagem" in str(queries(simulator))


# -- pages


def test_pages_get_smaller_when_they_are_too_heavy_and_grow_again(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=140, closed_tickets=0)
    http = HttpSettings(read_timeout=0.3)  # a page may take three times as long
    syncing = syncing_over(simulator, http=http, health=HealthSettings(failures_to_open=3))
    simulator.seconds_per_row = 0.0045
    report = syncing.begin()
    sizes = [int(query["itens_por_pagina"]) for query in queries(simulator)]
    assert sizes[:3] == [500, 250, 125]
    assert max(sizes[2:]) == 125
    assert report.tracked == 140
    assert report.requests == len(sizes) + 1
    syncing.judge_state()
    simulator.seconds_per_row = 0
    simulator.request_log.clear()
    for _ in range(25):
        syncing.sync()
    grown = [int(query["itens_por_pagina"]) for query in queries(simulator)]
    assert (grown[0], max(grown)) == (125, 500)


def test_rows_that_move_up_between_two_pages_are_not_missed(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=130, closed_tickets=0)
    syncing = syncing_over(simulator, page_size=50)
    syncing.begin()
    newest = [ticket for ticket in simulator.tickets if ticket.open][-2:]
    waiting = list(newest)

    def leave(entry) -> None:
        # Tickets of the page that was just read leave the list: the first of the next page moves up into it.
        if entry.path == LIST and "pagina=1&" in entry.query and waiting:
            close(simulator, waiting.pop())
            close(simulator, waiting.pop())

    simulator.on_request = leave
    simulator.request_log.clear()
    report = syncing.sync()
    assert (report.closed, report.unconfirmed, asked(simulator)[ONE]) == (2, 0, 0)
    syncing.judge()


def test_a_gap_is_read_again(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=120, closed_tickets=0)
    syncing = syncing_over(simulator, page_size=50)
    syncing.begin()
    newest = [ticket for ticket in simulator.tickets if ticket.open][-20:]

    def leave(entry) -> None:
        if entry.path == LIST and "pagina=1&" in entry.query:
            while newest:
                close(simulator, newest.pop())

    simulator.on_request = leave
    simulator.request_log.clear()
    report = syncing.sync()
    assert (report.closed, report.unconfirmed, asked(simulator)[ONE]) == (20, 0, 0)
    syncing.judge()


# -- what lists do not show


def test_a_ticket_that_is_returned_no_more_is_missing_not_forgotten(syncing, simulator):
    ticket = open_one(simulator)
    simulator.remove_ticket(ticket)
    report = syncing.sync()
    assert (report.missing, report.tracked, report.unconfirmed) == (1, 39, 0)
    assert syncing.rows[ticket.id].state is TicketState.MISSING
    assert [(c.kind, c.ticket_id) for c in syncing.changes] == [(ChangeKind.MISSING, ticket.id)]
    simulator.request_log.clear()
    syncing.sync()
    assert asked(simulator)[ONE] == 0  # it is not asked for again and again
    with simulator.provider.lock:
        simulator.provider.desk.tickets = dict(
            sorted({**simulator.provider.desk.tickets, ticket.id: ticket}.items())
        )
    assert syncing.sync().changed == 1
    assert syncing.rows[ticket.id].state is TicketState.OPEN
    assert syncing.changes[-1].kind is ChangeKind.FOUND


def test_a_deleted_ticket_is_missing_since_it_was_deleted(syncing, simulator):
    ticket = open_one(simulator)
    ticket.deleted_at = simulator.provider.clock.now()
    assert syncing.sync().missing == 1
    (told,) = syncing.changes
    assert (told.kind, told.at) == (ChangeKind.MISSING, int(ticket.deleted_at))
    assert syncing.sync().missing == 0


def test_what_cannot_be_seen_is_said_and_stays_as_it_was(syncing, simulator):
    ticket = open_one(simulator)
    simulator.remove_ticket(ticket)
    simulator.fail_next(10, "status:500", "cliente/atendimento")
    report = syncing.sync()
    assert (report.unconfirmed, report.missing) == (1, 0)
    assert syncing.rows[ticket.id].state is TicketState.OPEN
    simulator.faults.clear()
    assert syncing.sync().missing == 1


def test_a_status_nobody_knew_counts_as_open(syncing, simulator, monkeypatch):
    new = catalogue.TicketStatus(201, "AGUARDANDO PEÇA", "aguardando_peca", opens_order=False)
    monkeypatch.setitem(catalogue.TICKET_STATUSES, 201, new)
    moved = [open_one(simulator, place) for place in range(6)]
    change(simulator, "set_status", moved[0], 201)
    simulator.request_log.clear()
    assert syncing.sync().changed == 1  # one is asked for by its protocol, and its label for its id
    assert asked(simulator) == {LIST: 2, ONE: 1, TABLE: 1}
    for ticket in moved[1:]:
        change(simulator, "set_status", ticket, 201)
    simulator.request_log.clear()
    assert syncing.sync().changed == 5
    assert asked(simulator) == {LIST: 2}
    syncing.judge()


def test_many_in_a_status_nobody_knew_are_read_as_a_list(syncing, simulator, monkeypatch):
    new = catalogue.TicketStatus(201, "AGUARDANDO PEÇA", "aguardando_peca", opens_order=False)
    monkeypatch.setitem(catalogue.TICKET_STATUSES, 201, new)
    for place in range(12):
        change(simulator, "set_status", open_one(simulator, place), 201)
    simulator.request_log.clear()
    report = syncing.sync()
    assert (report.changed, report.unconfirmed) == (12, 0)
    assert asked(simulator) == {LIST: 3, TABLE: 1}
    syncing.judge()


def test_an_open_ticket_in_a_closed_status_stays_open(syncing, simulator):
    ticket = open_one(simulator)
    change(simulator, "set_status", ticket, 24)
    assert (syncing.sync().changed, syncing.rows[ticket.id].state) == (1, TicketState.OPEN)
    assert syncing.rows[ticket.id].status == "Resolvido"
    assert syncing.sync().changed == 0
    syncing.judge()


def test_a_table_that_a_server_does_not_have_is_done_without(simulator, syncing_over):
    simulator.fail_next(100, "status:404", "configuracao/*")
    syncing = syncing_over(simulator)
    syncing.begin()
    simulator.step(40)
    syncing.sync()
    syncing.judge()


def test_closed_and_opened_again_between_two_passes(syncing, simulator):
    ticket, other = open_one(simulator), open_one(simulator, 1)
    close(simulator, ticket)
    change(simulator, "reopen", ticket)
    close(simulator, other)
    syncing.sync()
    change(simulator, "reopen", other)
    simulator.provider.clock.advance(60)
    close(simulator, other)
    report = syncing.sync()
    assert (report.closed, report.changed) == (1, 1)
    told = [c.kind for c in syncing.changes if c.ticket_id == other.id]
    assert told == [ChangeKind.CLOSED, ChangeKind.REOPENED, ChangeKind.CLOSED]
    syncing.judge()


def test_drafts_are_followed_and_get_a_type_later(make_simulator, syncing_over):
    simulator = make_simulator(customers=400, tickets=400, closed_tickets=0)
    draft = next(ticket for ticket in simulator.tickets if ticket.draft)
    syncing = syncing_over(simulator)
    syncing.begin()
    row = syncing.rows[draft.id]
    assert (row.draft, row.type, row.due_at) == (True, None, None)
    draft.draft, draft.type_id = False, 109
    syncing.sync()
    (told,) = syncing.changes
    assert (told.kind, told.before, told.after) == (ChangeKind.TYPE, None, "SEM ACESSO A INTERNET")
    assert not syncing.rows[draft.id].draft


# -- time


@pytest.mark.parametrize(
    "moment", [(2026, 11, 24, 23, 59, 30), (2026, 11, 24, 2, 0), (2026, 12, 31, 23, 59, 59)]
)
def test_what_happens_across_midnight_at_brasilia_is_seen(make_simulator, syncing_over, moment):
    clock = From(*moment)
    simulator = make_simulator(customers=60, tickets=40, start_at=clock.start, clock_rate=1)
    syncing = syncing_over(simulator, clock=clock)
    syncing.begin()
    for seconds in (1, 45, 3600, 7200, DAY, 3 * DAY):
        simulator.step(8)
        simulator.provider.clock.advance(seconds)
        clock.jump(seconds)
        simulator.step(8)
        syncing.sync()
    left = syncing.rows.copy()
    syncing.hub.close()
    assert {row.id for row in left.values() if row.state is TicketState.OPEN} == {
        ticket.id for ticket in simulator.tickets if ticket.open
    }
    syncing._judge_moves(simulator.changes[syncing.begun :])


def test_closed_tickets_leave_the_list_after_a_while(make_simulator, syncing_over):
    clock = From(*NOON)
    simulator = make_simulator(customers=60, tickets=40, start_at=clock.start)
    syncing = syncing_over(simulator, clock=clock, keep_days=2)
    syncing.begin()
    ticket = open_one(simulator)
    close(simulator, ticket)
    syncing.sync()
    assert syncing.rows[ticket.id].state is TicketState.CLOSED
    clock.jump(3 * DAY)
    simulator.provider.clock.advance(3 * DAY)
    syncing.sync()
    assert ticket.id not in syncing.rows
    change(simulator, "reopen", ticket)
    syncing.sync()
    assert syncing.changes[-1].kind is ChangeKind.REOPENED
    assert syncing.rows[ticket.id].status == label(ticket)


def test_of_many_closed_tickets_the_last_stay_in_the_list(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=40)
    syncing = syncing_over(simulator, keep_closed=3)
    syncing.begin()
    went = []
    for _ in range(5):
        ticket = open_one(simulator)
        syncing.sync()
        simulator.provider.clock.advance(5)
        close(simulator, ticket)
        syncing.sync()
        went.append(ticket.id)
    assert {row.id for row in syncing.rows.values() if row.state is TicketState.CLOSED} == set(went[-3:])
    assert [told.ticket_id for told in syncing.of(ChangeKind.CLOSED)] == went


def test_when_its_time_ends_is_counted_once_and_stays(syncing, simulator):
    ticket = open_one(simulator)
    due = syncing.rows[ticket.id].due_at
    assert due == pytest.approx(ticket.opened_at + 48 * 3600, abs=120)
    version = syncing.version
    syncing.sync()
    assert syncing.version == version  # nothing changed: nothing to draw


# -- trouble


def test_a_pass_that_fails_leaves_everything_as_it_was(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=60, closed_tickets=0)
    syncing = syncing_over(simulator, page_size=25, health=HealthSettings(failures_to_open=50))
    syncing.begin()
    before, version = dict(syncing.rows), syncing.version
    simulator.step(30)
    broken = {"pagina=1&", "pagina=2&"}

    def fail(entry) -> None:
        if entry.path == LIST and any(each in entry.query for each in broken):
            simulator.fail_next(1, "reset", "atendimento/todos")

    simulator.on_request = fail
    with pytest.raises(Unreachable):
        syncing.sync()
    assert (syncing.rows, syncing.version) == (before, version)
    status = syncing.hub.call(lambda services: services.tickets.status())
    assert status.trouble
    assert status.requests_today > 0
    simulator.on_request = None
    syncing.sync()
    syncing.judge()
    assert syncing.hub.call(lambda services: services.tickets.status()).trouble == ""


def test_an_outage_is_told_at_once_and_does_not_shrink_pages(make_simulator, syncing_over):
    simulator = make_simulator(customers=60, tickets=60)
    syncing = syncing_over(simulator)
    syncing.begin()
    simulator.set_scenario("outage")
    with pytest.raises(Unreachable):
        syncing.sync(Priority.NORMAL)
    simulator.set_scenario("calm")
    simulator.latency = (0, 0)
    simulator.request_log.clear()
    for _ in range(100):
        try:
            syncing.sync(Priority.HIGH)
            break
        except Unreachable:
            syncing.hub.call(lambda services: services.engine.clock.sleep(0.05))
    syncing.judge()


@pytest.mark.parametrize("priority", [Priority.NORMAL, Priority.HIGH])
def test_an_outage_that_begins_between_two_tries_is_told_too(make_simulator, syncing_over, priority):
    # In the queue the pass would wait as long as HubSoft is away, and cron would start another beside it.
    simulator = make_simulator(customers=60, tickets=60)
    health = HealthSettings(failures_to_open=2, open_seconds=600, open_max_seconds=600)
    syncing = syncing_over(simulator, health=health)
    syncing.begin()
    simulator.fail_next(50, "reset")
    with pytest.raises(Unreachable):
        syncing.hub.call(lambda services: asyncio.wait_for(services.tickets.sync(priority=priority), 10))
    assert not syncing.hub.call(lambda services: services.tickets.status()).running

"""What shows that an action was done, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubsoft_tui.api.models import Customer, Service, Session, Ticket, WorkOrder
from hubsoft_tui.services.outbox.search import order_opened, service_shows, sessions_show, visit_shows
from hubsoft_tui.services.outbox.types import EntryKind, ServiceAction, VisitAction

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
SENT = NOW.timestamp()


@pytest.mark.parametrize(
    ("kind", "before", "after", "shows"),
    [
        (EntryKind.TRUST_UNLOCK, "suspenso_debito", "servico_habilitado", True),
        (EntryKind.TRUST_UNLOCK, "suspenso_debito", "suspenso_debito", False),
        (EntryKind.TRUST_UNLOCK, "suspenso_debito", "suspenso_parcialmente", False),
        (EntryKind.TRUST_UNLOCK, "suspenso_debito", "cancelado", False),
        (EntryKind.TRUST_UNLOCK, "", "servico_habilitado", False),
        (EntryKind.TRUST_UNLOCK, "servico_habilitado", "servico_habilitado", False),
        (EntryKind.ENABLE, "suspenso_pedido_cliente", "servico_habilitado", True),
        (EntryKind.SUSPEND, "servico_habilitado", "suspenso_debito", True),
        (EntryKind.SUSPEND, "servico_habilitado", "suspenso_pedido_cliente", False),
        (EntryKind.ACTIVATE, "aguardando_instalacao", "servico_habilitado", True),
        (EntryKind.ACTIVATE, "aguardando_instalacao", "agendado_para_instalacao", False),
    ],
)
def test_status_shows_an_action_only_where_it_changed_as_wanted(kind, before, after, shows):
    draft = ServiceAction(kind, 7, status_before=before, suspension="suspenso_debito")
    customers = [Customer(id=1, services=(Service(id=7, status_prefix=after),))]
    assert service_shows(draft, customers) is shows
    assert not service_shows(draft, [])


@pytest.mark.parametrize(
    ("mac", "now", "shows"), [("AA", None, True), ("AA", "AA", False), (None, None, False)]
)
def test_cleared_address_shows_only_where_one_was_known(mac, now, shows):
    customers = [Customer(id=1, services=(Service(id=7, mac=now, device=now),))]
    assert service_shows(ServiceAction(EntryKind.CLEAR_MAC, 7, mac=mac), customers) is shows
    assert service_shows(ServiceAction(EntryKind.CLEAR_PHYSICAL_ADDRESS, 7, device=mac), customers) is shows


def test_session_that_ended_or_began_since_shows_a_disconnection():
    before, after = NOW - timedelta(hours=1), NOW + timedelta(seconds=5)
    assert not sessions_show([Session(started_at=before)], SENT)
    assert sessions_show([Session(started_at=before, ended_at=after)], SENT)
    assert sessions_show([Session(started_at=after)], SENT)


def test_work_order_that_was_not_there_shows_that_one_was_opened():
    ticket = Ticket(id=5, work_orders=(WorkOrder(id=1), WorkOrder(id=2, opened_at=NOW)))
    draft = VisitAction(EntryKind.OPEN_WORK_ORDER, ticket_id=5, known_orders=(1,))
    assert order_opened(draft, [ticket], SENT)
    assert not order_opened(
        VisitAction(EntryKind.OPEN_WORK_ORDER, ticket_id=5, known_orders=(1, 2)), [ticket], SENT
    )
    unknown = VisitAction(EntryKind.OPEN_WORK_ORDER, ticket_id=5)
    assert order_opened(unknown, [ticket], SENT)
    assert not order_opened(unknown, [ticket], SENT + 3600)


def test_visit_shows_its_new_time_or_its_confirmation():
    moved = VisitAction(EntryKind.RESCHEDULE_VISIT, order_id=1, start=SENT, end=SENT + 3600)
    assert visit_shows(moved, WorkOrder(id=1, planned_start=NOW, planned_end=NOW + timedelta(hours=1)))
    assert not visit_shows(moved, WorkOrder(id=1, planned_start=NOW))
    confirmed = VisitAction(EntryKind.CONFIRM_VISIT, order_id=1, status_before="Aguardando Agendamento")
    assert visit_shows(confirmed, WorkOrder(id=1, status="pendente"))
    assert not visit_shows(
        VisitAction(EntryKind.CONFIRM_VISIT, order_id=1, status_before="Pendente"),
        WorkOrder(id=1, status="pendente"),
    )

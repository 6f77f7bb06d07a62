"""Whether an action was carried out, by what HubSoft shows afterwards; and what a person checks where it shows nothing.

A trace of the action settles its entry. No trace proves nothing: an action is never sent again unasked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ...api.answers import Decoded
from ...api.customers import customer_search
from ...api.models import Customer, Service, Session, Ticket, WorkOrder
from ...api.operation import Operation
from ...api.search import SearchKey, SessionKey
from ...api.sessions import connection_sessions
from ...api.tickets import customer_tickets
from ...api.work_orders import WorkOrderStatus, customer_work_orders
from ...texts import N_
from .actions import WAITING
from .search import CLOCK_SECONDS, Finding
from .types import DEVICE_KINDS, DeskAction, EntryKind, ServiceAction, VisitAction

Receive = Callable[[Operation[Any]], Awaitable[Decoded[Any]]]

_STATUS: Final = frozenset({EntryKind.TRUST_UNLOCK, EntryKind.SUSPEND, EntryKind.ENABLE, EntryKind.ACTIVATE})
"""Actions that a service's status shows."""
_BINDING: Final = frozenset({EntryKind.CLEAR_MAC, EntryKind.CLEAR_PHYSICAL_ADDRESS})

NOT_SHOWN: Final = {
    EntryKind.TRUST_UNLOCK: N_("HubSoft does not show the service unlocked. Most likely this was not done."),
    EntryKind.SUSPEND: N_("HubSoft does not show the service suspended. Most likely this was not done."),
    EntryKind.ENABLE: N_("HubSoft does not show the service enabled. Most likely this was not done."),
    EntryKind.ACTIVATE: N_("HubSoft does not show the service active. Most likely this was not done."),
    EntryKind.DISCONNECT: N_(
        "HubSoft shows no session that ended since. Look whether the session is still the same."
    ),
    EntryKind.CLEAR_MAC: N_("HubSoft still shows a MAC: it was not cleared, or equipment connected since."),
    EntryKind.CLEAR_PHYSICAL_ADDRESS: N_(
        "HubSoft still shows the equipment's address. Most likely it was not cleared."
    ),
    EntryKind.RESTART_DEVICE: N_(
        "HubSoft does not tell whether equipment was restarted. Ask the customer, or look when the session began."
    ),
    EntryKind.RESTORE_DEVICE: N_(
        "HubSoft does not tell whether equipment was restored. Ask whether the Wi-Fi is still as it was."
    ),
    EntryKind.OPEN_WORK_ORDER: N_(
        "HubSoft shows no new work order in the ticket. Most likely none was opened."
    ),
    EntryKind.CONFIRM_VISIT: N_(
        "HubSoft does not show whether the visit was confirmed. Look at the work order."
    ),
    EntryKind.RESCHEDULE_VISIT: N_(
        "HubSoft does not show the visit at the new time. Most likely it was not planned."
    ),
}
"""What is said, and what to check, where nothing shows that it was done."""
LIKELY: Final = N_("A session ended or began since this was sent: most likely it was done. Ask the customer.")
SHOWN: Final = N_("HubSoft's answer did not come, but HubSoft shows that it was done.")


async def look_for_action(receive: Receive, draft: DeskAction, *, sent_at: float) -> Finding:
    """Look for what an action sent at `sent_at` (epoch s) did; one request, or none. Raises HubSoftError."""
    if isinstance(draft, VisitAction):
        done = await _visit_done(receive, draft, sent_at)
    elif draft.kind in _STATUS or draft.kind in _BINDING:
        customers = await receive(customer_search(SearchKey.SERVICE_ID, str(draft.service_id)))
        done = service_shows(draft, customers.value)
    elif draft.login:
        sessions = await receive(connection_sessions(SessionKey.LOGIN, draft.login))
        done = sessions_show(sessions.value, sent_at)
    else:
        done = False
    if draft.kind in DEVICE_KINDS:
        # A line also drops without a restart: what is likely is said, and a person decides.
        return Finding(why=LIKELY if done else NOT_SHOWN[draft.kind])
    return Finding(done=SHOWN) if done else Finding(why=NOT_SHOWN[draft.kind])


async def _visit_done(receive: Receive, draft: VisitAction, sent_at: float) -> bool:
    if draft.kind is EntryKind.OPEN_WORK_ORDER:
        if not draft.protocol:
            return False
        tickets = await receive(customer_tickets(SearchKey.PROTOCOL, draft.protocol, only_pending=False))
        return order_opened(draft, tickets.value, sent_at)
    if not draft.order_number:
        return False
    orders = await receive(customer_work_orders(SearchKey.WORK_ORDER_NUMBER, draft.order_number))
    order = next((each for each in orders.value if each.id == draft.order_id), None)
    return order is not None and visit_shows(draft, order)


def service_shows(draft: ServiceAction, customers: Sequence[Customer]) -> bool:
    """Whether the service is as the action leaves it, and was not so before."""
    services = (each for customer in customers for each in customer.services)
    service = next((each for each in services if each.id == draft.service_id), None)
    return service is not None and _has_become(draft, service)


def _has_become(draft: ServiceAction, service: Service) -> bool:
    if draft.kind is EntryKind.CLEAR_MAC:
        return bool(draft.mac) and service.mac is None
    if draft.kind is EntryKind.CLEAR_PHYSICAL_ADDRESS:
        return bool(draft.device) and service.device is None
    before, now = _suspended(draft.status_before), _suspended(service.status_prefix)
    if not draft.status_before or draft.status_before == service.status_prefix:
        return False
    if draft.kind is EntryKind.SUSPEND:
        return service.status_prefix == draft.suspension
    waits = service.status_prefix.startswith(WAITING)
    return not now and not waits and not service.cancelled and (before or draft.kind is EntryKind.ACTIVATE)


def _suspended(prefix: str) -> bool:
    return prefix.lower().startswith("suspens")


def sessions_show(sessions: Sequence[Session], sent_at: float) -> bool:
    """Whether a session ended, or another began, since the disconnection was sent."""
    since = datetime.fromtimestamp(sent_at - 1.0, UTC)
    return any(at is not None and at >= since for each in sessions for at in (each.started_at, each.ended_at))


def order_opened(draft: VisitAction, tickets: Sequence[Ticket], sent_at: float) -> bool:
    """Whether the ticket has a work order that it did not have before."""
    ticket = next((each for each in tickets if each.id == draft.ticket_id), None)
    orders = () if ticket is None else ticket.work_orders
    if draft.known_orders is not None:
        return any(each.id not in draft.known_orders for each in orders)
    since = datetime.fromtimestamp(sent_at - CLOCK_SECONDS, UTC)
    return any(each.opened_at is not None and each.opened_at >= since for each in orders)


def visit_shows(draft: VisitAction, order: WorkOrder) -> bool:
    """Whether the visit is planned for the new time; or confirmed, which waiting for a time was not."""
    if draft.kind is EntryKind.CONFIRM_VISIT:
        waiting = WorkOrderStatus.UNSCHEDULED.value
        return _word(draft.status_before) == waiting and _word(order.status) == WorkOrderStatus.PENDING.value
    planned = (order.planned_start, order.planned_end)
    wanted = (draft.start, draft.end)
    return all(
        at is not None and want is not None and abs(at.timestamp() - want) < 60.0
        for at, want in zip(planned, wanted, strict=True)
    )


def _word(status: str | None) -> str:
    return (status or "").strip().lower().replace(" ", "_")

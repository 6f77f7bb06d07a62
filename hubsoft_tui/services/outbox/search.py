"""Was it carried out? What HubSoft shows of an entry, and whether that proves that it is not there.

Absence is only proven by an answer that could have shown it: every row of the days in question, each with its
text. Everything less is left to a person, because a guess would be a second ticket. A trace of an action settles its
entry; no trace proves nothing, and what a person is to check is said instead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from ...api.answers import Decoded
from ...api.connections import connection_sessions
from ...api.customers import customer_search
from ...api.models import Customer, Message, Service, Session, Thread, Ticket, WorkOrder
from ...api.operation import Operation
from ...api.search import SearchKey, SessionKey
from ...api.tickets import WorkOrderStatus, customer_tickets, customer_work_orders, ticket_messages
from ...formats import BRASILIA, ONE_DAY, day_of
from ...store.outbox import OutboxRow
from ...texts import N_, _
from ...values import dataclass
from .actions import WAITING
from .reference import carries, says_the_same, squeezed
from .types import (
    DEVICE_KINDS,
    Closing,
    DeskAction,
    EntryKind,
    NewMessage,
    NewTicket,
    ServiceAction,
    TicketDraft,
    VisitAction,
)

CLOCK_SECONDS: Final = 600.0
"""How far HubSoft's clock and ours may be apart."""

Receive = Callable[[Operation[Any]], Awaitable[Decoded[Any]]]
"""Sends one reading operation."""

NOT_ALL_SHOWN: Final = N_("HubSoft did not show all of the customer's tickets: look whether it was opened.")
NOT_READABLE: Final = N_("HubSoft did not show what some tickets say: look whether one of them is this.")
NO_MESSAGES: Final = N_("HubSoft did not show the ticket's messages: look whether this one is among them.")
NO_TICKET: Final = N_("HubSoft does not show this ticket any more: look what became of it.")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `found` are the tickets that carry the reference, oldest first."""

    found: tuple[Ticket, ...] = ()
    similar: tuple[str, ...] = ()
    """Protocols of tickets that say the same without the reference."""
    why: str = ""
    """Why absence is not proven, as a marked text; empty when it is."""
    done: str = ""
    """For an action: what shows that it was done, as a marked text."""

    @property
    def doubles(self) -> tuple[str, ...]:
        """The protocols of all but the first."""
        return tuple(ticket.protocol for ticket in self.found[1:])


async def look(receive: Receive, row: OutboxRow, draft: TicketDraft, *, today: date, twins: int) -> Finding:
    """Search HubSoft for an entry; one request, two when the customer has many tickets. Raises HubSoftError.

    `twins` is how many other entries with the same words went to the same ticket lately.
    """
    if isinstance(draft, NewTicket):
        return await _ticket(receive, row, draft, today)
    if isinstance(draft, NewMessage):
        threads = await receive(ticket_messages(draft.protocol))
        return judge_messages(threads.value, draft, sent_at=row.sent_at or 0.0, twins=twins)
    tickets = await receive(customer_tickets(SearchKey.PROTOCOL, draft.protocol, only_pending=False))
    return judge_closing(tickets.value, draft)


async def _ticket(receive: Receive, row: OutboxRow, draft: NewTicket, today: date) -> Finding:
    # A day earlier: HubSoft's clock, or ours, may stand on the other side of midnight.
    since = day_of(row.sent_at or 0.0) - ONE_DAY
    key, term = owner_of(draft)
    newest = await receive(customer_tickets(key, term, only_pending=False))
    finding = judge_tickets(newest, row.marker, draft, since)
    if finding.found or not finding.why or not newest.truncated:
        return finding
    until = max(today, since) + ONE_DAY
    those = customer_tickets(key, term, only_pending=False, start=since, end=until)
    return judge_tickets(await receive(those), row.marker, draft, since)


def owner_of(draft: NewTicket) -> tuple[SearchKey, str]:
    """Return how the tickets of a draft's customer are searched."""
    if draft.customer_code is not None:
        return SearchKey.CODE, str(draft.customer_code)
    if draft.customer_document:
        return SearchKey.DOCUMENT, draft.customer_document
    return SearchKey.SERVICE_ID, str(draft.service_id)


def judge_tickets(
    answer: Decoded[tuple[Ticket, ...]], reference: str, draft: NewTicket, since: date
) -> Finding:
    """Say which tickets are the entry, and whether it can be among what the answer does not show."""
    found = [ticket for ticket in answer.value if _carries(ticket, reference)]
    others = [ticket for ticket in answer.value if ticket not in found and not _before(ticket, since)]
    similar = [
        one.protocol for one in others if one.opening and says_the_same(one.opening, draft.description)
    ]
    why = ""
    if answer.dropped or not all(one.opening for one in others):
        why = NOT_READABLE
    elif answer.truncated and not _reaches_back(answer.value, since):
        why = NOT_ALL_SHOWN
    return Finding(tuple(sorted(found, key=lambda ticket: ticket.id)), tuple(similar), why)


def judge_messages(threads: Sequence[Thread], draft: NewMessage, *, sent_at: float, twins: int) -> Finding:
    """Say whether the message stands in its ticket, beside `twins` that say the same and are accounted for."""
    thread = next((one for one in threads if one.ticket_id == draft.ticket_id), None)
    if thread is None or thread.messages is None:
        return Finding(why=NO_TICKET if thread is None else NO_MESSAGES)
    same = [one for one in thread.messages if says_the_same(one.text, draft.text)]
    dated = [one for one in same if one.written_at is not None]
    # HubSoft writes whole minutes in places.
    since = sent_at - CLOCK_SECONDS - 60.0
    ours = sorted((one for one in dated if _written(one) >= since), key=lambda one: one.id)[twins:]
    if not ours and len(dated) < len(same):
        return Finding(why=NO_MESSAGES)
    names = [draft.protocol, *(f"{draft.protocol}/{one.id}" for one in ours[1:])]
    return Finding(
        tuple(
            Ticket(id=draft.ticket_id, protocol=name, messages=(one,))
            for name, one in zip(names, ours, strict=False)
        )
    )


def judge_closing(tickets: Sequence[Ticket], draft: Closing) -> Finding:
    """Say whether the ticket is closed, by whomever."""
    ticket = next((one for one in tickets if one.id == draft.ticket_id), None)
    if ticket is None:
        return Finding(why=NO_TICKET)
    return Finding((ticket,) if is_closed(ticket) else ())


def is_closed(ticket: Ticket) -> bool:
    """Whether HubSoft says when, or how, it was closed."""
    return any((ticket.closed_at, ticket.closed_on, ticket.closing_status))


def opened_meanwhile(
    tickets: Sequence[Ticket], draft: NewTicket, *, since: float, ours: frozenset[int]
) -> tuple[str, ...]:
    """Return the protocols of open tickets about the same service and type that others opened since then."""
    return tuple(
        ticket.protocol
        for ticket in tickets
        if ticket.id not in ours
        and not is_closed(ticket)
        and not ticket.draft
        and ticket.service_id in {None, draft.service_id}
        and _same_type(ticket, draft)
        and not _opened_before(ticket, since)
    )


def _same_type(ticket: Ticket, draft: NewTicket) -> bool:
    if ticket.type_id is not None and draft.type_id is not None:
        return ticket.type_id == draft.type_id
    if ticket.type is None or draft.type_label is None:
        return True
    return squeezed(ticket.type) == squeezed(draft.type_label)


def _opened_before(ticket: Ticket, since: float) -> bool:
    """Whether it was certainly opened before; the list gives days, the protocol begins with the second."""
    moment = ticket.opened_at
    if moment is None:
        try:
            moment = datetime.strptime(ticket.protocol[:14], "%Y%m%d%H%M%S").replace(tzinfo=BRASILIA)
        except ValueError:
            moment = None
    if moment is not None and (ticket.opened_on is None or moment.date() == ticket.opened_on):
        return moment.timestamp() < since - CLOCK_SECONDS
    return ticket.opened_on is not None and ticket.opened_on < day_of(since)


def _carries(ticket: Ticket, reference: str) -> bool:
    texts = (ticket.opening, *(order.description for order in ticket.work_orders))
    return any(carries(text, reference) for text in texts)


def _day(ticket: Ticket) -> date | None:
    return ticket.opened_on or (ticket.opened_at.astimezone(BRASILIA).date() if ticket.opened_at else None)


def _before(ticket: Ticket, since: date) -> bool:
    opened = _day(ticket)
    return opened is not None and opened < since


def _reaches_back(tickets: Sequence[Ticket], since: date) -> bool:
    """Whether a full answer, newest first, ends with tickets older than those in question."""
    days = [day for ticket in tickets if (day := _day(ticket)) is not None]
    return len(days) == len(tickets) > 0 and days == sorted(days, reverse=True) and days[-1] < since


def _written(message: Message) -> float:
    return message.written_at.timestamp() if message.written_at else 0.0


def explained(finding: Finding) -> str:
    """Say, now, why the finding decides nothing."""
    return _(finding.why)


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

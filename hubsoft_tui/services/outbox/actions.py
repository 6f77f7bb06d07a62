"""Actions on a service or a visit as drafts: what each is called, what HubSoft asks of it, and what it sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ...api import connections, tickets
from ...api.models import CANCELLED, Customer, Receipt, Service, Ticket, WorkOrder
from ...api.operation import ROOT, Operation
from ...errors import InvalidInput
from ...formats import BRASILIA
from ...privacy import HIDDEN, clean, mask_document
from ...settings.tree import ActionSettings, Profile, Settings
from ...store.outbox import LATEST
from ...texts import N_, _, ngettext, say
from .reference import content_key
from .types import (
    DEVICE_KINDS,
    SERVICE_KINDS,
    VISIT_KINDS,
    DeskAction,
    EntryKind,
    ServiceAction,
    VisitAction,
    action_name,
)

REASON_LIMIT: Final = 255
WAITING: Final = ("aguardando", "agendado")
"""How the status of a service begins that was never enabled."""

_EFFECTS: Final = {
    EntryKind.TRUST_UNLOCK: N_("The service works again until the last day, paid or not."),
    EntryKind.DISCONNECT: N_(
        "The session ends at once; the equipment connects again, most often within a minute."
    ),
    EntryKind.CLEAR_MAC: N_("The next equipment that connects with this login is bound to it."),
    EntryKind.CLEAR_PHYSICAL_ADDRESS: N_(
        "The service is bound to no equipment until one is bound to it again."
    ),
    EntryKind.RESTART_DEVICE: N_("The customer is without connection for some minutes."),
    EntryKind.RESTORE_DEVICE: N_(
        "Everything that was set up in the equipment is lost, its Wi-Fi name and password too."
    ),
    EntryKind.SUSPEND: N_("The service stops working until it is enabled again."),
    EntryKind.ENABLE: N_("The service works again for good."),
    EntryKind.ACTIVATE: N_("The service begins, and is charged from here on."),
    EntryKind.OPEN_WORK_ORDER: N_("HubSoft opens a work order for the ticket."),
    EntryKind.CONFIRM_VISIT: N_("The visit is confirmed for the time that is planned."),
    EntryKind.RESCHEDULE_VISIT: N_("The visit is planned for the new time."),
}
_SUSPENSIONS: Final = {
    connections.Suspension.DEBT.value: N_("for debt"),
    connections.Suspension.ASKED.value: N_("at the customer's wish"),
}


def action_effect(kind: EntryKind) -> str:
    """Say in a sentence what an action does to the customer."""
    return _(_EFFECTS[kind])


def switched_off(kind: EntryKind, settings: ActionSettings) -> bool:
    """Whether the settings take an action away."""
    return bool(getattr(settings, kind.value, "") == "off")


def require_writable(profile: Profile) -> None:
    """Raise InvalidInput where the profile only reads."""
    if profile.read_only:
        raise InvalidInput(say("This profile is read-only: nothing is written to HubSoft."))


def require_allowed(kind: EntryKind, settings: Settings) -> None:
    """Raise InvalidInput, with the true reason, where the profile or the settings take an action away."""
    require_writable(settings.profile)
    if switched_off(kind, settings.actions):
        raise InvalidInput(
            say("The settings take this action away: actions.{setting} is off.", setting=kind.value)
        )


def offered_actions(service: Service, settings: Settings) -> tuple[EntryKind, ...]:
    """Return what may be done to a service as it stands, the most asked for first; nothing on a read-only profile."""
    if settings.profile.read_only or service.cancelled:
        return ()
    active = service.status_prefix in settings.customers.active_statuses
    waits = service.status_prefix.startswith(WAITING)
    fits = {
        EntryKind.TRUST_UNLOCK: not active and not waits,
        EntryKind.RESTART_DEVICE: service.device,
        EntryKind.DISCONNECT: service.login,
        EntryKind.CLEAR_MAC: service.login,
        EntryKind.CLEAR_PHYSICAL_ADDRESS: service.device,
        EntryKind.RESTORE_DEVICE: service.device,
        EntryKind.SUSPEND: active,
        EntryKind.ENABLE: not active and not waits,
        EntryKind.ACTIVATE: waits and service.enabled_at is None,
    }
    return tuple(kind for kind, fit in fits.items() if fit and not switched_off(kind, settings.actions))


def service_action(
    kind: EntryKind,
    customer: Customer,
    service: Service,
    *,
    days: int | None = None,
    suspension: str | None = None,
    reason: str = "",
) -> ServiceAction:
    """Return the draft of an action on `service`, with how the service stands in the record at hand."""
    return ServiceAction(
        kind=kind,
        service_id=service.id,
        customer_id=customer.id,
        customer_code=customer.code,
        customer_document=customer.document or None,
        customer_name=customer.name or None,
        service_name=service.name,
        days=days,
        device=service.device,
        suspension=suspension,
        reason=reason,
        login=service.login,
        mac=service.mac,
        status_before=service.status_prefix,
    )


def visit_action(
    kind: EntryKind,
    customer: Customer | None,
    order: WorkOrder,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> VisitAction:
    """Return the draft that confirms or reschedules the visit of `order`; a new time has `start` and `end`."""
    return VisitAction(
        kind=kind,
        order_id=order.id,
        order_number=order.number,
        start=None if start is None else start.timestamp(),
        end=None if end is None else end.timestamp(),
        status_before=order.status or "",
        **_owner(customer, order.customer),
    )


def opening_of_order(customer: Customer | None, ticket: Ticket) -> VisitAction:
    """Return the draft that opens a work order for `ticket`."""
    return VisitAction(
        kind=EntryKind.OPEN_WORK_ORDER,
        ticket_id=ticket.id,
        protocol=ticket.protocol,
        known_orders=tuple(order.id for order in ticket.work_orders),
        **_owner(customer, ticket.customer_name),
    )


def _owner(customer: Customer | None, name: str | None) -> dict[str, Any]:
    if customer is None:
        return {"customer_name": name}
    return {
        "customer_id": customer.id,
        "customer_code": customer.code,
        "customer_document": customer.document or None,
        "customer_name": customer.name or name,
    }


def operation_of_action(draft: DeskAction) -> Operation[Receipt]:
    """Return the request that carries out `draft`. Raises ValueError for a draft that cannot be sent as it stands."""
    if isinstance(draft, VisitAction):
        return _visit_operation(draft)
    service = draft.service_id
    made: dict[EntryKind, Callable[[], Operation[Receipt]]] = {
        EntryKind.TRUST_UNLOCK: lambda: connections.trust_unlock(service, draft.days or 0),
        EntryKind.DISCONNECT: lambda: connections.disconnect(service),
        EntryKind.CLEAR_MAC: lambda: connections.clear_mac(service),
        EntryKind.CLEAR_PHYSICAL_ADDRESS: lambda: connections.clear_physical_address(service),
        EntryKind.RESTART_DEVICE: lambda: connections.restart_device(draft.device or ""),
        EntryKind.RESTORE_DEVICE: lambda: connections.restore_device(draft.device or ""),
        EntryKind.SUSPEND: lambda: connections.suspend(service, draft.suspension or ""),
        EntryKind.ENABLE: lambda: connections.enable(service, draft.reason),
        EntryKind.ACTIVATE: lambda: connections.activate(service),
    }
    return made[draft.kind]()


def _visit_operation(draft: VisitAction) -> Operation[Receipt]:
    if draft.kind is EntryKind.OPEN_WORK_ORDER:
        return tickets.open_work_order(draft.ticket_id or 0)
    if draft.kind is EntryKind.CONFIRM_VISIT:
        return tickets.confirm_visit(draft.order_id or 0)
    times = (datetime.fromtimestamp(at or 0.0, UTC) for at in (draft.start, draft.end))
    return tickets.reschedule_visit(draft.order_id or 0, *times)


def content_of_action(draft: DeskAction) -> str:
    """Return the key that two drafts of the same action share."""
    if isinstance(draft, ServiceAction):
        return content_key(
            draft.kind.value, draft.service_id, draft.device if draft.kind in DEVICE_KINDS else ""
        )
    return content_key(draft.kind.value, draft.order_id or draft.ticket_id)


def done_text(draft: DeskAction, receipt: Receipt) -> str:
    """Return HubSoft's sentence about the action that was carried out; for an unlock, the last day."""
    if draft.kind is EntryKind.TRUST_UNLOCK and receipt.until is not None:
        return _("Unlocked until {day}.").format(day=f"{receipt.until:%d/%m/%Y}")
    return receipt.said


# -- before it is accepted


def checked_action(draft: DeskAction, customer: Customer | None) -> DeskAction:
    """Return `draft` normalised for sending. Raises InvalidInput with a sentence that says what to do."""
    if isinstance(draft, VisitAction):
        return _checked_visit(draft)
    if draft.kind not in SERVICE_KINDS:
        raise InvalidInput(say("{kind} is no action on a service.", kind=draft.kind.value))
    if draft.service_id < 1:
        raise InvalidInput(say("Say which service it is about."))
    _refuse_cancelled(draft, customer)
    if draft.kind is EntryKind.TRUST_UNLOCK and not 1 <= (draft.days or 0) <= connections.MAX_DAYS:
        most = connections.MAX_DAYS
        raise InvalidInput(say("Say for how many days it is unlocked: 1 to {most}.", most=most))
    if draft.kind in DEVICE_KINDS and not (draft.device or "").strip():
        raise InvalidInput(say("HubSoft names no equipment for this service, so none can be restarted."))
    if draft.kind is EntryKind.SUSPEND and draft.suspension not in _SUSPENSIONS:
        raise InvalidInput(say("Say why it is suspended: for debt, or at the customer's wish."))
    if draft.kind is EntryKind.ENABLE:
        return replace(draft, reason=_reason(draft.reason))
    return draft


def _checked_visit(draft: VisitAction) -> VisitAction:
    if draft.kind not in VISIT_KINDS:
        raise InvalidInput(say("{kind} is no action on a visit.", kind=draft.kind.value))
    if draft.kind is EntryKind.OPEN_WORK_ORDER:
        if not draft.ticket_id or draft.ticket_id < 1:
            raise InvalidInput(say("Say which ticket it is about."))
        return draft
    if not draft.order_id or draft.order_id < 1:
        raise InvalidInput(say("Say which work order it is about."))
    # NaN is neither before nor after anything.
    if (
        draft.kind is EntryKind.RESCHEDULE_VISIT
        and not 0 <= (draft.start or 0.0) < (draft.end or 0.0) < LATEST
    ):
        raise InvalidInput(say("Say when the visit begins and ends; it must end after it begins."))
    return draft


def _refuse_cancelled(draft: ServiceAction, customer: Customer | None) -> None:
    services = customer.services if customer is not None else ()
    known = next(
        (each.status_prefix for each in services if each.id == draft.service_id), draft.status_before
    )
    if known == CANCELLED:
        raise InvalidInput(
            say(
                "The service {name} is cancelled: nothing can be done to it.",
                name=draft.service_name or draft.service_id,
            )
        )


def _reason(text: str) -> str:
    reason = clean(" ".join(text.split()))
    if not any(letter.isalnum() for letter in reason):
        raise InvalidInput(say("Say why it is enabled: HubSoft asks for a reason."))
    if len(reason) > REASON_LIMIT:
        raise InvalidInput(say("The reason has more than {most} characters. Shorten it.", most=REASON_LIMIT))
    return reason


# -- shown as it will go


def action_rows(draft: DeskAction, *, masked: bool = False) -> tuple[tuple[str, str], ...]:
    """Return (label, value) for what is done, what it does to the customer, and exactly what is sent.

    The document is not sent: it is shown masked.
    """
    rows = [
        (_("Customer"), draft.customer_name or ""),
        (_("Document"), mask_document(draft.customer_document or "")),
    ]
    rows += _visit_rows(draft) if isinstance(draft, VisitAction) else _service_rows(draft, masked=masked)
    operation = operation_of_action(draft)
    path = (operation.shown or operation.path) if masked else operation.path
    query = "".join(f"?{name}={value}" for name, value in operation.query.items())
    rows += [
        (_("Effect"), action_effect(draft.kind)),
        (_("Request"), f"{operation.method} {path.removeprefix(ROOT)}{query}"),
        (_("Body"), _body(operation.body)),
    ]
    return tuple((label, value) for label, value in rows if value)


def _body(body: Any) -> str:  # noqa: ANN401 - what JSON can say
    return _("empty") if body is None else json.dumps(body, ensure_ascii=False)


def _service_rows(draft: ServiceAction, *, masked: bool) -> list[tuple[str, str]]:
    rows = [
        (_("Action"), action_name(draft.kind)),
        (_("Service"), f"{draft.service_id}  {draft.service_name}".strip()),
    ]
    if draft.kind is EntryKind.TRUST_UNLOCK and draft.days:
        rows.append((_("For"), ngettext("{n} day", "{n} days", draft.days).format(n=draft.days)))
    if draft.kind in DEVICE_KINDS:
        rows.append((_("Equipment"), HIDDEN if masked else draft.device or ""))
    if draft.kind is EntryKind.SUSPEND and draft.suspension in _SUSPENSIONS:
        rows.append((_("Why"), _(_SUSPENSIONS[draft.suspension])))
    return [*rows, (_("Why"), draft.reason)] if draft.reason else rows


def _visit_rows(draft: VisitAction) -> list[tuple[str, str]]:
    rows = [(_("Action"), action_name(draft.kind))]
    if draft.kind is EntryKind.OPEN_WORK_ORDER:
        rows.append((_("Ticket"), draft.protocol or str(draft.ticket_id)))
    else:
        rows.append((_("Work order"), draft.order_number or str(draft.order_id)))
    if draft.start is not None and draft.end is not None:
        begin, end = (datetime.fromtimestamp(at, BRASILIA) for at in (draft.start, draft.end))
        last = f"{end:%H:%M}" if end.date() == begin.date() else f"{end:%d/%m/%Y %H:%M}"
        rows.append((_("Planned for"), f"{begin:%d/%m/%Y %H:%M} – {last}"))
    return rows

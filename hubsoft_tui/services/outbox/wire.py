"""A draft as stored bytes, as the operation that sends it, and as the key that equal drafts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ...api.models import Message, Ticket
from ...api.operation import Operation
from ...api.tickets import add_message, close_ticket, open_ticket
from ...errors import InvalidInput
from ...store.outbox import OutboxRow, rescued
from ...texts import say
from .actions import content_of_action, operation_of_action
from .reference import content_key, with_reference
from .types import (
    SERVICE_KINDS,
    VISIT_KINDS,
    Closing,
    Draft,
    EntryKind,
    EntryState,
    NewMessage,
    NewTicket,
    ServiceAction,
    TicketDraft,
    VisitAction,
)

_DRAFTS: Final[dict[EntryKind, type[Draft]]] = {
    EntryKind.OPEN: NewTicket,
    EntryKind.MESSAGE: NewMessage,
    EntryKind.CLOSE: Closing,
    **dict.fromkeys(SERVICE_KINDS, ServiceAction),
    **dict.fromkeys(VISIT_KINDS, VisitAction),
}


def kind_of(draft: Draft) -> EntryKind:
    """Return what sort of entry a draft makes."""
    if isinstance(draft, ServiceAction | VisitAction):
        return draft.kind
    return next(kind for kind, made in _DRAFTS.items() if isinstance(draft, made))


def packed(draft: Draft) -> bytes:
    """Return a draft as it is stored."""
    return msgspec.json.encode(draft)


def draft_of(row: OutboxRow) -> Draft:
    """Return the draft that is stored in a row. Raises ValueError for what is none."""
    draft: Draft = msgspec.json.decode(row.draft, type=_DRAFTS[EntryKind(row.kind)])
    return draft


def require_storable(draft: Draft) -> None:
    """Raise InvalidInput for a draft that could not be read again: a program gave a value of the wrong kind."""
    try:
        msgspec.convert(msgspec.to_builtins(draft, builtin_types=(bytes, bytearray)), type=type(draft))
    except msgspec.ValidationError as error:
        raise InvalidInput(say("This cannot be sent as it was given: {reason}.", reason=error)) from None
    except (TypeError, ValueError, OverflowError) as error:
        reason = type(error).__name__
        raise InvalidInput(say("This cannot be sent as it was given: {reason}.", reason=reason)) from None


def mended(table: str, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a row of a damaged file is carried over as; None for one whose draft or state is not one."""
    return rescued(table, found, lambda row: (EntryState(row.state), draft_of(row)))


def content_of(draft: Draft) -> str:
    """Return the key that two drafts of the same content share."""
    if isinstance(draft, NewTicket):
        return content_key("open", draft.service_id, draft.description)
    if isinstance(draft, NewMessage):
        return content_key("message", draft.ticket_id, draft.text)
    if isinstance(draft, ServiceAction | VisitAction):
        return content_of_action(draft)
    return content_key("close", draft.ticket_id)


def operation_of(draft: Draft, reference: str) -> Operation[Any]:
    """Return the request that sends `draft`. Raises ValueError for a draft that cannot be sent as it stands."""
    if isinstance(draft, NewTicket):
        return open_ticket(
            service_id=draft.service_id,
            description=with_reference(draft.description, reference),
            contact_name=draft.contact_name,
            contact_phone=draft.contact_phone,
            type_id=draft.type_id,
            open_work_order=draft.open_work_order,
        )
    if isinstance(draft, NewMessage):
        return add_message(draft.ticket_id, draft.text)
    if isinstance(draft, ServiceAction | VisitAction):
        return operation_of_action(draft)
    return close_ticket(draft.ticket_id, reason_id=draft.reason_id, description=draft.description or None)


def became(draft: TicketDraft, answer: object) -> Ticket:
    """Return the ticket of an answer, completed from the draft."""
    if isinstance(draft, NewTicket) and isinstance(answer, Ticket):
        return msgspec.structs.replace(
            answer,
            service_id=answer.service_id or draft.service_id,
            type_id=answer.type_id or draft.type_id,
            customer_code=answer.customer_code or draft.customer_code,
            contact_name=answer.contact_name or draft.contact_name,
            contact_phone=answer.contact_phone or draft.contact_phone,
        )
    if isinstance(draft, NewTicket):
        raise TypeError("opening a ticket answers with the ticket")
    if isinstance(answer, Ticket):
        return msgspec.structs.replace(answer, protocol=answer.protocol or draft.protocol)
    messages = (answer,) if isinstance(answer, Message) and answer.id else ()
    return Ticket(id=draft.ticket_id, protocol=draft.protocol, messages=messages)

"""A draft on its way: normalised or refused in a sentence that says what to do, shown as it will go, stored, and sent.

Equal drafts share a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from ...api.models import Customer, Message, Ticket
from ...api.operation import Operation
from ...api.tickets import OPENING_SUFFIX, add_message, close_ticket, open_ticket
from ...errors import InvalidInput
from ...privacy import clean, format_phone, mask_document, mask_phone
from ...store.outbox import OutboxRow, rescued
from ...texts import Text, _, number, say
from ..customers.documents import read_phone
from .actions import action_rows, checked_action, content_of_action, operation_of_action
from .reference import LENGTH, PREFIX, content_key, with_reference, without_references
from .types import (
    SERVICE_KINDS,
    VISIT_KINDS,
    CheckedDraft,
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
NAME_LIMIT: Final = 120
_BLANK_LINES: Final = re.compile(r"\n{3,}")


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


def checked(draft: Draft, *, most: int, customer: Customer | None = None) -> CheckedDraft:
    """Return `draft` normalised; texts have at most `most` characters. Raises InvalidInput.

    `customer` is the record in hand, if there is one: what is for a cancelled service is refused here.
    """
    if isinstance(draft, NewTicket):
        return CheckedDraft(_ticket(draft, most, customer))
    if isinstance(draft, ServiceAction | VisitAction):
        return CheckedDraft(checked_action(draft, customer))
    ticket_id, protocol = _id(draft.ticket_id), _protocol(draft.protocol)
    if isinstance(draft, NewMessage):
        text = _text(draft.text, most, empty=say("The message is empty: write what it should say."))
        return CheckedDraft(replace(draft, ticket_id=ticket_id, protocol=protocol, text=text))
    description = _text(draft.description, most, empty=None)
    return CheckedDraft(replace(draft, ticket_id=ticket_id, protocol=protocol, description=description))


def _ticket(draft: NewTicket, most: int, customer: Customer | None) -> NewTicket:
    if draft.service_id < 1:
        raise InvalidInput(say("Say which service the ticket is for."))
    _refuse_cancelled(draft, customer)
    return replace(
        draft,
        description=_text(
            without_references(draft.description),
            most,
            empty=say("The description is empty: say what the customer needs."),
        ),
        contact_name=_name(draft.contact_name),
        contact_phone=_phone(draft.contact_phone),
    )


def _refuse_cancelled(draft: NewTicket, customer: Customer | None) -> None:
    service = (
        next((one for one in customer.services if one.id == draft.service_id), None) if customer else None
    )
    if service is not None and service.cancelled:
        raise InvalidInput(
            say(
                "The service {name} is cancelled: HubSoft takes no ticket for it.",
                name=service.name or service.id,
            )
        )


def _text(text: str, most: int, *, empty: Text | None) -> str:
    plain = clean(text.replace("\r\n", "\n").replace("\r", "\n"), multiline=True)
    lines = "\n".join(line.rstrip() for line in plain.replace("\t", " ").split("\n"))
    shown = _BLANK_LINES.sub("\n\n", lines).strip()
    if empty is not None and not any(letter.isalnum() for letter in shown):
        raise InvalidInput(empty)
    if len(shown) > most:
        raise InvalidInput(
            say(
                "The text has {length} characters; at most {most} are sent. Shorten it, or add the rest as messages.",
                length=number(len(shown)),
                most=number(most),
            )
        )
    return shown


def _name(name: str) -> str:
    shown = clean(" ".join(name.split()))
    if not any(letter.isalpha() for letter in shown):
        raise InvalidInput(say("The contact's name is missing: HubSoft asks for one."))
    if len(shown) > NAME_LIMIT:
        raise InvalidInput(say("The contact's name has more than {most} characters.", most=NAME_LIMIT))
    return shown


def _phone(phone: str) -> str:
    if not phone.strip():
        raise InvalidInput(say("The contact's phone is missing: HubSoft asks for one."))
    if re.search(r"[^\W\d_]", phone):
        raise InvalidInput(
            say("A phone is written in digits, with its area code, for example (37) 99999-2968.")
        )
    found = read_phone(phone)
    if not isinstance(found, str):
        raise InvalidInput(
            say("That is not a Brazilian phone with its area code, for example (37) 99999-2968.")
        )
    return found


def _id(number: int) -> int:
    if number < 1:
        raise InvalidInput(say("Say which ticket it is about."))
    return number


def _protocol(protocol: str) -> str:
    if not protocol.strip():
        raise InvalidInput(say("Say which ticket it is about."))
    return protocol.strip()


def previewed(
    draft: Draft, reference: str | None = None, *, masked: bool = False
) -> tuple[tuple[str, str], ...]:
    """Return (label, value) for everything that will be sent, and what HubSoft or the outbox adds.

    The customer's document is not sent, and masked; `masked` hides the phone too, for a later look.
    """
    if isinstance(draft, NewTicket):
        return _ticket_rows(draft, reference, masked=masked)
    if isinstance(draft, ServiceAction | VisitAction):
        return action_rows(draft, masked=masked)
    head = ((_("Ticket"), draft.protocol), *_person(draft.customer_name))
    if isinstance(draft, NewMessage):
        return (
            *head,
            (_("Message"), draft.text),
            (_("Seen by"), _("whoever sees the ticket, the customer too")),
        )
    return (*head, *_closing_rows(draft))


def _ticket_rows(draft: NewTicket, reference: str | None, *, masked: bool) -> tuple[tuple[str, str], ...]:
    shown = reference or PREFIX + "·" * LENGTH
    named = _person(draft.customer_name)
    called = mask_phone if masked else format_phone
    document = ((_("Document"), mask_document(draft.customer_document)),) if draft.customer_document else ()
    default = _("HubSoft's own default")
    kind = draft.type_label or (str(draft.type_id) if draft.type_id else default)
    explained = _(
        "[ref {reference}] finds the ticket again if the connection fails; HubSoft adds “{suffix}” itself."
    )
    return (
        *named,
        *document,
        (_("Service"), str(draft.service_id)),
        (_("Type"), kind),
        (_("Contact"), draft.contact_name),
        (_("Phone"), called(draft.contact_phone)),
        (_("Work order"), _("yes") if draft.open_work_order else _("no")),
        (_("Description"), with_reference(draft.description, shown)),
        (_("Added"), explained.format(reference=shown, suffix=OPENING_SUFFIX.strip(" |"))),
    )


def _closing_rows(draft: Closing) -> tuple[tuple[str, str], ...]:
    default = _("HubSoft's own default")
    reason = draft.reason_label or (str(draft.reason_id) if draft.reason_id else default)
    rows = ((_("Reason"), reason), (_("Also closed"), _("the ticket's work orders")))
    return (*rows, (_("Description"), draft.description)) if draft.description else rows


def _person(name: str | None) -> tuple[tuple[str, str], ...]:
    return ((_("Customer"), name),) if name else ()

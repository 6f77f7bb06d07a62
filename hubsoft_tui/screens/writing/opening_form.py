"""TicketOpening a ticket for a customer: which service, what kind, what happened, and the contact."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

from textual import work

from hubsoft_tui.privacy import format_phone
from hubsoft_tui.services.outbox.types import EntryKind, NewTicket
from hubsoft_tui.texts import _, ngettext
from hubsoft_tui.values import dataclass
from widgets.fields import ChoiceField, ChoiceOption, QuestionInput, TickField

from .form import WriteForm, whole
from .text_field import TextField, text_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer, Service, Ticket
    from hubsoft_tui.store.drafts import Value

_MARKS: Final = re.compile(r"[\s()+.\-]")
"""What people write between the digits of a phone."""


def offered(customer: Customer) -> tuple[Service, ...]:
    """Return the services a ticket can be opened for: those that are not cancelled."""
    return tuple(service for service in customer.services if not service.cancelled)


@dataclass(frozen=True, slots=True)
class TicketOpening:
    """The customer a ticket is opened for, and what the form begins with."""

    about: str
    """What a kept draft is found by."""
    name: str
    services: tuple[ChoiceOption, ...]
    values: dict[str, Value] = field(repr=False)
    tickets: tuple[tuple[str, str], ...] = ()
    """Open tickets of the customer, as (type, what it is called), as far as they are known."""
    code: int | None = None
    document: str | None = field(default=None, repr=False)
    plans: dict[int, str] = field(default_factory=dict)
    """The services' names, by id."""


def opening_for(
    customer: Customer, service_id: int | None = None, tickets: Sequence[Ticket] = ()
) -> TicketOpening:
    """Begin a ticket for a customer who has a service that is not cancelled.

    `service_id` is the marked one, `tickets` are the customer's open ones, as far as they are known.
    """
    services = offered(customer)
    options = _options(services)
    known = {service.id for service in services}
    values: dict[str, Value] = {
        "service": service_id if service_id in known else services[0].id,
        "type": None,
        "type_label": None,
        "description": "",
        "contact": customer.name,
        "phone": format_phone(next(iter(customer.phones), "")),
        "order": False,
    }
    still_open = tuple(
        (each.type or "", f"{each.protocol}  {each.status or ''}".rstrip()) for each in tickets
    )
    return TicketOpening(
        about=f"open {customer.id}",
        name=customer.name,
        services=options,
        values=values,
        tickets=still_open,
        code=customer.code,
        document=customer.document or None,
        plans={service.id: service.name for service in services},
    )


def _options(services: Sequence[Service]) -> tuple[ChoiceOption, ...]:
    return tuple(
        ChoiceOption(
            service.id,
            f"{service.name}  {service.status}".strip(),
            (service.address.full if service.address else None) or "",
        )
        for service in services
    )


def opening_again(draft: NewTicket, about: str, customer: Customer | None = None) -> TicketOpening:
    """Take up a ticket that was refused; what `customer` has besides can be chosen too, if it is known."""
    values: dict[str, Value] = {
        "service": draft.service_id,
        "type": draft.type_id,
        "type_label": draft.type_label,
        "description": draft.description,
        "contact": draft.contact_name,
        "phone": format_phone(draft.contact_phone),
        "order": draft.open_work_order,
    }
    options = () if customer is None else _options(offered(customer))
    if all(option.id != draft.service_id for option in options):
        options = (ChoiceOption(draft.service_id, _("service {id}").format(id=draft.service_id)), *options)
    return TicketOpening(
        about=about,
        name=draft.customer_name or draft.contact_name,
        services=options,
        values=values,
        code=draft.customer_code,
        document=draft.customer_document,
        plans={service.id: service.name for service in (customer.services if customer is not None else ())},
    )


class OpeningForm(WriteForm):
    """The form of a new ticket."""

    KIND = EntryKind.OPEN

    def __init__(self, opening: TicketOpening, *, corrects: str = "") -> None:
        code = "" if opening.code is None else _("code") + f" {opening.code}"
        title = _("New ticket for {name}").format(name=opening.name)
        super().__init__(opening.about, title, code, values=opening.values, corrects=corrects)
        self._opening = opening

    def fields(self) -> ComposeResult:
        """Compose the fields."""
        yield from self.field(_("Service"), ChoiceField(id="service"))
        yield from self.field(_("Type"), ChoiceField(empty=_("HubSoft's usual type"), id="type"))
        yield from self.field(_("Description"), TextField("", id="description"))
        yield from self.field(_("Contact"), QuestionInput(id="contact"))
        yield from self.field(_("Phone"), QuestionInput(id="phone"))
        yield from self.field(_("Work order"), TickField(_("open a work order too"), id="order"))

    def on_mount(self) -> None:
        """Offer the services, ask for the types, and go where something must be decided."""
        services = self._opening.services
        self.query_one("#service", ChoiceField).offer(services)
        super().on_mount()
        self.query_one("#service" if len(services) > 1 else "#type").focus()
        self._load_types()

    @work(exit_on_error=False)
    async def _load_types(self) -> None:
        field = self.query_one("#type", ChoiceField)
        field.tell(_("asking for the types…"))
        field.tell(await self.offer(field, lambda services: services.outbox.types()))

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by field."""
        values = self.values()
        found = {
            "description": text_problem(str(values["description"])),
            "contact": name_problem(str(values["contact"])),
            "phone": phone_problem(str(values["phone"])),
        }
        return {name: sentence for name, sentence in found.items() if sentence}

    def hasty(self, field: str) -> str:
        """Return what is wrong with a phone whatever is typed next."""
        return phone_letters(self.query_one("#phone", QuestionInput).value) if field == "phone" else ""

    def beside(self) -> tuple[str, tuple[str, ...]]:
        """Return the service by its name, and the open tickets of the type that is chosen."""
        service, kind = (
            self.query_one("#service", ChoiceField).chosen,
            self.query_one("#type", ChoiceField).chosen,
        )
        still_open = [
            said for label, said in self._opening.tickets if kind is not None and label == kind.label
        ]
        return service.label if service else "", tuple(still_open)

    def placeholders(self) -> dict[str, str]:
        """Return the customer and the plan; HubSoft gives the protocol later."""
        service = self.query_one("#service", ChoiceField).chosen
        plan = self._opening.plans.get(service.id, "") if service is not None else ""
        return {"customer": self._opening.name, "plan": plan}

    def way_back(self) -> tuple[str, str]:
        """Return the customer's name, and code or document."""
        opening = self._opening
        return opening.name, opening.document or str(opening.code or "")

    def draft(self) -> NewTicket:
        """Return the ticket."""
        values = self.values()
        return NewTicket(
            service_id=whole(values["service"]) or self._opening.services[0].id,
            description=str(values["description"]),
            contact_name=str(values["contact"]),
            contact_phone=str(values["phone"]),
            type_id=whole(values["type"]),
            type_label=str(values["type_label"]) if values["type_label"] else None,
            open_work_order=bool(values["order"]),
            customer_code=self._opening.code,
            customer_document=self._opening.document,
            customer_name=self._opening.name or None,
        )


def name_problem(text: str) -> str:
    """Return why `text` is no contact's name, or nothing."""
    return "" if text.strip() else _("Write who HubSoft should ask for.")


def phone_problem(text: str) -> str:
    """Return why `text` is no Brazilian phone, or nothing."""
    if wrong := phone_letters(text):
        return wrong
    digits = _digits(text)
    if not digits:
        return _("Write the phone with its area code.")
    if len(digits) in {10, 11}:
        return ""
    return ngettext(
        "This is {n} digit; a phone has 10 or 11, the area code included.",
        "These are {n} digits; a phone has 10 or 11, the area code included.",
        len(digits),
    ).format(n=len(digits))


def phone_letters(text: str) -> str:
    """Return what is wrong with `text` whatever is typed next: something that is no part of a phone."""
    bare = _MARKS.sub("", text)
    return _("A phone has digits only.") if bare and not (bare.isascii() and bare.isdigit()) else ""


def _digits(text: str) -> str:
    digits = _MARKS.sub("", text)
    return digits.removeprefix("55") if len(digits) > 11 else digits

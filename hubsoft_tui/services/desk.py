"""What surrounds an action on a service: the signal of its equipment, what the action changed, and the trail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from ..api.models import Customer, Device, Service, Ticket, WorkOrder
from ..api.operation import Operation
from ..api.scalars import MAX_INTEGER
from ..api.search import SearchKey
from ..api.tickets import customer_tickets, customer_work_orders
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.types import Answer, RequestContext
from ..errors import InvalidInput, NotFound, NotOffered
from ..formats import DAY, start_of
from ..privacy import mask_document
from ..store.outbox import OutboxRow
from ..store.state import AuditLine, RecentAndAudit
from ..texts import Text, say
from ..values import dataclass
from .customers import questions
from .customers.terms import Kind, Term, recognise
from .outbox.actions import offered_actions, require_allowed, service_action
from .outbox.types import (
    ACTION_KINDS,
    DEVICE_KINDS,
    DeskAction,
    EntryKind,
    EntryState,
    ServiceAction,
    VisitAction,
    local_protocol,
)
from .reports.types import ActionCount

T = TypeVar("T")

CONTEXT = RequestContext("desk")
ABSENT_SECONDS = 3600.0
"""Seconds before a server that lacks a function is asked for it again."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A customer after an action, as HubSoft shows it; what was not asked for is None."""

    requests: int
    """Requests that this took."""
    customer: Customer | None = None
    service: Service | None = None
    devices: tuple[Device, ...] | None = None
    work_orders: tuple[WorkOrder, ...] | None = None


class Desk:
    """The service; lives in the engine's loop."""

    def __init__(self, engine: Engine, trail: RecentAndAudit, clock: Clock) -> None:
        self._engine = engine
        self._trail = trail
        self._clock = clock
        self._not_offered_until = 0.0

    async def service(self, service_id: int) -> tuple[Customer, Service]:
        """Return a service and whose it is; one request unless remembered. Raises NotFound."""
        if service_id.__class__ is not int or not 0 < service_id <= MAX_INTEGER:
            raise InvalidInput(say("Say which service it is about."))
        asked = questions.customer_of_service(service_id)
        answer = await self._engine.ask(asked, CONTEXT)
        for customer in answer.value:
            for service in customer.services:
                if service.id == service_id:
                    return customer, service
        raise NotFound(say("HubSoft has no service {id}.", id=service_id))

    async def draft(
        self,
        kind: EntryKind,
        service_id: int,
        *,
        days: int | None = None,
        suspension: str | None = None,
        reason: str = "",
    ) -> ServiceAction:
        """Return the draft of an action on a service, with how HubSoft shows it. Raises NotFound."""
        customer, service = await self.service(service_id)
        if kind is EntryKind.TRUST_UNLOCK and days is None:
            days = self._engine.settings.actions.unlock_days
        return service_action(kind, customer, service, days=days, suspension=suspension, reason=reason)

    async def find(self, kind: EntryKind, document: str) -> int:
        """Return the id of the one service of a customer that an action fits. Raises NotFound, or InvalidInput."""
        require_allowed(kind, self._engine.settings)
        term = recognise(document)
        if term.kind not in {Kind.CPF, Kind.CNPJ}:
            raise InvalidInput(say("That is not a CPF or CNPJ."))
        services, fit = await self._fitting(kind, term)
        if not fit:  # the service may have changed since it was asked for
            services, fit = await self._fitting(kind, term, refresh=True)
        if len(fit) == 1:
            return fit[0].id
        listed = "\n".join(f"  {each.id}  {each.name}  {each.status}" for each in fit or services)
        if fit:
            raise InvalidInput(
                say(
                    "The customer has several services. Say which with --service ID:\n{services}",
                    services=listed,
                )
            )
        if services:
            raise InvalidInput(
                say("This cannot be done to a service in this state:\n{services}", services=listed)
            )
        raise InvalidInput(say("The customer has no service."))

    async def _fitting(
        self, kind: EntryKind, term: Term, *, refresh: bool = False
    ) -> tuple[list[Service], list[Service]]:
        """Return a customer's services, and those of them that an action fits. Raises NotFound."""
        answer = await self._engine.ask(questions.customer(term), CONTEXT, refresh=refresh)
        if not answer.value:
            raise NotFound(say("There is no customer with this document."))
        services = [service for customer in answer.value for service in customer.services]
        return services, [each for each in services if kind in offered_actions(each, self._engine.settings)]

    async def ticket(self, protocol: str) -> Ticket:
        """Return an open ticket by its protocol; one request. Raises NotFound."""
        asked = _asking(
            lambda: customer_tickets(SearchKey.PROTOCOL, protocol), say("Say which ticket it is about.")
        )
        found = (await self._engine.receive(asked, CONTEXT)).decoded.value
        if not found:
            raise NotFound(say("HubSoft has no open ticket {protocol}.", protocol=protocol))
        return found[0]

    async def order(self, number: str) -> WorkOrder:
        """Return a work order by its number; one request. Raises NotFound."""
        asked = _asking(
            lambda: customer_work_orders(SearchKey.WORK_ORDER_NUMBER, number),
            say("Say which work order it is about."),
        )
        found = (await self._engine.receive(asked, CONTEXT)).decoded.value
        order = next((each for each in found if each.number == number), None)
        if order is None:
            raise NotFound(say("HubSoft has no work order {number}.", number=number))
        return order

    async def signal(
        self, service: Service, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Device, ...]] | None:
        """Return the equipment of a service with its signal, the newest reading first; one request unless remembered.

        Raises NotOffered once when the provider's server does not have it; None from then on, without a request.
        """
        if self._clock.now() < self._not_offered_until:
            return None
        try:
            return await self._engine.ask(
                questions.devices(service), replace(CONTEXT, label=label), refresh=refresh
            )
        except NotOffered:
            self._not_offered_until = self._clock.now() + ABSENT_SECONDS
            raise

    async def after(self, draft: DeskAction) -> Aftermath:
        """Ask HubSoft how the customer stands after an action, in as few requests as possible. Raises HubSoftError.

        Equipment that HubSoft cannot be asked for alone is left out.
        """
        if isinstance(draft, VisitAction):
            return await self._after_visit(draft)
        asked = questions.customer_of_service(draft.service_id)
        term = _term(draft)
        question = asked if term is None else questions.customer(term)
        answer = await self._engine.ask(question, CONTEXT, refresh=True)
        found = [
            (customer, service)
            for customer in answer.value
            for service in customer.services
            if service.id == draft.service_id
        ]
        customer, service = found[0] if found else (None, None)
        devices, spent = None, answer.requests
        if draft.kind in DEVICE_KINDS and service is not None:
            try:
                shown = await self.signal(service, refresh=True)
            except NotOffered:
                shown, spent = None, spent + 1
            if shown is not None:
                devices, spent = shown.value, spent + shown.requests
        return Aftermath(spent, customer, service, devices)

    async def _after_visit(self, draft: VisitAction) -> Aftermath:
        if draft.customer_id is None or _term(draft) is None:
            return Aftermath(0)
        customer = Customer(
            id=draft.customer_id, code=draft.customer_code, document=draft.customer_document or ""
        )
        answer = await self._engine.ask(questions.work_orders(customer), CONTEXT, refresh=True)
        return Aftermath(answer.requests, work_orders=answer.value)

    def actions(self, day: date) -> tuple[ActionCount, ...]:
        """Return what was done on a day at HubSoft, by operator and action. Raises StoreError."""
        begins = start_of(day)
        return _counted(self._trail.trail(begins, begins + DAY))

    def note(self, row: OutboxRow, draft: DeskAction) -> None:
        """Write an action to the trail, and mark what it may have changed as out of date. Raises StoreError."""
        if row.state in {EntryState.SENT.value, EntryState.UNKNOWN.value}:
            self._engine.outdate(_outdated_by(draft))
        ended = "" if row.state == EntryState.QUEUED.value else f":{row.state}"
        about = draft.order_number or draft.protocol if isinstance(draft, VisitAction) else draft.service_id
        subject = (
            f"{local_protocol(row.number)} {about} {mask_document(draft.customer_document or '')}".strip()
        )
        self._trail.audit(f"{draft.kind.value}{ended}", subject, draft.operator, self._clock.wall())


def _asking(build: Callable[[], Operation[T]], otherwise: Text) -> Operation[T]:
    """Return the operation that `build` makes. Raises InvalidInput for what HubSoft cannot be asked."""
    try:
        return build()
    except ValueError:
        raise InvalidInput(otherwise) from None


def _counted(lines: Iterable[AuditLine]) -> tuple[ActionCount, ...]:
    """Count the actions of a trail, each by its latest line."""
    kinds = {kind.value: kind for kind in ACTION_KINDS}
    last: dict[str, tuple[str, EntryKind, str]] = {}
    for line in lines:
        name, _colon, state = line.action.partition(":")
        if name in kinds:
            last[line.subject] = (line.person, kinds[name], state)
    counted: dict[tuple[str, EntryKind], Counter[str]] = defaultdict(Counter)
    for person, kind, state in last.values():
        counted[person, kind][state] += 1
    return tuple(
        ActionCount(
            person,
            kind,
            asked=states.total(),
            done=states[EntryState.SENT.value],
            refused=states[EntryState.REFUSED.value],
            open=states.total() - states[EntryState.SENT.value] - states[EntryState.REFUSED.value],
        )
        for (person, kind), states in sorted(counted.items(), key=lambda each: (each[0][0], each[0][1].value))
    )


def _term(draft: DeskAction) -> Term | None:
    """Return the term to ask for the customer's record: the one that lookups use most."""
    if draft.customer_document and len(draft.customer_document) in {11, 14}:
        kind = Kind.CPF if len(draft.customer_document) == 11 else Kind.CNPJ
        return Term(kind, draft.customer_document)
    return None if draft.customer_code is None else Term(Kind.CODE, str(draft.customer_code))


def _outdated_by(draft: DeskAction) -> tuple[str, ...]:
    """Return the names of the records that an action makes out of date."""
    customer, service = draft.customer_id, draft.service_id
    if isinstance(draft, VisitAction):
        return (f"work_orders:{customer}", f"tickets:{customer}")
    names = [f"customer:{customer}", f"sessions:{service}", f"devices:{service}"]
    return (*names, questions.brief_key(draft.customer_document)) if draft.customer_document else tuple(names)

"""What goes with an action on a service: how its line is heard, what the action changed, and the trail of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..api.models import Customer, Device, Service, WorkOrder
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.types import Answer, RequestContext
from ..errors import NotFound, NotOffered
from ..privacy import mask_document
from ..store.outbox import OutboxRow
from ..store.recent_and_audit import RecentAndAudit
from ..texts import say
from .customers import questions
from .customers.terms import Kind, Term
from .outbox.port import local_protocol
from .outbox.types import DEVICE_KINDS, Action, EntryKind, EntryState, VisitAction

CONTEXT = RequestContext("desk")
ABSENT_SECONDS = 3600.0
"""How long a server that does not offer something is not asked for it again."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A customer after an action, as HubSoft shows it; what was not asked for is None."""

    requests: int
    """Requests that this took."""
    customer: Customer | None = None
    service: Service | None = None
    devices: tuple[Device, ...] | None = None
    work_orders: tuple[WorkOrder, ...] | None = None


def after_cost(kind: EntryKind) -> int:
    """Return how many requests a look at what an action changed takes at most."""
    return 2 if kind in DEVICE_KINDS else 1


class Desk:
    """The service; lives in the engine's loop."""

    def __init__(self, engine: Engine, trail: RecentAndAudit, clock: Clock) -> None:
        self._engine = engine
        self._trail = trail
        self._clock = clock
        self._not_offered_until = 0.0

    async def service(self, service_id: int, *, refresh: bool = False) -> tuple[Customer, Service]:
        """Return a service and whose it is; one request unless remembered. Raises NotFound."""
        asked = questions.customer_of_service(service_id)
        answer = await self._engine.ask(asked, CONTEXT, refresh=refresh)
        for customer in answer.value:
            for service in customer.services:
                if service.id == service_id:
                    return customer, service
        raise NotFound(say("HubSoft has no service {id}.", id=service_id))

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

    async def after(self, draft: Action) -> Aftermath:
        """Ask HubSoft how the customer stands after an action, in as few requests as show it.

        Raises HubSoftError; of equipment that cannot be shown alone, nothing is said.
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

    def note(self, row: OutboxRow, draft: Action) -> None:
        """Write an action to the trail, and let what it may have changed be asked for anew. Raises StoreError."""
        if row.state in {EntryState.SENT.value, EntryState.UNKNOWN.value}:
            self._engine.known.outdate(_outdated_by(draft))
        ended = "" if row.state == EntryState.QUEUED.value else f":{row.state}"
        about = draft.order_number or draft.protocol if isinstance(draft, VisitAction) else draft.service_id
        subject = (
            f"{local_protocol(row.number)} {about} {mask_document(draft.customer_document or '')}".strip()
        )
        self._trail.audit(f"{draft.kind.value}{ended}", subject, draft.operator, self._clock.wall())


def _term(draft: Action) -> Term | None:
    """Return what the customer's record is asked for by: the term that lookups use most."""
    if draft.customer_document and len(draft.customer_document) in {11, 14}:
        kind = Kind.CPF if len(draft.customer_document) == 11 else Kind.CNPJ
        return Term(kind, draft.customer_document)
    return None if draft.customer_code is None else Term(Kind.CODE, str(draft.customer_code))


def _outdated_by(draft: Action) -> tuple[str, ...]:
    """Name the records that tell something else once an action is done."""
    customer, service = draft.customer_id, draft.service_id
    if isinstance(draft, VisitAction):
        return (f"work_orders:{customer}", f"tickets:{customer}")
    names = [f"customer:{customer}", f"sessions:{service}", f"devices:{service}"]
    return (*names, questions.brief_key(draft.customer_document)) if draft.customer_document else tuple(names)

"""Customers: found by document, phone, name, code, login or protocol; what is open, owed, planned, connected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...api.models import Customer, Invoice, Service, Session, Ticket, WorkOrder
from ...core.clock import Clock
from ...core.types import Answer, Category, Priority, RequestContext, Source
from ...errors import Unproven
from ...privacy import mask_document
from ...store.state import Recent, RecentAndAudit
from ...texts import say
from ...values import dataclass
from . import questions
from .terms import Kind, Term, recognise

if TYPE_CHECKING:
    from ...core.cache.freshness import Sweep
    from ...core.engine import Engine

LOOKUP = RequestContext("lookup")


@dataclass(frozen=True, slots=True)
class Match:
    """One customer that a search found."""

    customer: Customer
    active_services: frozenset[int]
    """Ids of the services whose status counts as active."""

    @property
    def active(self) -> bool:
        """Whether any service is active."""
        return bool(self.active_services)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a search found, and how it is known."""

    term: Term
    """What was searched for, as it was understood."""
    matches: tuple[Match, ...]
    """Empty when HubSoft knows none."""
    source: Source
    age: float
    """Seconds since the answer was fetched."""
    fetched_at: float
    """UTC epoch seconds."""
    requests: int
    """Requests sent for this search."""
    truncated: bool = False
    """HubSoft returned as many as were asked for: there may be more."""
    reason: str = ""
    """For a stale answer: why HubSoft could not be asked."""

    @property
    def found(self) -> bool:
        """Whether HubSoft knows a customer by this term."""
        return bool(self.matches)

    @property
    def customers(self) -> tuple[Customer, ...]:
        """The customers found."""
        return tuple(match.customer for match in self.matches)

    @property
    def active(self) -> bool | None:
        """Whether any of them has an active contract; None when no customer was found."""
        return any(match.active for match in self.matches) if self.matches else None


def lookup_of(
    term: Term, answer: Answer[tuple[Customer, ...]], active_statuses: Collection[str], *, spent: int = 0
) -> Lookup:
    """Return an answer about customers as what the search for `term` found; `spent` requests went before it."""
    return Lookup(
        term=term,
        matches=tuple(
            Match(customer, active_services(customer, active_statuses)) for customer in answer.value
        ),
        source=answer.source,
        age=answer.age,
        fetched_at=answer.fetched_at,
        requests=answer.requests + spent,
        truncated=answer.truncated,
        reason=answer.reason,
    )


def active_services(customer: Customer, active_statuses: Collection[str]) -> frozenset[int]:
    """Return the ids of the services whose status is one of those that the settings call active."""
    return frozenset(service.id for service in customer.services if service.status_prefix in active_statuses)


class Customers:
    """The service; lives in the engine's loop."""

    def __init__(
        self,
        engine: Engine,
        desk: RecentAndAudit,
        clock: Clock,
        *,
        person: Callable[[], str],
        sweep: Callable[[Category, Priority], Awaitable[Sweep | None]] | None = None,
    ) -> None:
        """`person` names the account that reveals a document, for the audit trail.

        `sweep` looks for a request that brings every customer and costs no more than asking for one.
        """
        self._sweep = sweep
        self._engine = engine
        self._desk = desk
        self._clock = clock
        self._person = person

    async def lookup(
        self,
        text: str | Term,
        context: RequestContext = LOOKUP,
        *,
        category: Category = Category.CLIENT_DATA,
        refresh: bool = False,
        remember: bool = False,
        listed: bool = False,
    ) -> Lookup:
        """Find customers, at most as old as `category` allows. No customer found is an answer, not an error.

        With `remember` a single customer goes in front of `recent`: a person looks at it. With `listed` a row of the
        list of all customers will do, which tells no alerts and nothing of the line (`Customer.listed`). Raises
        InvalidInput before anything is sent, and HubSoftError.
        """
        term = text if isinstance(text, Term) else recognise(text)
        spent = 0
        searched = term
        if term.kind is Kind.PROTOCOL:
            asked = questions.ticket_by_protocol(term.value)
            tickets = await self._engine.ask(asked, context, refresh=refresh)
            spent = tickets.requests
            owner = _owner(tickets.value)
            if owner is None and tickets.value:
                raise Unproven(
                    say("HubSoft shows this ticket, but not whose it is. Search by the customer's document.")
                )
            if owner is None:
                return Lookup(
                    term,
                    (),
                    tickets.source,
                    tickets.age,
                    tickets.fetched_at,
                    spent,
                    reason=tickets.reason,
                )
            searched = owner
        question = questions.customer(searched, category, listed=listed)
        if self._sweep is not None and question.brief and (listed or category is not Category.CLIENT_DATA):
            question = replace(question, sweep=partial(self._sweep, category, context.priority))
        answer = await self._engine.ask(question, context, refresh=refresh)
        if remember and len(answer.value) == 1:
            await self.remember(answer.value[0], text if isinstance(text, str) else term.value)
        return lookup_of(term, answer, self._engine.settings.customers.active_statuses, spent=spent)

    async def tickets(
        self, customer: Customer, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Ticket, ...]]:
        """Return the customer's open tickets; one request unless remembered."""
        return await self._engine.ask(
            questions.open_tickets(customer), replace(LOOKUP, label=label), refresh=refresh
        )

    async def invoices(
        self, customer: Customer, *, with_paid: bool = False, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Invoice, ...]]:
        """Return the customer's unpaid invoices, or the paid ones too; one request unless remembered."""
        question = questions.invoices(customer, with_paid=with_paid)
        return await self._engine.ask(question, replace(LOOKUP, label=label), refresh=refresh)

    async def work_orders(
        self, customer: Customer, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[WorkOrder, ...]]:
        """Return the customer's work orders; one request unless remembered."""
        return await self._engine.ask(
            questions.work_orders(customer), replace(LOOKUP, label=label), refresh=refresh
        )

    async def connection(
        self, service: Service, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Session, ...]]:
        """Return the RADIUS sessions of the service's login; none when it has no login."""
        if service.login is None:
            now = self._clock.wall()
            return Answer((), Source.CACHE, 0.0, now)
        return await self._engine.ask(
            questions.sessions(service, service.login), replace(LOOKUP, label=label), refresh=refresh
        )

    async def recent(self) -> tuple[Recent, ...]:
        """Return the last customers looked up on this home, newest first, at most 20."""
        return self._desk.recent()

    async def remember(self, customer: Customer, term: str = "") -> None:
        """Put a customer a person looked at in front of `recent`; `term` finds one that has no document."""
        again = customer.document or term or str(customer.code or "")
        active = bool(self._active(customer))
        self._desk.remember(Recent(again, customer.name, customer.document, active, self._clock.wall()))

    async def record_reveal(self, customer: Customer) -> float:
        """Write to the audit trail that a whole document was shown; return when (UTC epoch seconds)."""
        now = self._clock.wall()
        self._desk.audit("reveal", mask_document(customer.document), self._person(), now)
        return now

    def _active(self, customer: Customer) -> frozenset[int]:
        return active_services(customer, self._engine.settings.customers.active_statuses)


def _owner(tickets: tuple[Ticket, ...]) -> Term | None:
    """Name the customer a ticket belongs to, or None when HubSoft does not say."""
    for ticket in tickets:
        if ticket.customer_code is not None:
            return Term(Kind.CODE, str(ticket.customer_code))
        if ticket.customer_document:
            return Term(Kind.CPF, ticket.customer_document)
    return None

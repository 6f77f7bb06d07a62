"""What the lookup asks the services, as functions that run in the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubsoft_tui.core.types import RequestContext
from hubsoft_tui.errors import NotFound
from hubsoft_tui.texts import say

from .texts import Found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubsoft_tui.api.models import Customer
    from hubsoft_tui.core.types import Answer
    from hubsoft_tui.services.container import Services
    from widgets.customer.lists import RecentCustomer


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it was typed. `label` finds its place in line in a snapshot."""

    text: str
    label: str
    refresh: bool = False
    """Ask HubSoft itself, whatever is remembered."""
    keep: bool = False
    """It is about the customer in sight, who stays there meanwhile."""


def customers(question: Question) -> Callable[[Services], Awaitable[Found]]:
    """Look `question` up; one customer found is one looked at, so it is remembered."""

    async def ask(services: Services) -> Found:
        found = await services.customers.lookup(
            question.text, RequestContext("lookup", label=question.label), refresh=question.refresh
        )
        if len(found.customers) == 1:
            await _remember(services, found.customers[0], question.text)
        active = tuple(services.customers.is_active(customer) for customer in found.customers)
        working = frozenset(
            service.id
            for customer in found.customers
            for service in customer.services
            if services.customers.service_active(service)
        )
        return Found(found, active, working)

    return ask


def remember(customer: Customer) -> Callable[[Services], Awaitable[None]]:
    """Remember a customer chosen from a list."""

    async def ask(services: Services) -> None:
        await _remember(services, customer, "")

    return ask


def recent() -> Callable[[Services], Awaitable[tuple[RecentCustomer, ...]]]:
    """Return the last customers looked up."""
    from widgets.customer.lists import RecentCustomer

    async def ask(services: Services) -> tuple[RecentCustomer, ...]:
        return tuple(
            RecentCustomer(each.term, each.name, each.document, each.active)
            for each in await services.customers.recent()
        )

    return ask


def reveal(customer: Customer) -> Callable[[Services], Awaitable[None]]:
    """Record that the whole document is about to be shown."""

    async def ask(services: Services) -> None:
        await services.customers.record_reveal(customer)

    return ask


def about(
    name: str, customer: Customer, service: int, *, refresh: bool, label: str
) -> Callable[[Services], Awaitable[Answer[tuple[Any, ...]]]]:
    """Ask for `tickets`, `invoices` or `orders` of `customer`, or the `connection` of its service of that index.

    Raises NotFound when there is no such service, or it has no login.
    """

    async def ask(services: Services) -> Answer[tuple[Any, ...]]:
        if name == "tickets":
            return await services.customers.tickets(customer, refresh=refresh, label=label)
        if name == "invoices":
            return await services.customers.invoices(customer, refresh=refresh, label=label)
        if name == "orders":
            return await services.customers.work_orders(customer, refresh=refresh, label=label)
        if service >= len(customer.services) or not customer.services[service].login:
            raise NotFound(say("This service has no login to ask about."))
        return await services.customers.connection(customer.services[service], refresh=refresh, label=label)

    return ask


async def _remember(services: Services, customer: Customer, text: str) -> None:
    await services.customers.remember(customer.document or text or str(customer.code or ""), customer)

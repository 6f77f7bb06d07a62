"""The questions we ask about customers: the operation, the memory key, and how an answer is taken apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import structs

from ...api.choices import Table
from ...api.choices import choices as read_choices
from ...api.connections import connection_sessions, service_devices
from ...api.customers import customer_search
from ...api.invoices import customer_invoices
from ...api.models import Choice, Customer, Device, Invoice, Service, Session, Ticket, WorkOrder
from ...api.operation import Operation
from ...api.search import SearchKey, SessionKey
from ...api.tickets import customer_tickets, customer_work_orders
from ...core.cache.cache import BRIEF, CUSTOMER, Part
from ...core.cache.freshness import Question
from ...core.types import Category
from .terms import KEPT_TERMS, Kind, Term

T = TypeVar("T")

CHOICES: Final = "choices"
KINDS: Final[dict[str, Any]] = {
    CUSTOMER: Customer,
    BRIEF: tuple[Customer, ...],
    "tickets": tuple[Ticket, ...],
    "invoices": tuple[Invoice, ...],
    "work_orders": tuple[WorkOrder, ...],
    "sessions": tuple[Session, ...],
    "devices": tuple[Device, ...],
    CHOICES: tuple[Choice, ...],
}
"""What is remembered, by kind: the shapes that stored records are read back as."""

SEARCHES: Final = {
    Kind.CPF: SearchKey.DOCUMENT,
    Kind.CNPJ: SearchKey.DOCUMENT,
    Kind.CODE: SearchKey.CODE,
    Kind.LOGIN: SearchKey.LOGIN,
    Kind.PHONE: SearchKey.PHONE,
    Kind.NAME: SearchKey.NAME,
}
"""How HubSoft searches for each kind of term."""


@lru_cache(maxsize=KEPT_TERMS)
def customer(
    term: Term, category: Category = Category.CLIENT_DATA, *, listed: bool = False
) -> Question[tuple[Customer, ...]]:
    """Ask for the customers a term names; `term` is any kind but a protocol.

    With `listed` a row of the list of all customers will do: the asker shows what that does not tell.
    """
    alone = term.kind in {Kind.CPF, Kind.CNPJ, Kind.CODE, Kind.LOGIN}
    return Question(
        key=_customer_key(term),
        category=category,
        operation=customer_search(SEARCHES[term.kind], term.value),
        parts=customer_parts,
        join=tuple,
        alone=alone,
        brief=brief_key(term.value) if term.kind in {Kind.CPF, Kind.CNPJ} else "",
        rows_tell=(lambda rows: all(each.listed for each in rows)) if listed else None,
    )


def ticket_by_protocol(protocol: str) -> Question[tuple[Ticket, ...]]:
    """Ask whose ticket has this protocol, closed ones too."""
    operation = customer_tickets(SearchKey.PROTOCOL, protocol, only_pending=False)
    return _whole(f"protocol:{protocol}", "tickets", Category.SERVICE_DATA, operation)


def open_tickets(customer: Customer) -> Question[tuple[Ticket, ...]]:
    """Ask for the customer's tickets that are not closed."""
    operation = customer_tickets(*_by(customer), only_pending=True)
    return _whole(f"tickets:{customer.id}", "tickets", Category.SERVICE_DATA, operation)


def invoices(customer: Customer, *, with_paid: bool = False) -> Question[tuple[Invoice, ...]]:
    """Ask for the customer's unpaid invoices, or for the paid ones too."""
    operation = customer_invoices(*_by(customer), only_pending=not with_paid)
    key = f"invoices:{customer.id}:all" if with_paid else f"invoices:{customer.id}"
    return _whole(key, "invoices", Category.SERVICE_DATA, operation)


def work_orders(customer: Customer) -> Question[tuple[WorkOrder, ...]]:
    """Ask for the customer's work orders, newest first."""
    operation = customer_work_orders(*_by(customer))
    return _whole(f"work_orders:{customer.id}", "work_orders", Category.SERVICE_DATA, operation)


def sessions(service: Service, login: str) -> Question[tuple[Session, ...]]:
    """Ask what a login's line did in the last days."""
    operation = connection_sessions(SessionKey.LOGIN, login)
    return _whole(f"sessions:{service.id}", "sessions", Category.SERVICE_DATA, operation)


def devices(service: Service) -> Question[tuple[Device, ...]]:
    """Ask for the equipment of a service that HubSoft manages, with the course of its signal."""
    operation = service_devices(service.id, service.device)
    return _whole(f"devices:{service.id}", "devices", Category.SERVICE_DATA, operation)


def customer_of_service(service_id: int) -> Question[tuple[Customer, ...]]:
    """Ask whose service has this id."""
    return Question(
        key=f"service:{service_id}",
        category=Category.CLIENT_DATA,
        operation=customer_search(SearchKey.SERVICE_ID, str(service_id)),
        parts=customer_parts,
        join=tuple,
        alone=True,
    )


def choices(table: Table) -> Question[tuple[Choice, ...]]:
    """Ask for one of the tables a provider keeps for itself; they change rarely."""
    question = _whole(f"choices:{table.value}", CHOICES, Category.SERVICE_DATA, read_choices(table))
    return replace(question, lasting=True)


def customer_parts(customers: tuple[Customer, ...]) -> tuple[Part, ...]:
    """Take an answer apart into one record per customer, each found again by what names it alone."""
    names = [_names(each) for each in customers]
    shared = {name for name, times in Counter(name for own in names for name in own).items() if times > 1}
    return tuple(
        Part(f"customer:{each.id}", CUSTOMER, each, tuple(name for name in own if name not in shared))
        for each, own in zip(customers, names, strict=True)
    )


def brief_key(document: str) -> str:
    """Return what a roster's rows with this document are remembered by."""
    return f"brief:document:{document}"


def brief(customer: Customer) -> Customer:
    """Return of a roster's row what tells whether a contract is active; phones and the like need not be kept."""
    return structs.replace(customer, phones=(), emails=(), born_on=None)


def _names(customer: Customer) -> tuple[str, ...]:
    names = [f"document:{customer.document}"] if customer.document else []
    if customer.code is not None:
        names.append(f"code:{customer.code}")
    names += [f"login:{service.login.lower()}" for service in customer.services if service.login]
    return tuple(dict.fromkeys(names))


def _customer_key(term: Term) -> str:
    prefix = "document" if term.kind in {Kind.CPF, Kind.CNPJ} else term.kind.value
    return f"{prefix}:{term.value.lower() if term.kind is Kind.LOGIN else term.value}"


def _by(customer: Customer) -> tuple[SearchKey, str]:
    """How HubSoft finds this customer's rows: by code where it has one."""
    return (
        (SearchKey.DOCUMENT, customer.document)
        if customer.code is None
        else (SearchKey.CODE, str(customer.code))
    )


def _whole(
    key: str, kind: str, category: Category, operation: Operation[tuple[T, ...]]
) -> Question[tuple[T, ...]]:
    """Ask for rows that are remembered as one record, an empty one too."""
    parts: Callable[[tuple[T, ...]], tuple[Part, ...]] = lambda rows: (Part(key, kind, rows),)  # noqa: E731
    return Question(key, category, operation, parts, join=lambda values: values[0], alone=True)

"""Requests about customers and what is theirs: tickets, invoices, work orders, sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from msgspec import structs

from . import answers, scalars, verdicts
from .decode_customers import customer
from .decode_invoices import invoice
from .decode_sessions import session
from .decode_tickets import thread, ticket
from .decode_work_orders import work_order
from .models import Customer, Invoice, Session, Thread, Ticket, WorkOrder
from .operation import ROOT, Operation, filled, given, joined, window, within, yes_no
from .rows import Row
from .search import NAMES, SearchKey, SessionKey, concerns, matches, wire_term

T = TypeVar("T")

PERSON_RELATIONS: Final = ("endereco_instalacao", "interface", "equipamento_conexao")
"""What current servers leave out of a customer unless it is asked for by name."""

NAME_LIMIT: Final = 30
MAX_SEARCH: Final = 100
MAX_LIST: Final = 50
MAX_PAGE: Final = 500


class CustomerDate(StrEnum):
    """Which of a customer's dates a window is about."""

    REGISTERED = "data_cadastro"
    BORN = "data_nascimento"
    UPDATED = "data_atualizacao"


class ServiceDate(StrEnum):
    """Which of a service's dates a window is about."""

    REGISTERED = "data_cadastro"
    CANCELLED = "data_cancelamento"
    ENABLED = "data_habilitacao"
    SOLD = "data_venda"
    UPDATED = "data_atualizacao"


class WorkOrderStatus(StrEnum):
    """The statuses a customer's work orders can be asked for by."""

    PENDING = "pendente"
    UNSCHEDULED = "aguardando_agendamento"
    FINISHED = "finalizado"


def customer_search(
    busca: SearchKey | str,
    term: str,
    *,
    limit: int | None = None,
    with_connection: bool = True,
    statuses: Iterable[str] = (),
    relations: Iterable[str] = PERSON_RELATIONS,
) -> Operation[tuple[Customer, ...]]:
    """Find customers, cancelled and inactive ones too; only exact matches are kept, except for names.

    `limit` is 1-100 rows (default 30 for names, else 100, because HubSoft's search is loose and cuts
    silently). `with_connection` asks for the state of the line. `statuses` keeps customers that own a service
    in one of these statuses. An empty value is HubSoft's word that there is none. Raises ValueError for parameters
    HubSoft would refuse.
    """
    key = _key(
        busca,
        SearchKey.DOCUMENT,
        SearchKey.CODE,
        SearchKey.PHONE,
        SearchKey.LOGIN,
        SearchKey.IPV4,
        SearchKey.MAC,
        SearchKey.CUSTOMER_ID,
        SearchKey.SERVICE_ID,
        *NAMES,
    )
    wire = wire_term(key, term)
    rows = limit if limit is not None else NAME_LIMIT if key in NAMES else MAX_SEARCH
    query = {
        "busca": key.value,
        "termo_busca": wire,
        "limit": within(rows, 1, MAX_SEARCH, "limit"),
        "cancelado": "sim",
        "inativo": "todos",
        "ultima_conexao": yes_no(with_connection),
        "servico_status": joined(statuses),
        "relacoes": joined(relations),
    }
    return Operation(
        name="cliente",
        method="GET",
        path=f"{ROOT}cliente",
        decode=partial(_customers, limit=rows, key=key, term=wire),
        query=filled(query),
        timeout=45.0,
    )


def customers_page(
    page: int,
    size: int = MAX_PAGE,
    *,
    statuses: Iterable[str] = (),
    cancelled: bool = False,
    relations: Sequence[str] = (),
    customer_dates: tuple[date, date] | None = None,
    customer_date: CustomerDate = CustomerDate.REGISTERED,
    service_dates: tuple[date, date] | None = None,
    service_date: ServiceDate = ServiceDate.REGISTERED,
) -> Operation[tuple[Customer, ...]]:
    """Read a page of the roster: `page` from 0, `size` 1-500 customers.

    With several `relations`, 100 a page is safe and 500 slow.

    HubSoft may return other services of a customer beside those in `statuses`, and with `cancelled` returns
    cancelled services beside the others: look at `status_prefix` again. Windows are inclusive, in whole days.
    """
    query = {
        "pagina": within(page, 0, 10**9, "page"),
        "itens_por_pagina": within(size, 1, MAX_PAGE, "size"),
        "cancelado": yes_no(cancelled),
        "servico_status": joined(statuses),
        "relacoes": joined(relations),
    }
    if customer_dates is not None:
        query |= window(*customer_dates) | {"tipo_data_cliente": CustomerDate(customer_date).value}
    if service_dates is not None:
        days = window(*service_dates)
        query |= {f"{name}_cliente_servico": value for name, value in days.items()}
        query["tipo_data_cliente_servico"] = ServiceDate(service_date).value
    return Operation(
        name="cliente.todos",
        method="GET",
        path=f"{ROOT}cliente/todos",
        decode=lambda payload: answers.page(payload, "clientes", customer, size=size),
        query=filled(query),
        timeout=120.0 if relations else 60.0,
    )


def customer_tickets(
    busca: SearchKey | str,
    term: str,
    *,
    only_pending: bool = True,
    newest_first: bool = True,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
    relations: Iterable[str] = (),
) -> Operation[tuple[Ticket, ...]]:
    """List tickets by customer code, document, service id or protocol; `limit` 1-50.

    The only reading that carries opening descriptions. `relations`: atendimento_mensagem,
    ordem_servico_mensagem, checklists. The window is about the day of opening. Nothing found is an empty
    value.
    """
    key = _key(busca, SearchKey.CODE, SearchKey.DOCUMENT, SearchKey.SERVICE_ID, SearchKey.PROTOCOL)
    query = {
        "apenas_pendente": yes_no(only_pending),
        "order_by": "data_cadastro",
        "order_type": "desc" if newest_first else "asc",
        "relacoes": joined(relations),
    }
    asked = _asked(key, term, limit) | query | window(start, end)
    return _listing("atendimento", "atendimentos", ticket, asked, verdicts.TICKETS)


def ticket_messages(protocol: str) -> Operation[tuple[Thread, ...]]:
    """Read the messages of the ticket with this protocol, closed or not. Nothing found is an empty value."""
    asked = _asked(SearchKey.PROTOCOL, protocol, MAX_LIST) | {
        "apenas_pendente": yes_no(False),
        "relacoes": "atendimento_mensagem",
    }
    return _listing("atendimento", "atendimentos", thread, asked, verdicts.TICKETS)


def customer_invoices(
    busca: SearchKey | str,
    term: str,
    *,
    only_pending: bool = True,
    newest_first: bool = True,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
) -> Operation[tuple[Invoice, ...]]:
    """List invoices by document, customer code or service id, in the order they are due; `limit` 1-50.

    The window is about the day they are due. Nothing found is an empty value.
    """
    key = _key(busca, SearchKey.DOCUMENT, SearchKey.CODE, SearchKey.SERVICE_ID)
    query = {
        "apenas_pendente": yes_no(only_pending),
        "order_by": "data_vencimento",
        "order_type": "desc" if newest_first else "asc",
    }
    asked = _asked(key, term, limit) | query | window(start, end)
    return _listing("financeiro", "faturas", invoice, asked, verdicts.INVOICES)


def customer_work_orders(
    busca: SearchKey | str,
    term: str,
    *,
    status: WorkOrderStatus | str | None = None,
    newest_first: bool = True,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
    relations: Iterable[str] = (),
) -> Operation[tuple[WorkOrder, ...]]:
    """List work orders by customer code, document, service id or number; `limit` 1-50.

    All statuses by default; the window is about the day they were opened. Nothing found is an empty value.
    """
    key = _key(busca, SearchKey.CODE, SearchKey.DOCUMENT, SearchKey.SERVICE_ID, SearchKey.WORK_ORDER_NUMBER)
    query = {
        "status": "" if status is None else WorkOrderStatus(status).value,
        "order_by": "data_cadastro",
        "order_type": "desc" if newest_first else "asc",
        "relacoes": joined(relations),
    }
    asked = _asked(key, term, limit) | query | window(start, end)
    return _listing("ordem_servico", "ordens_servico", work_order, asked, verdicts.WORK_ORDERS)


def connection_sessions(
    busca: SessionKey | str,
    term: str,
    *,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
) -> Operation[tuple[Session, ...]]:
    """List RADIUS sessions by login, address or MAC; `limit` 1-50.

    Without a window HubSoft takes the last 30 days. Nothing found is an empty value.
    """
    key = SessionKey(busca)
    wire = given(term)
    if key is SessionKey.MAC:
        wire = given((scalars.document(wire) or "").lower())
    query = {"busca": key.value, "termo_busca": wire, "limit": within(limit, 1, MAX_LIST, "limit")}
    return Operation(
        name="cliente.extrato_conexao",
        method="GET",
        path=f"{ROOT}cliente/extrato_conexao",
        decode=lambda payload: answers.found(
            payload, "registros", session, limit=limit, things=verdicts.SESSIONS
        ),
        query=query | window(start, end),
    )


def _customers(
    payload: object, *, limit: int, key: SearchKey, term: str
) -> answers.Decoded[tuple[Customer, ...]]:
    found = answers.found(
        payload, "clientes", customer, limit=limit, keep=matches(key, term), things=verdicts.CUSTOMERS
    )
    if key is not SearchKey.DOCUMENT or not (found.dropped or found.truncated):
        return found
    # Whoever has another record beside those that could be read may be served under it.
    return replace(found, value=tuple(structs.replace(each, incomplete=True) for each in found.value))


def _asked(key: SearchKey, term: str, limit: int) -> dict[str, str]:
    return {
        "busca": key.value,
        "termo_busca": wire_term(key, term),
        "limit": within(limit, 1, MAX_LIST, "limit"),
    }


def _listing(
    route: str,
    payload_key: str,
    decode: Callable[[Row], T],
    query: dict[str, str],
    things: verdicts.Nouns,
) -> Operation[tuple[T, ...]]:
    limit = int(query["limit"])
    admits = concerns(SearchKey(query["busca"]), query["termo_busca"])
    return Operation(
        name=f"cliente.{route}",
        method="GET",
        path=f"{ROOT}cliente/{route}",
        decode=lambda payload: answers.found(
            payload, payload_key, decode, limit=limit, admits=admits, things=things
        ),
        query=filled(query),
    )


def _key(busca: SearchKey | str, *allowed: SearchKey) -> SearchKey:
    key = SearchKey(busca)
    if key not in allowed:
        raise ValueError(f"this cannot be searched by {key.value}")
    return key

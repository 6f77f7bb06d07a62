"""What HubSoft can search by, and the checks that what it found is what was meant.

HubSoft's search is loose: a code may match inside another, a document may match a branch. Only exact matches
count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar

from . import answers, scalars, verdicts
from .models import Customer
from .operation import ROOT, Operation, filled, within
from .rows import Row
from .scalars import UnreadableError


class SearchKey(StrEnum):
    """What a search term is; the value is HubSoft's own word (`busca`)."""

    DOCUMENT = "cpf_cnpj"
    CODE = "codigo_cliente"
    NAME = "nome_razaosocial"
    TRADE_NAME = "nome_fantasia"
    PHONE = "telefone"
    LOGIN = "login_radius"
    IPV4 = "ipv4"
    MAC = "mac"
    CUSTOMER_ID = "id_cliente"
    SERVICE_ID = "id_cliente_servico"
    PROTOCOL = "protocolo"
    WORK_ORDER_NUMBER = "numero_ordem_servico"


class SessionKey(StrEnum):
    """What RADIUS sessions can be searched by."""

    LOGIN = "login"
    IPV4 = "ipv4"
    IPV6_WAN = "ipv6_wan"
    IPV6_LAN = "ipv6_lan"
    MAC = "mac"


NAMES = frozenset({SearchKey.NAME, SearchKey.TRADE_NAME})
NUMBERS = frozenset({SearchKey.CODE, SearchKey.CUSTOMER_ID, SearchKey.SERVICE_ID})


def wire_term(key: SearchKey, term: str) -> str:
    """Return `term` as HubSoft wants it. Raises ValueError when nothing of it is left."""
    written = term.strip()
    if key is SearchKey.DOCUMENT:
        written = scalars.document(written) or ""
    elif key is SearchKey.PHONE:
        written = scalars.digits(written)
    elif key in NUMBERS and not (written.isascii() and written.isdecimal()):
        raise ValueError("a code or an id is written in digits")
    if not 0 < len(written) <= 255:
        raise ValueError("the search term must have 1 to 255 characters")
    return written


def matches(key: SearchKey, term: str) -> Callable[[Customer], bool | None]:
    """Return the check that a customer really has `term`, which must be as `wire_term` returns it.

    None where the record does not say: it may be the one that was asked for.
    """
    return partial(_CHECKS.get(key, _anybody), term)


def _anybody(_term: str, _customer: Customer) -> bool:
    return True


def _has_document(term: str, customer: Customer) -> bool | None:
    return customer.document == term if is_document(customer.document) else None


def _has_code(term: str, customer: Customer) -> bool | None:
    return None if customer.code is None else customer.code == int(term)


def _has_service(term: str, customer: Customer) -> bool | None:
    found = any(each.id == int(term) for each in customer.services)
    return found or (None if customer.incomplete else False)


def _logs_in_as(term: str, customer: Customer) -> bool | None:
    logins = [service.login.casefold() for service in customer.services if service.login]
    return term.casefold() in logins or (None if customer.incomplete or not logins else False)


def _answers_at(term: str, customer: Customer) -> bool | None:
    found = any(scalars.digits(phone).endswith(term) for phone in customer.phones)
    return found or (False if customer.phones else None)


def is_document(text: str) -> bool:
    """Tell whether a record's own document has the form of a CPF or CNPJ: else it does not say whose it is."""
    return _DOCUMENT.fullmatch(text) is not None


_DOCUMENT: Final = re.compile(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}")
_CHECKS: Final[dict[SearchKey, Callable[[str, Customer], bool | None]]] = {
    SearchKey.DOCUMENT: _has_document,
    SearchKey.CODE: _has_code,
    SearchKey.CUSTOMER_ID: lambda term, customer: customer.id == int(term),
    SearchKey.SERVICE_ID: _has_service,
    SearchKey.LOGIN: _logs_in_as,
    SearchKey.PHONE: _answers_at,
}


def concerns(key: SearchKey, term: str) -> Callable[[Row], bool]:
    """Return the check that a ticket, invoice or work order is about `term`; a row that does not say is kept.

    Another customer's rows must never be shown as this one's.
    """
    return partial(_concerns, key, term)


def _concerns(key: SearchKey, term: str, row: Row) -> bool:
    customer = _object(row.data, "cliente")
    service = _object(row.data, "servico") or _object(customer, "servico")
    try:
        if key is SearchKey.DOCUMENT:
            said: object = scalars.document(customer.get("cpf_cnpj"))
        elif key is SearchKey.CODE:
            said = scalars.integer(customer.get("codigo_cliente"))
        elif key is SearchKey.SERVICE_ID:
            said = scalars.integer(service.get("id_cliente_servico"))
        elif key is SearchKey.PROTOCOL:
            said = scalars.text(row.data.get("protocolo"))
        else:
            said = None
    except UnreadableError:
        said = None
    return said is None or said == (int(term) if key in NUMBERS else term)


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    return value if isinstance(value := data.get(key), dict) else {}


def key_among(busca: SearchKey | str, *allowed: SearchKey) -> SearchKey:
    """Return `busca` as a key. Raises ValueError when it is none of `allowed`."""
    key = SearchKey(busca)
    if key not in allowed:
        raise ValueError(f"this cannot be searched by {key.value}")
    return key


T = TypeVar("T")

MAX_LIST: Final = 50


def listing_query(key: SearchKey, term: str, limit: int) -> dict[str, str]:
    """Return the parameters every such list has. Raises ValueError for what HubSoft would refuse."""
    return {
        "busca": key.value,
        "termo_busca": wire_term(key, term),
        "limit": within(limit, 1, MAX_LIST, "limit"),
    }


def listing(
    route: str,
    payload_key: str,
    decode: Callable[[Row], T],
    query: dict[str, str],
    things: verdicts.Nouns,
) -> Operation[tuple[T, ...]]:
    """Build the request for one list: `cliente/<route>`, whose rows stand under `payload_key`."""
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

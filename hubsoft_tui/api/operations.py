"""Every request we know how to make, as data: method, path, parameters, what may be repeated, how it decodes.

An operation does nothing by itself. `core` sends it; `decode` turns the answer's parsed JSON into models, and
`read` the whole answer. This is the front door: the builders live beside it, by subject.
"""

from __future__ import annotations

from .answers import Decoded
from .choices import choices
from .customers import (
    PERSON_RELATIONS,
    CustomerDate,
    ServiceDate,
    WorkOrderStatus,
    connection_sessions,
    customer_invoices,
    customer_search,
    customer_tickets,
    customer_work_orders,
    customers_page,
    ticket_messages,
)
from .decode_choices import Table
from .decode_token import token as _decode_token
from .models import TokenGrant
from .operation import Operation
from .search import SearchKey, SessionKey
from .tickets import (
    MESSAGES,
    OPENING_SUFFIX,
    TICKET_RELATIONS,
    TicketDate,
    add_message,
    close_ticket,
    open_ticket,
    tickets_page,
    update_ticket,
)

__all__ = [
    "MESSAGES",
    "OPENING_SUFFIX",
    "PERSON_RELATIONS",
    "TICKET_RELATIONS",
    "CustomerDate",
    "Decoded",
    "Operation",
    "SearchKey",
    "ServiceDate",
    "SessionKey",
    "Table",
    "TicketDate",
    "WorkOrderStatus",
    "add_message",
    "choices",
    "close_ticket",
    "connection_sessions",
    "customer_invoices",
    "customer_search",
    "customer_tickets",
    "customer_work_orders",
    "customers_page",
    "open_ticket",
    "ticket_messages",
    "tickets_page",
    "token",
    "update_ticket",
]


def token(client_id: str, client_secret: str, username: str, password: str) -> Operation[TokenGrant]:
    """Log in. Repeatable: a second login only makes a second token. No text form shows the credentials."""
    return Operation(
        name="token",
        method="POST",
        path="/oauth/token",
        decode=_decode_token,
        body={
            "grant_type": "password",
            "client_id": client_id,
            "client_secret": client_secret,
            "username": username,
            "password": password,
        },
        timeout=20.0,
    )

"""Requests about tickets: bulk reading, opening, updating, closing, adding a message.

No write has an idempotency key: none may be repeated blindly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from . import answers
from .decode_tickets import message, ticket
from .models import Message, Ticket
from .operation import ROOT, Operation, filled, joined, window, within
from .scalars import MAX_INTEGER, digits

TICKET_RELATIONS: Final = ("cliente_servico", "usuarios_responsaveis")
"""Who the ticket is about and who has it: a bulk row names neither without being asked."""

OPENING_SUFFIX: Final = " | ATENDIMENTO ABERTO VIA API"
"""What HubSoft appends to the description of a ticket opened through its API."""

MESSAGES: Final = "atendimento_mensagem"
"""A ticket's messages, which no row carries without being asked."""

MAX_PAGE: Final = 500


class TicketDate(StrEnum):
    """Which of a ticket's dates a window is about."""

    OPENED = "data_cadastro"
    CLOSED = "data_fechamento"


def tickets_page(
    page: int,
    size: int = MAX_PAGE,
    *,
    start: date,
    end: date,
    by: TicketDate = TicketDate.OPENED,
    status_ids: Iterable[int] = (),
    type_ids: Iterable[int] = (),
    relations: Sequence[str] = TICKET_RELATIONS,
) -> Operation[tuple[Ticket, ...]]:
    """Read a page of tickets opened (or closed) within a window, newest first.

    `page` from 0, `size` 1-500, both days inclusive. Drafts and deleted tickets are among them; opening
    descriptions are not. Raises ValueError for parameters HubSoft would refuse.
    """
    query = {
        "pagina": within(page, 0, 10**9, "page"),
        "itens_por_pagina": within(size, 1, MAX_PAGE, "size"),
        **window(start, end),
        "tipo_data": TicketDate(by).value,
        "status_atendimento": joined(status_ids),
        "tipo_atendimento": joined(type_ids),
        "relacoes": joined(relations),
    }
    return Operation(
        name="atendimento.todos",
        method="GET",
        path=f"{ROOT}atendimento/todos",
        decode=lambda payload: answers.page(payload, "atendimentos", ticket, size=size),
        query=filled(query),
        timeout=90.0,
    )


def open_ticket(
    *,
    service_id: int,
    description: str,
    contact_name: str,
    contact_phone: str,
    contact_email: str | None = None,
    type_id: int | None = None,
    status_id: int | None = None,
    responsible_ids: Iterable[int] = (),
    origin_id: int | None = None,
    open_work_order: bool = False,
) -> Operation[Ticket]:
    """Open a ticket for a service. HubSoft appends its own words to the description.

    The phone is sent as digits with the area code. Not repeatable: a second request is a second ticket.
    Raises ValueError when one of HubSoft's required texts is missing.
    """
    body: dict[str, Any] = {
        "id_cliente_servico": _id(service_id),
        "descricao": _required(description, "description"),
        "nome": _required(contact_name, "contact_name"),
        "telefone": _required(digits(contact_phone), "contact_phone"),
        "abrir_os": open_work_order,
    }
    optional = {
        "email": contact_email,
        "id_tipo_atendimento": type_id,
        "id_atendimento_status": status_id,
        "id_usuario_responsavel": joined(responsible_ids),
        "id_origem_contato": origin_id,
    }
    return Operation(
        name="atendimento.abrir",
        method="POST",
        path=f"{ROOT}atendimento",
        decode=lambda payload: answers.one(payload, "atendimento", ticket),
        body=body | {name: value for name, value in optional.items() if value},
        repeatable=False,
    )


def update_ticket(
    ticket_id: int,
    *,
    description: str | None = None,
    status_id: int | None = None,
    type_id: int | None = None,
) -> Operation[Ticket]:
    """Change an open ticket's status or type, or its description; HubSoft cannot also close in that call.

    Raises ValueError when nothing is to change. Not repeatable blindly: somebody may have changed it since.
    """
    changes = {"descricao": description, "id_atendimento_status": status_id, "id_tipo_atendimento": type_id}
    changed = {name: value for name, value in changes.items() if value}
    if not changed:
        raise ValueError("nothing to change")
    return _update(
        "atendimento.alterar", ticket_id, {"fechar_atendimento": False, "parametros": {}, **changed}
    )


def close_ticket(
    ticket_id: int,
    *,
    reason_id: int | None = None,
    description: str | None = None,
    outcome: str = "concluido",
) -> Operation[Ticket]:
    """Close a ticket and its work orders; without `reason_id` HubSoft gives a reason of its own."""
    closing = {
        "id_motivo_fechamento_atendimento": reason_id,
        "descricao_fechamento": description,
        "status_fechamento": outcome,
    }
    body: dict[str, Any] = {"fechar_atendimento": True, "parametros": {}}
    if reason_id is not None or description:
        body["parametros_fechamento"] = {name: value for name, value in closing.items() if value}
    return _update("atendimento.fechar", ticket_id, body)


def add_message(ticket_id: int, text: str) -> Operation[Message]:
    """Add a message to an open ticket. Not repeatable: a second request is a second message.

    Where HubSoft confirms without returning the message, its `id` is 0.
    """
    wire = _required(text, "text")
    done = Message(id=0, ticket_id=ticket_id, text=wire)
    return Operation(
        name="atendimento.mensagem",
        method="POST",
        path=f"{ROOT}atendimento/adicionar_mensagem/{_id(ticket_id)}",
        decode=lambda payload: answers.one(payload, "atendimento_mensagem", message, done=done),
        body={"mensagem": wire},
        repeatable=False,
    )


def _update(name: str, ticket_id: int, body: dict[str, Any]) -> Operation[Ticket]:
    done = Ticket(id=ticket_id)
    return Operation(
        name=name,
        method="PUT",
        path=f"{ROOT}atendimento/{_id(ticket_id)}",
        decode=lambda payload: answers.one(payload, "atendimento", ticket, done=done),
        body=body,
        repeatable=False,
    )


def _id(value: int) -> int:
    return int(within(value, 1, MAX_INTEGER, "an id"))


def _required(value: str, name: str) -> str:
    if not (bare := value.strip()):
        raise ValueError(f"{name} must not be empty")
    return bare

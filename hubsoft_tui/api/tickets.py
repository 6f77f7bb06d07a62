"""Tickets and their work orders: bulk reading, one customer's list, and every way to write them.

No write has an idempotency key: none may be repeated blindly. Tickets come in three shapes: rich rows
(`atendimento/todos`, `paginado`) hold objects for status, type and service; a customer's own list and the answer to
opening hold their labels; the answer to an update is flat and holds ids alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from ..formats import BRASILIA
from . import answers, verdicts
from .models import Message, Receipt, Thread, Ticket, WorkOrder
from .operation import ROOT, Operation, filled, joined, window, within, yes_no
from .rows import BadRowError, Problems, Row, listed
from .scalars import MAX_INTEGER, digits
from .search import MAX_LIST, SearchKey, key_among, listing, listing_query

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
    key = key_among(busca, SearchKey.CODE, SearchKey.DOCUMENT, SearchKey.SERVICE_ID, SearchKey.PROTOCOL)
    query = {
        "apenas_pendente": yes_no(only_pending),
        "order_by": "data_cadastro",
        "order_type": "desc" if newest_first else "asc",
        "relacoes": joined(relations),
    }
    asked = listing_query(key, term, limit) | query | window(start, end)
    return listing("atendimento", "atendimentos", ticket, asked, verdicts.TICKETS)


def ticket_messages(protocol: str) -> Operation[tuple[Thread, ...]]:
    """Read the messages of the ticket with this protocol, closed or not. Nothing found is an empty value."""
    asked = listing_query(SearchKey.PROTOCOL, protocol, MAX_LIST) | {
        "apenas_pendente": yes_no(False),
        "relacoes": "atendimento_mensagem",
    }
    return listing("atendimento", "atendimentos", thread, asked, verdicts.TICKETS)


def open_ticket(
    *,
    service_id: int,
    description: str,
    contact_name: str,
    contact_phone: str,
    type_id: int | None = None,
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
    if type_id:
        body["id_tipo_atendimento"] = type_id
    return Operation(
        name="atendimento.abrir",
        method="POST",
        path=f"{ROOT}atendimento",
        decode=lambda payload: answers.one(payload, "atendimento", ticket),
        body=body,
        repeatable=False,
    )


def update_ticket(ticket_id: int, *, status_id: int) -> Operation[Ticket]:
    """Change an open ticket's status; HubSoft cannot also close in that call.

    Not repeatable blindly: the ticket may have changed since.
    """
    changed = {"fechar_atendimento": False, "parametros": {}, "id_atendimento_status": status_id}
    return _update("atendimento.alterar", ticket_id, changed)


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


def ticket(row: Row) -> Ticket:
    """Decode one ticket of any shape. Raises BadRowError when it has no id."""
    opened_at, opened_on = row.moment("data_cadastro")
    closed_at, closed_on = row.moment("data_fechamento")
    status, kind = _inner(row, "status"), _inner(row, "tipo_atendimento")
    service = row.child("cliente_servico") or row.child("servico") or _nothing()
    customer = row.child("cliente") or service.child("cliente") or _nothing()
    return Ticket(
        id=row.id("id_atendimento"),
        protocol=row.text("protocolo") or "",
        type=row.label("tipo_atendimento", "descricao", "display"),
        type_id=row.reference("id_tipo_atendimento") or kind.reference("id_tipo_atendimento"),
        status=row.label("status", "descricao", "display"),
        status_id=row.reference("id_atendimento_status") or status.reference("id_atendimento_status"),
        status_prefix=status.text("prefixo"),
        opening=row.lines("descricao_abertura"),
        closing=row.lines("descricao_fechamento"),
        closing_status=row.text("status_fechamento"),
        closing_reason=row.label("motivo_fechamento", "descricao"),
        opened_at=opened_at,
        opened_on=opened_on,
        closed_at=closed_at,
        closed_on=closed_on,
        opened_by=row.label("usuario_abertura", "name", "nome"),
        closed_by=row.label("usuario_fechamento", "name", "nome"),
        responsible=_responsible(row),
        responsible_known=row.has("usuarios_responsaveis") or row.has("usuario_responsavel"),
        sector=row.label("setor_responsavel", "descricao", "nome"),
        contact_name=row.text("nome_contato"),
        contact_phone=row.text("telefone_contato"),
        draft=row.flag("rascunho") or False,
        deleted_at=row.instant("deleted_at"),
        minutes_open=row.integer("minutos_em_aberto"),
        remaining=row.text("tempo_restante"),
        remaining_percent=row.real("percentual_tempo_restante"),
        service_id=row.reference("id_cliente_servico") or service.reference("id_cliente_servico"),
        customer_id=service.reference("id_cliente") or customer.reference("id_cliente"),
        customer_code=customer.integer("codigo_cliente"),
        customer_name=customer.text("nome_razaosocial", "display"),
        customer_document=customer.document("cpf_cnpj"),
        messages=row.records("atendimento_mensagem", message),
        work_orders=row.records("ordens_servico", work_order),
    )


def thread(row: Row) -> Thread:
    """Decode the messages of one ticket. Raises BadRowError when it has no id."""
    told = listed(row.data.get("atendimento_mensagem")) is not None
    return Thread(
        ticket_id=row.id("id_atendimento"),
        messages=row.records("atendimento_mensagem", message) if told else None,
    )


def message(row: Row) -> Message:
    """Decode one message. Raises BadRowError when it has no id."""
    return Message(
        id=row.id("id_atendimento_mensagem"),
        ticket_id=row.reference("id_atendimento"),
        text=row.lines("mensagem") or "",
        written_at=row.instant("data_cadastro"),
    )


def _inner(row: Row, key: str) -> Row:
    """Return the object at `key` if there is one; a label in its place is no mistake."""
    return (row.child(key) if isinstance(row.data.get(key), dict) else None) or _nothing()


def _responsible(row: Row) -> tuple[str, ...]:
    names = [name for user in row.children("usuarios_responsaveis") if (name := user.text("name", "nome"))]
    if not names and (name := row.label("usuario_responsavel", "name", "nome")):
        names = [name]
    return tuple(names)


def _nothing() -> Row:
    return Row({}, "", Problems())


class WorkOrderStatus(StrEnum):
    """The statuses a customer's work orders can be asked for by."""

    PENDING = "pendente"
    UNSCHEDULED = "aguardando_agendamento"
    FINISHED = "finalizado"


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
    key = key_among(
        busca, SearchKey.CODE, SearchKey.DOCUMENT, SearchKey.SERVICE_ID, SearchKey.WORK_ORDER_NUMBER
    )
    query = {
        "status": "" if status is None else WorkOrderStatus(status).value,
        "order_by": "data_cadastro",
        "order_type": "desc" if newest_first else "asc",
        "relacoes": joined(relations),
    }
    asked = listing_query(key, term, limit) | query | window(start, end)
    return listing("ordem_servico", "ordens_servico", work_order, asked, verdicts.WORK_ORDERS)


def open_work_order(ticket_id: int) -> Operation[Receipt]:
    """Open a work order for a ticket; newer servers only. A second request is a second order."""
    return Operation(
        name="ordem_servico.abrir_os",
        method="POST",
        path=f"{ROOT}ordem_servico/abrir_os",
        decode=_changed,
        query={"id_atendimento": within(ticket_id, 1, MAX_INTEGER, "an id")},
        repeatable=False,
    )


def confirm_visit(order_id: int) -> Operation[Receipt]:
    """Confirm the visit of a work order that has a planned time already."""
    return _visit("ordem_servico.agendar", "agendar", {"id_ordem_servico": _id(order_id)})


def reschedule_visit(order_id: int, start: datetime, end: datetime) -> Operation[Receipt]:
    """Plan the visit of a work order for another time, in HubSoft's own time zone. Raises ValueError if backwards."""
    if end <= start:
        raise ValueError("the visit ends before it begins")
    times = {"inicio": start.astimezone(BRASILIA), "termino": end.astimezone(BRASILIA)}
    body: dict[str, Any] = {"id_ordem_servico": _id(order_id)}
    for name, at in times.items():
        body |= {f"data_{name}_programado": f"{at:%Y-%m-%d}", f"hora_{name}_programado": f"{at:%H:%M}"}
    return _visit("ordem_servico.reagendar", "reagendar", body)


def _visit(name: str, route: str, body: dict[str, Any]) -> Operation[Receipt]:
    return Operation(
        name=name,
        method="POST",
        path=f"{ROOT}ordem_servico/{route}",
        decode=_changed,
        body=body,
        repeatable=False,
    )


def _changed(payload: object) -> answers.Decoded[Receipt]:
    """Decode what became of a work order; the order itself may be left out."""
    done = answers.receipt(payload).value
    shown = payload.get("ordem_servico") if isinstance(payload, dict) else None
    order = None
    if isinstance(shown, dict):
        with contextlib.suppress(BadRowError):
            order = work_order(Row(shown, "ordem_servico", Problems()))
    return answers.Decoded(Receipt(said=done.said, order=order))


def work_order(row: Row) -> WorkOrder:
    """Decode one work order. Raises BadRowError when it has no id."""
    return WorkOrder(
        id=row.id("id_ordem_servico"),
        number=row.text("numero_ordem_servico", "numero"),
        kind=row.label("tipo", "descricao") or row.label("tipo_ordem_servico", "descricao"),
        status=row.label("status", "descricao", "prefixo"),
        closing_status=row.text("status_fechamento"),
        description=row.lines("descricao_abertura"),
        service_description=row.lines("descricao_servico"),
        closing_description=row.lines("descricao_fechamento"),
        opened_at=row.instant("data_cadastro"),
        planned_start=row.instant("data_inicio_programado"),
        planned_end=row.instant("data_termino_programado"),
        started_at=row.instant("data_inicio_executado"),
        ended_at=row.instant("data_termino_executado"),
        opened_by=row.label("usuario_abertura", "name", "nome"),
        closed_by=row.label("usuario_fechamento", "name", "nome"),
        technicians=tuple(
            name for each in row.children("tecnicos") if (name := each.text("name", "display"))
        ),
        customer=row.label("cliente", "nome_razaosocial", "display"),
        service=row.label("servico", "nome", "descricao", "display"),
    )

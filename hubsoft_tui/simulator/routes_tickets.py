"""`atendimento`: tickets opened, changed, and read in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import catalogue
from .ticket_rows import bulk_row, customer_row, flat_row
from .wire import Call, RefusalError, Row, found, integer, laravel, local, need, paged, refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from .provider import Provider
    from .ticket_desk import SimTicket

SUFFIX = " | ATENDIMENTO ABERTO VIA API"
_DATES = ("data_cadastro", "data_fechamento")


def everything(provider: Provider, call: Call) -> Row:
    """Answer `GET atendimento/todos`: newest first, pages from 0, the date window mandatory."""
    call.need("pagina", "itens_por_pagina", "data_inicio", "data_fim")
    pagination, page = paged(call, _matching(provider, call))
    relations = call.listed("relacoes")
    return found(
        paginacao=pagination, atendimentos=[bulk_row(provider, ticket, relations) for ticket in page]
    )


def paginator(provider: Provider, call: Call) -> Row:
    """Answer `GET atendimento/paginado/{n}`: a Laravel paginator, pages from 1."""
    call.need("data_inicio", "data_fim")
    relations = call.listed("relacoes")

    def write(ticket: SimTicket) -> Row:
        return bulk_row(provider, ticket, relations, paginator=True)

    return found(atendimentos=laravel(call, _matching(provider, call), write), cliente=None)


def _matching(provider: Provider, call: Call) -> list[SimTicket]:
    kind = call.choice("tipo_data", _DATES, "data_cadastro")
    in_window = call.window()
    types, statuses, plans = (
        call.listed(name) for name in ("tipo_atendimento", "status_atendimento", "id_servico")
    )

    def passes(ticket: SimTicket) -> bool:
        asked = ((types, ticket.type_id), (statuses, ticket.status_id), (plans, ticket.service.plan.id))
        if any(wanted and str(value) not in wanted for wanted, value in asked):
            return False
        return in_window(ticket.opened_at if kind == "data_cadastro" else ticket.closed_at)

    return [ticket for ticket in reversed(provider.desk.tickets.values()) if passes(ticket)]


def open_ticket(provider: Provider, call: Call) -> Row:
    """Answer `POST atendimento`: opens a ticket each time it is asked, the same text or not."""
    body = call.body
    need(body, "id_cliente_servico", "descricao", "nome", "telefone")
    known = provider.roster.service(integer(body, "id_cliente_servico"))
    if known is None:
        raise RefusalError(f"Serviço do cliente de ID {body['id_cliente_servico']} não encontrado")
    customer, service = known
    if service.status == "cancelado":
        raise RefusalError("Não é possível abrir atendimento para um serviço cancelado")
    wants_order = body.get("abrir_os") in {True, "true", "1"}
    type_id = integer(body, "id_tipo_atendimento", catalogue.DEFAULT_TYPE)
    status_id = integer(body, "id_atendimento_status", 22 if wants_order else 23)
    _known("id_tipo_atendimento", type_id, catalogue.TICKET_TYPES)
    _known("id_atendimento_status", status_id, catalogue.TICKET_STATUSES)
    responsible = str(body.get("id_usuario_responsavel") or catalogue.API_USER[0]).split(",")[0]
    desk, now = provider.desk, provider.clock.now()
    ticket = desk.open(
        customer,
        service,
        at=now,
        description=f"{body['descricao']}{SUFFIX}",
        by=catalogue.API_USER[0],
        by_client=True,
        type_id=type_id,
        status_id=status_id,
        responsible=int(responsible),
        contact=str(body["nome"]),
        phone=str(body["telefone"]),
        email=body.get("email"),
    )
    text = f"Atendimento aberto com sucesso. Anote o protocolo: {ticket.protocol}."
    if wants_order:
        wanted = body.get("parametros_ordem_servico") or {}
        order_type = integer(wanted, "id_tipo_ordem_servico", 301)
        desk.order(ticket, now, order_type if order_type in catalogue.ORDER_TYPES else 301)
        text += " Foi aberto também uma ordem de serviço e encaminhada ao sertor responsável"
    if closing := body.get("parametros_fechamento"):
        desk.close(ticket, now, by=catalogue.API_USER[0], closing=closing, by_client=True)
    # This answer always carries the service and the lists that `relacoes` would add elsewhere.
    row = customer_row(provider, ticket, {"atendimento_mensagem"})
    row["servico"] = provider.details.brief(service)
    row |= {"rascunho": None, "disponibilidade_atendimento": [], "atendimento_checklist": []}
    return {"status": "success", "msg": text, "atendimento": row}


def update_ticket(provider: Provider, call: Call) -> Row:
    """Answer `PUT atendimento/{id}`: a move to another status or type, or the close; never both."""
    ticket, body = _ticket(provider, call), call.body
    if "fechar_atendimento" not in body:
        raise refusal("é obrigatório", "fechar_atendimento")
    status_id = integer(body, "id_atendimento_status", 0)
    type_id = integer(body, "id_tipo_atendimento", 0)
    closes = body["fechar_atendimento"] in {True, "true", "1"}
    if closes and (status_id or type_id):
        raise RefusalError("Não é possível alterar o status ou o tipo e fechar o atendimento ao mesmo tempo")
    if not ticket.open:
        raise RefusalError("O atendimento já encontra-se fechado")
    desk, now = provider.desk, provider.clock.now()
    if status_id:
        _known("id_atendimento_status", status_id, catalogue.TICKET_STATUSES)
    if type_id:
        _known("id_tipo_atendimento", type_id, catalogue.TICKET_TYPES)
    if status_id:
        desk.set_status(ticket, status_id, now, by_client=True)
    if type_id:
        desk.set_type(ticket, type_id, now)
    if body.get("descricao"):
        ticket.description = str(body["descricao"])
    if closes:
        closing = body.get("parametros_fechamento") or {}
        desk.close(ticket, now, by=catalogue.API_USER[0], closing=closing, by_client=True)
    row = flat_row(provider, ticket)
    return {"status": "success", "msg": "Atendimento atualizado com sucesso", "atendimento": row}


def add_message(provider: Provider, call: Call) -> Row:
    """Answer `POST atendimento/adicionar_mensagem/{id}`: open tickets only; the date is a PHP object."""
    ticket = _ticket(provider, call)
    need(call.body, "mensagem")
    if not ticket.open:
        raise RefusalError("Não é possível adicionar mensagem em um atendimento fechado")
    now, author = provider.clock.now(), catalogue.API_USER[0]
    message = provider.desk.message(ticket, str(call.body["mensagem"]), now, by=author, by_client=True)
    row = {
        "id_atendimento": ticket.id,
        "id_usuario": author,
        "mensagem": message.text,
        "data_cadastro": {
            "date": f"{local(now):%Y-%m-%d %H:%M:%S.%f}",
            "timezone_type": 3,
            "timezone": "America/Recife",
        },
        "ip_cadastro": "127.0.0.1",
        "ativo": True,
        "id_atendimento_mensagem": message.id,
        "data_cadastro_br": f"{local(now):%d/%m/%Y %H:%M}",
        "data_cadastro_timestamp": int(now) * 1000,
        "atendimento": flat_row(provider, ticket),
    }
    return {"status": "success", "msg": "Mensagem Adicionada com sucesso", "atendimento_mensagem": row}


def _ticket(provider: Provider, call: Call) -> SimTicket:
    ticket = provider.desk.tickets.get(int(call.path["id"]))
    if ticket is None:
        raise RefusalError(f"Atendimento de ID {call.path['id']} não encontrado")
    return ticket


def _known(name: str, identifier: int, table: Collection[int]) -> None:
    if identifier not in table:
        raise refusal("não possui um valor válido", name)

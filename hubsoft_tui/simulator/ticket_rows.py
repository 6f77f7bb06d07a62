"""Tickets as HubSoft writes them: rich rows in bulk, flat rows after writes, labels under one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import catalogue
from .details import poison
from .wire import Row, br, br_seconds, iso

if TYPE_CHECKING:
    from collections.abc import Collection

    from .people import SimCustomer
    from .provider import Provider
    from .ticket_desk import SimMessage, SimOrder, SimTicket

_USERS = {**catalogue.STAFF, catalogue.API_USER[0]: catalogue.API_USER[1]}


def user(identifier: int | None) -> str | None:
    """Return the name of a member of the staff, or None."""
    return None if identifier is None else _USERS.get(identifier, f"Usuário {identifier}")


def person(customer: SimCustomer) -> Row:
    """Return a customer as other rows quote it."""
    return {
        "codigo_cliente": customer.code,
        "nome_razaosocial": customer.name,
        "cpf_cnpj": customer.document,
    }


def labels(ticket: SimTicket) -> Row:
    """Return what rows under one customer say of a ticket: labels and days, no ids of labels."""
    return {
        "protocolo": ticket.protocol,
        "id_atendimento": ticket.id,
        "tipo_atendimento": catalogue.TICKET_TYPES.get(ticket.type_id or 0),
        "usuario_abertura": user(ticket.opened_by),
        "usuario_responsavel": user(ticket.responsible),
        "usuario_fechamento": user(ticket.closed_by),
        "data_cadastro": br(ticket.opened_at),
        "data_fechamento": br(ticket.closed_at),
        "setor_responsavel": None,
        "status_fechamento": ticket.closing_status,
    }


def status_row(status: catalogue.TicketStatus) -> Row:
    """Return a status as tables and tickets show it."""
    return {
        "id_atendimento_status": status.id,
        "descricao": status.label,
        "prefixo": status.prefix,
        "abrir_ordem_servico": status.opens_order,
        "display": status.display,
    }


def order_row(provider: Provider, ticket: SimTicket, order: SimOrder) -> Row:
    """Return a work order as it hangs on a ticket."""
    end = order.closed_at
    planned, until = order.window
    waits = "pendente" if order.confirmed else "aguardando_agendamento"
    return {
        "id_ordem_servico": order.id,
        "numero_ordem_servico": str(order.id - 16),
        "data_cadastro": br_seconds(order.opened_at),
        "tipo": catalogue.ORDER_TYPES[order.type_id][0],
        "data_inicio_programado": br_seconds(planned),
        "data_termino_programado": br_seconds(until),
        "data_inicio_executado": None if end is None else br_seconds(end - 1_800),
        "data_termino_executado": br_seconds(end),
        "descricao_abertura": ticket.description,
        "descricao_servico": ticket.description,
        "descricao_fechamento": None if end is None else "SERVIÇO EXECUTADO",
        "usuario_abertura": user(ticket.opened_by),
        "usuario_fechamento": None if end is None else user(ticket.closed_by) or "Ramos",
        "status": waits if end is None else "finalizado",
        "status_fechamento": None if end is None else "concluido",
        "cliente": person(ticket.customer),
        "servico": provider.details.brief(ticket.service),
    }


def customer_row(provider: Provider, ticket: SimTicket, relations: Collection[str] = ()) -> Row:
    """Return a row of `cliente/atendimento` or of the POST answer."""
    row = labels(ticket) | {
        "descricao_abertura": ticket.description,
        "descricao_fechamento": ticket.closing,
        "motivo_fechamento": catalogue.CLOSING_REASONS[ticket.reason_id][0] if ticket.reason_id else None,
        "status": catalogue.TICKET_STATUSES[ticket.status_id].label,
        "cliente": person(ticket.customer),
    }
    if ticket.id % 3:  # about one row in three comes without its service
        row["servico"] = provider.details.brief(ticket.service) | {
            "id_cliente_servico": str(ticket.service.id)
        }
    row["ordens_servico"] = [order_row(provider, ticket, order) for order in ticket.orders]
    if "atendimento_mensagem" in relations:
        row["atendimento_mensagem"] = [message_row(message, ticket) for message in ticket.messages]
    return poison(row) if ticket.customer.hostile else row


def message_row(message: SimMessage, ticket: SimTicket) -> Row:
    """Return a message as bulk rows carry it."""
    return {
        "id_atendimento_mensagem": message.id,
        "id_atendimento": ticket.id,
        "mensagem": message.text,
        "data_cadastro_br": br(message.at, "%d/%m/%Y %H:%M"),
        "data_cadastro_timestamp": int(message.at) * 1000,
    }


def _ids(provider: Provider, ticket: SimTicket) -> Row:
    """Return what the rows with ids instead of labels share."""
    minutes = max(0, int(((ticket.closed_at or provider.clock.now()) - ticket.opened_at) // 60))
    left = 48 * 60 - minutes
    sign, rest = ("-" if left < 0 else ""), abs(left)
    return {
        "id_atendimento": ticket.id,
        "protocolo": ticket.protocol,
        "id_atendimento_status": ticket.status_id,
        "id_tipo_atendimento": ticket.type_id,
        "id_cliente_servico": ticket.service.id,
        "id_usuario_abertura": ticket.opened_by,
        "id_usuario_responsavel": ticket.responsible,
        "data_cadastro": iso(ticket.opened_at),
        "data_fechamento": iso(ticket.closed_at),
        "deleted_at": iso(ticket.deleted_at),
        "status_fechamento": ticket.closing_status,
        "descricao_fechamento": ticket.closing,
        "id_motivo_fechamento_atendimento": ticket.reason_id,
        "rascunho": ticket.draft,
        "avaliacao": None,
        "comentario_avaliacao": None,
        "data_cadastro_br": br(ticket.opened_at, "%d/%m/%Y %H:%M"),
        "data_cadastro_timestamp": int(ticket.opened_at) * 1000,
        "data_fechamento_br": br(ticket.closed_at, "%d/%m/%Y %H:%M"),
        "data_fechamento_timestamp": None if ticket.closed_at is None else int(ticket.closed_at) * 1000,
        "minutos_em_aberto": minutes,
        "tempo_restante": "0min" if ticket.draft else f"{sign}{rest // 60}h {rest % 60}min",
        "percentual_tempo_restante": max(0, left * 100 // (48 * 60)),
        "percentual_color_class": "white-fg md-red-bg" if left < 0 else "white-fg md-green-bg",
    }


def bulk_row(
    provider: Provider, ticket: SimTicket, relations: Collection[str], *, paginator: bool = False
) -> Row:
    """Return a row of `atendimento/todos`, or of `atendimento/paginado` with `paginator`."""
    status = catalogue.TICKET_STATUSES[ticket.status_id]
    closed_orders = sum(1 for order in ticket.orders if order.closed_at is not None)
    open_orders = len(ticket.orders) - closed_orders
    counts = {"ordem_servico_fechada": closed_orders, "ordem_servico_aberta": open_orders}
    row = _ids(provider, ticket) | {
        "ordem_servico_count": len(ticket.orders),
        **({"anexos_count": 0} if paginator else counts),
        "ingressado": False,
        "status": status_row(status) | {"cor": status.colour},
        "tipo_atendimento": None
        if ticket.type_id is None
        else {
            "id_tipo_atendimento": ticket.type_id,
            "descricao": catalogue.TICKET_TYPES[ticket.type_id],
            "checklists": [],
        },
    }
    _relate(provider, row, ticket, relations)
    return poison(row) if ticket.customer.hostile else row


def _relate(provider: Provider, row: Row, ticket: SimTicket, relations: Collection[str]) -> None:
    customer, service = ticket.customer, ticket.service
    if "cliente_servico" in relations:
        row["cliente_servico"] = {
            "id_cliente_servico": service.id,
            "id_cliente": customer.id,
            "id_servico": service.plan.id,
            "numero_plano": service.number,
            "display": f"({service.number}) {service.plan.name}",
            "endereco_numero_completo": provider.details.address(customer, "instalacao")["completo"],
            "endereco_instalacao": _installation(provider, ticket),
            "servico": {"id_servico": service.plan.id, "descricao": service.plan.name},
            "cliente": {
                "id_cliente": customer.id,
                "ativo": customer.enabled,
                "codigo_cliente": customer.code,
                "nome_razaosocial": customer.name,
                "display": f"({customer.code}) {customer.name}",
            },
        }
    if "usuarios_responsaveis" in relations:
        pivot = {"id_atendimento": ticket.id, "id_usuario": ticket.responsible}
        row["usuarios_responsaveis"] = (
            []
            if ticket.responsible is None
            else [
                {
                    "id": ticket.responsible,
                    "name": user(ticket.responsible),
                    "id_imagem_upload": None,
                    "pivot": pivot,
                    "imagem": None,
                }
            ]
        )
    if "atendimento_mensagem" in relations:
        row["atendimento_mensagem"] = [message_row(message, ticket) for message in ticket.messages]


def _installation(provider: Provider, ticket: SimTicket) -> Row:
    """Return where the service is, in the shape of ticket rows: GeoJSON instead of latitude and longitude."""
    address = provider.details.address(ticket.customer, "instalacao")
    spot = address["coordenadas"]
    place = next(place for place in catalogue.PLACES if place.name == address["cidade"])
    return {
        "id_cliente_servico_endereco": ticket.service.id * 4,
        "id_endereco_numero": ticket.service.id,
        "id_cliente_servico": ticket.service.id,
        "tipo": "instalacao",
        "endereco_numero": {
            "id_endereco_numero": ticket.service.id,
            "numero": address["numero"],
            "complemento": address["complemento"],
            "coordenadas": {"type": "Point", "coordinates": [spot["longitude"], spot["latitude"]]},
            "ativo": True,
            "id_cidade": place.id,
            "bairro": address["bairro"],
            "referencia": None,
            "endereco": address["endereco"],
            "cep": address["cep"],
            "cidade": {"id_cidade": place.id, "nome": place.name, "estado": {"id_estado": 11, "sigla": "MG"}},
        },
    }


def flat_row(provider: Provider, ticket: SimTicket) -> Row:
    """Return the row of PUT and of a new message: ids instead of labels, ISO dates."""
    row = _ids(provider, ticket) | {
        "id_usuario_fechamento": ticket.closed_by,
        "descricao_abertura": ticket.description,
        "ip_cadastro": "127.0.0.1",
        "id_setor_responsavel": None,
        "destino": "usuario",
        "resultado_diagnostico": None,
        "nome_contato": ticket.contact,
        "telefone_contato": ticket.phone,
        "email_contato": ticket.email,
        "id_origem_contato": None,
        "push_notification_enviado": False,
    }
    return poison(row) if ticket.customer.hostile else row

"""What is done to services, equipment and visits: each is done as often as it is asked, for nothing tells a repeat."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from . import catalogue
from .provider import SimAction
from .ticket_rows import person
from .wire import BRASILIA, Call, RefusalError, Row, br, br_seconds, found, integer, iso, need, paged, refusal

if TYPE_CHECKING:
    from .people import SimCustomer, SimService
    from .provider import Provider
    from .ticket_desk import SimOrder, SimTicket

LONGEST_UNLOCK: Final = 10
"""Days: what this provider's panel allows."""
NO_LOGIN: Final = "O serviço/plano informado não possui dados de autenticação"
_AWAKE_SECONDS: Final = 2.0
"""After this a line that was cut is up again."""


def trust_unlock(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/desbloqueio_confianca`."""
    _customer, service = _service(provider, integer(call.body, "id_cliente_servico"))
    days = integer(call.body, "dias_desbloqueio", 1)
    if not 1 <= days <= LONGEST_UNLOCK:
        raise RefusalError(f"A quantidade máxima de dias para desbloqueio é de {LONGEST_UNLOCK} dias")
    if not service.status.startswith("suspenso"):
        raise RefusalError("O serviço informado não está suspenso", [])
    _done(provider, "desbloqueio_confianca", service.id, str(days))
    _move(provider, service, "servico_habilitado")
    until = br(provider.clock.now() + days * 86_400)
    return {"status": "success", "msg": f"Desbloqueio em confiança realizado com sucesso até a data {until}"}


def disconnect(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente/solicitar_desconexao/{id}`: a GET that ends the customer's session."""
    service = _with_login(provider, call)
    _done(provider, "solicitar_desconexao", service.id, service.login)
    _reconnect(provider, service)
    said = f"A desconexão foi bem sucedida para o login {service.login}!"
    return {"status": "success", "msg": said, "login": service.login}


def clear_mac(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/reset_mac_addr`."""
    service = _bound(provider, call)
    _done(provider, "reset_mac_addr", service.id)
    service.mac_cleared = True
    return {"status": "success", "msg": "Endereço MAC resetado com sucesso!"}


def clear_address(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/reset_phy_addr`, which newer servers have."""
    service = _bound(provider, call)
    _done(provider, "reset_phy_addr", service.id)
    service.device_cleared = True
    return {"status": "success", "msg": "Endereço físico resetado com sucesso!"}


def suspend(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/cliente_servico/suspender/{id}`."""
    customer, service = _service(provider, int(call.path["id"]))
    wanted = str(call.body.get("tipo_suspensao") or "")
    if wanted not in {"suspenso_debito", "suspenso_pedido_cliente"}:
        raise refusal("não possui um valor válido", "tipo_suspensao")
    if service.status != "servico_habilitado":
        raise RefusalError("O serviço não pode ser suspenso no status atual", [])
    _done(provider, "suspender", service.id, wanted)
    _move(provider, service, wanted)
    return _changed("Serviço suspenso com sucesso", customer, service)


def enable(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/cliente_servico/habilitar/{id}`."""
    customer, service = _service(provider, int(call.path["id"]))
    need(call.body, "motivo_habilitacao")
    if not service.status.startswith("suspenso"):
        raise RefusalError("Somente serviços suspensos podem ser habilitados", [])
    _done(provider, "habilitar", service.id)
    _move(provider, service, "servico_habilitado")
    return _changed("Serviço habilitado com sucesso", customer, service)


def activate(provider: Provider, call: Call) -> Row:
    """Answer `POST cliente/cliente_servico/ativar/{id}`."""
    customer, service = _service(provider, int(call.path["id"]))
    if not service.status.startswith("aguardando"):
        raise RefusalError("O serviço já possui data de habilitação", [])
    _done(provider, "ativar", service.id)
    _move(provider, service, "servico_habilitado")
    return _changed("Serviço ativado com sucesso", customer, service)


# -- equipment


def devices(provider: Provider, call: Call) -> Row:
    """Answer `rede/cpe/todos`: the optical equipment, with its signal; `msg` is left out."""
    call.need("pagina", "itens_por_pagina")
    kind, term = call.query.get("busca", ""), call.query.get("termo_busca", "").strip()
    if kind not in {"", "login", "phy_addr", "id_cliente_servico"}:
        raise RefusalError(f"O tipo de busca ({kind}) não é válido")
    rows = [
        _device(provider, customer, service, address)
        for address, (customer, service) in provider.equipment.items()
        if not service.device_cleared
        and (not kind or term.casefold() == _key(kind, service, address).casefold())
    ]
    pagination, page = paged(call, rows, smallest=20)
    answer = found(paginacao=pagination, cpes=list(page))
    del answer["msg"]
    return answer


def restart(provider: Provider, call: Call) -> Row:
    """Answer `POST rede/reiniciar_cpe/{phy_addr}`."""
    return _to_device(provider, call, "reiniciar_cpe", "Solicitação de reinício enviada com sucesso!")


def restore(provider: Provider, call: Call) -> Row:
    """Answer `POST rede/restaurar_cpe/{phy_addr}`."""
    return _to_device(provider, call, "restaurar_cpe", "Solicitação de restauração enviada com sucesso!")


def _to_device(provider: Provider, call: Call, name: str, said: str) -> Row:
    address = str(call.path["address"])
    _customer, service = provider.equipment.get(address, (None, None))
    if service is None or service.device_cleared:
        raise RefusalError("Equipamento não encontrado!", [])
    _done(provider, name, address, str(service.id))
    _reconnect(provider, service)
    return {"status": "success", "msg": said}


def _key(kind: str, service: SimService, address: str) -> str:
    return {"login": service.login, "phy_addr": address}.get(kind, str(service.id))


def _device(provider: Provider, customer: SimCustomer, service: SimService, address: str) -> Row:
    rng = provider.details.rng("signal", service.id)
    receives, sends = rng.uniform(-27.5, -17.0), rng.uniform(1.8, 3.2)
    number, start = 70_000 + service.id, provider.clock.start
    moments = [start - age * 3600.0 for age in range(48, -1, -6)]
    if service.reconnected_at is not None:
        moments.append(service.reconnected_at)
    history = [
        {
            "id_cpe": number,
            "parametros": {
                "rx_signal": round(receives + rng.uniform(-0.4, 0.4), 2),
                "tx_signal": round(sends + rng.uniform(-0.1, 0.1), 2),
                "wifi_password": f"senha-falsa-wifi-{service.id}",
            },
            "created_at": iso(at),
            "data_cadastro_br": br_seconds(at),
        }
        for at in moments
    ]
    return {
        "id_cpe": number,
        "phy_addr": address,
        "data_ultima_atualizacao": iso(moments[-1]),
        "historico_parametros": history,
        "servicos": [
            {
                "id_cliente": customer.id,
                "cliente": f"({customer.code}) {customer.name}",
                "cpf_cnpj": customer.document,
                "servico": f"({service.number}) {service.plan.name}",
                "status": service.status,
                "id_cliente_servico": service.id,
                "login": service.login,
            }
        ],
    }


# -- visits


def open_order(provider: Provider, call: Call) -> Row:
    """Answer `POST ordem_servico/abrir_os?id_atendimento=`, which newer servers have."""
    call.need("id_atendimento")
    ticket = provider.desk.tickets.get(int(call.query["id_atendimento"]))
    if ticket is None or not ticket.open:
        raise RefusalError("Atendimento não encontrado ou fechado", [])
    order = provider.desk.order(ticket, provider.clock.now(), 301)
    _done(provider, "abrir_os", ticket.id, str(order.id))
    return {"status": "success", "msg": f"Ordem de Serviço número {order.id - 16} aberta com sucesso"}


def confirm(provider: Provider, call: Call) -> Row:
    """Answer `POST ordem_servico/agendar`: it confirms what has a planned time."""
    ticket, order = _order(provider, call)
    _done(provider, "agendar", order.id)
    order.confirmed = True
    return _visit("Agendamento salvo com sucesso", provider, ticket, order)


def reschedule(provider: Provider, call: Call) -> Row:
    """Answer `POST ordem_servico/reagendar`."""
    ticket, order = _order(provider, call)
    ends = [f"{part}_{name}_programado" for name in ("inicio", "termino") for part in ("data", "hora")]
    need(call.body, *ends)
    try:
        start, end = (
            datetime.strptime(
                f"{call.body[f'data_{name}_programado']} {call.body[f'hora_{name}_programado']}",
                "%Y-%m-%d %H:%M",
            )
            .replace(tzinfo=BRASILIA)
            .timestamp()
            for name in ("inicio", "termino")
        )
    except ValueError:
        raise refusal("não é uma data válida", "data_inicio_programado") from None
    _done(provider, "reagendar", order.id, f"{start:.0f}")
    order.planned, order.ends, order.confirmed = start, end, True
    return _visit("Reagendamento salvo com sucesso", provider, ticket, order)


def _order(provider: Provider, call: Call) -> tuple[SimTicket, SimOrder]:
    wanted = integer(call.body, "id_ordem_servico")
    for ticket in provider.desk.tickets.values():
        for order in ticket.orders:
            if order.id == wanted:
                if order.closed_at is not None:
                    raise RefusalError("A ordem de serviço já encontra-se finalizada", [])
                return ticket, order
    raise RefusalError(f"Ordem de Serviço de ID {wanted} não encontrada")


def _visit(said: str, provider: Provider, ticket: SimTicket, order: SimOrder) -> Row:
    start, end = order.window
    customer = ticket.customer
    row = {
        "id_ordem_servico": order.id,
        "numero": str(order.id - 16),
        "tipo": catalogue.ORDER_TYPES[order.type_id][0],
        "data_inicio_programado": iso(start),
        "data_termino_programado": iso(end),
        "data_inicio_executado": None,
        "data_termino_executado": None,
        "data_cadastro": iso(order.opened_at),
        "descricao_abertura": ticket.description,
        "descricao_servico": ticket.description,
        "descricao_fechamento": None,
        "status": "Pendente" if order.confirmed else "Aguardando Agendamento",
        "tecnicos": [],
        "disponibilidade": "Manhã, Tarde",
        "cliente": f"({customer.code}) {customer.name}",
        "servico": f"({ticket.service.number}) {ticket.service.plan.name}",
        "endereco_instalacao": provider.details.address(customer, "instalacao")["completo"],
    }
    return {"status": "success", "msg": said, "ordem_servico": row}


# -- inside


def _service(provider: Provider, identifier: int) -> tuple[SimCustomer, SimService]:
    known = provider.roster.service(identifier)
    if known is None:
        raise RefusalError(f"Serviço do cliente de ID {identifier} não encontrado")
    return known


def _with_login(provider: Provider, call: Call) -> SimService:
    known = provider.roster.service(int(call.path["id"]))
    if known is None or known[1].status in {"cancelado", "aguardando_instalacao"}:
        raise RefusalError(NO_LOGIN, [])
    return known[1]


def _bound(provider: Provider, call: Call) -> SimService:
    _customer, service = _service(provider, integer(call.body, "id_cliente_servico"))
    if service.status in {"cancelado", "aguardando_instalacao"}:
        raise RefusalError(NO_LOGIN, [])
    return service


def _done(provider: Provider, name: str, target: object, detail: str = "") -> None:
    provider.actions.append(SimAction(name, str(target), detail, provider.clock.now()))


def _move(provider: Provider, service: SimService, status: str) -> None:
    provider.roster.move(service, status, int(provider.clock.start - provider.clock.now()))


def _reconnect(provider: Provider, service: SimService) -> None:
    service.reconnected_at = provider.clock.now() + _AWAKE_SECONDS


def _changed(said: str, customer: SimCustomer, service: SimService) -> Row:
    number, label = catalogue.SERVICE_STATUSES[service.status]
    who = person(customer)
    row = {
        "id_cliente_servico": service.id,
        "numero_plano": service.number,
        "servico": {"id_servico": service.plan.id, "descricao": service.plan.name},
        "servico_status": {"id_servico_status": number, "descricao": label},
        "cliente": {
            "id_cliente": customer.id,
            **{key: who[key] for key in ("codigo_cliente", "nome_razaosocial")},
        },
    }
    return {"status": "success", "msg": said, "cliente_servico": row}

"""`cliente` and `cliente/todos`: who the customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .details import local
from .roster import DEFAULT_LIMIT, Filter
from .wire import Call, RefusalError, Row, found, paged

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from .people import SimCustomer
    from .provider import Provider

SEARCHES: Final = (
    "nome_razaosocial", "nome_fantasia", "cpf_cnpj", "codigo_cliente", "telefone", "login_radius", "ipv4",
    "mac", "id_cliente", "id_cliente_servico", "uuid_cliente", "uuid_cliente_servico", "id_prospecto",
    "id_externo", "referencia_alias", "id_porta_atendimento", "id_caixa_optica", "observacoes_autenticacao",
    "id_servico", "id_cliente_servico_mapeamento",
)  # fmt: skip
_YES_NO: Final = ("sim", "nao")


def search(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente`: the customers a term finds, 5 unless `limite` says otherwise, 100 at most."""
    kind, term = call.search(SEARCHES)
    limit = call.limit(DEFAULT_LIMIT, 100)
    keep = Filter(
        cancelled=call.choice("cancelado", ("sim", "nao", "todos"), "nao"),
        inactive=call.choice("inativo", ("sim", "nao", "todos"), "nao"),
        statuses=call.listed("servico_status"),
    )
    connection = call.choice("ultima_conexao", _YES_NO, "nao") == "sim"
    relations = call.listed("relacoes")
    order = call.choice("order_by", ("data_cadastro", "data_fechamento"), "data_cadastro")
    backwards = call.choice("order_type", ("asc", "desc"), "asc") == "desc" and order == "data_cadastro"
    people = sorted(provider.roster.find(kind, term), key=lambda c: -c.registered_age, reverse=backwards)
    rows: list[Row] = []
    for customer in people:
        services = keep.services(customer)
        if services is None:
            continue
        rows.append(provider.details.customer(customer, services, relations=relations, connection=connection))
        if len(rows) == limit:
            break
    return found(clientes=rows)


def all_customers(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente/todos`: a page of customers, oldest first, each with its services."""
    call.need("pagina", "itens_por_pagina")
    # The bulk route knows no `inativo`: a record that is switched off is listed with its services.
    keep = Filter(
        cancelled=call.choice("cancelado", _YES_NO, "nao"),
        inactive="todos",
        statuses=call.listed("servico_status"),
    )
    pairs = provider.roster.matching(keep, _dated(provider, call))
    pagination, page = paged(call, pairs)
    relations = call.listed("relacoes")
    rows = [provider.details.customer(c, services, relations=relations, bulk=True) for c, services in page]
    return found(paginacao=pagination, clientes=rows)


def disconnect(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente/solicitar_desconexao/{id}`: a GET that ends the customer's session."""
    known = provider.roster.service(int(call.path["id"]))
    if known is None or known[1].status in {"cancelado", "aguardando_instalacao"}:
        raise RefusalError("O serviço/plano informado não possui dados de autenticação", [])
    login = known[1].login
    provider.disconnections.append(login)
    return {
        "status": "success",
        "msg": f"A desconexão foi bem sucedida para o login {login}!",
        "login": login,
    }


def _dated(provider: Provider, call: Call) -> Callable[[SimCustomer], bool] | None:
    kind = call.choice(
        "tipo_data_cliente", ("data_cadastro", "data_nascimento", "data_atualizacao"), "data_cadastro"
    )
    in_window = call.window()
    service_kind = call.choice(
        "tipo_data_cliente_servico",
        ("data_cadastro", "data_cancelamento", "data_habilitacao", "data_venda", "data_atualizacao"),
        "data_cadastro",
    )
    in_service_window = call.window("data_inicio_cliente_servico", "data_fim_cliente_servico")
    plain = not (call.query.get("data_inicio") or call.query.get("data_fim"))
    plain_service = not (
        call.query.get("data_inicio_cliente_servico") or call.query.get("data_fim_cliente_servico")
    )
    if plain and plain_service:
        return None

    def day(age: int) -> date:
        return local(provider.details.moment(age)).date()

    def client_day(customer: SimCustomer) -> date:
        if kind == "data_atualizacao":
            return day(min((s.changed_age for s in customer.services), default=customer.registered_age))
        return day(customer.registered_age)

    def service_ages(customer: SimCustomer) -> list[int]:
        if service_kind == "data_atualizacao":
            return [s.changed_age for s in customer.services]
        if service_kind == "data_cancelamento":
            return [s.changed_age for s in customer.services if s.status == "cancelado"]
        return [s.enabled_age for s in customer.services]

    def passes(customer: SimCustomer) -> bool:
        return (plain or in_window(client_day(customer))) and (
            plain_service or any(in_service_window(day(age)) for age in service_ages(customer))
        )

    return passes

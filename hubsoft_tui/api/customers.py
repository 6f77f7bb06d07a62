"""Customers and their services: `cliente`, `cliente/todos`. `senha` and `senhas` are never read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from msgspec import structs

from . import answers, verdicts
from .models import Address, Connection, Customer, Service
from .operation import ROOT, Operation, filled, joined, within, yes_no
from .rows import Row
from .search import NAMES, SearchKey, key_among, matches, wire_term

PERSON_RELATIONS: Final = ("endereco_instalacao", "interface", "equipamento_conexao")
"""What current servers leave out of a customer unless it is asked for by name."""

NAME_LIMIT: Final = 30
MAX_SEARCH: Final = 100
MAX_PAGE: Final = 500


def customer_search(
    busca: SearchKey | str, term: str, *, limit: int | None = None
) -> Operation[tuple[Customer, ...]]:
    """Find customers, cancelled and inactive ones too; only exact matches are kept, except for names.

    `limit` is 1-100 rows (default 30 for names, else 100, because HubSoft's search is loose and cuts
    silently). An empty value is HubSoft's word that there is none. Raises ValueError for parameters HubSoft would
    refuse.
    """
    key = key_among(
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
        "ultima_conexao": "sim",
        "relacoes": joined(PERSON_RELATIONS),
    }
    return Operation(
        name="cliente",
        method="GET",
        path=f"{ROOT}cliente",
        decode=partial(_customers, limit=rows, key=key, term=wire),
        query=query,
        timeout=45.0,
    )


def customers_page(
    page: int, size: int = MAX_PAGE, *, statuses: Iterable[str] = (), cancelled: bool = False
) -> Operation[tuple[Customer, ...]]:
    """Read a page of the roster: `page` from 0, `size` 1-500 customers.

    HubSoft may return other services of a customer beside those in `statuses`, and with `cancelled` returns
    cancelled services beside the others: look at `status_prefix` again.
    """
    query = {
        "pagina": within(page, 0, 10**9, "page"),
        "itens_por_pagina": within(size, 1, MAX_PAGE, "size"),
        "cancelado": yes_no(cancelled),
        "servico_status": joined(statuses),
    }
    return Operation(
        name="cliente.todos",
        method="GET",
        path=f"{ROOT}cliente/todos",
        decode=lambda payload: answers.page(payload, "clientes", customer, size=size),
        query=filled(query),
        timeout=60.0,
    )


def _customers(
    payload: object, *, limit: int, key: SearchKey, term: str
) -> answers.Decoded[tuple[Customer, ...]]:
    found = answers.found(
        payload, "clientes", customer, limit=limit, keep=matches(key, term), things=verdicts.CUSTOMERS
    )
    if key is not SearchKey.DOCUMENT or not (found.dropped or found.truncated):
        return found
    # A customer with another record, beside those that could be read, may be served under that one.
    return replace(found, value=tuple(structs.replace(each, incomplete=True) for each in found.value))


def customer(row: Row) -> Customer:
    """Decode one customer with its services. Raises BadRowError when it has no id."""
    services = row.records("servicos", service)
    return Customer(
        id=row.id("id_cliente"),
        code=row.integer("codigo_cliente"),
        name=row.text("nome_razaosocial") or "",
        trade_name=row.text("nome_fantasia"),
        kind=row.text("tipo_pessoa"),
        document=row.document("cpf_cnpj") or "",
        phones=row.distinct("telefone_primario", "telefone_secundario", "telefone_terciario"),
        emails=row.distinct("email_principal", "email_secundario"),
        registered_at=row.instant("data_cadastro"),
        born_on=row.day("data_nascmento", "data_nascimento"),
        enabled=row.flag("ativo"),
        alerts=row.texts("alerta_mensagens"),
        services=services,
        # No list of services says nothing of them; an empty one says that there are none.
        incomplete=len(services) < max(row.count("servicos"), row.data.get("servicos") != []),
    )


def service(row: Row) -> Service:
    """Decode one service. Raises BadRowError when it has no id."""
    return Service(
        id=row.id("id_cliente_servico"),
        plan_id=row.reference("id_servico"),
        number=row.integer("numero_plano"),
        name=row.text("nome") or "",
        price=row.money("valor"),
        status=row.label("status", "descricao", "display") or "",
        status_prefix=row.text("status_prefixo") or "",
        technology=row.label("tecnologia", "descricao", "nome"),
        login=row.text("login"),
        reference=row.text("referencia"),
        ipv4=row.text("ipv4"),
        ipv6=row.text("ipv6"),
        mac=row.text("mac_addr"),
        device=row.text("phy_addr"),
        download=row.text("velocidade_download"),
        upload=row.text("velocidade_upload"),
        interface=row.label("interface", "nome"),
        equipment=row.label("equipamento_conexao", "nome"),
        connection=connection(row.child("ultima_conexao")),
        address=address(row.child("endereco_instalacao")),
        enabled_at=row.instant("data_habilitacao"),
        cancelled_at=row.instant("data_cancelamento"),
        suspended_at=row.instant("data_ultima_suspensao"),
        cancellation_reason=row.label("motivo_cancelamento", "descricao"),
    )


def connection(row: Row | None) -> Connection | None:
    """Decode the last RADIUS record of a service, if there is one."""
    if row is None:
        return None
    online = row.flag("conectado")
    began = ("ultima_conexao_datetime", "ultima_conexao")
    ended = ("ultima_desconexao_datetime", "ultima_desconexao")
    return Connection(
        online=online,
        since=row.instant(*(began if online is not False else ended)),
        ipv4=row.text("ultimo_ipv4"),
        nas_ip=row.text("ultimo_nas_ip"),
        text=row.text("status_txt", "status_txt_resumido"),
    )


def address(row: Row | None) -> Address | None:
    """Decode an address; of `estado` and `uf`, which servers swap, the two-letter one is the state."""
    if row is None:
        return None
    kind, street = row.text("logradouro"), row.text("endereco")
    states = [state for state in (row.text("uf"), row.text("estado")) if state]
    short = next((state.upper() for state in states if len(state) == 2), None)
    return Address(
        full=row.text("completo"),
        street=f"{kind} {street}" if kind and street else street or kind,
        number=row.text("numero"),
        complement=row.text("complemento"),
        district=row.text("bairro"),
        city=row.label("cidade", "nome"),
        state=short or next(iter(states), None),
        zip_code=row.text("cep"),
    )

"""Customers and their services: `cliente`, `cliente/todos`. `senha` and `senhas` are never read."""

from __future__ import annotations

from .models import Address, Connection, Customer, Service
from .rows import Row


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

"""Tickets and their messages, in HubSoft's three shapes.

Rich rows (`atendimento/todos`, `paginado`) hold objects for status, type and service; a customer's own list
and the answer to opening hold their labels; the answer to an update is flat and holds ids alone.
"""

from __future__ import annotations

from .decode_work_orders import work_order
from .models import Message, Thread, Ticket
from .rows import Problems, Row, listed


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

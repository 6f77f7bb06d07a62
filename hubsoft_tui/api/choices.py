"""The tables a provider keeps for itself (`configuracao/*`): types, statuses, reasons, people, places.

They change rarely: cache them for hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Final

from ..values import dataclass
from . import answers
from .models import Choice
from .operation import ROOT, Operation
from .rows import Row

Read = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class ChoiceColumns:
    """Where a table is and what its rows hold. `extra` maps our names to how the value is read."""

    route: str
    key: str
    id: str
    label: tuple[str, ...] = ("descricao", "display", "name", "nome")
    extra: Mapping[str, Read] = field(default_factory=dict)


class Table(Enum):
    """The tables of a provider that screens choose from."""

    TICKET_TYPES = "tipo_atendimento"
    TICKET_STATUSES = "status_atendimento"
    TICKET_CLOSING_REASONS = "motivo_fechamento_atendimento"
    SERVICE_STATUSES = "servico_status"
    WORK_ORDER_TYPES = "tipo_ordem_servico"
    WORK_ORDER_CLOSING_REASONS = "motivo_fechamento_os"
    TECHNICIANS = "tecnico"
    SELLERS = "vendedor"
    CITIES = "cidade"
    PLANS = "servico"
    TECHNOLOGIES = "servico_tecnologia"
    PERIODS = "disponibilidade"
    CONTACT_ORIGINS = "origem_contato"
    CUSTOMER_GROUPS = "grupo_cliente"
    SERVICE_GROUPS = "grupo_cliente_servico"
    DUE_DAYS = "vencimento"


def choice(columns: ChoiceColumns) -> Callable[[Row], Choice]:
    """Return a decoder for rows of that table; it raises BadRowError for a row without an id."""

    def decode(row: Row) -> Choice:
        read = ((name, how(row)) for name, how in columns.extra.items())
        return Choice(
            id=row.id(columns.id),
            label=row.text(*columns.label) or "",
            prefix=row.text("prefixo"),
            extra={name: value for name, value in read if value is not None and value != ()},
        )

    return decode


def _ids(key: str, column: str) -> Read:
    """Read the ids in a list of objects. An empty list means "for all" and is left out."""
    return lambda row: tuple(found for each in row.children(key) if (found := each.reference(column)))


def _text(key: str) -> Read:
    return lambda row: row.text(key)


def _flag(key: str) -> Read:
    return lambda row: row.flag(key)


COLUMNS: Final[Mapping[Table, ChoiceColumns]] = {
    Table.TICKET_TYPES: ChoiceColumns("tipo_atendimento", "tipos_atendimento", "id_tipo_atendimento"),
    Table.TICKET_STATUSES: ChoiceColumns(
        "status_atendimento",
        "status_atendimento",
        "id_atendimento_status",
        extra={"opens_work_order": _flag("abrir_ordem_servico")},
    ),
    Table.TICKET_CLOSING_REASONS: ChoiceColumns(
        "motivo_fechamento_atendimento",
        "motivos_fechamento",
        "id_motivo_fechamento_atendimento",
        extra={"ticket_type_ids": _ids("motivos_fechamento_tipo_atendimento", "id_tipo_atendimento")},
    ),
    Table.SERVICE_STATUSES: ChoiceColumns("servico_status", "servico_status", "id_servico_status"),
    Table.WORK_ORDER_TYPES: ChoiceColumns(
        "tipo_ordem_servico",
        "tipo_ordem_servicos",
        "id_tipo_ordem_servico",
        extra={"destination": _text("destino")},
    ),
    Table.WORK_ORDER_CLOSING_REASONS: ChoiceColumns(
        "motivo_fechamento_os",
        "motivos_fechamento",
        "id_motivo_fechamento",
        extra={"work_order_type_ids": _ids("motivos_fechamento_tipo_ordem_servico", "id_tipo_ordem_servico")},
    ),
    Table.TECHNICIANS: ChoiceColumns("tecnico", "tecnicos", "id"),
    Table.SELLERS: ChoiceColumns("vendedor", "vendedores", "id"),
    Table.CITIES: ChoiceColumns(
        "cidade",
        "cidades",
        "id_cidade",
        extra={
            "state": _text("uf"),
            "ibge": _text("ibge"),
            "districts": lambda row: tuple(
                name for each in row.children("bairros") if (name := each.text("nome"))
            ),
        },
    ),
    Table.PLANS: ChoiceColumns(
        "servico",
        "servicos",
        "id_servico",
        extra={"technology": lambda row: row.label("servico_tecnologia", "descricao")},
    ),
    Table.TECHNOLOGIES: ChoiceColumns("servico_tecnologia", "servicos_tecnologia", "id_servico_tecnologia"),
    Table.PERIODS: ChoiceColumns(
        "disponibilidade",
        "periodos",
        "id_periodo_dia",
        extra={"begins": _text("hora_inicio"), "ends": _text("hora_fim")},
    ),
    Table.CONTACT_ORIGINS: ChoiceColumns("origem_contato", "origem_contatos", "id_origem_contato"),
    Table.CUSTOMER_GROUPS: ChoiceColumns(
        "grupo_cliente", "grupo_cliente", "id_grupo_cliente", extra={"enabled": _flag("ativo")}
    ),
    Table.SERVICE_GROUPS: ChoiceColumns(
        "grupo_cliente_servico", "grupo_cliente_servico", "id", extra={"enabled": _flag("ativo")}
    ),
    Table.DUE_DAYS: ChoiceColumns("vencimento", "vencimentos", "id_vencimento", label=("dia_vencimento",)),
}


def choices(table: Table) -> Operation[tuple[Choice, ...]]:
    """Read a whole table. A missing table is a BadAnswer."""
    columns = COLUMNS[table]
    return Operation(
        name=f"configuracao.{table.value}",
        method="GET",
        path=f"{ROOT}configuracao/{columns.route}",
        decode=lambda payload: answers.table(payload, columns.key, choice(columns)),
        query={"listar_todas_cidades": "sim"} if table is Table.CITIES else {},
    )

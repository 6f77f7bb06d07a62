"""Requests for the tables a provider keeps for itself. They change rarely: cache them for hours."""

from __future__ import annotations

from . import answers
from .decode_choices import COLUMNS, Table, choice
from .models import Choice
from .operation import ROOT, Operation, filled, given

_NARROWED = {
    Table.TICKET_CLOSING_REASONS: "id_tipo_atendimento",
    Table.WORK_ORDER_CLOSING_REASONS: "id_tipo_ordem_servico",
}


def choices(
    table: Table, *, for_type: int | None = None, city: str | None = None
) -> Operation[tuple[Choice, ...]]:
    """Read a whole table.

    `for_type` narrows closing reasons to one ticket or work order type; `city` narrows cities to a name (all
    cities otherwise). Raises ValueError when the table has no such filter. A missing table is a BadAnswer.
    """
    columns = COLUMNS[table]
    query: dict[str, str] = {}
    if for_type is not None:
        if table not in _NARROWED:
            raise ValueError(f"{table.value} is not narrowed by a type")
        query[_NARROWED[table]] = str(for_type)
    if city is not None:
        if table is not Table.CITIES:
            raise ValueError(f"{table.value} is not narrowed by a city")
        query |= {"busca": "nome", "termo_busca": given(city, "city")}
    elif table is Table.CITIES:
        query["listar_todas_cidades"] = "sim"
    return Operation(
        name=f"configuracao.{table.value}",
        method="GET",
        path=f"{ROOT}configuracao/{columns.route}",
        decode=lambda payload: answers.table(payload, columns.key, choice(columns)),
        query=filled(query),
    )

"""Work orders, in the shape of a customer's own list and in the bulk one: `ordem_servico`."""

from __future__ import annotations

from .models import WorkOrder
from .rows import Row


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

"""Work orders, in the shape of a customer's own list and in the bulk one: `ordem_servico`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from . import verdicts
from .listing import MAX_LIST, listing, listing_query
from .models import WorkOrder
from .operation import Operation, joined, window
from .rows import Row
from .search import SearchKey, key_among


class WorkOrderStatus(StrEnum):
    """The statuses a customer's work orders can be asked for by."""

    PENDING = "pendente"
    UNSCHEDULED = "aguardando_agendamento"
    FINISHED = "finalizado"


def customer_work_orders(
    busca: SearchKey | str,
    term: str,
    *,
    status: WorkOrderStatus | str | None = None,
    newest_first: bool = True,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
    relations: Iterable[str] = (),
) -> Operation[tuple[WorkOrder, ...]]:
    """List work orders by customer code, document, service id or number; `limit` 1-50.

    All statuses by default; the window is about the day they were opened. Nothing found is an empty value.
    """
    key = key_among(
        busca, SearchKey.CODE, SearchKey.DOCUMENT, SearchKey.SERVICE_ID, SearchKey.WORK_ORDER_NUMBER
    )
    query = {
        "status": "" if status is None else WorkOrderStatus(status).value,
        "order_by": "data_cadastro",
        "order_type": "desc" if newest_first else "asc",
        "relacoes": joined(relations),
    }
    asked = listing_query(key, term, limit) | query | window(start, end)
    return listing("ordem_servico", "ordens_servico", work_order, asked, verdicts.WORK_ORDERS)


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

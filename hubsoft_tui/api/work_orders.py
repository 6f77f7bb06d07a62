"""Work orders, in the shape of a customer's own list and in the bulk one, and what is done about their visits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from ..formats import BRASILIA
from . import answers, verdicts
from .models import Receipt, WorkOrder
from .operation import ROOT, Operation, joined, window, within
from .rows import BadRowError, Problems, Row
from .scalars import MAX_INTEGER
from .search import MAX_LIST, SearchKey, key_among, listing, listing_query


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


def open_work_order(ticket_id: int) -> Operation[Receipt]:
    """Open a work order for a ticket; newer servers only. A second request is a second order."""
    return Operation(
        name="ordem_servico.abrir_os",
        method="POST",
        path=f"{ROOT}ordem_servico/abrir_os",
        decode=_changed,
        query={"id_atendimento": within(ticket_id, 1, MAX_INTEGER, "an id")},
        repeatable=False,
    )


def confirm_visit(order_id: int) -> Operation[Receipt]:
    """Confirm the visit of a work order that has a planned time already."""
    return _visit("ordem_servico.agendar", "agendar", {"id_ordem_servico": _id(order_id)})


def reschedule_visit(order_id: int, start: datetime, end: datetime) -> Operation[Receipt]:
    """Plan the visit of a work order for another time, in HubSoft's own time zone. Raises ValueError if backwards."""
    if end <= start:
        raise ValueError("the visit ends before it begins")
    times = {"inicio": start.astimezone(BRASILIA), "termino": end.astimezone(BRASILIA)}
    body: dict[str, Any] = {"id_ordem_servico": _id(order_id)}
    for name, at in times.items():
        body |= {f"data_{name}_programado": f"{at:%Y-%m-%d}", f"hora_{name}_programado": f"{at:%H:%M}"}
    return _visit("ordem_servico.reagendar", "reagendar", body)


def _visit(name: str, route: str, body: dict[str, Any]) -> Operation[Receipt]:
    return Operation(
        name=name,
        method="POST",
        path=f"{ROOT}ordem_servico/{route}",
        decode=_changed,
        body=body,
        repeatable=False,
    )


def _changed(payload: object) -> answers.Decoded[Receipt]:
    """Decode what became of a work order; the order itself may be left out."""
    done = answers.receipt(payload).value
    shown = payload.get("ordem_servico") if isinstance(payload, dict) else None
    order = None
    if isinstance(shown, dict):
        with contextlib.suppress(BadRowError):
            order = work_order(Row(shown, "ordem_servico", Problems()))
    return answers.Decoded(Receipt(said=done.said, order=order))


def _id(value: int) -> int:
    return int(within(value, 1, MAX_INTEGER, "an id"))


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

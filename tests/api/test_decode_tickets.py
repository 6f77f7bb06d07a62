from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from hubsoft_tui.api import answers
from hubsoft_tui.api.models import Message, Ticket
from hubsoft_tui.api.tickets import message, ticket
from hubsoft_tui.formats import BRASILIA

from . import made


def decode(row: dict[str, Any]) -> Ticket:
    found = answers.one(made.answer("atendimento", row), "atendimento", ticket)
    assert found.problems == ()
    return found.value


def test_a_rich_row() -> None:
    found = decode(made.rich_ticket())
    assert (found.type, found.type_id, found.status, found.status_id, found.status_prefix) == (
        "SEM ACESSO", 109, "Pendente", 22, "pendente",
    )  # fmt: skip
    assert found.opened_at == datetime(2026, 1, 15, 10, 20, 30, tzinfo=BRASILIA)
    assert found.opened_on is None
    assert found.closed_at is None
    assert found.opening is None
    assert found.responsible == ("Iasmin", "Otávio")
    assert (found.service_id, found.customer_id, found.customer_code, found.customer_name) == (
        5001, 901, 41, "ANA BRUNO",
    )  # fmt: skip
    assert (found.minutes_open, found.remaining, found.remaining_percent) == (90, "-1h 30min", 0.0)
    assert found.messages == (
        Message(
            id=801,
            ticket_id=301,
            text="Técnico a caminho",
            written_at=datetime(2026, 1, 15, 11, 0, 0, 511128, tzinfo=BRASILIA),
        ),
    )


def test_a_labelled_row() -> None:
    found = decode(made.labelled_ticket())
    assert (found.type, found.type_id, found.status, found.status_id) == (
        "SAC",
        None,
        "Aguardando Análise",
        None,
    )
    assert (found.opened_at, found.opened_on) == (None, date(2018, 6, 19))
    assert found.opening == "sem internet\ndesde ontem | ATENDIMENTO ABERTO VIA API"
    assert found.protocol == "201806191505251"
    assert (found.opened_by, found.responsible) == ("Iasmin", ("Otávio",))
    assert (found.service_id, found.customer_code, found.customer_document) == (123, 41, "00000000191")
    (order,) = found.work_orders
    assert (order.id, order.number, order.customer, order.service) == (701, "601", "ANA", "FIBRA 100M")
    assert order.opened_at == datetime(2025, 6, 19, 15, 5, 25, tzinfo=BRASILIA)


def test_a_labelled_row_without_its_service() -> None:
    row = made.labelled_ticket()
    del row["servico"]
    assert decode(row).service_id is None


def test_a_flat_row() -> None:
    found = decode(made.flat_ticket())
    assert (found.service_id, found.type_id, found.status_id, found.closing_status) == (
        5001,
        33,
        24,
        "concluido",
    )
    assert found.closed_at == datetime(2026, 1, 16, 8, tzinfo=BRASILIA)
    assert (found.contact_name, found.contact_phone) == ("Ana (Central)", "(37)9995-92109")


def test_a_draft_without_type() -> None:
    found = decode(made.rich_ticket(rascunho=True, id_tipo_atendimento=None, tipo_atendimento=None))
    assert found.draft
    assert (found.type, found.type_id) == (None, None)


def test_a_deleted_ticket_says_when() -> None:
    assert decode(made.rich_ticket(deleted_at="2026-01-16 08:00:00")).deleted_at is not None


def test_the_epoch_twin_wins_over_the_local_text() -> None:
    found = decode(made.rich_ticket(data_cadastro="2026-01-15 09:20:30"))
    assert found.opened_at == datetime(2026, 1, 15, 10, 20, 30, tzinfo=BRASILIA)


def test_the_brazilian_twin_serves_where_the_others_are_missing() -> None:
    row = made.rich_ticket(
        data_cadastro=None, data_cadastro_br="15/01/2026 10:20", data_cadastro_timestamp=None
    )
    assert decode(row).opened_at == datetime(2026, 1, 15, 10, 20, tzinfo=BRASILIA)


@pytest.mark.parametrize("protocol", [201806191505251, "201806191505251"])
def test_a_protocol_is_a_text(protocol: object) -> None:
    assert decode(made.flat_ticket(protocolo=protocol)).protocol == "201806191505251"


def test_a_bad_message_loses_only_itself() -> None:
    row = made.rich_ticket(
        atendimento_mensagem=[made.message(1), "x", {"mensagem": "sem id"}, made.message(2)]
    )
    found = answers.one(made.answer("atendimento", row), "atendimento", ticket)
    assert [each.id for each in found.value.messages] == [801, 802]
    assert [problem.path for problem in found.problems] == [
        "atendimento.atendimento_mensagem[1]",
        "atendimento.atendimento_mensagem[2].id_atendimento_mensagem",
    ]


def test_the_answer_to_a_message() -> None:
    sent = made.answer("atendimento_mensagem", made.message(3, atendimento=made.flat_ticket()))
    assert answers.one(sent, "atendimento_mensagem", message).value.id == 803

"""Work orders, invoices, sessions, choices and tokens."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hubsoft_tui import texts
from hubsoft_tui.api import answers
from hubsoft_tui.api.choices import COLUMNS, Table, choice
from hubsoft_tui.api.connections import session
from hubsoft_tui.api.invoices import invoice
from hubsoft_tui.api.models import Choice, Invoice, PaymentText, Session, WorkOrder
from hubsoft_tui.api.tickets import work_order
from hubsoft_tui.api.token import MAX_LIFETIME, grant
from hubsoft_tui.errors import BadAnswer, CredentialsRefused, Refused
from hubsoft_tui.formats import BRASILIA

from . import made


def order_of(**changes: Any) -> WorkOrder:
    return answers.one(made.answer("os", made.work_order(**changes)), "os", work_order).value


def invoice_of(**row: Any) -> Invoice:
    found = answers.one(made.answer("f", {"id_fatura": 5} | row), "f", invoice)
    assert found.problems == ()
    return found.value


def test_a_bulk_work_order_holds_display_strings() -> None:
    row = {
        "id_ordem_servico": 4722,
        "numero": 3544,
        "tipo_ordem_servico": {"descricao": "SUPORTE"},
        "data_inicio_programado": "2024-03-29 04:52:00",
        "status": "Finalizado",
        "cliente": "(1000) EMPRESA",
        "servico": "(100) 100_MB",
        "tecnicos": [{"id": 1, "name": "Otávio"}, {"id": 2}],
    }
    found = answers.one(made.answer("os", row), "os", work_order).value
    assert (found.number, found.kind, found.status) == ("3544", "SUPORTE", "Finalizado")
    assert (found.customer, found.service, found.technicians) == (
        "(1000) EMPRESA",
        "(100) 100_MB",
        ("Otávio",),
    )
    assert found.planned_start == datetime(2024, 3, 29, 4, 52, tzinfo=BRASILIA)


def test_both_names_of_a_work_orders_number() -> None:
    assert order_of().number == "601"
    assert order_of(numero_ordem_servico=None, numero="00132508").number == "00132508"


@pytest.mark.parametrize("name", ["pix_copia_cola", "pix_copia_e_cola"])
def test_both_names_of_pix(name: str) -> None:
    assert invoice_of(**{name: "000201"}).pix == PaymentText("000201")


def test_an_invoice_in_both_dialects() -> None:
    old = invoice_of(valor=54.95, data_vencimento="10/10/2017", data_pagamento=None, nosso_numero="1900247")
    new = invoice_of(valor="54.95", data_vencimento="2017-10-10", quitado=False, nosso_numero=1900247)
    assert old.amount == new.amount == Decimal("54.95")
    assert old.due_on == new.due_on == date(2017, 10, 10)
    assert old.number == new.number == "1900247"
    assert (old.paid, new.paid) == (False, False)


def test_whether_it_is_paid() -> None:
    assert invoice_of(quitado=True, data_pagamento=None).paid is True
    assert invoice_of(data_pagamento="31/07/2017").paid is True
    assert invoice_of().paid is None


def test_the_items_of_an_invoice() -> None:
    assert invoice_of(detalhamento=[{"descricao": "Plano", "valor": 1}, {}]).items == ("Plano",)


def test_an_open_session() -> None:
    row = {
        "acctstarttime": "2017-09-27 18:14:08-03",
        "acctstoptime": None,
        "username": "ana",
        "download_megabytes": "4594.95",
        "callingstationid": "58:10:8C:4B:FF:AA",
    }
    found = answers.found(
        made.answer("registros", [row, {"nasipaddress": "10.0.0.1"}]), "registros", session, limit=9
    )
    assert found.value == (
        Session(
            login="ana",
            started_at=datetime(2017, 9, 27, 18, 14, 8, tzinfo=BRASILIA),
            mac="58:10:8C:4B:FF:AA",
            download_mb=4594.95,
        ),
    )
    assert [problem.path for problem in found.problems] == ["registros[1]"]


def test_a_choice_with_its_other_columns() -> None:
    table = COLUMNS[Table.TICKET_CLOSING_REASONS]
    identity, types = "id_motivo_fechamento_atendimento", "motivos_fechamento_tipo_atendimento"
    rows = [
        {identity: "7", "descricao": "RESOLVIDO", types: []},
        {identity: 8, "descricao": "ENGANO", types: [{"id_tipo_atendimento": 109, "descricao": "x"}]},
    ]
    assert answers.table(made.answer(table.key, rows), table.key, choice(table)).value == (
        Choice(id=7, label="RESOLVIDO"),
        Choice(id=8, label="ENGANO", extra={"ticket_type_ids": (109,)}),
    )


def test_every_table_says_where_it_is() -> None:
    assert set(COLUMNS) == set(Table)
    for table, columns in COLUMNS.items():
        found = answers.table(
            {"status": "success", columns.key: [{columns.id: 3}]}, columns.key, choice(columns)
        )
        assert (columns.route, found.value, found.problems) == (table.value, (Choice(id=3, label=""),), ())


def test_a_wrong_key_of_a_table_is_loud_and_an_empty_table_is_not() -> None:
    table = COLUMNS[Table.WORK_ORDER_TYPES]
    with pytest.raises(BadAnswer, match="tipo_ordem_servicos"):
        answers.table({"status": "success", "tipos_ordem_servico": [{"id": 1}]}, table.key, choice(table))
    assert answers.table(made.answer(table.key, []), table.key, choice(table)).value == ()


def test_a_token() -> None:
    found = grant({"access_token": "abc.def", "expires_in": "2592000", "token_type": "Bearer"}).value
    assert (found.access_token, found.token_type, found.lifetime) == ("abc.def", "Bearer", 2592000.0)
    assert "abc" not in repr(grant({"access_token": "abc.def"}))


@pytest.mark.parametrize(
    ("written", "meant"), [(None, 0.0), ("soon", 0.0), (-5, 0.0), (1e300, MAX_LIFETIME), (float("nan"), 0.0)]
)
def test_a_tokens_life_never_breaks_a_clock(written: object, meant: float) -> None:
    assert grant({"access_token": "a", "expires_in": written}).value.lifetime == meant


@pytest.mark.parametrize("value", [None, "", "a b", "a\r\nX-Evil: 1", "é", 5, "x" * 9000])
def test_what_is_no_token(value: object) -> None:
    with pytest.raises(BadAnswer) as caught:
        grant({"access_token": value, "expires_in": 10})
    assert "Evil" not in str(caught.value)


def test_an_odd_scheme_is_bearer() -> None:
    assert grant({"access_token": "a", "token_type": "x\r\ny"}).value.token_type == "Bearer"


@pytest.mark.parametrize("error", ["invalid_credentials", "invalid_client", "invalid_grant"])
def test_refused_credentials(error: str) -> None:
    with pytest.raises(CredentialsRefused):
        grant({"error": error, "message": "The user credentials were incorrect."})


def test_another_refusal_of_the_login_keeps_its_words() -> None:
    with pytest.raises(Refused, match="bloqueado"):
        grant({"status": "error", "msg": "Usuário bloqueado"})


@pytest.fixture(autouse=True)
def _in_english() -> None:
    texts.use("en")

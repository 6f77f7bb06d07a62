from __future__ import annotations

from typing import Any

import pytest

from hubsoft_tui import texts
from hubsoft_tui.api import answers, rows, verdicts
from hubsoft_tui.api.customers import customer
from hubsoft_tui.api.models import Customer, RowProblem
from hubsoft_tui.errors import BadAnswer, Refused

from . import made


@pytest.fixture(autouse=True)
def _in_english() -> None:
    texts.use("en")


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ("uma frase", "clientes[2]"),
        (None, "clientes[2]"),
        ([], "clientes[2]"),
        (17, "clientes[2]"),
        ({}, "clientes[2].id_cliente"),
        ({"id_cliente": None}, "clientes[2].id_cliente"),
        ({"id_cliente": "abc"}, "clientes[2].id_cliente"),
        ({"id_cliente": 0, "nome_razaosocial": "ANA"}, "clientes[2].id_cliente"),
        ({"id_cliente": True}, "clientes[2].id_cliente"),
    ],
)
def test_one_bad_row_loses_only_itself(bad: object, path: str) -> None:
    sent: list[Any] = [made.customer(1), made.customer(2), bad, made.customer(3)]
    found = answers.page(made.page("clientes", sent), "clientes", customer, size=500)
    assert [each.id for each in found.value] == [901, 902, 903]
    assert [problem.path for problem in found.problems] == [path]


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"data_cadastro": "ontem"}, "data_cadastro", "expected a date, found another text"),
        ({"cpf_cnpj": 1.5}, "cpf_cnpj", "expected a CPF or CNPJ, found another number"),
        ({"nome_razaosocial": {"senha": made.SECRET}}, "nome_razaosocial", "expected text, found a record"),
        ({"servicos": "Sem serviços"}, "servicos", "expected a list, found another text"),
        ({"servicos": [made.service(), 5]}, "servicos[1]", "expected a record, found another number"),
        (
            {"servicos": [{"senha": made.SECRET}]},
            "servicos[0].id_cliente_servico",
            "expected an id, found nothing",
        ),
        (
            {"servicos": [made.service(valor="grátis")]},
            "servicos[0].valor",
            "expected an amount, found another text",
        ),
        (
            {"servicos": [made.service(ultima_conexao=[1])]},
            "servicos[0].ultima_conexao",
            "expected a record, found a list",
        ),
        ({"ativo": "talvez"}, "ativo", "expected yes or no, found another text"),
        ({"alerta_mensagens": ["um", {"a": 1}]}, "alerta_mensagens[1]", "expected text, found a record"),
    ],
)
def test_a_bad_part_is_reported_by_its_path_and_kind_alone(
    changes: dict[str, Any], path: str, reason: str
) -> None:
    found = answers.page(made.page("clientes", [made.customer(**changes)]), "clientes", customer, size=500)
    assert found.value[0].id == 901
    assert found.problems == (RowProblem(path=f"clientes[0].{path}", reason=reason),)


def test_a_lookup_is_cut_when_as_many_rows_came_as_were_asked_for() -> None:
    sent = [made.customer(1), made.customer(2)]
    assert answers.found(made.answer("clientes", sent), "clientes", customer, limit=2).truncated
    assert not answers.found(made.answer("clientes", sent), "clientes", customer, limit=3).truncated


def test_rows_that_are_dropped_still_count_as_having_come() -> None:
    found = answers.found(
        made.answer("clientes", [made.customer(1), made.customer(2), "x"]),
        "clientes",
        customer,
        limit=3,
        keep=lambda one: one.id == 901,
    )
    assert [each.id for each in found.value] == [901]
    assert (found.truncated, found.dropped) == (True, 1)


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "success", "clientes": []},
        {"status": "suscess", "clientes": []},
        {"status": "error", "msg": "Nenhum cliente encontrado"},
        {"status": "error", "msg": "Cliente não encontrado", "errors": []},
    ],
)
def test_a_lookup_that_finds_nothing_is_empty(payload: dict[str, Any]) -> None:
    found = answers.found(payload, "clientes", customer, limit=5, things=verdicts.CUSTOMERS)
    assert found.value == ()
    assert not found.problems
    assert not found.truncated


def test_a_lookup_that_was_asked_wrongly_is_refused() -> None:
    with pytest.raises(Refused):
        answers.found({"status": "error", "msg": "Favor preencher o atributo"}, "clientes", customer, limit=5)


def test_a_roster_never_vanishes_quietly() -> None:
    with pytest.raises(Refused):
        answers.page({"status": "error", "msg": "Nenhum registro encontrado"}, "clientes", customer, size=5)
    with pytest.raises(BadAnswer):
        answers.page({"status": "success", "paginacao": {}}, "clientes", customer, size=5)
    assert answers.page(made.page("clientes", []), "clientes", customer, size=5).value == ()


def test_a_page_without_its_place_says_so() -> None:
    found = answers.page(made.answer("clientes", [made.customer()]), "clientes", customer, size=1)
    assert found.page is None
    assert found.truncated
    assert [problem.path for problem in found.problems] == ["paginacao"]


def test_one_record() -> None:
    assert answers.one(made.answer("cliente", made.customer()), "cliente", customer).value.id == 901
    for missing in (
        {"status": "success"},
        made.answer("cliente", []),
        made.answer("cliente", {"id_cliente": "x"}),
    ):
        with pytest.raises(BadAnswer, match="cliente"):
            answers.one(missing, "cliente", customer)


def test_a_confirmed_write_without_its_record_is_done_all_the_same() -> None:
    done = Customer(id=5)
    found = answers.one({"status": "success", "msg": "Feito"}, "cliente", customer, done=done)
    assert found.value is done
    assert [problem.path for problem in found.problems] == ["cliente"]
    with pytest.raises(BadAnswer):
        answers.one({"hello": "world"}, "cliente", customer, done=done)


def test_a_page_of_garbage_is_counted_not_hoarded() -> None:
    found = answers.page(made.page("clientes", [0] * 5000), "clientes", customer, size=500)
    assert len(found.problems) == rows.MAX_PROBLEMS + 1
    assert "4000 more" in found.problems[-1].reason

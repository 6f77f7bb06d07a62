"""What proves that there is no such thing, and what proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hubsoft_tui.api import verdicts
from hubsoft_tui.api.customers import customer_search, customers_page
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.search import SearchKey
from hubsoft_tui.api.tickets import add_message, customer_tickets, open_ticket, update_ticket
from hubsoft_tui.api.token import token
from hubsoft_tui.errors import BadAnswer, HubSoftError, NotFound, Refused, Unproven

from . import made
from .test_operations import body_of

DOCUMENT = "86214941081"


@pytest.mark.parametrize(
    "sentence",
    [
        "Nenhum cliente encontrado",
        "Nenhum cliente foi encontrado.",
        "Cliente não encontrado!",
        "CLIENTE NAO LOCALIZADO",
        "Cliente com o CPF/CNPJ informado não foi encontrado",
        "Nenhum cliente encontrado para o termo de busca informado (862.149.410-81)",
        "Não foram encontrados clientes",
        "Não existe cliente com o código 41",
        "Cliente inexistente",
        "Nenhum registro encontrado",
        "Nenhum resultado encontrado para a busca",
    ],
)
def test_hubsofts_own_sentence_proves_it(sentence: str) -> None:
    assert verdicts.says_absent(sentence, verdicts.CUSTOMERS)
    asked = customer_search("cpf_cnpj", DOCUMENT)
    for status in (200, 404):
        assert asked.read(body_of({"status": "error", "msg": sentence}), status=status).value == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "Nenhuma conexão com o banco de dados",
        "Nenhum servidor encontrado",
        "Servidor do cliente não encontrado",
        "servidor db-02 não encontrado",
        "Método/endpoint não disponível",
        "Rota não encontrada",
        "Página não encontrada",
        "Atendimento não encontrado",
        "Serviço do cliente não encontrado",
        "Cliente não encontrado, tente novamente",
        "Não foi possível consultar o cliente",
        "Cliente encontrado",
        "Not Found",
        "O campo cliente não foi informado",
        "Nenhum registro de licença encontrado",
        "Cliente OAuth não encontrado",
        "Nenhuma conexão encontrada",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 500])
def test_another_sentence_proves_nothing(sentence: str, status: int) -> None:
    assert not verdicts.says_absent(sentence, verdicts.CUSTOMERS)
    asked = customer_search("cpf_cnpj", DOCUMENT)
    with pytest.raises((Refused, BadAnswer)):
        asked.read(body_of({"status": "error", "msg": sentence}), status=status)


def test_a_sentence_about_tickets_is_about_tickets_alone() -> None:
    for said in ("Nenhum atendimento encontrado para o cliente", "Protocolo não encontrado"):
        assert verdicts.says_absent(said, verdicts.TICKETS)
    assert not verdicts.says_absent("Cliente não encontrado", verdicts.TICKETS)
    assert verdicts.says_absent("Nenhuma ordem de serviço encontrada", verdicts.WORK_ORDERS)
    assert verdicts.says_absent("Nenhuma fatura localizada", verdicts.INVOICES)


def test_what_stands_beside_the_sentence_counts_too() -> None:
    asked = customer_search("cpf_cnpj", DOCUMENT)
    said = {
        "status": "error",
        "msg": "Cliente não encontrado",
        "errors": ["Tempo esgotado no banco de dados"],
    }
    with pytest.raises(Refused):
        asked.read(body_of(said))


STRANGERS: list[Any] = [
    {"message": "no Route matched with those values"},
    {"message": "Cliente não encontrado"},
    {"error": "Not Found"},
    {"error": "Nenhum cliente encontrado"},
    {"status": 404, "error": "Not Found", "path": "/api/v1/integracao/cliente"},
    {"status": 404, "clientes": []},
    {"status": "404", "message": "Nenhum registro encontrado"},
    {"status": "error", "message": "Nenhum cliente encontrado"},
    {"statusCode": 404, "message": "Resource not found"},
    {"clientes": []},
    {"data": []},
    {},
    [],
    None,
    0,
    "Nenhum cliente encontrado",
]


@pytest.mark.parametrize("said", STRANGERS)
@pytest.mark.parametrize("status", [200, 201, 302, 400, 403, 404, 405, 413, 422, 500, 502, 503])
def test_a_stranger_proves_nothing_whatever_the_number(said: object, status: int) -> None:
    asked: tuple[Operation[Any], ...] = (
        customer_search("cpf_cnpj", DOCUMENT),
        customer_tickets("codigo_cliente", "41"),
        open_ticket(service_id=1, description="x", contact_name="x", contact_phone="3799992968"),
        token("1", "2", "3", "4"),
    )
    for operation in asked:
        with pytest.raises(BadAnswer):
            operation.read(body_of(said), status=status)


@pytest.mark.parametrize("body", [b"", b" ", b"<html>404</html>", b"404 page not found", b"\xff\x00"])
@pytest.mark.parametrize("status", [200, 204, 301, 400, 403, 404, 405, 413, 500, 503])
def test_no_json_proves_nothing_whatever_the_number(body: bytes, status: int) -> None:
    for kind in ("", "text/html", "text/plain", "application/json"):
        with pytest.raises(BadAnswer):
            customer_search("cpf_cnpj", DOCUMENT).read(body, status=status, content_type=kind)


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"clientes": None},
        {"clientes": ""},
        {"clientes": {}},
        {"clientes": "Nenhum cliente encontrado"},
        {"clientes": False},
        {"clientes": [None]},
        {"clientes": [{}]},
        {"clientes": [], "errors": ["Tempo esgotado"]},
        {"clientes": [], "paginacao": {"pagina_atual": 0, "ultima_pagina": 0, "total_registros": 1}},
        {"data": []},
    ],
)
def test_a_success_without_an_explicit_empty_list_proves_nothing(rest: dict[str, Any]) -> None:
    asked = customer_search("cpf_cnpj", DOCUMENT)
    with pytest.raises(Unproven):
        asked.read(body_of({"status": "success", "msg": "Dados consultados com sucesso", **rest}))


@pytest.mark.parametrize("own", [None, "", "  ", "-", 86214941081.0, 0, True, [], "862149410", "NaN"])
def test_a_row_that_does_not_say_whose_it_is_makes_the_answer_incomplete(own: object) -> None:
    asked = customer_search("cpf_cnpj", DOCUMENT)
    with pytest.raises(Unproven):
        asked.decode(made.answer("clientes", [made.customer(1, cpf_cnpj=own)]))
    beside = [made.customer(1, cpf_cnpj=DOCUMENT), made.customer(2, cpf_cnpj=own)]
    found = asked.decode(made.answer("clientes", beside))
    assert [each.incomplete for each in found.value] == [True]


def test_rows_of_others_are_no_match_and_prove_it() -> None:
    others = [made.customer(seed, cpf_cnpj=f"9000000019{seed}") for seed in range(3)]
    assert customer_search("cpf_cnpj", DOCUMENT).decode(made.answer("clientes", others)).value == ()
    with pytest.raises(Unproven):  # as many as were asked for: the right one may have been cut off
        customer_search("cpf_cnpj", DOCUMENT, limit=3).decode(made.answer("clientes", others))


@pytest.mark.parametrize(
    ("key", "term", "changes"),
    [
        (SearchKey.CODE, "77", {"codigo_cliente": None}),
        (SearchKey.LOGIN, "ana", {"servicos": None}),
        (SearchKey.SERVICE_ID, "9", {"servicos": [{}]}),
        (
            SearchKey.PHONE,
            "3799992968",
            {"telefone_primario": None, "telefone_secundario": None, "telefone_terciario": ""},
        ),
    ],
)
def test_the_same_holds_for_whatever_is_asked_by(key: SearchKey, term: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Unproven):
        customer_search(key, term).decode(made.answer("clientes", [made.customer(1, **changes)]))


@pytest.mark.parametrize("services", [None, "", {}, "x", [{}]])
def test_a_customer_whose_services_are_not_listed_is_incomplete(services: object) -> None:
    row = made.customer(1, cpf_cnpj=DOCUMENT, servicos=services)
    found = customer_search("cpf_cnpj", DOCUMENT).decode(made.answer("clientes", [row]))
    assert found.value[0].incomplete
    bare = {name: value for name, value in row.items() if name != "servicos"}
    assert customers_page(0).decode(made.page("clientes", [bare])).value[0].incomplete


def test_a_write_is_done_only_by_hubsofts_own_success() -> None:
    for operation in (update_ticket(1, status_id=2), add_message(1, "x")):
        for said in ({"status": 404, "error": "Not Found"}, {"status": 200}, {"status": "found"}):
            with pytest.raises(BadAnswer):
                operation.read(body_of(said))
        with pytest.raises(Refused):
            operation.read(body_of({"status": "error", "msg": "Atendimento não encontrado"}), status=404)


def test_only_the_first_two_are_errors_with_a_code_of_their_own() -> None:
    kinds: list[type[HubSoftError]] = [NotFound, Unproven, BadAnswer, Refused]
    assert [kind.exit_code for kind in kinds] == [3, 4, 4, 1]


def test_a_write_that_is_answered_401_by_a_page_may_have_happened() -> None:
    write = update_ticket(1, status_id=2)
    for body in (b"", b"<html>401</html>"):
        with pytest.raises(BadAnswer):
            write.read(body, status=401)

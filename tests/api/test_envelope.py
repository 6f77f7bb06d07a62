from __future__ import annotations

import json
from typing import Any

import pytest

from hubsoft_tui import texts
from hubsoft_tui.api import envelope, verdicts
from hubsoft_tui.api.models import Page
from hubsoft_tui.errors import BadAnswer, CredentialsRefused, HubSoftError, NotFound, RateLimited, Refused

from .made import SECRET

PLAIN = {"status": "success", "msg": "Divinópolis"}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(PLAIN).encode(),
        json.dumps(PLAIN, ensure_ascii=False).encode(),
        json.dumps(PLAIN, ensure_ascii=False).encode("latin-1"),
        json.dumps(PLAIN).encode("utf-8-sig"),
        b"\xef\xbb\xbf" + json.dumps(PLAIN, ensure_ascii=False).encode("latin-1"),
        json.dumps(json.dumps(PLAIN)).encode(),
        json.dumps(json.dumps(json.dumps(PLAIN))).encode(),
        b"\r\n \t" + json.dumps(PLAIN).encode() + b"\n",
    ],
)
def test_json_in_every_wrapping(body: bytes) -> None:
    assert envelope.parse(body, "application/json") == PLAIN
    assert envelope.parse(body, "text/html; charset=UTF-8") == PLAIN


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!doctype html><h1>502</h1>", "web page"),
        (b'{"status": "succ', "cut off"),
        (b"Service Unavailable", "not JSON"),
        (b'"{\\"status\\": "', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
    ids=lambda value: str(value)[:16],
)
def test_what_is_no_answer_of_hubsofts(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswer, match=words):
        envelope.parse(body)


def test_plain_text_called_html_is_a_page() -> None:
    with pytest.raises(BadAnswer, match="web page"):
        envelope.parse(b"Blocked by policy", "text/html")


def test_a_cut_answer_leaves_nothing_of_itself_in_the_error() -> None:
    body = json.dumps({"senha": SECRET}).encode()[:-1]
    with pytest.raises(BadAnswer) as caught:
        envelope.parse(body)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("status", ["success", "suscess", "Sucesso", "ok", True, 1])
def test_anything_but_an_error_is_success(status: object) -> None:
    payload = {"status": status, "clientes": []}
    assert envelope.check(payload) is payload


@pytest.mark.parametrize(
    ("payload", "kind", "shown"),
    [
        ({"status": "error", "msg": "Favor preencher o atributo (busca)"}, Refused, "preencher"),
        ({"status": "erro", "msg": "Limite"}, Refused, "Limite"),
        ({"status": "ERROR", "msg": "O limite máximo de resultados é de 100 itens"}, Refused, "100"),
        ({"status": "error", "msg": "O tipo de busca (mac) não é válido", "errors": []}, Refused, "mac"),
        ({"status": "error", "msg": "Dados", "errors": ["O campo pagina é obrigatório."]}, Refused, "pagina"),
        (
            {"status": "error", "msg": "x", "errors": {"nome": ["O campo nome é obrigatório."]}},
            Refused,
            "campo nome",
        ),
        ({"status": "error", "msg": "x", "errors": "um texto"}, Refused, "um texto"),
        ({"status": "error", "errors": None}, BadAnswer, "unknown form"),
        ({"status": "error", "message": "Backend down"}, BadAnswer, "unknown form"),
        ({"message": "no Route matched with those values"}, BadAnswer, "unknown form"),
        ({"errors": ["x"]}, BadAnswer, "unknown form"),
        ({"status": False, "msg": "Não foi possível"}, Refused, "possível"),
        (
            {"message": "The given data was invalid.", "errors": {"nome": ["Obrigatório."]}},
            Refused,
            "Obrigatório",
        ),
        ({"message": "Método index não disponível"}, Refused, "index"),
        ({"status": "error", "msg": "Produto de ID 4 não encontrado"}, Refused, "Produto"),
        ({"status": "error", "msg": "Equipamento não encontrado!", "errors": []}, Refused, "Equipamento"),
        ({"status": "error", "msg": "Nenhum cliente encontrado"}, NotFound, "cliente"),
        ({"status": "error", "msg": "Nenhum valor válido no campo obrigatório"}, Refused, "valor"),
        ({"error": "invalid_credentials", "message": "incorrect."}, CredentialsRefused, "credentials"),
        ([], BadAnswer, "unknown form"),
        (None, BadAnswer, "unknown form"),
        ("ok", BadAnswer, "unknown form"),
    ],
)
def test_every_way_of_saying_no(payload: Any, kind: type[HubSoftError], shown: str) -> None:
    with pytest.raises(HubSoftError, match=shown) as caught:
        envelope.check(payload, verdicts.CUSTOMERS)
    assert type(caught.value) is kind


def test_hubsofts_words_are_cleaned_cut_and_name_no_customer() -> None:
    words = (
        "CPF 862.149.410-81 ou 86214941081, CNPJ 12.ABC.345/01DE-35, ana@example.com\x1b[31m " + "x" * 1000
    )
    error = envelope.refusal({"status": "error", "msg": words})
    assert isinstance(error, Refused)
    assert not any(private in error.words for private in ("862", "ABC", "ana@", "\x1b"))
    assert len(error.words) < 320


def test_a_protocol_is_not_mistaken_for_a_document() -> None:
    error = envelope.refusal({"status": "error", "msg": "Protocolo 20260115102030000001 fechado"})
    assert "20260115102030000001" in str(error)


def test_what_laravel_says_about_a_password_is_not_quoted() -> None:
    error = envelope.refusal(
        {"status": "error", "msg": "x", "errors": {"senha": [SECRET], "a.senhas": SECRET}}
    )
    assert SECRET not in repr(error) + str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "shown"),
    [
        (401, b'{"message":"Unauthenticated."}', CredentialsRefused, "credentials"),
        (401, b"", CredentialsRefused, "credentials"),
        (401, b"<html>", BadAnswer, "401"),
        (400, b'{"error":"invalid_grant"}', CredentialsRefused, "credentials"),
        (400, b'{"error":"invalid_client","message":"x"}', CredentialsRefused, "credentials"),
        (403, b"", BadAnswer, "403"),
        (403, b'{"message":"Forbidden"}', BadAnswer, "403"),
        (403, b'{"status":"error","msg":"Sem permiss\xc3\xa3o"}', Refused, "Sem permiss"),
        (404, b"<html>", BadAnswer, "not as HubSoft does"),
        (404, b'{"status":"error","msg":"Atendimento n\xc3\xa3o encontrado"}', Refused, "Atendimento"),
        (404, b'{"status":404,"error":"Not Found"}', BadAnswer, "404"),
        (405, b'{"message":"M\xc3\xa9todo index n\xc3\xa3o dispon\xc3\xadvel"}', Refused, "index"),
        (413, b"<html>", BadAnswer, "413"),
        (405, b"", BadAnswer, "405"),
        (422, b'{"message":"The given data was invalid.","errors":{"nome":["Falta."]}}', Refused, "Falta"),
        (429, b"", RateLimited, "429"),
        (500, b'{"message":"Server Error"}', BadAnswer, "500"),
        (502, b"<html>", BadAnswer, "502"),
        (302, b"", BadAnswer, "elsewhere"),
    ],
)
def test_every_http_status(status: int, body: bytes, kind: type[HubSoftError], shown: str) -> None:
    error = envelope.failure(status, body)
    assert type(error) is kind
    assert shown in str(error)


def test_both_paginations_count_from_zero() -> None:
    place = {"primeira_pagina": 0, "ultima_pagina": "501", "pagina_atual": 496, "total_registros": 1506}
    _rows, page = envelope.rows({"paginacao": place, "k": []}, "k")
    assert page == Page(number=496, last=501, total=1506)
    laravel = {"current_page": 8, "data": [1, 2], "last_page": 9, "total": 18}
    rows, page = envelope.rows({"k": laravel}, "k")
    assert rows == [1, 2]
    assert page == Page(number=7, last=8, total=18)


@pytest.mark.parametrize("place", [{}, {"pagina_atual": "x"}, {"pagina_atual": -1}, [], "1"])
def test_an_unreadable_place_is_no_page(place: object) -> None:
    assert envelope.rows({"paginacao": place, "k": []}, "k") == ([], None)


def test_a_php_list_with_gaps_is_a_list() -> None:
    assert envelope.rows({"k": {"0": "a", "2": "b"}}, "k")[0] == ["a", "b"]


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "success"},
        {"status": "success", "k": None},
        {"k": "x"},
        {"k": 5},
        {"k": {}},
        {"hello": "x"},
    ],
)
def test_a_missing_list_is_loud(payload: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="“k”"):
        envelope.rows(payload, "k")


@pytest.fixture(autouse=True)
def _in_english() -> None:
    texts.use("en")

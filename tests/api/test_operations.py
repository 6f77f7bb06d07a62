from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hubsoft_tui.api.choices import Table, choices
from hubsoft_tui.api.connections import connection_sessions
from hubsoft_tui.api.customers import PERSON_RELATIONS, customer_search, customers_page
from hubsoft_tui.api.invoices import customer_invoices
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.search import SearchKey, SessionKey
from hubsoft_tui.api.tickets import (
    TicketDate,
    add_message,
    close_ticket,
    customer_tickets,
    customer_work_orders,
    open_ticket,
    tickets_page,
    update_ticket,
)
from hubsoft_tui.api.token import token
from hubsoft_tui.errors import BadAnswer, CredentialsRefused, Refused

from . import made

DAY = date(2026, 1, 15)


def body_of(payload: object) -> bytes:
    return json.dumps(payload).encode()


def test_a_search_asks_for_everything_about_a_person() -> None:
    asked = customer_search("cpf_cnpj", "862.149.410-81")
    assert (asked.method, asked.path) == ("GET", "/api/v1/integracao/cliente")
    assert asked.query == {
        "busca": "cpf_cnpj",
        "termo_busca": "86214941081",
        "limit": "100",
        "cancelado": "sim",
        "inativo": "todos",
        "ultima_conexao": "sim",
        "relacoes": "endereco_instalacao,interface,equipamento_conexao",
    }
    assert asked.repeatable


def test_a_search_with_unreadable_rows_proves_no_absence() -> None:
    asked = customer_search("cpf_cnpj", "862.149.410-81")
    with pytest.raises(BadAnswer):
        asked.decode(made.answer("clientes", [made.customer(id_cliente="?")]))


def test_a_record_beside_one_that_cannot_be_read_does_not_tell_everything() -> None:
    readable = made.customer(cpf_cnpj="862.149.410-81")
    asked = customer_search("cpf_cnpj", "862.149.410-81")
    (found,) = asked.decode(made.answer("clientes", [readable, made.customer(id_cliente="?")])).value
    assert found.incomplete
    (found,) = asked.decode(made.answer("clientes", [readable])).value
    assert not found.incomplete


def test_a_search_can_ask_for_less() -> None:
    asked = customer_search(SearchKey.NAME, " ana ", limit=5)
    assert (asked.query["termo_busca"], asked.query["limit"]) == ("ana", "5")


@pytest.mark.parametrize(
    ("key", "term", "kept"),
    [
        (SearchKey.DOCUMENT, "000.000.001-91", [901]),
        (SearchKey.DOCUMENT, "00000000272", []),
        (SearchKey.CODE, "41", [901]),
        (SearchKey.CODE, "042", [902]),
        (SearchKey.CUSTOMER_ID, "902", [902]),
        (SearchKey.SERVICE_ID, "5002", [902]),
        (SearchKey.LOGIN, "Cliente1", [901]),
        (SearchKey.LOGIN, "cliente", []),
        (SearchKey.PHONE, "(59) 0000-0002", [902]),
        (SearchKey.PHONE, "5900000001", [901]),
        (SearchKey.PHONE, "35900000", []),
        (SearchKey.NAME, "qualquer", [901, 902]),
        (SearchKey.MAC, "AABB", [901, 902]),
    ],
)
def test_only_exact_matches_are_kept_except_for_names(key: SearchKey, term: str, kept: list[int]) -> None:
    rows = [made.customer(1, cpf_cnpj="00000000191"), made.customer(2, cpf_cnpj="90000000191")]
    found = customer_search(key, term).decode(made.answer("clientes", rows))
    assert [each.id for each in found.value] == kept


def test_a_full_answer_is_marked_even_if_little_of_it_is_kept() -> None:
    rows = [made.customer(seed) for seed in range(1, 4)]
    assert customer_search(SearchKey.CODE, "41", limit=3).decode(made.answer("clientes", rows)).truncated


def test_a_roster_page() -> None:
    asked = customers_page(3, 100, statuses=["suspenso_debito"], cancelled=True)
    assert asked.query == {
        "pagina": "3",
        "itens_por_pagina": "100",
        "cancelado": "sim",
        "servico_status": "suspenso_debito",
    }
    found = asked.decode(made.page("clientes", [made.customer()], number=3, last=7))
    assert found.page is not None
    assert (found.page.number, found.page.last, found.page.total) == (3, 7, 1)


def test_a_customers_lists_ask_for_the_newest_and_name_their_defaults() -> None:
    tickets = customer_tickets("protocolo", "20260115102030000001", only_pending=False, start=DAY)
    assert tickets.query == {
        "busca": "protocolo",
        "termo_busca": "20260115102030000001",
        "limit": "50",
        "apenas_pendente": "nao",
        "order_by": "data_cadastro",
        "order_type": "desc",
        "data_inicio": "2026-01-15",
    }
    invoices = customer_invoices("codigo_cliente", "41", newest_first=False)
    assert (invoices.query["order_by"], invoices.query["order_type"]) == ("data_vencimento", "asc")
    orders = customer_work_orders("cpf_cnpj", "862.149.410-81", status="finalizado", end=DAY)
    assert (orders.query["status"], orders.query["data_fim"]) == ("finalizado", "2026-01-15")
    sessions = connection_sessions(SessionKey.MAC, "58:10:8C:4B:FF:AA")
    assert sessions.query["termo_busca"] == "58108c4bffaa"


@pytest.mark.parametrize(
    ("asked", "key", "row"),
    [
        (customer_tickets("cpf_cnpj", "00000000191"), "atendimentos", made.labelled_ticket()),
        (customer_invoices("cpf_cnpj", "00000000191"), "faturas", {"id_fatura": "5"}),
        (customer_work_orders("cpf_cnpj", "00000000191"), "ordens_servico", made.work_order()),
        (connection_sessions("login", "ana"), "registros", {"username": "ana"}),
    ],
)
def test_a_customers_lists_decode(asked: Operation[tuple[Any, ...]], key: str, row: dict[str, Any]) -> None:
    assert len(asked.decode(made.answer(key, [row])).value) == 1
    for status in (200, 404):
        said = body_of({"status": "error", "msg": "Nenhum registro encontrado"})
        assert asked.read(said, status=status).value == ()
    with pytest.raises(BadAnswer):
        asked.read(b"<html>", status=404)
    with pytest.raises(Refused):
        asked.read(body_of({"status": "error", "msg": "Favor preencher o atributo (busca)"}))


@pytest.mark.parametrize(
    ("key", "term", "kept"),
    [
        (SearchKey.DOCUMENT, "000.000.001-91", [301, 303]),
        (SearchKey.CODE, "41", [301, 303]),
        (SearchKey.SERVICE_ID, "123", [301, 303]),
        (SearchKey.PROTOCOL, "201806191505251", [301]),
    ],
)
def test_another_customers_rows_are_never_shown_as_this_ones(
    key: SearchKey, term: str, kept: list[int]
) -> None:
    other = {"codigo_cliente": 141, "nome_razaosocial": "BIA", "cpf_cnpj": "100000000191"}
    rows = [
        made.labelled_ticket(1, servico=[]),
        made.labelled_ticket(
            2, cliente=other, servico={"id_cliente_servico": "1123"}, protocolo="1201806191505251"
        ),
        made.labelled_ticket(3, cliente=None, servico=None, protocolo="9"),
    ]
    found = customer_tickets(key, term, limit=3).decode(made.answer("atendimentos", rows))
    assert [each.id for each in found.value] == kept
    assert found.truncated


def test_a_page_of_tickets() -> None:
    asked = tickets_page(0, 500, start=DAY, end=DAY, by=TicketDate.CLOSED, status_ids=[22, 23])
    assert asked.query == {
        "pagina": "0",
        "itens_por_pagina": "500",
        "data_inicio": "2026-01-15",
        "data_fim": "2026-01-15",
        "tipo_data": "data_fechamento",
        "status_atendimento": "22,23",
        "relacoes": "cliente_servico,usuarios_responsaveis",
    }
    found = asked.decode(made.page("atendimentos", [made.rich_ticket(1), 5, made.rich_ticket(2)]))
    assert [each.id for each in found.value] == [301, 302]
    assert [problem.path for problem in found.problems] == ["atendimentos[1]"]


def test_opening_a_ticket() -> None:
    asked = open_ticket(
        service_id=5001,
        description=" sem sinal ",
        contact_name="Ana",
        contact_phone="(35) 99999-0001",
        type_id=109,
    )
    assert (asked.method, asked.path, asked.repeatable) == ("POST", "/api/v1/integracao/atendimento", False)
    assert asked.body == {
        "id_cliente_servico": 5001,
        "descricao": "sem sinal",
        "nome": "Ana",
        "telefone": "35999990001",
        "abrir_os": False,
        "id_tipo_atendimento": 109,
    }
    opened = asked.read(body_of(made.answer("atendimento", made.labelled_ticket()))).value
    assert opened.protocol == "201806191505251"
    with pytest.raises(BadAnswer):  # without a protocol it is unknown what was opened
        asked.read(body_of({"status": "success", "msg": "Feito"}))


def test_updating_and_closing_a_ticket() -> None:
    changed = update_ticket(301, status_id=23)
    assert (changed.method, changed.path, changed.repeatable) == (
        "PUT",
        "/api/v1/integracao/atendimento/301",
        False,
    )
    assert changed.body == {"fechar_atendimento": False, "parametros": {}, "id_atendimento_status": 23}
    assert changed.decode(made.answer("atendimento", made.flat_ticket())).value.status_id == 24
    assert changed.decode({"status": "success", "msg": "Feito"}).value.id == 301
    closed = close_ticket(301, reason_id=7, description="resolvido")
    assert closed.body == {
        "fechar_atendimento": True,
        "parametros": {},
        "parametros_fechamento": {
            "id_motivo_fechamento_atendimento": 7,
            "descricao_fechamento": "resolvido",
            "status_fechamento": "concluido",
        },
    }
    assert not closed.repeatable
    assert close_ticket(301).body == {"fechar_atendimento": True, "parametros": {}}


def test_adding_a_message() -> None:
    asked = add_message(301, "a caminho")
    assert (asked.body, asked.repeatable) == ({"mensagem": "a caminho"}, False)
    assert asked.path == "/api/v1/integracao/atendimento/adicionar_mensagem/301"
    assert asked.decode(made.answer("atendimento_mensagem", made.message())).value.id == 801
    assert asked.decode({"status": "success", "msg": "Feito"}).value.text == "a caminho"


def test_tables() -> None:
    asked = choices(Table.TICKET_CLOSING_REASONS)
    assert asked.path == "/api/v1/integracao/configuracao/motivo_fechamento_atendimento"
    assert asked.query == {}
    assert choices(Table.CITIES).query == {"listar_todas_cidades": "sim"}
    statuses = choices(Table.TICKET_STATUSES)
    row = {
        "id_atendimento_status": 22,
        "descricao": "Pendente",
        "prefixo": "PENDENTE",
        "abrir_ordem_servico": True,
    }
    (found,) = statuses.decode(made.answer("status_atendimento", [row])).value
    assert (found.id, found.label, found.prefix, found.extra) == (
        22, "Pendente", "PENDENTE", {"opens_work_order": True},
    )  # fmt: skip
    with pytest.raises(BadAnswer):
        statuses.read(b"", status=404)


def test_logging_in() -> None:
    asked = token("89", "s3cret", "api@example.invalid", "pa55word")
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.body is not None
    assert asked.body["grant_type"] == "password"
    for shown in (repr(asked), str(asked), asked.shown_path):
        assert not any(private in shown for private in ("s3cret", "pa55word", "api@example", "89"))
    with pytest.raises(CredentialsRefused):
        asked.read(body_of({"error": "invalid_credentials", "message": "incorrect"}), status=401)
    assert asked.read(body_of({"access_token": "abc", "expires_in": 60})).value.lifetime == 60


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (customer_search("cpf_cnpj", "862.149.410-81"),
         "cliente?busca=cpf_cnpj&termo_busca=***&limit=100&cancelado=sim&inativo=todos&ultima_conexao=sim&relacoes="
         + ",".join(PERSON_RELATIONS)),
        (connection_sessions("login", "ana.silva"),
         "cliente/extrato_conexao?busca=login&termo_busca=***&limit=50"),
        (add_message(301, "private words"), "atendimento/adicionar_mensagem/301"),
        (choices(Table.TICKET_TYPES), "configuracao/tipo_atendimento"),
    ],
)  # fmt: skip
def test_what_is_shown_names_no_person(asked: Operation[Any], shown: str) -> None:
    assert asked.shown_path == shown
    assert shown in repr(asked)
    assert not any(private in repr(asked) for private in ("862", "silva", "private"))


def test_unforeseen_parameters_are_hidden() -> None:
    asked = choices(Table.TICKET_TYPES)
    odd = Operation(name="x", method="GET", path="/x", decode=asked.decode, query={"nova": "86214941081"})
    assert odd.shown_path == "x?nova=***"


@pytest.mark.parametrize(
    "build",
    [
        lambda: customer_search("cpf_cnpj", "1", limit=0),
        lambda: customer_search("cpf_cnpj", "1", limit=101),
        lambda: customer_search("cpf_cnpj", " .- "),
        lambda: customer_search("nome_razaosocial", "x" * 256),
        lambda: customer_search("codigo_cliente", "12a"),
        lambda: customer_search("protocolo", "1"),
        lambda: customer_search("inventado", "1"),
        lambda: customers_page(-1),
        lambda: customers_page(0, 501),
        lambda: customers_page(0, True),
        lambda: customer_tickets("cpf_cnpj", "1", limit=51),
        lambda: customer_tickets("telefone", "1"),
        lambda: customer_invoices("protocolo", "1"),
        lambda: customer_work_orders("cpf_cnpj", "1", status="inventado"),
        lambda: connection_sessions("mac", "::"),
        lambda: tickets_page(0, 0, start=DAY, end=DAY),
        lambda: tickets_page(0, start=DAY, end=date(2026, 1, 14)),
        lambda: open_ticket(service_id=0, description="a", contact_name="b", contact_phone="1"),
        lambda: open_ticket(service_id=1, description=" ", contact_name="b", contact_phone="1"),
        lambda: open_ticket(service_id=1, description="a", contact_name="b", contact_phone="x"),
        lambda: add_message(1, "\n"),
    ],
)
def test_a_programmers_mistake_is_a_value_error(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        build()


def test_an_http_status_is_read_before_the_body() -> None:
    asked = customers_page(0)
    with pytest.raises(BadAnswer, match="502"):
        asked.read(b"<html>Bad Gateway</html>", status=502)
    with pytest.raises(BadAnswer, match="404"):
        asked.read(b"", status=404)
    assert asked.read(body_of(made.page("clientes", [])), status=201).value == ()

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hubsoft_tui.api import answers
from hubsoft_tui.api.customers import customer
from hubsoft_tui.api.models import Address, Connection, Customer
from hubsoft_tui.formats import BRASILIA

from . import made


def decode(**changes: Any) -> Customer:
    found = answers.found(made.answer("clientes", [made.customer(**changes)]), "clientes", customer, limit=5)
    assert found.problems == ()
    return found.value[0]


def test_a_customer_in_full() -> None:
    found = decode(cpf_cnpj="053.336.146-22", nome_razaosocial="ANA SILVA", alerta_mensagens=["Rompimento"])
    assert (found.id, found.code, found.name, found.kind) == (901, 41, "ANA SILVA", "pf")
    assert found.document == "05333614622"
    assert found.phones == ("35900000001",)
    assert found.emails == ("pessoa1@example.invalid",)
    assert found.registered_at == datetime(2020, 2, 3, 4, 5, 6, tzinfo=BRASILIA)
    assert found.born_on == date(1980, 6, 7)
    assert found.alerts == ("Rompimento",)
    assert found.trade_name is None
    assert found.enabled is None


def test_a_service_in_full() -> None:
    (found,) = decode(servicos=[made.service(1, valor="119.9")]).services
    assert (found.id, found.status, found.status_prefix) == (5001, "Serviço Habilitado", "servico_habilitado")
    assert found.price == Decimal("119.9")
    assert (found.login, found.mac, found.interface, found.equipment) == (
        "cliente1", "AA:BB:CC:DD:EE:FF", "PON5", "OLT CENTRO",
    )  # fmt: skip
    assert found.enabled_at == datetime(2024, 3, 5, tzinfo=BRASILIA)
    assert found.connection == Connection(
        online=True,
        since=datetime(2026, 1, 15, 18, 22, 24, tzinfo=BRASILIA),
        ipv4="100.64.0.9",
        nas_ip="10.28.33.20",
        text="CONECTADO HÁ 22 HORA(S)",
    )


def test_both_spellings_of_the_birthday() -> None:
    assert decode(data_nascmento=None, data_nascimento="1990-01-02").born_on == date(1990, 1, 2)


def test_a_phone_of_free_text_is_kept_and_repeated_ones_are_not() -> None:
    found = decode(
        telefone_primario="(37)9995-92109", telefone_secundario="(37)9995-92109", telefone_terciario=35
    )
    assert found.phones == ("(37)9995-92109", "35")


@pytest.mark.parametrize(
    ("estado", "uf", "state"),
    [("MG", "MINAS GERAIS", "MG"), ("MINAS GERAIS", "MG", "MG"), ("mg", None, "MG"), (None, "MG", "MG"),
     ("MINAS GERAIS", "", "MINAS GERAIS"), ("", None, None)],
)  # fmt: skip
def test_of_estado_and_uf_the_two_letters_win(estado: object, uf: object, state: str | None) -> None:
    found = decode(servicos=[made.service(endereco_instalacao=made.address(estado=estado, uf=uf))])
    address = found.services[0].address
    assert address is not None
    assert address.state == state


def test_an_address_with_and_without_the_kind_of_street() -> None:
    whole = decode(servicos=[made.service(endereco_instalacao=made.address(endereco="DAS ACÁCIAS"))])
    bare = decode(servicos=[made.service(endereco_instalacao={"endereco": "MARIA", "numero": 587})])
    assert whole.services[0].address is not None
    assert whole.services[0].address.street == "RUA DAS ACÁCIAS"
    assert bare.services[0].address == Address(street="MARIA", number="587")


@pytest.mark.parametrize("nothing", [[], None, "", {}])
def test_absent_objects_come_in_many_forms(nothing: object) -> None:
    names = ("ultima_conexao", "interface", "equipamento_conexao", "endereco_instalacao")
    (found,) = decode(servicos=[made.service() | dict.fromkeys(names, nothing)]).services
    assert (found.connection, found.interface, found.equipment, found.address) == (None, None, None, None)


def test_a_line_that_is_down_says_since_when() -> None:
    last = made.service()["ultima_conexao"] | {"conectado": False}
    (found,) = decode(servicos=[made.service(ultima_conexao=last)]).services
    assert found.connection is not None
    assert found.connection.online is False
    assert found.connection.since == datetime(2026, 1, 14, 10, tzinfo=BRASILIA)


def test_unknown_prefixes_and_keys_pass() -> None:
    found = decode(
        chave_nova=[1], servicos=[made.service(status_prefixo="suspenso_judicial", vlan={"id": 9})]
    )
    assert found.services[0].status_prefix == "suspenso_judicial"


def test_hostile_texts_are_harmless() -> None:
    found = decode(nome_razaosocial="[red]x[/]\x1b]52;c;AAAA\x07", servicos=[made.service(login="a\u202eb")])
    assert found.name == "[red]x[/]\ufffd]52;c;AAAA\ufffd"
    assert found.services[0].login == "a\ufffdb"


def test_passwords_are_nowhere() -> None:
    found = decode(senha=made.SECRET, servicos=[made.service(senha={"x": made.SECRET})])
    assert made.SECRET not in repr(found)
    assert made.SECRET.encode() not in msgspec.json.encode(found)


def test_a_customer_can_be_stored_and_read_back() -> None:
    found = decode()
    assert msgspec.json.decode(msgspec.json.encode(found), type=Customer) == found
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Customer) == found

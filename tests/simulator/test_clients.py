from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubsoft_tui.simulator import SimCustomer, Simulator
from hubsoft_tui.simulator.people import HOSTILE_TEXT

from .conftest import Visitor

BIANCA = "86214941081"


def test_one_customer_on_the_wire(visitor: Visitor) -> None:
    (row,) = visitor.search("cpf_cnpj", BIANCA, ultima_conexao="sim")
    assert row["codigo_cliente"] == 1204
    assert row["cpf_cnpj"] == BIANCA
    assert row["tipo_pessoa"] == "pf"
    assert row["alerta"] is True
    assert len(row["alerta_mensagens"]) == 1
    assert "data_nascmento" in row  # HubSoft's own spelling
    (service,) = row["servicos"]
    assert service["status_prefixo"] == "servico_habilitado"
    assert service["status"] == "Serviço Habilitado"
    assert service["senha"].startswith("senha-falsa-")
    assert service["ultima_conexao"] == [] or "conectado" in service["ultima_conexao"]


def test_relations_come_only_when_named(visitor: Visitor) -> None:
    (plain,) = visitor.search("cpf_cnpj", BIANCA)
    (full,) = visitor.search("cpf_cnpj", BIANCA, relacoes="endereco_instalacao,interface,senhas")
    for name in ("endereco_instalacao", "interface", "senhas", "ultima_conexao"):
        assert name not in plain["servicos"][0]
    service = full["servicos"][0]
    address = service["endereco_instalacao"]
    assert (address["estado"], address["uf"]) == ("MG", "MINAS GERAIS")
    assert service["senhas"][0]["senha"].startswith("senha-falsa-")
    assert "endereco_fiscal" not in service


def test_older_servers_give_relations_unasked(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    (row,) = visit(make_simulator(always_relations=True)).search("cpf_cnpj", BIANCA)
    assert "endereco_cobranca" in row["servicos"][0]
    assert "equipamento_conexao" in row["servicos"][0]


@pytest.mark.parametrize(
    ("kind", "term"),
    [
        ("cpf_cnpj", BIANCA),
        ("codigo_cliente", 1204),
        ("id_cliente", 11942),
        ("id_cliente_servico", 16982),
        ("login_radius", "BiancaCouto8621"),
        ("telefone", "37999450812"),
        ("nome_razaosocial", "bianca cou"),
    ],
)
def test_every_way_to_find_a_customer(visitor: Visitor, kind: str, term: object) -> None:
    assert [row["codigo_cliente"] for row in visitor.search(kind, term)] == [1204]


def test_names_are_found_by_any_part_without_accents_and_case(simulator: Simulator, visitor: Visitor) -> None:
    assert [row["codigo_cliente"] for row in visitor.search("nome_razaosocial", "pao de minas")] == [2024]
    expected = [person for person in simulator.customers if "SILVA" in person.name]
    found = visitor.search("nome_razaosocial", "silva", limite=100, cancelado="todos", inativo="todos")
    assert {row["codigo_cliente"] for row in found} == {person.code for person in expected}


def test_five_rows_unless_told_and_a_hundred_at_most(visitor: Visitor) -> None:
    assert len(visitor.search("nome_razaosocial", "a")) == 5
    assert len(visitor.search("nome_razaosocial", "a", limite=100)) == 100
    refused = visitor.raw("cliente", busca="nome_razaosocial", termo_busca="a", limite=101)
    assert refused.status_code == 200
    assert refused.json() == {"status": "error", "msg": "O limite máximo de resultados é de 100 itens"}


def test_no_customer_is_an_empty_success(visitor: Visitor) -> None:
    assert visitor.search("cpf_cnpj", "52998224725") == []


def test_recorded_refusals(visitor: Visitor) -> None:
    assert visitor.get("cliente") == {"status": "error", "msg": "Favor preencher o atributo (busca)"}
    missing = visitor.get("cliente", busca="cpf_cnpj")
    assert missing == {"status": "error", "msg": "Favor preencher o atributo (termo_busca)"}
    wrong = visitor.get("cliente", busca="signo", termo_busca="x")
    assert wrong["msg"].startswith(
        "O tipo de busca (signo) não é válido | Valores aceitos para esse campo: nome_"
    )
    assert "errors" not in wrong
    paging = visitor.get("cliente/todos")
    assert paging["errors"] == ["O campo pagina é obrigatório.", "O campo itens por pagina é obrigatório."]


def _first_customer(simulator: Simulator, fits: Callable[[SimCustomer], bool]) -> SimCustomer:
    return next(person for person in simulator.customers if fits(person))


def test_cancelled_and_inactive_are_hidden_unless_asked_for(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    simulator = make_simulator(customers=2000)
    visitor = visit(simulator)
    gone = _first_customer(simulator, lambda p: set(p.statuses) == {"cancelado"} and p.enabled)
    off = _first_customer(simulator, lambda p: not p.enabled)
    assert visitor.search("cpf_cnpj", gone.document) == []
    assert len(visitor.search("cpf_cnpj", gone.document, cancelado="sim")) == 1
    assert visitor.search("cpf_cnpj", off.document, cancelado="sim") == []
    assert len(visitor.search("cpf_cnpj", off.document, cancelado="sim", inativo="todos")) == 1


def test_a_status_filter_keeps_the_other_services(visitor: Visitor) -> None:
    (row,) = visitor.search("cpf_cnpj", BIANCA, cancelado="sim", servico_status="cancelado")
    assert {service["status_prefixo"] for service in row["servicos"]} == {"servico_habilitado", "cancelado"}
    assert visitor.search("cpf_cnpj", BIANCA, servico_status="suspenso_debito") == []


def _roster(visitor: Visitor, size: int, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page, last, total = 0, 0, -1
    while page <= last:
        answer = visitor.get("cliente/todos", pagina=page, itens_por_pagina=size, **query)
        head = answer["paginacao"]
        assert (head["primeira_pagina"], head["pagina_atual"]) == (0, page)
        last, total = head["ultima_pagina"], head["total_registros"]
        rows += answer["clientes"]
        page += 1
    assert len(rows) == total
    return rows


@pytest.mark.parametrize("size", [7, 200, 500])
def test_the_whole_roster_page_by_page(simulator: Simulator, visitor: Visitor, size: int) -> None:
    rows = _roster(visitor, size, cancelado="sim")
    assert {row["cpf_cnpj"] for row in rows} == {person.document for person in simulator.customers}
    assert [row["data_cadastro"] for row in rows] == sorted(row["data_cadastro"] for row in rows)
    assert all("alerta" not in row for row in rows)
    assert all("ultima_conexao" not in service for row in rows for service in row["servicos"])


def test_the_roster_can_be_narrowed(simulator: Simulator, visitor: Visitor) -> None:
    rows = _roster(visitor, 500, servico_status="servico_habilitado")
    assert {row["cpf_cnpj"] for row in rows} == {
        person.document for person in simulator.customers if person.active
    }
    assert _roster(visitor, 500, data_inicio="1990-01-01", data_fim="1990-12-31") == []


def test_page_sizes_are_limited(visitor: Visitor) -> None:
    for size in (0, 501):
        assert visitor.get("cliente/todos", pagina=0, itens_por_pagina=size)["status"] == "error"


def test_a_status_can_change_and_a_roster_can_shrink(simulator: Simulator, visitor: Visitor) -> None:
    enabled = {row["cpf_cnpj"] for row in _roster(visitor, 500, servico_status="servico_habilitado")}
    simulator.set_status(BIANCA, "cancelado")
    assert visitor.search("cpf_cnpj", BIANCA) == []
    after = {row["cpf_cnpj"] for row in _roster(visitor, 500, servico_status="servico_habilitado")}
    assert enabled - after == {BIANCA}
    before = visitor.get("cliente/todos", pagina=0, itens_por_pagina=1, cancelado="sim")["paginacao"]
    removed = simulator.remove_customer(simulator.customers[50])
    shorter = visitor.get("cliente/todos", pagina=0, itens_por_pagina=1, cancelado="sim")["paginacao"]
    assert shorter["total_registros"] == before["total_registros"] - 1
    simulator.add_customer(removed)
    assert len(visitor.search("cpf_cnpj", removed.document, cancelado="sim", inativo="todos")) == 1


def test_hostile_texts_are_everywhere_a_text_is_free(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    simulator = make_simulator(hostile=True)
    visitor, hostile = visit(simulator), simulator.hostile
    assert hostile is not None
    (row,) = visitor.search("cpf_cnpj", hostile.document, relacoes="endereco_instalacao,interface")
    service = row["servicos"][0]
    assert row["nome_razaosocial"] == row["alerta_mensagens"][0] == service["nome"] == HOSTILE_TEXT
    assert service["status"] == service["endereco_instalacao"]["completo"] == HOSTILE_TEXT
    assert service["status_prefixo"] == "servico_habilitado"
    for path, key in (("atendimento", "descricao_abertura"), ("financeiro", "tipo_cobranca")):
        answer = visitor.get(f"cliente/{path}", busca="cpf_cnpj", termo_busca=hostile.document)
        rows = next(value for value in answer.values() if isinstance(value, list))
        assert rows
        assert all(row[key] == HOSTILE_TEXT for row in rows)


def test_disconnecting_is_a_get_with_a_side_effect(simulator: Simulator, visitor: Visitor) -> None:
    assert visitor.get("cliente/solicitar_desconexao/16982") == {
        "status": "success",
        "msg": "A desconexão foi bem sucedida para o login biancacouto8621!",
        "login": "biancacouto8621",
    }
    assert [done.detail for done in simulator.provider.actions] == ["biancacouto8621"]
    assert visitor.get("cliente/solicitar_desconexao/1")["errors"] == []

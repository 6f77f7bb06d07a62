from __future__ import annotations

import re
from typing import Any

from hubsoft_tui.simulator import Simulator

from .conftest import Visitor

BIANCA = {"busca": "cpf_cnpj", "termo_busca": "86214941081"}
DAY = re.compile(r"\d\d/\d\d/\d{4}")


def _tickets(visitor: Visitor, **query: Any) -> list[dict[str, Any]]:
    answer = visitor.get("cliente/atendimento", **query)
    assert answer["status"] == "suscess"  # HubSoft's own spelling
    return list(answer["atendimentos"])


def test_tickets_of_a_customer_pending_ones_unless_told(simulator: Simulator, visitor: Visitor) -> None:
    pending = _tickets(visitor, **BIANCA)
    everything = _tickets(visitor, **BIANCA, apenas_pendente="nao", limit=50)
    mine = [ticket for ticket in simulator.tickets if ticket.customer.code == 1204]
    assert len(pending) == sum(ticket.open for ticket in mine) >= 2
    assert len(everything) == len(mine) > len(pending)
    row = pending[0]
    assert DAY.fullmatch(row["data_cadastro"])
    assert isinstance(row["protocolo"], str)
    assert len(row["protocolo"]) == 20
    assert isinstance(row["status"], str)
    assert row["descricao_abertura"]
    assert "id_atendimento_status" not in row
    for row in everything:
        assert row["cliente"]["cpf_cnpj"] == "86214941081"
        assert isinstance(row.get("servico", {"id_cliente_servico": ""})["id_cliente_servico"], str)


def test_one_ticket_by_its_protocol_even_closed(simulator: Simulator, visitor: Visitor) -> None:
    closed = next(ticket for ticket in simulator.tickets if not ticket.open)
    query = {"busca": "protocolo", "termo_busca": closed.protocol}
    assert _tickets(visitor, **query) == []
    (row,) = _tickets(visitor, **query, apenas_pendente="nao")
    assert row["id_atendimento"] == closed.id
    assert row["motivo_fechamento"]


def test_fifty_at_most(visitor: Visitor) -> None:
    for path in ("atendimento", "financeiro", "ordem_servico"):
        answer = visitor.get(f"cliente/{path}", **BIANCA, limit=51)
        assert answer == {"status": "error", "msg": "O limite máximo de resultados é de 50 itens"}


def test_invoices(visitor: Visitor) -> None:
    pending = visitor.get("cliente/financeiro", **BIANCA)
    everything = visitor.get("cliente/financeiro", **BIANCA, apenas_pendente="nao")
    assert pending["status"] == "suscess"
    assert 0 < len(pending["faturas"]) < len(everything["faturas"])
    assert not any(row["quitado"] for row in pending["faturas"])
    for row in everything["faturas"]:
        assert DAY.fullmatch(row["data_vencimento"])
        assert (row["data_pagamento"] is not None) == row["quitado"]
        assert isinstance(row["valor"], int | float)


def test_a_debtor_owes_what_is_overdue(visitor: Visitor) -> None:
    answer = visitor.get("cliente/financeiro", busca="codigo_cliente", termo_busca=421)
    assert any(row["status"] == "vencido" for row in answer["faturas"])


def test_work_orders(simulator: Simulator, visitor: Visitor) -> None:
    ticket = next(ticket for ticket in simulator.tickets if ticket.orders)
    answer = visitor.get("cliente/ordem_servico", busca="cpf_cnpj", termo_busca=ticket.customer.document)
    assert answer["status"] == "suscess"
    by_id = {row["id_ordem_servico"]: row for row in answer["ordens_servico"]}
    row = by_id[ticket.orders[0].id]
    assert row["atendimento"]["protocolo"] == ticket.protocol
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", row["data_cadastro"])
    number = {"busca": "numero_ordem_servico", "termo_busca": row["numero_ordem_servico"]}
    assert visitor.get("cliente/ordem_servico", **number)["ordens_servico"] == [row]


def test_sessions_of_a_login(visitor: Visitor) -> None:
    answer = visitor.get("cliente/extrato_conexao", busca="login", termo_busca="biancacouto8621")
    rows = answer["registros"]
    assert answer["estatisticas"]["total_conexoes"] == len(rows) > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d-03", rows[0]["acctstarttime"])
    starts = [row["acctstarttime"] for row in rows]
    assert starts == sorted(starts, reverse=True)
    unknown = visitor.get("cliente/extrato_conexao", busca="login", termo_busca="ninguem")
    assert unknown["registros"] == []


def test_tables(visitor: Visitor) -> None:
    keys = {
        "tipo_atendimento": "tipos_atendimento",
        "status_atendimento": "status_atendimento",
        "motivo_fechamento_atendimento": "motivos_fechamento",
        "tipo_ordem_servico": "tipo_ordem_servicos",
        "servico_status": "servico_status",
        "tecnico": "tecnicos",
        "vencimento": "vencimentos",
    }
    for path, key in keys.items():
        answer = visitor.get(f"configuracao/{path}")
        assert answer["status"] == "success"
        assert answer[key], path
    fitting = visitor.get("configuracao/motivo_fechamento_atendimento", id_tipo_atendimento=115)
    names = {row["descricao"] for row in fitting["motivos_fechamento"]}
    assert "Segunda Via Enviada" in names
    assert "Sinal Restabelecido" not in names


def test_unknown_paths_are_html(visitor: Visitor) -> None:
    answer = visitor.raw("configuracao/usuarios")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_switched_off_verb_says_so(visitor: Visitor) -> None:
    answer = visitor.raw("atendimento")
    assert (answer.status_code, answer.json()["msg"]) == (405, "Método/endpoint não disponível")

"""What is done to services, equipment and visits, as a client that knows nothing of our own code sees it."""

from __future__ import annotations

from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator

from .conftest import API, Visitor


def fibre(simulator: Simulator, status: str = "servico_habilitado") -> Any:
    chosen = next(one for one in simulator.customers[10:] if one.services[0].plan.technology == "FIBRA")
    simulator.set_status(chosen, status)
    return chosen


def shown(visitor: Visitor, service: int) -> Any:
    answer = visitor.get("cliente", busca="id_cliente_servico", termo_busca=service, ultima_conexao="sim")
    return next(row for row in answer["clientes"][0]["servicos"] if row["id_cliente_servico"] == service)


def test_unlock_is_done_as_often_as_it_is_asked(simulator: Simulator, visitor: Visitor) -> None:
    service = fibre(simulator, "suspenso_debito").services[0]
    too_long = visitor.post(
        "cliente/desbloqueio_confianca", id_cliente_servico=service.id, dias_desbloqueio=11
    )
    assert (too_long["status"], simulator.provider.actions) == ("error", [])
    done = visitor.post("cliente/desbloqueio_confianca", id_cliente_servico=service.id)
    assert done["msg"].startswith("Desbloqueio em confiança realizado com sucesso até a data ")
    assert shown(visitor, service.id)["status_prefixo"] == "servico_habilitado"
    simulator.set_status(fibre(simulator), "suspenso_debito")
    visitor.post("cliente/desbloqueio_confianca", id_cliente_servico=service.id, dias_desbloqueio=2)
    assert [each.detail for each in simulator.provider.actions] == ["1", "2"]


def test_disconnecting_begins_another_session(simulator: Simulator, visitor: Visitor) -> None:
    customer = next(
        one
        for one in simulator.customers[10:]
        if one.active
        and isinstance(line := simulator.provider.details.connection(one.services[0]), dict)
        and line["conectado"]
    )
    service = customer.services[0]
    query = {"busca": "login", "termo_busca": service.login}
    before = visitor.get("cliente/extrato_conexao", **query)["registros"]
    visitor.get(f"cliente/solicitar_desconexao/{service.id}")
    after = visitor.get("cliente/extrato_conexao", **query)["registros"]
    assert (before[0]["acctstoptime"], after[0]["acctstoptime"]) == (None, None)
    assert after[0]["acctstarttime"] > after[1]["acctstarttime"] == before[0]["acctstarttime"]
    assert after[1]["acctstoptime"]


@pytest.mark.parametrize(("route", "field"), [("reset_mac_addr", "mac_addr"), ("reset_phy_addr", "phy_addr")])
def test_cleared_address_is_gone(simulator: Simulator, visitor: Visitor, route: str, field: str) -> None:
    service = fibre(simulator).services[0]
    assert shown(visitor, service.id)[field]
    assert visitor.post(f"cliente/{route}", id_cliente_servico=service.id)["status"] == "success"
    assert shown(visitor, service.id)[field] is None


def test_equipment_has_a_signal_and_a_password_beside_it(simulator: Simulator, visitor: Visitor) -> None:
    service = fibre(simulator).services[0]
    query = {"pagina": 0, "itens_por_pagina": 20, "busca": "id_cliente_servico", "termo_busca": service.id}
    answer = visitor.get("rede/cpe/todos", **query)
    assert "msg" not in answer
    (device,) = answer["cpes"]
    assert set(device["historico_parametros"][0]["parametros"]) == {"rx_signal", "tx_signal", "wifi_password"}
    assert visitor.get("rede/cpe/todos", **query | {"itens_por_pagina": 10})["status"] == "error"
    assert visitor.post(f"rede/reiniciar_cpe/{device['phy_addr']}")["status"] == "success"
    unknown = {"status": "error", "msg": "Equipamento não encontrado!", "errors": []}
    assert visitor.post("rede/reiniciar_cpe/NADA") == unknown


def test_visits_are_opened_confirmed_and_moved(simulator: Simulator, visitor: Visitor) -> None:
    ticket = next(each for each in simulator.tickets if each.open and not each.orders)
    visitor.http.post(API + f"ordem_servico/abrir_os?id_atendimento={ticket.id}")
    (order,) = ticket.orders
    times = {"data_inicio_programado": "2027-01-05", "hora_inicio_programado": "14:00"}
    times |= {"data_termino_programado": "2027-01-05", "hora_termino_programado": "16:00"}
    moved = visitor.post("ordem_servico/reagendar", id_ordem_servico=order.id, **times)["ordem_servico"]
    assert (moved["data_inicio_programado"], moved["status"]) == ("2027-01-05 14:00:00", "Pendente")
    assert visitor.post("ordem_servico/reagendar", id_ordem_servico=order.id)["status"] == "error"
    assert visitor.post("ordem_servico/agendar", id_ordem_servico=1)["msg"].endswith("não encontrada")


def test_older_server_has_no_newer_routes(simulator: Simulator, visitor: Visitor) -> None:
    simulator.provider.newer = False
    answer = visitor.raw("rede/cpe/todos", pagina=0, itens_por_pagina=20)
    assert (answer.status_code, "json" in answer.headers["content-type"]) == (404, False)

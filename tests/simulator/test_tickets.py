from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator.ticket_desk import KEPT_CLOSED, SWING

from .conftest import Visitor

ALWAYS = {"data_inicio": "2000-01-01", "data_fim": "2100-01-01"}
NEW = {
    "id_cliente_servico": 16982,
    "descricao": "Sem acesso LOC000123",
    "nome": "Bianca",
    "telefone": "37999450812",
}


def _page(visitor: Visitor, number: int = 0, size: int = 500, **query: Any) -> dict[str, Any]:
    answer = visitor.get("atendimento/todos", pagina=number, itens_por_pagina=size, **(ALWAYS | query))
    assert answer["status"] == "success", answer
    return dict(answer)


def test_everything_newest_first_page_by_page(simulator: Simulator, visitor: Visitor) -> None:
    first = _page(visitor, 0, 100)
    head = first["paginacao"]
    assert (head["primeira_pagina"], head["pagina_atual"], head["total_registros"]) == (0, 0, 540)
    assert head["ultima_pagina"] == 5
    rows = [row for number in range(6) for row in _page(visitor, number, 100)["atendimentos"]]
    assert [row["id_atendimento"] for row in rows] == [ticket.id for ticket in reversed(simulator.tickets)]
    moments = [row["data_cadastro"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert _page(visitor, 6, 100)["atendimentos"] == []


def test_a_rich_row(visitor: Visitor) -> None:
    (row,) = _page(visitor, 0, 1, relacoes="cliente_servico,usuarios_responsaveis,atendimento_mensagem")[
        "atendimentos"
    ]
    assert row["status"]["id_atendimento_status"] == row["id_atendimento_status"]
    assert row["cliente_servico"]["cliente"]["codigo_cliente"]
    assert "descricao_abertura" not in row
    assert isinstance(row["usuarios_responsaveis"], list)
    assert row["data_cadastro_timestamp"] % 1000 == 0
    (plain,) = _page(visitor, 0, 1)["atendimentos"]
    assert "cliente_servico" not in plain


def test_drafts_have_no_type(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    rows = _page(visit(make_simulator(tickets=400, closed_tickets=0)))["atendimentos"]
    drafts = [row for row in rows if row["rascunho"]]
    assert drafts
    assert all(row["tipo_atendimento"] is row["id_tipo_atendimento"] is None for row in drafts)


def test_filters_by_status_and_by_the_day_of_closing(simulator: Simulator, visitor: Visitor) -> None:
    statuses = visitor.get("configuracao/status_atendimento")["status_atendimento"]
    ids = {row["id_atendimento_status"] for row in statuses if row["prefixo"] not in {"resolvido", "fechado"}}
    rows = _page(visitor, status_atendimento=",".join(map(str, ids)))["atendimentos"]
    assert {row["id_atendimento"] for row in rows} == {
        ticket.id for ticket in simulator.tickets if ticket.open
    }
    closed = _page(visitor, tipo_data="data_fechamento")["atendimentos"]
    assert {row["id_atendimento"] for row in closed} == {t.id for t in simulator.tickets if not t.open}
    day = closed[0]["data_fechamento"][:10]
    that_day = _page(visitor, tipo_data="data_fechamento", data_inicio=day, data_fim=day)["atendimentos"]
    expected = [row["id_atendimento"] for row in closed if row["data_fechamento"].startswith(day)]
    assert [row["id_atendimento"] for row in that_day] == expected


def test_the_window_is_mandatory(visitor: Visitor) -> None:
    answer = visitor.get("atendimento/todos", pagina=0, itens_por_pagina=5)
    assert answer["errors"] == ["O campo data inicio é obrigatório.", "O campo data fim é obrigatório."]


def test_the_laravel_paginator_counts_from_one(simulator: Simulator, visitor: Visitor) -> None:
    answer = visitor.get("atendimento/paginado/100", page=2, **ALWAYS)["atendimentos"]
    assert (answer["current_page"], answer["last_page"], answer["total"]) == (2, 6, 540)
    assert (answer["from"], answer["to"], len(answer["data"])) == (101, 200, 100)
    assert answer["next_page_url"].endswith("/atendimento/paginado/100?page=3")
    assert answer["data"][0]["id_atendimento"] == simulator.tickets[-101].id
    last = visitor.get("atendimento/paginado/100", page=6, **ALWAYS)["atendimentos"]
    assert (last["next_page_url"], last["to"]) == (None, 540)


def test_opening_a_ticket(simulator: Simulator, visitor: Visitor) -> None:
    answer = visitor.post("atendimento", **NEW)
    ticket = answer["atendimento"]
    assert answer["status"] == "success"
    assert ticket["protocolo"] in answer["msg"]
    assert ticket["descricao_abertura"] == "Sem acesso LOC000123 | ATENDIMENTO ABERTO VIA API"
    assert (ticket["tipo_atendimento"], ticket["status"]) == ("SAC", "Aguardando Análise")
    assert ticket["ordens_servico"] == []
    assert simulator.tickets[-1].id == ticket["id_atendimento"]
    assert (simulator.changes[-1].kind, simulator.changes[-1].by_client) == ("opened", True)
    mine = visitor.get("cliente/atendimento", busca="codigo_cliente", termo_busca=1204)["atendimentos"]
    assert ticket["id_atendimento"] in {row["id_atendimento"] for row in mine}


def test_asking_twice_opens_two(simulator: Simulator, visitor: Visitor) -> None:
    before = len(simulator.tickets)
    first, second = (visitor.post("atendimento", **NEW)["atendimento"]["protocolo"] for _ in range(2))
    assert first != second
    assert len(simulator.tickets) == before + 2


def test_opening_with_a_work_order(visitor: Visitor) -> None:
    answer = visitor.post("atendimento", **NEW, abrir_os=True, id_tipo_atendimento=109)
    assert answer["msg"].endswith("ordem de serviço e encaminhada ao sertor responsável")
    assert answer["atendimento"]["status"] == "Pendente"
    assert answer["atendimento"]["ordens_servico"][0]["tipo"] == "ABERTURA VIA API"


def test_refused_openings_open_nothing(simulator: Simulator, visitor: Visitor) -> None:
    before = len(simulator.tickets)
    missing = visitor.post("atendimento", id_cliente_servico=16982)
    assert missing["errors"] == [
        f"O campo {name} é obrigatório." for name in ("descricao", "nome", "telefone")
    ]
    for changed in ({"id_cliente_servico": 16981}, {"id_cliente_servico": 1}, {"id_tipo_atendimento": 9999}):
        assert visitor.post("atendimento", **(NEW | changed))["status"] == "error"
    assert len(simulator.tickets) == before


def test_changing_and_closing(simulator: Simulator, visitor: Visitor) -> None:
    identifier = visitor.post("atendimento", **NEW)["atendimento"]["id_atendimento"]
    path = f"atendimento/{identifier}"
    moved = visitor.put(path, fechar_atendimento=False, id_atendimento_status=66, parametros={})
    assert moved["msg"] == "Atendimento atualizado com sucesso"
    assert moved["atendimento"]["id_atendimento_status"] == 66
    assert visitor.put(path, fechar_atendimento=True, id_atendimento_status=24)["status"] == "error"
    closing = {
        "id_motivo_fechamento_atendimento": 70,
        "descricao_fechamento": "ok",
        "status_fechamento": "concluido",
    }
    closed = visitor.put(path, fechar_atendimento=True, parametros_fechamento=closing)["atendimento"]
    assert closed["data_fechamento"]
    assert closed["id_motivo_fechamento_atendimento"] == 70
    assert [change.kind for change in simulator.changes] == ["opened", "status", "closed"]
    assert visitor.put(path, fechar_atendimento=True)["status"] == "error"
    assert visitor.post(f"atendimento/adicionar_mensagem/{identifier}", mensagem="tarde")["status"] == "error"


def test_a_message_comes_back_with_a_php_date(simulator: Simulator, visitor: Visitor) -> None:
    ticket = next(ticket for ticket in simulator.tickets if ticket.open)
    answer = visitor.post(f"atendimento/adicionar_mensagem/{ticket.id}", mensagem="Cliente ligou")
    message = answer["atendimento_mensagem"]
    assert set(message["data_cadastro"]) == {"date", "timezone_type", "timezone"}
    assert message["atendimento"]["id_atendimento"] == ticket.id
    assert ticket.messages[-1].text == "Cliente ligou"


def _story(simulator: Simulator) -> list[tuple[Any, ...]]:
    return [(c.number, c.kind, c.ticket_id, c.protocol, c.before, c.after, c.at) for c in simulator.changes]


def test_steps_are_the_same_for_the_same_seed() -> None:
    first, second, other = (
        Simulator(seed=seed, start_at=1.7e9, clock_rate=0, customers=100) for seed in (5, 5, 6)
    )
    first.step(300)
    for _ in range(100):
        second.step(3)
    other.step(300)
    assert _story(first) == _story(second) != _story(other)
    assert first.tickets == second.tickets
    kinds = Counter(change.kind for change in first.changes)
    assert set(kinds) == {"opened", "status", "message", "closed", "reopened", "reassigned"}


def test_the_same_things_happen_whatever_the_clock_says() -> None:
    early, late = (Simulator(seed=5, start_at=moment, customers=100) for moment in (1.6e9, 1.8e9))
    changed = [[(c.kind, c.ticket_id) for c in simulator.step(200)] for simulator in (early, late)]
    assert changed[0] == changed[1]
    assert early.customers == late.customers


def test_a_change_is_seen_on_the_wire(simulator: Simulator, visitor: Visitor) -> None:
    change = next(change for _ in range(50) for change in simulator.step() if change.kind == "status")
    ticket = next(ticket for ticket in simulator.tickets if ticket.id == change.ticket_id)
    rows = {row["id_atendimento"]: row for row in _page(visitor, size=500)["atendimentos"]}
    assert rows[ticket.id]["id_atendimento_status"] == ticket.status_id


def test_time_changes_tickets_as_fast_as_the_scenario_says(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(clock_rate=0, changes_per_minute=None)
    provider = simulator.provider

    def in_ten_minutes() -> int:
        before = len(simulator.changes)
        provider.clock.advance(600)
        provider.catch_up()
        return len(simulator.changes) - before

    calm = in_ten_minutes()
    simulator.set_scenario("busy")
    busy = in_ten_minutes()
    assert 30 <= calm <= 100
    assert 450 <= busy <= 750
    moments = [change.at for change in simulator.changes]
    assert moments == sorted(moments)


def test_pages_shift_while_they_are_read(simulator: Simulator, visitor: Visitor) -> None:
    simulator.steps_per_request = 20
    rows = [
        row["id_atendimento"] for number in range(6) for row in _page(visitor, number, 100)["atendimentos"]
    ]
    assert len(rows) > len(set(rows))
    assert len(simulator.changes) == 120


def test_what_closed_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubsoft_tui.simulator.ticket_desk.KEPT_CLOSED", 20)
    monkeypatch.setattr("hubsoft_tui.simulator.ticket_desk.KEPT_CHANGES", 50)
    with Simulator(customers=50, tickets=20, clock_rate=0, changes_per_minute=0) as simulator:
        closed = sum(not ticket.open for ticket in simulator.tickets)
        made = [number for _ in range(40) for number in (each.number for each in simulator.step(20))]
        assert made == list(range(1, 801))
        assert sum(not ticket.open for ticket in simulator.tickets) <= closed
        assert [each.number for each in simulator.changes] == made[-50:]


def test_a_desk_closes_what_it_opens_however_long_it_works() -> None:
    with Simulator(customers=50, tickets=100, clock_rate=0, changes_per_minute=0) as simulator:
        desk = simulator.provider.desk
        for _ in range(50):
            simulator.step(200)
            assert abs(sum(ticket.open for ticket in simulator.tickets) - 100) <= SWING
        assert sum(not ticket.open for ticket in simulator.tickets) == KEPT_CLOSED
        assert desk._protocols == {ticket.protocol for ticket in simulator.tickets}

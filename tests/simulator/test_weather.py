from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from hubsoft_tui.simulator import SCENARIOS, Simulator
from hubsoft_tui.simulator.scenarios import parse

from .conftest import API, Visitor

PATH = "configuracao/vencimento"
NEW = {"id_cliente_servico": 16982, "descricao": "x", "nome": "Bianca", "telefone": "37999450812"}


def test_a_reset_is_a_reset(simulator: Simulator, visitor: Visitor) -> None:
    simulator.fail_next(1, "reset")
    token = visitor.http.headers["authorization"]
    with socket.create_connection(("127.0.0.1", urlsplit(simulator.url).port or 0)) as raw:
        raw.sendall(f"GET {API}{PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
        raw.settimeout(5)
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    entry = simulator.request_log.entries()[-1]
    assert (entry.status, entry.fault, entry.executed) == (0, "reset", False)
    assert visitor.raw(PATH).status_code == 200


def test_a_closed_connection_and_a_cut_body(simulator: Simulator, visitor: Visitor) -> None:
    simulator.fail_next(1, "close")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        visitor.raw(PATH)
    simulator.fail_next(1, "truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        visitor.raw(PATH)
    assert simulator.request_log.entries()[-1].executed


def test_spoiled_answers(simulator: Simulator, visitor: Visitor) -> None:
    good = visitor.raw("configuracao/tipo_atendimento")

    def spoiled(kind: str) -> httpx.Response:
        simulator.fail_next(1, kind)
        return visitor.raw("configuracao/tipo_atendimento")

    assert spoiled("status:500").json() == {"message": "Server Error"}
    assert spoiled("status:503").status_code == 503
    page = spoiled("html:502")
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=UTF-8")
    assert "<html>" in page.text
    assert spoiled("html").status_code == 200
    assert spoiled("empty").content == b""
    assert spoiled("latin1").content == good.text.encode("latin-1")
    assert spoiled("json_string").json() == good.text
    wrong = spoiled("content_type")
    assert wrong.headers["content-type"].startswith("text/html")
    assert wrong.content == good.content
    limited = spoiled("status:429")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    assert visitor.raw("configuracao/tipo_atendimento").content == good.content


@pytest.mark.parametrize("kind", ["reset", "close", "status:500", "html:502", "empty"])
@pytest.mark.parametrize("after", [False, True])
def test_a_fault_before_or_after_executing(
    simulator: Simulator, visitor: Visitor, kind: str, after: bool
) -> None:
    before = len(simulator.tickets)
    simulator.fail_next(1, kind, "atendimento", after_executing=after)
    try:
        visitor.http.post(f"{API}atendimento", json=NEW)
    except httpx.TransportError:
        assert kind in {"reset", "close"}
    assert len(simulator.tickets) == before + after
    assert simulator.request_log.entries()[-1].executed is after


def test_a_slow_write_is_executed_after_its_client_left(simulator: Simulator, visitor: Visitor) -> None:
    opened = threading.Event()
    before = len(simulator.tickets)
    simulator.fail_next(1, "delay:0.3", "atendimento")
    with pytest.raises(httpx.ReadTimeout):
        visitor.http.post(f"{API}atendimento", json=NEW, timeout=0.1)
    assert len(simulator.tickets) == before
    deadline = time.monotonic() + 5
    while len(simulator.tickets) == before and time.monotonic() < deadline:
        opened.wait(0.02)
    assert len(simulator.tickets) == before + 1


def test_a_proxy_gives_up_before_the_write_is_carried_out(simulator: Simulator, visitor: Visitor) -> None:
    before = len(simulator.tickets)
    simulator.fail_next(1, "late:0.2", "atendimento")
    answer = visitor.http.post(f"{API}atendimento", json=NEW)
    assert (answer.status_code, len(simulator.tickets)) == (504, before)
    entry = simulator.request_log.entries()[-1]
    assert (entry.status, entry.executed) == (504, False)
    deadline = time.monotonic() + 5
    while not simulator.request_log.entries()[-1].executed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(simulator.tickets) == before + 1


def test_faults_can_be_aimed(simulator: Simulator, visitor: Visitor) -> None:
    simulator.fail_next(2, "status:500", "configuracao/*", method="GET")
    assert visitor.raw("cliente", busca="cpf_cnpj", termo_busca="1").status_code == 200
    assert [visitor.raw(PATH).status_code for _ in range(3)] == [500, 500, 200]


def test_unknown_kinds_of_fault_are_refused() -> None:
    for text in ("nonsense", "status", "delay", "reset:5", ""):
        with pytest.raises(ValueError, match=r"unknown kind of fault"):
            parse(text)


def test_the_throttle_is_laravels(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    simulator = make_simulator(scenario="rate-limited")
    visitor = visit(simulator)  # the first of the ten
    answers = [visitor.raw(PATH) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 9 + [429] * 2
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == [
        *map(str, range(8, -1, -1)),
        "0",
        "0",
    ]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"10"}
    refused = answers[-1]
    assert refused.json() == {"message": "Too Many Attempts."}
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert abs(int(refused.headers["x-ratelimit-reset"]) - time.time()) <= 61
    assert "retry-after" not in answers[0].headers
    assert [entry.status for entry in simulator.request_log.entries()][-2:] == [429, 429]
    simulator.set_scenario("calm")
    answer = visitor.raw(PATH)
    assert answer.status_code == 200
    assert "x-ratelimit-limit" not in answer.headers


def test_the_window_begins_with_its_first_request_and_ends(
    make_simulator: Callable[..., Simulator],
    visit: Callable[[Simulator], Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator = make_simulator(rate_limit=3)
    visitor = visit(simulator)
    assert [visitor.raw(PATH).status_code for _ in range(3)] == [200, 200, 429]
    real = time.monotonic
    monkeypatch.setattr("hubsoft_tui.simulator.scenarios.time.monotonic", lambda: real() + 60)
    assert [visitor.raw(PATH).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_an_outage_closes_or_answers_503_and_ends(simulator: Simulator, visitor: Visitor) -> None:
    simulator.set_scenario("outage")
    seen = Counter[str]()
    for _ in range(6):
        try:
            seen[str(visitor.raw(PATH).status_code)] += 1
        except httpx.TransportError:
            seen["closed"] += 1
    assert seen == {"closed": 3, "503": 3}
    simulator.set_scenario("calm")
    assert visitor.raw(PATH).status_code == 200


def test_flaky_weather_fails_about_a_third_in_many_ways(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    def weather(seed: int) -> list[str | None]:
        simulator = make_simulator(seed=seed)
        visitor = visit(simulator)
        simulator.set_scenario("flaky")
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                visitor.raw(PATH)
        return [entry.fault for entry in simulator.request_log.entries()[1:]]

    first = weather(3)
    kinds = Counter(first)
    assert 0.5 < kinds[None] / 200 < 0.85
    expected = {"status:500", "html:502", "reset", "truncated", "empty", "html", "content_type"}
    assert set(kinds) - {None} == expected
    assert weather(3) == first


def test_slow_weather_waits_longer_for_bigger_pages(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor]
) -> None:
    slow = SCENARIOS["slow"]
    assert slow.latency[0] >= 3
    assert slow.latency[1] + slow.seconds_per_row * 500 > 30 > slow.latency[1] + slow.seconds_per_row * 100
    simulator = make_simulator()
    visitor = visit(simulator)
    simulator.seconds_per_row = 0.002
    for size in (10, 100):
        visitor.get("cliente/todos", pagina=0, itens_por_pagina=size)
    small, big = (entry.seconds for entry in simulator.request_log.entries("cliente/todos"))
    assert small >= 0.02
    assert big >= 0.2


def test_switching_to_revoked_tokens_ends_them_and_then_is_calm(
    simulator: Simulator, visitor: Visitor
) -> None:
    simulator.set_scenario("token-revoked")
    assert visitor.raw(PATH).status_code == 401
    visitor.login()
    assert [visitor.raw(PATH).status_code for _ in range(5)] == [200] * 5


def test_every_scenario_has_a_name_a_title_and_a_help(simulator: Simulator) -> None:
    assert list(SCENARIOS) == ["calm", "busy", "rate-limited", "slow", "flaky", "outage", "token-revoked"]
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.title
        assert scenario.help.endswith(".")
        simulator.set_scenario(name)
        assert simulator.scenario == name
    with pytest.raises(KeyError):
        simulator.set_scenario("sunny")


def test_anything_can_be_done_at_the_arrival_of_a_request(simulator: Simulator, visitor: Visitor) -> None:
    def revoke_at_the_third(_entry: object) -> None:
        if simulator.request_log.count(PATH) == 3:
            simulator.revoke_tokens()

    simulator.on_request = revoke_at_the_third
    assert [visitor.raw(PATH).status_code for _ in range(3)] == [200, 200, 401]

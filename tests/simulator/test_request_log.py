from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.simulator import RequestLog, Simulator, read_request_log, worst_window

from .conftest import API, Visitor


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 90))
def test_the_worst_window_is_the_worst_of_all_windows(moments: list[int], seconds: int) -> None:
    windows = [sum(start <= other < start + seconds for other in moments) for start in moments]
    assert worst_window(map(float, moments), float(seconds)) == max(windows, default=0)


def test_the_window_is_half_open() -> None:
    assert worst_window([0.0, 60.0], 60.0) == 1
    assert worst_window([0.0, 59.999], 60.0) == 2


def test_an_entry_says_what_came_and_what_became_of_it(simulator: Simulator, visitor: Visitor) -> None:
    visitor.http.headers["user-agent"] = "prova/1.0"
    visitor.get("cliente", busca="cpf_cnpj", termo_busca="86214941081")
    login, entry = simulator.request_log.entries()
    assert (login.path, login.method, login.status, login.token) == ("/oauth/token", "POST", 200, None)
    assert (entry.path, entry.method, entry.status) == (f"{API}cliente", "GET", 200)
    assert entry.query == "busca=cpf_cnpj&termo_busca=86214941081"
    assert (entry.token, entry.user_agent, entry.executed, entry.fault) == ("T1", "prova/1.0", True, None)
    assert login.monotonic < entry.monotonic
    assert login.boottime < entry.boottime


def test_paths_may_be_given_from_behind_the_api(simulator: Simulator, visitor: Visitor) -> None:
    visitor.get("cliente/todos", pagina=0, itens_por_pagina=1)
    visitor.get("cliente", busca="cpf_cnpj", termo_busca="1")
    log = simulator.request_log
    assert len(log.entries("cliente")) == len(log.entries(f"{API}cliente")) == log.count(path="cliente") == 1
    assert log.count("cliente") == 2
    assert log.count("/oauth") == 1
    assert log.count() == len(log) == 3


def test_it_counts_at_arrival_not_at_the_answer(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator()
    seen: list[tuple[int, int | None]] = []
    simulator.on_request = lambda entry: seen.append((simulator.request_log.count(), entry.status))
    visitor = Visitor(simulator)
    visitor.http.close()
    assert seen == [(1, None)]


def test_another_process_reads_it_and_finds_no_secret(
    make_simulator: Callable[..., Simulator], visit: Callable[[Simulator], Visitor], tmp_path: Path
) -> None:
    file = tmp_path / "log.jsonl"
    simulator = make_simulator(log_file=file)
    visitor = visit(simulator)
    visitor.get("configuracao/vencimento")
    assert read_request_log(file) == simulator.request_log.entries()
    text = file.read_text()
    for secret in (simulator.password, simulator.client_secret, visitor.http.headers["authorization"][7:]):
        assert secret not in text
    with file.open("a") as stream:
        stream.write('{"number": 9, "mono')
    assert len(read_request_log(file)) == 2


def test_what_was_forgotten_stays_forgotten_when_it_is_answered() -> None:
    log = RequestLog()
    old = log.arrive(method="GET", path="/a", query="", user_agent="")
    log.clear()
    new = log.arrive(method="GET", path="/b", query="", user_agent="")
    log.complete(old.number, status=500)
    log.complete(new.number, status=200)
    assert [(entry.path, entry.status) for entry in log.entries()] == [("/b", 200)]


def test_the_oldest_of_very_many_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr("hubsoft_tui.simulator.request_log.KEPT", 10)
    log = RequestLog()
    for number in range(57):
        arrived = log.arrive(method="GET", path="cliente", query=str(number), user_agent="")
        log.complete(arrived.number, status=200)
        log.complete(arrived.number - 30, status=500)
    kept = log.entries()
    assert 10 <= len(kept) < 20
    assert [(entry.number, entry.query, entry.status) for entry in kept] == [
        (number, str(number), 200) for number in range(57 - len(kept), 57)
    ]

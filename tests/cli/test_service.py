"""`service`, `visit` and `invoice`, over real HTTP: what is done, what is said, and the exit code."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

ROOT = "/api/v1/integracao/"


@pytest.fixture(autouse=True)
def hasty(configured, monkeypatch):
    """Nothing is tried twice, and the outbox waits a second."""
    monkeypatch.setenv("HUBSOFT_TUI_RETRY__MAX_RETRIES", "0")
    monkeypatch.setenv("HUBSOFT_TUI_OUTBOX__QUIET_SECONDS", "1")


def fibre(simulator, status="servico_habilitado"):
    """Return a customer with one service over optical fibre, in `status`."""
    chosen = next(
        one
        for one in simulator.customers[10:]
        if len(one.services) == 1 and one.services[0].plan.technology == "FIBRA" and one.enabled
    )
    simulator.set_status(chosen, status)
    return chosen


def names(simulator):
    return [done.name for done in simulator.provider.actions]


def test_unlocks_and_shows_the_service_afterwards(run, simulator):
    customer = fibre(simulator, "suspenso_debito")
    ran = run("service", "unlock", "--document", customer.document, "--days", "3", "--yes", "--json")
    assert (ran.code, names(simulator)) == (0, ["desbloqueio_confianca"])
    assert simulator.provider.actions[0].detail == "3"
    assert ran.document["state"] == "sent"
    assert ran.document["after"] == {"requests": 1, "service_status": "servico_habilitado"}
    assert "Unlocked until" in ran.document["said"]


def test_without_a_yes_nothing_is_sent_and_the_request_is_shown(run, simulator):
    service = fibre(simulator).services[0]
    ran = run("service", "restart", "--service", str(service.id))
    assert (ran.code, names(simulator)) == (2, [])
    assert "POST rede/reiniciar_cpe/HWTC" in ran.err
    assert "--yes" in ran.err


@pytest.mark.parametrize(
    ("word", "code", "state"),
    [("says:200", 1, "refused"), ("status:500", 1, "unknown"), ("status:429", 4, "queued")],
)
def test_exit_code_tells_that_it_was_not_done(run, simulator, word, code, state):
    executed = state == "unknown"
    service = fibre(simulator).services[0]
    refusal = b'{"status":"error","msg":"Sem permiss\\u00e3o","errors":[]}'
    path = ROOT + f"cliente/solicitar_desconexao/{service.id}"
    simulator.fail_next(1, word, path, after_executing=executed, body=refusal)
    ran = run("service", "disconnect", "--service", str(service.id), "--yes", "--json")
    assert (ran.code, ran.document["state"]) == (code, state)
    assert names(simulator) == (["solicitar_desconexao"] if executed else [])


def test_report_counts_what_each_operator_did(run, simulator):
    service = str(fibre(simulator).services[0].id)
    simulator.fail_next(
        1, "status:500", ROOT + f"cliente/solicitar_desconexao/{service}", after_executing=True
    )
    for action in ("disconnect", "disconnect", "restart"):
        run("service", action, "--service", service, "--yes")
    rows = run("report", "--json").document["actions"]
    assert [(row["kind"], row["asked"], row["done"], row["open"]) for row in rows] == [
        ("disconnect", 2, 1, 1),
        ("restart_device", 1, 1, 0),
    ]
    assert "restart the equipment" in run("report").out
    entries = run("outbox", "--json").document["entries"]
    assert [each["draft"]["kind"] for each in entries] == ["restart_device", "disconnect", "disconnect"]
    assert "restart the equipment" in run("outbox").out


def test_signal_is_shown_before_and_after_a_restart(run, simulator):
    service = str(fibre(simulator).services[0].id)
    before = run("service", "signal", "--service", service, "--json").document["devices"][0]["readings"]
    after = run("service", "restart", "--service", service, "--yes", "--json").document["after"]
    assert after["requests"] == 2
    assert after["signal"][0]["at"] > before[0]["at"]
    assert "rx -" in run("service", "signal", "--service", service).out


def test_setting_takes_an_action_away(run, simulator, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_ACTIONS__DISCONNECT", "off")
    ran = run("service", "disconnect", "--service", str(fibre(simulator).services[0].id), "--yes")
    assert (ran.code, names(simulator)) == (2, [])
    assert "actions.disconnect" in ran.err


def test_each_refusal_to_choose_a_service_tells_the_true_reason(run, simulator, monkeypatch):
    customer = fibre(simulator)
    unlock = ("service", "unlock", "--document", customer.document, "--yes")
    service = customer.services[0]
    assert f"{service.id}  {service.plan.name}  Serviço Habilitado" in run(*unlock).err
    assert "read-only" in run("--read-only", *unlock).err
    monkeypatch.setenv("HUBSOFT_TUI_ACTIONS__TRUST_UNLOCK", "off")
    assert "actions.trust_unlock is off" in run(*unlock).err
    assert names(simulator) == []


def test_service_suspended_since_it_was_remembered_is_unlocked(run, simulator):
    customer = fibre(simulator)
    run("lookup", customer.document)
    simulator.set_status(customer, "suspenso_debito")
    ran = run("service", "unlock", "--document", customer.document, "--yes")
    assert (ran.code, names(simulator)) == (0, ["desbloqueio_confianca"])


def test_visit_is_planned_for_another_time(run, simulator):
    ticket = next(each for each in simulator.tickets if each.open and each.orders)
    number = str(ticket.orders[0].id - 16)
    window = ("--start", "2027-01-05 14:00", "--end", "2027-01-05 16:00")
    assert run("visit", "reschedule", number, *window, "--yes").code == 0
    assert run("visit", "confirm", number, "--yes").code == 0
    assert run("visit", "open", ticket.protocol, "--yes").code == 0
    assert names(simulator) == ["reagendar", "agendar", "abrir_os"]
    assert run("visit", "confirm", "999999", "--yes").code == 3


def test_invoices_are_listed_with_all_that_pays_them(run, simulator):
    customer = fibre(simulator, "suspenso_debito")
    ran = run("invoice", "list", customer.document, "--json")
    assert ran.code == 0
    late = [each for each in ran.document["invoices"] if each["days_late"]]
    assert late
    assert all(not each["paid"] for each in ran.document["invoices"])
    shown = run("invoice", "list", customer.document)
    codes = [each[name] for each in ran.document["invoices"] for name in ("pix", "typeable_line", "link")]
    assert all(code in shown.out for code in codes if code)
    assert ran.document["requests"] == 2
    assert len(run("invoice", "list", customer.document, "--all", "--json").document["invoices"]) > len(late)


@pytest.mark.parametrize("wrong", ["", " ", "9" * 300])
def test_what_is_no_protocol_or_number_is_refused_in_a_sentence(run, simulator, wrong):
    times = ("--start", "2026-12-01 14:00", "--end", "2026-12-01 16:00")
    for words in (("open", wrong), ("confirm", wrong), ("reschedule", wrong, *times)):
        ran = run("visit", *words, "--yes", "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (2, "invalid_input")
    assert not names(simulator)


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_visit_in_a_year_that_cannot_be_is_refused(run, simulator, year):
    ticket = next(each for each in simulator.tickets if each.open and each.orders)
    window = ("--start", f"{year}-12-31 20:00", "--end", f"{year}-12-31 23:00")
    ran = run("visit", "reschedule", str(ticket.orders[0].id - 16), *window, "--yes", "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (2, "invalid_input")
    assert not names(simulator)


def test_action_that_cannot_be_kept_is_told_as_not_accepted(run, simulator, tmp_path):
    service = str(fibre(simulator).services[0].id)
    assert run("outbox").code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as newer:
        newer.execute("PRAGMA user_version = 99")
    ran = run("service", "disconnect", "--service", service, "--yes", "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (1, "store")
    assert "NOT accepted" in ran.document["error"]["message"]
    assert not names(simulator)

"""`ticket open` and `outbox`, over real HTTP: what stands on stdout, what on stderr, and the exit code."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from hubsoft_tui.simulator import Simulator

OPEN = "/api/v1/integracao/atendimento"
NO_ROOM = """
import resource, sys
from hubsoft_tui.cli.main import run
resource.setrlimit(resource.RLIMIT_FSIZE, (32_768, 32_768))  # what SQLite needs to open a file at all
sys.exit(run(sys.argv[1:]))
"""
PERSON = ("--name", "Bianca Couto", "--phone", "(37) 99999-2968")


@pytest.fixture
def simulator():
    with Simulator(customers=60, tickets=8, latency=(0, 0), changes_per_minute=0) as running:
        yield running


@pytest.fixture(autouse=True)
def hasty(configured, monkeypatch):
    """Nothing is tried twice, and the outbox waits a second."""
    monkeypatch.setenv("HUBSOFT_TUI_RETRY__MAX_RETRIES", "0")
    monkeypatch.setenv("HUBSOFT_TUI_OUTBOX__QUIET_SECONDS", "1")


def one(simulator):
    return next(each for each in simulator.customers if each.active and len(each.services) == 1)


def opening(simulator, text="Sem acesso", *more):
    return ("ticket", "open", "--document", one(simulator).document, "--description", text, *PERSON, *more)


def test_opens_a_ticket_and_says_its_protocols(run, simulator):
    ran = run(*opening(simulator, "Sem acesso", "--json"))
    ticket = simulator.tickets[-1]
    assert ran.code == 0
    assert ran.document == {
        "local_protocol": "LOC000001",
        "protocol": ticket.protocol,
        "ticket_id": ticket.id,
        "state": "sent",
    }
    assert ticket.description.startswith("Sem acesso\n[ref HT")
    assert ticket.service.id == one(simulator).services[0].id
    again = run(*opening(simulator, "Outra coisa"))
    assert again.out == f"Ticket opened: protocol {simulator.tickets[-1].protocol} (LOC000002).\n"


def test_by_service_type_and_with_a_work_order(run, simulator, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Linha um\nLinha dois: ação\n".encode())))
    service = one(simulator).services[0].id
    chosen = ("--service", str(service), "--type", "109", "--work-order", "--description", "-")
    assert run("ticket", "open", *chosen, *PERSON).code == 0
    ticket = simulator.tickets[-1]
    assert (ticket.service.id, ticket.type_id, len(ticket.orders)) == (service, 109, 1)
    assert ticket.description.startswith("Linha um\nLinha dois: ação\n[ref ")


def test_the_same_twice_needs_a_yes(run, simulator):
    before = len(simulator.tickets)
    run(*opening(simulator))
    asked = run(*opening(simulator, "SEM  ACESSO!", "--json"))
    assert (asked.code, len(simulator.tickets)) == (2, before + 1)
    assert "LOC000001" in asked.document["error"]["message"]
    assert run(*opening(simulator, "Sem acesso", "--yes")).code == 0
    assert len(simulator.tickets) == before + 2


def test_several_services_are_listed_to_choose_from(run, simulator):
    customer = next(
        each
        for each in simulator.customers
        if sum(service.status == "servico_habilitado" for service in each.services) > 1
    )
    ran = run("ticket", "open", "--document", customer.document, "--description", "x", *PERSON)
    assert ran.code == 2
    for service in customer.services:
        if service.status == "servico_habilitado":
            assert f"  {service.id}  " in ran.err


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("--document", "11144477735"), 3, "no customer"),
        (("--document", "123"), 2, ""),
        (("--document", "BIANCA"), 2, "not a CPF or CNPJ"),
        (("--description", " "), 2, "description is empty"),
        (("--description", "x" * 100_000), 2, "at most 5,000"),
        (("--phone", "37 9999-BIAN"), 2, "written in digits"),
        (("--name", ""), 2, "name is missing"),
        (("--service", "1"), 2, "either --service or --document"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_is_kept(run, simulator, change, code, words):
    before = len(simulator.tickets)
    ran = run(*opening(simulator), *change)
    assert (ran.code, len(simulator.tickets)) == (code, before)
    assert words in ran.err
    assert run("outbox").out == "The outbox is empty.\n"


def test_a_cancelled_service_is_no_choice(run, simulator):
    customer = one(simulator)
    simulator.set_status(customer, "cancelado")
    assert "not cancelled" in run(*opening(simulator)[:3], customer.document, *opening(simulator)[4:]).err


def test_a_refusal_keeps_hubsofts_words(run):
    ran = run("ticket", "open", "--service", "99999999", "--description", "Sem acesso", *PERSON, "--json")
    assert ran.code == 1
    assert ran.document["state"] == "refused"
    assert "não encontrado" in ran.document["error"]["message"]
    people = run("outbox").out
    assert "LOC000001  refused" in people
    assert "não encontrado" in people


def test_an_answer_that_does_not_come_is_looked_for_by_the_next_run(run, simulator):
    simulator.fail_next(1, "close", OPEN, after_executing=True, method="POST")
    ran = run(*opening(simulator, "Sem acesso", "--json"))
    assert (ran.code, ran.document["state"]) == (0, "unknown")
    first = run("outbox", "--send", "--json").document
    assert (first["open"], first["sent_now"]["sent"]) == (1, 0)
    assert "Looked for from" in run("outbox").out
    until = time.monotonic() + 10
    while (document := run("outbox", "--send", "--json").document)["open"] and time.monotonic() < until:
        time.sleep(0.1)
    (entry,) = document["entries"]
    assert (entry["state"], entry["ticket_id"]) == ("sent", simulator.tickets[-1].id)
    assert sum("Sem acesso\n" in ticket.description for ticket in simulator.tickets) == 1


def test_while_hubsoft_is_down_it_is_kept_and_sent_later(run, simulator, monkeypatch):
    run("lookup", one(simulator).document)
    arguments = opening(simulator, "Queda", "--json")
    port = simulator.port
    simulator.close()
    ran = run(*arguments)
    assert (ran.code, ran.document["state"], ran.document["protocol"]) == (0, "queued", None)
    with Simulator(customers=60, tickets=8, latency=(0, 0), changes_per_minute=0, port=port) as back:
        sent = run("outbox", "--send", "--json").document
        assert sent["sent_now"]["sent"] == 1
        assert sent["entries"][0]["protocol"] == back.tickets[-1].protocol


def test_the_list_shows_no_phone_and_no_text_but_the_document_has_all(run, simulator):
    run(*opening(simulator, "Segredo do cliente"))
    people = run("outbox").out
    assert "Segredo" not in people
    assert "2968" not in people
    assert one(simulator).name in people
    (entry,) = run("outbox", "--json").document["entries"]
    assert entry["draft"]["contact_phone"] == "37999992968"
    assert entry["draft"]["customer_document"] == one(simulator).document
    assert re.fullmatch(r"HT\w{6}", entry["reference"])


def test_read_only_opens_nothing(run, simulator):
    before = len(simulator.tickets)
    ran = run("--read-only", *opening(simulator))
    assert (ran.code, len(simulator.tickets)) == (2, before)
    assert "read-only" in ran.err


def test_a_full_disk_is_told_when_a_ticket_is_opened(run, simulator, monkeypatch):
    """The kernel refuses to let any file grow: nothing was accepted, and nothing was sent."""
    monkeypatch.setenv("HUBSOFT_TUI_OUTBOX__MAX_CHARACTERS", "50000")
    run("lookup", one(simulator).document)
    run("outbox")
    before = len(simulator.tickets)
    command = [sys.executable, "-c", NO_ROOM, *opening(simulator, "ã" * 30_000, "--json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert len(simulator.tickets) == before
    said = json.loads(ran.stdout)["error"]["message"]
    assert "NOT accepted" in said
    assert "disk is full" in said


def test_a_home_that_cannot_be_opened_is_told_as_what_it_means_for_the_ticket(run, simulator, tmp_path):
    assert run("outbox").code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as newer:
        newer.execute("PRAGMA user_version = 99")
    ran = run(*opening(simulator, "no light", "--json"))
    assert (ran.code, ran.document["error"]["kind"]) == (1, "store")
    assert "NOT accepted" in ran.document["error"]["message"]
    assert "newer version" in ran.document["error"]["message"]


DAMAGES = (
    "kind = 'of another world'", "draft = '{}'", "draft = x'00ff'", "state = 'lost'", "similar = 'x'",
    "doubles = '{'", "doubles = '[5]'", "created_at = 'abc'", "updated_at = -1e300", "due = 1e308",
    "said = CAST(x'ff' AS TEXT)", "protocol = x'00'",
)  # fmt: skip


def test_an_entry_that_cannot_be_read_hides_no_other_and_is_told(run, simulator, tmp_path, monkeypatch):
    for text in ("first", "second", "third"):
        assert run(*opening(simulator, text)).code == 0
    for number, damage in enumerate(DAMAGES):
        home = tmp_path.with_name(f"{tmp_path.name}-{number}")
        shutil.copytree(tmp_path, home)
        monkeypatch.setenv("HUBSOFT_TUI_HOME", str(home))
        with contextlib.closing(sqlite3.connect(home / "state" / "outbox.db")) as file:
            file.execute(f"UPDATE entry SET {damage} WHERE number = 2")
            file.commit()
        before = len(simulator.tickets)
        ran = run("outbox", "--send", "--json")
        assert ran.code == 0, damage
        assert [entry["local_protocol"] for entry in ran.document["entries"]] == ["LOC000003", "LOC000001"]
        assert "outbox.db.corrupt" in ran.err, damage
        opened = run(*opening(simulator, f"fourth {number}", "--json")).document
        assert opened["local_protocol"] == "LOC000004", damage
        assert len(simulator.tickets) == before + 1
        shutil.rmtree(home)


def test_an_outbox_that_a_full_disk_never_let_begin_is_empty(run, simulator, tmp_path):
    run("lookup", one(simulator).document)
    for part in ("", "-wal", "-shm", ".lock"):
        (tmp_path / "state" / f"outbox.db{part}").unlink(missing_ok=True)
    (tmp_path / "state" / "rooms" / "outbox.db").unlink(missing_ok=True)
    command = [sys.executable, "-c", NO_ROOM.replace("32_768", "0"), "outbox", "--json"]
    for _again in range(2):
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert json.loads(ran.stdout)["entries"] == []

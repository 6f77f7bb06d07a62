"""`sync` and `ticket list`: documents, sentences and exit codes."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.cli.output import shortened
from hubsoft_tui.formats import iso
from hubsoft_tui.simulator import Simulator
from tests.raw_server import Stranger, answer
from tests.test_imports import loaded

from .test_main import simulator

__all__ = ["simulator"]

KEYS = ["tracked", "new", "changed", "closed", "missing", "requests", "naive_requests", "seconds"]


def test_a_pass_is_the_agreed_document(run: Any, configured: Simulator) -> None:
    first = run("sync", "--once", "--json")
    assert (first.code, first.err) == (0, "")
    assert list(first.document)[: len(KEYS)] == KEYS
    assert (first.document["tracked"], first.document["unconfirmed"]) == (20, 0)
    configured.step(8)
    assert run("sync", "--json").document["naive_requests"] >= 20


def test_a_pass_in_words_says_what_it_spared(run: Any, configured: Simulator) -> None:
    ran = run("sync")
    assert ran.code == 0
    assert "20 open tickets followed, 0 new, 0 changed, 0 closed." in ran.out
    assert "one per ticket would be 20" in ran.out
    configured.remove_ticket(next(ticket for ticket in configured.tickets if ticket.open))
    assert "1 missing" in run("sync").out


def test_the_plan_is_shown_and_nothing_is_asked(run: Any, configured: Simulator) -> None:
    run("sync")
    sent = len(configured.request_log)
    plan = run("sync", "--plan-only", "--json").document
    assert (plan["requests"], plan["naive_requests"], len(plan["plan"])) == (1, 20, 1)
    assert "1 request in all; one per ticket would be 20." in run("sync", "--plan-only").out
    assert len(configured.request_log) == sent


def test_the_plan_of_the_first_pass_says_what_is_unknown(run: Any, configured: Simulator) -> None:
    assert "nobody knows how many yet" in run("sync", "--plan-only").out
    assert len(configured.request_log) == 0


def test_the_list_comes_from_the_mirror(run: Any, configured: Simulator, monkeypatch: Any) -> None:
    assert run("ticket", "list").out == "No ticket is followed yet. Run hubsoft-tui sync first.\n"
    run("sync")
    sent = len(configured.request_log)
    monkeypatch.delenv("HUBSOFT_PASSWORD")  # no request, no secret
    rows = run("ticket", "list", "--open", "--json").document["tickets"]
    assert len(rows) == 20
    ticket = next(ticket for ticket in configured.tickets if ticket.id == rows[0]["id"])
    assert (rows[0]["protocol"], rows[0]["state"]) == (ticket.protocol, "open")
    assert rows[0]["opened_at"].startswith("20")
    assert rows[0]["change"] is None
    said = run("ticket", "list").out.splitlines()
    assert said[0].startswith(ticket.protocol)
    assert said[-1] == "20 tickets"
    assert len(configured.request_log) == sent


def test_an_endless_name_makes_no_endless_lines(run: Any, configured: Simulator) -> None:
    for ticket in configured.tickets:
        ticket.customer.name = "PADARIA E CONFEITARIA " * 20
    run("sync")
    lines = run("ticket", "list").out.splitlines()
    assert "PADARIA E CONFEITARIA PADARIA E…" in lines[0]
    assert max(map(len, lines)) < 200


def test_a_change_is_in_the_list(run: Any, configured: Simulator) -> None:
    run("sync")
    configured.step(10)
    run("sync")
    changed = [row["change"] for row in run("ticket", "list", "--json").document["tickets"] if row["change"]]
    assert {"number", "kind", "before", "after", "at", "seen_at", "by"} == set(changed[0])


def test_hubsoft_away_is_4_and_the_mirror_still_answers(run: Any, configured: Simulator) -> None:
    run("sync")
    configured.set_scenario("outage")
    ran = run("sync", "--once", "--json")
    assert (ran.code, set(ran.document)) == (4, {"error"})
    assert len(run("ticket", "list", "--json").document["tickets"]) == 20


def test_a_filter_lists_what_the_screen_would_show(run: Any, configured: Simulator, monkeypatch: Any) -> None:
    run("sync")
    everything = json.loads(run("ticket", "list", "--json").out)["tickets"]
    now = iso(time.time())
    late = {row["id"] for row in everything if row["state"] == "open" and (row["due_at"] or "9") < now}
    mine = {row["id"] for row in everything if "Bianca Couto" in row["responsible"]}
    assert late
    assert mine

    def listed(text: str) -> set[int]:
        return {
            row["id"] for row in json.loads(run("ticket", "list", "--json", "--filter", text).out)["tickets"]
        }

    assert listed("late") == listed("atrasado") == late
    assert listed('late resp:"bianca couto"') == late & mine
    assert listed("") == {row["id"] for row in everything}
    assert listed("messages>999999") == set()
    assert run("ticket", "list", "--filter", "messages>999999").out == "No followed ticket is so.\n"
    unknown = run("ticket", "list", "--filter", "mine", "--json")
    assert (unknown.code, json.loads(unknown.out)["error"]["kind"]) == (2, "invalid_input")
    assert "ui.my_name" in unknown.err
    monkeypatch.setenv("HUBSOFT_TUI_UI__MY_NAME", "bianca")
    assert listed("mine open") == mine


@pytest.mark.parametrize(
    ("text", "place"), [("late foo:bar", 6), ("sla<soon", 5), ('late ""', 6), ("late resp:", 11)]
)
def test_a_filter_that_cannot_be_read_says_where(
    run: Any, configured: Simulator, text: str, place: int
) -> None:
    ran = run("ticket", "list", "--filter", text)
    assert ran.code == 2
    assert f"column {place}:" in ran.err


def test_refused_credentials_are_5(run: Any, configured: Simulator, monkeypatch: Any) -> None:
    monkeypatch.setenv("HUBSOFT_PASSWORD", "wrong")
    assert run("sync").code == 5
    assert run("sync", "--every", "1").code == 5


def test_no_answer_ends_sync_every(home: Path, monkeypatch: Any) -> None:
    said = [
        answer(200, b'{"status":"error","msg":"Verifique os dados informados"}'),
        answer(200, b'{"status":"error","msg":"Nenhum atendimento encontrado"}'),
        answer(200, b"[" * 20_000),
        answer(500, b"[" * 20_000),
        answer(302, b"", "Location: https://elsewhere.example/"),
        answer(200, gzip.compress(gzip.compress(bytes(100_000_000))), "Content-Encoding: gzip, gzip"),
        answer(200, b'{"status":"success","atendimentos":[{"id_atendimento":1e999}],"paginacao":"9e9"}'),
    ]
    with Stranger(lambda asked: said[(asked.number - 1) % len(said)]) as stranger:
        monkeypatch.setenv("HUBSOFT_URL", stranger.url)
        monkeypatch.setenv("HUBSOFT_CLIENT_ID", "1")
        for name in ("CLIENT_SECRET", "USERNAME", "PASSWORD"):
            monkeypatch.setenv(f"HUBSOFT_{name}", "secret")
        monkeypatch.setenv("HUBSOFT_TUI_RETRY__MAX_RETRIES", "0")
        monkeypatch.setenv("HUBSOFT_TUI_HEALTH__FAILURES_TO_OPEN", "100")
        child = subprocess.Popen(
            [sys.executable, "-m", "hubsoft_tui", "sync", "--every", "1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            while child.poll() is None and len(stranger.asked) < len(said):
                time.sleep(0.05)
            child.send_signal(signal.SIGTERM)
            assert child.wait(20) == 0
        finally:
            child.kill()
            _out, told = child.communicate()
    assert "Traceback" not in told
    assert len(stranger.asked) >= len(said)


def test_options_that_exclude_each_other_are_2(run: Any, configured: Simulator) -> None:
    assert run("sync", "--every", "5", "--once").code == 2
    assert run("sync", "--every", "0").code == 2


def test_a_newer_mirror_is_1_and_says_what_to_do(run: Any, configured: Simulator, home: Any) -> None:
    run("sync")
    with sqlite3.connect(home / "state" / "tickets.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    ran = run("sync", "--json")
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (1, "store")
    assert "newer version" in ran.err


def test_a_damaged_mirror_is_said_to_have_been_set_aside(run: Any, configured: Simulator, home: Any) -> None:
    (home / "state" / "rooms").mkdir(parents=True)
    (home / "state" / "tickets.db").write_bytes(b"rubbish" * 1000)
    ran = run("sync")
    assert ran.code == 0
    assert "was set aside as" in ran.err


def test_the_list_loads_no_engine_and_opens_the_mirror_alone(
    run: Any, configured: Simulator, home: Path
) -> None:
    run("sync", "--once")
    for path in home.rglob("*.db"):
        if path.name != "tickets.db":
            path.unlink()
    found = loaded("from hubsoft_tui.cli.main import run\nassert run(['ticket', 'list', '--json']) == 0")
    assert not found & {"asyncio", "ssl", "httpcore", "tenacity", "cachetools", "keyring", "textual"}
    assert not {
        name for name in found if name.startswith(("hubsoft_tui.core.engine", "hubsoft_tui.services.storage"))
    }
    assert [path.name for path in home.rglob("*.db") if path.stat().st_size] == ["tickets.db"]
    assert run("ticket", "list", "--json").document["tickets"]


def test_a_question_to_hubsoft_loads_no_rich(configured: Simulator) -> None:
    found = loaded("from hubsoft_tui.cli.main import run\nassert run(['sync', '--once']) == 0")
    assert "httpcore" in found
    assert not {name for name in found if name.startswith(("rich", "pygments"))}


@pytest.mark.parametrize("seconds", ["0", "nan", "inf", "1e300", "86401"])
def test_what_is_no_pause_between_syncs_is_refused(run, seconds):
    ran = run("sync", "--every", seconds)
    assert ran.code == 2
    assert "--every" in ran.err


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("A" * 2_000_000, 5, "AAAA…"),
        ("ANA", 3, "ANA"),
        ("東京都庁", 5, "東京…"),
        ("e\u0301" * 9, 3, "e\u0301e\u0301…"),
    ],
)
def test_a_text_of_any_length_is_cut_in_one_reading(text: str, most: int, shown: str) -> None:
    assert shortened(text, most) == shown

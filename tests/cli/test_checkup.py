"""`hubsoft-tui checkup`: what stands where, and which exit code tells what."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from hubsoft_tui.simulator import Simulator
from tests.services.checkup.fixture import ROSTER, SINGLE, some, strangers, write_list
from tests.strangers import spoil

KEYS = [
    "total", "active", "inactive", "not_found", "unknown", "requests", "naive_requests", "seconds", "plan", "members",
    "columns",
]  # fmt: skip


@pytest.fixture
def simulator():
    with Simulator(customers=700, tickets=0, clock_rate=0, latency=(0, 0)) as running:
        yield running


@pytest.fixture(autouse=True)
def ample(monkeypatch, home):
    """A budget in which no request waits."""
    monkeypatch.setenv("HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE", "6000")


@pytest.fixture
def members(configured, tmp_path):
    documents = [each.document for each in some(configured, 40)] + strangers(1)
    return write_list(tmp_path / "members.csv", documents)


def test_json_has_one_document_and_a_second_run_is_free(run, configured, members, tmp_path):
    ran = run("checkup", str(members), "--json", "--out", str(tmp_path / "out.json"))
    assert ran.code == 0
    assert list(ran.document) == KEYS
    assert (ran.document["total"], ran.document["not_found"], ran.document["unknown"]) == (41, 1, 0)
    assert ran.document["requests"] == len(configured.request_log.entries()), (
        "the count probe and the login too"
    )
    assert ran.document["plan"]["way"] == "roster"
    active = {each.document for each in configured.customers if each.active}
    assert all(
        (each["result"] == "active") == (each["document"] in active) for each in ran.document["members"]
    )
    assert json.loads((tmp_path / "out.json").read_text()) == ran.document

    again = run("checkup", str(members), "--json")
    assert (again.code, again.document["requests"]) == (0, 0)


def test_a_plan_alone_runs_nothing_and_says_what_it_would_cost(run, configured, members):
    ran = run("checkup", str(members), "--plan-only")
    assert ran.code == 0
    assert "whole roster: 2 pages of 500" in ran.out
    assert "instead of 41" in ran.out
    assert (
        configured.request_log.count(path="cliente/todos") == 1
    )  # one customer, to learn how many there are
    ran = run("checkup", str(members), "--plan-only", "--json")
    assert list(ran.document) == KEYS
    assert (ran.document["active"], ran.document["requests"]) == (None, 0)
    assert ran.document["plan"]["requests"] == 2


def test_people_are_told_what_changed_and_documents_are_masked(run, configured, members):
    first = run("checkup", str(members))
    assert first.code == 0
    assert "not found 1" in first.out
    person = next(each for each in some(configured, 40) if each.active)
    configured.set_status(person, "suspenso_debito")
    again = run("checkup", str(members), "--max-age", "0")
    assert "active → inactive" in again.out
    assert person.document not in again.out + again.err
    changes = run("checkup", str(members), "--max-age", "3600", "--only-changes", "--json")
    assert changes.document["members"] == []


def test_an_unknown_member_is_exit_code_one_and_no_decision_is_four(run, configured, members, monkeypatch):
    odd = next(each for each in some(configured, 40) if len(each.services) == 1)
    odd.services[0].status = ""
    ran = run("checkup", str(members), "--json")
    assert (ran.code, ran.document["unknown"]) == (1, 1)
    monkeypatch.setenv("HUBSOFT_TUI_CHECKUP__PATIENCE_SECONDS", "1")
    monkeypatch.setenv("HUBSOFT_TUI_HEALTH__OPEN_SECONDS", "0.1")
    configured.set_scenario("outage")
    ran = run("checkup", str(members), "--max-age", "0", "--json")
    assert (ran.code, ran.document["unknown"]) == (4, 41)
    assert "Nobody could be checked" in ran.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere/list.csv"], "There is no file"),
        (["{folder}"], "is a folder"),
        (["{file}", "--out", "{folder}/no/out.csv"], "There is no folder"),
        (["{file}", "--out", "{folder}/out.txt"], "must end in"),
        (["{file}", "--out", "{file}"], "the list itself"),
        (["{bad}"], "no column of documents"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_sent(run, configured, members, arguments, sentence):
    bad = members.parent / "bad.csv"
    bad.write_text("name;phone\nA;1\n")
    values = {"folder": str(members.parent), "file": str(members), "bad": str(bad)}
    ran = run("checkup", *(each.format(**values) for each in arguments))
    assert ran.code == 2
    assert sentence in ran.err
    assert len(configured.request_log) == 0


def test_bad_lines_are_told_and_the_good_ones_are_checked(run, configured, members):
    with members.open("a", encoding="utf-8") as file:
        file.write("123456789012;X;\n00000000000;Y;\n")
    ran = run("checkup", str(members), "--json")
    assert ran.code == 0
    assert "Line 43: a document has 11 or 14 digits, not 12." in ran.err
    assert "Line 44: the document is all zeros." in ran.err
    assert ran.document["total"] == 41


def test_the_command_has_been_run_before_the_program_ends(run, configured, members, tmp_path, monkeypatch):
    told = tmp_path / "told"
    monkeypatch.setenv(
        "HUBSOFT_TUI_CHECKUP__COMMAND", f'["/bin/sh", "-c", "sleep 0.3; echo $0 >> {told}", "{{document}}"]'
    )
    run("checkup", str(members))
    person = next(each for each in some(configured, 40) if each.active)
    configured.set_status(person, "suspenso_debito")
    assert run("checkup", str(members), "--max-age", "0").code == 0
    assert told.read_text().split() == [person.document]


def test_the_list_may_be_piped_in_and_the_results_out(configured, members):
    environment = {**os.environ, "PYTHONUTF8": "1"}
    for piped in ("-", "/dev/stdin"):
        command = [sys.executable, "-m", "hubsoft_tui", "checkup", piped, "--out", "-"]
        ran = subprocess.run(
            command, input=members.read_bytes(), capture_output=True, env=environment, check=False, timeout=60
        )
        assert ran.returncode == 0
        rows = list(csv.DictReader(io.StringIO(ran.stdout.decode()), delimiter=";"))
        assert len(rows) == 41
        assert {row["result"] for row in rows} <= {"active", "inactive", "not_found"}
        assert b"Documents were read from: cpf." in ran.stderr


def test_results_on_stdout_and_a_document_on_stdout_are_one_too_many(run, configured, members):
    ran = run("checkup", str(members), "--out", "-", "--json")
    assert ran.code == 2
    assert ran.document["error"]["kind"] == "usage"
    assert len(configured.request_log) == 0


def test_which_columns_were_read_is_told_and_each_row_is_its_own_person(run, configured, tmp_path):
    person = next(each for each in configured.customers if each.active and len(each.document) == 11)
    company = next(each for each in configured.customers if len(each.document) == 14)
    file = tmp_path / "members.csv"
    file.write_text(f"Nome;CPF;CNPJ\nA;{person.document};\nB;;{company.document}\n")
    ran = run("checkup", str(file), "--json")
    assert ran.document["columns"] == ["CPF", "CNPJ"]
    assert {each["document"] for each in ran.document["members"]} == {person.document, company.document}
    assert "Documents were read from: CPF, CNPJ." in ran.err


def test_a_file_may_have_a_name_that_is_not_utf8(run, configured, members):
    named = members.with_name(os.fsdecode("m\u00e3e.csv".encode("latin-1")))
    members.rename(named)
    ran = run("checkup", str(named), "--json", "--out", str(named.with_suffix(".json")))
    assert (ran.code, ran.document["total"]) == (0, 41)


@pytest.mark.parametrize("age", ["nan", "inf", "1e400", "-1", "soon"])
def test_an_age_that_is_none_is_refused(run, configured, members, age):
    ran = run("checkup", str(members), "--max-age", age)
    assert ran.code == 2
    assert "--max-age" in ran.err
    assert configured.request_log.entries() == []


def test_what_is_held_is_told_and_settled_on_the_command_line(
    run, configured, members, tmp_path, monkeypatch
):
    told = tmp_path / "told"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys\nopen({str(told)!r}, 'a').write(sys.argv[1] + '\\n')\n")
    command = json.dumps([sys.executable, "-S", str(script), "{document}"])
    monkeypatch.setenv("HUBSOFT_TUI_CHECKUP__COMMAND", command)
    assert run("checkup", str(members), "--json").code == 0
    active = [each for each in some(configured, 40) if each.active]
    for each in active[:8]:
        configured.set_status(each, "cancelado")
    ran = run("checkup", str(members), "--json", "--max-age", "0")
    assert (ran.code, ran.document["held"], told.exists()) == (1, 8, False)
    assert "8 commands are held" in ran.err
    assert "--release-held" in ran.err
    ran = run("checkup", str(members), "--release-held", "--drop-held")
    assert (ran.code, told.exists()) == (2, False)
    assert run("checkup", str(tmp_path / "other.csv"), "--drop-held").code == 2
    before = len(configured.request_log)
    ran = run("checkup", str(members), "--release-held")
    assert (ran.code, len(configured.request_log)) == (0, before)
    assert "8 commands were released" in ran.out
    assert len(told.read_text().split()) == 8

    for each in active[8:16]:
        configured.set_status(each, "cancelado")
    assert run("checkup", str(members), "--max-age", "0").code == 1
    ran = run("checkup", str(members), "--drop-held", "--json")
    assert (ran.code, ran.document) == (0, {"dropped": 8, "failed": 0})
    assert run("checkup", str(members)).code == 0
    assert len(told.read_text().split()) == 8


@pytest.mark.parametrize("name", ["nginx 404", "blank 404", "no list", "database"])
def test_an_answer_that_proves_nothing_is_unknown_and_no_success(
    run, configured, tmp_path, monkeypatch, name
):
    monkeypatch.setenv("HUBSOFT_TUI_CHECKUP__PATIENCE_SECONDS", "1")
    people = [each.document for each in some(configured, 40) if each.active][:3]
    file = write_list(tmp_path / "few.csv", people)
    for path in (ROSTER, SINGLE):
        spoil(configured, name, path)
    ran = run("checkup", str(file), "--json")
    assert ran.code == 4
    assert (ran.document["unknown"], ran.document["not_found"]) == (3, 0)
    ran = run("lookup", people[0], "--json")
    assert ran.code in {1, 4}

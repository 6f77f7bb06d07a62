"""`report`: what a day cost, as text, JSON, CSV and a page; and what it says when it cannot."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing

import pytest

from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS

BIANCA = "86214941081"
AGREED = [
    "day", "requests", "requests_by_priority", "requests_by_endpoint", "questions", "hit_ratio", "saved",
    "errors", "rate_limited", "latency_ms",
]  # fmt: skip


pytestmark = pytest.mark.usefixtures("configured")


def test_a_lookup_is_in_the_report_of_today(run, simulator, home):
    run("lookup", BIANCA, "--json")
    run("lookup", BIANCA, "--json")
    code, out, err = run("report", "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert list(document)[: len(AGREED)] == AGREED
    assert document["requests"] == len(simulator.request_log) == 2
    assert document["requests_by_endpoint"] == {"cliente": 1, "token": 1}
    assert (document["questions"], document["saved"], document["hit_ratio"]) == (2, 1, 0.5)
    code, out, _err = run("report", "--csv")
    assert code == 0
    assert next(csv.DictReader(io.StringIO(out)))["requests"] == "2"
    code, out, _err = run("report")
    assert code == 0
    assert "cliente" in out
    code, out, _err = run("report", "--html", str(home / "page.html"))
    assert code == 0
    assert str(home / "page.html") in out
    assert BIANCA not in (home / "page.html").read_text()
    assert len(simulator.request_log) == 2, "a report sends nothing"


def test_a_day_without_anything_says_so(run):
    code, out, _err = run("report", "--day", "2026-01-31")
    assert code == 0
    assert "Report of 31/01/2026" in out
    assert "Nothing was asked" in out
    code, out, _err = run("report", "--day", "2026-01-31", "--json")
    assert (code, json.loads(out)["questions"]) == (0, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-30"])
def test_the_first_and_the_last_days_have_a_report(run, day):
    ran = run("report", "--day", day, "--json")
    assert (ran.code, ran.document["requests"], ran.document["actions"]) == (0, 0, [])


@pytest.mark.parametrize(
    "day", ["yesterday", "31/01/2026", "2026-02-30", "20260131", "2026-1-5x", "9999-12-31"]
)
def test_what_is_no_day_is_wrong_input(run, day):
    code, _out, err = run("report", "--day", day)
    assert code == 2
    assert "Write it as year-month-day" in err


def test_one_form_at_a_time(run):
    code, _out, err = run("report", "--json", "--csv")
    assert code == 2
    assert "Choose one of" in err


def test_a_page_that_cannot_be_written_is_one_sentence(run, home):
    code, _out, err = run("report", "--html", str(home / "nowhere" / "page.html"))
    assert code == 1
    assert err.count("\n") == 1
    assert "there is no such folder. Choose another place." in err


def test_a_trace_of_a_newer_version_is_one_sentence_and_lookups_go_on(run, home):
    open_database(home / "state" / "trace.db", (*MIGRATIONS, "CREATE TABLE more (x)")).close()
    assert run("lookup", BIANCA)[0] == 0
    code, _out, err = run("report", "--json")
    assert code == 1
    assert "trace.db was written by a newer version" in err


def test_without_a_trace_it_says_why_nothing_is_added(run, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_TRACE__ENABLED", "false")
    code, out, err = run("report", "--json")
    assert (code, json.loads(out)["questions"]) == (0, 0)
    assert "trace.enabled" in err


def test_a_command_that_no_terminal_sees_is_told_apart_on_the_monitor(run, home):
    run("lookup", BIANCA, "--json")
    trace = next(home.rglob("trace.db"))
    with closing(open_database(trace, MIGRATIONS)) as database:
        rows = database.read("SELECT DISTINCT text FROM sent JOIN word ON word.id = program")
    assert rows == [("cron",)]

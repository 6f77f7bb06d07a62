"""Every benchmark runs; what it measures is not judged here, because a busy machine would decide."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks import workload
from benchmarks.__main__ import NAMES, main
from benchmarks.requests import replay
from benchmarks.soak import slope
from benchmarks.table import Table, ratio
from benchmarks.terminal import Screen, Unpainted, likeness, start
from benchmarks.workload import AGES, Asked, Kind
from tests.fuzzing import in_form

FIGURES = {
    "start": ["bare Textual", "hubsoft-tui --demo"],
    "hit": ["cachetools LRUCache", "engine.ask", "AsyncHubSoft", "HubSoft,"],
    "limiter": ["ours, budget in memory", "ours, budget in SQLite"],
    "throughput": ["httpx", "our engine"],
    "requests": ["naive", "seed's cache", "ours", "least possible"],
    "trace": ["a question from memory, traced", "written", "on disk", "a day of"],
    "screen": ["ours, the tickets screen", "Textual's DataTable"],
    "sync": ["one request per ticket", "ours", "merge, 2 % changed", "longest stall"],
    "checkup": ["100 of 1,506: one by one", "100 of 1,506: ours", "roster of 1,500"],
    "tuning": [
        "naive",
        "seed's cache",
        "ours, default",
        "ours, lifetimes tuned",
        "least possible",
        "curve of",
    ],
    "shared": ["ours", "lock"],
    "outbox": ["ours, quiet", "retry on any error", "retry only what was never sent", "ours, one entry"],
}

LENGTHY = ("start", "limiter", "throughput", "screen", "requests", "outbox", "tuning", "shared")
"""Even quickest these take seconds: the long form runs them, and tests of their own run what they measure."""


@pytest.mark.long
@pytest.mark.parametrize("name", in_form([each for each in NAMES if each not in LENGTHY], NAMES))
def test_quickest_form_prints_a_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--only", name]) == 0
    printed = capsys.readouterr().out
    for row in FIGURES[name]:
        # The row is there, and has a figure.
        assert re.search(rf"^{re.escape(row)}.*\d", printed, re.MULTILINE), printed


def test_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "everything"])
    assert "throughput" in capsys.readouterr().err


def test_table_stands_in_columns() -> None:
    table = Table("Title", ("", "us"), (("one", "1.0"), ("another", "10.0")), ("A note.",))
    assert table.render().splitlines() == [
        "Title",
        "",
        "           us",
        "-------------",
        "one       1.0",
        "another  10.0",
        "  A note.",
    ]
    assert ratio(3.0, 2.0) == "1.50x"
    assert ratio(3.0, 0.0) == "-"


@pytest.mark.long
def test_engine_needs_no_request_more_than_the_bound() -> None:
    trace = workload.month(in_form(1, 3), seed=5)
    assert replay(trace).requests == workload.per_subject(trace, AGES) < workload.naive(trace)


def test_bounds_are_exact_on_a_trace_one_can_count() -> None:
    trace = [
        Asked(0.0, 1, Kind.STATUS),
        Asked(10.0, 1, Kind.DATA),  # the status brought the data
        Asked(1801.0, 2, Kind.DATA),
        Asked(1802.0, 1, Kind.DATA),  # older than half an hour
        Asked(1803.0, 1, Kind.WRITE),
        Asked(14_402.0, 1, Kind.STATUS),  # younger than four hours
        Asked(14_403.0, 1, Kind.TICKET),  # a ticket with the customer's number is no customer
    ]
    assert workload.per_subject(trace, AGES) == 5
    assert workload.with_sweeps(trace, AGES, pages=1) == 4  # one sweep at 1801 brings customers 1 and 2
    assert workload.with_sweeps(trace, AGES, pages=10) == 5
    assert workload.seed_cache(trace, data_tells_status=False) == 6
    assert workload.naive(trace) == 7


def test_month_is_the_same_for_the_same_seed_and_in_order() -> None:
    trace = workload.month(4)
    assert trace == workload.month(4)
    assert trace != workload.month(4, seed=2)
    assert [one.at for one in trace] == sorted(one.at for one in trace)
    assert sum(one.kind is Kind.TICKET for one in trace) >= 4 * 45


def test_screen_keeps_what_stays_and_drops_what_goes() -> None:
    screen = Screen(10, 3)
    screen.feed("\x1b[2J\x1b[1;1Hone\r\ntwo\x1b[3;9Hçã".encode())
    assert screen.lines == ("one       ", "two       ", "        çã")
    screen.feed(b"\x1b[1;2H\x1b[K\x1b[31mX\x1b[0m\x1b]0;title\x07")
    assert screen.lines[0] == "oX        "
    assert screen.feed(b"\x1b[?2026$p") == b"\x1b[?2026;2$y"


def test_screen_waits_for_the_rest_of_a_cut_sequence() -> None:
    screen = Screen(10, 1)
    screen.feed(b"a\x1b[1;")
    screen.feed(b"5Hb\xc3")
    screen.feed(b"\xa7")
    assert screen.lines == ("a   bç    ",)


def test_likeness_counts_only_what_is_visible_in_the_end() -> None:
    assert likeness(["ab  "], ["abcd"]) == 0.5
    assert likeness(["abcd"], ["ab  "]) == 1.0
    assert likeness(["    "], ["    "]) == 0.0


def test_program_that_ends_at_once_is_said_to_have_shown_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unpainted, match="status 3"):
        start([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, {"TERM": "xterm"}, 0.0)


def test_what_fills_up_is_told_from_what_leaks() -> None:
    assert (slope([1.0, 1.5, 2.0]), slope([2.0, 2.0, 2.0, 2.0])) == ("+0.500", "+0.000")
    assert slope([1.0, 2.0]) == "-"  # two values are noise

"""A report for programs, spreadsheets and the mail."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hubsoft_tui import texts
from hubsoft_tui.errors import HubSoftError, InvalidInput
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.services.reports.export import COLUMNS, as_document, as_page, as_table, export
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.types import ActionCount, DayReport, Hour

SUMS = Sums(
    questions=10, hits=6, coalesced=1, negative=1, failed=1, requests=4, asked=3, errors=1, repeats=1,
    rate_limited=1, size=4000, waited=2.0, wait_p95=1.5, p50=0.042, p95=0.18, saved=7,
)  # fmt: skip
REPORT = DayReport(
    day=date(2026, 11, 23),
    since=1_795_402_800.0,
    until=1_795_489_200.0,
    total=SUMS,
    hours=tuple(Hour(1_795_402_800.0 + 3600 * n, n, SUMS if n == 9 else Sums()) for n in range(24)),
    endpoints={"cliente": Sums(requests=3), "token": Sums(requests=1)},
    priorities={"critical": Sums(requests=1), "high": SUMS, "normal": Sums(), "low": Sums()},
    categories={"client_data": SUMS, "contract_status": Sums(), "service_data": Sums()},
    operators={"=cmd|' /C calc'!A0": SUMS},
    callers={"<script>alert(1)</script>": SUMS},
    statuses={"200": 2, "429": 1, "cut": 1},
    rows=14,
)


@pytest.fixture(autouse=True)
def english():
    spoken = texts.language()
    texts.use("en")
    yield
    texts.use(spoken)


def test_the_agreed_keys_come_first_as_agreed():
    document = json.loads(json.dumps(as_document(REPORT)))
    agreed = {
        "day": "2026-11-23",
        "requests": 4,
        "requests_by_priority": {"critical": 1, "high": 4, "normal": 0, "low": 0},
        "requests_by_endpoint": {"cliente": 3, "token": 1},
        "questions": 10,
        "hit_ratio": 0.8,
        "saved": 7,
        "errors": 1,
        "rate_limited": 1,
        "latency_ms": {"p50": 42.0, "p95": 180.0},
    }
    assert list(document)[: len(agreed)] == list(agreed)
    assert {key: document[key] for key in agreed} == agreed
    assert document["naive_requests"] == 11
    assert document["wait_ms"] == {"mean": 500.0, "p95": 1500.0}


def test_an_empty_day_has_no_ratio_and_no_latency():
    document = as_document(DayReport(date(2026, 11, 23), 0.0, 86400.0))
    assert (document["hit_ratio"], document["latency_ms"]) == (None, {"p50": None, "p95": None})
    assert document["requests"] == 0


def test_the_table_has_a_line_for_everything_and_no_formula():
    rows = list(csv.DictReader(io.StringIO(as_table(REPORT))))
    assert [row["group"] for row in rows].count("hour") == 24
    assert {row["group"] for row in rows} == {
        "day", "hour", "endpoint", "priority", "category", "operator", "caller",
    }  # fmt: skip
    assert rows[0]["name"] == "2026-11-23"
    assert (rows[0]["questions"], rows[0]["bytes"], rows[0]["latency_p95_ms"]) == ("10", "4000", "180.0")
    assert set(COLUMNS) < set(rows[0])
    (operator,) = (row["name"] for row in rows if row["group"] == "operator")
    assert operator.startswith("'=")


class Links(HTMLParser):
    """Collects what a page would fetch or run, and its open elements."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [tag] if tag in {"script", "link", "img", "iframe", "object", "base"} else []
        self.outside += [
            name for name, _ in attrs if name in {"src", "href", "style"} or name.startswith("on")
        ]
        if tag not in {"meta", "rect", "line"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "line"}:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "pt_BR"])
def test_the_page_fetches_nothing_runs_nothing_and_holds_together(language):
    texts.use(language)
    page = as_page(REPORT, profile="main", host='api.provedor.example"><img src=x>')
    links = Links()
    links.feed(page)
    links.close()
    assert (links.outside, links.open) == ([], [])
    assert "url(" not in page
    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert f'<html lang="{language.replace("_", "-")}">' in page


def test_the_page_says_it_in_the_persons_language():
    assert "HubSoft requests on 23/11/2026" in as_page(REPORT)
    texts.use("pt_BR")
    page = as_page(REPORT)
    assert "Requisições ao HubSoft em 23/11/2026" in page
    assert "80,0%" in page


def test_a_day_without_questions_has_a_page_too():
    assert "Nothing was asked" in as_page(DayReport(date(2026, 11, 23), 0.0, 86400.0))


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", "<!DOCTYPE html>"), ("r.CSV", "day,group"), ("r.json", "{")]
)
def test_the_name_s_ending_chooses_the_format(tmp_path, name, begins):
    export(REPORT, tmp_path / name)
    assert (tmp_path / name).read_text().startswith(begins)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_an_unwritable_place_is_said_with_what_to_do(tmp_path):
    with pytest.raises(InvalidInput, match=r"\.html, \.csv or \.json"):
        export(REPORT, tmp_path / "report.pdf")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(HubSoftError, match="that is a folder"):
        export(REPORT, tmp_path / "folder.html")
    with pytest.raises(HubSoftError, match="there is no such folder"):
        export(REPORT, tmp_path / "nowhere" / "report.html")
    with pytest.raises(HubSoftError, match="cannot be written to"):
        export(REPORT, Path("/proc/report.html"))


def test_what_operators_did_stands_in_page_and_document_and_nowhere_when_nothing_was_done():
    acted = replace(
        REPORT,
        actions=(
            ActionCount("ana<b>", EntryKind.RESTART_DEVICE, 3, 2, 1, 0),
            ActionCount("caique", EntryKind.TRUST_UNLOCK, 1, 0, 0, 1),
        ),
    )
    page = as_page(acted)
    assert "<td>ana&lt;b&gt; · restart the equipment</td><td>3</td><td>2</td><td>1</td><td>–</td>" in page
    assert "Actions" not in as_page(REPORT)
    assert as_document(acted)["actions"][1] == {
        "operator": "caique", "kind": "trust_unlock", "asked": 1, "done": 0, "refused": 0, "open": 1,
    }  # fmt: skip
    assert as_document(REPORT)["actions"] == []

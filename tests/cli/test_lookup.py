"""The lookup command: what it prints for people and for programs, and its exit codes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator
from tests.cli.homes import UNKNOWN_CPF, active_one, make_older
from tests.test_imports import loaded


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(customers=60, tickets=20, clock_rate=0, latency=(0, 0), hostile=True) as running:
        yield running


CLIENTS = "cliente"


class TestLookup:
    def test_says_first_whether_the_contract_is_active(self, run: Any, configured: Simulator) -> None:
        customer = active_one(configured)
        ran = run("lookup", customer.document)
        assert ran.code == 0
        first, *rest = ran.out.splitlines()
        assert first.startswith(f"ACTIVE  {customer.name}")
        assert "asked now, 1 request" in first
        assert str(customer.code) in "".join(rest)

    def test_an_answer_from_memory_loads_no_engine_and_opens_two_rooms(
        self, run: Any, configured: Simulator, home: Path
    ) -> None:
        document = active_one(configured).document
        asked = run("lookup", document).out
        kept = {path.name for path in home.rglob("*.db")}
        for path in home.rglob("*.db"):
            if path.name not in {"records.db", "trace.db"}:
                path.unlink()
        found = loaded(f"from hubsoft_tui.cli.main import run\nassert run(['lookup', {document!r}]) == 0")
        heavy = {
            "asyncio",
            "ssl",
            "socket",
            "httpcore",
            "tenacity",
            "brutils",
            "keyring",
            "platformdirs",
            "textual",
        }
        assert not found & heavy
        ours = (
            "core.engine",
            "core.requests",
            "services.storage",
            "services.container",
            "simulator",
        )
        assert not {name for name in found if name.startswith(tuple(f"hubsoft_tui.{each}" for each in ours))}
        assert (
            {path.name for path in home.rglob("*.db") if path.stat().st_size}
            == {"records.db", "trace.db"}
            < kept
        )
        assert "from cache" in run("lookup", document).out.replace("\n", " ")
        assert asked.splitlines()[1:] == run("lookup", document).out.splitlines()[1:]

    def test_a_cancelled_contract_is_not_active(self, run: Any, configured: Simulator) -> None:
        customer = active_one(configured)
        configured.set_status(customer, "cancelado")
        ran = run("lookup", customer.document)
        assert (ran.code, ran.out.splitlines()[0].startswith("NOT ACTIVE  ")) == (0, True)

    def test_shows_no_whole_document_and_no_whole_phone(self, run: Any, configured: Simulator) -> None:
        customer = active_one(configured)
        digits = re.sub(r"\D", "", run("lookup", customer.document).out)
        assert customer.document not in digits
        assert re.sub(r"\D", "", customer.phone)[-8:] not in digits

    def test_a_pipe_gets_no_colours(self, run: Any, configured: Simulator) -> None:
        assert "\x1b" not in run("lookup", active_one(configured).document).out

    def test_a_terminal_gets_colours_unless_it_refuses_them(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        document = active_one(configured).document
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        assert "\x1b[32mACTIVE\x1b[0m" in run("lookup", document).out
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b" not in run("lookup", document).out

    def test_the_document_has_the_promised_keys(self, run: Any, configured: Simulator) -> None:
        customer = active_one(configured)
        document = run("lookup", customer.document, "--json").document
        assert list(document) == [
            "term", "kind", "found", "active", "source", "age_seconds", "requests", "customers",
        ]  # fmt: skip
        assert document["term"] == customer.document
        assert (document["kind"], document["found"], document["active"]) == ("cpf", True, True)
        assert (document["source"], document["requests"]) == ("api", 1)
        assert 0 <= document["age_seconds"] < 30
        (found,) = document["customers"]
        assert (found["name"], found["document"], found["code"]) == (
            customer.name,
            customer.document,
            customer.code,
        )
        assert found["active"] is True
        assert {service["id"] for service in found["services"]} == {
            service.id for service in customer.services
        }

    def test_the_second_time_costs_nothing_and_says_how_old_it_is(
        self, run: Any, configured: Simulator
    ) -> None:
        customer = active_one(configured)
        run("lookup", customer.document)
        sent = len(configured.request_log)
        again = run("lookup", customer.document, "--json").document
        assert (again["source"], again["requests"]) == ("cache", 0)
        assert "from cache, " in run("lookup", customer.document).out
        assert len(configured.request_log) == sent

    def test_refresh_asks_again(self, run: Any, configured: Simulator) -> None:
        document = active_one(configured).document
        run("lookup", document)
        assert run("lookup", document, "--refresh", "--json").document["source"] == "api"
        assert configured.request_log.count(path=CLIENTS) == 2

    def test_status_only_is_content_with_an_older_answer(
        self, run: Any, configured: Simulator, home: Path
    ) -> None:
        document = active_one(configured).document
        run("lookup", document)
        make_older(home, hours=2)
        assert run("lookup", document, "--status-only", "--json").document["source"] == "cache"
        assert run("lookup", document, "--json").document["source"] == "api"

    def test_status_only_shows_no_phone(self, run: Any, configured: Simulator) -> None:
        out = run("lookup", active_one(configured).document, "--status-only").out
        assert out.startswith("ACTIVE")
        assert "phones" not in out

    def test_no_customer_found_is_3(self, run: Any, configured: Simulator) -> None:
        ran = run("lookup", UNKNOWN_CPF)
        assert (ran.code, UNKNOWN_CPF in ran.out, ran.out.startswith("Nobody found")) == (3, False, True)
        asked = run("lookup", UNKNOWN_CPF, "--json")
        assert asked.code == 3
        assert (asked.document["found"], asked.document["active"], asked.document["customers"]) == (
            False,
            None,
            [],
        )
        assert "error" not in asked.document

    @pytest.mark.parametrize("term", ["86214941082", "", "  ", "x" * 10_000, "862.149.410-8\x1b[2J"])
    def test_what_cannot_be_right_is_2_and_nothing_is_sent(
        self, run: Any, configured: Simulator, term: str
    ) -> None:
        ran = run("lookup", "--json", "--", term)
        assert ran.code == 2
        assert ran.out == "" or "error" in ran.document
        assert len(configured.request_log) == 0
        asked = run("lookup", "--json", term)
        assert asked.document["error"]["kind"] == "invalid_input"
        assert (asked.document["found"], len(asked.document["term"]) <= 100) == (None, True)
        assert asked.document["error"]["message"] == asked.err.strip()
        assert "\x1b" not in asked.err + asked.out

    def test_several_people_are_listed_with_a_verdict_each(self, run: Any, configured: Simulator) -> None:
        word = active_one(configured).name.split()[-1]
        document = run("lookup", word, "--json").document
        names = [customer["name"] for customer in document["customers"]]
        assert len(names) > 1
        assert document["active"] == any(customer["active"] for customer in document["customers"])
        out = run("lookup", word).out
        assert out.startswith(f"{len(names)} customers")
        assert all(name in out for name in names)

    def test_hostile_names_reach_no_terminal(self, run: Any, configured: Simulator) -> None:
        hostile = configured.hostile
        assert hostile is not None
        for shown in (run("lookup", hostile.document), run("lookup", hostile.document, "--json")):
            assert shown.code == 0
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown.out)
            assert "\\u001b" not in shown.out
            assert "[red]x[/]" in shown.out

    def test_no_password_is_anywhere(self, run: Any, configured: Simulator, home: Path) -> None:
        ran = run("lookup", active_one(configured).document, "--json")
        assert "senha" not in ran.out
        assert configured.password not in ran.out + ran.err
        written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        assert b"senha" not in written

"""The headless commands, over real HTTP: what stands on stdout, what on stderr, and the exit code."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hubsoft_tui import __version__, errors
from hubsoft_tui.cli.output import error_kind
from hubsoft_tui.simulator import Simulator
from tests.e2e.fixture import profile
from tests.test_imports import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = "cliente"
UNKNOWN_CPF = "11144477735"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(customers=60, tickets=20, clock_rate=0, latency=(0, 0), hostile=True) as running:
        yield running


def make_older(home: Path, *, hours: float) -> None:
    """Let what is remembered be older than it is, as if the machine had been started since."""
    changed = 0
    for path in home.rglob("*.db"):
        with sqlite3.connect(path) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'record'").fetchall()
            if tables:
                aged = "UPDATE record SET fetched_at = fetched_at - ?, epoch = 'an earlier start'"
                changed += connection.execute(aged, (hours * 3600,)).rowcount
        connection.close()
    assert changed


def active_one(simulator: Simulator) -> Any:
    return next(customer for customer in simulator.customers if customer.active and not customer.hostile)


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
            "httpx",
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


class TestFailures:
    def test_refused_credentials_are_5(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_PASSWORD", "not-the-password")
        ran = run("lookup", active_one(configured).document, "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (5, "credentials_refused")
        assert "not-the-password" not in ran.out + ran.err

    def test_no_answer_and_nothing_remembered_is_4(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        monkeypatch.setenv("HUBSOFT_URL", f"http://127.0.0.1:{port}")
        ran = run("lookup", UNKNOWN_CPF, "--json")
        assert ran.code == 4
        assert (ran.document["found"], ran.document["source"], ran.document["kind"]) == (None, None, "cpf")
        assert ran.document["error"]["message"] == ran.err.strip()

    def test_an_outage_shows_what_is_remembered_and_says_so(
        self, run: Any, configured: Simulator, home: Path
    ) -> None:
        document = active_one(configured).document
        run("lookup", document)
        make_older(home, hours=2)
        configured.set_scenario("outage")
        ran = run("lookup", document)
        assert (ran.code, ran.out.splitlines()[0].endswith("(HubSoft does not answer; this is 2 h old)")) == (
            0,
            True,
        )
        assert run("lookup", document, "--json").document["source"] == "stale"

    def test_no_profile_is_2_and_says_what_to_do(self, run: Any) -> None:
        ran = run("lookup", UNKNOWN_CPF, "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (2, "no_profile")
        assert "HUBSOFT_URL" in ran.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ["lookup"],
            ["lookup", "--nope", "x"],
            ["nope"],
            ["cache"],
            ["simulate", "--port", "99999"],
            ["completion", "sh"],
        ],
    )
    def test_wrong_usage_is_2_on_stderr(self, run: Any, arguments: list[str]) -> None:
        ran = run(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "--help" in ran.err

    def test_wrong_usage_is_a_document_too(self, run: Any) -> None:
        ran = run("lookup", "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (2, "usage")

    def test_a_term_that_looks_like_the_option_is_a_term(self, run: Any, configured: Simulator) -> None:
        ran = run("lookup", "--", "--json")
        assert not ran.out.startswith("{")

    def test_ctrl_c_is_130(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("hubsoft_tui.cli.upkeep.write_lines", interrupted)
        ran = run("config", "path")
        assert (ran.code, ran.err.strip()) == (130, "Interrupted.")

    def test_a_fault_of_the_program_is_one_private_line(
        self, run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret = "862.149.410-81"

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError(secret)

        monkeypatch.setattr("hubsoft_tui.cli.upkeep.write_lines", broken)
        ran = run("config", "path")
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
        (report,) = (home / "state" / "crashes").iterdir()
        assert str(report) in ran.err
        assert secret not in ran.err + report.read_text()

    def test_a_reader_that_goes_away_is_no_crash(self, home: Path) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "hubsoft_tui", "config", "path"]
        with os.fdopen(writing, "wb") as gone:
            ran = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, check=False, timeout=60)
        assert (ran.returncode, ran.stderr) == (1, b"")
        assert not (home / "state").exists()

    def test_every_error_has_a_kind_of_its_own(self) -> None:
        classes: list[type[errors.HubSoftError]] = [
            each
            for each in vars(errors).values()
            if isinstance(each, type) and issubclass(each, errors.HubSoftError)
        ]
        kinds = {error_kind(each("x")) for each in classes}
        assert len(kinds) == len(classes)
        assert {"unreachable", "timed_out", "credentials_refused", "settings", "store", "hub_soft"} <= kinds


class TestCache:
    def test_counts_cleans_and_clears_without_a_request(self, run: Any, configured: Simulator) -> None:
        document = active_one(configured).document
        run("lookup", document)
        sent = len(configured.request_log)
        stats = run("cache", "stats", "--json").document
        assert (stats["records"], stats["max_entries"]) == (1, 1000)
        assert stats["fresh_seconds"]["client_data"] == 1800
        assert "1 customer remembered" in run("cache", "stats").out
        assert run("cache", "clean", "--json").document == {"dropped": 0, "records": 1}
        assert "still remembered" in run("cache", "clean").out
        assert len(configured.request_log) == sent
        assert run("cache", "clear", "--json").document == {"dropped": 1, "records": 0}
        assert "0 customers forgotten" in run("cache", "clear").out
        assert run("lookup", document, "--json").document["source"] == "api"

    def test_needs_no_secret(self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HUBSOFT_PASSWORD")
        assert run("cache", "stats").code == 0


class TestConfig:
    def test_path_names_everything_under_the_home_and_makes_nothing(self, run: Any, home: Path) -> None:
        ran = run("config", "path")
        paths = [line.split(maxsplit=1)[1] for line in ran.out.splitlines()]
        assert len(paths) == 6
        assert all(path.startswith(str(home)) for path in paths)
        assert list(home.iterdir()) == []

    def test_show_says_where_values_come_from_and_no_secret(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_CACHE__MAX_ENTRIES", "77")
        out = run("config", "show").out
        (line,) = (line for line in out.splitlines() if line.startswith("cache.max_entries"))
        assert "77 records" in line
        assert "HUBSOFT_TUI_CACHE__MAX_ENTRIES" in line
        assert configured.password not in out
        assert configured.client_secret not in out
        assert re.search(r"profile\.password +set", out)

    def test_show_works_before_there_is_a_profile(self, run: Any) -> None:
        assert run("config", "show").code == 0

    def test_check_is_content_with_a_whole_profile(self, run: Any, configured: Simulator) -> None:
        ran = run("config", "check")
        assert (ran.code, configured.url in ran.out, len(configured.request_log)) == (0, True, 0)

    def test_check_says_that_others_spend_with_this_login(
        self, run: Any, home: Path, monkeypatch: Any
    ) -> None:
        with Simulator(customers=20, tickets=5, latency=(0.0, 0.0), rate_limit=30) as simulator:
            for name, value in profile(simulator.url).items():
                monkeypatch.setenv(name, value)
            document = next(each.document for each in simulator.customers if len(each.document) == 11)
            for place in ("one", "two", "one"):
                monkeypatch.setenv("HUBSOFT_TUI_HOME", str(home / place))
                assert run("lookup", document, "--refresh").code == 0
        ran = run("config", "check")
        assert ran.code == 0
        assert "HubSoft counted 2 requests in a minute that this computer did not send" in ran.out
        assert "set shared.url on each" in ran.out

    def test_check_names_what_is_wrong(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE", "many")
        ran = run("config", "check")
        assert (ran.code, ran.out) == (2, "")
        assert "HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE" in ran.err
        assert "many" in ran.err

    def test_check_names_a_proxy_variable_that_is_wrong_as_every_command_does(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_URL", "https://api.provider.example")
        monkeypatch.setenv("NO_PROXY", "[::1],::1/128,fd00::/8")
        assert run("config", "check").code == 0
        monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@h:abc")
        for command in (("config", "check"), ("lookup", "86214941081")):
            ran = run(*command)
            assert (ran.code, "HTTPS_PROXY" in ran.err, "s3cret" in ran.err + ran.out) == (2, True, False)
        monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@proxy.example:3128")
        ran = run("config", "check")
        assert (ran.code, "proxy.example:3128" in ran.out, "s3cret" in ran.out) == (0, True, False)

    def test_another_profile_must_exist(self, run: Any, home: Path) -> None:
        (home / "config").mkdir()
        (home / "config" / "config.toml").write_text(
            '[profiles.main]\nurl = "https://api.provider.example"\n'
        )
        ran = run("--profile", "night", "config", "check")
        assert (ran.code, "night" in ran.err) == (2, True)


class TestTheRest:
    def test_version(self, run: Any) -> None:
        assert run("--version").out == f"hubsoft-tui {__version__}\n"

    def test_a_brazilian_terminal_gets_portuguese_from_us_and_from_click(
        self, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        english = run("config", "--help").out, run("config", "path").out, run("lookup").err
        monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
        brazilian = run("config", "--help").out, run("config", "path").out, run("lookup").err
        for ours, theirs in zip(english, brazilian, strict=True):
            assert ours != theirs
        for said in ("Usage:", "  Show this message and exit.", "  Show which files and folders are used."):
            assert said in english[0]
            assert said not in brazilian[0]
        assert english[2].startswith("Missing argument")
        assert not brazilian[2].startswith("Missing argument")

    def test_without_a_command_it_explains_itself(self, run: Any) -> None:
        ran = run()
        assert (ran.code, ran.out) == (2, "")
        assert "lookup" in ran.err

    def test_the_demo_answers_alone_and_leaves_nothing(self, run: Any, home: Path) -> None:
        ran = run("--demo", "lookup", "862.149.410-81", "--json")
        assert (ran.code, ran.document["found"], ran.document["source"]) == (0, True, "api")
        assert list(home.iterdir()) == []

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completion_is_a_script_for_the_command(self, run: Any, shell: str) -> None:
        ran = run("completion", shell)
        assert (ran.code, "_HUBSOFT_TUI_COMPLETE" in ran.out, "hubsoft-tui" in ran.out) == (0, True, True)

    def test_the_shell_is_told_the_commands(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_HUBSOFT_TUI_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", "hubsoft-tui lo")
        monkeypatch.setenv("COMP_CWORD", "1")
        ran = run()
        assert (ran.code, ran.out) == (0, "plain,lookup\n")

    def test_a_port_that_is_taken_is_named(self, run: Any, simulator: Simulator) -> None:
        ran = run("simulate", "--port", str(simulator.port))
        assert (ran.code, ran.out) == (1, "")
        assert f"Port {simulator.port} cannot be used" in ran.err

    def test_simulate_serves_what_it_prints_until_interrupted(self) -> None:
        command = [sys.executable, "-m", "hubsoft_tui", "simulate", "--scenario", "busy"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            said: list[str] = []
            while not said or "Ctrl+C" not in said[-1]:
                said.append(running.stdout.readline())
                assert said[-1], "it ended"
            (url,) = re.findall(r"HUBSOFT_URL=(http://127\.0\.0\.1:\d+)\n", "".join(said))
            port = int(url.rpartition(":")[2])
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            running.send_signal(signal.SIGINT)
            _, complaints = running.communicate(timeout=60)
        assert (running.returncode, complaints) == (0, "")
        assert "862.149.410-81" in "".join(said)


def test_a_latin1_keyboard_is_understood(run, configured):
    """`Jo\\xe3o` arrives as a lone surrogate; it is neither dropped nor searched for as something else."""
    typed = (
        os.fsdecode("Jo\u00e3o".encode("latin-1")) if sys.getfilesystemencoding() == "utf-8" else "Jo\u00e3o"
    )
    assert run("lookup", typed, "--json").document["term"] == "Jo\u00e3o"


@pytest.mark.parametrize(
    "arguments",
    [
        ("lookup", "86214941081", "--demo", "--json"),
        ("lookup", "--demo", "86214941081", "--json"),
        ("--demo", "lookup", "--json", "86214941081"),
    ],
)
def test_options_of_the_program_may_stand_behind_the_command(run, arguments):
    ran = run(*arguments)
    assert (ran.code, ran.document["found"]) == (0, True)


def test_a_profile_may_be_named_behind_the_command_and_help_has_its_short_form(run):
    ran = run("lookup", "86214941081", "--profile", "elsewhere")
    assert ran.code == 2
    assert "elsewhere" in ran.err
    for arguments in (("-h",), ("lookup", "-h"), ("ticket", "open", "-h"), ("cache", "-h")):
        ran = run(*arguments)
        assert (ran.code, ran.out[:6]) == (0, "Usage:")


@pytest.mark.parametrize("home", [None, "~nobody-here/hubsoft"])
@pytest.mark.parametrize("json", [(), ("--json",)])
def test_an_account_without_a_home_is_told_which_variable_helps(run, monkeypatch, home, json):
    def unknown(*_: object) -> None:
        raise KeyError("no such account")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(pwd, "getpwnam", unknown)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HUBSOFT_TUI_HOME"):
        monkeypatch.delenv(name, raising=False)
    if home:
        monkeypatch.setenv("HUBSOFT_TUI_HOME", home)
    ran = run("lookup", "86214941081", *json)
    assert ran.code == 2
    assert "HUBSOFT_TUI_HOME" in ran.err
    assert "Traceback" not in ran.err
    assert not json or ran.document["error"]["kind"] == "settings"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_answer_that_cannot_be_written_is_told(home):
    command = [sys.executable, "-m", "hubsoft_tui", "--demo", "lookup", "86214941081", "--json"]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert "cannot be written" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_phone_without_its_ninth_digit_and_zeros_put_back_are_told(run, configured):
    ran = run("lookup", "3788887777")
    assert ran.code == 3
    assert "no ninth digit" in ran.out
    ran = run("lookup", "1000316769")
    assert "lost its leading zeros" in ran.err
    assert "01000316769" not in ran.out + ran.err

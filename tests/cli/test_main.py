"""The headless commands, over real HTTP: what stands on stdout, what on stderr, and the exit code."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hubsoft_tui import __version__, errors
from hubsoft_tui.cli.output import error_kind
from hubsoft_tui.simulator import Simulator
from tests.cli.homes import UNKNOWN_CPF, active_one, make_older

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(customers=60, tickets=20, clock_rate=0, latency=(0, 0), hostile=True) as running:
        yield running


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

    def test_a_demo_without_a_temporary_folder_says_what_to_do(self, run: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr("tempfile.tempdir", "/nowhere")
        ran = run("--demo", "lookup", "862.149.410-81")
        assert (ran.code, ran.out) == (1, "")
        assert "TMPDIR" in ran.err

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

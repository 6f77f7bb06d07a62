"""What people and machines get wrong: each is one sentence that says what to do, and nothing crashes or is lost."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator
from tests.nursery import ROOT

from .fixture import (
    BIANCA,
    ENGLISH,
    PORTUGUESE,
    WELCOME,
    Doorbell,
    Opener,
    ask,
    environment,
    look_up,
    profile,
    said,
)
from .terminal import CONSOLE

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e bad input")]


@pytest.mark.parametrize("language", [ENGLISH, PORTUGUESE])
def test_what_cannot_be_a_customer_is_explained_and_never_sent(
    console: Opener, simulator: Simulator, language: str
) -> None:
    terminal = console(simulator=simulator, language=language)
    terminal.wait_for(said(WELCOME, language))
    terminal.wait_for("ctrl+q ")
    terminal.press("enter")
    terminal.wait_for(said("Type a CPF, CNPJ, phone, name, code, login or protocol.", language))
    ask(terminal, "862.149.410-80")
    terminal.wait_for("CPF")
    terminal.wait_for("! ")
    assert not terminal.sees("BIANCA")
    assert len(simulator.request_log) == 0


def test_a_paste_of_anything_is_survived(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.wait_for("ctrl+q ")
    mark = terminal.mark()
    terminal.paste("\x07\x9b31m\u202e\x1b]52;c;cHduZWQ=\x07" + "x7\x00" * 3400)
    terminal.wait_for("7x7x7x")
    terminal.press("enter")
    terminal.wait_for("! ")
    assert len(simulator.request_log) == 0
    written = bytes(terminal.raw[mark:])
    assert b"\x1b]52;" not in written
    assert not {kind for kind in terminal.wire.kinds if kind.startswith(("C1", "bidi", "OSC 52", "DCS"))}
    # And the next question is answered as if nothing had been.
    look_up(terminal, BIANCA, "BIANCA COUTO")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        pytest.param("http://127.0.0.1:1", "refuses connections. Check the address", id="nobody listens"),
        pytest.param("https://{sim}", "does not speak TLS as expected", id="TLS towards plain HTTP"),
        pytest.param("https://nobody.invalid", "There is no host named nobody.invalid", id="no such name"),
    ],
)
def test_a_wrong_address_says_what_is_wrong_with_it(
    console: Opener, simulator: Simulator, address: str, sentence: str
) -> None:
    url = address.format(sim=simulator.url.partition("://")[2])
    terminal = console(extra=profile(url), retry__max_retries=0)
    terminal.wait_for(WELCOME)
    ask(terminal, BIANCA)
    terminal.wait_for(sentence)


def test_refused_credentials_and_a_proxys_page_are_told_apart(console: Opener, simulator: Simulator) -> None:
    terminal = console(extra=profile(simulator.url, password="wrong"), retry__max_retries=0)
    terminal.wait_for(WELCOME)
    ask(terminal, BIANCA)
    terminal.wait_for("HubSoft does not accept our credentials")
    terminal.wait_for("✖ Refused")
    terminal.press("ctrl+q")
    assert terminal.exit_status() == 0

    terminal = console(simulator=simulator, retry__max_retries=0)
    terminal.wait_for(WELCOME)
    simulator.fail_next(1, "html", path="cliente")
    ask(terminal, BIANCA)
    terminal.wait_for("! ")
    terminal.wait_for("web page")
    assert not terminal.sees("<html")
    terminal.press("enter")
    terminal.wait_for("BIANCA COUTO")


def test_a_line_that_answers_nothing_leaves_a_sentence(console: Opener) -> None:
    with Doorbell() as bell:
        terminal = console(extra=profile(bell.url), retry__max_retries=0)
        terminal.wait_for(WELCOME)
        ask(terminal, BIANCA)
        terminal.wait_for("closed the connection before answering")


def test_an_unwritable_home_is_named(console: Opener, simulator: Simulator, home: Path) -> None:
    home.mkdir()
    state = home / "state"
    state.write_text("a file stands where the folder should be")
    terminal = console(simulator=simulator, columns=160)
    terminal.wait_for(str(state))
    terminal.wait_for("HUBSOFT_TUI_HOME")
    # Mended, it goes on without a restart.
    state.unlink()
    terminal.press("escape")
    terminal.wait_for("r refresh")
    terminal.press("r")
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")


def test_a_corrupt_cache_is_set_aside_and_said(console: Opener, simulator: Simulator, home: Path) -> None:
    records = home / "cache" / "records.db"
    (records.parent / "rooms").mkdir(parents=True)
    garbage = b"this is not a database" * 400
    records.write_bytes(garbage)
    terminal = console(simulator=simulator)
    terminal.wait_for("records.db.corrupt-")
    look_up(terminal, BIANCA, "BIANCA COUTO")
    aside = [path for path in records.parent.glob("records.db.corrupt-*") if path.suffix != ".lock"]
    assert [path.read_bytes() for path in aside] == [garbage]
    terminal.press("q")
    assert terminal.exit_status() == 0
    database = sqlite3.connect(records)
    assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    database.close()


@pytest.mark.parametrize("language", [ENGLISH, PORTUGUESE])
def test_a_broken_settings_file_is_named_with_its_line(console: Opener, home: Path, language: str) -> None:
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[profiles.main]\nurl = "https://api.example"\nclient_id = = 3\n')
    terminal = console(language=language, columns=200)
    assert terminal.exit_status() == 2
    assert terminal.sees(f"{config}, ")
    assert re.search(r"\b3\b", terminal.text)
    assert not terminal.sees("Traceback")
    assert terminal.wire.modes.get("1049") is None, "a screen was opened on a guess"


def test_a_wrong_value_names_its_variable(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator, limiter__max_requests_per_minute="many")
    assert terminal.exit_status() == 2
    assert terminal.sees("HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE")
    assert terminal.sees("many")

    terminal = console(extra=profile("http://api.example.com"))
    assert terminal.exit_status() == 2
    assert terminal.sees("https://api.example.com")


def test_the_command_line_keeps_its_streams_apart(simulator: Simulator, home: Path) -> None:
    """The same mistakes without a terminal: a sentence on stderr, one document on stdout, an exit code."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CONSOLE, *arguments],
            env=environment(home, simulator, retry__max_retries=0) | variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    for code, arguments, variables in (
        (2, ("lookup", "862.149.410-80", "--json"), {}),
        (3, ("lookup", "529.982.247-25", "--json"), {}),
        (4, ("lookup", BIANCA, "--json"), {"HUBSOFT_URL": "http://127.0.0.1:1"}),
        (5, ("lookup", BIANCA, "--json"), {"HUBSOFT_PASSWORD": "wrong", "HUBSOFT_USERNAME": "x@y.invalid"}),
    ):
        done = run(*arguments, **variables)
        assert done.returncode == code, done
        # Only HubSoft can say that a customer does not exist; a failure does not know.
        assert json.loads(done.stdout)["found"] is (False if code == 3 else None)
        assert "Traceback" not in done.stderr
        assert BIANCA not in done.stderr

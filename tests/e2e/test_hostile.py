"""A customer whose texts attack terminals is shown as characters: on screens, toasts, copies, in JSON and logs."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hubsoft_tui.simulator import SimCustomer, Simulator
from tests.nursery import ROOT

from .fixture import WELCOME, Opener, environment, look_up
from .terminal import CONSOLE, Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e hostile")]

VISIBLE = "[red]x[/] [/foo] [@click=app.quit]y[/]"
RADIUS = b"senha-falsa"
"""Every password in the simulator's answers begins so."""

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")

TELLING = """
import sys
from textual.content import Content
from app import HubSoftConsole
from hubsoft_tui.simulator.people import HOSTILE_TEXT

def action_help(self):
    self.tell(HOSTILE_TEXT)
    self.screen.query_one("#kind").update(Content(HOSTILE_TEXT.replace("red", "net")))
    self.sub_title = self.title = HOSTILE_TEXT

HubSoftConsole.action_help = action_help
from hubsoft_tui.__main__ import main
sys.exit(main())
"""
"""The console with a key that tells what the hostile customer says, and writes it past every care of the program."""


@pytest.fixture
def hostile(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(hostile=True)


def document(simulator: Simulator) -> str:
    customer: SimCustomer | None = simulator.hostile
    assert customer is not None
    return customer.document


def attacks(terminal: Terminal) -> set[str]:
    """Return the kinds of control that no screen has a use for."""
    ours = re.compile(r"CSI |OSC (22|52)$|ESC |C0 0[ad]$")
    return {kind for kind in terminal.wire.kinds if not ours.match(kind)}


def answered(simulator: Simulator, path: str) -> bool:
    return any(entry.status for entry in simulator.request_log.entries(f"cliente/{path}"))


def test_no_screen_lets_a_control_through(console: Opener, hostile: Simulator) -> None:
    terminal = console(simulator=hostile, columns=160, rows=48)
    terminal.wait_for(WELCOME)
    look_up(terminal, document(hostile), VISIBLE)
    for letter, path in (
        ("t", "atendimento"),
        ("i", "financeiro"),
        ("o", "ordem_servico"),
        ("c", "extrato_conexao"),
    ):
        terminal.press(letter)
        terminal.wait_for(partial(answered, hostile, path))
    terminal.quiet(0.6)
    for area, seen in (("f5", "Budget, last 60 s"), ("f7", "following the newest")):
        terminal.press(area)
        terminal.wait_for(seen)
    terminal.press("enter")
    terminal.wait_for("=***")  # a long path is broken before it
    terminal.press("f2")
    terminal.wait_for(VISIBLE)
    assert attacks(terminal) == set()
    assert terminal.wire.kinds["OSC 52"] == 0, "somebody else wrote the clipboard"

    # Ours may be written, once, by us, with characters only.
    terminal.press("y")
    terminal.wait_for(lambda: terminal.wire.kinds["OSC 52"])
    terminal.wait_for("Copied")
    assert terminal.wire.kinds["OSC 52"] == 1
    copied = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)", terminal.raw)
    assert copied is not None
    text = base64.b64decode(copied[1]).decode()
    assert VISIBLE in text
    assert FORBIDDEN.search(text.replace("\n", "")) is None
    assert attacks(terminal) == set()


def test_neither_does_a_toast_nor_a_widget_that_took_no_care(console: Opener, hostile: Simulator) -> None:
    terminal = console(simulator=hostile, columns=120, rows=36, command=(sys.executable, "-c", TELLING))
    terminal.wait_for(WELCOME)
    look_up(terminal, "1204", "BIANCA COUTO")
    terminal.press("?")
    terminal.wait_for("[red]x[/]")
    terminal.wait_for("[net]x[/]")
    assert attacks(terminal) == set()
    assert terminal.wire.kinds["OSC 52"] == 0


def test_the_command_line_prints_characters(hostile: Simulator, home: Path) -> None:
    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*CONSOLE, "lookup", document(hostile), *arguments],
            env=environment(home, hostile, log__level="debug"),
            cwd=ROOT,
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert FORBIDDEN.search(done.stderr.decode().replace("\n", "")) is None
        return done.stdout.decode()

    for text in (run("--json"), run()):
        assert FORBIDDEN.search(text.replace("\n", "")) is None
        assert VISIBLE in text
    answer = json.loads(run("--json"))
    assert FORBIDDEN.search(json.dumps(answer, ensure_ascii=False)) is None
    assert answer["customers"][0]["name"].startswith(VISIBLE)
    assert_nothing_private_is_kept(home)


def test_what_a_console_leaves_behind_is_harmless(console: Opener, hostile: Simulator, home: Path) -> None:
    terminal = console(simulator=hostile, log__level="debug")
    terminal.wait_for(WELCOME)
    look_up(terminal, document(hostile), VISIBLE)
    terminal.press("q")
    assert terminal.exit_status() == 0
    logs = [path for path in home.rglob("*.log") if path.is_file()]
    assert logs, "the console kept no log"
    assert_nothing_private_is_kept(home)


def assert_nothing_private_is_kept(home: Path) -> None:
    """No password is in any file, no control in any log, and no other user may read any of it."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert RADIUS not in path.read_bytes().replace(Simulator.password.encode(), b""), path
        assert path.stat().st_mode & 0o077 == 0, path
        if path.suffix == ".log":
            assert FORBIDDEN.search(path.read_text().replace("\n", "")) is None, path

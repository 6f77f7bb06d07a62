"""However it ends, the terminal is a person's again, and the exit status says how it ended."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, WELCOME, Opener, look_up

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e leaving")]

SECRET_DOCUMENT = "529.982.247-25"
SECRET_TOKEN = "eyJhbGciOiJIUzI1NiJ9.bm90LWEtdG9rZW4.c2lnbmF0dXJl"
CONTROLS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78]|[\r\x00]")

BROKEN = f"""
import sys
from app import HubSoftConsole

def action_help(self):
    document, token = {SECRET_DOCUMENT!r}, {SECRET_TOKEN!r}
    raise RuntimeError(f"no help for {{document}} with token={{token}}\\x1b]0;gone\\x07")

HubSoftConsole.action_help = action_help
from hubsoft_tui.__main__ import main
sys.exit(main())
"""
"""The console with a fault in it, as if one of its handlers were wrong."""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_restores_the_terminal(
    console: Opener, simulator: Simulator, number: signal.Signals, status: int
) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    assert terminal.wire.modes["1049"]
    assert not terminal.termios_restored()
    terminal.signal(number)
    assert terminal.exit_status() == status
    terminal.assert_left_clean()
    assert b"Traceback" not in terminal.raw


def test_a_signal_is_obeyed_before_anything_was_asked(console: Opener) -> None:
    terminal = console("--demo", cold=True)
    terminal.wait_for(lambda: terminal.first_frame is not None)
    terminal.wait_for(WELCOME)
    terminal.signal(signal.SIGTERM)
    assert terminal.exit_status() == 143
    terminal.assert_left_clean()


def test_a_dropped_line_ends_the_program(console: Opener, simulator: Simulator, home: Path) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.hang_up()
    assert terminal.exit_status() == 129
    assert not list((home / "state").glob("crashes/*"))


def test_a_crash_says_one_private_line(console: Opener, simulator: Simulator, home: Path) -> None:
    terminal = console(simulator=simulator, columns=300, command=(sys.executable, "-c", BROKEN))
    terminal.wait_for(WELCOME)
    look_up(terminal, "1204", "BIANCA COUTO")
    terminal.press("?")
    assert terminal.exit_status() == 1
    terminal.assert_left_clean()

    after = terminal.raw.rpartition(b"\x1b[?1049l")[2]
    lines = [line for line in CONTROLS.sub(b"", bytes(after)).decode().split("\n") if line.strip()]
    (report,) = (home / "state" / "crashes").iterdir()
    assert lines == [f"The console stopped because of a fault of its own. The report is in {report}"], (
        terminal.picture()
    )
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.parent.stat().st_mode & 0o777 == 0o700
    written = report.read_text()
    assert "RuntimeError" in written
    assert "action_help" in written
    for secret in (SECRET_DOCUMENT, SECRET_DOCUMENT.replace(".", "").replace("-", ""), SECRET_TOKEN, "\x1b"):
        assert secret not in written
        if secret != "\x1b":
            assert secret.encode() not in terminal.raw
    assert "OSC 0" not in terminal.wire.kinds

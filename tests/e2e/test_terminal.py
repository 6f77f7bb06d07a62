"""The door of the terminal: whatever arrives, whatever it does not read, whatever the shell exported."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator
from hubsoft_tui.terminal.keys import BURST_SECONDS, PASTE_SECONDS
from tests.fuzzing import scaled

from .fixture import BIANCA, WELCOME, Opener, look_up
from .terminal import PATIENCE, Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e terminal")]

SIGNAL_SECONDS = 5.0


def answers(terminal: Terminal) -> None:
    """Fail unless a lookup is answered, whatever page stands in front."""
    end = time.monotonic() + PATIENCE
    while not terminal.sees("/ search"):
        assert time.monotonic() < end, terminal.picture()
        terminal.press("escape", "f2")
    look_up(terminal, BIANCA, "BIANCA COUTO")


@pytest.mark.parametrize(
    "data",
    [
        b"\xe3",
        b"\xff\xfe\x80",
        b"\x1b[M \xe3\xc3",
        b"\x1b[97;1:3u",
        b"\x1b[9999999999999u",
        b"\x1b[48;65000;65000;65000;65000t",
        b"\x1b[<0;9999;9999M\x1b[<0;9999;9999m",
        b"\x1b]52;c;aGVsbG8=\x07\x1bP1$r0m\x1b\\",
    ],
)
def test_no_byte_ends_the_console(console: Opener, simulator: Simulator, home: Path, data: bytes) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.send(data)
    time.sleep(0.3)  # the silence that ends a sequence
    terminal.press("escape")
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert not list((home / "state").glob("crashes/*"))


def test_a_latin_1_keyboard_types_letters(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.wait_for("ctrl+q ")
    for letter in "Conceição".encode("latin-1"):
        terminal.send(bytes([letter]))
        time.sleep(0.01)
    terminal.wait_for("Conceição")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_obeyed_while_the_terminal_does_not_read(
    console: Opener, simulator: Simulator, number: signal.Signals, status: int
) -> None:
    terminal = console(simulator=simulator, columns=160, rows=48)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.stall()
    # Far more repaints than the pseudo-terminal and Textual's queue hold.
    for width in range(100, 160):
        terminal.resize(width, 48)
        time.sleep(0.02)
    asked = time.monotonic()
    terminal.signal(number)
    assert terminal.exit_status() == status
    assert time.monotonic() - asked < SIGNAL_SECONDS
    terminal.drain()
    terminal.assert_left_clean()


def test_a_name_pasted_without_a_mark_is_text(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.wait_for("q quit")
    sent = len(simulator.request_log)
    terminal.type("Joaquim Nixmaq")
    terminal.wait_for("Joaquim Nixmaq")
    assert len(simulator.request_log) == sent
    terminal.press("escape")
    terminal.wait_for("q quit")
    terminal.press("f3")
    terminal.wait_for("filter")
    terminal.type("Joaquim")
    terminal.wait_for("Several keys arrived at once")
    time.sleep(2 * BURST_SECONDS)
    terminal.press("q")
    assert terminal.exit_status() == 0


def test_q_asks_when_something_typed_is_not_sent(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.press("n")
    terminal.wait_for("New ticket")
    terminal.press("tab")
    terminal.type("half")
    terminal.wait_for("half")
    terminal.press("ctrl+q")
    terminal.wait_for("Leave the console?")
    terminal.press("escape")
    terminal.wait_for("half")

    terminal.resize(50, 12)
    terminal.wait_for("enlarge it")
    terminal.press("q")
    terminal.wait_for("Enter leaves all the same")
    terminal.resize(100, 30)
    terminal.wait_for("half")
    terminal.press("ctrl+q")
    terminal.wait_for("Leave the console?")
    terminal.press("enter")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()


@pytest.mark.parametrize(
    "keys", ["nq", "n\x11", "bq", "b\x11", "?\x11", "\x10\x11", "qn", "n\x11n", "\x11\x11"]
)
def test_leaving_while_a_page_opens_is_no_crash(
    console: Opener, simulator: Simulator, home: Path, keys: str
) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.type(keys)
    time.sleep(0.2)
    terminal.press("escape", "escape")
    terminal.signal(signal.SIGTERM)
    assert terminal.exit_status() in {0, 143, -signal.SIGTERM}  # the last: it was on its way out already
    assert not list((home / "state").glob("crashes/*"))


def test_the_size_is_the_terminals_own_whatever_was_exported(console: Opener, simulator: Simulator) -> None:
    terminal = console(
        simulator=simulator, columns=90, rows=28, extra={"COLUMNS": "40", "LINES": "10"}, cold=True
    )
    terminal.wait_for(WELCOME)
    assert max(map(len, terminal.screen())) > 80
    terminal.resize(50, 12)
    terminal.wait_for("50×12")
    terminal.resize(120, 40)
    terminal.wait_for(WELCOME)
    terminal.wait_for(lambda: max(map(len, terminal.screen())) > 110)


@pytest.mark.parametrize(
    "extra",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LC_ALL": "pt_BR.ISO-8859-1", "PYTHONUTF8": "0"}],
)
def test_the_screen_is_utf_8_whatever_the_locale(
    console: Opener, simulator: Simulator, extra: dict[str, str]
) -> None:
    extra = {"HUBSOFT_TUI_UI__LANGUAGE": "en", **extra}
    terminal = console(simulator=simulator, extra=extra)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.wait_for("● Online")
    assert b"\\u25cf" not in terminal.raw


DEAF = f"""
import sys
from hubsoft_tui.terminal.keys import TerminalKeys

whole = TerminalKeys.feed

def feed(self, data, now):
    document = {BIANCA!r}
    if data == b"x":
        raise RuntimeError(f"no key for {{document}}")
    return whole(self, data, now)

TerminalKeys.feed = feed
from hubsoft_tui.__main__ import main
sys.exit(main())
"""
"""The console with a fault in the thread that reads, as if a byte still broke it."""


def test_what_breaks_in_the_reading_thread_ends_as_a_crash_does(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(simulator=simulator, columns=200, command=(sys.executable, "-c", DEAF))
    terminal.wait_for(WELCOME)
    terminal.type("x")
    assert terminal.exit_status() == 1
    terminal.assert_left_clean()
    (report,) = (home / "state" / "crashes").iterdir()
    after = bytes(terminal.raw).rpartition(b"\x1b[?1049l")[2]
    assert str(report).encode() in after
    assert b"Traceback" not in after
    assert b"no key for" not in after
    assert BIANCA not in report.read_text()


def rubbish(chance: random.Random, size: int) -> bytes:
    """Return bytes and sequences, well-formed ones and others, that hold no key that leaves."""
    made = bytearray()
    while len(made) < size:
        kind = chance.randrange(8)
        if kind < 3:
            made += bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        elif kind < 6:
            inside = bytes(chance.choice(b"0123456789;:<=>?") for _ in range(chance.randrange(12)))
            made += b"\x1b[" + inside + bytes([chance.randrange(0x40, 0x7F)])
        elif kind == 6:
            made += chance.choice(
                [b"\x1bO", b"\x1b]0;", b"\x1bP", b"\x1b\\", b"\x1b[200~", b"\x1b[201~", b"\x1b"]
            )
        else:
            made += b"\x1b[M" + bytes(chance.randrange(32, 256) for _ in range(3))
    # Leaving is what q and ctrl+q are for, ctrl+z sleeps.
    return bytes(made).translate(None, b"qQ\x11\x1a")


@pytest.mark.long
def test_after_ten_thousand_random_bytes_a_lookup_is_answered(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(simulator=simulator, columns=110, rows=34)
    terminal.wait_for(WELCOME)
    chance = random.Random(9)
    left = scaled(10_000)
    while left > 0:
        piece = rubbish(chance, chance.randrange(1, 400))
        terminal.send(piece)
        left -= len(piece)
        time.sleep(chance.choice([0, 0, 0.01]))
    time.sleep(PASTE_SECONDS + 0.5)  # a paste that was begun is over
    answers(terminal)
    assert not list((home / "state").glob("crashes/*"))

"""What is typed into a form is not lost, however the console ends."""

from __future__ import annotations

import signal
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, WELCOME, Opener, look_up
from .terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e drafts")]

TEXT = "No light since ten"


def on_disk(home: Path) -> bool:
    return any(TEXT.encode() in each.read_bytes() for each in home.rglob("drafts.db*"))


def killed(terminal: Terminal, home: Path) -> None:
    terminal.wait_for(lambda: on_disk(home))
    terminal.signal(signal.SIGKILL)
    assert terminal.exit_status() == -signal.SIGKILL


def moved(terminal: Terminal, before: set[tuple[int, int]]) -> bool:
    """Whether the cursor stands elsewhere than before."""
    return terminal.lit() not in (set(), before)


def hung_up(terminal: Terminal, home: Path) -> None:
    terminal.hang_up()
    assert terminal.exit_status() == 129
    assert on_disk(home)


def quit_(terminal: Terminal, home: Path) -> None:
    terminal.press("escape")
    terminal.wait_for("n continues")
    terminal.press("ctrl+q")
    assert terminal.exit_status() == 0
    assert on_disk(home)


@pytest.mark.parametrize("end", [killed, hung_up, quit_])
def test_a_half_written_ticket_is_there_at_the_next_start(
    console: Opener, simulator: Simulator, home: Path, end: Callable[[Terminal, Path], None]
) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.type("nn")  # a key that bounces
    terminal.wait_for("New ticket for BIANCA COUTO")
    while not terminal.cursor_in("Description"):
        before = terminal.lit()
        terminal.press("tab")
        # A second tab before the first was obeyed would pass the field.
        terminal.wait_for(partial(moved, terminal, before))
    terminal.type(TEXT)
    terminal.wait_for(TEXT)
    end(terminal, home)

    again = console(simulator=simulator)
    again.wait_for("1 draft was not sent.")
    look_up(again, BIANCA, "BIANCA COUTO")
    again.wait_for("draft: new ticket (")
    again.press("n")
    again.wait_for("This is what you typed at")
    again.wait_for(TEXT)
    again.press("ctrl+s")
    again.wait_for("Exactly this goes to HubSoft")
    again.press("enter")
    again.wait_for("HubSoft has opened it.")
    again.press("enter")
    again.wait_for("n continues", gone=True)
    again.press("ctrl+q")
    assert again.exit_status() == 0
    assert not on_disk(home)
    assert (home / "state" / "drafts.db").exists()
    for file in home.rglob("drafts.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    logs = b"".join(each.read_bytes() for each in home.rglob("*.log*"))
    assert TEXT.encode() not in logs

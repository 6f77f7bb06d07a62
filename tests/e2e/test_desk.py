"""What a customer phones for, in keys: counted in the real program, from the document to what was asked for."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import WELCOME, Opener
from .terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e desk")]

ACTIVE, SUSPENDED = "86214941081", "10682083682"
COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)")


class Hands:
    """Keys pressed one at a time, and how many there were."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.keys = 0

    def press(self, *names: str) -> None:
        for name in names:
            self.terminal.press(name)
            self.keys += 1

    def look_up(self, document: str, seen: str) -> None:
        self.press(*document, "enter")
        self.terminal.wait_for(lambda: self.terminal.sees(seen) and self.terminal.sees("a actions"))


def clipboard(terminal: Terminal) -> str:
    copies = COPIED.findall(bytes(terminal.raw))
    return base64.b64decode(copies[-1]).decode() if copies else ""


@pytest.fixture
def terminal(console: Opener) -> Terminal:
    terminal = console("--demo", columns=120, rows=36)
    terminal.wait_for(WELCOME)
    return terminal


def test_from_a_document_to_its_pix_copied_are_fourteen_keys(terminal: Terminal) -> None:
    hands = Hands(terminal)
    hands.look_up(ACTIVE, "BIANCA COUTO")
    hands.press("i")
    terminal.wait_for("y copies the PIX")
    hands.press("y")
    terminal.wait_for("Copied: the PIX code of")
    assert clipboard(terminal).startswith("000201")
    assert not terminal.sees("BR.GOV.BCB.PIX")
    assert hands.keys <= 14


def test_an_unlock_and_a_restart_are_four_keys_after_the_lookup(terminal: Terminal) -> None:
    hands = Hands(terminal)
    hands.look_up(SUSPENDED, "SUSPENDED")
    before = hands.keys
    hands.press("a")
    terminal.wait_for("unlock on trust")
    hands.press("u")
    terminal.wait_for("Unlock for how many days?")
    hands.press("enter")
    terminal.wait_for("POST cliente/desbloqueio_confianca")
    hands.press("enter")
    terminal.wait_for("This look cost ")
    terminal.wait_for("ACTIVE")
    assert hands.keys - before <= 4

    terminal.press("enter")
    terminal.wait_for("a actions")
    hands.look_up(ACTIVE, "BIANCA COUTO")
    before = hands.keys
    hands.press("a")
    terminal.wait_for("restart the equipment")
    hands.press("r")
    terminal.wait_for("POST rede/reiniciar_cpe/")
    hands.press("enter")
    terminal.wait_for("This look cost ")
    terminal.wait_for("Signal afterwards")
    assert hands.keys - before <= 4


def test_a_ticket_with_a_canned_text_is_eight_keys(terminal: Terminal) -> None:
    hands = Hands(terminal)
    hands.look_up(ACTIVE, "BIANCA COUTO")
    before = hands.keys
    hands.press("n")
    terminal.wait_for("New ticket for BIANCA COUTO")
    hands.press("ctrl+t")
    terminal.wait_for("Which text?")
    hands.press("l", "o", "s", "enter")
    terminal.wait_for("luz LOS acesa")
    hands.press("ctrl+s")
    terminal.wait_for("Exactly this goes to HubSoft")
    hands.press("enter")
    terminal.wait_for("HubSoft has opened it.")
    assert hands.keys - before <= 8
    terminal.press("s")
    terminal.wait_for("Copied: the sentence")
    assert re.fullmatch(r"Your request is registered. Protocol: \d{20}", clipboard(terminal))


def test_nothing_that_pays_an_invoice_reaches_logs_trace_or_audit(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(simulator=simulator, columns=120, rows=36, log__level="debug")
    terminal.wait_for(WELCOME)
    hands = Hands(terminal)
    hands.look_up(ACTIVE, "BIANCA COUTO")
    hands.press("i")
    terminal.wait_for("y copies the PIX")
    hands.press("y", "Y")
    terminal.wait_for("Copied: the typeable line of")
    line = clipboard(terminal)
    hands.press("p")
    terminal.wait_for("https://boleto.")
    terminal.press("escape")
    terminal.wait_for("a actions")
    terminal.press("q")
    assert terminal.exit_status() == 0
    secrets = [b"BR.GOV.BCB.PIX", b"boleto.simulador", line.encode(), line[:11].encode()]
    files = [each for each in (home / "state").rglob("*") if each.is_file()]
    assert files
    for each in files:
        content = each.read_bytes()
        assert not [secret for secret in secrets if secret in content], each

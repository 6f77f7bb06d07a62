"""Everything with the keyboard alone, on a small terminal and on a comfortable one."""

from __future__ import annotations

from functools import partial

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, PORTUGUESE, WELCOME, Opener, ask, look_up, said

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e keyboard")]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36)])
def test_every_screen_is_reached_and_left(
    console: Opener, simulator: Simulator, columns: int, rows: int
) -> None:
    def asked(path: str) -> bool:
        return path in {entry.path.rpartition("/")[2] for entry in simulator.request_log.entries()}

    terminal = console("--read-only", simulator=simulator, columns=columns, rows=rows)
    terminal.wait_for(WELCOME)
    terminal.wait_for("READ ONLY")
    look_up(terminal, BIANCA, "BIANCA COUTO")

    # F-keys go from screen to screen.
    terminal.press("f5")
    terminal.wait_for("Budget, last 60 s")
    terminal.press("f7")
    terminal.wait_for("following the newest")
    terminal.press("enter")
    terminal.wait_for("busca=codigo_cliente&termo_busca=***")
    terminal.press("escape")

    # The filter takes letters and digits without acting on them.
    terminal.press("/")
    terminal.wait_for("every word typed must be there")
    terminal.type("token")
    terminal.wait_for("1 matches")
    terminal.press("enter")
    terminal.press("escape")
    terminal.wait_for("1 matches", gone=True)

    # What was found is still there.
    terminal.press("f2")
    terminal.wait_for("BIANCA COUTO")

    # Help explains this screen and closes again.
    terminal.press("?")
    terminal.wait_for("Type a CPF, CNPJ, phone, name")
    terminal.wait_for(" lookup.")
    terminal.press("escape")
    terminal.wait_for(" lookup.", gone=True)

    # The palette finds an action by its name and does it.
    terminal.press("ctrl+p")
    terminal.wait_for("Search for an action")
    terminal.type("moni")
    terminal.wait_for("Watch the budget")
    terminal.press("enter")
    terminal.wait_for("Budget, last 60 s")

    # Its own panels are a letter each, and the frozen view says that it is.
    terminal.press("f2")
    terminal.wait_for("BIANCA COUTO")
    for letter, path in zip(
        "tioc", ("atendimento", "financeiro", "ordem_servico", "extrato_conexao"), strict=True
    ):
        terminal.press(letter)
        terminal.wait_for(partial(asked, path))
    terminal.press("space")
    terminal.wait_for("FROZEN since")
    terminal.press("space")
    terminal.wait_for("FROZEN since", gone=True)

    terminal.press("ctrl+q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()


def test_the_line_can_be_left(console: Opener, simulator: Simulator) -> None:
    """Before the first answer, and after a question that failed, the other screens are a key away."""
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.press("f5")
    terminal.wait_for("Budget, last 60 s", timeout=5)
    terminal.press("f2")
    terminal.wait_for(WELCOME)
    ask(terminal, "111.111.111-12")
    terminal.wait_for("! ")
    terminal.press("f7")
    terminal.wait_for("No request was sent yet.", timeout=5)


def test_the_palette_changes_the_language(console: Opener) -> None:
    terminal = console("--demo")
    terminal.wait_for("Simulated customers to try:")
    terminal.press("ctrl+p")
    terminal.wait_for("Search for an action")
    terminal.type("portug")
    terminal.wait_for("Português")
    terminal.press("enter")
    terminal.wait_for(said(WELCOME, PORTUGUESE))
    terminal.press("ctrl+p")
    terminal.wait_for(said("Search for an action…", PORTUGUESE))
    terminal.type("engl")
    terminal.wait_for("English")
    terminal.press("enter")
    terminal.wait_for(WELCOME)


def test_a_terminal_that_is_too_small_is_told_so_and_nothing_is_lost(
    console: Opener, simulator: Simulator
) -> None:
    terminal = console(simulator=simulator, columns=80, rows=24)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.resize(50, 12)
    terminal.wait_for("This terminal is 50×12. The console needs 60×15: enlarge it.")
    assert not terminal.sees("BIANCA")
    terminal.resize(80, 24)
    terminal.wait_for("BIANCA COUTO")
    terminal.wait_for("enlarge it", gone=True)
    terminal.resize(200, 60)
    terminal.wait_for("BIANCA COUTO")
    terminal.resize(40, 10)
    terminal.wait_for("This terminal is 40×10")
    terminal.press("q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()


def test_it_may_start_too_small(console: Opener) -> None:
    terminal = console("--demo", columns=50, rows=12)
    terminal.wait_for("This terminal is 50×12")
    terminal.resize(80, 24)
    terminal.wait_for("Simulated customers to try:")

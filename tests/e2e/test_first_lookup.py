"""The first thing anybody does: open the demo, type a CPF, read who it is; do it again and see that it is free."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, ENGLISH, MASKED, PORTUGUESE, WELCOME, Opener, look_up, requests_sent, said

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e first lookup")]


@pytest.mark.parametrize("language", [ENGLISH, PORTUGUESE])
def test_the_demo_answers_in_the_language_of_the_terminal(console: Opener, language: str) -> None:
    terminal = console("--demo", language=language, cold=language == ENGLISH)
    terminal.wait_for(said(WELCOME, language))
    terminal.wait_for(said("Simulated customers to try:", language))
    terminal.wait_for(BIANCA)  # its line may come with a frame of its own

    terminal.type(BIANCA)
    terminal.press("enter")
    terminal.wait_for("BIANCA COUTO")
    assert terminal.sees(said("ACTIVE", language))
    assert terminal.sees(said("from HubSoft just now", language))
    assert terminal.sees(MASKED)
    terminal.quiet(0.5)  # whatever is asked along with a new customer has come
    asked = requests_sent(terminal, language)

    look_up(terminal, BIANCA, said("from cache, less than 1 min old", language))
    assert requests_sent(terminal, language) == asked

    terminal.press("q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()


def test_the_same_customer_again_costs_no_request(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.quiet(0.5)
    assert len(simulator.request_log) == 0

    look_up(terminal, BIANCA, "from HubSoft just now")
    assert simulator.request_log.count(path="cliente") == 1
    assert simulator.tokens_issued == 1

    terminal.quiet(0.5)
    sent = len(simulator.request_log)
    look_up(terminal, "86214941081", "from cache, less than 1 min old")
    look_up(terminal, "#1204", "from cache, less than 1 min old")
    terminal.quiet(0.5)
    assert len(simulator.request_log) == sent

    terminal.press("r")
    terminal.wait_for("from HubSoft just now")
    assert simulator.request_log.count(path="cliente") == 2


def test_the_next_start_still_has_the_customer_and_the_login(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.press("q")
    assert terminal.exit_status() == 0

    again = console(simulator=simulator)
    again.wait_for("BIANCA COUTO")  # among the recent customers
    look_up(again, BIANCA, "from cache, less than 1 min old")
    assert simulator.request_log.count(path="cliente") == 1
    look_up(again, "106.820.836-82", "GUILHERME SILVA")
    assert simulator.tokens_issued == 1


def test_a_document_is_shown_whole_for_a_while_and_that_is_recorded(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(simulator=simulator, ui__reveal_seconds=2)
    terminal.wait_for(WELCOME)
    look_up(terminal, "1204", "BIANCA COUTO")
    assert BIANCA.encode() not in terminal.raw

    terminal.press("v")
    terminal.wait_for(lambda: BIANCA.encode() in terminal.raw)
    terminal.wait_for(BIANCA, gone=True)
    assert terminal.sees(MASKED)
    with sqlite3.connect(home / "state" / "state.db") as database:
        trail = database.execute("SELECT action, subject FROM audit").fetchall()
    database.close()
    assert trail == [("reveal", MASKED)]


def test_what_is_typed_ahead_is_not_lost(console: Opener, simulator: Simulator) -> None:
    """Over a slow line the slash and what follows arrive together, in one piece."""
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    terminal.type("/10682083682\r")
    terminal.wait_for("GUILHERME SILVA", timeout=5)

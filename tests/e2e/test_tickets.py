"""Tickets with a customer on the phone: one is opened and read back, and is there on the screen that is left open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, WELCOME, Opener, look_up, said
from .terminal import Terminal
from .test_quiet_line import written_idle

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e tickets")]


def open_ticket(terminal: Terminal, words: str, then: Callable[[], object] = lambda: None) -> None:
    """Fill in the form of the customer in sight and look at it once more; `then` happens while the form stands."""
    terminal.press("n")
    terminal.wait_for(said("type to narrow, ↑↓ mark, enter takes"))
    then()
    terminal.press("enter")
    terminal.type(words)
    terminal.wait_for(words)
    terminal.press("ctrl+s")
    terminal.wait_for(said("Exactly this goes to HubSoft:"))


def test_a_ticket_is_opened_from_the_phone_call_and_read_back(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator, sync__enabled=True)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    before = {ticket.id for ticket in simulator.tickets}
    open_ticket(terminal, "No light on the router [b]")
    assert {ticket.id for ticket in simulator.tickets} == before

    terminal.press("enter")
    terminal.wait_for("LOC000001")
    terminal.wait_for(said("HubSoft has opened it."))
    (opened,) = [ticket for ticket in simulator.tickets if ticket.id not in before]
    assert "No light on the router [b]" in opened.description
    assert terminal.sees(opened.protocol)

    terminal.press("enter")
    terminal.wait_for(said("HubSoft has opened it."), gone=True)
    terminal.press("f3")
    # The newest, under the cursor, standing out.
    terminal.wait_for(lambda: any(line.startswith(f"▸ + {opened.protocol}") for line in terminal.screen()))
    terminal.press("b")
    terminal.wait_for("LOC000001")
    terminal.press("q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()


def test_what_cannot_be_sent_is_safe_over_a_restart(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator, outbox__quiet_seconds=1)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    before = len(simulator.tickets)
    open_ticket(terminal, "No light", lambda: simulator.set_scenario("outage"))
    terminal.press("enter")
    terminal.wait_for("LOC000001")
    terminal.press("ctrl+q")
    assert terminal.exit_status() == 0
    assert len(simulator.tickets) == before

    simulator.set_scenario("calm")
    again = console(simulator=simulator, outbox__quiet_seconds=1)
    again.wait_for(WELCOME)
    again.wait_for("ctrl+q ")
    again.press("escape")
    again.wait_for("/ search")
    again.press("b")
    again.wait_for(said("at HubSoft"), timeout=30)
    assert len(simulator.tickets) == before + 1


def test_left_open_with_nothing_happening_the_tickets_send_nothing(
    console: Opener, simulator: Simulator
) -> None:
    terminal = console(simulator=simulator)
    terminal.wait_for(WELCOME)
    terminal.press("escape")
    terminal.press("f3")
    terminal.wait_for("No ticket is followed yet.")
    terminal.press("s")
    terminal.wait_for("No ticket is followed yet.", gone=True)
    terminal.wait_for(said("Status"))
    terminal.quiet(6.0, timeout=30)  # the toast has gone
    assert written_idle(terminal, 3.0) == 0

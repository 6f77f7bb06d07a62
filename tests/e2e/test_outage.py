"""HubSoft goes down during work and comes back, and nothing has to be restarted."""

from __future__ import annotations

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, WELCOME, Opener, ask, look_up

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e outage")]

QUICK = {
    "health__open_seconds": 1,
    "health__open_max_seconds": 1,
    "health__failures_to_open": 2,
    "retry__max_retries": 1,
    "retry__backoff_base": 0.05,
    "limiter__max_requests_per_minute": 600,
}


def test_an_outage_is_survived(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator, **QUICK)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "from HubSoft just now")
    terminal.wait_for("● Online")

    simulator.set_scenario("outage")
    # A cached customer stays in sight, said to be old.
    terminal.press("r")
    terminal.wait_for("kept from before")
    assert terminal.sees("BIANCA COUTO")
    terminal.wait_for("HubSoft has not answered since")
    terminal.wait_for("✖ Offline")

    # One that was never seen is told to be out of reach, at once, and without a request that cannot succeed.
    ask(terminal, "106.820.836-82")
    terminal.wait_for("! HubSoft has not answered since")
    assert not terminal.sees("GUILHERME")

    # No key is pressed, and it is back.
    simulator.set_scenario("calm")
    terminal.wait_for("● Online")
    terminal.press("enter")
    terminal.wait_for("GUILHERME SILVA")
    look_up(terminal, BIANCA, "from cache, less than 1 min old")


def test_the_demo_plays_an_outage_from_the_palette(console: Opener) -> None:
    terminal = console("--demo", **QUICK)
    terminal.wait_for("Simulated customers to try:")
    look_up(terminal, BIANCA, "from HubSoft just now")
    for scenario, health in (("Outage", "✖ Offline"), ("Calm", "● Online")):
        terminal.press("ctrl+p")
        terminal.wait_for("Search for an action")
        terminal.type(scenario)
        terminal.wait_for(f"Demo: {scenario}")
        terminal.press("enter")
        terminal.wait_for(f"DEMO · {scenario}")
        if scenario == "Outage":
            terminal.wait_for("n new ticket")
            terminal.press("r")
        terminal.wait_for(health)

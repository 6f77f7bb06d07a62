"""What goes wrong is told without anybody looking for it, can be acknowledged, and is told when it is over."""

from __future__ import annotations

import pytest

from .fixture import BIANCA, Opener, look_up
from .terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e alerts")]

QUICK = {
    "alerts__look_seconds": 0.3,
    "alerts__api_down_for": 0.5,
    "alerts__clear_for": 0.5,
    "health__open_seconds": 0.5,
    "health__open_max_seconds": 0.5,
    "health__failures_to_open": 2,
    "retry__max_retries": 1,
    "retry__backoff_base": 0.05,
    "limiter__max_requests_per_minute": 600,
}


def play(terminal: Terminal, scenario: str) -> None:
    """Choose a scenario of the demo from the palette."""
    terminal.press("ctrl+p")
    terminal.wait_for("Search for an action")
    terminal.type(scenario)
    terminal.wait_for(f"Demo: {scenario}")
    terminal.press("enter")
    terminal.wait_for(f"DEMO · {scenario}")


def test_an_outage_of_the_demo_is_told_listed_acknowledged_and_over(console: Opener) -> None:
    terminal = console("--demo", **QUICK)
    terminal.wait_for("Simulated customers to try:")
    look_up(terminal, BIANCA, "from HubSoft just now")
    play(terminal, "Outage")
    terminal.wait_for("n new ticket")
    terminal.press("r")
    terminal.wait_for("▌ ✖ HubSoft does not answer")
    terminal.wait_for("▲ 1 alert")

    terminal.press("f5")
    terminal.wait_for("Alerts ✖ HubSoft does not answer since")
    terminal.press("a")
    terminal.wait_for("1 alert is open 1 not seen yet")
    terminal.wait_for("People are shown what is remembered.")
    terminal.press("a")
    terminal.wait_for("✖ seen")
    terminal.wait_for("▲ 1 alert", gone=True)

    play(terminal, "Calm")
    terminal.wait_for("✓ Over: HubSoft does not answer, after")
    terminal.wait_for("No alert is open")
    terminal.press("escape")
    terminal.wait_for("none open · last: HubSoft does not answer")

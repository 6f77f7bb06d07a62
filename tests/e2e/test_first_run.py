"""The first start on a new machine: a form, a wrong password named, the right one kept, and the lookup opens."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import BIANCA, Opener, look_up
from .terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e first run")]


def fill(terminal: Terminal, simulator: Simulator, *, password: str) -> None:
    terminal.wait_for("Welcome to the HubSoft console")
    terminal.wait_for("next field")
    for field, value in (
        ("Address", simulator.url),
        ("Client id", simulator.client_id),
        ("Client secret", simulator.client_secret),
        ("User", simulator.username),
        ("Password", password),
    ):
        terminal.wait_for(partial(terminal.cursor_in, field))
        terminal.type(value)
        shown = "•" * len(value) if field in {"Client secret", "Password"} else value
        terminal.wait_for(partial(terminal.cursor_in, field, after=shown))
        terminal.press("enter")


def test_a_wrong_password_is_named_and_the_right_one_opens_the_lookup(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(columns=80, rows=24)
    terminal.wait_for("Welcome to the HubSoft console")
    assert len(simulator.request_log) == 0
    fill(terminal, simulator, password="not it")
    terminal.wait_for("HubSoft does not accept")
    assert terminal.sees("password")
    assert not (home / "config" / "config.toml").exists()

    # Enter tried it and stayed where the mistake was.
    terminal.press("ctrl+u")
    terminal.wait_for(lambda: any("Password" in row and "•" not in row for row in terminal.screen()))
    terminal.type(simulator.password)
    terminal.wait_for(partial(terminal.cursor_in, "Password", after="•" * len(simulator.password)))
    terminal.press("enter")
    terminal.wait_for("HubSoft answers and accepts the credentials.")
    assert not (home / "config" / "config.toml").exists()
    terminal.press("s")
    terminal.wait_for("Lookup")
    look_up(terminal, BIANCA, "BIANCA COUTO")

    config, secrets = home / "config" / "config.toml", home / "config" / "secrets.toml"
    assert simulator.url in config.read_text()
    assert simulator.password not in config.read_text()
    assert simulator.password in secrets.read_text()
    assert secrets.stat().st_mode & 0o777 == 0o600
    # Neither the password that was typed nor the one that was kept was ever on the screen.
    assert b"not it" not in terminal.raw
    assert simulator.password.encode() not in terminal.raw

    terminal.press("q")
    assert terminal.exit_status() == 0
    again = console()
    again.wait_for("BIANCA COUTO")
    look_up(again, BIANCA, "from cache, less than 1 min old")


def test_a_password_manager_types_the_whole_form_at_once(console: Opener, simulator: Simulator) -> None:
    """Faster than the focus moves: nothing may land in the wrong field, least of all a secret in a readable one."""
    terminal = console()
    terminal.wait_for("next field")
    values = (
        simulator.url,
        simulator.client_id,
        simulator.client_secret,
        simulator.username,
        simulator.password,
    )
    terminal.wait_for(partial(terminal.cursor_in, "Address"))
    terminal.type("".join(f"{value}\r" for value in values))
    terminal.wait_for("HubSoft answers and accepts the credentials.")
    assert simulator.client_secret.encode() not in terminal.raw
    assert simulator.password.encode() not in terminal.raw


def test_the_demo_is_two_keys_away(console: Opener, home: Path) -> None:
    terminal = console()
    terminal.wait_for("opens the demo")
    terminal.wait_for("ctrl+p")
    terminal.press("escape")
    terminal.wait_for("d demo")  # the field is left, so a letter is a key
    terminal.press("d")
    terminal.wait_for("Simulated customers to try:")
    look_up(terminal, BIANCA, "BIANCA COUTO")
    assert not (home / "config").exists()
    assert not (home / "cache").exists()

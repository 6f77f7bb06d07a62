"""Customers that the tests of the commands ask for, and a home that is made older."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from hubsoft_tui.simulator import Simulator

UNKNOWN_CPF = "11144477735"


def make_older(home: Path, *, hours: float) -> None:
    """Let what is remembered be older than it is, as if the machine had been started since."""
    changed = 0
    for path in home.rglob("*.db"):
        with sqlite3.connect(path) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'record'").fetchall()
            if tables:
                aged = "UPDATE record SET fetched_at = fetched_at - ?, epoch = 'an earlier start'"
                changed += connection.execute(aged, (hours * 3600,)).rowcount
        connection.close()
    assert changed


def active_one(simulator: Simulator) -> Any:
    return next(customer for customer in simulator.customers if customer.active and not customer.hostile)

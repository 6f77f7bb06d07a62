"""Two consoles that share a budget fit into any terminal: beside each other, below, or in a window each."""

from __future__ import annotations

import os

import pytest

from scripts.run_shared import COLUMNS, ROWS, _beside


@pytest.mark.parametrize(
    ("columns", "rows", "shown"),
    [(200, 50, "split-window -h"), (120, 36, "split-window -v"), (80, 24, "new-window")],
)
def test_each_console_has_the_room_that_it_needs(columns: int, rows: int, shown: str) -> None:
    command = " ".join(_beside(os.terminal_size((columns, rows)), "console"))
    assert command.startswith(f"{shown} console")
    if " -h" in shown:
        assert (columns - 1) // 2 >= COLUMNS
    if " -v" in shown:
        assert (rows - 2) // 2 >= ROWS, "tmux has a line of its own"

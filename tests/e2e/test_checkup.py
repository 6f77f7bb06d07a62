"""A check-up from the first key to the result, in the demo: import, plan, run, look, repeat for nothing."""

from __future__ import annotations

import re

import pytest

from .fixture import WELCOME, Opener

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e checkup")]


def test_a_list_is_imported_planned_and_checked_in_a_few_keys(console: Opener) -> None:
    terminal = console(
        "--demo", columns=120, rows=36, limiter__max_requests_per_minute=600, limiter__window_seconds=60
    )
    terminal.wait_for(WELCOME)
    terminal.press("escape")
    terminal.wait_for("ctrl+q ", gone=True)
    terminal.press("f4")
    terminal.wait_for("Who on your list still has a contract?")
    terminal.wait_for("membros.csv")

    terminal.press("i")
    terminal.wait_for("ctrl+q ")  # letters are typed now
    terminal.press("enter")
    terminal.wait_for("a document has 11 or 14 digits, not 12")
    terminal.wait_for("enter starts it")
    terminal.wait_for("whole roster: 2 pages of 500")
    terminal.wait_for("instead of 161")

    terminal.press("enter")
    terminal.wait_for("Checked in ")
    terminal.wait_for("161 of 161")
    terminal.wait_for("∅ not found")
    assert not re.search(rb"\d{3}\.\d{3}\.\d{3}-\d{2}", bytes(terminal.raw).split(b"Who on your list")[-1])

    terminal.press("enter")
    terminal.wait_for("Everybody is remembered")
    terminal.press("enter")
    terminal.wait_for("enter plans the next one")
    terminal.wait_for("0 requests")
    terminal.wait_for("Checked in ", gone=True)
    terminal.wait_for(lambda: terminal.bytes_over(1.0) < 200)  # nothing happens, so hardly anything is sent

    terminal.press("q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()

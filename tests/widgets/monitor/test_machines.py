"""Who shares the budget, in one line each: share, waiting, silence, promise and version."""

from __future__ import annotations

from typing import Any

from hubsoft_tui._version import __version__
from hubsoft_tui.core.ports import MachineSeen
from hubsoft_tui.core.types import BudgetState, SharedContact, SharedState
from hubsoft_tui.texts import use
from tests.widgets.fixture import Repaints, Stage, lines_of
from widgets.monitor.panels import MachinesPanel


def budget(**shared):
    plain: dict[str, Any] = {"contact": SharedContact.ON, "machines": 2, "round_trip": 0.0004}
    state = SharedState(**plain | shared)
    return BudgetState(limit=30, configured=30, window=60.0, used=12, shared=state)


def machine(name, **fields):
    plain: dict[str, Any] = {"id": f"id-{name}", "name": name, "version": __version__, "kind": "console"}
    plain |= {"mine": False, "promise": 3, "silent": 0.4, "spent": 0, "waiting": 0, **fields}
    return MachineSeen(**plain)


HERE = machine("desk", mine=True, spent=9)
LAPTOP = machine("laptop", silent=133.0, spent=2, waiting=1, version="0.1.0")


def drawn(panel, width=100):
    return [each.plain for each in panel.draw(width)]


def test_each_machine_is_one_line_with_all_that_counts() -> None:
    panel = MachinesPanel()
    panel.show(budget(set_aside=3))
    panel.show_machines([LAPTOP, HERE])
    title, first, second = drawn(panel)
    assert title.split("  ")[0] == "Machines"
    assert "3 kept free for the silent" in title
    assert first.startswith("desk (this one)")
    assert "silent" not in first
    for part in ("laptop", " 2 ", "1 waits", "silent 2:10", "3 if alone", "0.1.0"):
        assert part in second


def test_in_each_language_the_promise_stands_apart_from_the_version() -> None:
    for language in ("pt_BR", "en"):
        use(language)
        panel = MachinesPanel()
        panel.show(budget())
        panel.show_machines([HERE])
        assert f" {HERE.version}" in drawn(panel, 78)[1]


def test_which_program_it_is_stands_where_there_is_room_and_another_version_in_the_title() -> None:
    panel = MachinesPanel()
    panel.show(budget(other_versions=1))
    panel.show_machines([machine("laptop", kind="cron"), HERE])
    title, first, second = drawn(panel)
    assert "1 of another version" in title
    assert ("console" in first, "cron" in second) == (True, True)
    assert "cron" not in drawn(panel, 78)[2]


def test_a_lost_server_is_told_in_the_title() -> None:
    panel = MachinesPanel()
    panel.show(budget(contact=SharedContact.LOST, own_in=72.0))
    assert "own requests in 1:12" in drawn(panel)[0]
    panel.show(budget(contact=SharedContact.LOST, reason="It cannot write to its disk."))
    assert drawn(panel)[1] == "It cannot write to its disk."
    panel.show(budget(unknown=2000.0))
    assert "two thirds kept free for 33:00" in drawn(panel)[0]


def test_portuguese_fits_a_narrow_screen() -> None:
    use("pt_BR")
    try:
        panel = MachinesPanel()
        panel.show(budget(set_aside=3))
        panel.show_machines([LAPTOP, HERE])
        assert not [each for each in drawn(panel, 78) if "…" in each]
    finally:
        use("en")


async def test_it_takes_no_room_alone_and_repaints_nothing_that_stands(monkeypatch) -> None:
    panel = MachinesPanel()
    async with Stage(panel).run_test(size=(100, 8)) as pilot:
        panel.show(BudgetState(limit=30, configured=30, window=60.0, used=0))
        assert not panel.display
        panel.show(budget())
        panel.show_machines([HERE, LAPTOP])
        await pilot.pause()
        assert len(lines_of(panel)) == 3
        painted = Repaints(panel, monkeypatch)
        panel.show(budget())
        panel.show_machines([HERE, machine("laptop", silent=135.0, spent=2, waiting=1, version="0.1.0")])
        assert painted.take() == []

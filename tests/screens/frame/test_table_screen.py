"""Every screen that is about one table is filtered and sorted with the same keys."""

import pytest

from hubsoft_tui.core.types import Badges
from hubsoft_tui.screens.frame.table_screen import PathInput
from hubsoft_tui.store.alerts import Alert
from tests.screens.builders import WALL, request, snapshot
from tests.screens.fake import FakeHub, console, seen, settle, wait_for
from tests.screens.test_reports import some_days
from tests.screens.test_tuning import FakeTuning
from widgets.fields import FilterLine


def filled():
    """Return a hub with something in every table."""
    hub = FakeHub()
    hub.alerts.rows = (
        Alert(2, "tickets_late", 5, 5, 1, WALL - 60),
        Alert(1, "queue_full", 0.85, 0.97, 0.8, WALL - 600),
    )
    hub.reports.shown = some_days()
    hub.offer(tuning=FakeTuning())
    hub.state = snapshot(
        requests=[request(1), request(2, outcome="timeout")], badges=Badges(versions={"alerts": 1})
    )
    return hub


@pytest.mark.parametrize(
    ("keys", "text"), [("f7", "timeout"), ("f8", "16/11"), ("f6", "token"), ("f5,a", "queue")]
)
async def test_the_same_keys_filter_and_sort_everywhere(keys, text):
    async with console(filled(), size=(80, 24)) as (app, pilot, _hub):
        await pilot.press(*keys.split(","))
        await wait_for(pilot, lambda: app.screen.query(FilterLine) and len(app.screen.table.rows) > 1)
        table, everything = app.screen.table, [*map(repr, app.screen.table.rows)]
        await pilot.press("slash", *"zzz[b]")
        await wait_for(pilot, lambda: not len(table.rows))
        await pilot.press(*["backspace"] * 6, *text, "enter")
        await wait_for(pilot, lambda: 0 < len(table.rows) < len(everything))
        assert table.has_focus
        assert f"/ {text}" in seen(app)
        await pilot.press("escape")
        await settle(pilot)
        assert [*map(repr, table.rows)] == everything
        assert f"/ {text}" not in seen(app)
        await pilot.press("o")
        assert table.sorted_by is not None
        sorted_so = [*map(repr, table.rows)]
        await pilot.press("O")
        assert [*map(repr, table.rows)] == sorted_so[::-1]


@pytest.mark.parametrize("keys", ["f4,i", "f8,e"])
async def test_a_slash_typed_into_a_path_belongs_to_it(keys):
    async with console(filled(), size=(80, 24)) as (app, pilot, _hub):
        await pilot.press(*keys.split(","))
        await wait_for(pilot, lambda: isinstance(app.focused, PathInput))
        await pilot.press("ctrl+u", *"/tmp/a.csv")
        assert app.focused.value == "/tmp/a.csv"
        assert not app.screen.query_one(FilterLine).display

"""Saved views, who one is, and the line that goes to a screen."""

from __future__ import annotations

from hubsoft_tui.screens.frame.confirm import destination
from hubsoft_tui.screens.requests import RequestsScreen
from hubsoft_tui.screens.tickets.screen import TicketsScreen
from hubsoft_tui.screens.tickets.views import VIEW_KEYS, keyed, saved
from hubsoft_tui.services.tickets.types import BoardState, BoardView
from tests.screens.builders import WALL
from tests.screens.fake import FakeHub, settle

from .conftest import Shown
from .fakes import ticket


def full_hub():
    hub = FakeHub()
    hub.tickets.put(*(ticket(number) for number in range(1, 9)))
    hub.tickets.put(ticket(3, responsible=("Sara Nunes",), due_at=WALL - 60))
    hub.news()
    return hub


def test_a_view_takes_the_next_free_key_and_keeps_it():
    views: tuple[BoardView, ...] = ()
    for name in "abcdefg":
        views = saved(views, BoardView(name))
    assert [view.key for view in views] == [*VIEW_KEYS, "", ""]
    views = saved(views, BoardView("b", filter="late"))
    assert (views[1].filter, views[1].key, len(views)) == ("late", "2", 7)
    views = keyed(views, 6, "2")
    assert [view.key for view in views] == ["1", "", "3", "4", "5", "", "2"]


def test_a_screen_is_found_by_how_its_name_begins_in_both_languages():
    for text, area, rest in (
        ("tickets sara late", "tickets", "sara late"),
        ("atend sara", None, "sara"),
        (":req 503", "requests", "503"),
        ("re", None, ""),
        ("MONITOR", "monitor", ""),
        ("nowhere", None, ""),
        ("", None, ""),
    ):
        found, filter_text = destination(text)
        assert (found and found.id, filter_text) == (area, rest), text


async def test_a_view_is_saved_shown_by_its_key_and_kept():
    hub = full_hub()
    async with Shown(hub, (120, 36)) as shown:
        await shown.press("slash", *"resp:sara", "enter", "V", "s", *"mine", "enter")
        assert "Saved: mine, with the key 1." in shown.text()
        await shown.press("escape")
        assert len(shown.table.rows) == 8
        await shown.press("1")
        assert [row.id for row in shown.table.rows] == [3]
        assert hub.tickets.kept_board.views[0].filter == "resp:sara"
        await shown.press("V", "d", "escape", "escape")
        assert hub.tickets.kept_board.views == ()


async def test_who_one_is_is_asked_once_and_kept():
    hub = full_hub()
    async with Shown(hub, (120, 36)) as shown:
        await shown.press("i")
        assert "Who are you?" in shown.text()
        await shown.press("enter", *"sara", "enter")
        assert [row.id for row in shown.table.rows] == [3]
        assert "i mine 1" in shown.text()
        assert hub.tickets.kept_board.my_name == "sara"


async def test_colon_goes_to_a_screen_with_a_filter():
    hub = full_hub()
    async with Shown(hub, (120, 36)) as shown:
        await shown.press("colon", *"requests 503", "enter")
        assert isinstance(shown.app.screen, RequestsScreen)
        assert "503" in shown.text()
        await shown.app.action_area("lookup")
        await shown.press("colon", *"tick sara late", "enter")
        assert isinstance(shown.app.screen, TicketsScreen)
        assert [row.id for row in shown.table.rows] == [3]


async def test_console_begins_where_it_was_left():
    hub = full_hub()
    hub.tickets.kept_board = BoardState(area="tickets", filter="resp:sara")
    console = Shown(hub, (120, 36))
    console.app, console.pilot, _hub = await console._console.__aenter__()
    await settle(console.pilot)
    assert isinstance(console.app.screen, TicketsScreen)
    assert [row.id for row in console.table.rows] == [3]
    await console.__aexit__(None, None, None)

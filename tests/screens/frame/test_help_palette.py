from __future__ import annotations

import asyncio

import pytest
from textual.widgets import Input

from hubsoft_tui import texts
from hubsoft_tui.screens.frame.actions import Action, registry
from hubsoft_tui.screens.frame.base import ConsoleScreen
from hubsoft_tui.screens.frame.help import HelpScreen, HelpText
from hubsoft_tui.screens.lookup.screen import LookupScreen
from hubsoft_tui.settings.tree import Profile, UiSettings
from tests.screens.fake import console, look_up, seen, settle, wait_for
from widgets.footer import AreaBar, KeyLine


@pytest.fixture
def writing_screen():
    """A screen with an action that writes, as later screens have."""
    declared = (
        *LookupScreen.ACTIONS,
        Action("lookup.write", "w", "write", "Write something.", "write", writes=True),
    )
    registry.declare("lookup", declared)
    yield
    registry.declare("lookup", LookupScreen.ACTIONS)


async def test_help_lists_every_action_with_its_id(hub):
    async with console(hub) as (app, pilot, _hub):
        await pilot.press("f1")
        await settle(pilot)
        assert isinstance(app.screen, HelpScreen)
        text = "\n".join(line.plain for line in app.screen.query_one(HelpText).draw(90))
        for row in registry:
            if not row.id.startswith("first_run."):
                assert row.id in text, row.id
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, ConsoleScreen)


async def test_help_and_palette_show_the_keys_that_lead_to_an_action_without_one(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        app.keymap = {"desk.restart": "z"}
        registry.check(app.keymap)
        await pilot.press("question_mark")
        await settle(pilot)
        lines = [line.plain.split() for line in app.screen.query_one(HelpText).draw(90)]
        keys = {words[-1]: words[:2] for words in lines if words}
        assert keys["lookup.restart"] == ["a", "z"]
        assert keys["lookup.disconnect"] == ["a", "d"]


async def test_palette_finds_an_action_and_does_it(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert app.screen.query_one(Input).cursor_blink is False
        await pilot.press(*"tickets")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await wait_for(pilot, lambda: hub.customers.panels_asked == [("tickets", False)])


async def test_palette_offers_only_what_would_do_something(hub):
    async with console(hub) as (app, pilot, _hub):
        await pilot.press("ctrl+p")
        await wait_for(pilot, lambda: "Monitor" in seen(app))
        assert "Reveal" not in seen(app)


async def test_a_remapped_key_acts_and_is_shown(hub):
    async with console(hub, keys={"lookup.tickets": "x"}) as (app, pilot, _hub):
        await look_up(pilot)
        assert "x tickets" in seen(app)
        assert "Open tickets  x" in seen(app)
        await pilot.press("t")
        await settle(pilot)
        assert hub.customers.panels_asked == []
        await pilot.press("x")
        await settle(pilot)
        assert hub.customers.panels_asked == [("tickets", False)]


async def test_a_wrong_keymap_is_told(hub):
    async with console(hub, keys={"nonsense": "x"}) as (app, pilot, _hub):
        await wait_for(pilot, lambda: "does not exist: nonsense" in seen(app))


async def test_read_only_removes_writing_actions_everywhere_and_says_so(hub, writing_screen):
    async with console(hub, profile=Profile(read_only=True)) as (app, _pilot, _hub):
        assert "READ ONLY" in seen(app)
        assert "lookup.write" not in [row.id for row in app.screen.usable()]
        assert "lookup.write" not in [row.id for row in app.actions_of("lookup")]
        assert not app.screen.check_action("write", ())
    async with console(hub) as (app, _pilot, _hub):
        assert "lookup.write" in [row.id for row in app.actions_of("lookup")]
        assert app.screen.check_action("write", ())


async def test_keys_that_would_be_typed_are_not_offered_while_typing(hub):
    async with console(hub) as (app, pilot, _hub):
        line = seen(app).splitlines()[-1]
        assert "q quit" not in line.replace("ctrl+q quit", "")
        assert "ctrl+q quit" in line
        await look_up(pilot)
        assert " q quit" in seen(app).splitlines()[-1]


async def test_the_keys_of_the_tabs_and_the_mouse_switch_areas(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("f7")
        await wait_for(pilot, lambda: app.screen.AREA == "requests")
        await settle(pilot)
        await pilot.click(AreaBar, offset=(2, 0))
        await wait_for(pilot, lambda: app.screen.AREA == "lookup")
        await settle(pilot)
        assert "BIANCA" in seen(app)


async def test_the_mouse_presses_what_the_key_line_says(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        place = seen(app).splitlines()[-1].index("t tickets")
        await pilot.click(KeyLine, offset=(place, 0))
        await settle(pilot)
        assert hub.customers.panels_asked == [("tickets", False)]


async def test_the_key_line_always_ends_with_the_way_out(hub):
    async with console(hub, size=(60, 15)) as (app, pilot, _hub):
        await look_up(pilot)
        line = seen(app).splitlines()[-1]
        assert line.rstrip().endswith("? help   q quit")


async def test_the_language_changes_at_once_and_keeps_what_is_in_sight(hub, monkeypatch):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        try:
            spoken = []
            monkeypatch.setattr(texts, "_current", texts._current)
            commands = {name: run for name, _help, run in app.extra_commands()}
            await commands["Português"]()
            await settle(pilot)
            spoken.append(texts.language())
            assert "BIANCA COUTO" in seen(app)
            assert spoken == ["pt_BR"]
            assert "English" in {name for name, _help, _run in app.extra_commands()}
        finally:
            texts.use("en")


async def test_what_a_clock_draws_waits_while_the_language_changes(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        screen = app.screen
        relabelled = asyncio.ensure_future(screen.relabel())
        while not relabelled.done():
            await asyncio.sleep(0)
            hub.show()
            screen.tick(hub.snapshot())
            screen._draw_held()
            screen._draw_ages()
        await settle(pilot)
        assert "BIANCA COUTO" in seen(app)


async def test_f1_explains_the_page_in_front_and_goes_back_to_it(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("a")
        await settle(pilot)
        page = app.screen
        assert "F1 help" in seen(app).splitlines()[-1]
        await pilot.press("f1")
        await settle(pilot)
        lines = [line.strip(" │") for line in seen(app).splitlines()]
        assert "What can be done for a customer" in lines
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is page


async def test_ctrl_c_says_what_leaves_in_the_language_of_the_screen(hub):
    texts.use("pt_BR")
    async with console(hub, ui=UiSettings(language="pt_BR")) as (app, pilot, _hub):
        await pilot.press("ctrl+c")
        await wait_for(pilot, lambda: "ctrl+q sai do console." in seen(app))

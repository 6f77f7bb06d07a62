"""What keys and pastes do where they used to do nothing: something, or a word why not."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import TextArea

from hubsoft_tui.screens.frame.help import ConsolePalette
from hubsoft_tui.screens.writing.form import WriteForm
from widgets.fields import QuestionInput

from .fake import BIANCA, CPF, OTHER, FakeHub, console, look_up, seen, settle, wait_for
from .tickets.fakes import ticket


@pytest.fixture
def hub():
    hub = FakeHub()
    hub.customers.answers[CPF] = (BIANCA,)
    hub.tickets.put(ticket(1), ticket(2))
    return hub


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settle(pilot)


async def paste(app, pilot, text):
    app.post_message(events.Paste(text))
    await settle(pilot)


async def test_the_palette_of_a_form_has_the_forms_actions_and_does_them(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "ctrl+p")
        await wait_for(pilot, lambda: "Close, keep it" in seen(app))
        await press(pilot, *"close", "enter")
        await wait_for(pilot, lambda: not isinstance(app.screen, WriteForm | ConsolePalette))


async def test_the_palette_on_help_is_that_of_the_screen(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "question_mark", "ctrl+p")
        assert isinstance(app.screen, ConsolePalette)
        await wait_for(pilot, lambda: "New ticket" in seen(app))


@pytest.mark.parametrize("way", [(), ("question_mark",), ("n",)])
async def test_ctrl_z_says_why_it_does_nothing(hub, way):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, *way, "ctrl+z")
        assert "The console stays in front" in seen(app)


@pytest.mark.parametrize("way", [("question_mark",), ("n",)])
async def test_the_key_of_an_area_says_what_stands_in_front(hub, way):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        before = len(app.screen_stack)
        await press(pilot, *way, "f3")
        assert "close it with esc first" in seen(app)
        assert len(app.screen_stack) == before + 1


async def test_a_paste_on_tickets_goes_to_the_filter(hub):
    async with console(hub) as (app, pilot, _hub):
        await app.action_area("tickets")
        await settle(pilot)
        await paste(app, pilot, " 20261123100002000002\n")
        await wait_for(pilot, lambda: "CUSTOMER 1" not in seen(app))
        assert "CUSTOMER 2" in seen(app)


async def test_a_paste_where_nothing_takes_it_is_told(hub):
    async with console(hub) as (app, pilot, _hub):
        await app.action_area("monitor")
        await settle(pilot)
        await paste(app, pilot, CPF)
        assert "Nothing here takes a paste." in seen(app)


@pytest.mark.parametrize("focus", [True, False])
async def test_of_two_pasted_lines_the_second_is_not_dropped_in_silence(hub, focus):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        if focus:
            app.screen.query_one(QuestionInput).focus()
        await paste(app, pilot, f"{CPF}\r\n\r\n{OTHER}\r\n")
        assert "Only the first of 2 pasted lines was taken." in seen(app)


async def test_a_description_takes_every_line_without_a_word(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        app.screen.query_one(TextArea).focus()
        await paste(app, pilot, "one\ntwo")
        assert app.screen.query_one(TextArea).text == "one\ntwo"
        assert "Only the first" not in seen(app)

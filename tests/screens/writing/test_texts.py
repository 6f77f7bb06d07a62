from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import TextArea

from hubsoft_tui.api.models import Ticket
from hubsoft_tui.settings.canned_texts import FILE
from hubsoft_tui.settings.tree import UiSettings
from tests.screens.fake import answer, console, look_up, seen, settle, wait_for

TEXTS = """
[[text]]
name = "ONU sem luz"
for = ["ticket"]
text = "{customer}, {plan}: sem luz. {protocol}"
[[text]]
name = "Cobrar prazo"
for = ["message"]
text = "{customer} pede previsão do {protocol}."
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / FILE).write_text(TEXTS, encoding="utf-8")
    return str(tmp_path)


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def test_a_canned_text_is_chosen_by_typing_and_its_placeholders_filled(hub, home):
    async with console(hub, home=home) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "ctrl+t")
        await wait_for(pilot, lambda: "Which text?" in seen(app))
        assert "Cobrar prazo" not in seen(app)
        await press(pilot, *"luz", "enter")
        field = app.screen.query_one(TextArea)
        assert field.text == "BIANCA COUTO, COMBO 500 MBPS: sem luz. "
        assert app.focused is field
        assert "left out: {protocol}" in seen(app)


async def test_a_message_takes_the_protocol_of_its_ticket(hub, home):
    hub.customers.panels["tickets"] = answer(Ticket(id=5, protocol="20261123140231", service_id=11))
    async with console(hub, home=home) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t", "m", "ctrl+t")
        await wait_for(pilot, lambda: "Which text?" in seen(app))
        await press(pilot, "enter")
        assert app.screen.query_one(TextArea).text == "BIANCA COUTO pede previsão do 20261123140231."


async def test_up_brings_the_last_texts_back_and_never_over_what_is_typed(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        for text in ("first text", "second text"):
            await press(pilot, "n")
            field = app.screen.query_one(TextArea)
            field.focus()
            field.text = text
            await press(pilot, "ctrl+s", "enter")
            await wait_for(pilot, lambda: "HubSoft has opened it" in seen(app))
            await press(pilot, "enter")
        hub.outbox.kept = dict(reversed(hub.outbox.kept.items()))  # newest first, as the outbox lists them
        await press(pilot, "n")
        field = app.screen.query_one(TextArea)
        field.focus()
        await wait_for(pilot, lambda: len(field.last_texts) == 2)
        seen_texts = []
        for key in ("up", "up", "up", "down", "down"):
            await press(pilot, key)
            seen_texts.append(field.text)
        assert seen_texts == ["second text", "first text", "first text", "second text", ""]
        field.text = "typed"
        await press(pilot, "up")
        assert field.text == "typed"


async def test_the_customer_stands_beside_the_form_where_there_is_room(hub):
    async with console(hub, size=(120, 36)) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        assert "***.149.410-**" in seen(app)
        assert "▲ online" in seen(app)
        await pilot.resize_terminal(100, 36)
        await settle(pilot)
        assert "▲ online" not in seen(app)


async def test_without_texts_the_form_says_where_to_write_them(hub, tmp_path):
    ui = replace(UiSettings(open_tickets=False), canned_texts=str(tmp_path / "none.toml"))
    async with console(hub, home=str(tmp_path), ui=ui) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "ctrl+t")
        await wait_for(pilot, lambda: "no canned text" in seen(app))

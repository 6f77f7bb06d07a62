"""What is typed into forms and not sent yet: one form at a time, kept on disk, shown where it belongs, listed."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.widgets import TextArea

from hubsoft_tui.errors import StoreError
from hubsoft_tui.screens.lookup.screen import LookupScreen
from hubsoft_tui.screens.writing.drafts_page import DraftsScreen
from hubsoft_tui.screens.writing.form import WriteForm
from hubsoft_tui.screens.writing.outbox import OutboxScreen
from hubsoft_tui.screens.writing.ticket_flow import MessageForm
from hubsoft_tui.services.outbox.types import EntryState, NewTicket
from hubsoft_tui.settings.tree import Profile
from tests.screens.fake import BIANCA, CPF, console, look_up, seen, settle, wait_for
from tests.screens.tickets.fakes import ticket
from widgets.fields import QuestionInput, TickField

TEXT = "No light since ten"


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settle(pilot)


async def burst(app, pilot, keys):
    """Deliver keys as one write does: the next is there before the first has acted."""
    for key in keys:
        app.post_message(events.Key(key, key))
    await settle(pilot)
    await settle(pilot)


def forms(app):
    return [screen for screen in app.screen_stack if isinstance(screen, WriteForm)]


async def write(pilot, text):
    field = pilot.app.screen.query_one(TextArea)
    field.focus()
    field.insert(text)
    await settle(pilot)


async def test_keys_that_bounce_on_the_lookup_open_one_form(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t")
        for keys in ("mm", "xx", "mx", "nx", "xn", "nmx", "nn"):
            await burst(app, pilot, keys)
            assert len(forms(app)) == 1, keys
            if keys == "nn":
                await write(pilot, TEXT)
            await press(pilot, "escape")
            assert isinstance(app.screen, LookupScreen)
        await press(pilot, "n")
        assert app.screen.query_one(TextArea).text == TEXT


async def test_keys_that_bounce_on_tickets_open_one_form(hub):
    hub.tickets.put(ticket(1))
    async with console(hub) as (app, pilot, _hub):
        await app.action_area("tickets")
        await settle(pilot)
        for keys in ("mm", "xx", "mx"):
            await burst(app, pilot, keys)
            assert len(forms(app)) == 1, keys
            await press(pilot, "escape")


async def test_keys_that_bounce_on_the_outbox_open_one_page(hub):
    hub.outbox.kept["LOC000001"] = hub.outbox.keep(
        "LOC000001", NewTicket(11, TEXT, "BIANCA", "37999992968"), EntryState.REFUSED
    )
    async with console(hub) as (app, pilot, _hub):
        app.action_outbox()
        await settle(pilot)
        depth = len(app.screen_stack)
        for keys in ("cc", "dd", "rr", "cd"):
            assert isinstance(app.screen, OutboxScreen)
            await burst(app, pilot, keys)
            assert len(app.screen_stack) == depth + 1, keys
            await press(pilot, "escape")


async def test_sending_leaves_no_page_and_no_draft(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await burst(app, pilot, "nn")
        await write(pilot, TEXT)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, lambda: "Exactly this goes" in seen(app))
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "20261123140231000123" in seen(app))
        await press(pilot, "enter")
        assert isinstance(app.screen, LookupScreen)
        assert app.drafts.all() == ()
        assert hub.drafts.kept == {}


async def test_a_form_drops_only_a_draft_that_it_showed(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        # Kept by another console of this home while an untouched form stood open here.
        app.drafts.keep("open 1", "open", ("BIANCA", CPF), {"description": TEXT})
        await press(pilot, "escape")
        assert [draft.values["description"] for draft in app.drafts.all()] == [TEXT]


async def test_an_open_form_keeps_its_draft_on_disk_until_emptied(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        assert app.unsent() == ()
        await write(pilot, TEXT)
        assert app.unsent() == ("New ticket for BIANCA COUTO",)
        await wait_for(pilot, lambda: "open 1" in hub.drafts.kept)
        assert hub.drafts.kept["open 1"].values["description"] == TEXT
        app.screen.query_one(TickField).turn()
        await wait_for(pilot, lambda: hub.drafts.kept["open 1"].values["order"] is True)
        app.screen.query_one("#phone", QuestionInput).value = "37"
        await wait_for(pilot, lambda: hub.drafts.kept["open 1"].values["phone"] == "37")
        await press(pilot, "ctrl+r", "enter")
        await wait_for(pilot, lambda: not hub.drafts.kept)
        await press(pilot, "escape")
        assert "Kept as a draft" not in seen(app)


async def test_typing_does_not_write_the_disk_for_every_letter(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        field = app.screen.query_one(TextArea)
        for letter in "abcdefghij":  # faster than the disk is written
            field.insert(letter)
        await wait_for(pilot, lambda: hub.drafts.kept)
        assert hub.drafts.writes == 1
        assert hub.drafts.kept["open 1"].values["description"] == "abcdefghij"


@pytest.mark.parametrize("how", ["quit", "signal"])
async def test_ending_in_the_middle_of_a_word_keeps_it(hub, how):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await write(pilot, TEXT)
        app._leave(0 if how == "quit" else 129)
        app.close()
        assert hub.drafts.kept["open 1"].values["description"] == TEXT


async def test_the_next_console_offers_a_kept_draft(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await write(pilot, TEXT)
        await press(pilot, "escape")
        assert "draft: new ticket (" in seen(app)
        assert "n continues" in seen(app)
    async with console(hub) as (app, pilot, _hub):
        await wait_for(pilot, lambda: "1 draft was not sent." in seen(app))
        await look_up(pilot)
        await wait_for(pilot, lambda: "draft: new ticket (" in seen(app))
        await press(pilot, "n")
        assert "This is what you typed at" in seen(app)
        assert app.screen.query_one(TextArea).text == TEXT
        await press(pilot, "ctrl+s")
        await wait_for(pilot, lambda: "Exactly this goes" in seen(app))
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "20261123140231000123" in seen(app))
        await press(pilot, "enter")
        assert "draft:" not in seen(app)
        await wait_for(pilot, lambda: not hub.drafts.kept)


async def test_a_message_is_shown_on_its_customer_too(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t", "m")
        await write(pilot, TEXT)
        await press(pilot, "escape")
        assert "draft: message into 20261123140231" in seen(app)
        assert "m continues" in seen(app)


async def test_what_was_begun_on_the_board_is_shown_on_its_customer_before_any_ticket_is_asked_for(hub):
    async with console(hub) as (app, pilot, _hub):
        code, values = BIANCA.code, {"text": TEXT}
        app.drafts.keep("message 5", "message", ("BIANCA", "20261123140231"), values, code)
        app.drafts.keep("close 6", "close", ("BIANCA", "20261123140232"), values, code)
        app.drafts.keep("LOC000007", "open", ("BIANCA", CPF), values, code)
        app.drafts.keep("message 9", "message", ("ANOTHER", "20261123140239"), values, 77)
        await look_up(pilot)
        assert hub.customers.panels_asked == []
        for text in ("message into 20261123140231", "m continues", "closing 20261123140232", "x continues"):
            assert text in seen(app)
        assert "20261123140239" not in seen(app)
        await press(pilot, "m")
        await wait_for(pilot, lambda: isinstance(app.screen, MessageForm))
        assert app.screen.query_one(TextArea).text == TEXT


async def test_drafts_are_listed_taken_up_and_discarded(hub):
    hub.tickets.put(ticket(1))
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await write(pilot, TEXT)
        await press(pilot, "escape")
        await app.action_area("tickets")
        await settle(pilot)
        await press(pilot, "m")
        await write(pilot, "on the way")
        await press(pilot, "escape", "W")
        assert isinstance(app.screen, DraftsScreen)
        for text in ("new ticket  BIANCA COUTO", "message into 2026", "CUSTOMER 1"):
            assert text in seen(app), text
        await press(pilot, "enter")  # the newest stands first
        assert app.screen.query_one(TextArea).text == "on the way"
        await press(pilot, "escape", "W", "down", "enter")
        await wait_for(pilot, lambda: forms(app) and app.screen.query_one(TextArea).text == TEXT)
        await press(pilot, "escape")
        await wait_for(pilot, lambda: isinstance(app.screen, LookupScreen) and "n continues" in seen(app))
        await press(pilot, "W", "down", "ctrl+r")
        assert "What is typed in it will be gone." in seen(app)
        await press(pilot, "escape")
        assert "new ticket" in seen(app)
        await press(pilot, "down", "ctrl+r", "enter")
        await wait_for(pilot, lambda: list(hub.drafts.kept) == ["message 1"])
        await press(pilot, "ctrl+r", "enter")
        await wait_for(pilot, lambda: "Nothing is begun" in seen(app))
        assert hub.drafts.kept == {}


async def test_what_the_disk_refuses_is_told_and_stays_in_memory(hub):
    hub.drafts.failure = StoreError("The disk is full.")
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await write(pilot, "a")
        await wait_for(pilot, lambda: "kept only while this console is open" in seen(app))
        await press(pilot, "escape")
        hub.drafts.failure = None
        await press(pilot, "n")
        await write(pilot, "b")
        await wait_for(
            pilot,
            lambda: (
                sorted(str(hub.drafts.kept["open 1"].values["description"])) == ["a", "b"]
                if hub.drafts.kept
                else False
            ),
        )


async def test_a_read_only_profile_is_offered_no_draft(hub):
    async with console(hub, profile=Profile(read_only=True)) as (app, pilot, _hub):
        app.drafts.keep("open 1", "open", ("BIANCA", CPF), {"description": TEXT})
        await look_up(pilot)
        assert "draft:" not in seen(app)
        await press(pilot, "W")
        assert isinstance(app.screen, LookupScreen)


async def test_an_older_draft_fills_the_fields_it_has(hub):
    async with console(hub) as (app, pilot, _hub):
        app.drafts.keep("open 1", "open", ("BIANCA", CPF), {"description": TEXT, "unknown": 3, "service": 99})
        await app.save_drafts().wait()
        await look_up(pilot)
        await press(pilot, "n")
        assert app.screen.query_one(TextArea).text == TEXT
        await asyncio.sleep(0)

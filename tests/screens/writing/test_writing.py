from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from textual.widgets import TextArea

from hubsoft_tui.api.models import Customer, Service, Ticket
from hubsoft_tui.errors import StoreError, Unreachable
from hubsoft_tui.screens.frame.confirm import PickScreen
from hubsoft_tui.screens.lookup.screen import LookupScreen
from hubsoft_tui.screens.writing.entry_page import ReviewScreen, SentScreen
from hubsoft_tui.screens.writing.form import WriteForm
from hubsoft_tui.screens.writing.opening_form import OpeningForm
from hubsoft_tui.screens.writing.ticket_flow import ClosingForm, MessageForm
from hubsoft_tui.services.outbox.types import Closing, EntryState, NewMessage, NewTicket
from hubsoft_tui.settings.tree import Profile
from tests.screens.fake import (
    BIANCA,
    CPF,
    OTHER,
    answer,
    console,
    look_up,
    seen,
    settle,
    wait_for,
)
from tests.screens.tickets.fakes import ticket
from widgets.fields import ChoiceField, QuestionInput, TickField
from widgets.outbox import Large


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settle(pilot)


async def write(pilot, text):
    """Put `text` where the cursor is, as if it was typed."""
    field = pilot.app.focused
    if isinstance(field, ChoiceField):
        field._narrow(text)
    else:
        field.insert(text) if isinstance(field, TextArea) else field.insert_text_at_cursor(text)
    await settle(pilot)


async def fill_in(pilot, text="No light", *, seen_next=True):
    """Take the service, a type and a description, and go on to the last look."""
    await press(pilot, "enter")
    await write(pilot, "sem")
    await press(pilot, "enter")
    await write(pilot, text)
    await press(pilot, "ctrl+s")
    if seen_next:
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))


async def test_a_new_ticket_shows_local_protocol_then_hubsofts(hub):
    hub.outbox.settles.clear()
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        assert "New ticket for BIANCA COUTO" in seen(app)
        assert "(37) 99999-2968" in seen(app)
        await fill_in(pilot)
        text = seen(app)
        for part in ("Exactly this goes to HubSoft:", "[ref 7K3M]", "37999992968", "Sem conexão"):
            assert part in text, part
        assert hub.outbox.kept == {}
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "LOC000001" in seen(app))
        assert "It is safe here" in seen(app)
        (entry,) = hub.outbox.kept.values()
        assert (entry.draft.service_id, entry.draft.type_id, entry.draft.type_label) == (11, 2, "Sem conexão")
        assert entry.draft.customer_code == 1204
        hub.outbox.settles.set()
        await wait_for(pilot, lambda: "20261123140231000123" in seen(app))
        copies = []
        app.copy = lambda what, text: copies.append(text)
        await press(pilot, "y", "enter")
        assert copies == ["20261123140231000123"]
        assert isinstance(app.screen, LookupScreen)
        # What HubSoft holds now is asked for again.
        await wait_for(pilot, lambda: hub.customers.panels_asked == [("tickets", False)])


async def test_marked_service_is_chosen_and_cancelled_ones_are_not_offered(hub):
    gone = Service(id=13, name="OLD PLAN", status_prefix="cancelado")
    hub.customers.answers[CPF] = (Customer(id=1, name="BIANCA", services=(*BIANCA.services, gone)),)
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "down", "n")
        field = app.screen.query_one("#service", ChoiceField)
        assert field.chosen.id == 12
        assert [option.id for option in field.options] == [11, 12]
        assert "OLD PLAN" not in seen(app)


async def test_without_a_service_no_ticket_can_be_opened(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot, OTHER)
        await press(pilot, "n")
        assert isinstance(app.screen, LookupScreen)
        assert "This customer has no service" in seen(app)


async def test_a_problem_shows_beside_its_field_until_mended(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "ctrl+s")
        assert "Write what it is about" in seen(app)
        assert app.focused.id == "description"
        await write(pilot, "No light")
        assert "Write what it is about" not in seen(app)
        phone = app.screen.query_one("#phone", QuestionInput)
        phone.value = "379999a"
        await settle(pilot)
        assert "A phone has digits only." in seen(app)
        phone.value = "3799"
        await settle(pilot)
        assert "These are 4 digits" in seen(app)
        await press(pilot, "ctrl+s")
        assert app.focused is phone
        assert hub.outbox.kept == {}
        phone.value = "+55 (37) 3222-1100"
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, ReviewScreen)


async def test_a_field_that_was_left_wrong_says_so(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        app.screen.query_one("#description").focus()
        await press(pilot, "tab")
        assert "Write what it is about" in seen(app)


async def test_a_draft_the_outbox_refuses_stays_in_the_form(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot, "proibido", seen_next=False)
        await wait_for(pilot, lambda: "HubSoft takes no such word." in seen(app))
        assert app.screen.query_one("#description", TextArea).text == "proibido"


@pytest.mark.parametrize("error", [StoreError("The disk is full."), KeyError("x")])
async def test_a_failed_put_is_said_and_keeps_the_form(hub, error, tmp_path):
    hub.outbox.refuses = error
    async with console(hub, tmp=tmp_path) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "! " in seen(app))
        assert ("The disk is full. What you typed is still here." in seen(app)) is isinstance(
            error, StoreError
        )
        assert app.screen.query_one("#description", TextArea).text == "No light"
        hub.outbox.refuses = None
        await press(pilot, "ctrl+s", "enter")
        await wait_for(pilot, lambda: "LOC000001" in seen(app))


async def test_a_form_left_is_kept_for_its_customer_alone(hub, monkeypatch):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "enter")
        await write(pilot, "sem")
        await press(pilot, "enter")
        await write(pilot, "No light [b]")
        await press(pilot, "escape")
        assert isinstance(app.screen, LookupScreen)
        assert "Kept as a draft" in seen(app)
        await press(pilot, "n")
        assert "This is what you typed at" in seen(app)
        assert app.screen.query_one("#description", TextArea).text == "No light [b]"
        assert "Sem conexão" in seen(app)
        await press(pilot, "ctrl+r")
        assert "Start over?" in seen(app)
        await press(pilot, "enter")
        assert app.screen.query_one("#description", TextArea).text == ""
        await press(pilot, "escape", "n")
        assert "This is what you typed" not in seen(app)


async def test_going_back_from_the_last_look_changes_nothing(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, OpeningForm)
        assert app.screen.query_one("#description", TextArea).text == "No light"
        assert hub.outbox.kept == {}


async def test_similar_entries_show_before_sending(hub):
    draft = NewTicket(11, "No light", "BIANCA", "37999992968")
    hub.outbox.alike = (hub.outbox.keep("LOC000009", draft, EntryState.SENT, protocol="20261123"),)
    hub.customers.panels["tickets"] = answer(
        Ticket(id=5, protocol="20261120091500", type="Sem conexão", status="[b]"),
        Ticket(id=6, protocol="20261121091500", type="SAC"),
    )
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t", "n")
        await fill_in(pilot)
        text = seen(app)
        assert "LOC000009  ● at HubSoft  20261123" in text
        assert "There is an open ticket of this type:" in text
        assert "20261120091500  [b]" in text
        assert "20261121091500" not in text
        assert "sends it anyway" in text
        assert "COMBO 500 MBPS" in text


async def test_a_ticket_opens_without_the_list_of_types(hub):
    hub.outbox.type_rows = Unreachable("HubSoft does not answer.")
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "enter")
        assert "HubSoft does not answer." in seen(app)
        await press(pilot, "enter")
        await write(pilot, "No light")
        await press(pilot, "tab", "tab", "tab", "space")
        assert app.screen.query_one(TickField).on
        await press(pilot, "ctrl+s", "enter")
        await wait_for(pilot, lambda: hub.outbox.kept)
        (entry,) = hub.outbox.kept.values()
        assert entry.draft.type_id is None
        assert entry.draft.open_work_order


async def test_a_refusal_shows_its_words_and_c_corrects_it(hub):
    hub.outbox.becomes = {"state": EntryState.REFUSED, "said": "HubSoft refused: telefone inválido"}
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "telefone inválido" in seen(app))
        await press(pilot, "c")
        form = app.screen
        assert isinstance(form, OpeningForm)
        assert form.query_one("#description", TextArea).text == "No light"
        hub.outbox.becomes = {"state": EntryState.SENT, "protocol": "20261123", "ticket_id": 9}
        await press(pilot, "ctrl+s", "enter")
        await wait_for(pilot, lambda: "HubSoft has opened it." in seen(app))
        assert hub.outbox.did == [("correct", "LOC000001")]
        assert len(hub.outbox.kept) == 1


async def test_an_unknown_outcome_says_what_happens_next(hub):
    hub.outbox.becomes = {"state": EntryState.UNKNOWN, "next_at": time.time() + 170}
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "sent again only if it is not there" in " ".join(seen(app).split()))
        hub.outbox.settles.clear()
        await press(pilot, "escape")
        assert isinstance(app.screen, LookupScreen)


async def test_a_message_into_the_only_open_ticket(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "m")
        await wait_for(pilot, lambda: isinstance(app.screen, MessageForm))
        assert "20261123140231" in seen(app)
        await write(pilot, "on the way")
        await press(pilot, "ctrl+s", "enter")
        await wait_for(pilot, lambda: "The message is in the ticket." in seen(app))
        (entry,) = hub.outbox.kept.values()
        assert entry.draft == NewMessage(5, "20261123140231", "on the way", "BIANCA COUTO")


async def test_of_several_tickets_one_is_chosen_and_none_is_said(hub):
    hub.customers.panels["tickets"] = answer(
        Ticket(id=5, protocol="20261123140231", type="SAC"),
        Ticket(id=6, protocol="20261120091500", type="[x]"),
    )
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t", "x")
        assert isinstance(app.screen, PickScreen)
        await write(pilot, "0915")
        await press(pilot, "enter")
        assert isinstance(app.screen, ClosingForm)
        assert "20261120091500" in seen(app)
        await press(pilot, "escape")
        hub.customers.panels["tickets"] = answer()
        await press(pilot, "t", "m")
        assert "no open ticket" in seen(app)


async def test_the_tickets_screen_closes_a_ticket_with_a_reason(hub):
    hub.tickets.put(ticket(1, opened_at=time.time() - 60))
    async with console(hub) as (app, pilot, _hub):
        await app.action_area("tickets")
        await settle(pilot)
        await press(pilot, "x", "ctrl+s")
        assert "Choose why it is closed." in seen(app)
        await write(pilot, "dup")
        await press(pilot, "enter")
        await write(pilot, "twice")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, lambda: "Duplicado" in seen(app))
        assert hub.outbox.kept == {}
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "The ticket is closed." in seen(app))
        (entry,) = hub.outbox.kept.values()
        assert isinstance(entry.draft, Closing)
        assert (entry.draft.reason_id, entry.draft.description) == (8, "twice")


async def test_letters_and_digits_are_typed_never_obeyed(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "enter", "enter", *"q1?b", "tab", "tab", "tab", "q", "1")
        assert isinstance(app.screen, WriteForm)
        assert app.screen.query_one("#description", TextArea).text == "q1?b"


async def test_what_is_typed_just_before_going_on_counts(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n", "enter", "enter")
        # As a slow line delivers it: all of it before anything is handled.
        app.screen.focused.insert("No lig")
        await press(pilot, "h", "t", "ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, ReviewScreen))
        assert "No light" in seen(app)


async def test_a_read_only_profile_opens_no_form(hub):
    async with console(hub, profile=Profile(read_only=True)) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "t", "n", "m", "x")
        assert isinstance(app.screen, LookupScreen)


async def test_the_entry_page_survives_a_failing_engine(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)

        async def broken(_local, _patience):
            await asyncio.sleep(0)
            raise StoreError("The outbox cannot be read.")

        hub.outbox.settled = broken
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "The outbox cannot be read." in seen(app))
        assert isinstance(app.screen, SentScreen)
        assert "LOC000001" in seen(app)


async def test_a_sent_ticket_tells_its_protocol_and_updates_the_card(hub):
    hub.outbox.becomes = {"state": EntryState.QUEUED}
    async with console(hub) as (app, pilot, _hub):
        hub.news()
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "is sent by itself" in seen(app))
        assert "LOC000001" in seen(app)
        await press(pilot, "escape")
        hub.news()
        await pilot.pause(0.6)
        assert hub.customers.panels_asked == []
        waiting = hub.outbox.kept["LOC000001"]
        hub.outbox.kept["LOC000001"] = replace(
            waiting, state=EntryState.SENT, protocol="20261123140231000123", ticket_id=900
        )
        hub.outbox.at += 1
        hub.news()
        await wait_for(
            pilot, lambda: "LOC000001 is now ticket 20261123140231000123" in " ".join(seen(app).split())
        )
        await wait_for(pilot, lambda: hub.customers.panels_asked)
        hub.outbox.at += 1
        hub.news()
        await pilot.pause(0.6)
        assert hub.customers.panels_asked == [("tickets", False)]


async def test_hubsofts_protocol_becomes_the_large_number_however_late(hub):
    hub.outbox.becomes = {"state": EntryState.REFUSED, "said": "HubSoft refused: no"}
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await press(pilot, "n")
        await fill_in(pilot)
        await press(pilot, "enter")
        await wait_for(pilot, lambda: "HubSoft refused: no" in seen(app))
        assert app.screen.query_one(Large)._text == "LOC000001"
        hub.outbox.becomes = {"state": EntryState.SENT, "protocol": "20261123140231000123", "ticket_id": 900}
        await wait_for(pilot, lambda: "HubSoft has opened it." in seen(app))
        assert [each._text for each in app.screen.query(Large)] == ["20261123140231000123"]
        await wait_for(pilot, lambda: "LOC000001" in seen(app))

"""What is done on the tickets screen: filters, details, writing, following."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from textual.widgets import Input

from hubsoft_tui import texts
from hubsoft_tui.api.models import Message
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.screens.tickets.screen import TicketsScreen
from hubsoft_tui.services.outbox.types import EntryState
from hubsoft_tui.services.tickets.types import ChangeKind, TicketDetail, TicketState
from hubsoft_tui.settings.tree import Profile, UiSettings
from tests.screens import builders
from tests.screens.fake import settle, wait_for
from widgets.footer import KeyLine

from .conftest import Shown
from .fakes import PASSED, change, ticket

WALL = builders.WALL


async def test_quick_filters_on_keys_and_back(hub):
    hub.tickets.put(
        ticket(2, due_at=WALL - 60),
        ticket(3, responsible=()),
        ticket(4, state=TicketState.CLOSED, change=change(1, ticket(4), ChangeKind.CLOSED)),
        ticket(5, responsible=("Ana João",)),
    )
    async with Shown(hub, ui=UiSettings(open_tickets=False, my_name="joao")) as shown:
        for key, ids in (("l", {2}), ("u", {3}), ("c", {4}), ("i", {5}), ("a", set(range(1, 41)))):
            await shown.press(key)
            assert {row.id for row in shown.table.rows} == ids, key
        await shown.press("a")
        assert len(shown.table.rows) == 39
        await shown.press("l", "escape")
        assert len(shown.table.rows) == 39


async def test_filter_as_one_types_then_escape_step_by_step(hub):
    hub.tickets.put(ticket(7, customer="PADARIA PÃO QUENTE"))
    async with Shown(hub) as shown:
        await shown.press("slash", *"pao", "enter")
        assert [row.id for row in shown.table.rows] == [7]
        assert "1 matches /pao" in shown.text()
        await shown.press("enter")
        assert shown.screen.has_class("-details")
        assert "esc back" in shown.text()
        await shown.press("escape")
        assert not shown.screen.has_class("-details")
        assert len(shown.table.rows) == 1
        assert "esc back" in shown.text()
        await shown.press("escape")
        assert len(shown.table.rows) == 40
        assert "esc back" not in shown.text()
        await shown.press("l")
        assert "esc back" in shown.text()


async def test_sorting_by_the_next_column_and_round(hub):
    async with Shown(hub) as shown:
        shown.table.sort_by(None)
        await shown.press("o")
        assert shown.table.sorted_by == "protocol"
        await shown.press("o")
        assert [row.customer for row in shown.table.rows][:2] == ["CUSTOMER 1", "CUSTOMER 10"]
        await shown.press("O")
        assert next(iter(shown.table.rows)).customer == "CUSTOMER 9"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_details_with_texts_messages_and_history(hub, size):
    row = ticket(1)
    hub.tickets.put(row)
    hub.tickets.details[1] = TicketDetail(
        row,
        opening="No light\non the router [red]now[/red]",
        messages=(Message(id=1, text="A technician is on the way"),),
        history=(change(1, row, by="Iasmin"),),
        contact_phone="37999992968",
        asked_at=WALL - 5,
    )
    async with Shown(hub, size) as shown:
        await shown.press("enter")
        text = shown.text()
        for part in (
            "No light",
            "[red]now[/red]",
            "A technician is on the way",
            "(Iasmin)",
            "9****-2968",
            "code 1001",
            "Opening  read at ",  # it was not opened at that time
        ):
            assert part in text, part
        assert "99999" not in text
        assert (ticket(2).protocol in text) is (size[0] == 200)
        await shown.press("escape")
        assert not shown.screen.has_class("-details")
        assert shown.table.has_focus


@pytest.mark.parametrize("language", ["en", "pt_BR"])
async def test_details_in_the_place_of_the_table_offer_what_is_done_to_the_ticket(hub, language):
    texts.use(language)
    try:
        async with Shown(hub, (80, 24)) as shown:
            await shown.press("enter")
            keys = [item.key for item in shown.screen.query_one(KeyLine).shown(78)]
            assert keys[:3] == ["esc", "m", "x"]
            order = shown.table.order
            await shown.press("o", "t")
            assert shown.table.order == order
            assert not shown.screen.board.marked
    finally:
        texts.use("en")


async def test_details_beside_the_table_follow_the_cursor_without_a_request(hub):
    async with Shown(hub, (200, 60)) as shown:
        await shown.press("enter", "down")
        assert shown.screen.board.pane.row.id == 2
        assert "asks HubSoft for the texts of this ticket: 1 request" in shown.text()
        await shown.news(ticket(2, status="Resolvido de vez"))
        assert shown.screen.board.pane.row.status == "Resolvido de vez"


async def test_failed_texts_say_why_and_keep_known_details(hub):
    hub.tickets.details[1] = Unreachable("HubSoft does not answer.")
    async with Shown(hub) as shown:
        await shown.press("enter")
        assert "HubSoft does not answer." in shown.text()
        assert "CUSTOMER 1" in shown.text()


async def test_sync_now_says_where_it_stands_and_what_it_found(hub):
    hub.tickets.report = asyncio.get_running_loop().create_future()
    async with Shown(hub) as shown:
        await shown.press("s", "s")
        assert hub.tickets.syncs == [Priority.HIGH]
        assert "Asking HubSoft…" in shown.text()
        hub.tickets.report.set_result(replace(PASSED, new=3))
        await settle(shown.pilot)
        assert "3 new, 1 changed. 2 requests, not 412." in shown.text()


async def test_follow_by_protocol_and_unfollow_after_a_yes(hub):
    other = ticket(77, protocol="20261101000000000077", opened_at=WALL - 999_999)
    hub.tickets.known[other.protocol] = other
    async with Shown(hub) as shown:
        await shown.press("plus", *"123", "enter")
        assert "HubSoft has no ticket with the protocol 123." in shown.text()
        await shown.press(*["backspace"] * 3, *other.protocol, "enter")
        assert shown.table.selected == "77"
        await shown.press("minus")
        assert "Follow this ticket no longer?" in shown.text()
        await shown.press("escape")
        assert hub.tickets.unfollowed == []
        await shown.press("minus", "enter")
        await shown.news()
        assert hub.tickets.unfollowed == [77]
        assert "77" not in shown.table.rows


async def test_the_protocol_is_copied_and_the_line(hub):
    async with Shown(hub) as shown:
        copies = []
        shown.app.copy = lambda what, text: copies.append(text)
        await shown.press("y", "Y")
        assert copies[0] == ticket(1).protocol
        assert copies[1].startswith(ticket(1).protocol)
        assert "CUSTOMER 1" in copies[1]


async def test_filter_combines_conditions_completes_and_tells_nonsense(hub):
    hub.tickets.put(
        ticket(3, responsible=("Sara Nunes",), due_at=WALL - 60),
        ticket(4, responsible=("Sara Nunes",)),
        ticket(5, responsible=("Sara Nunes",), state=TicketState.CLOSED),
    )
    async with Shown(hub) as shown:
        await shown.press("slash", *"late resp:sar", "tab")
        assert shown.screen.query_one(Input).value == 'late resp:"Sara Nunes"'
        assert [row.id for row in shown.table.rows] == [3]
        await shown.press(*" sla<x")
        assert "column 28" in shown.text()
        await shown.press("enter")
        assert shown.screen.focused is shown.screen.query_one(Input)
        assert [row.id for row in shown.table.rows] == [3]
        await shown.press("escape", "slash", *"closed", "enter")
        assert [row.id for row in shown.table.rows] == [5]
        assert "1 matches  /closed" in shown.text() or "1 matches /closed" in shown.text()


async def test_hostile_words_are_words(hub):
    evil = "[red]x[/red][@click=app.quit]y[/] \x1b]52;c;aGk=\x07\u202e"
    row = ticket(1, customer=evil, type=evil, status=evil, responsible=(evil,))
    hub.tickets.put(replace(row, change=change(1, row, after=evil, by=evil)))
    hub.tickets.details[1] = TicketDetail(row, opening=evil, asked_at=WALL)
    async with Shown(hub, (200, 60)) as shown:
        await shown.press("enter")
        text = shown.text()
        assert "[red]x[/red]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


async def test_a_read_only_profile_offers_no_writing(hub):
    async with Shown(hub, profile=Profile(read_only=True)) as shown:
        await shown.press("m", "x")
        assert isinstance(shown.app.screen, TicketsScreen)
        assert "message" not in shown.text().splitlines()[-1]


async def test_a_closed_ticket_takes_no_message(hub):
    hub.tickets.put(ticket(1, state=TicketState.CLOSED))
    async with Shown(hub) as shown:
        await shown.press("a", "m")
        assert isinstance(shown.app.screen, TicketsScreen)
        await wait_for(shown.pilot, lambda: "details" in shown.text().splitlines()[-1])


async def test_late_begins_with_the_most_late_or_as_chosen(hub):
    hub.tickets.put(*(ticket(number, due_at=WALL - number * 100) for number in (3, 9, 5)))
    async with Shown(hub, (200, 40)) as shown:
        assert "late 3 (+3 in the last hour)" in shown.text()
        await shown.press("l")
        assert [row.id for row in shown.table.rows] == [9, 5, 3]
        await shown.press("O", "l", "l")
        assert [row.id for row in shown.table.rows] == [3, 5, 9]
        await shown.press("l")
        assert shown.table.sorted_by == "age"


async def test_columns_are_chosen_ordered_hidden_and_kept(hub):
    async with Shown(hub, (200, 40)) as shown:
        header = next(each for each in shown.text().splitlines() if "Protocol" in each)
        assert "Opened" not in header
        # Customer and type change places, status is hidden, the columns are all there.
        await shown.press("C", "down", "J", "down", "t", "enter")
        header = next(each for each in shown.text().splitlines() if "Protocol" in each)
        assert header.split()[1:4] == ["Type", "Customer", "Responsible"]
        await shown.app.action_area("monitor")
        await settle(shown.pilot)
        assert hub.tickets.kept_board.columns[:4] == ("protocol", "type", "customer", "responsible")
        await shown.app.action_area("tickets")
        await shown.press("C", "u")
        header = next(each for each in shown.text().splitlines() if "Protocol" in each)
        assert "Status" in header


async def test_forty_tickets_are_written_to_in_twelve_keys(hub):
    hub.tickets.put(ticket(50, state=TicketState.CLOSED))
    async with Shown(hub, (120, 36)) as shown:
        await shown.press("a", "T")
        assert "● 40 marked" in shown.text()
        await shown.press("m")
        assert "40 tickets: CUSTOMER" in shown.text()
        await shown.press("o", "l", "a", "ctrl+s")
        text = shown.text()
        assert f"{ticket(1).protocol}   CUSTOMER 1\n" in re.sub(" +\n", "\n", text)
        assert "�" not in text
        assert "Message into several tickets" in text
        await shown.press("enter")
        drafts = [entry.draft for entry in hub.outbox.kept.values()]
        assert sorted(draft.ticket_id for draft in drafts) == list(range(1, 41))
        assert {draft.text for draft in drafts} == {"ola"}
        assert "0 of 40 are at HubSoft" in shown.text()
        for number, (local, entry) in enumerate(hub.outbox.kept.items()):
            state = EntryState.REFUSED if number == 7 else EntryState.SENT
            hub.outbox.kept[local] = replace(entry, state=state, protocol="2026")
        hub.outbox.at += 1
        await shown.news()
        assert "39 of 40 are at HubSoft" in shown.text()
        await shown.press("r")
        assert hub.outbox.did == [("resend", "LOC000008")]
        await shown.press("enter")
        assert "marked" not in shown.text()


async def test_a_mark_is_set_and_taken_back(hub):
    async with Shown(hub) as shown:
        await shown.press("t", "t", "t", "up", "t")
        assert "● 2 marked" in shown.text()
        await shown.press("escape")
        assert "marked" not in shown.text()
        await shown.press("t", "x")
        assert "Close a ticket" in shown.text()

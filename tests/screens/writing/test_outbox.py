from __future__ import annotations

from dataclasses import replace

import pytest

from hubsoft_tui.screens.lookup.screen import LookupScreen
from hubsoft_tui.screens.tickets.screen import TicketsScreen
from hubsoft_tui.screens.writing.opening_form import OpeningForm
from hubsoft_tui.screens.writing.outbox import OutboxScreen
from hubsoft_tui.services.outbox.types import EntryState, NewMessage, NewTicket
from hubsoft_tui.settings.tree import Profile
from tests.screens.fake import BIANCA, FakeHub, console, seen, settle, wait_for
from tests.screens.tickets.fakes import ticket
from widgets.fields import ChoiceField
from widgets.outbox import OutboxTable

DRAFT = NewTicket(11, "No light [b]", "BIANCA", "37999992968", 2, "Sem conexão", customer_name="BIANCA COUTO")
PROTOCOL = "20261123140231000123"


@pytest.fixture
def hub():
    hub = FakeHub()
    keep = hub.outbox.keep
    keep("LOC000001", DRAFT, EntryState.SENT, protocol=PROTOCOL, ticket_id=3)
    keep("LOC000002", DRAFT, EntryState.REFUSED, said="HubSoft refused: telefone inválido")
    keep("LOC000003", NewMessage(3, PROTOCOL, "again"), EntryState.UNKNOWN, next_at=1_795_000_170.0)
    keep("LOC000004", DRAFT, EntryState.EXISTS, similar=(PROTOCOL, "20261120091500"))
    keep("LOC000005", DRAFT, EntryState.SENT, protocol=PROTOCOL, ticket_id=3, doubles=("20261199",))
    hub.tickets.put(*(ticket(number) for number in range(1, 9)))
    hub.news()
    return hub


class Shown:
    def __init__(self, hub, size=(120, 36), **settings):
        self._console = console(hub, size=size, **settings)

    async def __aenter__(self):
        self.app, self.pilot, self.hub = await self._console.__aenter__()
        await self.press("escape", "b")
        return self

    async def __aexit__(self, *error):
        await self._console.__aexit__(*error)

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await settle(self.pilot)

    async def choose(self, local):
        assert self.app.screen.query_one(OutboxTable).select(local)
        await settle(self.pilot)

    def text(self):
        return seen(self.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_entries_that_need_a_person_come_first_with_next_step(hub, size):
    async with Shown(hub, size) as shown:
        text = shown.text()
        assert "1 under way" in text
        assert "3 need you" in text
        order = [row.local_protocol for row in shown.app.screen.query_one(OutboxTable).rows]
        assert set(order[:3]) == {"LOC000002", "LOC000004", "LOC000005"}
        assert order[3:] == ["LOC000003", "LOC000001"]
        for part in (
            "✖ HubSoft refused",
            "? not known",
            "! at HubSoft twice",
            "● at HubSoft",
            "! exists already?",
        ):
            assert part in text, part
        await shown.choose("LOC000002")
        assert "telefone inválido" in shown.text()
        await wait_for(shown.pilot, lambda: "[ref 7K3M]" in shown.text())


async def test_an_entry_longer_than_its_place_is_read_with_the_keyboard(hub):
    async with Shown(hub, (80, 17)) as shown:
        await shown.choose("LOC000002")
        pane = shown.app.screen.query_one("#outbox-pane")
        await wait_for(shown.pilot, lambda: shown.app.screen.check_action("read", ()))
        await shown.press("tab")
        await shown.press("end")
        await wait_for(shown.pilot, lambda: pane.scroll_offset.y == pane.max_scroll_y)
        await shown.press("tab")
        assert shown.app.screen.table.has_focus


async def test_a_filter_finds_an_entry_by_what_its_line_shows_or_has_no_room_for(hub):
    async with Shown(hub, (80, 24)) as shown:
        await shown.press("slash", *"LOC000004", "enter")
        assert [row.local_protocol for row in shown.app.screen.table.rows] == ["LOC000004"]
        assert "exists already" in shown.text()
        await shown.press("slash", "ctrl+u", *PROTOCOL[-6:], "enter")
        assert {row.local_protocol for row in shown.app.screen.table.rows} == {
            "LOC000001",
            "LOC000003",
            "LOC000005",
        }
        await shown.press("escape")
        assert isinstance(shown.app.screen, OutboxScreen)
        assert len(shown.app.screen.table.rows) == 5
        await shown.press("escape")
        assert not isinstance(shown.app.screen, OutboxScreen)


async def test_one_entry_leaves_its_lines_to_what_is_said_about_it():
    hub = FakeHub()
    hub.outbox.keep("LOC000001", DRAFT, EntryState.SENT, protocol=PROTOCOL, ticket_id=3)
    hub.news()
    async with Shown(hub, (80, 24)) as shown:
        pane = shown.app.screen.query_one("#outbox-pane")
        await wait_for(shown.pilot, lambda: "[ref 7K3M]" in shown.text())
        assert pane.max_scroll_y == 0
        await shown.press("a")
        assert "all that was written is settled" in shown.text()
        assert "Nothing was written from here yet" not in shown.text()


async def test_correct_opens_the_form_filled(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000002")
        await shown.press("c")
        assert isinstance(shown.app.screen, OpeningForm)
        assert "No light [b]" in shown.text()
        assert "(37) 99999-2968" in shown.text()


async def test_a_corrected_entry_shows_what_it_sends_by_then(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000002")
        await wait_for(shown.pilot, lambda: "No light [b]" in shown.text())
        other = replace(DRAFT, description="Light is back")
        hub.outbox.keep("LOC000002", other, EntryState.QUEUED, reference="HT7K3M9Q")
        hub.news()
        await wait_for(shown.pilot, lambda: "Light is back" in shown.text())
        assert "No light [b]" not in shown.text()
        assert "[ref HT7K3M9Q]" in shown.text()


async def test_a_service_that_was_refused_can_be_changed_for_another(hub):
    hub.outbox.known = BIANCA
    hub.outbox.keep(
        "LOC000002",
        replace(DRAFT, service_id=99),
        EntryState.REFUSED,
        said="HubSoft refused: serviço cancelado",
    )
    async with Shown(hub) as shown:
        await shown.choose("LOC000002")
        await shown.press("c")
        field = shown.app.screen.query_one("#service", ChoiceField)
        assert (field.chosen.id, field.chosen.label) == (99, "service 99")
        assert [option.id for option in field.options] == [99, 11, 12]
        assert field.has_focus
        await shown.press("down", "enter")
        assert field.chosen.id == 11
        assert shown.app.screen.draft().service_id == 11


async def test_a_link_takes_a_choice_and_a_yes(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000004")
        await shown.press("l")
        assert "Which ticket is it?" in shown.text()
        await shown.press("down", "enter")
        assert "20261120091500 is taken for it" in shown.text()
        await shown.press("escape")
        assert hub.outbox.did == []
        await shown.press("l", "enter", "enter")
        assert hub.outbox.did == [("adopt", "LOC000004", PROTOCOL)]


@pytest.mark.parametrize(("key", "did"), [("r", "resend"), ("d", "discard")])
async def test_sending_again_and_discarding_take_a_yes(hub, key, did):
    async with Shown(hub) as shown:
        await shown.choose("LOC000004")
        await shown.press(key, "escape")
        assert hub.outbox.did == []
        await shown.press(key, "enter")
        assert hub.outbox.did == [(did, "LOC000004")]


async def test_what_is_unknown_a_person_decides_by_protocol(hub):
    hub.outbox.keep("LOC000003", NewMessage(3, PROTOCOL, "again"), EntryState.UNKNOWN, next_at=None)
    async with Shown(hub) as shown:
        await shown.choose("LOC000003")
        assert "send it again or discard it" in " ".join(shown.text().split())
        await shown.press("l", *"123", "enter")
        await wait_for(shown.pilot, lambda: "123 is taken for it" in shown.text())
        await shown.press("enter")
        assert hub.outbox.did == [("adopt", "LOC000003", "123")]


async def test_a_doubled_one_is_seen_to(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000005")
        await shown.press("d")
        assert "Was one of them closed?" in shown.text()
        await shown.press("enter")
        assert hub.outbox.did == [("discard", "LOC000005")]


async def test_what_is_under_way_is_left_alone(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000003")
        await shown.press("c", "l", "r", "d")
        assert isinstance(shown.app.screen, OutboxScreen)
        assert hub.outbox.did == []


async def test_enter_goes_to_the_ticket_it_became(hub):
    async with Shown(hub) as shown:
        await shown.choose("LOC000001")
        await shown.press("enter")
        assert isinstance(shown.app.screen, TicketsScreen)
        await wait_for(shown.pilot, lambda: shown.app.screen.table.selected == "3")


async def test_going_to_an_unfollowed_ticket_follows_it(hub):
    hub.tickets.drop(3)
    hub.tickets.known[PROTOCOL] = ticket(3, protocol=PROTOCOL)
    async with Shown(hub) as shown:
        await shown.choose("LOC000001")
        await shown.press("enter")
        await wait_for(shown.pilot, lambda: shown.app.screen.table.selected == "3")


async def test_news_is_shown_and_settled_ones_can_be_hidden(hub):
    async with Shown(hub) as shown:
        hub.outbox.keep("LOC000006", DRAFT, EntryState.SENDING)
        hub.news()
        shown.app._tick()
        await settle(shown.pilot)
        assert "LOC000006" in shown.text()
        await shown.press("a")
        assert "LOC000001" not in shown.text()
        assert "LOC000006" in shown.text()


async def test_it_stands_in_front_of_where_it_was_opened(hub):
    async with Shown(hub) as shown:
        assert isinstance(shown.app.screen, OutboxScreen)
        await shown.press("escape")
        assert isinstance(shown.app.screen, LookupScreen)
        await shown.app.action_area("tickets")
        await shown.press("b", "b")
        assert isinstance(shown.app.screen, OutboxScreen)
        await shown.press("f3")
        assert isinstance(shown.app.screen, TicketsScreen)


async def test_empty_it_says_how_something_gets_here():
    async with Shown(FakeHub()) as shown:
        assert "press n to open a ticket" in shown.text()
        await shown.press("enter", "c", "l", "r", "d", "y", "a")
        assert isinstance(shown.app.screen, OutboxScreen)


async def test_a_read_only_profile_only_looks(hub):
    async with Shown(hub, profile=Profile(read_only=True)) as shown:
        await shown.choose("LOC000004")
        await shown.press("l", "r", "d")
        assert isinstance(shown.app.screen, OutboxScreen)
        assert "discard" not in shown.text().splitlines()[-1]

"""What the board shows: news, ages, what rests under the cursor, what came while away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hubsoft_tui import texts
from hubsoft_tui.core.types import Badges
from hubsoft_tui.errors import StoreBusy, Unreachable
from hubsoft_tui.screens.tickets.screen import TicketsScreen
from hubsoft_tui.services.tickets.types import BoardState, ChangeKind, TicketState
from hubsoft_tui.settings.alerts import AlertSettings
from tests.screens import builders
from tests.screens.fake import FakeHub, settle
from tests.widgets.fixture import Repaints
from widgets.table.table import fit_columns
from widgets.tickets.columns import USUAL, TicketCells
from widgets.tickets.feed import TicketFeed
from widgets.tickets.texts import Quick

from .conftest import Shown
from .fakes import change, ticket

WALL = builders.WALL


async def test_newest_first_with_counters_next_pass_and_its_cost(hub):
    hub.tickets.put(
        ticket(2, due_at=WALL - 3600), ticket(3, responsible=()), ticket(4, state=TicketState.CLOSED)
    )
    hub.tickets.put(ticket(5, change=change(1, ticket(5))))
    async with Shown(hub) as shown:
        text = shown.text()
        for part in ("p open 39", "l late 1", "u unassigned 1", "c changed today 1", "a total 40"):
            assert part in text, part
        assert "1 changed in 5 min" in text
        assert "next pass in 30 s  ·  2 requests, not 412" in text
        lines = text.splitlines()
        top = next(y for y, line in enumerate(lines) if "Protocol" in line)
        assert ticket(1).protocol in lines[top + 1]
        assert lines[top + 1].startswith("▸")
        assert "-1 h" in lines[top + 2]


async def test_it_asks_once_per_news_and_only_for_what_changed(hub):
    async with Shown(hub) as shown:
        assert hub.tickets.deltas_asked == [0]
        for _tick in range(3):
            hub.show(questions_today=5)
            shown.app._tick()
            await settle(shown.pilot)
        assert hub.tickets.deltas_asked == [0]
        version = hub.tickets.at
        await shown.news(ticket(41, opened_at=WALL))
        assert hub.tickets.deltas_asked == [0, version]
        assert ticket(41).protocol in shown.text()


async def test_untouched_cursor_rests_at_newest_moved_cursor_holds_its_row(hub):
    async with Shown(hub) as shown:
        await shown.news(ticket(41, opened_at=WALL))
        assert shown.table.selected == "41"
        await shown.press("down", "down", "down")
        chosen, line = shown.table.item, shown.place(shown.table.item.protocol)
        await shown.news(*(ticket(number, opened_at=WALL + number) for number in range(50, 60)))
        assert shown.table.item is chosen
        assert shown.place(chosen.protocol) == line
        assert "↑ 10 new above" in shown.text()
        await shown.press("f")
        assert shown.table.selected == "59"
        assert "new above" not in shown.text()
        await shown.news(ticket(60, opened_at=WALL + 999))
        assert shown.table.selected == "60"


async def test_ticket_under_cursor_stays_though_the_filter_drops_it(hub):
    async with Shown(hub) as shown:
        await shown.press("down", "down")
        row = shown.table.item
        line = shown.place(row.protocol)
        await shown.news(replace(row, state=TicketState.CLOSED))
        assert shown.table.item.id == row.id
        assert shown.place(row.protocol) == line
        await shown.press("down")
        assert row.protocol not in shown.text()


async def test_a_change_stands_out_for_one_minute(hub, clock, monkeypatch):
    async with Shown(hub) as shown:
        row = ticket(3)
        await shown.news(replace(row, change=change(9, row, by="Iasmin")))
        assert "Aguardando Análise → Pendente (Iasmin)" in shown.text()
        assert f"→ {row.protocol}" in shown.text()
        feed, table = shown.screen.query_one(TicketFeed), shown.table
        fresh = feed.render_line(0)
        repaints = Repaints(table, monkeypatch)
        clock.now = WALL + 10
        shown.screen.board._pass_time()
        assert repaints.take() == []
        clock.now = WALL + 61
        shown.screen.board._pass_time()
        assert repaints.take()
        await settle(shown.pilot)
        assert f"→ {row.protocol}" not in shown.text()
        assert feed.render_line(0).text == fresh.text
        assert feed.render_line(0) != fresh


async def test_minutes_repaint_ages_only_and_nothing_repaints_in_between(hub, clock, monkeypatch):
    hub.tickets.put(ticket(1, opened_at=WALL - 90))
    async with Shown(hub) as shown:
        repaints = Repaints(shown.table, monkeypatch)
        clock.now = WALL + 10
        shown.screen.board._pass_time()
        assert repaints.take() == []
        clock.now = WALL + 65
        shown.screen.board._pass_time()
        regions = repaints.take()
        assert regions
        assert all(region.width < 30 for region in regions)
        await settle(shown.pilot)
        assert "2 min" in shown.text()


@pytest.mark.parametrize("width", [80, 100, 120, 138, 200])
def test_a_column_is_wide_enough_to_say_something_or_left_out(width):
    usual = [column for column in TicketCells(WALL).columns() if column.key in USUAL]
    fitted = {column.key: cells for column, cells in fit_columns(usual, width - 3)}
    assert fitted.get("changed", 36) >= 36
    assert all(fitted.get(key, 10) >= 10 for key in ("customer", "type", "status", "responsible"))
    if width == 120:
        assert "changed" not in fitted
        assert min(fitted["type"], fitted["status"], fitted["responsible"]) >= 14


async def test_trouble_keeps_the_last_truth_with_its_age(hub):
    hub.tickets.sync_status = replace(hub.tickets.sync_status, trouble="HubSoft does not answer.")
    hub.tickets.report = Unreachable("HubSoft does not answer (timed out).")
    async with Shown(hub) as shown:
        assert "! HubSoft does not answer." in shown.text()
        assert "as of " in shown.text()
        assert ticket(1).protocol in shown.text()
        await shown.press("s")
        assert "timed out" in shown.text()


async def test_a_busy_mirror_is_told_and_asked_again(hub):
    async with Shown(hub) as shown:
        real = hub.tickets.delta

        async def busy(_since):
            raise StoreBusy("The tickets are busy.")

        hub.tickets.delta = busy
        await shown.news(ticket(41, opened_at=WALL))
        assert ticket(41).protocol not in shown.text()
        hub.tickets.delta = real
        await shown.news()
        assert ticket(41).protocol in shown.text()


async def test_frozen_nothing_moves_and_afterwards_all_of_it_is_there(hub):
    async with Shown(hub) as shown:
        await shown.press("space")
        before = shown.text()
        await shown.news(ticket(41, opened_at=WALL))
        assert shown.text() == before
        await shown.press("space")
        assert ticket(41).protocol in shown.text()


async def test_another_language_keeps_the_view(hub):
    spoken = texts.language()
    async with Shown(hub) as shown:
        try:
            await shown.press("a", "slash", *"custom", "enter", *["down"] * 20)
            shown.table.sort_by("customer", descending=True)
            await settle(shown.pilot)
            row, view = shown.table.item, shown.table.view
            line = shown.place(row.protocol)
            await shown.app._speak("pt_BR")
            await settle(shown.pilot)
            assert shown.table.item is row
            assert shown.table.view == view
            assert shown.place(row.protocol) == line
            assert shown.screen.board.quick is Quick.ALL
            assert shown.table.has_focus
        finally:
            texts.use(spoken)


async def test_with_nothing_followed_it_says_what_to_do():
    async with Shown(FakeHub()) as shown:
        assert "No ticket is followed yet. s asks HubSoft for the open ones, + follows one." in shown.text()
        await shown.press("enter", "m", "x", "y", "minus", "o", "f")
        assert isinstance(shown.app.screen, TicketsScreen)


async def test_what_becomes_late_is_told_and_rings_on_any_screen(hub, monkeypatch):
    written: list[Any] = []
    async with Shown(hub, alerts=AlertSettings(ring_with=("osc9",))) as shown:
        monkeypatch.setattr(shown.app._driver, "write", written.append)
        await shown.app.action_area("monitor")
        hub.tickets.became = [
            change(number, ticket(number, customer="ANA \x1b[31mLIMA"), ChangeKind.LATE) for number in (7, 8)
        ]
        for _tick in range(2):
            hub.show(badges=Badges(versions={"tickets_due": 8}))
            shown.app._tick()
            await settle(shown.pilot)
        assert "! 2 tickets became late: ANA" in shown.text()
    assert [each for each in written if "]9;" in each] == ["\x1b]9;HubSoft: 2 tickets became late\x1b\\"]


async def test_what_came_while_away_is_counted_marked_and_read(hub, clock):
    hub.tickets.kept_board = BoardState(
        quick="late", orders={"late": ("customer", True)}, read_to=1, left_at=WALL - 5000
    )
    late = [ticket(number, due_at=WALL - 60) for number in (2, 3)]
    hub.tickets.put(*(replace(row, change=change(row.id, row, at=WALL - 600)) for row in late))
    async with Shown(hub, (120, 36)) as shown:
        assert "2 changes, v marks them read" in shown.text()
        assert [row.id for row in shown.table.rows] == [3, 2]
        assert f"→ {ticket(2).protocol}" in shown.text()
        await shown.press("v")
        assert "marks them read" not in shown.text()
        assert f"→ {ticket(2).protocol}" not in shown.text()
        await shown.press("l")
        await shown.app.action_area("monitor")
        await settle(shown.pilot)
        assert hub.tickets.kept_board.read_to == 3
        assert hub.tickets.kept_board.quick == "open"
        await shown.news(ticket(50, change=change(4, ticket(50))))
        await shown.app.action_area("tickets")
        await settle(shown.pilot)
        assert "1 change, v marks them read" in shown.text()


async def test_feed_is_sentences_and_opens_its_ticket(hub):
    rows = [ticket(number, customer=f"ANA {number}") for number in (30, 31)]
    hub.tickets.put(
        replace(rows[0], change=change(1, rows[0], ChangeKind.CLOSED, after="Resolvido", by="Bianca")),
        replace(rows[1], change=change(2, rows[1], ChangeKind.MESSAGE, after="on my way")),
    )
    async with Shown(hub, (200, 60)) as shown:
        text = shown.text()
        assert '» ANA 31  message: "on my way"' in text
        assert "✓ ANA 30  closed by Bianca: Resolvido" in text
        await shown.press("tab", "down")
        assert f"✓ {rows[0].protocol} ANA 30" in shown.text()
        await shown.press("enter")
        assert shown.screen.board.pane.row.id == 30
        assert shown.screen.focused is shown.table

import pytest

from hubsoft_tui.core.types import Badges, CacheState, Renewing
from hubsoft_tui.screens.monitor import MonitorScreen
from hubsoft_tui.services.reports.figures import Sums
from tests.screens.builders import WALL, Stand, request, snapshot
from tests.screens.fake import FakeHub
from tests.widgets.fixture import Repaints, lines_of
from widgets.line_widget import Drawn
from widgets.monitor.panels import ApiPanel, CachePanel, QueuePanel, RenewingPanel, SavedPanel, TokenPanel
from widgets.monitor.request_rows import TroubleTable
from widgets.monitor.timeline import BudgetTape

PANELS = (BudgetTape, ApiPanel, CachePanel, QueuePanel, SavedPanel, TokenPanel)


def text_of(screen, kind):
    return "\n".join(lines_of(screen.query_one(kind)))


async def test_every_panel_shows_its_part():
    screen = MonitorScreen()
    async with Stand(screen, FakeHub()).run_test(size=(120, 36)) as pilot:
        screen.tick(snapshot(requests=[request(1), request(2, outcome="timeout", status=None)]))
        await pilot.pause()
        await screen.workers.wait_for_complete()
        assert "23 of 30" in text_of(screen, BudgetTape)
        assert "● Online" in text_of(screen, ApiPanel)
        assert "91%" in text_of(screen, CachePanel)
        assert "5.1 s" in text_of(screen, QueuePanel)
        assert "88 requests, not 1,204" in text_of(screen, SavedPanel)
        assert "good for 29 d" in text_of(screen, TokenPanel)
        troubles = screen.query_one(TroubleTable)
        assert [row.id for row in troubles.rows] == [2]
        assert "✖ no answer in time" in text_of(screen, TroubleTable)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_panel_is_whole_and_none_covers_another(size):
    screen = MonitorScreen()
    async with Stand(screen, FakeHub()).run_test(size=size) as pilot:
        screen.tick(snapshot())
        await pilot.pause()
        inside = screen.query_one("#monitor").content_region
        regions = [screen.query_one(kind).region for kind in PANELS]
        for index, region in enumerate(regions):
            assert inside.contains_region(region)
            assert not any(region.overlaps(other) for other in regions[index + 1 :])
        for kind in PANELS:
            panel = screen.query_one(kind)
            assert len(panel.draw(panel.content_size.width)) <= panel.content_size.height


async def test_nothing_is_painted_when_nothing_it_shows_changed(monkeypatch):
    screen = MonitorScreen()
    async with Stand(screen, FakeHub()).run_test(size=(120, 36)) as pilot:
        screen.tick(snapshot(1, [request(1)]))
        await pilot.pause()
        screen.query_one(BudgetTape).held = True
        watched = [Repaints(widget, monkeypatch) for widget in screen.query(Drawn)]
        screen.tick(snapshot(2, [request(1), request(2)]))
        await pilot.pause()
        assert [repaints.take() for repaints in watched if repaints.regions] == []


async def test_frozen_the_view_and_the_tape_stand_still():
    screen = MonitorScreen()
    async with Stand(screen, FakeHub()).run_test(size=(120, 36)) as pilot:
        screen.tick(snapshot(1))
        await pilot.press("space")
        screen.tick(snapshot(2, cache=CacheState(9999)))
        assert screen.query_one(BudgetTape).held
        assert "9,999" not in text_of(screen, CachePanel)
        await pilot.press("space")
        screen.tick(snapshot(2, cache=CacheState(9999)))
        assert not screen.query_one(BudgetTape).held
        assert "9,999" in text_of(screen, CachePanel)


async def test_saved_today_is_the_number_of_the_report():
    screen = MonitorScreen()
    hub = FakeHub()
    hub.reports.total = Sums(questions=3, requests=40, saved=960)
    async with Stand(screen, hub).run_test(size=(120, 36)) as pilot:
        screen.tick(snapshot())
        await pilot.pause()
        await screen.workers.wait_for_complete()
        assert "96.0%" in text_of(screen, SavedPanel)


async def test_without_a_trace_the_monitor_says_why_nothing_is_counted():
    screen = MonitorScreen()
    hub = FakeHub()
    hub.reports.unwritten = "The setting trace.enabled is false."
    async with Stand(screen, hub).run_test(size=(120, 36)) as pilot:
        screen.tick(snapshot())
        await pilot.pause()
        await screen.workers.wait_for_complete()
        assert "trace.enabled is false" in text_of(screen, SavedPanel)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_renewing_ahead_does_is_in_sight_while_it_is_on(size):
    screen = MonitorScreen()
    async with Stand(screen, FakeHub()).run_test(size=size) as pilot:
        panel = screen.query_one(RenewingPanel)
        screen.tick(snapshot(1))
        await pilot.pause()
        assert not panel.display
        screen.tick(snapshot(2, badges=Badges(renewing=Renewing(12, 5, WALL + 3600))))
        await pilot.pause()
        assert "12 requests, 5 waits saved" in text_of(screen, RenewingPanel)
        assert "did not pay, off" in text_of(screen, RenewingPanel)
        assert not any(panel.region.overlaps(screen.query_one(kind).region) for kind in PANELS)


async def test_enter_goes_to_the_requests():
    app = Stand(MonitorScreen())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert app.went == ["requests"]

"""Alerts where people meet them: on the monitor, in the list, as a toast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubsoft_tui import texts
from hubsoft_tui.core.types import Badges, Snapshot
from hubsoft_tui.errors import StoreBusy
from hubsoft_tui.screens.alerts import AlertsScreen
from hubsoft_tui.screens.frame.news import AlertNews
from hubsoft_tui.screens.monitor import MonitorScreen
from hubsoft_tui.store.alerts import Alert
from hubsoft_tui.texts import say
from tests.screens.builders import WALL, snapshot
from tests.screens.fake import FakeHub, console, seen, settle, wait_for
from tests.widgets.fixture import Repaints
from widgets.line_widget import Drawn
from widgets.monitor.timeline import BudgetTape

DOWN = Alert(2, "api_down", 1.0, 1.0, 1.0, WALL - 60)
QUEUE = Alert(1, "queue_full", 0.85, 0.97, 0.8, WALL - 600)


class Hub(FakeHub):
    """A hub that has alerts."""

    def __init__(self) -> None:
        super().__init__()
        self.state = snapshot()
        self.tell()

    def tell(self, *rows: Alert) -> None:
        """Have these alerts, the newest first."""
        self.alerts.rows = rows
        self.renew()

    def renew(self) -> None:
        """Make what changed known, as the service does."""
        version = self.state.badges.versions.get("alerts", 0) + 1
        unseen = sum(alert.open and alert.acknowledged_at is None for alert in self.alerts.rows)
        self.show(badges=Badges(alerts=unseen, versions={"alerts": version}))


def toasts(app):
    return [note.message for note in app._notifications]


async def to_monitor(pilot):
    await pilot.press("f5")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, MonitorScreen) and pilot.app.screen._composed)


async def refreshed(pilot):
    pilot.app._tick()
    await settle(pilot)


async def test_the_monitor_says_what_is_open_and_acknowledges_it():
    async with console(Hub()) as (app, pilot, hub):
        await to_monitor(pilot)
        await wait_for(pilot, lambda: "none open" in seen(app))
        assert "A acknowledge" not in seen(app)
        hub.tell(DOWN, QUEUE)
        await refreshed(pilot)
        await wait_for(pilot, lambda: "▲ Queue nearly full   85%, worst 97%" in seen(app))
        assert "▲ 2 alerts" in seen(app)
        assert "A acknowledge" in seen(app)
        await pilot.press("A")
        hub.renew()
        await refreshed(pilot)
        await wait_for(pilot, lambda: "since 07:56   seen" in seen(app))
        assert "▲ 2 alerts" not in seen(app)
        assert "2 alerts acknowledged." in toasts(app)


async def test_the_list_shows_each_in_full_and_acknowledges_the_chosen_one():
    hub = Hub()
    hub.tell(DOWN, QUEUE, replace(QUEUE, id=0, cleared_at=WALL - 300))
    async with console(hub) as (app, pilot, _hub):
        await to_monitor(pilot)
        await pilot.press("a")
        await wait_for(pilot, lambda: "2 alerts are open   2 not seen yet" in seen(app))
        assert isinstance(app.screen, AlertsScreen)
        assert "People are shown what is remembered." in seen(app)
        await pilot.press("down")
        await wait_for(pilot, lambda: "85%, worst 97%   (limit 80%)" in seen(app))
        await pilot.press("a")
        hub.renew()
        await refreshed(pilot)
        await wait_for(pilot, lambda: "1 not seen yet" in seen(app))
        assert [alert.acknowledged_at is None for alert in hub.alerts.rows] == [True, False, True]
        await pilot.press("down")
        await settle(pilot)
        assert "a acknowledge " not in seen(app)  # it is over: there is nothing to see to
        await pilot.press("A")
        hub.renew()
        await refreshed(pilot)
        await wait_for(pilot, lambda: "not seen yet" not in seen(app))
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, MonitorScreen)


async def test_the_list_says_why_the_webhook_does_not_know():
    hub = Hub()
    hub.tell(DOWN)
    hub.alerts.trouble = say(
        "The webhook is not told yet and is tried again: {reason}",
        reason=say("{host} answered.", host="[/x]"),
    )
    async with console(hub) as (app, pilot, _hub):
        await to_monitor(pilot)
        await pilot.press("a")
        await wait_for(pilot, lambda: "tried again: [/x] answered." in seen(app))


async def test_an_alert_is_copied_as_one_line(monkeypatch):
    hub = Hub()
    hub.tell(QUEUE)
    async with console(hub) as (app, pilot, _hub):
        copies = []
        monkeypatch.setattr(app, "copy", lambda what, text: copies.append((what, text)))
        await to_monitor(pilot)
        await pilot.press("a", "y")
        await wait_for(pilot, lambda: "1 alert is open" in seen(app))
        await pilot.press("y")
        assert copies[-1][0] == "the alert"
        assert copies[-1][1].endswith("Queue nearly full (open) 85%, worst 97%")


async def test_what_cannot_be_written_is_said_and_nothing_breaks():
    hub = Hub()
    hub.tell(DOWN)
    async with console(hub) as (app, pilot, _hub):
        await to_monitor(pilot)
        await pilot.press("a")
        await wait_for(pilot, lambda: "1 not seen yet" in seen(app))
        hub.alerts.failure = StoreBusy("busy")
        await pilot.press("a")
        await wait_for(pilot, lambda: "busy" in toasts(app))


async def test_a_look_that_failed_is_done_again():
    hub = Hub()
    hub.alerts.failure = StoreBusy("busy")
    async with console(hub) as (app, pilot, _hub):
        await to_monitor(pilot)
        hub.alerts.failure = None
        hub.alerts.rows = (DOWN,)
        hub.show()
        await refreshed(pilot)
        await wait_for(pilot, lambda: "HubSoft does not answer" in seen(app))


@pytest.mark.parametrize(
    ("size", "language"), [((80, 24), "en"), ((80, 24), "pt_BR"), ((120, 36), "pt_BR"), ((200, 60), "en")]
)
async def test_everything_fits_with_alerts_present(size, language):
    hub = Hub()
    rows = tuple(
        replace(QUEUE, id=number, rule=rule) for number, rule in enumerate(("wait_long", "sync_late"))
    )
    hub.tell(DOWN, *rows, replace(QUEUE, id=9, cleared_at=WALL))
    try:
        texts.use(language)
        async with console(hub, size=size) as (app, pilot, _hub):
            await pilot.press("f5")
            word = "Alertas" if language == "pt_BR" else "Alerts"
            await wait_for(pilot, lambda: word in seen(app) and "✖" in seen(app))
            inside = app.screen.query_one("#monitor").content_region
            panels = [
                each for each in app.screen.query("#monitor Drawn") if each.display and each.size.height
            ]
            regions = [each.region for each in panels]
            for index, region in enumerate(regions):
                assert inside.contains_region(region), panels[index]
                assert not any(region.overlaps(other) for other in regions[index + 1 :]), panels[index]
    finally:
        texts.use("en")


async def test_nothing_is_asked_and_nothing_painted_while_nothing_changes(monkeypatch):
    hub = Hub()
    hub.tell(DOWN)
    async with console(hub) as (app, pilot, _hub):
        await to_monitor(pilot)
        await wait_for(pilot, lambda: "HubSoft does not answer" in seen(app))
        app.screen.query_one(BudgetTape).held = True
        asked = hub.alerts.asked
        watched = [Repaints(widget, monkeypatch) for widget in app.screen.query(Drawn)]
        for _tick in range(3):
            hub.show(questions_today=hub.state.questions_today)
            await refreshed(pilot)
        assert hub.alerts.asked == asked
        assert [repaints.take() for repaints in watched if repaints.regions] == []


async def test_a_language_spoken_later_finds_the_alerts_again():
    hub = Hub()
    hub.tell(DOWN)
    try:
        async with console(hub) as (app, pilot, _hub):
            await to_monitor(pilot)
            await wait_for(pilot, lambda: "HubSoft does not answer" in seen(app))
            await app._speak("pt_BR")
            await wait_for(pilot, lambda: "O HubSoft não responde" in seen(app))
            await pilot.press("a")
            await wait_for(pilot, lambda: "1 alerta aberto" in seen(app))
            await app._speak("en")
            await wait_for(pilot, lambda: "1 alert is open" in seen(app) and "does not answer" in seen(app))
    finally:
        texts.use("en")


# -- toasts


async def test_a_toast_when_it_opens_and_one_when_it_is_over_and_none_for_what_was_there():
    hub = Hub()
    hub.tell(QUEUE)
    async with console(hub) as (app, pilot, _hub):
        await wait_for(pilot, lambda: hub.alerts.asked > 0)
        assert toasts(app) == []
        hub.tell(DOWN, QUEUE)
        await refreshed(pilot)
        await wait_for(pilot, lambda: toasts(app) == ["✖ HubSoft does not answer"])
        hub.tell(DOWN, replace(QUEUE, acknowledged_at=WALL, worst=0.99))
        await refreshed(pilot)
        hub.tell(DOWN, replace(QUEUE, cleared_at=WALL))
        await refreshed(pilot)
        await wait_for(pilot, lambda: len(toasts(app)) == 2)
        assert toasts(app)[1] == "✓ Over: Queue nearly full, after 10 min"


def test_each_change_is_looked_at_once():
    news = AlertNews()
    versions = [1, 1, 2, 2]
    shown = [news.due(Snapshot(badges=Badges(versions={"alerts": version}))) for version in versions]
    assert shown == [True, False, True, False]
    assert not news.due(Snapshot())
    news.again()
    assert news.due(Snapshot(badges=Badges(versions={"alerts": 2})))


def test_what_opened_and_cleared_between_two_looks_is_told_as_over_and_never_again():
    news = AlertNews()
    assert list(news.news(())) == []
    over = replace(QUEUE, cleared_at=WALL)
    assert [text for text, _severity in news.news((over,))] == ["✓ Over: Queue nearly full, after 10 min"]
    assert list(news.news((over,))) == []
    opened = list(news.news((DOWN, replace(QUEUE, id=7), over)))
    assert opened == [("▲ Queue nearly full: 85%", "warning"), ("✖ HubSoft does not answer", "error")]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_detail_stands_directly_below_the_last_alert(size):
    hub = Hub()
    hub.tell(DOWN, QUEUE)
    async with console(hub, size=size) as (app, pilot, _):
        await pilot.press("f5", "a")
        await wait_for(pilot, lambda: "Queue nearly full" in seen(app))
        await settle(pilot)
        table, detail = app.screen.query_one("#alerts-table"), app.screen.query_one("#alerts-detail")
        assert table.region.height == 3
        assert detail.region.y - table.region.bottom <= 1
        hub.tell(*(replace(QUEUE, id=number) for number in range(1, 90)))
        await wait_for(pilot, lambda: "89 alerts are open" in seen(app))
        await settle(pilot)
        assert detail.region.bottom <= app.size.height - 1

"""The console on the tickets screen, at a known instant, with forty tickets."""

from __future__ import annotations

import time

import pytest

from hubsoft_tui.screens.tickets.screen import TicketsScreen
from tests.screens import builders
from tests.screens.fake import FakeHub, console, seen, settle
from widgets.tickets.table import TicketTable

from .fakes import ticket

WALL = builders.WALL


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stand at a known instant; `clock.now` moves it."""

    class Clock:
        now = WALL

    monkeypatch.setattr(time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def hub():
    hub = FakeHub()
    hub.tickets.put(*(ticket(number) for number in range(1, 41)))
    hub.news()
    return hub


class Shown:
    """The console on the tickets screen."""

    def __init__(self, hub, size=(120, 36), **settings):
        self.hub = hub
        self._console = console(hub, size=size, **settings)

    async def __aenter__(self):
        self.app, self.pilot, _hub = await self._console.__aenter__()
        await self.app.action_area("tickets")
        await settle(self.pilot)
        return self

    async def __aexit__(self, *error):
        await self._console.__aexit__(*error)

    @property
    def screen(self):
        assert isinstance(self.app.screen, TicketsScreen)
        return self.app.screen

    @property
    def table(self):
        return self.screen.query_one(TicketTable)

    async def news(self, *rows):
        if rows:
            self.hub.tickets.put(*rows)
        self.hub.news()
        self.app._tick()
        await settle(self.pilot)

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await settle(self.pilot)

    def text(self):
        return seen(self.app)

    def place(self, protocol):
        """The line of the screen a protocol stands on."""
        return next(y for y, line in enumerate(self.text().splitlines()) if protocol in line)

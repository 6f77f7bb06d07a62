from __future__ import annotations

import contextlib
from typing import Any

import pytest
from textual import events

from app import HubSoftConsole
from hubsoft_tui.services.container import ConnectionReport
from hubsoft_tui.settings.places import find
from hubsoft_tui.texts import say
from widgets.fields import QuestionInput

from .fake import FakeHub, seen, settle, wait_for

VALUES = {
    "url": "https://api.provedor.example",
    "client_id": "89",
    "client_secret": "hush",
    "username": "api@provedor.example",
    "password": "hushhush",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))
    return find()


@contextlib.asynccontextmanager
async def first_run(*reports, size=(80, 24)):
    hubs: list[Any] = []

    def engine(settings):
        report = reports[min(len(hubs), len(reports) - 1)] if reports else None
        hubs.append(FakeHub(settings, report=report))
        return hubs[-1]

    app = HubSoftConsole(engine=engine, unconfigured=True)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        try:
            yield app, pilot, hubs
        finally:
            app.close()


def fill(app, **changes):
    for name, value in (VALUES | changes).items():
        app.screen.query_one(f"#{name}", QuestionInput).value = value


GOOD = ConnectionReport(ok=True, text=say("HubSoft answers and accepts the credentials."), latency=0.04)
BAD = ConnectionReport(ok=False, text=say("HubSoft refuses the password."))


async def test_it_opens_with_a_way_in_and_a_way_round(home):
    async with first_run() as (app, _pilot, hubs):
        assert "Address" in seen(app)
        assert "esc d opens the demo" in seen(app)
        assert hubs == []


async def test_escape_and_d_in_one_packet_open_the_demo(home, monkeypatch):
    opened = []
    monkeypatch.setattr(HubSoftConsole, "open_demo", lambda _self: opened.append(True))
    async with first_run() as (app, pilot, _hubs):
        field = app.screen.query_one("#url", QuestionInput)
        field.focus()
        await settle(pilot)
        app.post_message(events.Key("escape", None))
        app.post_message(events.Key("d", "d"))
        await wait_for(pilot, lambda: opened or field.value)
        assert (opened, field.value) == ([True], "")


async def test_secrets_are_not_shown(home):
    async with first_run() as (app, pilot, _hubs):
        fill(app)
        await settle(pilot)
        assert "hush" not in seen(app)
        assert "api.provedor.example" in seen(app)


async def test_the_test_says_precisely_what_is_wrong_and_leaves_nothing_behind(home):
    async with first_run(BAD) as (app, pilot, hubs):
        fill(app)
        await pilot.press("escape", "t")
        await wait_for(pilot, lambda: "HubSoft refuses the password." in seen(app))
        assert hubs[0].settings.profile.password == "hushhush"
        assert (hubs[0].started, hubs[0].closed) == (1, 1)
        assert not home.config_file.exists()


async def test_an_empty_field_and_a_wrong_address_are_named(home):
    async with first_run(GOOD) as (app, pilot, hubs):
        await pilot.press("escape", "t")
        await wait_for(pilot, lambda: "Fill in this field too: Address." in seen(app))
        fill(app, url="http://api.provedor.example")
        await pilot.press("escape", "t")
        await wait_for(pilot, lambda: "https" in seen(app).splitlines()[-6] or "! " in seen(app))
        assert hubs == []


async def test_saving_tries_then_writes_then_opens_the_lookup(home):
    async with first_run(GOOD) as (app, pilot, hubs):
        fill(app)
        await pilot.press("escape", "s")
        await wait_for(pilot, lambda: app.screen.AREA == "lookup" and app.hub is not None)
        assert "api.provedor.example" in home.config_file.read_text()
        assert "hush" not in home.config_file.read_text()
        assert len(hubs) == 2
        assert app.hub.settings.profile.client_secret == "hush"


async def test_what_failed_is_saved_only_when_asked_again(home):
    async with first_run(BAD) as (app, pilot, _hubs):
        fill(app)
        await pilot.press("escape", "s")
        await wait_for(pilot, lambda: "Save again to keep it anyway." in " ".join(seen(app).split()))
        assert not home.config_file.exists()
        await pilot.press("escape", "s")
        await wait_for(pilot, lambda: app.screen.AREA == "lookup")
        assert home.config_file.exists()


async def test_a_persons_own_file_is_not_rewritten(home):
    home.config.mkdir(parents=True)
    home.config_file.write_text("[ui]\ntheme = 'hubsoft'\n")
    async with first_run(GOOD) as (app, pilot, _hubs):
        fill(app)
        await pilot.press("escape", "s")
        await wait_for(pilot, lambda: "is not rewritten" in " ".join(seen(app).split()))
        assert home.config_file.read_text() == "[ui]\ntheme = 'hubsoft'\n"


async def test_pasted_rubbish_becomes_one_clean_line(home):
    async with first_run() as (app, pilot, _hubs):
        app.post_message(events.Paste("\r\n  https://api.provedor.example\x07\x1b \r\nsecond line\n"))
        await settle(pilot)
        assert app.screen.query_one("#url", QuestionInput).value == "https://api.provedor.example"


async def test_enter_walks_through_the_fields_and_then_tries(home):
    async with first_run(GOOD) as (app, pilot, _hubs):
        for value in ("https://api.provedor.example", "89", "hush", "user", "hushhush"):
            await pilot.press(
                *(({".": "full_stop", "/": "slash", ":": "colon"}).get(c, c) for c in value), "enter"
            )
        await wait_for(pilot, lambda: "accepts the credentials" in seen(app))


async def test_areas_cannot_be_entered_before_there_is_a_profile(home):
    async with first_run() as (app, pilot, _hubs):
        await pilot.press("f2", "f5", "f7")
        await settle(pilot)
        assert app.screen.AREA == "first_run"

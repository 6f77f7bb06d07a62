from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from rich.segment import ControlType, Segment
from textual.color import Color

from app import HubSoftConsole, open_console
from hubsoft_tui.__main__ import console_flags
from hubsoft_tui.errors import HubSoftError, StoreError
from hubsoft_tui.flags import Flags
from hubsoft_tui.screens.frame.modal import TooSmall
from hubsoft_tui.settings.tree import Settings, UiSettings
from hubsoft_tui.terminal.driver import ControlFilter
from widgets.line_widget import data

from .screens.fake import BIANCA, CPF, FakeHub, console, seen, settle, wait_for


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], Flags()),
        (["--demo"], Flags(demo=True)),
        (["--profile", "north", "--read-only"], Flags(profile="north", read_only=True)),
        (["--profile=north"], Flags(profile="north")),
        (["--demo", "--record", "a.rec"], Flags(demo=True, record="a.rec")),
        (["--record=a.rec"], Flags(record="a.rec")),
        (["replay", "a.rec"], Flags(replay="a.rec")),
        (["--record"], None),
        (["replay"], None),
        (["replay", "--help"], None),
        (["replay", "a.rec", "b.rec"], None),
        (["lookup", "86214941081"], None),
        (["--profile", "north", "lookup", "x"], None),
        (["--profile"], None),
        (["--help"], None),
        (["--version"], None),
        (["--nonsense"], None),
    ],
)
def test_arguments_choose_between_the_console_and_the_commands(arguments, flags):
    assert console_flags(arguments) == flags


def test_shell_completion_goes_to_the_commands(monkeypatch):
    monkeypatch.setenv("_HUBSOFT_TUI_COMPLETE", "bash_complete")
    assert console_flags([]) is None


def test_a_wrong_setting_is_one_sentence_and_exit_code_2(tmp_path, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[ui]\nrefresh_per_second = 'often'\n")
    with pytest.raises(HubSoftError, match="refresh_per_second") as wrong:
        open_console(Flags())
    assert wrong.value.exit_code == 2


@pytest.mark.parametrize("flags", [Flags(record="a.rec"), Flags(replay="a.rec")])
def test_a_file_that_is_no_recording_is_exit_code_2(tmp_path, monkeypatch, flags):
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))
    monkeypatch.setenv("HUBSOFT_URL", "http://localhost")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.rec").touch()
    with pytest.raises(HubSoftError, match=r"a\.rec") as wrong:
        open_console(flags)
    assert wrong.value.exit_code == 2


async def test_the_engine_starts_after_the_first_frame_is_watched_and_closed():
    hub = FakeHub()
    async with console(hub):
        assert (hub.started, hub.watched) == (1, 1)
    assert (hub.closed, hub.watched) == (1, 0)


async def test_an_engine_that_cannot_start_is_a_sentence_and_r_tries_again():
    hub = FakeHub(failure=StoreError("The state cannot be written. Free some space."))
    hub.customers.answers[CPF] = (BIANCA,)
    async with console(hub) as (app, pilot, _hub):
        assert "The state cannot be written. Free some space." in seen(app)
        await pilot.press(*CPF, "enter")
        await settle(pilot)
        assert "The state cannot be written." in seen(app)
        hub.failure = None
        await pilot.press("ctrl+a", "ctrl+k")
        app.screen.set_focus(None)
        await pilot.press("r")
        await wait_for(pilot, lambda: app.hub is not None)
        await pilot.press("slash", *CPF, "enter")
        await wait_for(pilot, lambda: "BIANCA" in seen(app))


async def test_a_screen_that_was_away_when_the_engine_started_knows_it_when_it_is_back():
    hub = FakeHub()
    hub.customers.remembered = [(CPF, BIANCA)]
    async with console(hub) as (app, pilot, _hub):
        app.set_focus(None)
        app.hub, kept = None, app.hub
        await pilot.press("f5")
        await wait_for(pilot, lambda: app.screen.AREA == "monitor")
        app.hub = kept
        await pilot.press("f2")
        await wait_for(pilot, lambda: "Recent" in seen(app))
        assert "starting" not in seen(app)


async def test_a_question_asked_while_the_engine_starts_is_answered():
    hub = FakeHub()
    hub.customers.answers[CPF] = (BIANCA,)
    async with console(hub) as (app, pilot, _hub):
        app.settled.clear()
        await pilot.press(*CPF, "enter")
        await settle(pilot)
        assert hub.customers.asked == []
        app.settled.set()
        await wait_for(pilot, lambda: "BIANCA" in seen(app))


async def test_the_view_clock_is_silent_while_the_serial_stands():
    hub = FakeHub()
    async with console(hub, ui=UiSettings(refresh_per_second=10)) as (app, pilot, _hub):
        shown: list[Any] = []
        app.screen.show = shown.append
        await pilot.pause(0.5)
        assert shown == []
        hub.show(requests_today=1)
        await wait_for(pilot, lambda: len(shown) == 1)
        await pilot.pause(0.3)
        assert len(shown) == 1


async def test_a_small_terminal_gets_a_sentence_and_the_screen_back():
    async with console(FakeHub()) as (app, pilot, _hub):
        await pilot.press(*"862")
        await pilot.resize_terminal(50, 12)
        await settle(pilot)
        assert isinstance(app.screen, TooSmall)
        assert "50×12" in seen(app)
        await pilot.resize_terminal(59, 40)
        await settle(pilot)
        assert "59×40" in seen(app)
        await pilot.resize_terminal(60, 15)
        await settle(pilot)
        assert "862" in seen(app)


async def test_starting_in_a_small_terminal_is_told_too():
    async with console(FakeHub(), size=(40, 10)) as (app, pilot, _hub):
        assert isinstance(app.screen, TooSmall)
        await pilot.press("q")
        await settle(pilot)
        assert app.return_code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_signals_leave_with_their_code(number, code):
    async with console(FakeHub()) as (app, pilot, _hub):
        os.kill(os.getpid(), number)
        await wait_for(pilot, lambda: app.return_code == code)


async def test_a_crash_tells_one_line_and_keeps_documents_out_of_it(tmp_path):
    app = HubSoftConsole(Settings(), engine=lambda _settings: FakeHub())
    app.crash_folder = tmp_path

    def fail() -> None:
        document = "86214941081"
        raise ValueError(f"no such customer: {document}")

    async def crash() -> None:
        async with app.run_test() as pilot:
            app.call_later(fail)
            await pilot.pause()
            await pilot.pause()

    with pytest.raises(ValueError, match="no such customer"):
        await crash()
    assert app.return_code == 1
    (report,) = tmp_path.iterdir()
    assert "86214941081" not in report.read_text()
    app.close()


def test_the_line_filter_drops_what_a_terminal_would_obey_and_nothing_else():
    hostile = "a\x1b]52;c;eA==\x07b\x9bc\u202ed\x00e\x7f"
    control = Segment("\x1b[2J", None, [(ControlType.CLEAR,)])
    clean, kept = ControlFilter().apply([Segment(hostile), control], Color(0, 0, 0))
    assert clean.text == "a]52;c;eA==bcde"
    assert kept is control
    calm = [Segment("● maçã 日本 ▁▂")]
    assert ControlFilter().apply(calm, Color(0, 0, 0)) is calm


def test_data_is_never_markup():
    assert data("[red]x[/] [/foo]\x1b").plain == "[red]x[/] [/foo]\ufffd"


async def test_the_filter_is_under_the_application():
    async with console(FakeHub()) as (app, _pilot, _hub):
        assert any(isinstance(each, ControlFilter) for each in app.get_line_filters())


async def test_too_much_is_not_copied():
    async with console(FakeHub()) as (app, pilot, _hub):
        app.copy("everything", "x" * 60_000)
        await wait_for(pilot, lambda: "Too much to copy" in seen(app))
        assert app.clipboard == ""


async def test_a_toast_shows_data_as_characters():
    async with console(FakeHub()) as (app, pilot, _hub):
        app.tell("[red]x[/] [/foo] \x1b[31m")
        await wait_for(pilot, lambda: "[red]x[/] [/foo] \ufffd[31m" in seen(app))


async def test_a_terminal_that_goes_without_a_signal_ends_the_console(monkeypatch):
    async with console(FakeHub()) as (app, pilot, _hub):
        app._tick()
        await settle(pilot)
        assert app.is_running
        app._on_terminal = True
        monkeypatch.setattr("hubsoft_tui.terminal.streams.have_terminal", lambda: False)
        app._tick()
        await settle(pilot)
    assert app.return_code == 129

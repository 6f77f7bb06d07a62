"""The console: HubSoftConsole, its modes, its one view clock, and how it starts, ends and fails.

Nothing here speaks HTTP, and neither the engine nor httpcore is imported before the first frame: both come up in
a thread while a person already reads the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import constants, work
from textual.app import ScreenStackError
from textual.binding import Binding
from textual.events import Key, MouseDown, MouseScrollDown, MouseScrollUp, Paste

from hubsoft_tui import texts
from hubsoft_tui.diagnostics import crash
from hubsoft_tui.errors import HubSoftError, SettingsError, StoreError
from hubsoft_tui.flags import Flags
from hubsoft_tui.screens.demo import DOCUMENTS, Demo
from hubsoft_tui.screens.frame.actions import DRAFTS, registry
from hubsoft_tui.screens.frame.announcer import Announcer
from hubsoft_tui.screens.frame.base import ConsoleScreen, import_areas, judge_paste, make_screen, type_burst
from hubsoft_tui.screens.frame.console import Console, EngineHandle, silent
from hubsoft_tui.screens.frame.help import ConsoleCommands, ConsolePalette, HelpScreen
from hubsoft_tui.screens.frame.modal import ConsoleModal, TooSmall, too_small
from hubsoft_tui.screens.frame.record import ConsoleRecording, begun
from hubsoft_tui.screens.lookup.screen import LookupScreen
from hubsoft_tui.settings import files, places
from hubsoft_tui.settings.tree import Settings
from hubsoft_tui.terminal import streams
from hubsoft_tui.terminal.driver import ControlFilter, SignalWatch, TerminalDriver
from hubsoft_tui.texts import _
from widgets.line_widget import forget_painted
from widgets.themes import THEMES, semantic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import PurePath

    from textual import events
    from textual.binding import BindingType
    from textual.command import Provider
    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.screen import Screen

    from hubsoft_tui.services.recordings import Recorder
    from hubsoft_tui.terminal.keys import Burst

__all__ = ["HubSoftConsole", "open_console"]

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
CLOSING_SECONDS: Final = 3.0
SWITCH_SECONDS: Final = 0.001
"""How long another thread may go on while this one has a key to answer; Python's own is five times as long."""

M_ARENA_MAX: Final = -8
"""The option's number in glibc's <malloc.h>."""
TRIM_SECONDS: Final = 60.0
"""How often what is free is given back to the system: it takes half a millisecond."""
STARTED_SECONDS: Final = 2.0
"""So long after the engine has come up the start is over: what it alone needed is given back."""
SENT_SECONDS: Final = 0.02
"""What the thread that writes to the terminal takes at most for a frame, while no other has work in Python."""


class HubSoftConsole(Console):
    """The application. `engine` makes the engine from settings; it runs in a thread."""

    TITLE = "HubSoft"
    CSS_PATH: ClassVar[list[str | PurePath]] = [f"styles/{name}.tcss" for name in ("frame", "app")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = set()
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "stay", show=False)]
    DEFAULT_MODE: ClassVar[str] = "lookup"
    # Textual declares these two as what an instance may set, so they cannot be ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: Callable[[Settings], EngineHandle] | None = None,
        demo: Demo | None = None,
        unconfigured: bool = False,
        warnings: Sequence[texts.Text] = (),
        recorder: Recorder | None = None,
    ) -> None:
        self.settings = settings or Settings()
        if demo is not None:
            self.settings = demo.foretold(self.settings)
        self.keymap = dict(self.settings.keys)
        self.make_engine = engine or _real_engine
        self._demo = demo
        self._unconfigured = unconfigured
        self._warnings = warnings
        self._watching = contextlib.ExitStack()
        self._control_filter = ControlFilter()
        self._area = "lookup"
        self._touched = False
        """A person pressed a key."""
        self._restored = "lookup"
        """The screen on which the console was left last time."""
        self._on_terminal = streams.have_terminal()
        self._signals: SignalWatch | None = None
        self.settled = asyncio.Event()
        if unconfigured:
            self.DEFAULT_MODE = "first_run"  # type: ignore[misc]  # Textual reads it off the instance
        super().__init__()
        for area in self.areas:
            self.add_mode(area.id, partial(make_screen, area))
        self.add_mode("first_run", self._first_run)
        self.announcer = Announcer(self)
        self.recording = ConsoleRecording(self, recorder)
        self.animation_level = "none"
        self.set_keymap(dict(self.keymap))
        for theme in THEMES:
            self.register_theme(theme)
        if self.get_theme(self.settings.ui.theme) is not None:
            self.theme = self.settings.ui.theme

    # -- what it stands on

    def get_driver_class(self) -> type[Driver]:
        """Return the driver whose input survives any byte; another one, such as a browser's, when it is named."""
        return super().get_driver_class() if constants.DRIVER else TerminalDriver

    # -- what it looks like

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters, and under them the net that keeps control characters off the terminal."""
        return [*super().get_line_filters(), self._control_filter]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the console's meanings a colour under every theme."""
        return semantic(self.current_theme)

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Return what must stay in sight: the demo and its scenario, and a read-only profile."""
        marks = super().marks()
        if self.recording.goes_on:
            marks = (*marks, (_("● REC"), "bold $background on $bad"))
        if self._demo is None:
            return marks
        return (*marks, (self._demo.mark(), "bold $background on $mark"))

    # -- how it starts

    def on_load(self) -> None:
        """Obey signals before anything is asked of the terminal."""
        loop = asyncio.get_running_loop()
        # From Python 3.12 on Textual lets a task begin while it is made: fields of the first screen would ask for
        # the screen in sight before there is one. Every Python takes them in turn, as 3.11 does.
        loop.set_task_factory(None)
        # Textual restores the terminal when it exits, but catches no signal.
        soon = loop.call_soon_threadsafe
        self._signals = SignalWatch(
            SIGNALS, lambda code: soon(self._leave, code), lambda: getattr(self._driver, "output", None)
        )
        self._signals.start()

    def _first_run(self) -> Screen[None]:
        from hubsoft_tui.screens.first_run import FirstRunScreen  # noqa: PLC0415 - first frame

        return FirstRunScreen()

    def _after_first_frame(self) -> None:
        if not gc.isenabled():  # see `__main__`
            gc.collect()  # what loading left behind is room for the engine's modules
            gc.freeze()
            gc.enable()
        try:
            if self.keymap:
                import_areas()
                registry.check(self.keymap)
        except SettingsError as error:
            self.tell(error, severity="error")
        for warning in self._warnings:
            self.tell(str(warning), severity="warning")
        self.set_interval(1 / self.settings.ui.refresh_per_second, self._tick)
        self.set_interval(TRIM_SECONDS, _give_back)
        if not self._unconfigured:
            self.start_engine()
        self.recording.begin()

    def on_ready(self) -> None:
        """Begin everything slow once the first screen is painted: until it is ready, Textual paints nothing."""
        # The keyboard waits less for the engine's thread, which merges and decodes in Python.
        sys.setswitchinterval(SWITCH_SECONDS)
        self.call_after_refresh(self.set_timer, SENT_SECONDS, self._after_first_frame)

    def start_engine(self, settings: Settings | None = None) -> None:
        """Bring the engine up in a thread, with `settings` instead of the present ones if given."""
        if settings is not None:
            self.settings = settings
        self._start_engine()

    @work(group="engine", exclusive=True, exit_on_error=False)
    async def _start_engine(self) -> None:
        self.settled.clear()
        try:
            hub = await asyncio.to_thread(self._bring_up)
        except HubSoftError as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001 - whatever keeps the engine from starting, the console says so
            self.trouble = self.unexpected(error)
        else:
            self.trouble = ""
            self.hub = hub
            self.announcer.begin_anew()
            self._watching.enter_context(hub.watch())
            self.tell_drafts()
            self._restore_area()
        self.settled.set()
        self.set_timer(STARTED_SECONDS, _give_back)
        with contextlib.suppress(ScreenStackError):  # the application ends
            for screen in self.screen_stack:
                if isinstance(screen, ConsoleScreen):
                    screen.engine_changed()
                    screen.redraw_frame()
        self._tick()

    def _bring_up(self) -> EngineHandle:
        from hubsoft_tui.diagnostics import logs  # noqa: PLC0415 - first frame

        if self._demo is not None:
            self.settings = self._demo.start(self.settings)
        try:
            logs.configure(places.find(home=self.settings.home or None).logs, self.settings.log)
        except StoreError as error:  # what is only read needs no log
            self.call_from_thread(self.tell, error, severity="warning")
        hub = self.make_engine(self.settings)
        hub.start()
        return hub

    def open_demo(self) -> None:
        """Leave the first-run screen for the demo."""
        self._demo = Demo()
        self.open_configured(self.settings)

    def open_configured(self, settings: Settings) -> None:
        """Leave the first-run screen for the lookup, with a profile that was just saved."""
        read_only = self.read_only or settings.profile.read_only  # the stricter wins, a flag too
        settings = replace(settings, profile=replace(settings.profile, read_only=read_only))
        self._unconfigured = False
        self.switch_mode("lookup")
        self.start_engine(settings)

    # -- how it goes on

    def _tick(self) -> None:
        if self._on_terminal and not streams.have_terminal():
            # It went without the hang-up signal; Textual's reading thread would spin on it without end.
            self._leave(128 + signal.SIGHUP)
        if self.hub is None:
            return
        snapshot = self.hub.snapshot()
        self.announcer.look(snapshot)
        with contextlib.suppress(ScreenStackError):  # the application ends
            if isinstance(self.screen, ConsoleScreen | ConsoleModal):
                self.screen.tick(snapshot)

    def action_record(self) -> None:
        """Begin a recording, or end the one that goes on."""
        self.recording.turn()
        self.redraw_marks()

    @work(group="losses", exit_on_error=False)
    async def action_losses(self) -> None:
        """Show what was lost on disk; a yes acknowledges it."""
        await self.announcer.acknowledge_losses()

    def on_resize(self, event: events.Resize) -> None:
        """Cover the screen while the terminal is too small for it."""
        covered, small = isinstance(self.screen, TooSmall), too_small(event.size)
        if small and not covered:
            self.push_screen(TooSmall())
        elif covered and not small:
            self.pop_screen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep the areas closed while there is no profile."""
        closed = action in {"area", "outbox", "drafts"} and self._unconfigured
        if closed or (action == "drafts" and not self.allowed(DRAFTS)):
            return False
        return super().check_action(action, parameters)

    async def action_area(self, area: str) -> None:
        """Go to an area, past what stands in front of it there."""
        await self.switch_mode(area)
        self._area = area
        while len(self.screen_stack) > 1 and isinstance(self.screen, ConsoleScreen):
            await self.pop_screen()

    @work(group="go", exclusive=True, exit_on_error=False)
    async def action_go(self) -> None:
        """Ask for a screen and a filter, and go there."""
        from hubsoft_tui.screens.frame.confirm import chosen_destination  # noqa: PLC0415 - first frame

        if (chosen := await chosen_destination(self)) is not None:
            area, text = chosen
            await self.action_area(area.id)
            if text and isinstance(self.screen, ConsoleScreen):
                self.call_after_refresh(self.screen.narrow, text)

    def action_outbox(self) -> None:
        """Show the outbox in front of the area in sight."""
        from hubsoft_tui.screens.writing.outbox import OutboxScreen  # noqa: PLC0415 - first frame

        if not isinstance(self.screen, OutboxScreen):
            self.push_screen(OutboxScreen())

    async def show_ticket(self, ticket_id: int, protocol: str) -> None:
        """Go to a ticket on the tickets screen; one that is not followed is followed first."""
        from hubsoft_tui.screens.tickets.screen import TicketsScreen  # noqa: PLC0415 - first frame

        await self.action_area("tickets")
        if isinstance(self.screen, TicketsScreen):
            self.screen.show_ticket(ticket_id, protocol)

    async def look_up(self, term: str, *, write: bool = False) -> None:
        """Go to the lookup and ask `term`; with `write` a ticket for the customer found is gone on with."""
        await self.action_area("lookup")
        if isinstance(self.screen, LookupScreen):
            self.screen.ask(term, write=write)

    @work(group="drafts page", exit_on_error=False)
    async def action_drafts(self) -> None:
        """List what was begun and not sent."""
        from hubsoft_tui.screens.writing.drafts_page import list_drafts  # noqa: PLC0415 - first frame

        with self.one_page() as free:
            if free:
                await list_drafts(self)

    def action_help(self) -> None:
        """Explain the screen in sight, or the page in front of it."""
        part = self.in_sight
        if isinstance(part, ConsoleModal | ConsoleScreen):
            self.push_screen(HelpScreen(part.AREA, part.ABOUT))

    async def on_event(self, event: events.Event) -> None:
        """Say what of a paste nothing takes, and let the screen know that a person is there."""
        if isinstance(event, Key | MouseDown | MouseScrollDown | MouseScrollUp):
            self._touched = True
            self.in_sight.touched()
        if isinstance(event, Paste) and not event.is_forwarded:
            judge_paste(self, event.text)
        await super().on_event(event)

    def action_command_palette(self) -> None:
        """Open the palette: of the screen that help explains, when help is open."""
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        HubSoftConsole.COMMANDS = {ConsoleCommands}
        ConsolePalette.open(self)

    def extra_commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Yield themes, languages, and in the demo the scenarios."""
        if self._demo is not None:
            for name, title, explained in self._demo.offered():
                yield title, explained, partial(self._play, name)
        yield _("Theme"), _("Choose the colours."), self.search_themes
        for name, label in (("en", "English"), ("pt_BR", "Português")):
            if name != texts.language():
                yield label, _("Speak this language from now on."), partial(self._speak, name)

    def _play(self, scenario: str) -> None:
        if self._demo is not None:
            self._demo.play(scenario)
            self.tell(_("Demo: {scenario}").format(scenario=self._demo.title(scenario)))
            self.redraw_marks()

    async def _speak(self, language: str) -> None:
        texts.use(language)
        if isinstance(screen := self.in_sight, ConsoleScreen):
            await screen.relabel()

    def hints(self) -> tuple[str, ...]:
        """Return simulated customers' documents to type, in the demo."""
        return DOCUMENTS if self._demo is not None else ()

    async def on_burst(self, event: Burst) -> None:
        """Take keys that arrived together as text."""
        await type_burst(self, event)

    # -- how it ends

    async def action_quit(self) -> None:
        """Leave; while something is typed that was not sent, ask first."""
        from hubsoft_tui.screens.frame.confirm import LeaveScreen  # noqa: PLC0415 - first frame

        if not self.unsent():
            self._leave(0)
        elif isinstance(self.screen, TooSmall):
            self.screen.ask(partial(self._leave, 0))
        elif not isinstance(self.screen, LeaveScreen):
            page = LeaveScreen(kept=self._demo is None)
            await self.push_screen(page, lambda yes: self._leave(0) if yes else None)

    def _leave(self, code: int) -> None:
        self.keep_forms()
        self.exit(code, return_code=code)

    @work(group="area", exit_on_error=False)
    async def _restore_area(self) -> None:
        """Go where the console was left, unless a person went on already."""
        board = await self.asked(lambda services: services.tickets.board(), silent)
        if board is None or board.area not in {area.id for area in self.areas}:
            return
        self._restored = board.area
        if not self._touched and self.current_mode == "lookup":
            await self.action_area(board.area)

    def close(self) -> None:
        """Close the engine and the demo, after the terminal is the person's again."""
        self._watching.close()
        self.recording.close()
        if self.hub is not None:
            self.flush_drafts(CLOSING_SECONDS)
            for keep in self.at_the_end:
                keep(self.hub)
            if (area := self._area) != self._restored:
                with contextlib.suppress(HubSoftError):
                    self.hub.call(lambda services: services.tickets.keep_area(area), CLOSING_SECONDS)
            self.hub.close(CLOSING_SECONDS)
        from hubsoft_tui.diagnostics import logs  # noqa: PLC0415 - first frame

        logs.close()
        if self._demo is not None:
            self._demo.close()
        if self._signals is not None:
            self._signals.stop()


def replay_console(settings: Settings, path: Path) -> HubSoftConsole:
    """Return the console that plays a recording. Raises HubSoftError where the file is none."""
    from hubsoft_tui.screens.replay import Playback  # noqa: PLC0415 - first frame: only a replay plays
    from hubsoft_tui.services.recordings import read_recording  # noqa: PLC0415 - first frame: only a replay plays

    class ReplayConsole(Playback, HubSoftConsole):
        """The console on a recording: the board and the Monitor, and nothing that acts."""

    return ReplayConsole(settings).play(read_recording(path))


def open_console(flags: Flags) -> int:
    """Run the console and return its exit code. Raises HubSoftError where a setting or a named file is wrong."""
    crash.install(places.find().crashes)
    overrides = {"read_only": True} if flags.read_only else {}
    unconfigured = False
    try:
        loaded = files.read(
            flags.profile, overrides, need_profile=not (flags.demo or flags.replay), with_secrets=False
        )
    except files.NoProfile:
        unconfigured = True
        loaded = files.read(None, overrides, need_profile=False, with_secrets=False)
    texts.use(loaded.settings.ui.language)
    if flags.replay is not None:
        app = replay_console(loaded.settings, Path(flags.replay))
    else:
        app = HubSoftConsole(
            loaded.settings,
            recorder=None if flags.record is None else begun(Path(flags.record)),
            # The secrets are read by the engine's thread: a keyring may take its time.
            engine=None
            if flags.demo or unconfigured
            else lambda _old: _real_engine(files.complete(loaded).settings),
            demo=Demo() if flags.demo else None,
            unconfigured=unconfigured,
            warnings=loaded.warnings,
        )
    # The threads to come share one pool of memory: each would keep what it freed for itself.
    _tell_glibc("mallopt", M_ARENA_MAX, 1)
    for name in ("COLUMNS", "LINES"):
        # What a shell exported once is not the size of the terminal, which says its own and every change of it.
        os.environ.pop(name, None)
    try:
        app.run()
    finally:
        app.close()
    streams.let_go()
    return app.return_code or 0


def _give_back() -> None:
    forget_painted()
    _tell_glibc("malloc_trim", 0)


def _tell_glibc(function: str, *values: int) -> None:
    """Call a function of the C library, where it is glibc."""
    import ctypes  # noqa: PLC0415 - heavy: only a console runs for days

    with contextlib.suppress(AttributeError, OSError):
        getattr(ctypes.CDLL(None), function)(*values)


def _real_engine(settings: Settings) -> EngineHandle:
    from hubsoft_tui.services.hub import Hub  # noqa: PLC0415 - first frame

    return Hub(settings, background=True, program="console")

"""What screens may ask of the application, so that they need not know the application itself."""

from __future__ import annotations

import base64
import contextlib
import logging
import sys
import time
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeVar

from rich.text import Text
from textual import work
from textual.app import App, ScreenStackError
from textual.notifications import Notification, Notify

from hubsoft_tui.diagnostics import crash
from hubsoft_tui.errors import HubSoftError, StoreError
from hubsoft_tui.privacy import clean
from hubsoft_tui.settings import places
from hubsoft_tui.texts import _, ngettext, number
from widgets.status_bar import StatusStrip

from .actions import AREAS, DRAFTS, Action, Area, keys_of, registry, shown_key, typed_into
from .drafts import Drafts
from .news import OutboxNews, Severity

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import RenderableType

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Entry
    from hubsoft_tui.settings.tree import Settings

T = TypeVar("T")

_log: Final = logging.getLogger("hubsoft_tui.app")

CLIPBOARD_LIMIT: Final = 75_000
"""Encoded bytes a terminal is trusted to take in one OSC 52; beyond it some drop all or freeze."""


class EngineHandle(Protocol):
    """The engine as screens see it; `hubsoft_tui.services.hub.Hub` is the real one."""

    @property
    def settings(self) -> Settings:
        """What it runs with."""
        ...

    def start(self) -> None:
        """Start the engine's thread. Raises StoreError or SettingsError."""
        ...

    def close(self, timeout: float = 5.0) -> None:
        """Stop it, waiting at most `timeout` seconds."""
        ...

    def call(self, ask: Callable[[Services], Awaitable[T]], timeout: float | None = None) -> T:
        """Ask something and wait for the answer at most `timeout` seconds, in this thread."""
        ...

    async def run(self, ask: Callable[[Services], Awaitable[T]]) -> T:
        """Ask something and await the answer; cancelling cancels the question."""
        ...

    def snapshot(self) -> Snapshot:
        """Return the latest snapshot, at once."""
        ...

    def watch(self) -> AbstractContextManager[None]:
        """Have snapshots renewed while the context lasts."""
        ...


class Console(App[int]):
    """The application's side that screens use."""

    settings: Settings
    hub: EngineHandle | None = None
    """None until the engine runs, and when it could not start (`trouble` says why)."""
    trouble: str = ""
    areas: tuple[Area, ...] = AREAS
    """Where a person can go."""
    keymap: Mapping[str, str]
    """Keys the person remapped: action id -> key."""
    settled: asyncio.Event
    """Set once the engine runs or could not start."""
    make_engine: Callable[[Settings], EngineHandle]
    """Builds an engine that is not started, e.g. to try a profile."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts = Drafts()
        """What was typed into forms and not sent yet."""
        self.outbox_news = OutboxNews()
        """What became of the writes that waited."""
        self.at_the_end: list[Callable[[EngineHandle], object]] = []
        """What keeps something on disk when the console ends."""
        self.crash_folder: Path | None = None
        """Where reports of crashes go; None: where the home keeps them."""
        self._page_open = False
        self._drafts_failed = False
        self.wall: Callable[[], float] = time.time
        """What screens go by as the time of day, UTC epoch seconds; a replay shows another."""
        self.ticking: Callable[[], float] = time.monotonic
        """What measures how long something takes, in seconds."""

    async def engine(self) -> EngineHandle:
        """Return the engine, waiting until it has started. Raises HubSoftError when it could not."""
        await self.settled.wait()
        if self.hub is None:
            raise StoreError(self.trouble)
        return self.hub

    async def asked(
        self,
        ask: Callable[[Services], Awaitable[T]],
        failed: Callable[[str, Exception], object] | None = None,
    ) -> T | None:
        """Return what `ask` returns; None when it failed: `failed` gets the sentence and the error, or a toast says it.

        The one way to ask the services from a screen, a page or a widget; awaited in a worker of it.
        """
        try:
            engine = await self.engine()
            return await engine.run(ask)
        except HubSoftError as error:
            if failed is not None:
                failed(str(error), error)
            else:
                self.tell(error, severity="warning")
        except Exception as error:  # noqa: BLE001 - one question's fault must not end the console
            sentence = self.unexpected(error)
            if failed is not None:
                failed(sentence, error)
            else:
                self.tell(sentence, severity="error")
        return None

    def start_engine(self, settings: Settings | None = None) -> None:
        """Bring the engine up in a thread, with other settings if given."""
        raise NotImplementedError

    def open_demo(self) -> None:
        """Leave the first-run screen for the demo."""
        raise NotImplementedError

    def open_configured(self, settings: Settings) -> None:
        """Leave the first-run screen for the lookup, with a profile that was just saved."""
        raise NotImplementedError

    async def show_ticket(self, ticket_id: int, protocol: str) -> None:
        """Go to a ticket on the tickets screen; one that is not followed is followed first."""
        raise NotImplementedError

    async def look_up(self, term: str, *, write: bool = False) -> None:
        """Go to the lookup and ask `term`; with `write` a ticket for the customer found is gone on with."""
        raise NotImplementedError

    @contextlib.contextmanager
    def one_page(self) -> Iterator[bool]:
        """Hold the only place for a page in front of a screen; False when another action holds it.

        A bouncing key, or one typed before the page is there, opens no second one.
        """
        if self._page_open:
            yield False
            return
        self._page_open = True
        try:
            yield True
        finally:
            self._page_open = False

    # -- drafts

    def _parts(self) -> list[ConsolePart]:
        """Return the screens and pages that stand open, behind others too."""
        stacks = self._screen_stacks.values()
        return [screen for stack in stacks for screen in stack if isinstance(screen, ConsolePart)]

    def unsent(self) -> tuple[str, ...]:
        """Return what is typed and not sent in the forms that stand open, each by its title."""
        return tuple(part.unsent for part in self._parts() if part.unsent)

    def keep_forms(self) -> None:
        """Take what the open forms hold as drafts: the console ends, maybe in the middle of a word."""
        for part in self._parts():
            part.take()

    def flush_drafts(self, timeout: float) -> None:
        """Have the drafts on disk, waiting at most `timeout` seconds: the console has ended."""
        changes = self.drafts.pending
        if changes and self.hub is not None:
            with contextlib.suppress(HubSoftError):
                self.hub.call(lambda services: services.drafts.write(changes), timeout)
                self.drafts.written(changes)

    @work(group="drafts", exit_on_error=False)
    async def save_drafts(self) -> None:
        """Have what is typed on disk. It stays in memory, and is tried again, when that fails."""
        changes = self.drafts.pending
        if not changes or self.hub is None:
            return
        try:
            await self.hub.run(lambda services: services.drafts.write(changes))
        except HubSoftError as error:
            if not self._drafts_failed:
                kept = _("What you typed is kept only while this console is open.")
                self.tell(f"{error} {kept}", severity="error")
            self._drafts_failed = True
        else:
            self._drafts_failed = False
            self.drafts.written(changes)

    async def read_drafts(self) -> None:
        """Take the drafts from disk: another console of this home may have kept some."""
        if self.hub is None:
            return
        with contextlib.suppress(HubSoftError):  # those in memory do
            self.drafts.read(await self.hub.run(lambda services: services.drafts.all()))

    @work(group="drafts", exit_on_error=False)
    async def tell_drafts(self) -> None:
        """Say how many drafts were not sent, and which key lists them."""
        await self.read_drafts()
        if count := len(self.drafts.all()):
            said = ngettext(
                "{n} draft was not sent. {key} lists what was begun.",
                "{n} drafts were not sent. {key} lists what was begun.",
                count,
            )
            self.tell(said.format(n=number(count), key=self.way_to(DRAFTS)))

    @property
    def read_only(self) -> bool:
        """Whether writing actions are gone."""
        return self.settings.profile.read_only

    def strip(self) -> StatusStrip:
        """Return the line on top of a screen: its first frame says what is known already."""
        profile = self.settings.profile
        strip = StatusStrip(color=profile.color, profile=profile.name, host=profile.url.partition("://")[2])
        if self.hub is not None and (snapshot := self.hub.snapshot()).serial:
            strip.show(snapshot)
        return strip

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Return what must stay in sight at the end of the area bar, as (text, style)."""
        return ((_("READ ONLY"), "$background on $account"),) if self.read_only else ()

    def tell(self, message: object, *, severity: Severity = "information") -> None:
        """Show a toast. The one way to do so: data in it is never markup."""
        self.post_message(
            Notify(Notification(clean(str(message), multiline=True), "", severity, 5, markup=False))
        )

    def write(self, sequence: str) -> None:
        """Write to the person's terminal beside what is drawn, where there is one."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    @property
    def in_sight(self) -> ConsolePart:
        """The screen or page in front; a part that tells nothing where it is not the console's."""
        try:
            screen = self.screen
        except ScreenStackError:  # the application ends
            return ConsolePart()
        return screen if isinstance(screen, ConsolePart) else ConsolePart()

    def paused_as_a_whole(self) -> bool:
        """Pause everything that is shown, or let it go on, where that can be; False: a screen freezes alone."""
        return False

    def redraw_marks(self) -> None:
        """Draw again what `marks` says, at the end of the area bar."""
        self.in_sight.redraw_frame()

    def _tick(self) -> None:
        """Have what is in sight follow the engine: the view clock's."""
        raise NotImplementedError

    def copy(self, what: str, text: str) -> None:
        """Send `text` to the clipboard of the person's terminal (OSC 52) and say that it was sent."""
        encoded = base64.b64encode(text.encode())
        if len(encoded) > CLIPBOARD_LIMIT:
            self.tell(_("Too much to copy at once. Nothing was copied."), severity="warning")
            return
        self.copy_to_clipboard(clean(text, multiline=True))
        self.tell(_("Copied: {what}").format(what=what))

    def keys_of(self, action: Action) -> tuple[str, ...]:
        """Return the keys of `action`, remapped ones included."""
        return keys_of(action, self.keymap)

    def keys_shown(self, action: Action) -> tuple[str, ...]:
        """Return the keys of `action` as people read them; without one, those that lead to it one after the other."""
        if keys := self.keys_of(action):
            return tuple(map(shown_key, keys))
        steps = map(registry.find, action.by)
        way = [next(iter(self.keys_of(step)), "") if step is not None else "" for step in steps]
        return tuple(map(shown_key, way)) if all(way) else ()

    def way_to(self, action: Action) -> str:
        """Return what to press for `action` from here: out of the field first, where its letter would be typed."""
        key = next(iter(self.keys_of(action)), "ctrl+p")
        way = shown_key(key)
        return f"{shown_key('escape')} {way}" if typed_into(self.focused, key) else way

    def allowed(self, action: Action) -> bool:
        """Tell whether this profile may do `action` at all."""
        return not (action.writes and self.read_only)

    def actions_of(self, area: str) -> tuple[Action, ...]:
        """Return what is declared for `area` alone and may be done."""
        return tuple(action for action in registry.of(area) if self.allowed(action))

    def extra_commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Yield what only the palette offers, as (name, help, what to run)."""
        yield from ()

    def action_stay(self) -> None:
        """Say why ctrl+z does nothing: stopped, the engine could not look after what is under way."""
        self.tell(
            _("The console stays in front: what is under way must go on. q leaves it, tmux detaches it.")
        )

    def action_help_quit(self) -> None:
        """Say on ctrl+c what leaves: Textual's own sentence is English, and names a key that forms type."""
        self.tell(_("ctrl+q leaves the console."))

    def action_in_front(self) -> None:
        """Say why an area's key does nothing here."""
        self.tell(_("Something stands in front: close it with esc first."), severity="warning")

    def hints(self) -> tuple[str, ...]:
        """Return what may be typed to try the console, in the demo; nothing otherwise."""
        return ()

    def actions(self, area: str) -> tuple[Action, ...]:
        """Return what may be done in `area`, its own first."""
        return tuple(action for action in registry.at(area) if self.allowed(action))

    # -- how it fails

    def panic(self, *renderables: RenderableType) -> None:
        """End as any fault does: what Textual would print, tracebacks among it, is not for the terminal."""
        self._return_code = 1
        self._fatal_error()

    def _handle_exception(self, error: Exception) -> None:
        """End because of a fault; but what breaks while the console is left only goes to the log.

        Textual mounts nothing any more then, so that a page that was just opened finds nothing of itself.
        """
        if self._exit:
            _log.warning("%s while the console was left", type(error).__name__, exc_info=error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Write the crash to a private, redacted report; only its address reaches the terminal.

        Textual's own would print every local variable: documents and tokens among them.
        """
        with contextlib.suppress(Exception):  # what is broken may be a form
            self.keep_forms()
        if not self._exit_renderables:  # one line, whatever else breaks on the way out
            error = self._exception or sys.exc_info()[1] or RuntimeError("panic")
            self._exit_renderables.append(Text(crash.line(self._reported(error))))
        self._close_messages_no_wait()

    def unexpected(self, error: Exception) -> str:
        """Write a private report of a fault the console survives, and return what to tell about it."""
        path = self._reported(error)
        if path is None:
            return _("Something went wrong inside the console ({error}).").format(error=type(error).__name__)
        return _("Something went wrong inside the console ({error}). The report is in {path}").format(
            error=type(error).__name__, path=path
        )

    def _reported(self, error: BaseException | None) -> Path | None:
        folder = self.crash_folder or places.find().crashes
        return crash.report(error, folder) if error is not None else None


def silent(_sentence: str, _error: Exception) -> None:
    """Say nothing of what failed, as `failed` of `asked`."""


class ConsolePart:
    """What a screen, a page or a widget of the console has: the application behind it, and a way to ask it."""

    if TYPE_CHECKING:
        app: App[object]

    @property
    def console(self) -> Console:
        """The application, as screens see it."""
        assert isinstance(self.app, Console)  # noqa: S101 - no other application shows these parts
        return self.app

    tells_changes: ClassVar[bool] = False
    """Whether this part itself tells what happens to tickets, so that no toast needs to."""

    @property
    def unsent(self) -> str:
        """The title of what is typed here and was not sent; empty for nothing."""
        return ""

    def take(self) -> None:
        """Take what is typed here as a draft."""

    def redraw_frame(self) -> None:
        """Say again where we are and what the keys do: after focus, size, language or state changed."""

    def touched(self) -> None:
        """Take note that the person pressed a key or used the mouse here."""

    def follows(self, entry: Entry) -> bool:
        """Whether this part itself tells what becomes of `entry`, so that no toast needs to."""
        return False

    async def asked(
        self,
        ask: Callable[[Services], Awaitable[T]],
        failed: Callable[[str, Exception], object] | None = None,
    ) -> T | None:
        """Ask the services as `Console.asked` does."""
        return await self.console.asked(ask, failed)

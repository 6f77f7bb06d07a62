"""What every screen has: the strip above, the areas, the keys below, and a view that can be frozen.

A screen derives from `ConsoleScreen`, names its `AREA`, declares what it does with `@action` on the methods that
do it, composes its own part in `body()` and draws a snapshot in `show()`. The application's one view clock calls
`show()` on the screen in sight, and only when the snapshot changed and the view is not frozen.
"""

from __future__ import annotations

import time
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

from textual import on
from textual.screen import Screen
from textual.widgets import Input

from hubsoft_tui.formats import clock
from hubsoft_tui.texts import N_, _, language, number
from widgets.fields import QuestionInput, pasted
from widgets.footer import AreaBar, Item, ItemLine, KeyLine
from widgets.status_bar import StatusStrip

from .actions import AREAS, Action, Area, actions_of, registry, shown_key, typed_into, usable
from .console import Console, ConsolePart
from .modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual import events
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.terminal.keys import Burst


_ALWAYS = ("palette", "help", "quit")
_TAKE, _LEAVE = "field.take", "field.leave"
"""Ids of what enter and escape do in a field that was opened."""


class ConsoleScreen(ConsolePart, Screen[None]):
    """A screen of the console. Subclasses set `AREA`, declare their actions, and write `body()` and `show()`."""

    AREA: ClassVar[str] = ""
    WITHIN: ClassVar[str] = ""
    """The area it is opened from, when it has no key of its own."""
    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    """What can be done here. A subclass lists only what the application does; its methods declare the rest."""
    ABOUT: ClassVar[str] = ""
    """What the screen is for, in a few sentences, marked with `N_`; help begins with it."""

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - Textual's own class options
        if "AREA" in cls.__dict__:
            cls.ACTIONS = (*cls.ACTIONS, *actions_of(cls, cls.AREA))
            registry.declare(cls.AREA, cls.ACTIONS)
            # Textual merges BINDINGS while the class is made, so they must stand before that.
            cls.BINDINGS = [action.binding() for action in registry.at(cls.AREA) if action.key]
        super().__init_subclass__(**options)

    def __init__(self) -> None:
        super().__init__()
        self.frozen_at: float | None = None
        self._shown = -1
        self._language = language()
        self._composed = False
        """Every widget is there; before that there is nothing to draw into."""

    # -- for subclasses

    def body(self) -> ComposeResult:
        """Compose what stands between the areas and the keys."""
        yield from ()

    def show(self, snapshot: Snapshot) -> None:
        """Draw what changed. Never called while frozen; a panel stays silent when nothing it shows changed."""

    @property
    def copies(self) -> bool:
        """Whether `y` is offered now."""
        return True

    def copied(self) -> tuple[str, str] | None:
        """Return what `y` copies as (what it is, in words; the text), or None when there is nothing."""
        return None

    def begin_text(self, text: str) -> bool:
        """Put text that arrived as one burst into a line and go there; False where there is none."""
        return False

    def engine_changed(self) -> None:
        """Follow the start: the engine runs, or could not start (`trouble`)."""

    def relabelled(self) -> None:
        """Fill the screen again: the language changed and every widget is new."""

    # -- the frame

    @property
    def composed(self) -> bool:
        """Whether every widget is there; before that there is nothing to draw into."""
        return self.is_mounted and self._composed

    @property
    def frozen(self) -> bool:
        """Whether the view stands still."""
        return self.frozen_at is not None

    def compose(self) -> ComposeResult:
        """Compose the frame around `body()`."""
        yield self.console.strip()
        yield AreaBar()
        yield from self.body()
        yield KeyLine()

    def tick(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the view clock; silent when it is the one already shown.

        The strip goes on while the view is frozen: health must not be missed.
        """
        if not self._composed or snapshot.serial in {0, self._shown}:
            return  # 0: the engine has told nothing yet
        self.query_one(StatusStrip).show(snapshot)
        if not self.frozen:
            self._shown = snapshot.serial
            self.show(snapshot)

    async def relabel(self) -> None:
        """Compose everything again, in another language."""
        self._language = language()
        self._composed = False  # a clock that ticks in between finds no widget
        await self.recompose()
        self._composed = True
        self._shown = -1
        self.relabelled()
        self.redraw_frame()
        if self.console.hub is not None:
            self.tick(self.console.hub.snapshot())

    def redraw_frame(self) -> None:
        """Draw marks, areas and keys again."""
        if not self.is_mounted:
            return
        marks = self.console.marks()
        if self.frozen_at is not None:
            since = clock(self.frozen_at, seconds=True)
            marks = ((_("FROZEN since {time}").format(time=since), "bold $background on $warn"), *marks)
        ways = [(area.action(), area.short) for area in self.console.areas]
        areas = tuple(Item(way.id, self._key_shown(way), _(way.label), _(short)) for way, short in ways)
        self.query_one(AreaBar).show(areas, f"area.{self.WITHIN or self.AREA}", marks)
        mine: list[Item] = []
        always: list[Item] = []
        for action in self.usable():
            keys = self.console.keys_of(action)
            key = next((key for key in keys if not typed_into(self.focused, key)), None)
            if not action.line or key is None:
                continue
            held = action.id == "freeze" and self.frozen
            label = N_("go on") if held else action.label
            item = Item(action.id, shown_key(key), _(label), yields=action.id == "palette")
            if held:
                mine.insert(0, item)  # the way out of a view that stands still
            elif key == "escape" and self.in_front:
                always.insert(0, item)  # however narrow the terminal is, the way back stays in sight
            else:
                (always if action.id in _ALWAYS else mine).append(item)
        if self.fills_in:
            taken = shown_key("enter"), shown_key("escape")
            mine = [item for item in mine if item.key not in taken]
            mine[:0] = [Item(_TAKE, taken[0], _("confirm")), Item(_LEAVE, taken[1], _("back"))]
        self.query_one(KeyLine).show(tuple(mine), tuple(always))

    @property
    def in_front(self) -> bool:
        """Whether it stands in front of an area, without a key of its own among the tabs."""
        return all(area.id != self.AREA for area in AREAS)

    def _key_shown(self, action: Action) -> str:
        return shown_key(next(iter(self.console.keys_of(action)), ""))

    @property
    def fills_in(self) -> bool:
        """Whether a field is typed into that opened for it: enter and escape are the field's."""
        return isinstance(self.focused, Input) and not isinstance(self.focused, QuestionInput)

    def usable(self) -> tuple[Action, ...]:
        """Return the actions that would do something now, the screen's own first."""
        return tuple(
            action
            for action in self.console.actions(self.AREA)
            if self.check_action(action.name, action.args)
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now, and nothing that writes on a read-only profile."""
        rows = [row for row in registry.doing(self.AREA, action) if parameters in {(), row.args}]
        return all(self.console.allowed(row) for row in rows) and usable(self, rows, action, parameters)

    def on_mount(self) -> None:
        """Follow the focus: which keys act depends on it."""
        self.watch(self, "focused", lambda _focused: self.redraw_frame(), init=False)
        self.call_after_refresh(self._now_composed)

    def _now_composed(self) -> None:
        self._composed = True
        if self.console.hub is not None:
            self.tick(self.console.hub.snapshot())

    async def on_screen_resume(self) -> None:
        """Show the newest state at once when the screen comes back in sight, in the language of now."""
        if self._language != language():
            await self.relabel()
        self.call_after_refresh(self.engine_changed)
        self.call_after_refresh(self.redraw_frame)
        if self.console.hub is not None:
            self.tick(self.console.hub.snapshot())

    def on_resize(self) -> None:
        """Fit the key line to the new width."""
        self.call_after_refresh(self.redraw_frame)

    @on(ItemLine.Pressed)
    async def press(self, event: ItemLine.Pressed) -> None:
        """Do what was clicked."""
        event.stop()
        if event.id == _TAKE and isinstance(self.focused, Input):
            await self.focused.action_submit()
            return
        action = registry.find(event.id)
        if event.id == _LEAVE:
            mine = self.console.actions(self.AREA)
            action = next((each for each in mine if "escape" in self.console.keys_of(each)), None)
        if action is not None:
            await self.run_action(action.do)

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted where no field has the focus."""
        event.stop()
        if text := pasted(event.text):
            self.take_paste(text)

    def take_paste(self, text: str) -> None:
        """Filter by a pasted line, where there is a filter."""
        if "filter" not in {action.name for action in self.usable()}:
            self.console.tell(_("Nothing here takes a paste."), severity="warning")
            return
        self.call_later(self._filter_by, text)

    async def _filter_by(self, text: str) -> None:
        await self.run_action("filter")
        if isinstance(self.focused, Input):
            self.focused.value = text

    async def narrow(self, text: str) -> None:
        """Filter by `text`, and go on to what is left."""
        if "filter" not in {action.name for action in self.usable()}:
            self.console.tell(_("Nothing here can be filtered."), severity="warning")
            return
        await self._filter_by(text)
        if isinstance(self.focused, Input):
            await self.focused.action_submit()

    # -- shared actions

    def action_freeze(self) -> None:
        """Hold the view, or let it go on."""
        if self.console.paused_as_a_whole():
            return
        self.frozen_at = None if self.frozen else time.time()
        self._shown = -1
        self.redraw_frame()
        if not self.frozen and self.console.hub is not None:
            self.tick(self.console.hub.snapshot())

    def action_copy(self) -> None:
        """Copy what the screen offers."""
        offered = self.copied()
        if offered is None:
            self.console.tell(_("There is nothing to copy yet."), severity="warning")
        else:
            self.console.copy(*offered)


P = ParamSpec("P")
S = TypeVar("S", bound=ConsolePart)


def one_page(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, None]]:
    """Let `method` begin only while no other such action has a page open."""

    @wraps(method)
    async def begun(screen: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with screen.console.one_page() as free:
            if free:
                await method(screen, *args, **kwargs)

    return begun


# -- pastes


def judge_paste(console: Console, text: str) -> None:
    """Say what of a paste nothing takes."""
    from textual.widgets import TextArea  # noqa: PLC0415 - first frame

    lines = sum(bool(line.strip()) for line in text.splitlines())
    if isinstance(console.focused, TextArea):
        return
    if isinstance(console.screen, ConsoleModal) and not isinstance(console.focused, Input):
        console.tell(_("Nothing here takes a paste."), severity="warning")
    elif lines > 1:
        said = _("Only the first of {n} pasted lines was taken.").format(n=number(lines))
        console.tell(said, severity="warning")


async def type_burst(console: Console, burst: Burst) -> None:
    """Take keys that arrived together as text: into the field that has the focus, or that the screen offers.

    A name pasted into a terminal that does not mark pastes must not act: `q` in it would leave, enter send.
    """
    refused = False
    for place, key in enumerate(burst.keys):
        character = key.character or ""
        # A slash goes to a line to type into, and what is typed right behind it may come in one packet.
        if (place == 0 and character == "/") or _takes_text(console):
            await console.on_event(key)
        elif not (
            key.is_printable
            and isinstance(console.screen, ConsoleScreen)
            and console.screen.begin_text(character)
        ):
            refused = True
    if refused:
        text = _("Several keys arrived at once, as of a paste, and there is no line for them here.")
        console.tell(text, severity="warning")


def _takes_text(console: Console) -> bool:
    return console.focused is not None and console.focused.check_consume_key("a", "a")


# -- the areas' screens


def import_areas() -> None:
    """Import every screen, so that the registry knows every action: for help, and for keys that were chosen."""
    for area in AREAS:
        _screen_of(area)
    # Its pages are opened late, but help shows their keys, and `[keys]` names them.
    import_module("hubsoft_tui.screens.lookup.desk")


def make_screen(area: Area) -> ConsoleScreen:
    """Return a new screen of an area."""
    return _screen_of(area)()


def _screen_of(area: Area) -> type[ConsoleScreen]:
    module, _colon, name = area.screen.partition(":")
    found: type[ConsoleScreen] = getattr(import_module(f"hubsoft_tui.screens.{module}"), name)
    return found

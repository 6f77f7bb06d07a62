"""Pages in front of a screen: of the console, and the sentence that covers a terminal too small for it.

The strip stays above, the keys below, and nothing behind a page acts.
Like a screen it names an `AREA` and declares its actions in the one registry, so its keys can be remapped and
stand in help. Keys that work everywhere else do not act here: letters and digits are typed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from hubsoft_tui.texts import _
from widgets.footer import Item, ItemLine, KeyLine
from widgets.status_bar import StatusStrip

from .actions import AREAS, Action, actions_of, registry, shown_key, usable
from .console import ConsolePart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult
    from textual.geometry import Size

    from hubsoft_tui.core.types import Snapshot


T = TypeVar("T")
STYLE: Final = Path(__file__).parents[3] / "styles" / "writing.tcss"
"""How pages look that ask or tell something."""
_SCROLLS: Final = {
    "up": "up",
    "down": "down",
    "pageup": "page_up",
    "pagedown": "page_down",
    "home": "home",
    "end": "end",
}
"""Keys that scroll a page, and how."""


class ConsoleModal(ConsolePart, ModalScreen[T], Generic[T]):
    """A page that ends with a `T`, or None when it was left. Subclasses write `body()`."""

    AREA: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    SHARED: ClassVar[Mapping[str, str]] = {}
    """Ids of actions that work everywhere and here too, by an `action_` method of the page, with their labels here."""

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - Textual's own class options
        if "AREA" in cls.__dict__:
            cls.ACTIONS = (*cls.ACTIONS, *actions_of(cls, cls.AREA))
            registry.declare(cls.AREA, cls.ACTIONS)
            cls.BINDINGS = [
                *(action.binding() for action in cls.own() if action.key),
                Binding("ctrl+q", "app.quit", show=False),
                Binding("ctrl+z", "app.stay", show=False),
                Binding("f1", "app.help", show=False),
                *(Binding(area.key, "app.in_front", id=area.action().id, show=False) for area in AREAS),
                # Behind its own keys: whatever is longer than the terminal is reached without a mouse.
                *(Binding(key, f"scroll_page('{way}')", show=False) for key, way in _SCROLLS.items()),
            ]
        super().__init_subclass__(**options)

    @classmethod
    def own(cls) -> tuple[Action, ...]:
        """Return what can be done here."""
        known = ((registry.find(action_id), label) for action_id, label in cls.SHARED.items())
        shared = (replace(action, label=label) for action, label in known if action is not None)
        return (*shared, *cls.ACTIONS)

    def usable(self) -> tuple[Action, ...]:
        """Return the actions that would do something now, and the way out of the console."""
        leave = registry.find("quit")
        mine = [action for action in self.own() if self.check_action(action.name, action.args)]
        return (*mine, leave) if leave is not None else tuple(mine)

    @property
    def copies(self) -> bool:
        """Whether `y` is offered now."""
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        return usable(self, self.own(), action, parameters)

    def compose(self) -> ComposeResult:
        """Compose the frame around `body()`."""
        yield self.console.strip()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Compose what stands between the strip and the keys."""
        yield from ()

    def on_mount(self) -> None:
        """Follow the focus: which keys act depends on it."""
        self.watch(self, "focused", lambda _focused: self.redraw_keys(), init=False)
        if self.console.hub is not None:
            self.call_after_refresh(self.tick, self.console.hub.snapshot())
        self.call_after_refresh(self.redraw_keys)

    def tick(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the view clock."""
        # The view clock may look while the page is still being composed.
        for strip in self.query(StatusStrip):
            strip.show(snapshot)

    def redraw_keys(self) -> None:
        """Say again what the keys do."""
        if not self.is_mounted or not self.query(KeyLine):
            return
        items: list[Item] = []
        ways_out: list[Item] = []
        for action in self.own():
            keys = self.console.keys_of(action)
            if action.line and keys and self.check_action(action.name, action.args):
                # However narrow the terminal is, the way back stays in sight.
                place = ways_out if keys[0] == "escape" else items
                place.append(Item(action.id, shown_key(keys[0]), _(action.label)))
        items.append(Item("help", shown_key("f1"), _("help")))
        self.query_one(KeyLine).show(tuple(items), (*ways_out, Item("quit", "ctrl+q", _("quit"))))

    def action_scroll_page(self, way: str) -> None:
        """Scroll what is longer than its place."""
        for part in self.query(VerticalScroll):
            if part.display and part.max_scroll_y:
                getattr(part, f"scroll_{way}")(animate=False)
                return

    def on_resize(self) -> None:
        """Fit the key line to the new width."""
        self.call_after_refresh(self.redraw_keys)

    @on(ItemLine.Pressed)
    async def press(self, event: ItemLine.Pressed) -> None:
        """Do what was clicked."""
        event.stop()
        if (action := registry.find(event.id)) is not None:
            await self.run_action(action.do)


SMALLEST: Final = (60, 15)
"""Columns and rows below which no screen is drawn."""


def too_small(size: Size) -> bool:
    """Tell whether `size` cannot hold a screen."""
    return size.width < SMALLEST[0] or size.height < SMALLEST[1]


class TooSmall(ModalScreen[None]):
    """One sentence; it goes when the terminal grows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "app.quit", show=False),
        Binding("enter", "leave", show=False),
    ]

    _leave: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Compose the sentence."""
        yield Static(id="too-small")

    def on_mount(self) -> None:
        """Say it."""
        self.on_resize()

    def on_resize(self) -> None:
        """Say how much is missing, and what leaving would lose."""
        if self._leave is not None:
            text = _("Something is typed that was not sent to HubSoft. Enter leaves all the same.")
            self.query_one("#too-small", Static).update(Content(text))
            return
        text = _(
            "This terminal is {columns}×{rows}. The console needs {least_columns}×{least_rows}: enlarge it."
        ).format(
            columns=self.app.size.width,
            rows=self.app.size.height,
            least_columns=SMALLEST[0],
            least_rows=SMALLEST[1],
        )
        self.query_one("#too-small", Static).update(Content(text))

    def ask(self, leave: Callable[[], None]) -> None:
        """Have enter leave, and say what that loses."""
        self._leave = leave
        self.on_resize()

    def action_leave(self) -> None:
        """Leave all the same."""
        if self._leave is not None:
            self._leave()

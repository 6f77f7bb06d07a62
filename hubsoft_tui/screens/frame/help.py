"""What can be done here, from the registry: help with every key, and the command palette."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, LoadingIndicator

from hubsoft_tui.formats import fold
from hubsoft_tui.texts import N_, _
from widgets.customer.card import wrapped
from widgets.line_widget import Drawn, fit, line

from .actions import AREAS, EVERYWHERE, PAGES, Action
from .base import ConsoleScreen, import_areas
from .console import Console
from .modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from textual.app import App, ComposeResult


_KEYS: Final = 10
_IDS: Final = 20
_REMAP: Final = N_(
    'The grey names are for config.toml: copy = "x" under [keys] gives copying the key x. What is listed without '
    "a key is in the palette."
)


class HelpScreen(ModalScreen[None]):
    """Every action by area, the present one first; esc closes."""

    CSS_PATH = Path(__file__).parents[3] / "styles" / "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", show=False),
        Binding("ctrl+q", "app.quit", show=False),
        Binding("ctrl+z", "app.stay", show=False),
        *(Binding(area.key, "app.in_front", id=area.action().id, show=False) for area in AREAS),
    ]

    def __init__(self, area: str, about: str) -> None:
        super().__init__()
        self._area = area
        self._about = about

    def compose(self) -> ComposeResult:
        """Compose one scrolled text."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content(_("Help"))
            box.border_subtitle = Content(_("esc closes"))
            yield HelpText(self._area, self._about)

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one("#help").focus()


class HelpText(Drawn):
    """The text: sentences, then areas with key, meaning and id."""

    def __init__(self, area: str, about: str) -> None:
        super().__init__(id="help-text")
        self._area = area
        self._about = about

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        import_areas()
        names = {
            **{area.id: _(area.label) for area in AREAS},
            **{page: _(label) for page, label in PAGES.items()},
        }
        lines = [Content(each) for each in wrapped(_(self._about), width, 12)] if self._about else []
        order = [self._area, EVERYWHERE, *(name for name in names if name != self._area)]
        console = self.app
        assert isinstance(console, Console)  # noqa: S101 - nothing else ever shows help
        for area in order:
            actions = console.actions_of(area)
            if actions:
                title = _("Everywhere") if area == EVERYWHERE else names.get(area, "")
                lines += [Content(""), Content.styled(title, "bold $title")] if title else [Content("")]
            for job, group in by_job(actions):
                if job:
                    lines.append(Content.styled(_(job), "bold $quiet"))
                for action in group:
                    lines += _rows(action, " ".join(console.keys_shown(action)), width)
        remap = wrapped(_(_REMAP), width, 4)
        return [*lines, Content(""), *(Content.styled(each, "$quiet") for each in remap)]


def by_job(actions: Sequence[Action]) -> list[tuple[str, list[Action]]]:
    """Return `actions` by their jobs, which stand in the order of their first action."""
    groups: dict[str, list[Action]] = {}
    for action in actions:
        groups.setdefault(action.job, []).append(action)
    return list(groups.items())


def _rows(action: Action, key: str, width: int) -> list[Content]:
    """Return an action's lines: key, meaning (as many lines as it takes), id."""
    room = width - _KEYS - 2 - _IDS
    first, *rest = wrapped(_(action.help), room, 6) or [""]
    return [
        line(
            (fit(key, _KEYS), "bold $account"),
            fit(first, room),
            "  ",
            (fit(action.id, _IDS, right=True), "$quiet"),
        ),
        *(Content(" " * _KEYS + each) for each in rest),
    ]


BY_HELP: Final = 0.05
"""How well a row matches that only its explanation speaks for."""


class ConsoleCommands(Provider):
    """The registry's actions that would do something now, then themes, languages and demo scenarios."""

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        empty = True
        for name, key, help_text, run in self._commands():
            empty = False
            yield DiscoveryHit(with_key(Content(name), key), run, text=name, help=help_text)
        if empty:
            yield DiscoveryHit(_("There is nothing to choose here; esc goes back."), _nothing)

    async def search(self, query: str) -> Hits:
        """Offer what matches, or what is explained by the very words; or say that nothing does, in our language."""
        matcher = self.matcher(query)
        matched = False
        for name, key, help_text, run in self._commands():
            score = matcher.match(name)
            if score > 0:
                matched = True
                found = with_key(matcher.highlight(name), key)
                yield Hit(score, found, run, text=name, help=help_text)
            elif fold(query.strip()) in fold(help_text):
                matched = True
                yield Hit(BY_HELP, with_key(Content(name), key), run, text=name, help=help_text)
        if not matched:
            yield Hit(0.01, Content(_("No action has such a name.")), _nothing)

    def _commands(self) -> Iterator[tuple[str, str, str, Callable[[], Any]]]:
        """Yield (name, key, help, what to run)."""
        screen = self.screen
        if not isinstance(screen, ConsoleScreen | ConsoleModal):
            return
        console = screen.console
        for action in screen.usable():
            if action.id == "palette":
                continue
            label = _(action.label)
            keys = console.keys_shown(action)
            key = " ".join(keys if action.by else keys[:1])
            yield label[:1].upper() + label[1:], key, _(action.help), partial(screen.run_action, action.do)
        if isinstance(screen, ConsoleScreen):
            for name, help_text, run in console.extra_commands():
                yield name, "", help_text, run


def with_key(name: Content, key: str) -> Content:
    """Return a palette's entry with the key that does the same."""
    return line(name, "   ", (key, "$account")) if key else name


def _nothing() -> None:
    """Do nothing: what was chosen only says that nothing matches."""


class ConsolePalette(CommandPalette):
    """Textual's palette with a still cursor and no spinner: both would send bytes for nothing."""

    def on_mount(self) -> None:
        """Hold still."""
        self.query_one(Input).cursor_blink = False
        self.query_one(LoadingIndicator).auto_refresh = None

    @classmethod
    def open(cls, console: App[Any]) -> None:
        """Show the palette, unless it is open."""
        if not cls.is_open(console):
            console.push_screen(cls(placeholder=_("Search for an action…"), id="--command-palette"))

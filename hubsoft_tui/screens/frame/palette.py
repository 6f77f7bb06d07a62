"""The command palette: every action of the registry by name, and what only the palette offers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input, LoadingIndicator

from hubsoft_tui.texts import _
from widgets.table.rows import fold

from .base import ConsoleScreen
from .modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from textual.app import App


BY_HELP: Final = 0.05
"""How well a row matches that only its explanation speaks for."""


class ConsoleCommands(Provider):
    """The registry's actions that would do something now, then themes, languages and demo scenarios."""

    async def discover(self) -> Hits:
        """Offer everything while nothing is typed."""
        empty = True
        for name, help_text, run in self._commands():
            empty = False
            yield DiscoveryHit(name, run, help=help_text)
        if empty:
            yield DiscoveryHit(_("There is nothing to choose here; esc goes back."), _nothing)

    async def search(self, query: str) -> Hits:
        """Offer what matches, or what is explained by the very words; or say that nothing does, in our language."""
        matcher = self.matcher(query)
        matched = False
        for name, help_text, run in self._commands():
            score = matcher.match(name)
            if score > 0:
                matched = True
                yield Hit(score, matcher.highlight(name), run, help=help_text)
            elif fold(query.strip()) in fold(help_text):
                matched = True
                yield Hit(BY_HELP, Content(name), run, help=help_text)
        if not matched:
            yield Hit(0.01, Content(_("No action has such a name.")), _nothing)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen | ConsoleModal):
            return
        console = screen.console
        for action in screen.usable():
            if action.id == "palette":
                continue
            label = _(action.label)
            yield label[:1].upper() + label[1:], _(action.help), partial(screen.run_action, action.do)
        if isinstance(screen, ConsoleScreen):
            yield from console.extra_commands()


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

"""A screen that is about one table: the same keys filter and sort it everywhere, and one line asks for a file."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from hubsoft_tui.settings.places import expanded
from hubsoft_tui.texts import N_
from widgets.fields import FilterLine

from .actions import action
from .base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.app import ComposeResult

    from widgets.table.table import VirtualTable


FIND: Final = N_("Filter and sort")


class TableScreen(ConsoleScreen):
    """Its body has a `FilterLine` above the `table`."""

    @property
    def table(self) -> VirtualTable[Any]:
        """The table that is filtered and sorted."""
        raise NotImplementedError

    @property
    def filtering(self) -> bool:
        """Whether the filter's line is in sight."""
        return self._composed and bool(self._line.display)

    @property
    def _line(self) -> FilterLine:
        return self.query_one(FilterLine)

    @property
    def typing(self) -> bool:
        """Whether any field is typed into: a slash belongs to it, as in a date or a path."""
        return isinstance(self.focused, Input)

    @action(
        "slash",
        N_("filter"),
        N_("Show only the lines that hold every word typed."),
        first=True,
        when=lambda screen: not screen.typing,
        job=FIND,
    )
    def action_filter(self) -> None:
        self._line.begin()

    @action("o", N_("sort"), N_("Sort by the next column, then as at first again."), job=FIND)
    def action_sort(self) -> None:
        self.table.cycle_sort()

    @action("O", N_("turn round"), N_("Turn the order round."), line=False, job=FIND)
    def action_turn(self) -> None:
        self.table.reverse_sort()

    def leave_filter(self) -> bool:
        """Clear the filter and go back to the table; False when there was none."""
        if not self.filtering:
            return False
        self._line.clear()
        self.table.focus()
        return True

    def narrowed(self) -> None:
        """Take note that the table shows other lines."""

    @on(FilterLine.Typed)
    def _narrow_table(self, event: FilterLine.Typed) -> None:
        event.stop()
        self.table.filter(event.text)
        self.narrowed()

    @on(FilterLine.Done)
    def _go_to_table(self, event: FilterLine.Done) -> None:
        event.stop()
        self.table.focus()


class PathSuggester(Suggester):
    """Completes the last part of a path: folders, and files with one of the suffixes."""

    def __init__(self, suffixes: Collection[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._suffixes = tuple(suffixes)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first name that continues `value`, or None."""
        return await asyncio.to_thread(self._first, value) if value else None

    def _first(self, value: str) -> str | None:
        folder, _slash, begun = value.rpartition("/")
        place = expanded(f"{folder}/" if _slash else ".")
        try:
            names = sorted(os.scandir(place), key=lambda entry: entry.name)
            for entry in names:
                fits = entry.name.startswith(begun) and (begun or not entry.name.startswith("."))
                if fits and entry.is_dir():
                    return f"{folder}{_slash}{entry.name}/"
                if fits and entry.name.lower().endswith(self._suffixes):
                    return f"{folder}{_slash}{entry.name}"
        except OSError:
            return None
        return None


class PathInput(Input):
    """An input for a path. The cursor stands still: a blinking one sends bytes all day."""

    def __init__(self, suffixes: Collection[str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, compact=True, select_on_focus=False, suggester=PathSuggester(suffixes))
        self.cursor_blink = False


class PathLine(Horizontal):
    """A line that asks for a file; hidden until it is opened. Posts `Left` when it closes."""

    DEFAULT_CSS = """
    PathLine { display: none; height: 1; margin: 0 2; }
    PathLine Static { width: auto; min-width: 0; padding: 0 1 0 0; color: $account; }
    PathLine PathInput { width: 1fr; }
    """

    class Left(Message):
        """The line is closed; `purpose` is what it was opened for, `value` what was entered, empty for nothing."""

        def __init__(self, purpose: str, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    def __init__(self, *suffixes: str) -> None:
        super().__init__()
        self._suffixes = suffixes
        self._purpose = ""

    def compose(self) -> ComposeResult:
        """Compose the prompt and the field."""
        yield Static(Content(""))
        yield PathInput(self._suffixes)

    @property
    def is_open(self) -> bool:
        """Whether a path is typed now."""
        return bool(self.display)

    def ask(self, purpose: str, prompt: str, begun: str) -> None:
        """Have a path typed; `begun` stands there already."""
        self._purpose, self.display = purpose, True
        self.query_one(Static).update(Content(prompt))
        field = self.query_one(PathInput)
        field.value = begun
        field.focus()
        field.select_all()  # typing begins another path; an arrow goes on with this one

    def leave(self, value: str = "") -> None:
        """Close the line, with what was entered."""
        self.display = False
        self.post_message(self.Left(self._purpose, value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.leave(event.value.strip())

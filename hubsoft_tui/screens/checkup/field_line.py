"""One line that is there while something is typed: a path, or a filter for the table below it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from hubsoft_tui.settings.places import expanded
from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.app import ComposeResult


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


class FieldLine(Horizontal):
    """Hidden until it is opened. Posts `Filtered` as a filter is typed, and `Left` when the line closes."""

    DEFAULT_CSS = """
    FieldLine { display: none; height: 1; margin: 0 2; }
    FieldLine.-open { display: block; }
    FieldLine Static { width: auto; min-width: 0; padding: 0 1 0 0; color: $account; }
    FieldLine Input { display: none; width: 1fr; }
    FieldLine.-path PathInput { display: block; }
    FieldLine.-filter #field-filter { display: block; }
    """

    class Filtered(Message):
        """The filter's text, as it stands."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The line is closed; `purpose` is what it was opened for, `value` what was entered, empty for nothing."""

        def __init__(self, purpose: str, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    def __init__(self, suffixes: Collection[str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._suffixes = suffixes
        self._purpose = ""

    def compose(self) -> ComposeResult:
        """Compose the prompt and both inputs."""
        yield Static(Content(""))
        yield PathInput(self._suffixes)
        field = Input(placeholder=_("every word typed must be there"), compact=True, id="field-filter")
        field.cursor_blink = False
        yield field

    @property
    def is_open(self) -> bool:
        """Whether something is typed now."""
        return self.has_class("-open")

    def ask_path(self, purpose: str, prompt: str, begun: str) -> None:
        """Have a path typed; `begun` stands there already."""
        self._open(purpose, prompt, "-path")
        field = self.query_one(PathInput)
        field.value = begun
        field.focus()
        field.select_all()  # typing begins another path; an arrow goes on with this one

    def ask_filter(self) -> None:
        """Have a filter typed."""
        self._open("filter", "/", "-filter")
        self.query_one("#field-filter", Input).focus()

    def leave(self) -> None:
        """Close the line with nothing entered; a filter is cleared."""
        self.query_one("#field-filter", Input).value = ""
        self._close("")

    def _open(self, purpose: str, prompt: str, kind: str) -> None:
        self._purpose = purpose
        self.remove_class("-path", "-filter").add_class("-open", kind)
        self.query_one(Static).update(Content(prompt))

    def _close(self, value: str) -> None:
        self.remove_class("-open", "-path", "-filter")
        self.post_message(self.Left(self._purpose, value))

    @on(Input.Changed, "#field-filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Filtered(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close(event.value.strip() if self._purpose != "filter" else "")

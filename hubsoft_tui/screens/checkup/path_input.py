"""A line to type a file's path into: it offers the rest of the name, taken with the right arrow."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from textual.suggester import Suggester
from textual.widgets import Input

from hubsoft_tui.settings.places import expanded

if TYPE_CHECKING:
    from collections.abc import Collection


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

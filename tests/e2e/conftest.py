"""Fixtures for the journeys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import ENGLISH, Opener, environment
from .terminal import CONSOLE, Terminal


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The one folder that holds everything."""
    return tmp_path / "home"


@pytest.fixture
def console(home: Path) -> Iterator[Opener]:
    """Open the console in a terminal; whatever still runs at the end is ended."""
    with ExitStack() as stack:

        def open_console(
            *arguments: str,
            simulator: Simulator | None = None,
            columns: int = 100,
            rows: int = 30,
            language: str = ENGLISH,
            extra: dict[str, str] | None = None,
            command: tuple[str, ...] = CONSOLE,
            cold: bool = False,
            **settings: object,
        ) -> Terminal:
            """Open it; `cold` as a person's shell does, and also where the interpreter is told something."""
            variables = environment(home, simulator, language=language, **settings) | (extra or {})
            told = any(name.startswith(("PYTHON", "LC_")) for name in extra or {})
            forked = command is CONSOLE and not cold and not told
            return stack.enter_context(
                Terminal([*command, *arguments], variables, columns=columns, rows=rows, forked=forked)
            )

        yield open_console

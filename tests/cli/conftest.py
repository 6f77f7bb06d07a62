"""A command line on a home of its own: what it prints and how it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hubsoft_tui import texts
from hubsoft_tui.cli import main as cli
from hubsoft_tui.simulator import Simulator
from tests.e2e.fixture import profile


class Ran(NamedTuple):
    """What one run left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one document on stdout; anything else there fails."""
        read: dict[str, Any] = json.loads(self.out)
        return read


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, in English, and no profile of the user who runs the tests."""
    for name in list(os.environ):
        if name.startswith(("HUBSOFT_", "_HUBSOFT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield tmp_path
    texts.use("en")


@pytest.fixture
def configured(simulator: Simulator, home: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, as the profile that the environment makes; what is tried again is tried at once."""
    retry = {"HUBSOFT_TUI_RETRY__BACKOFF_BASE": "0.01", "HUBSOFT_TUI_RETRY__BACKOFF_MAX": "0.01"}
    for name, value in (profile(simulator.url) | retry).items():
        monkeypatch.setenv(name, value)
    return simulator


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process: `run("lookup", "86214941081", "--json").document`."""

    def running(*arguments: str) -> Ran:
        code = cli.run(arguments)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return running

"""The console finds its own `app` and `widgets` where others have these names too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("app.py", "hubsoft_tui", "widgets", "styles")

EMBEDDED = """
import sys
import app, widgets, widgets.button
from hubsoft_tui import HubSoft
from hubsoft_tui.__main__ import main
sys.argv = ["program", "--demo"]
first, second = main(), main()
import app as again, widgets.button as button
from widgets import label
assert (again, button.MINE, label.MINE) == (app, True, True), "the program lost its modules"
print("opened twice:", first, second)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of another program, with modules of the same names."""
    made = tmp_path / "program"
    (made / "widgets").mkdir(parents=True)
    (made / "styles").mkdir()
    (made / "app.py").write_text("MINE = True\n")
    (made / "widgets" / "__init__.py").write_text("MINE = True\n")
    (made / "widgets" / "button.py").write_text("MINE = True\n")
    (made / "widgets" / "label.py").write_text("MINE = True\n")
    (made / "styles" / "frame.tcss").write_text("Screen { no such thing")
    return made


@pytest.fixture(params=["the source tree", "an installed copy"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the package is found: here, or as the wheel lays it out."""
    if request.param == "the source tree":
        return ROOT
    site = tmp_path / "site"
    site.mkdir()
    for name in OURS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, site / name, ignore=shutil.ignore_patterns("*.po"))
        else:
            shutil.copy(ROOT / name, site / name)
    return site


def run(arguments: list[str], folder: Path, place: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`; the console draws nowhere and its quit key is pressed at once."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HUBSOFT_TUI_HOME": str(folder.parent / "home"),
        "TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver",
        "TEXTUAL_PRESS": "ctrl+q",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_console_opens_in_a_folder_with_an_app_of_its_own(folder: Path, place: Path) -> None:
    ran = run(["-m", "hubsoft_tui", "--demo"], folder, place)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_program_with_such_modules_opens_the_console_and_keeps_them(folder: Path, place: Path) -> None:
    ran = run(["-c", EMBEDDED], folder, place)
    assert ran.stdout.endswith("opened twice: 0 0\n"), ran.stderr

"""What tests in forks report is what they would report here, and nothing that a fork took with it is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
import os, pytest

@pytest.mark.parametrize("number", range(6))
def test_many(number, tmp_path):
    print("printed by", number)
    assert tmp_path.is_dir() and number != 3

def test_skipped(): pytest.skip("not here")

@pytest.mark.together("both")
def test_first(): os.environ["FIRST"] = "was here"

@pytest.mark.together("both")
def test_second(): assert os.environ["FIRST"]

def test_dies(): os._exit(7)
"""


def pytest_in_forks(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    file = folder / "test_some.py"
    file.write_text(TESTS, encoding="utf-8")
    (folder / "empty.ini").write_text("[pytest]\nmarkers = together\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-p",
        "tests.workers",
        "-c",
        str(folder / "empty.ini"),
    ]
    return subprocess.run(
        [*command, "-n2", f"--basetemp={folder / 'base'}", *more, str(file)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_what_fails_is_told_and_what_died_is_a_failure(tmp_path: Path) -> None:
    ran = pytest_in_forks(tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "printed by 3" in ran.stdout
    assert "printed by 2" not in ran.stdout
    assert "test_dies ___" in ran.stdout
    assert "ended with 7" in ran.stdout
    told = dict(
        word.split()[::-1] for word in ran.stdout.splitlines()[-1].strip("= ").split(" in ")[0].split(", ")
    )
    assert sum(map(int, told.values())) == 10
    assert int(told["failed"]) >= 2
    assert told.get("skipped", "1") == "1"


def test_after_the_first_failure_no_more_are_begun(tmp_path: Path) -> None:
    ran = pytest_in_forks(tmp_path, "-x", "-k", "many or skipped")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "stopping after 1 failures" in ran.stdout

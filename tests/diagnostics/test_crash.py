"""A crash leaves a private report and one line; neither tells anything about anybody."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hubsoft_tui.diagnostics import crash
from hubsoft_tui.texts import use


def failure() -> Exception:
    """Return an error with a cause, raised beside variables that must not be seen."""
    document, token = "862.149.410-81", "eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiIx.c2ln"
    try:
        try:
            raise ValueError(f"senha=hunter2 of {document}\x1b]0;x\x07")
        except ValueError as cause:
            raise RuntimeError(f"Bearer {token}") from cause
    except RuntimeError as error:
        return error


def test_the_report_names_the_place_and_no_customer(tmp_path: Path) -> None:
    path = crash.report(failure(), tmp_path / "state" / "crashes")
    assert path is not None
    text = path.read_text()
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "in failure" in text
    for secret in ("862", "hunter2", "eyJ", "\x1b"):
        assert secret not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_line_names_the_report_in_the_persons_language() -> None:
    try:
        use("en")
        assert crash.line(Path("/x/crash.txt")).endswith("/x/crash.txt")
        assert "\x1b" not in crash.line(Path("/x/\x1b[31m"))
        assert "no report" in crash.line(None)
    finally:
        use("en")


def test_an_unwritable_folder_gives_no_report_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert crash.report(failure(), tmp_path / "file" / "crashes") is None


def test_two_reports_of_one_second_are_two_files_and_old_ones_go(tmp_path: Path) -> None:
    first, second = crash.report(ValueError(), tmp_path), crash.report(ValueError(), tmp_path)
    assert first != second
    for _ in range(crash.KEPT_REPORTS + 5):
        last = crash.report(ValueError(), tmp_path)
        assert last in list(tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == crash.KEPT_REPORTS


class Mute(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def test_an_error_that_cannot_be_written_is_reported_all_the_same(tmp_path: Path) -> None:
    def deep(level: int) -> None:
        deep(level + 1)

    with pytest.raises(RecursionError) as caught:
        deep(0)
    for error in (Mute(), caught.value, ExceptionGroup("x", [Mute()]), KeyboardInterrupt()):
        path = crash.report(error, tmp_path)
        assert path is not None
        assert path.stat().st_size < 20_000


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    start = (
        "from pathlib import Path\nfrom hubsoft_tui.diagnostics import crash\n"
        f"crash.install(Path({str(folder)!r}))\n"
    )
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_an_uncaught_error_is_one_line_on_the_terminal(tmp_path: Path) -> None:
    done = run("cpf = '86214941081'; raise ValueError(cpf)", tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    [report] = tmp_path.iterdir()
    assert done.stderr == crash.line(report) + "\n"
    assert "862" not in report.read_text()


def test_a_threads_fault_is_reported_and_not_printed(tmp_path: Path) -> None:
    done = run(
        "import threading\n"
        "def fail(): raise ValueError('86214941081')\n"
        "t = threading.Thread(target=fail); t.start(); t.join()\n"
        "t = threading.Thread(target=exit); t.start(); t.join()\n"
        "class Bad:\n"
        "    def __del__(self): raise ValueError('86214941081')\n"
        "Bad()\n",
        tmp_path,
    )
    assert done.returncode == 0
    assert "862" not in done.stderr
    assert "Traceback" not in done.stderr
    [report] = tmp_path.iterdir()
    assert "in fail" in report.read_text()


def test_ctrl_c_is_not_a_crash(tmp_path: Path) -> None:
    done = run("raise KeyboardInterrupt", tmp_path)
    assert done.stderr == ""
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_a_closed_terminal_changes_nothing(tmp_path: Path) -> None:
    done = run("import sys; sys.stderr = None; raise ValueError", tmp_path)
    assert done.returncode == 1
    assert len(list(tmp_path.iterdir())) == 1

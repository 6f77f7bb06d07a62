"""The standard streams: closed, without a terminal, and with an encoding that lacks letters."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hubsoft_tui.terminal import streams

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = f"{sys.executable} -m hubsoft_tui"


def shell(command: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env={**os.environ, "LANG": "en_US.UTF-8", "PYTHONWARNINGS": "default", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    "command",
    [
        f"{PROGRAM} </dev/null",
        f"{PROGRAM} --demo <&-",
        f"{PROGRAM} --demo >&-",
        f"true | {PROGRAM} --demo",
        f"{PROGRAM} --read-only <&- >&-",
        f"nohup {PROGRAM}",
    ],
)
def test_without_a_terminal_the_commands_are_named(command: str) -> None:
    begun = time.process_time(), time.monotonic()
    done = shell(command)
    assert time.monotonic() - begun[1] < 30
    assert done.returncode == 2
    said = (done.stderr + done.stdout).decode()
    assert "hubsoft-tui lookup" in said
    assert "hubsoft-tui --help" in said
    assert "\x1b" not in said
    assert "Traceback" not in said
    assert "Warning" not in said


def test_without_any_stream_the_exit_code_tells() -> None:
    assert shell(f"{PROGRAM} <&- >&- 2>&-").returncode == 2


def test_it_is_told_in_portuguese_before_anything_heavy_is_read() -> None:
    code = "import sys\nfrom hubsoft_tui.__main__ import main\ncode = main()\nprint('textual' in sys.modules, code)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "pt_BR.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "False 2\n"
    assert "terminal" in done.stderr
    assert "The console" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_works_with_a_stream_closed(closed: str, tmp_path: Path) -> None:
    done = shell(f"{PROGRAM} config path {closed}", HUBSOFT_TUI_HOME=str(tmp_path))
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    if ">&-" not in closed.split():
        assert str(tmp_path).encode() in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp850"])
def test_what_an_encoding_lacks_is_written_by_its_likeness(encoding: str) -> None:
    code = (
        "import sys\nfrom hubsoft_tui.terminal import streams\nstreams.prepare()\n"
        "for stream in (sys.stdout, sys.stderr):\n    stream.write('● Conceição → João…\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        check=True,
    )
    expected = "* Conceicao -> Joao...\n" if encoding == "ascii" else "* Conceição -> João...\n"
    assert done.stdout.decode(encoding) == expected
    assert done.stderr.decode(encoding) == expected


@pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"LC_ALL": "C"}, "utf-8"),
        ({"PYTHONIOENCODING": "ascii", "HUBSOFT_TUI_UI__LANGUAGE": "pt_BR"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1", "LC_ALL": "pt_BR.ISO-8859-1"}, "latin-1"),
    ],
)
def test_a_command_never_shows_the_name_of_a_letter(
    variables: dict[str, str], encoding: str, tmp_path: Path
) -> None:
    done = shell(f"{PROGRAM} --demo lookup 862.149.410-81", HUBSOFT_TUI_HOME=str(tmp_path), **variables)
    assert done.returncode == 0, done
    for text in (done.stdout.decode(encoding), done.stderr.decode("utf-8", "replace")):
        assert "\\u" not in text
        assert "\\x" not in text


def test_likeness_is_ascii_and_nothing_vanishes() -> None:
    assert streams.likeness("João ✖ ☃ ½") == "Joao x ? 1?2"

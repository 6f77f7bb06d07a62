"""From a key to the screen: the tickets screen and a DataTable of as many rows, while passes are merged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fixture import home
from benchmarks.table import Table, ratio
from benchmarks.terminal import COLUMNS, QUIT, ROWS, Screen, resident

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 60.0
MARK: Final = "▸"
"""Stands on the cursor's line in our table, and before the cursor's row below the peer's."""
NAMES: Final = {"ours": "ours, the tickets screen", "datatable": "Textual's DataTable"}
KEYS: Final = (b"\x1b[B", b"\x1b[6~")
"""One row down; one page down."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Delays in milliseconds, memory in MiB, bytes a second to the terminal."""

    ready: float
    delays: tuple[float, ...]
    memory: float


def run(*, quick: bool) -> list[Table]:
    """Press keys in each, one program after the other."""
    rows, presses = (500, 4) if quick else (20_000, 120)
    found = {which: _measure(which, rows, presses) for which in NAMES}
    base = found["datatable"]
    lines = tuple(
        (
            NAMES[which],
            f"{_rank(each.delays, 0.5):.0f}",
            f"{_rank(each.delays, 0.99):.0f}",
            ratio(_rank(each.delays, 0.99), _rank(base.delays, 0.99)),
            f"{each.memory:.0f}",
            f"{each.ready:.1f}",
        )
        for which, each in found.items()
    )
    note = (
        f"{presses} keys, a row or a page down in turn, measured at the terminal of {COLUMNS}x{ROWS}, while passes of "
        f"5,000 tickets are merged into the mirror one after the other; 2 % of each changed and are shown. Ours has a "
        f"filter of three conditions and chosen columns. Memory "
        "includes the mirror's writer. Aim: 50 ms."
    )
    return [
        Table(
            f"A key on a table of {rows:,} tickets, until the screen shows it",
            ("", "p50 ms", "p99 ms", "p99 of DataTable", "MiB", "rows shown after s"),
            lines,
            (note,),
        )
    ]


def _rank(values: tuple[float, ...], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _measure(which: str, rows: int, presses: int) -> Figures:
    with home() as folder, _terminal(which, rows, folder) as (process, master):
        watched = _Watched(master)
        began = time.perf_counter()
        watched.wait(lambda: watched.cursor != "")
        ready = time.perf_counter() - began
        watched.rest(0.2 if presses < 10 else 2.0)
        delays = []
        for number in range(presses):
            before = watched.cursor
            sent = time.perf_counter()
            os.write(master, KEYS[number % 2])
            delays.append((watched.wait(lambda before=before: watched.cursor != before) - sent) * 1000)
            # Not in step with the screen's own clock.
            watched.rest(0.05 + 0.013 * (number % 7))
        return Figures(ready, tuple(delays), resident(process.pid))


class _Watched:
    """What a program shows, and when the last piece of it came."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._screen = Screen()
        self.cursor = ""
        """The line with the mark."""

    def wait(self, condition: object) -> float:
        """Read until `condition()`; return when the piece that made it true came."""
        assert callable(condition)
        limit = time.perf_counter() + PATIENCE
        while time.perf_counter() < limit:
            at = self._read(0.05)
            if condition():
                return at
        raise TimeoutError("the program showed nothing new")

    def rest(self, seconds: float) -> None:
        """Read for a while."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> float:
        if not select.select([self._master], [], [], seconds)[0]:
            return time.perf_counter()
        data = os.read(self._master, 1 << 20)
        at = time.perf_counter()
        if answer := self._screen.feed(data):
            os.write(self._master, answer)
        marked = [line for line in self._screen.lines if line.startswith(MARK)]
        # Ours shows it on the row itself: its first words name it.
        self.cursor = " ".join(marked[0].replace(MARK, " ").split()[:2]) if marked else ""
        return at


@contextlib.contextmanager
def _terminal(which: str, rows: int, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "VIRTUAL_ENV", "TMPDIR"}},
        "HOME": str(folder),
        "HUBSOFT_TUI_HOME": str(folder),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    process = subprocess.Popen(
        (sys.executable, "-m", "benchmarks.watched", which, str(rows)),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        yield process, master
    finally:
        with contextlib.suppress(OSError):
            os.write(master, QUIT)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)

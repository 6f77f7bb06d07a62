"""A terminal for programs: starts one on a pseudo-terminal, keeps its screen and notes when what stood there.

It follows what full-screen programs send: text, cursor movement, erasing. Colours are read over.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COLUMNS: Final = 120
ROWS: Final = 40
PAINTED: Final = 0.9
"""Painted is a screen on which this share of the settled screen's characters stand where they stay."""
REST_SECONDS: Final = 0.7
PATIENCE_SECONDS: Final = 30.0
QUIT: Final = b"\x11"
"""Ctrl+Q, which every Textual program obeys unless it says otherwise."""

# One piece of what is sent: CSI, a string (OSC, DCS, ...), another escape, a control character, or text.
_PIECE: Final = re.compile(
    r"\x1b\[(?P<marks>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]PX^_](?P<string>.*?)(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)


class Screen:
    """The characters on a terminal's screen."""

    def __init__(self, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self._columns = columns
        self._rows = rows
        self._row = self._column = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._wipe()

    @property
    def lines(self) -> tuple[str, ...]:
        """The screen as text."""
        return tuple("".join(line) for line in self._cells)

    def _wipe(self) -> None:
        self._cells = [[" "] * self._columns for _ in range(self._rows)]

    def feed(self, data: bytes) -> bytes:
        """Show what a program sent; return what a terminal answers to its questions."""
        sent, at, answers = self._rest + self._decode(data), 0, b""
        while at < len(sent) and (piece := _PIECE.match(sent, at)) is not None:
            if text := piece["text"]:
                self._write(text)
            elif final := piece["final"]:
                answers += self._obey(piece["marks"], piece["numbers"], piece["between"], final)
            elif control := piece["control"]:
                self._control(control)
            at = piece.end()
        self._rest = sent[at:]  # begun, but not all there
        return answers

    def _write(self, text: str) -> None:
        for character in text:
            if unicodedata.combining(character):
                continue
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self._column + width > self._columns:
                self._control("\r")
                self._control("\n")
            self._cells[self._row][self._column : self._column + width] = [character, " "][:width]
            self._column += width

    def _control(self, control: str) -> None:
        if control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\n" and self._row + 1 < self._rows:
            self._row += 1
        elif control == "\n":
            self._cells = [*self._cells[1:], [" "] * self._columns]

    def _obey(self, marks: str, numbers: str, between: str, final: str) -> bytes:
        if final == "p" and between == "$":
            return f"\x1b[?{numbers};{2 if numbers == '2026' else 0}$y".encode()
        if marks or between:
            if final in "hl" and "1049" in numbers:
                self._wipe()
            return b""
        values = [int(number) if number.isdigit() else 0 for number in re.split("[;:]", numbers)]
        first, step = values[0], max(1, values[0])
        if final in "Hf":
            self._go(step - 1, max(1, values[1] if len(values) > 1 else 1) - 1)
        elif final == "d":
            self._go(step - 1, self._column)
        elif final in "G`":
            self._go(self._row, step - 1)
        elif final in "AB":
            self._go(self._row + (step if final == "B" else -step), self._column)
        elif final in "CD":
            self._go(self._row, self._column + (step if final == "C" else -step))
        elif final == "J":
            self._erase_screen(first)
        elif final == "K":
            self._erase_line(first)
        elif final == "c":
            return b"\x1b[?62;22c"
        elif final == "n" and first == 6:
            return f"\x1b[{self._row + 1};{self._column + 1}R".encode()
        return b""

    def _go(self, row: int, column: int) -> None:
        self._row = min(max(0, row), self._rows - 1)
        self._column = min(max(0, column), self._columns - 1)

    def _erase_line(self, what: int) -> None:
        begin = self._column if what == 0 else 0
        end = min(self._columns, self._column + 1) if what == 1 else self._columns
        self._cells[self._row][begin:end] = [" "] * (end - begin)

    def _erase_screen(self, what: int) -> None:
        if what < 2:
            self._erase_line(what)
        gone = {0: range(self._row + 1, self._rows), 1: range(self._row)}.get(what, range(self._rows))
        for row in gone:
            self._cells[row] = [" "] * self._columns


def likeness(shown: Sequence[str], settled: Sequence[str]) -> float:
    """Return the share of `settled`'s visible characters that stand in the same place in `shown`."""
    visible = same = 0
    for one, other in zip(shown, settled, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            visible += theirs != " "
            same += mine == theirs != " "
    return same / visible if visible else 0.0


@dataclass(frozen=True, slots=True)
class Start:
    """How a program started. Times in seconds from just before its process began."""

    first_text: float
    """Something to read."""
    painted: float
    """See PAINTED."""
    memory: float
    """Resident, MiB, of the program and its children."""
    screen: tuple[str, ...]
    """The settled screen."""


class Unpainted(Exception):
    """The program ended, or showed nothing."""


def start(command: Sequence[str], folder: Path, environment: dict[str, str], weigh_at: float) -> Start:
    """Start a program in `folder`, wait until its text rests, weigh it `weigh_at` seconds after the start, end it."""
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            return _watch(process, master, began, weigh_at)
        finally:
            _end(process, master)
    finally:
        os.close(master)
        os.close(slave)


def _watch(process: subprocess.Popen[bytes], master: int, began: float, weigh_at: float) -> Start:
    screen = Screen()
    frames: list[tuple[float, tuple[str, ...]]] = []
    memory: float | None = None
    while True:
        seconds = time.perf_counter() - began
        if memory is None and seconds >= weigh_at:
            memory = resident(process.pid)
        rests = bool(frames) and seconds - frames[-1][0] >= REST_SECONDS
        if (rests and memory is not None) or seconds > PATIENCE_SECONDS:
            break
        if not select.select([master], [], [], 0.005)[0]:
            if process.poll() is not None:
                raise Unpainted(f"it ended with status {process.returncode}")
            continue
        data = os.read(master, 65_536)
        at = time.perf_counter() - began
        if answer := screen.feed(data):
            os.write(master, answer)
        lines = screen.lines
        if any(line.strip() for line in lines) and (not frames or frames[-1][1] != lines):
            frames.append((at, lines))
    if not frames or memory is None:
        raise Unpainted("it showed nothing")
    settled = frames[-1][1]
    painted = next(at for at, lines in frames if likeness(lines, settled) >= PAINTED)
    return Start(frames[0][0], painted, memory, settled)


def _end(process: subprocess.Popen[bytes], master: int) -> None:
    """Ask it to quit, then make it; what it still sends is read, so that it is not held up."""
    for ask in (lambda: os.write(master, QUIT), process.terminate, process.kill):
        with contextlib.suppress(OSError):
            ask()
        limit = time.perf_counter() + 4.0
        while process.poll() is None and time.perf_counter() < limit:
            if select.select([master], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    os.read(master, 65_536)
        if process.poll() is not None:
            return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def resident(root: int) -> float:
    """Return the resident memory in MiB of a process and its descendants; 0 where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    kib, family = 0, [root]
    while family:
        member = family.pop()
        family += children.get(member, [])
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{member}/status").read_text(errors="replace")
            kib += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return kib / 1024

"""A person at a terminal: the real program in a real pseudo-terminal, keys in, a screen out.

    with Terminal(CONSOLE + ["--demo"], environment(home), columns=80, rows=24) as terminal:
        terminal.type("862.149.410-81")
        terminal.press("enter")
        terminal.wait_for("BIANCA COUTO")

A thread reads, answers what a terminal is asked, and can stop (`stall`) or be slow (`throttle`). Waiting is
always for something; when it does not come, the failure shows the screen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from tests.nursery import ROOT, Forked, nursery

from .wire import Wire

CONSOLE: Final = (sys.executable, "-m", "hubsoft_tui")
PATIENCE: Final = 20.0
"""Seconds to wait for what must come: generous, for a machine with other work to do."""
ESCAPED_SECONDS: Final = 1.0
"""How long the program may take to show that it had escape; where that shows nothing, this is waited."""
ESCAPE_SECONDS: Final = 0.25
"""A terminal cannot tell escape from the beginning of another key but by the silence after it."""

_KEYS: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
}


def key(name: str) -> bytes:
    """Return what a terminal sends for a key: `q`, `enter`, `ctrl+p`."""
    if name.startswith("ctrl+"):
        return bytes([ord(name[-1].upper()) & 0x1F])
    return _KEYS.get(name, name).encode()


class Terminal:
    """One program in one pseudo-terminal, from its start to its end."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        forked: bool = False,
    ) -> None:
        """Start `command`; `forked` from a process that has read its modules, where the start is not the matter."""
        self.wire = Wire(columns, rows)
        self.raw = bytearray()
        """Everything the program wrote."""
        self.reads: list[tuple[float, int]] = []
        """When (monotonic) how many bytes were read."""
        self.first_frame: float | None = None
        """When (monotonic) the first whole frame with text in it was there."""
        self._arrived = threading.Condition()
        self._held = threading.Event()
        self._rate: float | None = None
        self._over = threading.Event()
        self._master, self._slave = pty.openpty()
        self._set_size(columns, rows)
        self._settings = termios.tcgetattr(self._slave)
        os.set_blocking(self._master, False)
        self.started = time.monotonic()
        self._process = self._start(command, environment, forked=forked)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str], *, forked: bool
    ) -> subprocess.Popen[bytes] | Forked:
        if forked:
            return nursery().fork(command, environment, self._slave)
        # A session leader that opens a terminal gets it as its own; the shell is gone before the program runs.
        adopt = ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(self._slave)]
        return subprocess.Popen([*adopt, *command], env=dict(environment), cwd=ROOT, start_new_session=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- hands

    def type(self, text: str) -> None:
        """Type `text`, as quickly as a terminal takes it."""
        self._send(text.encode())

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._send(data)

    def press(self, *names: str) -> None:
        """Press keys one after the other: `enter`, `ctrl+p`, `escape`, `up`, `f1`, `q`, ..."""
        for name in names:
            seen = len(self.raw)
            self._send(key(name))
            if name == "escape":
                self._await_more_than(seen)  # what follows finds the field left, however slow the machine is
                time.sleep(ESCAPE_SECONDS)

    def _await_more_than(self, seen: int) -> None:
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.raw) > seen, timeout=ESCAPED_SECONDS)

    def paste(self, text: str) -> None:
        """Paste `text`, as a terminal does when the program asked to be told that it is one."""
        self._send(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        with self._arrived:
            self.wire.resize(columns, rows)
        self._set_size(columns, rows)
        self.signal(signal.SIGWINCH)

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal. One that has ended gets none: `exit_status` tells how it ended."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Go away as a dropped line does: the kernel tells the program, and nothing is read any more."""
        self._over.set()
        self._reader.join()
        os.close(self._master)
        self._master = -1

    def stall(self) -> None:
        """Read nothing until `resume`: a suspended laptop."""
        self._held.set()

    def resume(self) -> None:
        """Read again."""
        self._held.clear()

    def throttle(self, bytes_per_second: float | None) -> None:
        """Read no faster than this from now on; None for as fast as can be."""
        self._rate = bytes_per_second

    # -- eyes

    def screen(self) -> list[str]:
        """Return the lines in sight: the last whole frame, or what there is of one after a second."""
        with self._arrived:
            self._arrived.wait_for(lambda: not self.wire.drawing, timeout=1)
            return self.wire.lines()

    @property
    def text(self) -> str:
        """The screen as one line, so that a sentence is found wherever it was broken."""
        return " ".join(" ".join(self.screen()).split())

    def cursor_in(self, label: str, after: str = "") -> bool:
        """Whether a cursor is drawn in the line that holds `label`, right behind `after`."""
        with self._arrived:
            self._arrived.wait_for(lambda: not self.wire.drawing, timeout=1)
            lines, lit = self.wire.lines(), self.wire.lit()
        return any(
            label in lines[row] and lines[row].ljust(column)[:column].endswith(after) for column, row in lit
        )

    def lit(self) -> set[tuple[int, int]]:
        """Return the cells in which a cursor is drawn; none while it blinks."""
        with self._arrived:
            self._arrived.wait_for(lambda: not self.wire.drawing, timeout=1)
            return self.wire.lit()

    def sees(self, text: str) -> bool:
        """Whether `text` is in sight."""
        return text in self.text

    def picture(self) -> str:
        """Return the screen as a failure shows it."""
        lines = "\n".join(f"  │{line}" for line in self.screen())
        return f"{lines}\n  exit status {self._process.poll()}, last bytes {bytes(self.raw[-120:])!r}"

    def wait_for(
        self, wanted: str | Callable[[], object], timeout: float = PATIENCE, *, gone: bool = False
    ) -> None:
        """Wait until a text is in sight (or, with `gone`, no longer), or until `wanted()` is true."""
        end = time.monotonic() + timeout
        while True:
            seen = len(self.raw)
            true = wanted in self.text if isinstance(wanted, str) else wanted()
            if bool(true) != gone:
                return
            left = end - time.monotonic()
            ended = self._process.poll() is not None and not self._reader.is_alive()
            assert left > 0, f"waited {timeout} s for {wanted!r} (gone: {gone}):\n{self.picture()}"
            assert not ended, f"the program ended before {wanted!r} (gone: {gone}):\n{self.picture()}"
            with self._arrived:
                # Not everything waited for is on the screen, so look again without news too.
                if len(self.raw) == seen:
                    self._arrived.wait(min(left, 0.1))

    def quiet(self, seconds: float, timeout: float = PATIENCE) -> None:
        """Wait until nothing was written for `seconds` from now on."""
        now = time.monotonic()
        self.wait_for(lambda: time.monotonic() - max(now, self._last_read()) >= seconds, timeout)

    def bytes_over(self, seconds: float) -> int:
        """Watch for `seconds` and return how many bytes the program wrote."""
        before = len(self.raw)
        time.sleep(seconds)
        return len(self.raw) - before

    def mark(self) -> int:
        """Return a place in `raw` to look from later."""
        return len(self.raw)

    # -- the end

    def exit_status(self, timeout: float = PATIENCE) -> int:
        """Wait for the program to end and return its status; negative for a signal it died of."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s:\n{self.picture()}") from None
        if not self._held.is_set():
            self._reader.join(timeout)
        return status

    def termios_restored(self) -> bool:
        """Whether the line settings are as they were before the program started."""
        return termios.tcgetattr(self._slave) == self._settings

    def assert_left_clean(self) -> None:
        """Fail unless the terminal is a person's again: no alternate screen, mouse, paste mode, hidden cursor."""
        assert not self.wire.changed_modes, f"left changed: {self.wire.changed_modes}\n{self.picture()}"
        assert self.wire.modes.get("1049") is False, "the alternate screen was never used"
        assert self.termios_restored(), "the line settings are not as they were"

    def close(self) -> None:
        """End the program if it still runs, and let the terminal go."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._over.set()
        self._reader.join()
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self._slave = -1

    def drain(self) -> None:
        """Read what an ended program left behind while nothing was read."""
        self._over.set()
        self._reader.join()
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65536):
                self._take(data)

    # -- inside

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _last_read(self) -> float:
        return self.reads[-1][0] if self.reads else self.started

    def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.1)

    def _read(self) -> None:
        credit, looked = 0.0, time.monotonic()
        while not self._over.is_set():
            now = time.monotonic()
            rate = self._rate
            # A tenth of a second's worth at once; from nothing, whenever the line becomes slow.
            credit = 0.0 if rate is None else min(rate / 10, credit + (now - looked) * rate)
            looked = now
            if self._held.is_set() or (rate is not None and credit < 1):
                time.sleep(0.005)
                continue
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if not ready:
                if self._process.poll() is not None:
                    return
                continue
            try:
                data = os.read(self._master, 65536 if rate is None else int(credit))
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                return
            credit = max(0.0, credit - len(data))
            self._take(data)

    def _take(self, data: bytes) -> None:
        with self._arrived:
            frames = self.wire.frames
            answers = self.wire.feed(data)
            self.raw += data
            self.reads.append((time.monotonic(), len(data)))
            if self.first_frame is None and self.wire.frames > frames and any(self.wire.lines()):
                self.first_frame = self.reads[-1][0]
            self._arrived.notify_all()
        for answer in answers:
            self._send(answer)

"""The driver under the console: Textual's for Linux and macOS, with an input that survives any byte.

A terminal that stops reading would hold the thread that writes, and the screens behind it: what goes to it is
written in pieces that can be given up. `SignalWatch` obeys signals also while the event loop stands. `ControlFilter`
drops what a terminal would obey and slipped through on any widget, the console's or Textual's.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import selectors
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any, Final, cast

from rich.segment import Segment
from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.messages import InBandWindowResize

from .keys import TerminalKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from textual.app import App
    from textual.color import Color
    from textual.message import Message

PIECE: Final = 4096
"""Bytes written at once. Far fewer than a terminal's queue holds: after that was emptied, one piece always fits."""
LOOK_SECONDS: Final = 0.1
"""How often a writer that waits for the terminal looks whether it was given up."""
RESTORE_SECONDS: Final = 0.5
HELD: Final = 8192
"""Bytes collected before they are written, while there are more to come."""
RESTORE: Final = (
    b"\x18"  # whatever sequence was cut off
    b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Everything a terminal was asked for, taken back."""


class TerminalOutput:
    """A file of text that writes to a terminal, for Textual's writing thread."""

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._collected = bytearray()
        self._given_up = threading.Event()
        self._attributes: list[Any] | None = None
        with contextlib.suppress(termios.error):
            self._attributes = termios.tcgetattr(descriptor)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return True: nothing else is written to."""
        return True

    @property
    def given_up(self) -> bool:
        """Whether nothing is written any more."""
        return self._given_up.is_set()

    def write(self, text: str) -> int:
        """Take text; what is more than a little is written at once."""
        self._collected += text.encode("utf-8", "replace")
        if len(self._collected) >= HELD:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Write what was taken, waiting for the terminal until it is given up."""
        data = bytes(self._collected)
        self._collected.clear()
        try:
            while data and not self._given_up.is_set():
                if select.select([], [self._descriptor], [], LOOK_SECONDS)[1]:
                    data = data[os.write(self._descriptor, data[:PIECE]) :]
        except (OSError, ValueError):
            # It is gone. The watch on it ends the console; the screens must not stand until then.
            self._given_up.set()

    def give_up(self) -> None:
        """Write nothing more, and have the terminal forget what it has not read."""
        self._given_up.set()
        self._empty()

    def restore(self) -> None:
        """Give the terminal back as it was found, if it can be within half a second; needs no other thread."""
        self._empty()
        with contextlib.suppress(OSError, ValueError, termios.error):
            if self._attributes is not None:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self._attributes)
            if select.select([], [self._descriptor], [], RESTORE_SECONDS)[1]:
                os.write(self._descriptor, RESTORE)

    def _empty(self) -> None:
        # From the background this would stop the process instead.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with contextlib.suppress(OSError, termios.error):
            termios.tcflow(self._descriptor, termios.TCOON)
            termios.tcflush(self._descriptor, termios.TCOFLUSH)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


READ: Final = 4096


class TerminalDriver(LinuxDriver):
    """Reads standard input and draws on standard output.

    What it reads never raises; what still does ends the console as any fault does. The size is the terminal's own.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        out = sys.__stdout__
        self.output = TerminalOutput(out.fileno() if out is not None else 1)
        self._file = cast("Any", self.output)

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self.output.fileno())
        except OSError:
            size = os.terminal_size((0, 0))
        return (size.columns, size.lines) if size.columns and size.lines else super()._get_terminal_size()

    def _query_in_band_window_resize(self) -> None:
        """Ask for no sizes in the stream of keys: the kernel's are true, and no paste can say another."""

    def process_message(self, message: Message) -> None:
        """Pass on what was read, but no size, and no mouse where there is no screen."""
        if isinstance(message, events.Resize | InBandWindowResize):
            return
        if isinstance(message, events.MouseEvent):
            columns, rows = self._get_terminal_size()
            if not (0 <= message.x < columns and 0 <= message.y < rows):
                return
        super().process_message(message)

    def close(self) -> None:
        """End the writing; a terminal that was given up gets at least its own state back."""
        super().close()
        if self.output.given_up:
            self.output.restore()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the console must end with a report of it
            self._app.call_later(_raise, error)

    def run_input_thread(self) -> None:
        """Read until the driver is stopped or the terminal is gone."""
        keys = TerminalKeys()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(keys.patience):
                    found = keys.silence(time.monotonic())
                elif data := self._read():
                    found = keys.feed(data, time.monotonic())
                else:
                    # It is gone: leave as if it had said so, which not every terminal does.
                    os.kill(os.getpid(), signal.SIGHUP)
                    return
                for message in found:
                    self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ)
        except OSError:
            return b""


def _raise(error: BaseException) -> None:
    raise error if isinstance(error, Exception) else RuntimeError(type(error).__name__)


GIVE_UP_SECONDS: Final = 1.0
"""After a signal: how long the terminal may take what was written for it."""
END_SECONDS: Final = 4.5
"""After a signal: when the process ends whatever it still does."""


class SignalWatch:
    """Calls `leave(128 + number)` in the watching thread for each of `numbers`, and sees to it that it helps."""

    def __init__(
        self,
        numbers: Sequence[signal.Signals],
        leave: Callable[[int], object],
        output: Callable[[], TerminalOutput | None],
        *,
        end: Callable[[int], object] = os._exit,
        give_up_seconds: float = GIVE_UP_SECONDS,
        end_seconds: float = END_SECONDS,
    ) -> None:
        self._numbers = numbers
        self._leave = leave
        self._output = output
        self._end = end
        self._give_up_seconds = give_up_seconds
        self._end_seconds = end_seconds
        self._ended = threading.Event()
        self._before: dict[signal.Signals, object] = {}
        self._reading = self._writing = self._before_wakeup = -1
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Obey from now on; in the main thread only, elsewhere it does nothing."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._before_wakeup = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _seen) for number in self._numbers}
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave signals as they were found."""
        if self._thread is None:
            return
        self._ended.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._before_wakeup)
        os.close(self._writing)
        self._thread.join()
        os.close(self._reading)
        self._thread = None

    def _watch(self) -> None:
        while data := os.read(self._reading, 64):
            for number in data:
                if number in self._numbers and not self._ended.is_set():
                    self._obey(128 + number)

    def _obey(self, code: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already, what follows may hang still
            self._leave(code)
        if self._ended.wait(self._give_up_seconds):
            return
        if (output := self._output()) is not None:
            output.give_up()
        if self._ended.wait(self._end_seconds - self._give_up_seconds):
            return
        if output is not None:
            output.restore()
        self._end(code)


def _seen(_number: int, _frame: FrameType | None) -> None:
    """Have a handler, so that the interpreter takes notice: the thread does what is to be done."""


_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


class ControlFilter(LineFilter):
    """Drops control, C1 and bidirectional characters from every line painted.

    Textual's width model counts them as zero cells, so nothing moves when they go.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without those characters; the same list when there are none."""
        if not any(_FORBIDDEN.search(segment.text) for segment in segments if not segment.control):
            return segments
        return [
            segment if segment.control else Segment(_FORBIDDEN.sub("", segment.text), segment.style)
            for segment in segments
        ]

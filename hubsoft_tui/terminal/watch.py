"""Signals are obeyed also while the event loop stands: behind a terminal that does not read, or anything else.

A thread of its own reads which signals came, from a pipe that the interpreter writes to at once. It asks first, then
has the terminal's output given up, and at last ends the process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

GIVE_UP_SECONDS: Final = 1.0
"""After a signal: how long the terminal may take what was written for it."""
END_SECONDS: Final = 4.5
"""After a signal: when the process ends whatever it still does."""


class Output(Protocol):
    """What can be given up."""

    def give_up(self) -> None:
        """Write nothing more."""
        ...

    def restore(self) -> None:
        """Give the terminal back."""
        ...


class SignalWatch:
    """Calls `leave(128 + number)` in the watching thread for each of `numbers`, and sees to it that it helps."""

    def __init__(
        self,
        numbers: Sequence[signal.Signals],
        leave: Callable[[int], None],
        output: Callable[[], Output | None],
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

"""What goes to the terminal: UTF-8 whatever the locale says, in pieces that can be given up.

A terminal that stops reading would otherwise hold the thread that writes, and the screens behind it, without end.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from typing import Any, Final

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

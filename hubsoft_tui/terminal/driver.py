"""The driver under the console: Textual's for Linux and macOS, with an input that survives any byte."""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final, cast

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.messages import InBandWindowResize

from .keys import TerminalKeys
from .output import TerminalOutput

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

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

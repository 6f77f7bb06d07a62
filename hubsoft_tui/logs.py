"""The log: one rotated file that only its owner reads, in which nobody's data and no secret is found."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .places import private_folder
from .privacy import clean, redact

if TYPE_CHECKING:
    from io import TextIOWrapper

ROOT: Final = "hubsoft_tui"
FILE_NAME: Final = "hubsoft-tui.log"
MAX_BYTES: Final = 2 * 1024 * 1024
KEPT_FILES: Final = 5

# Libraries that write whole addresses, and with them documents, at INFO.
_QUIET: Final = ("httpx", "httpcore", "asyncio", "urllib3", "uvicorn")


class PrivateFormatter(logging.Formatter):
    """One readable line per event, times local; everything in it redacted and harmless to a terminal.

    A traceback follows indented, so no text of an error can pass for an event of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the event's lines. Never raises: a message that cannot be built is said to be so."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        head = f"{moment}.{int(record.msecs):03d} {record.levelname:<7} {record.name} [{record.process}]"
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong placeholder or a broken __str__ must not lose the event
            message = "a message that could not be built"
        lines = [f"{head} {redact(clean(message))}"]
        if record.exc_info:
            lines += self._indented(self.formatException(record.exc_info))
        if record.stack_info:
            lines += self._indented(record.stack_info)
        return "\n".join(lines)

    @staticmethod
    def _indented(text: str) -> list[str]:
        return [f"    {line}" for line in redact(clean(text, multiline=True)).split("\n")]


class PrivateFile(RotatingFileHandler):
    """A rotated file, mode 0600, that several processes may write; what cannot be written is lost quietly."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8", errors="replace")

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding=self.encoding, errors=self.errors)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event to the file that has the name now: another process may have rotated it."""
        try:
            self._follow()
        except OSError:
            self.handleError(record)
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802 - logging's own name
        """Rotate, unless another process just did."""
        folder = os.open(Path(self.baseFilename).parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._follow()
            if self.stream is None or self.stream.tell() >= self.maxBytes // 2:
                super().doRollover()
        finally:
            os.close(folder)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Do nothing: the terminal belongs to the screens, and a full disk must not stop the work."""

    def _follow(self) -> None:
        if self.stream is None:
            return
        try:
            there = Path(self.baseFilename).stat()
        except FileNotFoundError:
            there = None
        here = os.fstat(self.stream.fileno())
        if there is None or (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
            fresh = self._open()
            self.stream.close()
            self.stream = fresh


def configure(folder: Path, level: str = "info", *, stderr: bool = False) -> Path:
    """Log to `folder` from now on, this much; to stderr too when a command asked for it. Returns the file.

    Only the console's and the libraries' own loggers are touched; a program that uses the library and never
    calls this keeps its logging. Calling again replaces what was configured. Raises StoreError.
    """
    private_folder(folder)
    path = folder / FILE_NAME
    handlers: list[logging.Handler] = [PrivateFile(path)]
    if stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    close()
    for name in (ROOT, *_QUIET, "py.warnings"):
        logger = logging.getLogger(name)
        for handler in handlers:
            handler.setFormatter(PrivateFormatter())
            logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger(ROOT).setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return path


def close() -> None:
    """Take back what `configure` did. The console's own logger stays quiet."""
    for name in (ROOT, *_QUIET, "py.warnings"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if isinstance(handler.formatter, PrivateFormatter):
                logger.removeHandler(handler)
                handler.close()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    if not logging.getLogger(ROOT).handlers:
        logging.getLogger(ROOT).addHandler(logging.NullHandler())

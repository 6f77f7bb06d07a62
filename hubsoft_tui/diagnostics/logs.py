"""The log: one rotated file that only its owner reads, which holds no personal data and no secret."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..privacy import clean, redact
from ..settings.places import private_folder, unwritable
from ..settings.tree import LogSettings

if TYPE_CHECKING:
    from io import TextIOWrapper

ROOT: Final = "hubsoft_tui"
FILE_NAME: Final = "hubsoft-tui.log"
SAME: Final = "same"
"""A part that logs as much as the whole."""

# Libraries that write whole addresses, and with them documents, at INFO.
_QUIET: Final = ("httpcore", "asyncio", "urllib3")


class PrivateFormatter(logging.Formatter):
    """One readable line per event, times local; everything in it redacted and harmless to a terminal.

    A traceback follows indented, so no text of an error can pass for an event of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the event's lines. Never raises: a message that cannot be built is said to be so."""
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        head = f"{moment}.{int(record.msecs):03d} {record.levelname:<7} {record.name} [{record.process}]"
        lines = [f"{head} {_message(record)}"]
        if record.exc_info:
            lines += self._indented(self.formatException(record.exc_info))
        if record.stack_info:
            lines += self._indented(record.stack_info)
        return "\n".join(lines)

    @staticmethod
    def _indented(text: str) -> list[str]:
        return [f"    {line}" for line in redact(clean(text, multiline=True)).split("\n")]


class JsonFormatter(PrivateFormatter):
    """One JSON object per event, for programs that read logs; redacted and harmless all the same.

    What the event was logged with as `extra={"fields": {...}}` stands beside the message under its own names.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the event as one line. Never raises."""
        event: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name,
            "process": record.process,
            "message": _message(record),
        }
        for name, value in getattr(record, "fields", {}).items():
            event.setdefault(
                name, value if isinstance(value, int | float | None) else redact(clean(str(value)))
            )
        if record.exc_info:
            event["error"] = redact(clean(self.formatException(record.exc_info), multiline=True))
        if record.stack_info:
            event["stack"] = redact(clean(record.stack_info, multiline=True))
        return json.dumps(event, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong placeholder or a broken __str__ must not lose the event
        message = "a message that could not be built"
    return redact(clean(message))


class PrivateFile(RotatingFileHandler):
    """A rotated file, mode 0600, that several processes may write; what cannot be written is lost quietly."""

    def __init__(self, path: Path, *, max_bytes: int, kept: int) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8", errors="replace")

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        handle = os.open(self.baseFilename, flags, 0o600)
        try:
            if os.fstat(handle).st_mode & 0o077:
                os.fchmod(handle, 0o600)
        except OSError:
            os.close(handle)
            raise
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

    def close(self) -> None:
        """Close the file; what is left to write is lost on a full disk."""
        with contextlib.suppress(OSError):
            super().close()

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


def configure(folder: Path, settings: LogSettings | None = None, *, stderr: bool = False) -> Path:
    """Log to `folder` from now on, as `settings` say; to stderr too when a command asked for it. Returns the file.

    Only the console's and the libraries' own loggers are touched; a program that uses the library and never
    calls this keeps its logging. Calling again replaces what was configured. Raises StoreError.
    """
    wanted = settings or LogSettings()
    private_folder(folder)
    path = folder / FILE_NAME
    try:
        handlers: list[logging.Handler] = [
            PrivateFile(path, max_bytes=wanted.max_bytes, kept=wanted.kept_files)
        ]
    except OSError as error:
        raise unwritable(path, error) from error
    if stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    close()
    formatter = JsonFormatter() if wanted.format == "json" else PrivateFormatter()
    for name in (ROOT, *_QUIET, "py.warnings"):
        logger = logging.getLogger(name)
        for handler in handlers:
            handler.setFormatter(formatter)
            logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger(ROOT).setLevel(wanted.level.upper())
    for part, level in wanted.levels.items():
        if level != SAME:
            logging.getLogger(f"{ROOT}.{part}").setLevel(level.upper())
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
    for part in LogSettings().levels:
        logging.getLogger(f"{ROOT}.{part}").setLevel(logging.NOTSET)
    if not logging.getLogger(ROOT).handlers:
        logging.getLogger(ROOT).addHandler(logging.NullHandler())

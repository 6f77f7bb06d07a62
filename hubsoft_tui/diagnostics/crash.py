"""When the program breaks: a redacted report in a private file, and one line that names it.

A traceback with local variables shows a customer's document and the token; ours has neither.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import platform
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .._version import __version__
from ..privacy import clean, redact
from ..settings.places import create_private
from ..texts import _

if TYPE_CHECKING:
    from types import TracebackType

KEPT_REPORTS: Final = 20
_log: Final = logging.getLogger(__name__)


def report(error: BaseException, folder: Path) -> Path | None:
    """Write what happened, without variables, documents or secrets, and return the file, or None.

    Never raises. The newest twenty reports are kept.
    """
    try:
        content = describe(error).encode("utf-8", "replace")
        stamp = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        for number in range(100):
            path = folder / (f"{stamp}-{number}.txt" if number else f"{stamp}.txt")
            if create_private(path, content):
                _prune(folder, path)
                return path
    except Exception:  # noqa: BLE001 - the program is dying already; its first error is the one to tell
        return None
    return None


def describe(error: BaseException) -> str:
    """Return the report's text: versions, time and the traceback of `error` and its causes, redacted."""
    when = time.strftime("%Y-%m-%d %H:%M:%S %z")
    python = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    head = f"hubsoft-tui {__version__}\n{python}\n{when}\n\n"
    story = traceback.TracebackException.from_exception(error, capture_locals=False, limit=-60)
    text = redact(clean("".join(story.format()), multiline=True))
    # The person's name is in the path of their home.
    with contextlib.suppress(RuntimeError):
        text = text.replace(f"{Path.home()}{os.sep}", f"~{os.sep}")
    return head + text


def line(path: Path | None) -> str:
    """Return the one line for the terminal: it names the report and nothing of what is in it."""
    if path is None:
        return _("The console stopped because of a fault of its own, and no report of it could be written.")
    shown = clean(str(path))
    return _("The console stopped because of a fault of its own. The report is in {path}").format(path=shown)


def install(folder: Path) -> None:
    """Report what was not caught, in any thread, to `folder`; the terminal sees one line and no traceback.

    Ctrl+C stays silent. A thread's fault is reported and logged; nothing is printed over a running screen.
    """

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            _say(line(report(error.with_traceback(trace), folder)))

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if isinstance(args.exc_value, OSError) and args.exc_value.errno in {errno.EIO, errno.EPIPE}:
            _log.info(
                "The terminal went away (%s).", args.exc_type.__name__
            )  # a dropped line is no fault of the program
        elif args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            path = report(args.exc_value, folder)
            _log.error("A thread stopped (%s); the report is in %s", args.exc_type.__name__, path)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        _log.error("%s while something was cleaned up", args.exc_type.__name__, exc_info=args.exc_value)

    # Without a configured log, logging's last resort would print what is logged here, traceback and all.
    logging.getLogger("hubsoft_tui").addHandler(logging.NullHandler())
    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr closed, or not there at all
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _prune(folder: Path, newest: Path) -> None:
    others = [path for path in folder.glob("crash-*.txt") if path != newest]
    others.sort(key=lambda path: path.stat().st_mtime_ns)
    for old in others[: max(0, len(others) - KEPT_REPORTS + 1)]:
        with contextlib.suppress(OSError):
            old.unlink()

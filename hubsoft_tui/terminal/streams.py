"""The three standard streams: there even when they were closed, and never without a letter for what they must say."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from pathlib import Path
from typing import Final, TextIO

LIKENESS: Final = "likeness"
"""The name of the way to write what an encoding lacks: by its likeness in ASCII."""

_MARKS: Final = str.maketrans(
    {
        "●": "*",
        "•": "*",
        "✔": "+",
        "✓": "+",
        "✖": "x",
        "×": "x",
        "▲": "^",
        "▼": "v",
        "→": "->",
        "←": "<-",
        "·": "-",
        "–": "-",
        "—": "-",
        "─": "-",
        "│": "|",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
    }
)


def likeness(text: str) -> str:
    """Return `text` in ASCII: letters without their marks, signs by one that looks alike, else a question mark."""
    plain = unicodedata.normalize("NFKD", text.translate(_MARKS))
    return "".join(each if each.isascii() else "?" for each in plain if not unicodedata.combining(each))


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return likeness(error.object[error.start : error.end]), error.end


codecs.register_error(LIKENESS, _replace)


def prepare() -> None:
    """Make the standard streams safe to use; call it before anything is opened.

    A closed one leads nowhere: without that, the next file opened would take its number and be written to. What
    the encoding of the others lacks is written by its likeness.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            opened = _nowhere(writing=number > 0)
            setattr(sys, name, opened)
            setattr(sys, f"__{name}__", opened)
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=LIKENESS)


def have_terminal() -> bool:
    """Whether a person can type to us and read us: both ends are a terminal whose other end is still there."""
    return is_terminal(sys.__stdin__) and is_terminal(sys.__stdout__)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal: not any more once its other end was closed."""
    try:
        return stream is not None and os.isatty(stream.fileno())
    except (OSError, ValueError):
        return False


def let_go() -> None:
    """Point the streams elsewhere when the terminal is gone: Python's last flush would change our exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere(*, writing: bool) -> TextIO:
    """Open the null device, which takes the lowest number that is free: that of the stream that was closed."""
    return Path(os.devnull).open(
        "w" if writing else "r", encoding="utf-8", errors=LIKENESS if writing else None
    )

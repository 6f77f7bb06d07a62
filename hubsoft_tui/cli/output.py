"""What the commands print: one JSON document for programs, aligned lines for people."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from ..terminal.streams import LIKENESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..errors import HubSoftError

_STYLES: Final = {"good": "32", "bad": "31", "warning": "33", "quiet": "2", "strong": "1"}


def styled(text: str, style: str) -> str:
    """Colour `text` for a terminal on stdout; a pipe, NO_COLOR and TERM=dumb get the words bare."""
    bare = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if bare else f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def write_json(document: dict[str, Any]) -> None:
    """Write the one document of a `--json` run to stdout."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def write_line(document: dict[str, Any]) -> None:
    """Write one of many JSON documents to stdout: each is one line, out at once."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode, allow_nan=False) + "\n")
    sys.stdout.flush()


def write_lines(lines: Iterable[str]) -> None:
    """Write lines for people to stdout; what its encoding cannot say is written by its likeness."""
    encoding = sys.stdout.encoding or "utf-8"
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    sys.stdout.write(text.encode(encoding, LIKENESS).decode(encoding))
    sys.stdout.flush()


def write_text(text: str) -> None:
    """Write a file's text to stdout as it is: UTF-8 and its own line ends, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def table(
    rows: Sequence[Sequence[str]], *, indent: int = 2, gap: int = 2, right: Sequence[int] = ()
) -> list[str]:
    """Return the rows with their columns aligned, by the cells that a terminal really uses.

    The columns whose numbers are in `right` hold amounts: they end at one edge.
    """
    widths = [max(map(_width, column)) for column in zip_longest(*rows, fillvalue="")]
    return [
        " " * indent
        + (" " * gap)
        .join(
            _padded(cell, width, right=number in right)
            for number, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        .rstrip()
        for row in rows
    ]


def shortened(text: str, most: int) -> str:
    """Return at most `most` terminal cells of `text`, with a sign where it goes on."""
    if _width(text) <= most:
        return text
    taken = 0
    for place, letter in enumerate(text):
        taken += _cells(letter)
        if taken > most - 1:
            return f"{text[:place]}…"
    return text


def error_kind(error: HubSoftError) -> str:
    """Return the error's class in a program's words: `credentials_refused`, `timed_out`, `settings`..."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def _width(text: str) -> int:
    """Return how many terminal cells `text` takes; its escape sequences take none."""
    bare = text
    for code in _STYLES.values():
        bare = bare.replace(f"\x1b[{code}m", "")
    bare = bare.replace("\x1b[0m", "")
    return sum(map(_cells, bare))


def _cells(letter: str) -> int:
    return 0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1

"""A list's bytes as numbered rows of cells: its encoding, its lines, its quoted cells (RFC 4180).

A quoted cell may hold line breaks. A forgotten quotation mark would make one cell of the rest of the file, so such a
cell is believed only when it ends as the rule says, soon, and holds no row of its own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from ...values import dataclass
from ..customers.documents import WrittenDocument, read_document

SEPARATORS: Final = ";\t|,"
LINES_OF_A_CELL: Final = 50
"""How many lines one row may take."""
MOST_CHARACTERS: Final = 100_000
"""Of one line: what is longer is no row of a list."""
HEAD_BYTES: Final = 64 * 1024
_BINARY: Final = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The cells of one row, and the number of the line it begins on."""

    number: int
    cells: tuple[str, ...]
    too_long: bool = False

    def cell(self, column: int | None) -> str:
        """Return one cell; empty where there is no such column."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""


def decoded(raw: bytes) -> str | None:
    """Return a file's text, in whichever of the usual encodings; None when it is no text."""
    head = raw[:HEAD_BYTES]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    elif (order := _wide(head)) is not None:
        text = raw.decode(order, "replace")
    elif b"\x00" in head and _BINARY.search(head):
        return None
    else:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Line by line: one that an older program added does not spoil the others.
            return "\n".join(map(_line, raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")))
    return None if "\x00" in text[:HEAD_BYTES] else text


def _wide(head: bytes) -> str | None:
    """Return the order of UTF-16 without its mark: every other byte of a Western text is zero."""
    first, second = head[::2], head[1::2]
    if not first.count(0) and second.count(0) > len(second) * 0.7:
        return "utf-16-le"
    return "utf-16-be" if not second.count(0) and first.count(0) > len(first) * 0.7 else None


def _line(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def lines_of(text: str) -> list[str]:
    """Return the lines; only CR, LF and both end one, not what Unicode calls a separator."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def declared_separator(line: str) -> str | None:
    """Return the separator that Excel's own first line names (`sep=;`), or None."""
    found = re.fullmatch(r'"?sep=(\\t|.)"?[;,\t|]*\s*', line.lstrip(" "), re.IGNORECASE)
    return found[1].replace("\\t", "\t") if found else None


def rows_of(lines: Sequence[str], separator: str, begin: int = 0) -> Iterator[CsvRow]:
    """Yield the rows that hold anything, from the line with this index on."""
    at = begin
    while at < len(lines):
        cells, taken = _row(lines, at, separator)
        if cells is None:
            yield CsvRow(at + 1, (), too_long=True)
        elif any(cells):
            yield CsvRow(at + 1, cells)
        at += taken


def _row(lines: Sequence[str], at: int, separator: str) -> tuple[tuple[str, ...] | None, int]:
    """Return the cells of the row that begins here (None: too long), and how many lines it takes."""
    line = lines[at]
    if len(line) > MOST_CHARACTERS:
        return None, 1
    if '"' not in line:
        return tuple(map(str.strip, line.split(separator))), 1
    if (whole := _across_lines(lines, at, separator)) is not None:
        return whole
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return None, 1
    return tuple(map(str.strip, cells)), 1


def _across_lines(lines: Sequence[str], at: int, separator: str) -> tuple[tuple[str, ...], int] | None:
    """Return a row as RFC 4180 has it, or None when it does not end as it should."""
    last = min(len(lines), at + LINES_OF_A_CELL)
    reader = csv.reader((f"{lines[place]}\n" for place in range(at, last)), delimiter=separator, strict=True)
    try:
        cells = next(reader, [])
    except csv.Error:
        return None
    if reader.line_num > 1 and any(map(_holds_a_row, cells, [separator] * len(cells))):
        return None
    return tuple(map(str.strip, cells)), reader.line_num


def _holds_a_row(cell: str, separator: str) -> bool:
    """Tell whether a line inside a cell is a row with a document: then a quotation mark was forgotten above it."""
    return any(
        isinstance(read_document(part), WrittenDocument)
        for line in cell.split("\n")[1:]
        if separator in line
        for part in line.split(separator)
    )

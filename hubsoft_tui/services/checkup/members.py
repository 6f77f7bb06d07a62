"""A file of members, as spreadsheets write them: read row by row, each bad line told, the good ones kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ...errors import InvalidInput
from ...privacy import REPLACEMENT, clean
from ...settings.places import expanded
from ...texts import Text, ngettext, say
from ..customers.documents import Unread, as_number, bare, read_document, tidy, unwrapped
from .cells import SEPARATORS, CsvRow, declared_separator, decoded, lines_of, rows_of
from .headings import ROWS_LOOKED_AT, Layout, ListColumns, document_of_cell, layout_of
from .types import BadLine, Imported, Member

MAX_BYTES: Final = 64 * 1024 * 1024
"""A million members have room in it; what is larger is something else."""
MAX_TEXT: Final = 200
STANDARD_INPUT: Final = "-"
_STREAMS: Final = frozenset({STANDARD_INPUT, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def is_standard_input(path: str | Path) -> bool:
    """Tell whether the list is what is piped in."""
    return str(path) in _STREAMS


def place_of(path: str | Path) -> Path:
    """Return the place that a list is known by."""
    return Path(STANDARD_INPUT) if is_standard_input(path) else expanded(path).absolute()


def read_members(path: str | Path) -> tuple[Path, Imported]:
    """Read a CSV file of members, or standard input (`-`); return where it is, and what it held. Blocks.

    Raises InvalidInput when it is no such file, or holds no member at all.
    """
    if is_standard_input(path):
        name = str(say("standard input"))
        if sys.stdin is None or sys.stdin.closed:
            raise InvalidInput(say("There is no standard input to read a list from. Name a file."))
        return place_of(path), parse_members(_text(name, _whole(name, sys.stdin.buffer)), name)
    file = place_of(path)
    return file, parse_members(_text(str(file), _content(file)), file.name)


def parse_members(text: str, name: str) -> Imported:
    """Take the members out of a file's text. Raises InvalidInput as `read_members` does."""
    lines = lines_of(text)
    begin = next((place for place, line in enumerate(lines) if line.strip(SEPARATORS + ' "')), len(lines))
    declared = declared_separator(lines[begin]) if begin < len(lines) else None
    if declared is not None:
        begin += 1
    found = _laid_out(lines, begin, declared)
    if found is None:
        if not any(line.strip(SEPARATORS + ' "') for line in lines[begin:]):
            raise InvalidInput(say("{file} is empty: there is nobody to check.", file=name))
        raise InvalidInput(
            say(
                "{file} has no column of documents. Name it in a line above them: cpf, cnpj, documento or document.",
                file=name,
            )
        )
    separator, layout = found
    taken = _Found(layout.columns)
    for place, row in enumerate(rows_of(lines, separator, begin)):
        if place >= layout.first:
            taken.take(row)
        elif place < layout.first - 1 and any(map(document_of_cell, row.cells)):
            taken.bad.append(BadLine(row.number, say("it stands above the line that names the columns")))
    if not taken.members:
        raise InvalidInput(_nobody(name, taken))
    return Imported(
        tuple(taken.members.values()),
        tuple(taken.bad),
        tuple(taken.doubles),
        taken.restored,
        layout.headerless,
        layout.columns.titles,
    )


def _laid_out(lines: Sequence[str], begin: int, declared: str | None) -> tuple[str, Layout] | None:
    """Return the separator and the layout that explain the file best, or None when none does."""
    head = lines[begin : begin + 2 * ROWS_LOOKED_AT]
    best: tuple[tuple[bool, bool, bool, int], str, Layout] | None = None
    for separator in dict.fromkeys([*([declared] if declared else []), *SEPARATORS]):
        layout = layout_of(list(rows_of(head, separator)))
        if layout is None:
            continue
        # A separator that the heading does not have parts what is one cell: a decimal comma.
        score = (layout.proven, separator == declared, layout.width > 1, layout.width)
        if best is None or score > best[0]:
            best = score, separator, layout
    return None if best is None else best[1:]


@dataclass(slots=True)
class _Found:
    """What has been taken from the rows so far."""

    columns: ListColumns
    members: dict[str, Member] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    doubles: list[tuple[int, int]] = field(default_factory=list)
    restored: int = 0
    lines: dict[str, int] = field(default_factory=dict)

    def take(self, row: CsvRow) -> None:
        """Take one row."""
        if row.too_long:
            self.bad.append(BadLine(row.number, say("the line is too long to be a member")))
            return
        document = _document(row, self.columns)
        if isinstance(document, Text):
            self.bad.append(BadLine(row.number, document))
            return
        value, restored = document
        self.restored += restored
        member = Member(value, _named(row, self.columns.name), _named(row, self.columns.external))
        known = self.members.get(value)
        if known is None:
            self.members[value], self.lines[value] = member, row.number
            return
        self.doubles.append((row.number, self.lines[value]))
        # What the first line leaves open the second may fill.
        self.members[value] = Member(
            value, known.name or member.name, known.external_id or member.external_id
        )


def _named(row: CsvRow, column: int | None) -> str:
    """Return a cell as one line, harmless to show."""
    return clean(" ".join(row.cell(column).split())).replace(REPLACEMENT, "")[:MAX_TEXT]


def _document(row: CsvRow, columns: ListColumns) -> tuple[str, bool] | Text:
    """Return the row's first valid document and whether zeros had to be restored, or why there is none."""
    wrong: Text | None = None
    for cell in map(row.cell, columns.documents):
        found = read_document(cell[:MAX_TEXT])
        if not isinstance(found, Unread):
            return found.value, found.restored
        # What stands in the first column that holds anything is what its reader looks for.
        if found is not Unread.EMPTY and wrong is None:
            wrong = _reason(found, cell)
    return wrong or say("there is no document")


def _reason(why: Unread, cell: str) -> Text:
    match why:
        case Unread.ZEROS:
            return say("the document is all zeros")
        case Unread.CPF_DIGITS:
            return say("the check digits of the CPF do not match")
        case Unread.CNPJ_DIGITS:
            return say("the check digits of the CNPJ do not match")
        case Unread.SHORTENED:
            return say("a spreadsheet has shortened the document: format the column as text")
        case Unread.TWO:
            return say(
                "the document can be read as two different ones, each of them valid: write all its digits"
            )
        case Unread.LENGTH:
            line = unwrapped(tidy(cell))
            count = len(as_number(line) or bare(line))
            return say("a document has 11 or 14 digits, not {count}", count=count)
        case _:
            return say("this is neither a CPF nor a CNPJ")


def _content(path: Path) -> bytes:
    """Return the file's bytes. Raises InvalidInput."""
    try:
        if path.is_dir():
            raise InvalidInput(say("{file} is a folder. Name a CSV file.", file=path))
        if not path.exists():
            raise InvalidInput(say("There is no file {file}.", file=path))
        if not path.is_file():
            raise InvalidInput(say("{file} is no ordinary file. Name a CSV file.", file=path))
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(str(path))
        with path.open("rb") as file:
            return _whole(str(path), file)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput(say("{file} cannot be read: {reason}.", file=path, reason=reason)) from error


def _whole(name: str, file: BinaryIO) -> bytes:
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise _too_large(name)
    return raw


def _too_large(name: str) -> InvalidInput:
    limit = MAX_BYTES // 2**20
    return InvalidInput(
        say("{file} is larger than {limit} MB: that is no list of members.", file=name, limit=limit)
    )


def _text(name: str, raw: bytes) -> str:
    text = decoded(raw)
    if text is None:
        raise InvalidInput(say("{file} is not a text file. Save the list as CSV and try again.", file=name))
    return text


def _nobody(name: str, found: _Found) -> Text:
    if not found.bad:
        return say("{file} names its columns and no member: there is nobody to check.", file=name)
    first = found.bad[0]
    return say(
        "{file} holds no usable member. Line {line}: {reason}.",
        file=name,
        line=first.number,
        reason=first.reason,
    )


def columns_read(imported: Imported) -> Text:
    """Say which columns the documents were read from."""
    return say("Documents were read from: {columns}.", columns=", ".join(imported.columns))


def zeros_restored(imported: Imported) -> str:
    """Say how many documents got their zeros back."""
    return ngettext(
        "{n} document had lost its leading zeros; they were put back.",
        "{n} documents had lost their leading zeros; they were put back.",
        imported.restored,
    ).format(n=imported.restored)


def bad_lines(imported: Imported) -> Iterator[Text]:
    """Say what was wrong with a file, line by line."""
    for bad in imported.bad:
        yield say("Line {line}: {reason}.", line=bad.number, reason=bad.reason)
    for line, earlier in imported.doubles:
        yield say(
            "Line {line} repeats the document of line {earlier}; they are one.", line=line, earlier=earlier
        )

"""A file of members, as spreadsheets write them: read row by row, each bad line told, the good ones kept.

Which columns hold documents, names and ids the words of the heading tell, and the rows below prove it.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import BinaryIO, Final

from ...errors import InvalidInput
from ...privacy import REPLACEMENT, clean
from ...settings.places import whole
from ...texts import Text, ngettext, say
from ...values import dataclass
from ..customers.documents import (
    Unreadable,
    WrittenDocument,
    as_number,
    bare,
    digits_of,
    read_document,
    tidy,
    unwrapped,
)
from .cells import SEPARATORS, CsvRow, declared_separator, decoded, lines_of, rows_of
from .types import BadLine, Imported, Member

ROWS_LOOKED_AT: Final = 200
"""How many rows may stand above the heading, and how many below it are looked at for a document."""
MOST_OF_A_HEADING: Final = 100
DIGITS_OF_DATA: Final = 8
SHARE: Final = 0.2
"""A column without a name holds documents when it has this share of those of the best one: phones that happen to be
valid CPFs are one in a hundred."""

_DOCUMENT: Final = frozenset({"documento", "document", "doc", "cpf", "cnpj", "taxid"})
_NAME: Final = frozenset({"nome", "name", "razao", "razaosocial", "fullname", "nomecompleto"})
_PERSON: Final = frozenset(
    {"cliente", "customer", "membro", "member", "titular", "assinante", "associado", "fantasia"}
)
_EXTERNAL: Final = frozenset({
    "externalid", "idexterno", "codigoexterno", "id", "codigo", "code", "cod", "matricula", "externo",
    "registro",
})  # fmt: skip
# A document beside these words is another person's, or no document at all: read only where there is no other.
_OTHERS: Final = frozenset({
    "vendedor", "vendedora", "responsavel", "conjuge", "indicador", "indicado", "fiador", "avalista",
    "socio", "representante", "atendente", "tecnico", "seller", "spouse", "mae", "pai", "dependente",
    "filial", "emissor", "fornecedor", "instalador", "consultor", "parceiro", "tipo", "type", "data",
    "date", "validade", "orgao", "status", "situacao", "plano", "rua", "cidade", "bairro",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListColumns:
    """Where things stand in a row. Of several documents each row's first valid one counts."""

    documents: tuple[int, ...]
    name: int | None = None
    external: int | None = None
    titles: tuple[str, ...] = ()
    """What the heading calls the columns of documents."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a list is laid out: its columns, and the index of its first row of data."""

    columns: ListColumns
    first: int
    headerless: bool
    proven: bool
    """Whether a document was found where the columns say."""
    width: int


def layout_of(rows: Sequence[CsvRow]) -> Layout | None:
    """Return how the rows are laid out, or None when no column of documents is found.

    Titles may stand above the heading, the provider's own CNPJ among them.
    """
    unproven = None
    for place, row in enumerate(rows[:ROWS_LOOKED_AT]):
        if columns := _named(row.cells):
            below = rows[place + 1 : place + 1 + ROWS_LOOKED_AT]
            proven = any(document_in(each, columns) for each in below)
            found = Layout(columns, place + 1, headerless=False, proven=proven, width=len(row.cells))
            if proven:
                return found
            unproven = unproven or found
    return unproven or _guessed(rows)


def document_in(row: CsvRow, columns: ListColumns) -> WrittenDocument | None:
    """Return the row's first valid document, or None."""
    return next(filter(None, (document_of_cell(row.cell(column)) for column in columns.documents)), None)


def _named(cells: Sequence[str]) -> ListColumns | None:
    """Return the columns that a heading names, or None when it names no documents."""
    words = [_words(cell) for cell in cells]
    documents = [place for place, each in enumerate(words) if _is_document(each)]
    if not documents:
        return None
    own = [place for place in documents if not words[place] & _OTHERS] or documents
    left = [place for place in range(len(cells)) if place not in documents]
    external = next((place for place in left if words[place] & _EXTERNAL), None)
    names = [place for place in left if place != external and not words[place] & _OTHERS]
    name = next((place for place in names if words[place] & _NAME), None)
    if name is None:
        name = next((place for place in names if words[place] & _PERSON), None)
    return ListColumns(tuple(own), name, external, tuple(clean(tidy(cells[place])) for place in own))


def _is_document(words: frozenset[str]) -> bool:
    joined = ("cpf", "cnpj", "documento", "taxid")
    return bool(words & _DOCUMENT) or any(part in word for word in words for part in joined)


def _words(cell: str) -> frozenset[str]:
    """Return a heading's words without accents, and all of them as one; none for a cell that is no heading."""
    if len(cell) > MOST_OF_A_HEADING or len(digits_of(cell)) >= DIGITS_OF_DATA:
        return frozenset()
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tidy(cell))
    decomposed = unicodedata.normalize("NFD", parted.casefold())
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    words = re.findall(r"[a-z0-9]+", plain)
    return frozenset([*words, "".join(words)]) - {""}


def _guessed(rows: Sequence[CsvRow]) -> Layout | None:
    """Return the layout of rows that are members from the first document on, or None when it cannot be told."""
    valid = [
        {place: found.value for place, cell in enumerate(row.cells) if (found := document_of_cell(cell))}
        for row in rows[: 2 * ROWS_LOOKED_AT]
    ]
    first = next((place for place, found in enumerate(valid) if found), None)
    if first is None:
        return None
    counted = Counter(column for found in valid for column in found)
    least = SHARE * max(counted.values())
    documents = tuple(sorted(column for column, count in counted.items() if count >= least))
    for each in valid:
        if len({each[column] for column in documents if column in each}) > 1:
            return None  # whose of the two it is, nothing says
    cells = rows[first].cells
    texts = (
        place for place, cell in enumerate(cells) if re.search(r"[^\W\d_]", cell) and place not in documents
    )
    columns = ListColumns(documents, next(texts, None))
    return Layout(columns, first, headerless=True, proven=True, width=len(cells))


def document_of_cell(cell: str) -> WrittenDocument | None:
    """Return the valid document that a cell is, or None."""
    found = read_document(cell)
    return found if isinstance(found, WrittenDocument) else None


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
    return Path(STANDARD_INPUT) if is_standard_input(path) else whole(path)


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
        raise InvalidInput(_no_member(name, taken))
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
        member = Member(value, _one_line(row, self.columns.name), _one_line(row, self.columns.external))
        known = self.members.get(value)
        if known is None:
            self.members[value], self.lines[value] = member, row.number
            return
        self.doubles.append((row.number, self.lines[value]))
        # What the first line leaves open the second may fill.
        self.members[value] = Member(
            value, known.name or member.name, known.external_id or member.external_id
        )


def _one_line(row: CsvRow, column: int | None) -> str:
    """Return a cell as one line, harmless to show."""
    return clean(" ".join(row.cell(column).split())).replace(REPLACEMENT, "")[:MAX_TEXT]


def _document(row: CsvRow, columns: ListColumns) -> tuple[str, bool] | Text:
    """Return the row's first valid document and whether zeros had to be restored, or why there is none."""
    wrong: Text | None = None
    for cell in map(row.cell, columns.documents):
        found = read_document(cell[:MAX_TEXT])
        if not isinstance(found, Unreadable):
            return found.value, found.restored
        # What stands in the first column that holds anything is what its reader looks for.
        if found is not Unreadable.EMPTY and wrong is None:
            wrong = _reason(found, cell)
    return wrong or say("there is no document")


def _reason(why: Unreadable, cell: str) -> Text:
    match why:
        case Unreadable.ZEROS:
            return say("the document is all zeros")
        case Unreadable.CPF_DIGITS:
            return say("the check digits of the CPF do not match")
        case Unreadable.CNPJ_DIGITS:
            return say("the check digits of the CNPJ do not match")
        case Unreadable.SHORTENED:
            return say("a spreadsheet has shortened the document: format the column as text")
        case Unreadable.TWO:
            return say(
                "the document can be read as two different ones, each of them valid: write all its digits"
            )
        case Unreadable.LENGTH:
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


def _no_member(name: str, found: _Found) -> Text:
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

"""A file of members, as spreadsheets write them: read line by line, each bad line told, the good ones kept."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...errors import InvalidInput
from ...privacy import REPLACEMENT, clean
from ...texts import Text, say
from ..documents import bare, is_cnpj, is_cpf, looks_like_cnpj
from .types import BadLine, Imported, Member

MAX_BYTES: Final = 64 * 1024 * 1024
"""A million members have room in it; what is larger is something else."""
HEAD_BYTES: Final = 64 * 1024
MAX_TEXT: Final = 200
SEPARATORS: Final = ";,\t"

_DOCUMENT: Final = frozenset(
    {"documento", "document", "cpf", "cnpj", "cpfcnpj", "cpfoucnpj", "doc", "taxid", "numerododocumento"}
)
_NAME: Final = frozenset(
    {"nome", "name", "nomecompleto", "fullname", "nomerazaosocial", "razaosocial", "cliente", "customer"}
    | {"membro", "member", "titular"}
)
_EXTERNAL: Final = frozenset(
    {"externalid", "idexterno", "codigoexterno", "id", "codigo", "code", "matricula", "externo", "registro"}
)


def read_members(path: str | Path) -> tuple[Path, Imported]:
    """Read a CSV file of members; return where it is, and what it held. Blocks.

    Raises InvalidInput when it is no such file, or holds no member at all.
    """
    file = Path(path).expanduser().absolute()
    return file, parse_members(_text(file).splitlines(), file.name)


def parse_members(lines: Sequence[str], name: str) -> Imported:
    """Take the members out of a file's lines. Raises InvalidInput as `read_members` does.

    Each line stands alone: a quotation mark somebody forgot spoils one line, never the rest of the file.
    """
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip(SEPARATORS + " ")]
    separator = None
    if numbered and (declared := re.fullmatch(r"sep=(.)", numbered[0][1].strip(), re.IGNORECASE)):
        separator, numbered = declared[1], numbered[1:]
    if not numbered:
        raise InvalidInput(say("{file} is empty: there is nobody to check.", file=name))
    separator = separator or _separator(numbered[0][1])
    columns = _columns(_cells(numbered[0][1], separator))
    headerless = columns is None
    if columns is None:
        columns = _guessed(_cells(numbered[0][1], separator))
    if columns is None:
        raise InvalidInput(
            say(
                "{file} has no column of documents. Its first line must name one: cpf, cnpj, documento or document.",
                file=name,
            )
        )
    found = _Found()
    for number, line in numbered if headerless else numbered[1:]:
        found.take(number, _cells(line, separator), columns)
    if not found.members:
        raise InvalidInput(_nobody(name, found))
    return Imported(
        tuple(found.members.values()), tuple(found.bad), tuple(found.doubles), found.restored, headerless
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    document: int
    name: int | None = None
    external: int | None = None


@dataclass(slots=True)
class _Found:
    """What has been taken from the lines so far."""

    members: dict[str, Member] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    doubles: list[tuple[int, int]] = field(default_factory=list)
    restored: int = 0
    lines: dict[str, int] = field(default_factory=dict)

    def take(self, number: int, cells: list[str], columns: _Columns) -> None:
        """Take one line."""
        document = _document(_cell(cells, columns.document))
        if isinstance(document, Text):
            self.bad.append(BadLine(number, document))
            return
        value, restored = document
        self.restored += restored
        member = Member(value, _cell(cells, columns.name), _cell(cells, columns.external))
        known = self.members.get(value)
        if known is None:
            self.members[value], self.lines[value] = member, number
            return
        self.doubles.append((number, self.lines[value]))
        # What the first line leaves open the second may fill.
        self.members[value] = Member(
            value, known.name or member.name, known.external_id or member.external_id
        )


def _text(path: Path) -> str:
    """Return the file's text, in whichever of the usual encodings. Raises InvalidInput."""
    try:
        if path.is_dir():
            raise InvalidInput(say("{file} is a folder. Name a CSV file.", file=path))
        if not path.exists():
            raise InvalidInput(say("There is no file {file}.", file=path))
        if not path.is_file():
            raise InvalidInput(say("{file} is no ordinary file. Name a CSV file.", file=path))
        if path.stat().st_size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise InvalidInput(
                say("{file} is larger than {limit} MB: that is no list of members.", file=path, limit=limit)
            )
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
            if b"\x00" in head and not wide:
                raise InvalidInput(
                    say("{file} is not a text file. Save the list as CSV and try again.", file=path)
                )
            raw = head + file.read(MAX_BYTES)
    except OSError as error:
        raise InvalidInput(
            say("{file} cannot be read: {reason}.", file=path, reason=error.strerror or type(error).__name__)
        ) from error
    if wide:
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _separator(line: str) -> str:
    outside = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=outside.count)


def _cells(line: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # a field longer than any name
        cells = []
    return [clean(cell).replace(REPLACEMENT, "").strip() for cell in cells]


def _cell(cells: list[str], column: int | None) -> str:
    return cells[column][:MAX_TEXT] if column is not None and column < len(cells) else ""


def _columns(cells: list[str]) -> _Columns | None:
    """Return where a header's columns are, or None when it names no documents."""
    names = [_folded(cell) for cell in cells]
    document = next((place for place, name in enumerate(names) if name in _DOCUMENT), None)
    if document is None:
        return None
    name = next((place for place, name in enumerate(names) if name in _NAME), None)
    external = next((place for place, name in enumerate(names) if name in _EXTERNAL), None)
    return _Columns(document, name, external)


def _guessed(cells: list[str]) -> _Columns | None:
    """Return where the document stands in a first line that is a member already, or None."""
    valid = [place for place, cell in enumerate(cells) if not isinstance(_document(cell), Text)]
    if len(valid) != 1:
        return None
    texts = (place for place, cell in enumerate(cells) if re.search(r"[^\W\d_]", cell) and place != valid[0])
    return _Columns(valid[0], next(texts, None))


def _folded(cell: str) -> str:
    decomposed = unicodedata.normalize("NFD", cell.casefold())
    return "".join(character for character in decomposed if character.isalnum() and character.isascii())


def _document(cell: str) -> tuple[str, bool] | Text:
    """Return a document and whether zeros had to be restored, or why the cell holds none."""
    if not cell:
        return say("there is no document")
    if re.fullmatch(r"[\d.,]+E\+?\d+", cell, re.IGNORECASE):
        return say("a spreadsheet has shortened the document: format the column as text")
    value = bare(cell.strip("'="))
    if not (value.isascii() and value.isalnum()):
        return say("this is neither a CPF nor a CNPJ")
    if not value.strip("0"):
        return say("the document is all zeros")
    if is_cpf(value) or is_cnpj(value):
        return value, False
    if (whole := _restored(value)) is not None:
        return whole, True
    return _wrong(value)


def _restored(value: str) -> str | None:
    """Return the document whose leading zeros a spreadsheet took for a number's, if `value` is one.

    Not of 12 digits: they are as likely a CPF with one too many.
    """
    if not value.isdigit():
        return None
    if 8 <= len(value) <= 10 and is_cpf(value.zfill(11)):
        return value.zfill(11)
    return value.zfill(14) if len(value) == 13 and is_cnpj(value.zfill(14)) else None


def _wrong(value: str) -> Text:
    if len(value) == 11 and value.isdigit():
        return say("the check digits of the CPF do not match")
    if looks_like_cnpj(value):
        return say("the check digits of the CNPJ do not match")
    if value.isdigit():
        return say("a document has 11 or 14 digits, not {count}", count=len(value))
    return say("this is neither a CPF nor a CNPJ")


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


def bad_lines(imported: Imported) -> Iterator[Text]:
    """Say what was wrong with a file, line by line."""
    for bad in imported.bad:
        yield say("Line {line}: {reason}.", line=bad.number, reason=bad.reason)
    for line, earlier in imported.doubles:
        yield say(
            "Line {line} repeats the document of line {earlier}; they are one.", line=line, earlier=earlier
        )

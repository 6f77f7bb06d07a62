"""Which columns of a list hold documents, names and ids: told by the words of its heading, proven by what is below."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...privacy import clean
from ..customers.documents import WrittenDocument, digits_of, read_document, tidy
from .cells import CsvRow

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
_EXTERNAL: Final = frozenset(
    {
        "externalid",
        "idexterno",
        "codigoexterno",
        "id",
        "codigo",
        "code",
        "cod",
        "matricula",
        "externo",
        "registro",
    }
)
# A document beside these words is another person's, or no document at all: read only where there is no other.
_OTHERS: Final = frozenset(
    {
        "vendedor",
        "vendedora",
        "responsavel",
        "conjuge",
        "indicador",
        "indicado",
        "fiador",
        "avalista",
        "socio",
    }
    | {"representante", "atendente", "tecnico", "seller", "spouse", "mae", "pai", "dependente"}
    | {"filial", "emissor", "fornecedor", "instalador", "consultor", "parceiro"}
    | {
        "tipo",
        "type",
        "data",
        "date",
        "validade",
        "orgao",
        "status",
        "situacao",
        "plano",
        "rua",
        "cidade",
        "bairro",
    }
)


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

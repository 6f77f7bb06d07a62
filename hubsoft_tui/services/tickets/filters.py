"""What narrows the tickets, as a small language: `late unassigned`, `resp:sara sla<1h status:pendente`.

Pure: text in, a `TicketFilter` or a `FilterError` with its place out. Words of both languages are known whichever
is spoken, in any case and without accents. `str()` of a filter reads back as the same filter.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from ...formats import DAY, HOUR, MINUTE, fold
from ...texts import _, language
from ...values import dataclass


class FilterFlag(Enum):
    """What is so of a ticket, or is not. The value holds its names: Portuguese, English, then others."""

    LATE = ("atrasado", "late", "atrasados", "atrasada", "atrasadas", "vencido", "vencidos")
    SOON = ("vencendo", "soon", "a vencer", "due soon")
    UNASSIGNED = ("sem-responsável", "unassigned", "sem responsável", "sem-resp", "sem resp")
    MINE = ("meus", "mine", "meu")
    UNREAD = ("não-lidos", "unread", "não lidos", "não-lido", "não lido")
    CHANGED = ("mudaram-hoje", "changed-today", "mudaram hoje", "mudou-hoje", "mudou hoje", "changed today")
    OPEN = ("aberto", "open", "abertos", "em aberto")
    CLOSED = ("fechado", "closed", "fechados")
    MISSING = ("sumido", "missing", "sumiu", "sumidos")


class FilterField(Enum):
    """What a condition is about; names as in `FilterFlag`."""

    RESPONSIBLE = ("resp", "resp", "responsável", "responsible")
    STATUS = ("status", "status", "situação")
    TYPE = ("tipo", "type")
    CUSTOMER = ("cliente", "customer")
    PROTOCOL = ("protocolo", "protocol")
    CODE = ("código", "code")
    SLA = ("sla", "sla", "prazo")
    AGE = ("idade", "age")
    CHANGED = ("mudou", "changed")
    MESSAGES = ("mensagens", "messages", "msgs")


SPANS: Final = frozenset({FilterField.SLA, FilterField.AGE, FilterField.CHANGED})
"""Fields that are compared with a time such as `2h`."""
NUMBERS: Final = frozenset({FilterField.MESSAGES})


class FilterError(ValueError):
    """Text that is no filter. `position` is where in it, counted from 0; the message is for people.

    `readable` is the filter without what cannot be read.
    """

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position
        self.readable = EVERYTHING


@dataclass(frozen=True, slots=True)
class FilterTerm:
    """One condition: a flag, a field with values, or text that must be there (neither)."""

    about: FilterFlag | FilterField | None = None
    relation: str = ""
    values: tuple[str, ...] = ()
    """Text to look for; one of several is enough."""
    bound: float = 0.0
    """What a span (seconds) or a number is compared with."""
    negated: bool = False

    def __str__(self) -> str:
        """Return the term as it is typed."""
        sign = "-" if self.negated else ""
        if self.about is None:
            return sign + _word(self.values[0])
        name: str = self.about.value[1]
        if isinstance(self.about, FilterFlag):
            return sign + name
        if self.about in SPANS:
            return f"{sign}{name}{self.relation}{span_text(self.bound)}"
        if self.about in NUMBERS:
            return f"{sign}{name}{self.relation}{self.bound:.0f}"
        return f"{sign}{name}{self.relation}{','.join(map(quoted_value, self.values))}"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Conditions that must all hold."""

    terms: tuple[FilterTerm, ...] = ()

    def __str__(self) -> str:
        """Return the filter as it is typed."""
        return " ".join(map(str, self.terms))

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.terms)

    @property
    def words(self) -> tuple[str, ...]:
        """The texts that must be there: the table looks for them in what it has prepared."""
        return tuple(term.values[0] for term in self.terms if term.about is None and not term.negated)

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The texts that must not be there."""
        return tuple(term.values[0] for term in self.terms if term.about is None and term.negated)

    @property
    def conditions(self) -> tuple[FilterTerm, ...]:
        """Everything else."""
        return tuple(term for term in self.terms if term.about is not None)

    @property
    def names_a_state(self) -> bool:
        """Whether it says which states are wanted, so that closed ones are not left out beforehand."""
        stated = {FilterFlag.CLOSED, FilterFlag.MISSING, FilterFlag.CHANGED, FilterFlag.UNREAD}
        return any(term.about in stated and not term.negated for term in self.terms)

    @property
    def ages(self) -> bool:
        """Whether the passing of time alone changes what it shows."""
        timed = {FilterFlag.LATE, FilterFlag.SOON, FilterFlag.CHANGED, *SPANS}
        return any(term.about in timed for term in self.terms)


EVERYTHING: Final = TicketFilter()


# -- reading


def parse(text: str) -> TicketFilter:
    """Read a filter. Raises FilterError, for the first thing that cannot be read."""
    terms, wrong = [], None
    pieces = pieces_of(text)
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        if following is not None and piece.bare and following.bare and not following.negated:
            pair = _FLAGS.get(f"{fold(piece.name)} {fold(following.name)}")
            if pair is not None:
                terms.append(FilterTerm(pair, negated=piece.negated))
                index += 2
                continue
        try:
            terms.append(_term(piece))
        except FilterError as error:
            wrong = wrong or error
        index += 1
    if wrong is not None:
        wrong.readable = TicketFilter(tuple(terms))
        raise wrong
    return TicketFilter(tuple(terms))


@dataclass(frozen=True, slots=True)
class FilterPiece:
    """One term as it stands in the text."""

    start: int
    end: int
    negated: bool
    name: str
    """The word before the relation; the whole text of a term that has none."""
    relation: str
    quoted: bool
    values: tuple[tuple[str, int], ...]
    """Values with where each begins."""

    @property
    def bare(self) -> bool:
        """A word alone, not in quotes."""
        return not self.relation and not self.quoted


_OPERATOR: Final = re.compile(r"<=|>=|[<>=:]")


def pieces_of(text: str) -> list[FilterPiece]:
    """Return the terms of `text` as they stand in it."""
    pieces, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        piece = _piece(text, at)
        pieces.append(piece)
        at = piece.end
    return pieces


def _piece(text: str, start: int) -> FilterPiece:
    at = start
    negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    at += negated
    if text[at] == '"':
        value, at = _quoted(text, at)
        return FilterPiece(start, at, negated, value, "", True, ())
    name_at = at
    while at < len(text) and not text[at].isspace() and not _OPERATOR.match(text, at):
        at += 1
    name = text[name_at:at]
    operator = _OPERATOR.match(text, at)
    if operator is None:
        return FilterPiece(start, at, negated, name, "", False, ())
    at = operator.end()
    values = []
    while True:
        value_at = at
        if at < len(text) and text[at] == '"':
            value, at = _quoted(text, at)
        else:
            while at < len(text) and not text[at].isspace() and text[at] != ",":
                at += 1
            value = text[value_at:at]
        values.append((value, value_at))
        if at < len(text) and text[at] == ",":
            at += 1
            continue
        break
    # What stands right behind a closing quote is a term of its own.
    return FilterPiece(start, at, negated, name, operator.group(), False, tuple(values))


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return what the quote at `at` holds and where it ends; one that is not closed yet goes to the end."""
    value, at = [], at + 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), min(at + 1, len(text))


def _term(piece: FilterPiece) -> FilterTerm:
    if not piece.relation:
        flag = None if piece.quoted else _FLAGS.get(fold(piece.name))
        if flag is not None:
            return FilterTerm(flag, negated=piece.negated)
        if not fold(piece.name).strip():
            raise FilterError(_("there is nothing between the quotes"), piece.start)
        return FilterTerm(values=(piece.name,), negated=piece.negated)
    field = FIELDS.get(fold(piece.name))
    if field is None:
        names = ", ".join(field.value[spoken()] for field in FilterField)
        said = _('no field is called "{name}"; there are {names}. In quotes it is searched as text').format(
            name=piece.name, names=names
        )
        raise FilterError(said, piece.start + piece.negated)
    if field in SPANS or field in NUMBERS:
        return _compared(piece, field)
    if piece.relation not in {":", "="}:
        said = _("{name} is looked for with : or =, not {relation}").format(
            name=piece.name, relation=piece.relation
        )
        raise FilterError(said, piece.start + piece.negated + len(piece.name))
    for value, at in piece.values:
        if not fold(value).strip():
            raise FilterError(_("{name} needs a value").format(name=piece.name), at)
    values = tuple(value for value, _at in piece.values)
    return FilterTerm(field, piece.relation, values, negated=piece.negated)


def _compared(piece: FilterPiece, field: FilterField) -> FilterTerm:
    value, at = piece.values[0]
    relation = "=" if piece.relation == ":" else piece.relation
    if relation == "=" and field in SPANS:
        said = _("{name} is compared with < or >, as in {name}<1h").format(name=piece.name)
        raise FilterError(said, piece.start + piece.negated + len(piece.name))
    if len(piece.values) > 1:
        raise FilterError(_("{name} takes one value").format(name=piece.name), piece.values[1][1])
    bound = _seconds(value) if field in SPANS else _count(value)
    if bound is None:
        said = (
            _('"{value}" is no time; write 30min, 2h, 1d or 1d12h')
            if field in SPANS
            else _('"{value}" is no number')
        )
        raise FilterError(said.format(value=value), at)
    return FilterTerm(field, relation, bound=bound, negated=piece.negated)


_UNITS: Final = {
    "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "sem": 7 * DAY,
}  # fmt: skip
_SPAN: Final = re.compile(r"(-)?((?:[0-9]{1,5}(?:min|sem|[mhdw]))+)", re.ASCII)
_PART: Final = re.compile(r"([0-9]{1,5})(min|sem|[mhdw])", re.ASCII)


def _seconds(value: str) -> float | None:
    if value == "0":
        return 0.0
    found = _SPAN.fullmatch(value.lower())
    if found is None:
        return None
    seconds = sum(int(amount) * _UNITS[unit] for amount, unit in _PART.findall(found[2]))
    return -seconds if found[1] and seconds else seconds


def _count(value: str) -> float | None:
    return float(value) if re.fullmatch("[0-9]{1,6}", value) else None


def span_text(seconds: float) -> str:
    """Return a time as a filter holds it: `1d2h30min`."""
    minutes = round(abs(seconds) / MINUTE)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    # A part of more than five digits would not be read back.
    weeks, days = divmod(days, 7) if days > 99_999 else (0, days)
    parts = ((weeks, "w"), (days, "d"), (hours, "h"), (minutes, "min"))
    said = "".join(f"{amount}{unit}" for amount, unit in parts if amount)
    return ("-" if seconds < 0 else "") + (said or "0")


_FLAGS: Final = {fold(name): flag for flag in FilterFlag for name in flag.value}
FIELDS: Final = {fold(name): field for field in FilterField for name in field.value}
_OPENERS: Final = frozenset(name.split()[0] for name in _FLAGS)
"""Words that are a flag, or begin one of two words."""


def _word(text: str) -> str:
    special = text.startswith(("-", '"')) or _OPERATOR.search(text) or fold(text) in _OPENERS
    return _in_quotes(text) if special or any(map(str.isspace, text)) else text


def quoted_value(text: str) -> str:
    """Return a value as it is typed, in quotes where it must be."""
    special = text.startswith('"') or "," in text or any(map(str.isspace, text))
    return _in_quotes(text) if special else text


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spoken() -> int:
    """Return which of the names of a flag or field is the present language's."""
    return 0 if language() == "pt_BR" else 1

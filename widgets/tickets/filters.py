"""What narrows the tickets, as a small language: `late unassigned`, `resp:sara sla<1h status:pendente`.

Pure: text in, a `TicketFilter` or a `FilterError` with its place out. Words of both languages are known whichever
is spoken, in any case and without accents. `str()` of a filter reads back as the same filter.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from hubsoft_tui.formats import DAY, HOUR, MINUTE
from hubsoft_tui.services.tickets.types import TicketState
from hubsoft_tui.texts import _, language

from ..table.rows import fold
from .texts import changed_since, is_late, is_mine, is_open, is_unassigned, today_began

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hubsoft_tui.services.tickets.types import TicketRow

    Test = Callable[[TicketRow, "Judging"], bool]

MOST_OPTIONS: Final = 12
"""Completions that are offered at once."""


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
OFFERED: Final = (FilterField.RESPONSIBLE, FilterField.STATUS, FilterField.TYPE)
"""Fields whose values are completed from the tickets that are there."""


class FilterError(ValueError):
    """Text that is no filter. `position` is where in it, counted from 0; the message is for people.

    `readable` is the filter without what cannot be read.
    """

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position
        self.readable = EVERYTHING


@dataclass(frozen=True, slots=True)
class Judging:
    """What a filter goes by beside the ticket. `now` is UTC epoch seconds, `me` a folded name."""

    now: float
    me: str = ""
    soon: float = HOUR
    """What is left of an SLA, in seconds, from which a ticket is due soon."""
    unread: Callable[[TicketRow], bool] = lambda _row: False
    """Whether a ticket changed since the person looked."""


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
        return f"{sign}{name}{self.relation}{','.join(map(_value, self.values))}"


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

    def test(self) -> Test:
        """Return what tells whether the `conditions` hold."""
        tests = [_test(term) for term in sorted(self.conditions, key=_effort)]
        if len(tests) == 1:
            return tests[0]

        def holds(row: TicketRow, by: Judging) -> bool:
            for test in tests:  # noqa: SIM110 - quicker than a generator, over 20,000 tickets
                if not test(row, by):
                    return False
            return True

        return holds


EVERYTHING: Final = TicketFilter()


# -- reading


def parse(text: str) -> TicketFilter:
    """Read a filter. Raises FilterError, for the first thing that cannot be read."""
    terms, wrong = [], None
    pieces = _pieces(text)
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
class _Piece:
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


def _pieces(text: str) -> list[_Piece]:
    pieces, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        piece = _piece(text, at)
        pieces.append(piece)
        at = piece.end
    return pieces


def _piece(text: str, start: int) -> _Piece:
    at = start
    negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    at += negated
    if text[at] == '"':
        value, at = _quoted(text, at)
        return _Piece(start, at, negated, value, "", True, ())
    name_at = at
    while at < len(text) and not text[at].isspace() and not _OPERATOR.match(text, at):
        at += 1
    name = text[name_at:at]
    operator = _OPERATOR.match(text, at)
    if operator is None:
        return _Piece(start, at, negated, name, "", False, ())
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
    return _Piece(start, at, negated, name, operator.group(), False, tuple(values))


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return what the quote at `at` holds and where it ends; one that is not closed yet goes to the end."""
    value, at = [], at + 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), min(at + 1, len(text))


def _term(piece: _Piece) -> FilterTerm:
    if not piece.relation:
        flag = None if piece.quoted else _FLAGS.get(fold(piece.name))
        if flag is not None:
            return FilterTerm(flag, negated=piece.negated)
        if not fold(piece.name).strip():
            raise FilterError(_("there is nothing between the quotes"), piece.start)
        return FilterTerm(values=(piece.name,), negated=piece.negated)
    field = _FIELDS.get(fold(piece.name))
    if field is None:
        names = ", ".join(field.value[_spoken()] for field in FilterField)
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


def _compared(piece: _Piece, field: FilterField) -> FilterTerm:
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
_FIELDS: Final = {fold(name): field for field in FilterField for name in field.value}
_OPENERS: Final = frozenset(name.split()[0] for name in _FLAGS)
"""Words that are a flag, or begin one of two words."""


def _word(text: str) -> str:
    special = text.startswith(("-", '"')) or _OPERATOR.search(text) or fold(text) in _OPENERS
    return _in_quotes(text) if special or any(map(str.isspace, text)) else text


def _value(text: str) -> str:
    special = text.startswith('"') or "," in text or any(map(str.isspace, text))
    return _in_quotes(text) if special else text


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _spoken() -> int:
    return 0 if language() == "pt_BR" else 1


# -- judging


def _effort(term: FilterTerm) -> int:
    """Rank a term: what is quick to tell comes first."""
    if isinstance(term.about, FilterFlag):
        return 0
    return 2 if term.about is FilterField.CUSTOMER else 1


def _test(term: FilterTerm) -> Test:
    test = _positive(term)
    if not term.negated:
        return test
    return lambda row, by: not test(row, by)


def _positive(term: FilterTerm) -> Test:
    if isinstance(term.about, FilterFlag):
        return _FLAG_TESTS[term.about]
    if term.about in SPANS or term.about in NUMBERS:
        return _comparison(term)
    return _text_test(term)


_FLAG_TESTS: Final[Mapping[FilterFlag, Test]] = {
    FilterFlag.LATE: lambda row, by: is_late(row, by.now),
    FilterFlag.SOON: lambda row, by: (
        is_open(row) and row.due_at is not None and 0 <= row.due_at - by.now < by.soon
    ),
    FilterFlag.UNASSIGNED: lambda row, _by: is_unassigned(row),
    FilterFlag.MINE: lambda row, by: is_mine(row, by.me),
    FilterFlag.UNREAD: lambda row, by: by.unread(row),
    FilterFlag.CHANGED: lambda row, by: changed_since(row, today_began(by.now)),
    FilterFlag.OPEN: lambda row, _by: is_open(row),
    FilterFlag.CLOSED: lambda row, _by: row.state is TicketState.CLOSED,
    FilterFlag.MISSING: lambda row, _by: row.state is TicketState.MISSING,
}

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "=": lambda one, other: one == other,
}


def _comparison(term: FilterTerm) -> Test:
    compare, bound = _COMPARE[term.relation], term.bound

    def left(row: TicketRow, by: Judging) -> bool:
        return is_open(row) and row.due_at is not None and compare(row.due_at - by.now, bound)

    def age(row: TicketRow, by: Judging) -> bool:
        return row.opened_at is not None and compare((row.closed_at or by.now) - row.opened_at, bound)

    def changed(row: TicketRow, by: Judging) -> bool:
        return row.change is not None and compare(by.now - row.change.seen_at, bound)

    tests: dict[FilterFlag | FilterField | None, Test] = {
        FilterField.SLA: left,
        FilterField.AGE: age,
        FilterField.CHANGED: changed,
        FilterField.MESSAGES: lambda row, _by: compare(row.messages, bound),
    }
    return tests[term.about]


def _text_test(term: FilterTerm) -> Test:
    wanted = tuple(fold(value) for value in term.values)
    assert isinstance(term.about, FilterField)  # noqa: S101 - flags and words are judged elsewhere
    if term.about in _REPEATED:
        return _repeated_test(term, wanted)
    texts = _TEXTS[term.about]
    if term.relation == "=" or term.about is FilterField.CODE:
        return lambda row, _by: any(each in wanted for each in texts(row))
    return lambda row, _by: any(value in each for each in texts(row) for value in wanted)


def _repeated_test(term: FilterTerm, wanted: tuple[str, ...]) -> Test:
    """Judge each value once: thousands of tickets share a few."""
    whole, value_of = term.relation == "=", _REPEATED[term.about]
    known: dict[object, bool] = {}

    def holds(row: TicketRow, _by: Judging) -> bool:
        value = value_of(row)
        found = known.get(value)
        if found is None:
            texts = [fold(each) for each in ((value or "",) if not isinstance(value, tuple) else value)]
            found = any(each in wanted if whole else any(want in each for want in wanted) for each in texts)
            known[value] = found
        return found

    return holds


_REPEATED: Final[Mapping[object, Callable[[TicketRow], str | tuple[str, ...] | None]]] = {
    FilterField.RESPONSIBLE: lambda row: row.responsible,
    FilterField.STATUS: lambda row: row.status,
    FilterField.TYPE: lambda row: row.type,
}

_TEXTS: Final[Mapping[FilterField, Callable[[TicketRow], Iterable[str]]]] = {
    FilterField.CUSTOMER: lambda row: (fold(row.customer or ""),),
    FilterField.PROTOCOL: lambda row: (row.protocol,),
    FilterField.CODE: lambda row: () if row.customer_code is None else (str(row.customer_code),),
}


# -- completing

Vocabulary = dict[FilterField, tuple[str, ...]]
"""The values of a field that stand in tickets, the most frequent first."""


def vocabulary(rows: Iterable[TicketRow]) -> Vocabulary:
    """Collect what can be completed from the tickets that are there."""
    responsible: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for row in rows:
        responsible.update(row.responsible)
        if row.status:
            statuses[row.status] += 1
        if row.type:
            types[row.type] += 1
    counted = zip(OFFERED, (responsible, statuses, types), strict=True)
    return {field: tuple(value for value, _n in counts.most_common()) for field, counts in counted}


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand in place of `text[start:end]`."""

    start: int
    end: int
    options: tuple[str, ...]


def complete(text: str, known: Vocabulary) -> Completion:
    """Return how the last term of `text` may go on."""
    pieces = _pieces(text)
    last = pieces[-1] if pieces and pieces[-1].end == len(text) else None
    if last is not None and last.relation:
        return _values(text, last, known)
    begun, at = ("", len(text)) if last is None else (last.name, last.start + last.negated)
    if last is not None and last.quoted:
        return Completion(at, len(text), ())
    return Completion(at, len(text), _names(fold(begun)))


def _names(begun: str) -> tuple[str, ...]:
    mine, other = _spoken(), 1 - _spoken()
    offered: dict[str, None] = {}
    for which in (mine, other) if begun else (mine,):
        for flag in FilterFlag:
            offered.setdefault(flag.value[which])
        for field in FilterField:
            offered.setdefault(field.value[which] + ("<" if field in SPANS or field in NUMBERS else ":"))
    matching = [name for name in offered if fold(name).startswith(begun) and fold(name) != begun]
    return tuple(matching[:MOST_OPTIONS])


def _values(text: str, piece: _Piece, known: Vocabulary) -> Completion:
    value, at = piece.values[-1]
    field, begun = _FIELDS.get(fold(piece.name)), fold(value).strip()
    values: Sequence[str] = ()
    if field in SPANS:
        values = ("30min", "1h", "4h", "1d", "7d")
    elif field is not None:
        values = known.get(field, ())
    ranked = sorted(
        (each for each in values if begun in fold(each) and fold(each) != begun),
        key=lambda each: not any(word.startswith(begun) for word in fold(each).split()),
    )
    return Completion(at, len(text), tuple(_value(each) for each in ranked[:MOST_OPTIONS]))

"""What a followed ticket is: late, unassigned, mine; and whether it is what a filter asks for.

Pure: rows, an instant and a filter in, yes or no out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ...formats import DAY, HOUR, fold
from ...values import dataclass
from .filters import NUMBERS, SPANS, FilterField, FilterFlag, FilterTerm, TicketFilter
from .types import TicketRow, TicketState

BRASILIA_SECONDS: Final = 3 * 3600.0
"""HubSoft's day begins three hours after UTC's."""


def today_began(now: float) -> float:
    """Return when HubSoft's day began, both in UTC epoch seconds."""
    return (now - BRASILIA_SECONDS) // DAY * DAY + BRASILIA_SECONDS


def is_open(row: TicketRow) -> bool:
    """Whether the ticket is open, as far as we know."""
    return row.state is TicketState.OPEN


def is_late(row: TicketRow, now: float) -> bool:
    """Whether an open ticket's SLA has ended."""
    return row.due_at is not None and row.due_at < now and row.state is TicketState.OPEN


def is_unassigned(row: TicketRow) -> bool:
    """Whether an open ticket has no one responsible."""
    return not row.responsible and row.state is TicketState.OPEN


def is_mine(row: TicketRow, me: str) -> bool:
    """Whether an open ticket has a responsible person whose name holds `me`, which is folded."""
    return bool(me) and is_open(row) and any(me in fold(name) for name in row.responsible)


def changed_since(row: TicketRow, instant: float) -> bool:
    """Whether the ticket's newest change was seen at `instant` or later."""
    return row.change is not None and row.change.seen_at >= instant


@dataclass(frozen=True, slots=True)
class Judging:
    """What a filter goes by beside the ticket. `now` is UTC epoch seconds, `me` a folded name."""

    now: float
    me: str = ""
    soon: float = HOUR
    """What is left of an SLA, in seconds, from which a ticket is due soon."""
    unread: Callable[[TicketRow], bool] = lambda _row: False
    """Whether a ticket changed since the person looked."""


Test = Callable[[TicketRow, Judging], bool]
"""Whether a ticket is so."""


def ticket_text(row: TicketRow) -> str:
    """Return what a filter searches in a ticket."""
    code = "" if row.customer_code is None else str(row.customer_code)
    words = (row.protocol, row.customer, code, row.type, row.status, *row.responsible, row.customer_document)
    return " ".join(word for word in words if word)


def judge_of(wanted: TicketFilter) -> Test:
    """Return what tells whether the `conditions` of a filter hold; its words are not among them."""
    tests = [_test(term) for term in sorted(wanted.conditions, key=_effort)]
    if len(tests) == 1:
        return tests[0]

    def holds(row: TicketRow, by: Judging) -> bool:
        for test in tests:  # noqa: SIM110 - quicker than a generator, over 20,000 tickets
            if not test(row, by):
                return False
        return True

    return holds


def chosen_by(wanted: TicketFilter, rows: Iterable[TicketRow], by: Judging) -> tuple[TicketRow, ...]:
    """Return those of `rows` that a filter asks for, words and all."""
    test, words, unwanted = judge_of(wanted), [*map(fold, wanted.words)], [*map(fold, wanted.unwanted)]
    found = []
    for row in rows:
        if test(row, by):
            text = fold(ticket_text(row)) if words or unwanted else ""
            if all(word in text for word in words) and not any(word in text for word in unwanted):
                found.append(row)
    return tuple(found)


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

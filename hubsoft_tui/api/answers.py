"""From a parsed answer to models: every row on its own, what could not be used reported beside what could."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from ..errors import BadAnswer, NotFound
from ..texts import N_, say
from ..values import dataclass
from . import envelope, verdicts
from .models import Page, Receipt, RowProblem
from .rows import OBJECT, BadRowError, Problems, Row

MAX_ROWS: Final = 20_000
"""Rows of one answer. Pages have hundreds, and the longest table, the cities of Brazil, less than six thousand."""

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decoded(Generic[T]):
    """What an answer held: its value, the rows that could not be used, and the page it was, if any.

    An empty value of a lookup is HubSoft's own word that there is no such thing (`verdicts`).
    """

    value: T
    problems: tuple[RowProblem, ...] = ()
    page: Page | None = None
    truncated: bool = False
    """True when as many rows came as were asked for: there may be more."""
    dropped: int = 0
    """Rows of a lookup that could not be used at all: what is missing from `value` may be among them."""
    rows: int = 0
    """For a page: rows as they came, the unusable ones too."""


def everything(_row: object) -> bool:
    """Keep every row."""
    return True


def found(
    payload: object,
    key: str,
    decode: Callable[[Row], S],
    *,
    limit: int,
    admits: Callable[[Row], bool] = everything,
    keep: Callable[[S], bool | None] = everything,
    things: verdicts.Nouns = frozenset(),
) -> Decoded[tuple[S, ...]]:
    """Decode a lookup of `things`: the value is empty only where HubSoft itself says that there are none.

    `admits` (before decoding) and `keep` (after it; None where a record does not say) drop what HubSoft's loose
    search returned beside what was asked for; `truncated` counts the rows as they came. Raises Unproven when
    nothing is proven; Refused, CredentialsRefused or BadAnswer.
    """
    try:
        checked = envelope.check(payload, things)
    except NotFound:
        return Decoded(())
    try:
        elements, place = envelope.rows(checked, key)
    except BadAnswer:
        if verdicts.succeeds(checked):
            raise verdicts.unproven() from None
        raise
    problems = Problems()
    decoded = _decoded(elements, key, lambda row: decode(row) if admits(row) else None, problems)
    value, unclear = verdicts.matched([one for one in decoded if one is not None], keep)
    dropped = len(elements) - len(decoded) + unclear
    counted = place.total if place is not None and not elements else 0
    proves = verdicts.verdict(
        checked, checked.get(key), value, came=len(elements), unclear=dropped + counted, limit=limit
    )
    if proves is verdicts.Verdict.NOTHING:
        raise verdicts.unproven()
    return Decoded(value, problems.all(), truncated=len(elements) >= limit, dropped=dropped)


def page(payload: object, key: str, decode: Callable[[Row], S], *, size: int) -> Decoded[tuple[S, ...]]:
    """Decode one page of a bulk answer. Only an empty list is empty: a roster must not vanish by mistake.

    Where HubSoft leaves the page's place out, `page` is None, a problem says so, and `truncated` tells
    whether the page was full. Raises Refused, CredentialsRefused or BadAnswer.
    """
    elements, place = envelope.rows(envelope.check(payload), key)
    problems = Problems()
    if place is None:
        problems.unexpected("paginacao", N_("the page's place"), envelope.check(payload).get("paginacao"))
    value = _decoded(elements, key, decode, problems)
    full = place is None and len(elements) >= size
    return Decoded(value, problems.all(), page=place, truncated=full, rows=len(elements))


def table(payload: object, key: str, decode: Callable[[Row], S]) -> Decoded[tuple[S, ...]]:
    """Decode a whole table; a missing key is a changed API, not an empty table. Raises as `page` does."""
    elements, _page = envelope.rows(envelope.check(payload), key)
    problems = Problems()
    value = _decoded(elements, key, decode, problems)
    return Decoded(value, problems.all())


def one(payload: object, key: str, decode: Callable[[Row], S], *, done: S | None = None) -> Decoded[S]:
    """Decode the one record of an answer.

    `done` is the value when HubSoft says success without a usable record: the write has happened all the
    same. Without it that is a BadAnswer. Raises Refused, CredentialsRefused or BadAnswer.
    """
    checked = envelope.check(payload)
    problems = Problems()
    try:
        return Decoded(decode(Row(envelope.record(checked, key), key, problems)), problems.all())
    except BadRowError as bad:
        problems.add(bad.path, bad.reason)
    except BadAnswer:
        problems.unexpected(key, OBJECT, checked.get(key))
    if done is None or not verdicts.succeeds(checked):
        raise envelope.unknown_form(key)
    return Decoded(done, problems.all())


def receipt(payload: object) -> Decoded[Receipt]:
    """Decode HubSoft's word that a write was done, whatever else the answer holds.

    Success alone says so: anything less is a BadAnswer, and the write's outcome is not known. Raises Refused or
    CredentialsRefused.
    """
    checked = envelope.check(payload)
    if not verdicts.succeeds(checked):
        raise BadAnswer(say("HubSoft answered, but not that it was done."))
    return Decoded(Receipt(said=envelope.words_of(checked)))


def _decoded(elements: list[Any], key: str, decode: Callable[[Row], S], problems: Problems) -> tuple[S, ...]:
    if len(elements) > MAX_ROWS:
        raise BadAnswer(
            say("HubSoft's answer holds {count} rows, more than can be right.", count=len(elements))
        )
    return Row({key: elements}, "", problems).records(key, decode)

"""From a parsed answer to models: every row on its own, what could not be used reported beside what could."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import BadAnswer, NotFound
from ..texts import N_
from . import envelope
from .models import Page, RowProblem
from .rows import OBJECT, BadRowError, Problems, Row

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decoded(Generic[T]):
    """What an answer held: its value, the rows that could not be used, and the page it was, if any."""

    value: T
    problems: tuple[RowProblem, ...] = ()
    page: Page | None = None
    truncated: bool = False
    """True when as many rows came as were asked for: there may be more."""
    dropped: int = 0
    """Rows of a lookup that could not be used at all: what is missing from `value` may be among them."""


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
    keep: Callable[[S], bool] = everything,
) -> Decoded[tuple[S, ...]]:
    """Decode a lookup: nothing found, in any of HubSoft's ways of saying so, is an empty value.

    `admits` (before decoding) and `keep` (after it) drop what HubSoft's loose search returned beside what was
    asked for; `truncated` counts the rows as they came. Raises Refused, CredentialsRefused or BadAnswer.
    """
    try:
        checked = envelope.check(payload)
    except NotFound:
        return Decoded(())
    elements, _page = envelope.rows(checked, key, missing_is_empty=True)
    problems = Problems()
    decoded = _decoded(elements, key, lambda row: decode(row) if admits(row) else None, problems)
    value = tuple(one for one in decoded if one is not None and keep(one))
    return Decoded(
        value,
        problems.all(),
        truncated=len(elements) >= limit,
        dropped=len(elements) - len(decoded),
    )


def page(payload: object, key: str, decode: Callable[[Row], S], *, size: int) -> Decoded[tuple[S, ...]]:
    """Decode one page of a bulk answer. Only an empty list is empty: a roster must not vanish by mistake.

    Where HubSoft leaves the page's place out, `page` is None, a problem says so, and `truncated` tells
    whether the page was full. Raises NotFound, Refused, CredentialsRefused or BadAnswer.
    """
    elements, place = envelope.rows(envelope.check(payload), key, missing_is_empty=False)
    problems = Problems()
    if place is None:
        problems.unexpected("paginacao", N_("the page's place"), envelope.check(payload).get("paginacao"))
    value = _decoded(elements, key, decode, problems)
    return Decoded(value, problems.all(), page=place, truncated=place is None and len(elements) >= size)


def table(payload: object, key: str, decode: Callable[[Row], S]) -> Decoded[tuple[S, ...]]:
    """Decode a whole table; a missing key is a changed API, not an empty table. Raises as `page` does."""
    elements, _page = envelope.rows(envelope.check(payload), key, missing_is_empty=False)
    problems = Problems()
    value = _decoded(elements, key, decode, problems)
    return Decoded(value, problems.all())


def one(payload: object, key: str, decode: Callable[[Row], S], *, done: S | None = None) -> Decoded[S]:
    """Decode the one record of an answer.

    `done` is the value when HubSoft says success without a usable record: the write has happened all the
    same. Without it that is a BadAnswer. Raises NotFound, Refused, CredentialsRefused or BadAnswer.
    """
    checked = envelope.check(payload)
    problems = Problems()
    try:
        return Decoded(decode(Row(envelope.record(checked, key), key, problems)), problems.all())
    except BadRowError as bad:
        problems.add(bad.path, bad.reason)
    except BadAnswer:
        problems.unexpected(key, OBJECT, checked.get(key))
    if done is None or checked.get("status") is None:
        raise envelope.unknown_form(key)
    return Decoded(done, problems.all())


def _decoded(elements: list[Any], key: str, decode: Callable[[Row], S], problems: Problems) -> tuple[S, ...]:
    return Row({key: elements}, "", problems).records(key, decode)

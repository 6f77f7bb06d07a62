"""One JSON object being read: it knows where it stands and reports what it could not use.

A reader never raises for a part that is wrong: the part becomes None and a `RowProblem` names its place and
what kind of thing was found there, never the thing itself. Only a row without a usable id is a `BadRowError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from ..texts import N_, _
from . import scalars
from .models import RowProblem
from .scalars import UnreadableError

T = TypeVar("T")

MAX_PROBLEMS: Final = 1000
"""Problems kept one by one; a whole page of garbage must not cost more memory than the page."""

_TEXT: Final = N_("text")
_DATE: Final = N_("a date")
_NUMBER: Final = N_("a number")
_AMOUNT: Final = N_("an amount")
_FLAG: Final = N_("yes or no")
_ID: Final = N_("an id")
_DOCUMENT: Final = N_("a CPF or CNPJ")
OBJECT: Final = N_("a record")
LIST: Final = N_("a list")


class BadRowError(Exception):
    """A row that cannot be used at all, because it has no id to know it by."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class Problems:
    """Collects what could not be used, at most `MAX_PROBLEMS` one by one and a count of the rest."""

    __slots__ = ("_kept", "_rest")

    def __init__(self) -> None:
        self._kept: list[RowProblem] = []
        self._rest = 0

    def add(self, path: str, reason: str) -> None:
        """Note that what stands at `path` could not be used."""
        if len(self._kept) < MAX_PROBLEMS:
            self._kept.append(RowProblem(path=path, reason=reason))
        else:
            self._rest += 1

    def unexpected(self, path: str, wanted: str, found: object) -> None:
        """Note that `path` holds something else than `wanted` (a marked text)."""
        if len(self._kept) < MAX_PROBLEMS:
            self.add(path, expected(wanted, found))
        else:
            self._rest += 1

    def all(self) -> tuple[RowProblem, ...]:
        """Everything noted, in the order it was met."""
        if not self._rest:
            return tuple(self._kept)
        more = _("{count} more problems, not listed").format(count=self._rest)
        return (*self._kept, RowProblem(path="", reason=more))


def expected(wanted: str, found: object) -> str:
    """Say what was wanted and what kind of thing was found, without showing it."""
    return _("expected {wanted}, found {found}").format(wanted=_(wanted), found=_(kind(found)))


def kind(value: object) -> str:
    """Name the kind of a JSON value, as a text marked for translation."""
    if value is None:
        return N_("nothing")
    if isinstance(value, bool):
        return N_("true or false")
    if isinstance(value, int | float):
        return N_("another number")
    if isinstance(value, str):
        return N_("another text") if value else N_("an empty text")
    if isinstance(value, dict):
        return N_("a record")
    return N_("a list")


def listed(value: object) -> list[Any] | None:
    """Return the elements of a JSON list, or of the object PHP writes for a list with gaps; else None."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdecimal() for key in value):
        return list(value.values())
    return None


class Row:
    """One JSON object, read key by key. With several keys, the first that holds something counts."""

    __slots__ = ("data", "path", "problems")

    def __init__(self, data: dict[str, Any], path: str, problems: Problems) -> None:
        self.data = data
        self.path = path
        self.problems = problems

    def at(self, key: str) -> str:
        """Say where `key` stands in the whole answer."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Tell whether the object has `key`, even if it holds nothing."""
        return key in self.data

    def id(self, *keys: str) -> int:
        """Return the id this row is known by. Raises BadRowError when there is none."""
        for key in keys:
            value = self.data.get(key)
            if value.__class__ is int and 0 < value <= scalars.MAX_INTEGER:
                return int(value)
            try:
                found = scalars.identity(value)
            except UnreadableError:
                raise BadRowError(self.at(key), expected(_ID, value)) from None
            if found is not None:
                return found
        raise BadRowError(self.at(keys[0]), expected(_ID, None))

    def text(self, *keys: str) -> str | None:
        """Read one cleaned line, or None."""
        for key in keys:
            value = self.data.get(key)
            # A printable text holds nothing that cleaning would replace: the common case costs one look.
            if value.__class__ is str and value.isprintable():
                found = value.strip() or None
            else:
                found = self._read(key, value, scalars.text, _TEXT)
            if found is not None:
                return found
        return None

    def lines(self, *keys: str) -> str | None:
        """Read a cleaned text of one or more lines, or None."""
        return self._first(keys, scalars.lines, _TEXT)

    def texts(self, key: str) -> tuple[str, ...]:
        """Read the texts of a list; a text alone counts as a list of one."""
        value = self.data.get(key)
        if isinstance(value, str):
            value = [value]
        return tuple(
            found
            for place, element in self._elements(key, value)
            if (found := self._read_at(place, element, scalars.text, _TEXT)) is not None
        )

    def distinct(self, *keys: str) -> tuple[str, ...]:
        """Read the texts of several keys, each once, in that order."""
        found = dict.fromkeys(self.text(key) for key in keys)
        return tuple(text for text in found if text is not None)

    def document(self, key: str) -> str | None:
        """Read a CPF or CNPJ without punctuation, or None."""
        return self._first((key,), scalars.document, _DOCUMENT)

    def reference(self, *keys: str) -> int | None:
        """Read the id of something else, or None; 0 means nothing."""
        for key in keys:
            value = self.data.get(key)
            if value.__class__ is int and 0 < value <= scalars.MAX_INTEGER:
                return int(value)
            if value == 0 and value is not False:
                continue
            if (found := self._read(key, value, scalars.identity, _ID)) is not None:
                return found
        return None

    def integer(self, *keys: str) -> int | None:
        """Read an integer, or None."""
        return self._first(keys, scalars.integer, _NUMBER)

    def real(self, *keys: str) -> float | None:
        """Read a finite number, or None."""
        return self._first(keys, scalars.real, _NUMBER)

    def money(self, *keys: str) -> Decimal | None:
        """Read an amount, or None."""
        return self._first(keys, scalars.money, _AMOUNT)

    def flag(self, *keys: str) -> bool | None:
        """Read yes or no, or None."""
        return self._first(keys, scalars.flag, _FLAG)

    def day(self, *keys: str) -> date | None:
        """Read a day, or None."""
        return self._first(keys, scalars.day, _DATE)

    def instant(self, *keys: str) -> datetime | None:
        """Read a point in time, or None; a key's `_timestamp` twin, which knows its zone, is asked first."""
        for key in keys:
            for name in (f"{key}_timestamp", key, f"{key}_br"):
                if (found := self._read(name, self.data.get(name), scalars.instant, _DATE)) is not None:
                    return found
        return None

    def moment(self, key: str) -> tuple[datetime | None, date | None]:
        """Read a point in time, or else the day alone where HubSoft gives no time."""
        the_day: date | None = None
        for name in (f"{key}_timestamp", key, f"{key}_br"):
            found = self._read(name, self.data.get(name), scalars.moment, _DATE)
            if isinstance(found, datetime):
                return found, None
            the_day = the_day or found
        return None, the_day

    def child(self, key: str) -> Row | None:
        """Return the object at `key`, or None where there is none (null, an empty text, an empty array)."""
        value = self.data.get(key)
        if isinstance(value, dict) and value:
            return Row(value, self.at(key), self.problems)
        if not scalars.empty(value):
            self.problems.unexpected(self.at(key), OBJECT, value)
        return None

    def children(self, key: str) -> Iterator[Row]:
        """Yield the objects of the list at `key`; what is no object is reported."""
        for place, element in self._elements(key, self.data.get(key)):
            if isinstance(element, dict):
                yield Row(element, place, self.problems)
            else:
                self.problems.unexpected(place, OBJECT, element)

    def records(self, key: str, decode: Callable[[Row], T]) -> tuple[T, ...]:
        """Decode each object of the list at `key`; one without a usable id is reported and left out."""
        records: list[T] = []
        for row in self.children(key):
            try:
                records.append(decode(row))
            except BadRowError as bad:
                self.problems.add(bad.path, bad.reason)
        return tuple(records)

    def count(self, key: str) -> int:
        """Return how many elements the list at `key` has, usable or not; 1 for what is no list and not empty."""
        value = self.data.get(key)
        if scalars.empty(value):
            return 0
        elements = listed(value)
        return 1 if elements is None else len(elements)

    def label(self, key: str, *names: str) -> str | None:
        """Read what `key` is called: a text as it stands, or of an object the first of `names` it holds."""
        if not isinstance(self.data.get(key), dict):
            return self.text(key)
        child = self.child(key)
        return None if child is None else child.text(*names)

    def _elements(self, key: str, value: object) -> Iterator[tuple[str, object]]:
        if scalars.empty(value):
            return
        if (elements := listed(value)) is None:
            self.problems.unexpected(self.at(key), LIST, value)
            return
        place = self.at(key)
        for number, element in enumerate(elements):
            yield f"{place}[{number}]", element

    def _first(self, keys: tuple[str, ...], convert: Callable[[object], T | None], wanted: str) -> T | None:
        for key in keys:
            if (found := self._read(key, self.data.get(key), convert, wanted)) is not None:
                return found
        return None

    def _read(self, key: str, value: object, convert: Callable[[object], T | None], wanted: str) -> T | None:
        if value is None:
            return None
        try:
            return convert(value)
        except UnreadableError:
            self.problems.unexpected(self.at(key), wanted, value)
            return None

    def _read_at(
        self, place: str, value: object, convert: Callable[[object], T | None], wanted: str
    ) -> T | None:
        try:
            return convert(value)
        except UnreadableError:
            self.problems.unexpected(place, wanted, value)
            return None

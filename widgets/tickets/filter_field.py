"""The line a filter is typed into: completes with tab, and says what is wrong and where."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from hubsoft_tui.formats import fold
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.filters import (
    EVERYTHING,
    FIELDS,
    NUMBERS,
    SPANS,
    FilterError,
    FilterField,
    FilterFlag,
    FilterPiece,
    parse,
    pieces_of,
    quoted_value,
    spoken,
)
from hubsoft_tui.texts import _
from hubsoft_tui.values import dataclass

from ..fields import QuestionInput
from ..line_widget import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hubsoft_tui.services.tickets.types import TicketRow

    from ..line_widget import Part

OFFERED: Final = (FilterField.RESPONSIBLE, FilterField.STATUS, FilterField.TYPE)
"""Fields whose values are completed from the tickets that are there."""

MOST_OPTIONS: Final = 12
"""Completions that are offered at once."""


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
    pieces = pieces_of(text)
    last = pieces[-1] if pieces and pieces[-1].end == len(text) else None
    if last is not None and last.relation:
        return _values(text, last, known)
    begun, at = ("", len(text)) if last is None else (last.name, last.start + last.negated)
    if last is not None and last.quoted:
        return Completion(at, len(text), ())
    return Completion(at, len(text), _names(fold(begun)))


def _names(begun: str) -> tuple[str, ...]:
    mine, other = spoken(), 1 - spoken()
    offered: dict[str, None] = {}
    for which in (mine, other) if begun else (mine,):
        for flag in FilterFlag:
            offered.setdefault(flag.value[which])
        for field in FilterField:
            offered.setdefault(field.value[which] + ("<" if field in SPANS or field in NUMBERS else ":"))
    matching = [name for name in offered if fold(name).startswith(begun) and fold(name) != begun]
    return tuple(matching[:MOST_OPTIONS])


def _values(text: str, piece: FilterPiece, known: Vocabulary) -> Completion:
    value, at = piece.values[-1]
    field, begun = FIELDS.get(fold(piece.name)), fold(value).strip()
    values: Sequence[str] = ()
    if field in SPANS:
        values = ("30min", "1h", "4h", "1d", "7d")
    elif field is not None:
        values = known.get(field, ())
    ranked = sorted(
        (each for each in values if begun in fold(each) and fold(each) != begun),
        key=lambda each: not any(word.startswith(begun) for word in fold(each).split()),
    )
    return Completion(at, len(text), tuple(quoted_value(each) for each in ranked[:MOST_OPTIONS]))


class TicketFilterField(QuestionInput):
    """`wanted` is the filter that holds: what is typed, without what cannot be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", show=False),
        Binding("shift+tab", "complete(-1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder=_("words, or resp:sara sla<1h status:pending late"), id="tickets-filter")
        self.wanted = EVERYTHING
        self._error: FilterError | None = None
        self._known: Vocabulary = {}
        self._options: Completion | None = None
        """What tab goes through, as found for what was typed."""
        self._at = -1
        self._completed = ""

    @property
    def valid(self) -> bool:
        """Whether what is typed is the filter that holds."""
        return self._error is None

    def learn(self, known: Vocabulary) -> None:
        """Complete values from `known`."""
        self._known = known

    def read(self, text: str) -> None:
        """Take over `text` as typed."""
        if text != self._completed:
            self._options, self._at = None, -1
        try:
            self.wanted, self._error = parse(text), None
        except FilterError as error:
            self.wanted, self._error = error.readable, error

    def action_complete(self, by: int) -> None:
        """Put the next completion of the last word in its place."""
        if self._options is None:
            self._options = complete(self.value, self._known)
        found = self._options
        if not found.options:
            return
        self._at = (self._at + by) % len(found.options) if self._at >= 0 or by > 0 else len(found.options) - 1
        typed = self.value[: found.start] + found.options[self._at]
        self._completed = typed
        self.value = typed
        self.cursor_position = len(typed)

    def hint(self) -> Content:
        """Say how the last word may go on, or what is wrong with the text."""
        found = self._options or complete(self.value, self._known)
        if found.options:
            parts: list[Part] = [(_("tab"), "$account"), "  "]
            for index, option in enumerate(found.options):
                parts += [(clean(option), "bold $title" if index == self._at else "$quiet"), "  "]
            return line(*parts)
        if self._error is None:
            return Content("")
        place = _("column {n}").format(n=self._error.position + 1)
        return line(("! ", "bold $warn"), (f"{place}: {clean(str(self._error))}", "$warn"))

"""What a tenant calls its statuses and types: one shape of a ticket carries ids, another labels."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from ...api.models import Choice, Ticket
from ...store.mirror_records import Label

STATUS: Final = "status"
TYPE: Final = "type"

_CLOSING: Final = ("resolvid", "fechad", "conclui", "finaliz", "encerrad", "solucionad", "cancelad")

Named = tuple[int | None, str | None]
"""An id and what it is called, as far as each is known."""


class Labels:
    """The statuses and types heard of so far; `news` are those that the mirror does not hold yet."""

    def __init__(self, known: Iterable[Label] = ()) -> None:
        self._by_id: dict[tuple[str, int], Label] = {}
        self._ids: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for label in known:
            self._add(label)
        self._news: dict[tuple[str, int], Label] = {}

    @property
    def news(self) -> list[Label]:
        """What was learnt."""
        return list(self._news.values())

    @property
    def statuses(self) -> list[Label]:
        """Every status, by id."""
        return sorted(
            (label for label in self._by_id.values() if label.kind == STATUS), key=lambda label: label.id
        )

    def learn(self, ticket: Ticket) -> None:
        """Learn from a ticket that carries ids and labels."""
        if ticket.status_id is not None and ticket.status is not None:
            self.name(Label(STATUS, ticket.status_id, ticket.status, ticket.status_prefix))
        if ticket.type_id is not None and ticket.type is not None:
            self.name(Label(TYPE, ticket.type_id, ticket.type))

    def table(self, kind: str, choices: Iterable[Choice]) -> None:
        """Learn a whole table."""
        for choice in choices:
            self.name(Label(kind, choice.id, choice.label, choice.prefix))

    def name(self, label: Label) -> None:
        """Learn what one id is called now."""
        if self._by_id.get((label.kind, label.id)) != label:
            self._add(label)
            self._news[label.kind, label.id] = label

    def knows(self, kind: str, label: str) -> bool:
        """Whether anything is called so."""
        return bool(self._ids.get((kind, label)))

    def resolved(self, kind: str, told: Named, known: Named) -> Named:
        """Return the id and label of what HubSoft told, completed from the tables and from what is `known`."""
        identifier, label = told
        if identifier is not None:
            if label is None:
                named = self._by_id.get((kind, identifier))
                label = named.label if named else known[1] if known[0] == identifier else None
            return identifier, label
        if label is None or label == known[1]:
            return known
        ids = self._ids.get((kind, label), [])
        return (ids[0] if len(ids) == 1 else None), label

    def _add(self, label: Label) -> None:
        key = label.kind, label.id
        if (former := self._by_id.get(key)) is not None:
            self._ids[label.kind, former.label].remove(label.id)
        self._by_id[key] = label
        self._ids[label.kind, label.label].append(label.id)


def same(one: Named, other: Named) -> bool:
    """Whether two names mean the same status or type."""
    if one[0] is not None and other[0] is not None:
        return one[0] == other[0]
    return one[1] == other[1]


def shown(named: Named) -> str | None:
    """Return what people read: the label, or the number where no table names it."""
    identifier, label = named
    return label if label is not None or identifier is None else f"#{identifier}"


def sounds_closed(label: Label) -> bool:
    """Whether a status is called as closed ones usually are. Evidence beside what its tickets say, never alone."""
    words = f"{label.prefix or ''} {label.label}".lower()
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return any(word in plain for word in _CLOSING)

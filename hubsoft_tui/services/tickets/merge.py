"""What HubSoft says of a ticket, laid over what we know of it: the ticket as it is now, and what changed.

HubSoft has three shapes of a ticket, each poorer than the others somewhere. What a shape does not carry never
erases what another said; what cannot be told from a shape is not taken for a change. One carries the ids of statuses
and types, another what the tenant calls them: `Labels` knows both.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from ...api.models import Choice, Ticket
from ...formats import day_of, start_of
from ...store.mirror_records import DueTold, Following, Label, MirrorTicket, Standing
from ...values import dataclass
from .types import ChangeKind

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


DUE_SLACK: Final = 180.0
"""HubSoft gives the time left in whole minutes, counted from a moment of its own: less than this is no change."""
IN_TIME_AGAIN: Final = 600.0
"""A ticket is in time again when its SLA ends this much later than what was told; less may be a clock that stands."""
_LEFT: Final = re.compile(r"(-)?(?:(\d{1,6})d ?)?(?:(\d{1,7})h ?)?(?:(\d{1,7})min)?")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A ticket as HubSoft returned it. `at` is when it was asked for, UTC epoch seconds."""

    ticket: Ticket
    at: float
    with_messages: bool = False
    """Its messages were asked for, so that an empty list means none."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sighting is taken when the ticket was not followed."""

    following: Following = Following.RULE
    closed_too: bool = False
    """Follow it although it is closed already, where it was open since we last heard of it."""
    news: bool = True
    """One that was not known is told as new."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """One thing that changed."""

    kind: ChangeKind
    before: str | None = None
    after: str | None = None
    at: float | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The ticket as it is now, and what changed; nothing is told of a ticket that is not followed."""

    ticket: MirrorTicket
    changes: tuple[Noticed, ...]


def merge(known: MirrorTicket | None, seen: Sighting, labels: Labels, manner: Manner) -> Merged:
    """Lay a sighting over what is known. Messages are counted elsewhere: they have ids of their own."""
    ticket = seen.ticket
    state = _state(known, ticket)
    merged = _laid_over(known, seen, labels, state)
    merged = replace(merged, following=int(_following(known, merged, manner)))
    if merged.following <= 0:
        return Merged(merged, ())
    if known is None:
        return Merged(merged, tuple(_first(merged)) if manner.news else ())
    return Merged(merged, tuple(_changes(known, merged)))


def gone(known: MirrorTicket) -> Merged:
    """Mark a ticket that HubSoft returns no more."""
    missing = replace(known, state=int(Standing.MISSING))
    if known.following <= 0 or known.state == Standing.MISSING:
        return Merged(missing, ())
    return Merged(missing, (Noticed(ChangeKind.MISSING, before=known.status),))


def due_at(ticket: Ticket, at: float, known: float | None) -> float | None:
    """Return when a ticket's time ends: what HubSoft says is left, counted from `at` (UTC epoch seconds)."""
    left = _LEFT.fullmatch(ticket.remaining or "")
    if left is None or not any(left.groups()[1:]) or ticket.draft:
        return known
    days, hours, minutes = (int(part or 0) for part in left.groups()[1:])
    seconds = ((days * 24 + hours) * 60 + minutes) * 60
    if not seconds:
        return known  # HubSoft writes 0min where nothing was promised
    due = at + (-seconds if left[1] else seconds)
    return known if known is not None and abs(due - known) < DUE_SLACK else due


def due_news(ticket: MirrorTicket, at: float, soon: float) -> tuple[DueTold, Noticed | None]:
    """Return what is told of a ticket's SLA once it was seen at `at`, and what is news of it.

    Each is told once, until HubSoft gives the ticket clearly more time. One closed too late was late. `soon` is
    what is left, in seconds, from which it is due soon.
    """
    told, due = DueTold(ticket.due_told), ticket.due_at
    if due is None or ticket.state == Standing.MISSING:
        return told, None
    ended = at if ticket.state == Standing.OPEN or ticket.closed_at is None else ticket.closed_at
    if due <= ended:
        return DueTold.LATE, None if told is DueTold.LATE else Noticed(ChangeKind.LATE, at=due)
    if ticket.state != Standing.OPEN:
        return told, None
    left = due - at
    if left > soon + IN_TIME_AGAIN or (told is DueTold.LATE and left > max(soon, IN_TIME_AGAIN)):
        return DueTold.NOTHING, None
    if told is DueTold.LATE:
        return (DueTold.SOON if left > IN_TIME_AGAIN else told), None
    if left > soon or told is DueTold.SOON:
        return told, None
    return DueTold.SOON, Noticed(ChangeKind.DUE, at=due)


def sharpened(exact: datetime | None, day: date | None, known: float | None) -> float | None:
    """Return the best that is known of an instant: told exactly, known already, or the day alone."""
    if exact is not None:
        return exact.timestamp()
    if day is None or (known is not None and day_of(known) == day):
        return known
    return start_of(day)


def _state(known: MirrorTicket | None, ticket: Ticket) -> Standing:
    if ticket.deleted_at is not None:
        return Standing.MISSING
    if ticket.status_id is None and known is not None and known.deleted_at is not None:
        return Standing.MISSING  # a customer's own list does not say what was deleted
    if ticket.status is None and ticket.status_id is None:
        return Standing(known.state) if known is not None else Standing.OPEN
    return Standing.OPEN if ticket.closed_at is None and ticket.closed_on is None else Standing.CLOSED


def _following(known: MirrorTicket | None, now: MirrorTicket, manner: Manner) -> Following:
    if manner.following is Following.PERSON:
        return Following.PERSON
    if known is not None and known.following != Following.NO:
        return Following(known.following)
    if now.state == Standing.OPEN or (manner.closed_too and _was_open(known, now, manner)):
        return manner.following
    return Following.NO


def _was_open(known: MirrorTicket | None, now: MirrorTicket, manner: Manner) -> bool:
    """Whether a ticket that is closed now was open after we last heard of it."""
    if now.state != Standing.CLOSED:
        return False
    if known is None:
        return manner.news
    return known.closed_at is None or _later(known.closed_at, now.closed_at)


def _laid_over(known: MirrorTicket | None, seen: Sighting, labels: Labels, state: Standing) -> MirrorTicket:
    ticket, old = seen.ticket, known or _blank(seen)
    type_id, type_label = labels.resolved(TYPE, (ticket.type_id, ticket.type), (old.type_id, old.type))
    status = labels.resolved(STATUS, (ticket.status_id, ticket.status), (old.status_id, old.status))
    closed = state is not Standing.OPEN
    return MirrorTicket(
        id=old.id,
        protocol=ticket.protocol or old.protocol,
        state=int(state),
        following=old.following,
        type_id=type_id,
        type=type_label,
        status_id=status[0],
        status=status[1],
        status_prefix=ticket.status_prefix
        or (old.status_prefix if same(status, (old.status_id, old.status)) else None),
        opened_at=sharpened(ticket.opened_at, ticket.opened_on, old.opened_at),
        closed_at=sharpened(ticket.closed_at, ticket.closed_on, old.closed_at) if closed else None,
        deleted_at=ticket.deleted_at.timestamp() if ticket.deleted_at else old.deleted_at if closed else None,
        due_at=due_at(ticket, seen.at, old.due_at) if state is Standing.OPEN else old.due_at,
        draft=int(ticket.draft) if ticket.status_id is not None else old.draft,
        opened_by=ticket.opened_by or old.opened_by,
        closed_by=(ticket.closed_by or old.closed_by) if closed else None,
        responsible=_responsible(ticket, old.responsible),
        sector=ticket.sector or old.sector,
        closing_status=(ticket.closing_status or old.closing_status) if closed else None,
        closing_reason=(ticket.closing_reason or old.closing_reason) if closed else None,
        service_id=ticket.service_id or old.service_id,
        customer_id=ticket.customer_id or old.customer_id,
        customer_code=old.customer_code if ticket.customer_code is None else ticket.customer_code,
        customer_name=ticket.customer_name or old.customer_name,
        customer_document=ticket.customer_document or old.customer_document,
        messages=old.messages,
        last_message=old.last_message,
        first_seen=old.first_seen,
        confirmed_at=old.confirmed_at,
        change=old.change,
        version=old.version,
        due_told=old.due_told,
    )


def _blank(seen: Sighting) -> MirrorTicket:
    return MirrorTicket(
        id=seen.ticket.id, protocol="", state=int(Standing.OPEN), following=int(Following.NO),
        type_id=None, type=None, status_id=None, status=None, status_prefix=None, opened_at=None, closed_at=None,
        deleted_at=None, due_at=None, draft=0, opened_by=None, closed_by=None, responsible="", sector=None,
        closing_status=None, closing_reason=None, service_id=None, customer_id=None, customer_code=None,
        customer_name=None, customer_document=None, messages=None, last_message=0, first_seen=seen.at,
        confirmed_at=seen.at,
    )  # fmt: skip


def _responsible(ticket: Ticket, known: str) -> str:
    if not ticket.responsible_known:
        return known
    names, had = set(ticket.responsible), set(known.split("\n")) - {""}
    # A customer's own list names one of them, though others may have it too.
    alone = ticket.status_id is None and names and names <= had
    return known if names == had or alone else "\n".join(ticket.responsible)


def _first(ticket: MirrorTicket) -> list[Noticed]:
    closed = ticket.state == Standing.CLOSED
    # The status in which it was opened is unknown.
    after = None if closed else _status(ticket)
    new = Noticed(ChangeKind.NEW, after=after, at=ticket.opened_at, by=ticket.opened_by)
    return [new, _closed(None, ticket)] if closed else [new]


def _changes(known: MirrorTicket, now: MirrorTicket) -> list[Noticed]:
    changes = list(_moves(known, now))
    if not same(_type(known), _type(now)):
        changes.append(Noticed(ChangeKind.TYPE, shown(_type(known)), shown(_type(now))))
    if known.responsible != now.responsible:
        before, after = (each.replace("\n", ", ") or None for each in (known.responsible, now.responsible))
        changes.append(Noticed(ChangeKind.RESPONSIBLE, before, after))
    return changes


def _moves(known: MirrorTicket, now: MirrorTicket) -> list[Noticed]:
    """Tell what happened to a ticket's state; a status that moved along with it is part of that."""
    before, after = _status(known), _status(now)
    if now.state == Standing.MISSING:
        told = known.state != Standing.MISSING
        return [Noticed(ChangeKind.MISSING, before, at=now.deleted_at)] if told else []
    changes = [Noticed(ChangeKind.FOUND, after=after)] if known.state == Standing.MISSING else []
    if now.state == Standing.CLOSED:
        if known.closed_at is None:
            return [*changes, _closed(before, now)]
        if _later(known.closed_at, now.closed_at):
            return [*changes, Noticed(ChangeKind.REOPENED, before), _closed(None, now)]
    elif known.closed_at is not None:
        return [*changes, Noticed(ChangeKind.REOPENED, before, after)]
    if not same((known.status_id, known.status), (now.status_id, now.status)):
        changes.append(Noticed(ChangeKind.STATUS, before, after))
    return changes


def _closed(before: str | None, ticket: MirrorTicket) -> Noticed:
    at = ticket.closed_at
    # A customer's own list gives the day alone, which stands for its first instant.
    exact = at if at is not None and at != start_of(day_of(at)) else None
    return Noticed(ChangeKind.CLOSED, before, _status(ticket), exact, ticket.closed_by)


def _later(known: float, now: float | None) -> bool:
    """Whether it was closed another time since; a day alone that becomes exact is the same time."""
    return now is not None and now - known >= 1 and known != start_of(day_of(now))


def _status(ticket: MirrorTicket) -> str | None:
    return shown((ticket.status_id, ticket.status))


def _type(ticket: MirrorTicket) -> Named:
    return ticket.type_id, ticket.type

"""What a pass is told by the mirror before it asks, and how what it asked is written: one transaction.

Everything here runs in a thread that owns the mirror's connection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import Final

import msgspec
from msgspec.structs import replace

from ...api.models import Message
from ...errors import StoreError
from ...formats import DAY, HOUR, start_of
from ...settings.tree import SyncSettings
from ...store.mirror import Draft, Mirror, writing
from ...store.mirror_records import MirrorChange, MirrorMessage, MirrorState, MirrorTexts, MirrorTicket
from ...store.process_liveness import Lease
from ...store.rescue import decoded
from ...texts import say
from ...values import dataclass
from .merge import STATUS, Labels, Manner, Merged, Noticed, Sighting, due_news, gone, merge
from .pass_requests import PassAnswer, manner
from .planner import KnownTickets, PageSize, windows
from .types import ChangeKind, PassReport

FORGET_SECONDS: Final = 400 * DAY
"""How long a ticket is stored after it ended, once it is not followed: its texts are personal."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pass took. `day` is the local day it is counted on, YYYY-MM-DD."""

    day: str
    requests: int
    spent: int
    """Of those, this machine's own."""
    seconds: float
    size: PageSize
    """The page size that worked."""


def load(mirror: Mirror, now: float, settings: SyncSettings) -> KnownTickets:
    """Return what is known before a pass. `now` in UTC epoch seconds."""
    state = mirror.state()
    followed = tuple(mirror.followed_open())
    oldest = min((each.opened_at for each in followed if each.opened_at is not None), default=None)
    begins = windows(state, now, earliest=mirror.earliest(), oldest=oldest, first_days=settings.first_days)
    floor, look = start_of(begins.floor), start_of(begins.look)
    counts = tuple(mirror.statuses(floor))
    further = mirror.statuses(start_of(begins.oldest)) if begins.oldest < begins.floor else counts
    lately = mirror.statuses(look)
    return KnownTickets(
        now=now,
        state=state,
        windows=begins,
        followed=followed,
        statuses=tuple(label for label in mirror.labels() if label.kind == STATUS),
        counts=counts,
        oldest_open=sum(count.open for count in further),
        look_open=sum(count.open for count in lately),
        look_all=mirror.count(opened_since=look),
        closed=mirror.count(closed_since=start_of(begins.closed)),
    )


def page_size(state: MirrorState, most: int) -> PageSize:
    """Return the page size that worked last, as far as the settings allow it."""
    kept = None if state.page is None else decoded(state.page, PageSize)
    return PageSize(most) if kept is None else kept.within(most)


def last_report(state: MirrorState) -> PassReport | None:
    """Return the report of the last pass that ended, of whichever process."""
    return None if state.last is None else decoded(state.last, PassReport)


def commit(
    mirror: Mirror,
    lease: Lease,
    known: KnownTickets,
    asked: PassAnswer,
    *,
    cost: Cost,
    settings: SyncSettings,
    seen_at: float,
) -> PassReport:
    """Write all that a pass brought, or nothing. Raises StoreError, also when the right to write it was lost."""
    with writing(mirror) as draft:
        if not lease.held():
            raise StoreError(say("Another process syncs tickets meanwhile; this pass was left unwritten."))
        absorber = Absorber(mirror, draft, asked.labels, seen_at, soon=settings.due_soon_seconds)
        found = absorber.absorb(
            asked.sightings,
            lambda seen: manner(known, seen),
            missing=asked.missing,
            read_at=-1 if asked.stale else known.state.version,
        )
        draft.settle(closed_before=known.now - settings.keep_days * DAY, most=settings.keep_closed)
        if asked.table:  # once a day
            over_before = known.now - max(FORGET_SECONDS, 2 * settings.keep_days * DAY)
            draft.forget(over_before=over_before, opened_before=start_of(known.windows.floor))
        report = _report(mirror, known, asked, cost, found)
        _remember(draft, known, asked, cost=cost, settings=settings, report=report)
        draft.spend(cost.day, cost.spent, report.naive_requests)
    return report


def spend(mirror: Mirror, day: str, requests: int) -> None:
    """Count the requests of a pass that did not end."""
    with writing(mirror) as draft:
        draft.spend(day, requests, 0)


def take(
    mirror: Mirror, sightings: Collection[Sighting], how: Manner, seen_at: float, *, soon: float = HOUR
) -> Found:
    """Write what was heard of tickets outside a pass; `soon` as in `Absorber`."""
    with writing(mirror) as draft:
        absorber = Absorber(mirror, draft, Labels(mirror.labels()), seen_at, soon=soon)
        return absorber.absorb(sightings, lambda _seen: how)


def _report(mirror: Mirror, known: KnownTickets, asked: PassAnswer, cost: Cost, found: Found) -> PassReport:
    tracked = mirror.tracked()
    return PassReport(
        tracked=tracked,
        new=found.new,
        changed=found.changed,
        closed=found.closed,
        missing=found.missing,
        requests=cost.requests,
        naive_requests=tracked if known.first else len(known.followed) + found.new,
        seconds=round(cost.seconds, 3),
        unconfirmed=len(asked.left),
        at=known.now,
        shared=asked.stale,
        due_soon=found.due_soon,
        late=found.late,
    )


def _remember(
    draft: Draft,
    known: KnownTickets,
    asked: PassAnswer,
    *,
    cost: Cost,
    settings: SyncSettings,
    report: PassReport,
) -> None:
    state = known.state
    size = page_size(state, settings.page_size).after_pass(cost.size, settings.page_size)
    draft.remember(
        began_at=known.now if state.began_at is None else state.began_at,
        synced_at=known.now if asked.whole or state.synced_at is None else state.synced_at,
        looked_at=known.now if asked.looked or state.looked_at is None else state.looked_at,
        tables_at=known.now if asked.table else state.tables_at,
        page=msgspec.json.encode(size),
        last=msgspec.json.encode(report),
    )


SHOWN_CHARACTERS: Final = 200
"""How much of a message its line in the history repeats."""

MannerOf = Callable[[Sighting], Manner]


@dataclass(slots=True)
class Found:
    """What a transaction found: how many tickets each thing happened to."""

    new: int = 0
    changed: int = 0
    closed: int = 0
    missing: int = 0
    due_soon: int = 0
    late: int = 0

    def count(self, kinds: AbstractSet[ChangeKind]) -> None:
        """Count one ticket."""
        self.new += ChangeKind.NEW in kinds
        self.closed += ChangeKind.CLOSED in kinds
        self.missing += ChangeKind.MISSING in kinds
        self.due_soon += ChangeKind.DUE in kinds
        self.late += ChangeKind.LATE in kinds
        self.changed += not kinds <= _COUNTED_APART


_COUNTED_APART: Final = frozenset(
    {ChangeKind.NEW, ChangeKind.CLOSED, ChangeKind.MISSING, ChangeKind.DUE, ChangeKind.LATE}
)


@dataclass(slots=True)
class _StoredTicket:
    """What will be written, together."""

    tickets: list[MirrorTicket] = field(default_factory=list)
    changes: list[MirrorChange] = field(default_factory=list)
    messages: list[MirrorMessage] = field(default_factory=list)
    texts: list[MirrorTexts] = field(default_factory=list)
    opened_again: list[int] = field(default_factory=list)
    confirmed: defaultdict[float, list[int]] = field(default_factory=lambda: defaultdict(list))


class Absorber:
    """Lays sightings over the mirror. `now` is when we see what changed, UTC epoch seconds.

    `soon` is what is left of an SLA, in seconds, from which a ticket is due soon.
    """

    def __init__(
        self, mirror: Mirror, draft: Draft, labels: Labels, now: float, *, soon: float = HOUR
    ) -> None:
        self._mirror = mirror
        self._draft = draft
        self._labels = labels
        self._now = now
        self._soon = soon
        self._kept = _StoredTicket()
        self.found = Found()

    def absorb(
        self,
        sightings: Collection[Sighting],
        manner: MannerOf,
        *,
        missing: Iterable[int] = (),
        read_at: int | None = None,
    ) -> Found:
        """Write what `sightings` say, and that HubSoft no longer returns `missing`.

        `read_at` is the mirror's version when the asking began: what another writer stored since from a later
        answer is not undone.
        """
        missing = list(missing)
        known = self._mirror.tickets({*(seen.ticket.id for seen in sightings), *missing})
        for seen in sightings:
            self._labels.learn(seen.ticket)
        for seen in sightings:
            had = known.get(seen.ticket.id)
            if not _outdated(had, seen.at, read_at):
                self._take(had, seen, manner(seen))
        for had in (known[identifier] for identifier in missing if identifier in known):
            if not _outdated(had, had.confirmed_at, read_at):
                self._keep(had, gone(had), had.confirmed_at)
        self._write()
        return self.found

    def _take(self, had: MirrorTicket | None, seen: Sighting, manner: Manner) -> None:
        merged = merge(had, seen, self._labels, manner)
        merged, spoken = self._spoken(had, seen, merged, manner)
        merged = self._due(had, seen, merged, manner)
        if had is not None and merged.ticket == had:
            self._kept.confirmed[seen.at].append(had.id)
        else:
            self._keep(had, merged, seen.at)
        if spoken or merged.ticket != had or seen.ticket.status_id is None:
            self._texts(seen)
        if had is not None and had.closed_at is not None and merged.ticket.closed_at is None:
            self._kept.opened_again.append(had.id)

    def _spoken(
        self, had: MirrorTicket | None, seen: Sighting, merged: Merged, manner: Manner
    ) -> tuple[Merged, bool]:
        """Count the messages of a sighting; those not heard of before are news where others were known."""
        messages = [message for message in seen.ticket.messages if message.id > 0]
        if not messages and not (seen.with_messages and merged.ticket.messages is None):
            return merged, False
        newest = max((message.id for message in messages), default=0)
        if had is not None and (had.messages, had.last_message) == (len(messages), newest):
            return merged, False
        heard: set[int] = set()
        if had is not None and had.messages:
            heard = {message.id for message in self._mirror.messages(had.id)}
        fresh = [message for message in messages if message.id not in heard]
        self._kept.messages += [_kept(message, seen.ticket.id) for message in fresh]
        ticket = replace(
            merged.ticket,
            messages=len(heard) + len(fresh),
            last_message=max(newest, merged.ticket.last_message),
        )
        tells = ticket.following > 0 and (manner.news if had is None else had.messages is not None)
        changes = merged.changes + (tuple(map(_message, fresh)) if tells else ())
        return Merged(ticket, changes), bool(fresh)

    def _due(self, had: MirrorTicket | None, seen: Sighting, merged: Merged, manner: Manner) -> Merged:
        """Tell what became late or due soon; of what was late before it was known nothing is told."""
        told, noticed = due_news(merged.ticket, seen.at, self._soon)
        if told == merged.ticket.due_told:
            return merged
        since = None if had is None else had.first_seen
        known = manner.news if since is None else noticed is None or (noticed.at or 0.0) >= since
        tells = merged.ticket.following > 0 and known
        changes = (*merged.changes, noticed) if tells and noticed is not None else merged.changes
        return Merged(replace(merged.ticket, due_told=int(told)), changes)

    def _keep(self, had: MirrorTicket | None, merged: Merged, at: float) -> None:
        ticket = merged.ticket
        for noticed in merged.changes:
            change = self._numbered(ticket.id, noticed)
            self._kept.changes.append(change)
            ticket = replace(ticket, change=change.number)
        self.found.count({noticed.kind for noticed in merged.changes})
        self._kept.tickets.append(replace(ticket, confirmed_at=max(at, had.confirmed_at if had else 0.0)))

    def _numbered(self, ticket_id: int, noticed: Noticed) -> MirrorChange:
        return MirrorChange(
            number=self._draft.number(),
            ticket_id=ticket_id,
            kind=noticed.kind.value,
            before=noticed.before,
            after=noticed.after,
            at=noticed.at,
            by=noticed.by,
            seen_at=self._now,
        )

    def _texts(self, seen: Sighting) -> None:
        ticket = seen.ticket
        texts = MirrorTexts(
            ticket.id,
            opening=ticket.opening,
            closing=ticket.closing,
            contact_name=ticket.contact_name,
            contact_phone=ticket.contact_phone,
            work_orders=msgspec.json.encode(ticket.work_orders) if ticket.work_orders else None,
            # A customer's own list carries every text, and the messages if they were asked for.
            asked_at=seen.at if ticket.status_id is None and seen.with_messages else None,
        )
        if texts != MirrorTexts(ticket.id):
            self._kept.texts.append(texts)

    def _write(self) -> None:
        kept, draft = self._kept, self._draft
        if kept.tickets:
            draft.keep(kept.tickets)
        if kept.changes:
            draft.changed(kept.changes)
        draft.messages(kept.messages)
        if kept.opened_again:
            draft.opened_again(kept.opened_again)
        draft.texts(kept.texts)
        draft.confirm(kept.confirmed)
        draft.learn(self._labels.news)
        self._kept = _StoredTicket()


def _outdated(had: MirrorTicket | None, at: float, read_at: int | None) -> bool:
    return had is not None and read_at is not None and had.version > read_at and had.confirmed_at > at


def _kept(message: Message, ticket_id: int) -> MirrorMessage:
    written = message.written_at.timestamp() if message.written_at else None
    return MirrorMessage(message.id, ticket_id, message.text, written)


def _message(message: Message) -> Noticed:
    line = " ".join(message.text.split())
    text = line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"
    at = message.written_at.timestamp() if message.written_at else None
    return Noticed(ChangeKind.MESSAGE, after=text, at=at)

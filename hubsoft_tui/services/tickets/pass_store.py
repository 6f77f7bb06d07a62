"""What a pass is told by the mirror before it asks, and how what it asked is written: one transaction.

Everything here runs in a thread that owns the mirror's connection.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec

from ...errors import StoreError
from ...formats import DAY, HOUR, start_of
from ...settings.tree import SyncSettings
from ...store.mirror import Draft, Mirror, writing
from ...store.mirror_records import MirrorState
from ...store.process_liveness import Lease
from ...texts import say
from .labels import STATUS, Labels
from .merge import Manner, Sighting
from .paging import PageSize
from .pass_requests import PassAnswer, manner
from .planner import KnownTickets, windows
from .types import PassReport
from .upsert import Absorber, Found

FORGET_SECONDS: Final = 400 * DAY
"""How long a ticket is stored after it ended, once it is not followed: its texts are personal."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pass took. `day` is the local day it is counted on, YYYY-MM-DD."""

    day: str
    requests: int
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
    if state.page is None:
        return PageSize(most)
    try:
        return msgspec.json.decode(state.page, type=PageSize).within(most)
    except msgspec.DecodeError:
        return PageSize(most)


def last_report(state: MirrorState) -> PassReport | None:
    """Return the report of the last pass that ended, of whichever process."""
    try:
        return None if state.last is None else msgspec.json.decode(state.last, type=PassReport)
    except msgspec.DecodeError:
        return None


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
            read_at=known.state.version,
        )
        draft.settle(closed_before=known.now - settings.keep_days * DAY)
        if asked.table:  # once a day
            over_before = known.now - max(FORGET_SECONDS, 2 * settings.keep_days * DAY)
            draft.forget(over_before=over_before, opened_before=start_of(known.windows.floor))
        report = _report(mirror, known, asked, cost, found)
        _remember(draft, known, asked, cost=cost, settings=settings, report=report)
        draft.spend(cost.day, cost.requests, report.naive_requests)
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
        unconfirmed=asked.unconfirmed,
        at=known.now,
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

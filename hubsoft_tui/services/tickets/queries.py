"""The mirror as people see it: rows, changes, details. Runs in a thread that owns the mirror's connection."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Final

from ...api.models import Message, WorkOrder
from ...errors import InvalidInput
from ...formats import BRASILIA, fold
from ...settings.places import Places, current_person
from ...settings.tree import Settings
from ...store import mirror as tables
from ...store.database import open_database
from ...store.mirror import MIGRATIONS, TICKETS, Mirror
from ...store.mirror_records import MirrorChange, MirrorTicket
from ...store.rescue import decoded, listing
from ...texts import say
from .filters import EVERYTHING, FilterFlag, TicketFilter
from .judgement import Judging, chosen_by
from .types import BoardState, Change, ChangeKind, Delta, TicketDetail, TicketRow, TicketState

LAST_CHANGES: Final = 300
"""How many changes a whole delta carries."""
_STATES: Final = (TicketState.OPEN, TicketState.CLOSED, TicketState.MISSING)
_KINDS: Final = {kind.value: kind for kind in ChangeKind}
SENSES: Final = tables.SENSES | {"change": f"{tables.SENSES['change']} AND kind IN {listing(ChangeKind)}"}
"""What is true of the mirror's rows that can be used (see `rescue`)."""


def delta(mirror: Mirror, since: int) -> Delta:
    """Return what differs from version `since`; everything for 0, and for a version that is not this mirror's."""
    version = mirror.state().version
    if since == version:
        return Delta(version)
    whole = not 0 < since < version
    tickets = mirror.followed() if whole else mirror.followed(since=since)
    noticed = mirror.changes(last=LAST_CHANGES) if whole else mirror.changes_since(since)
    named = {ticket.id: ticket for ticket in tickets}
    unnamed = {change.ticket_id for change in noticed} - named.keys()
    named |= mirror.tickets(unnamed)
    return Delta(
        version=version,
        rows=rows(mirror, tickets),
        removed=() if whole else tuple(mirror.dropped(since)),
        changes=tuple(
            _change(change, named[change.ticket_id]) for change in noticed if change.ticket_id in named
        ),
        whole=whole,
    )


def due_changes(mirror: Mirror, since: int) -> tuple[Change, ...]:
    """Return what became late or due soon after version `since`, oldest first."""
    noticed = [
        change
        for change in mirror.changes_since(since)
        if _KINDS[change.kind] in {ChangeKind.DUE, ChangeKind.LATE}
    ]
    tickets = mirror.tickets({change.ticket_id for change in noticed})
    return tuple(
        _change(change, tickets[change.ticket_id]) for change in noticed if change.ticket_id in tickets
    )


def kept_rows(
    settings: Settings, folders: Places, *, open_only: bool, wanted: TicketFilter = EVERYTHING
) -> tuple[TicketRow, ...]:
    """Return the tickets that a home follows and `wanted` asks for, newest first, from its file alone: no engine.

    Raises StoreError, and InvalidInput where mine are asked for and nothing says who the person is.
    """
    # Trusted: each pass and each console reads it through, and this one look writes nothing.
    opened = open_database(folders.state / TICKETS, MIGRATIONS, trusted=True, senses=SENSES)
    with closing(opened) as database:
        mirror = Mirror(database, settings.profile.account)
        found = rows(mirror, mirror.followed(open_only=open_only))
        return chosen_by(wanted, found, _judging(wanted, mirror, settings)) if wanted else found


def _judging(wanted: TicketFilter, mirror: Mirror, settings: Settings) -> Judging:
    """Return what the person's board goes by."""
    board = board_of(mirror, current_person())
    me = fold(settings.ui.my_name or board.my_name).strip()
    if not me and any(term.about is FilterFlag.MINE for term in wanted.terms):
        raise InvalidInput(
            say(
                "The filter asks for your tickets, and nothing says who you are. Set ui.my_name in config.toml."
            )
        )
    read_to = board.read_to
    return Judging(
        time.time(),
        me,
        settings.sync.due_soon_seconds,
        lambda row: read_to is not None and row.change is not None and row.change.number > read_to,
    )


def board_of(mirror: Mirror, person: str) -> BoardState:
    """Return how a person left the board."""
    kept = mirror.board(person)
    return (None if kept is None else decoded(kept, BoardState)) or BoardState()


def rows(mirror: Mirror, tickets: Iterable[MirrorTicket]) -> tuple[TicketRow, ...]:
    """Return tickets as the table shows them, each with its newest change."""
    tickets = list(tickets)
    newest = mirror.numbered(ticket.change for ticket in tickets if ticket.change)
    return tuple(_row(ticket, newest.get(ticket.change)) for ticket in tickets)


def detail(mirror: Mirror, ticket_id: int) -> TicketDetail | None:
    """Return all that is kept of a ticket, or None when it is not known."""
    ticket = mirror.tickets([ticket_id]).get(ticket_id)
    if ticket is None:
        return None
    texts = mirror.texts(ticket_id)
    (row,) = rows(mirror, [ticket])
    return TicketDetail(
        row=row,
        opening=texts.opening,
        closing=texts.closing,
        closing_reason=ticket.closing_reason,
        contact_name=texts.contact_name,
        contact_phone=texts.contact_phone,
        messages=tuple(
            Message(
                id=each.id,
                ticket_id=ticket_id,
                text=each.text,
                written_at=None
                if each.written_at is None
                else datetime.fromtimestamp(each.written_at, BRASILIA),
            )
            for each in mirror.messages(ticket_id)
        ),
        work_orders=_work_orders(texts.work_orders),
        history=tuple(_change(change, ticket) for change in mirror.changes(ticket_id=ticket_id)),
        asked_at=texts.asked_at,
    )


def _row(ticket: MirrorTicket, newest: MirrorChange | None) -> TicketRow:
    return TicketRow(
        ticket.id,
        ticket.protocol,
        _STATES[ticket.state],
        ticket.customer_name,
        ticket.customer_code,
        ticket.customer_document,
        ticket.service_id,
        ticket.type,
        ticket.status,
        tuple(ticket.responsible.split("\n")) if ticket.responsible else (),
        ticket.opened_at,
        ticket.closed_at,
        ticket.due_at,
        bool(ticket.draft),
        ticket.messages or 0,
        ticket.first_seen,
        ticket.confirmed_at,
        None if newest is None else _change(newest, ticket),
    )


def _change(change: MirrorChange, ticket: MirrorTicket) -> Change:
    return Change(
        change.number,
        ticket.id,
        ticket.protocol,
        _KINDS[change.kind],
        change.before,
        change.after,
        change.seen_at,
        change.at,
        change.by,
        ticket.customer_name,
    )


def _work_orders(body: bytes | None) -> tuple[WorkOrder, ...]:
    return (None if body is None else decoded(body, tuple[WorkOrder, ...])) or ()

"""What a person may decide about an entry, and when it is too late: steps from row to row that may refuse."""

from __future__ import annotations

from dataclasses import replace

from ...api.models import Ticket
from ...errors import InvalidInput
from ...store.outbox import OutboxRow
from ...texts import say
from . import machine
from .machine import Instant
from .types import (
    CheckedDraft,
    Draft,
    EntryKind,
    EntryState,
    NewTicket,
    ServiceAction,
    VisitAction,
    local_protocol,
)
from .wire import content_of, draft_of, kind_of, packed


def corrected(row: OutboxRow, at: Instant, checked: CheckedDraft) -> OutboxRow:
    """Send this draft in its place. Raises InvalidInput once it is with HubSoft."""
    draft = checked.draft
    if EntryKind(row.kind) is not kind_of(draft):
        raise InvalidInput(say("That is another kind of entry."))
    untouched = row.state == EntryState.QUEUED.value and not row.attempts
    if row.state not in machine.ASKING and not untouched:
        raise InvalidInput(say("{protocol} cannot be changed any more.", protocol=local_protocol(row.number)))
    return machine.again(replace(row, draft=packed(draft), content=content_of(draft)), at)


def resent(row: OutboxRow, at: Instant) -> OutboxRow:
    """Send it whatever similar ticket exists. Raises InvalidInput while HubSoft may still be at it."""
    state = EntryState(row.state)
    if row.state in machine.OVER:
        raise _settled(row)
    if state is EntryState.UNKNOWN and row.due is not None:
        raise InvalidInput(
            say(
                "HubSoft may still carry {protocol} out: we look by ourselves in {seconds} s, and send it "
                "again if it is not there.",
                protocol=local_protocol(row.number),
                seconds=max(1, round(row.due - at.now)),
            )
        )
    return machine.allowed(row, at) if state is EntryState.UNKNOWN else machine.again(row, at)


def adopted(row: OutboxRow, at: Instant, ticket: Ticket) -> OutboxRow:
    """It is this ticket. Raises InvalidInput when that cannot be."""
    if row.state in machine.OVER:
        raise _settled(row)
    _refuse_another_customers(draft_of(row), ticket)
    return machine.chosen(row, at, ticket.id, ticket.protocol)


def discarded(row: OutboxRow, at: Instant) -> OutboxRow:
    """Give it up; or, of a doubled one, note that a person dealt with it. Raises InvalidInput."""
    if row.state == EntryState.SENT.value and row.doubles:
        return machine.acknowledged(row, at)
    if row.state in machine.OVER:
        raise InvalidInput(say("{protocol} is settled already.", protocol=local_protocol(row.number)))
    return machine.discarded(row, at)


def _settled(row: OutboxRow) -> InvalidInput:
    return InvalidInput(say("{protocol} is settled: write a new one.", protocol=local_protocol(row.number)))


def _refuse_another_customers(draft: Draft, ticket: Ticket) -> None:
    if isinstance(draft, ServiceAction | VisitAction):
        raise InvalidInput(say("This is no ticket: no ticket can be taken for it."))
    if not isinstance(draft, NewTicket):
        if ticket.id != draft.ticket_id:
            raise InvalidInput(say("That is another ticket."))
        return
    codes = (draft.customer_code, ticket.customer_code)
    documents = (draft.customer_document, ticket.customer_document)
    if any(None not in pair and pair[0] != pair[1] for pair in (codes, documents)):
        raise InvalidInput(say("The ticket {protocol} is another customer's.", protocol=ticket.protocol))

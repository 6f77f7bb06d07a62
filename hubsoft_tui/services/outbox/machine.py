"""What becomes of an entry: every transition of the outbox as a function from row to row, without I/O.

Two rules hold everywhere. What may have reached HubSoft is never sent again before it was looked for, a quiet
period later. And what was sent more than once with an unknown outcome is looked for again afterwards, so that
a double is at least reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...api.models import Ticket
from ...errors import InvalidInput
from ...store.outbox import OutboxRow
from ...texts import say
from ...values import dataclass
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

LOOKS: Final = (1.0, 4.0, 16.0)
"""The later looks for doubles, in quiet periods after the one before: a server may be later than anybody thought."""
ASKING: Final = tuple(state.value for state in (EntryState.REFUSED, EntryState.EXISTS, EntryState.HELD))
MOST_FAILURES: Final = 20
"""How often in a row an action is tried before it is held, whatever the clock says."""
OVER: Final = frozenset({EntryState.SENT.value, EntryState.DISCARDED.value})


@dataclass(frozen=True, slots=True)
class Instant:
    """The moment a step is made, and the waits that are in force (seconds)."""

    now: float
    wall: float
    epoch: str
    quiet: float
    retry: float
    patience: float
    """How long an answer is waited for: a dead process did not wait so long."""

    def after(self, row: OutboxRow, seconds: float | None, state: EntryState | None = None) -> OutboxRow:
        """Return `row` in `state`, its next step due in `seconds`; None leaves it to a person."""
        return replace(
            row,
            state=row.state if state is None else state.value,
            updated_at=self.wall,
            due=None if seconds is None else self.now + seconds,
            epoch=self.epoch,
        )


def begun(row: OutboxRow, at: Instant) -> OutboxRow:
    """The next byte that leaves is its own."""
    return replace(
        at.after(row, None, EntryState.SENDING),
        attempts=row.attempts + 1,
        sent_at=at.wall if row.sent_at is None else row.sent_at,
        said="",
    )


def postponed(row: OutboxRow, at: Instant, said: str, *, wait: float | None = None) -> OutboxRow:
    """It did not reach HubSoft, or could not be looked for: the same again, later each time."""
    state = EntryState.QUEUED if row.state == EntryState.SENDING.value else None
    seconds = min(at.retry, 2.0 ** min(row.failures, 10)) if wait is None else wait
    return replace(at.after(row, seconds, state), failures=row.failures + 1, said=said)


def uncertain(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """HubSoft may have carried it out: look in a quiet period, when it certainly has or has not."""
    counted = replace(row, uncertain=row.uncertain + 1, failures=0, approved=False, said=said)
    return at.after(counted, at.quiet, EntryState.UNKNOWN)


def stumbled(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """A defect stopped the step: what may be with HubSoft is looked for, all else is tried again."""
    if row.state == EntryState.SENDING.value:
        return uncertain(row, at, said)
    return postponed(row, at, said, wait=at.quiet)


def abandoned(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """The owning process died, or the machine rebooted."""
    if row.state == EntryState.SENDING.value:
        # The quiet period counts from when we would have given up.
        return uncertain(row, replace(at, quiet=at.quiet + at.patience), said)
    if row.epoch == at.epoch or row.due is None:
        return replace(row, epoch=at.epoch)
    # How long the machine was off is not known, so whatever had to be quiet is given its whole time again.
    waits = row.state != EntryState.QUEUED.value
    return at.after(row, at.quiet + at.patience if waits else 0.0)


def sent(
    row: OutboxRow, at: Instant, ticket_id: int, protocol: str, doubles: Sequence[str] = ()
) -> OutboxRow:
    """HubSoft has it, and this is what it became. Doubles that are known already stay known."""
    others = tuple(dict.fromkeys(each for each in (*row.doubles, *doubles) if each != protocol))
    kept = replace(
        row, ticket_id=ticket_id, protocol=protocol, doubles=others, similar=(), failures=0, looks=0, said=""
    )
    return _with_looks(at.after(kept, None, EntryState.SENT), at)


def done(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """HubSoft carried an action out. It leaves nothing that could be doubled, so nothing is looked for later."""
    return at.after(replace(row, failures=0, said=said), None, EntryState.SENT)


def done_late(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """HubSoft's word for an attempt of an action that was given up: the truth, unless another is on its way."""
    if row.state in {EntryState.SENT.value, EntryState.SENDING.value}:
        return row
    counted = replace(row, uncertain=max(0, row.uncertain - 1), owner=None, lease=None, claim=row.claim + 1)
    return done(counted, at, said)


def held(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """An action waited too long: what was right then may be wrong now, so a person decides."""
    return replace(at.after(row, None, EntryState.HELD), failures=0, said=said)


def refused(row: OutboxRow, at: Instant, words: str) -> OutboxRow:
    """HubSoft said no; a person corrects it."""
    kept = replace(row, said=words, failures=0, looks=0)
    return _with_looks(at.after(kept, None, EntryState.REFUSED), at)


def met_another(row: OutboxRow, at: Instant, similar: Sequence[str], said: str) -> OutboxRow:
    """A ticket like it exists: a person decides."""
    return replace(at.after(row, None, EntryState.EXISTS), similar=tuple(similar), said=said, failures=0)


def absent(row: OutboxRow, at: Instant) -> OutboxRow:
    """It was looked for and is certainly not there: send it, with the same reference."""
    return replace(at.after(row, 0.0, EntryState.QUEUED), failures=0, said="")


def undecided(row: OutboxRow, at: Instant, said: str) -> OutboxRow:
    """What HubSoft shows neither proves nor rules it out: a person looks."""
    return replace(at.after(row, None, EntryState.UNKNOWN), said=said, failures=0)


def looked(row: OutboxRow, at: Instant, doubles: Sequence[str], said: str) -> OutboxRow:
    """A later look is done; what it found is added to what is known."""
    others = tuple(dict.fromkeys((*row.doubles, *doubles)))
    kept = replace(row, looks=row.looks + 1, doubles=others, failures=0, said=said or row.said)
    return _with_looks(at.after(kept, None), at)


def late(row: OutboxRow, at: Instant, ticket_id: int, protocol: str) -> OutboxRow:
    """An answer came for an attempt that was given up: the truth, unless another attempt has its own by now."""
    if row.ticket_id == ticket_id:
        return row
    if row.ticket_id is not None or row.state == EntryState.SENDING.value:
        return replace(row, doubles=tuple(dict.fromkeys((*row.doubles, protocol))), updated_at=at.wall)
    counted = replace(row, uncertain=max(0, row.uncertain - 1), owner=None, lease=None, claim=row.claim + 1)
    return sent(counted, at, ticket_id, protocol)


# -- what a person decides: steps that may refuse


def again(row: OutboxRow, at: Instant) -> OutboxRow:
    """A person wants it sent. What HubSoft once answered is looked for first, whatever the answer was."""
    answered = row.attempts and row.state != EntryState.QUEUED.value
    state = EntryState.UNKNOWN if answered else EntryState.QUEUED
    return replace(at.after(row, 0.0, state), failures=0, approved=True, similar=(), said="")


def hastened(row: OutboxRow, at: Instant) -> OutboxRow:
    """A person does not want to wait for the next try of what is still to be sent."""
    return at.after(row, 0.0) if row.state == EntryState.QUEUED.value and row.owner is None else row


def corrected(row: OutboxRow, at: Instant, checked: CheckedDraft) -> OutboxRow:
    """Send this draft in its place. Raises InvalidInput once it is with HubSoft."""
    draft = checked.draft
    if EntryKind(row.kind) is not kind_of(draft):
        raise InvalidInput(say("That is another kind of entry."))
    untouched = row.state == EntryState.QUEUED.value and not row.attempts
    if row.state not in ASKING and not untouched:
        raise InvalidInput(say("{protocol} cannot be changed any more.", protocol=local_protocol(row.number)))
    return again(replace(row, draft=packed(draft), content=content_of(draft)), at)


def resent(row: OutboxRow, at: Instant) -> OutboxRow:
    """Send it whatever similar ticket exists. Raises InvalidInput while HubSoft may still be at it."""
    state = EntryState(row.state)
    if row.state in OVER:
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
    if state is EntryState.UNKNOWN:  # a person looked and did not find it
        return replace(at.after(row, 0.0, EntryState.QUEUED), failures=0, approved=True, said="")
    return again(row, at)


def adopted(row: OutboxRow, at: Instant, ticket: Ticket) -> OutboxRow:
    """A person says it is this ticket. Raises InvalidInput when that cannot be.

    What may have been carried out besides is looked for once more.
    """
    if row.state in OVER:
        raise _settled(row)
    _refuse_another_customers(draft_of(row), ticket)
    known = sent(row, at, ticket.id, ticket.protocol)
    return at.after(known, at.quiet) if row.uncertain and known.due is None else known


def discarded(row: OutboxRow, at: Instant) -> OutboxRow:
    """Give it up; or, of a doubled one, note that a person dealt with it. Raises InvalidInput."""
    if row.state == EntryState.SENT.value and row.doubles:
        return replace(row, doubles=(), said="", updated_at=at.wall)
    if row.state in OVER:
        raise InvalidInput(say("{protocol} is settled already.", protocol=local_protocol(row.number)))
    return replace(at.after(row, None, EntryState.DISCARDED), said="")


def _with_looks(row: OutboxRow, at: Instant) -> OutboxRow:
    """Have it looked for again later, if more than one of its attempts may have been carried out."""
    certain = row.state == EntryState.SENT.value and row.attempts > row.uncertain
    if row.uncertain + certain < 2 and not (row.uncertain and row.state == EntryState.REFUSED.value):
        return row
    if row.looks >= len(LOOKS):
        return row
    return at.after(row, at.quiet * LOOKS[row.looks])


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

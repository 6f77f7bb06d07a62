"""The outbox: what a person writes is kept on disk before it is sent, and sent once whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ...api.choices import Table
from ...api.models import Choice, Customer
from ...api.search import SearchKey
from ...api.tickets import customer_tickets
from ...core.clock import Clock
from ...errors import InvalidInput, NotFound, StoreError
from ...store.outbox import OutboxRow, SqliteOutbox, Step
from ...texts import say
from ..customers import questions
from ..customers.terms import Kind, Term
from . import machine, wire
from .actions import require_allowed, require_writable
from .machine import Instant
from .reference import new_reference
from .runner import Runner
from .types import (
    CONTEXT,
    CheckedDraft,
    Draft,
    Entry,
    EntryKind,
    EntryState,
    NewTicket,
    Review,
    SendReport,
    ServiceAction,
    VisitAction,
    local_protocol,
    not_accepted,
)
from .wire import content_of, draft_of, kind_of, packed, previewed, require_storable

if TYPE_CHECKING:
    from ...core.engine import Engine

LOOK_SECONDS: Final = 0.2
"""How often a person who waits for an entry is told what another process did with it."""
_ON_ITS_WAY: Final = frozenset({EntryState.QUEUED.value, EntryState.SENDING.value, EntryState.UNKNOWN.value})


class Outbox:
    """The service; lives in the engine's loop. Its background work is `run`."""

    def __init__(
        self,
        engine: Engine,
        store: SqliteOutbox,
        clock: Clock,
        *,
        aside: bool = True,
        person: Callable[[], str] = lambda: "",
    ) -> None:
        """`aside` has the file worked on in a thread of its own; `person` names who acts. Raises StoreError."""
        self._person = person
        self._engine = engine
        self._clock = clock
        self._runner = Runner(engine, store, clock, aside=aside)
        self.sender = self._runner.sender
        """Tells its listeners what became of entries."""
        self._thread = self._runner.thread

    # -- what screens keep in sight

    @property
    def left(self) -> int:
        """How many entries are not settled."""
        return self._runner.tally.left

    @property
    def asks(self) -> int:
        """How many entries a person must look at."""
        return self._runner.tally.asks

    @property
    def waiting(self) -> float:
        """Seconds the oldest entry has waited that should be at HubSoft without a person; 0 when none does."""
        oldest = self._runner.tally.oldest
        return 0.0 if oldest is None else max(0.0, self._clock.wall() - oldest)

    @property
    def version(self) -> int:
        """A number that grows whenever an entry changed, in whatever process."""
        return self._runner.version

    # -- writing

    async def check(self, draft: Draft) -> CheckedDraft:
        """Return `draft` as it would be sent. Raises InvalidInput, in a sentence that says what to do."""
        require_storable(draft)
        if isinstance(draft, ServiceAction | VisitAction):
            require_allowed(draft.kind, self._engine.settings)
            draft = replace(draft, operator=self._person())
        settings = self._engine.settings
        young = self._remembered(draft, settings.cache.client_data_ttl)
        return wire.checked(draft, most=settings.outbox.max_characters, customer=young)

    async def review(self, draft: Draft) -> Review:
        """Check `draft` and say what would be sent, and what says the same. Raises InvalidInput."""
        checked = await self.check(draft)
        return Review(checked, previewed(checked.draft), await self.similar(checked))

    async def contents(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        """Return (label, value) for what an entry sends or sent, its reference too; document and phone masked."""
        return previewed(entry.draft, entry.reference, masked=True)

    async def similar(self, checked: CheckedDraft) -> tuple[Entry, ...]:
        """Return entries of the last minutes that say the same, newest first: ask before writing it again."""
        since = self._clock.wall() - self._engine.settings.outbox.similar_seconds
        content = content_of(checked.draft)
        rows = await self._thread.run(lambda store: store.alike(content, since))
        return tuple(self._entry(row) for row in rows if row.state != EntryState.DISCARDED.value)

    async def put(self, checked: CheckedDraft) -> Entry:
        """Keep a draft durably, begin to send it, and return at once with its local protocol.

        Raises InvalidInput on a read-only profile; and StoreError when it could not be kept: then it was not
        accepted, and nothing was or will be sent.
        """
        return (await self.put_all([checked]))[0]

    async def put_all(self, drafts: Sequence[CheckedDraft]) -> tuple[Entry, ...]:
        """Keep several drafts as `put` keeps one: all of them, or none."""
        require_writable(self._engine.settings.profile)
        entries = [(kind_of(each.draft).value, packed(each.draft), content_of(each.draft)) for each in drafts]
        try:
            rows = await self._thread.run(lambda store: store.add_all(entries, new_reference))
        except StoreError as error:
            raise not_accepted(error) from error
        for row, checked in zip(rows, drafts, strict=True):
            if isinstance(checked.draft, ServiceAction | VisitAction):
                self.sender.note(row, checked.draft)
            self._runner.start(row.number)
        await self._runner.news()
        return tuple(map(self._entry, rows))

    async def settled(self, protocol: str, patience: float) -> Entry:
        """Return an entry as soon as it is not on its way any more, or as it is after `patience` seconds."""
        until = self._clock.now() + patience
        while True:
            changed = self._runner.changed
            row = await self._row(protocol)
            left = until - self._clock.now()
            if not self._on_its_way(row) or left <= 0:
                return self._entry(row)
            # Another process may send it, which no event here tells.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await changed.wait()

    # -- reading

    async def entries(self, *, open_only: bool = False) -> tuple[Entry, ...]:
        """Return every entry, newest first; with `open_only` those that are not settled or ask for a person."""
        rows = await self._thread.run(lambda store: store.rows())
        found = map(self._entry, rows)
        return tuple(entry for entry in found if not open_only or not entry.over or entry.asks)

    async def entry(self, protocol: str) -> Entry:
        """Return the entry with a local protocol. Raises NotFound."""
        return self._entry(await self._row(protocol))

    async def customer(self, draft: Draft) -> Customer | None:
        """Return the customer a draft is for, however old what is remembered is, or None. Sends nothing."""
        return self._remembered(draft)

    async def types(self) -> tuple[Choice, ...]:
        """Return the provider's ticket types; one request unless remembered."""
        return (await self._engine.ask(questions.choices(Table.TICKET_TYPES), CONTEXT)).value

    async def reasons(self, type_id: int | None = None) -> tuple[Choice, ...]:
        """Return the reasons for closing a ticket of this type (None: all); one request for all types."""
        every = (await self._engine.ask(questions.choices(Table.TICKET_CLOSING_REASONS), CONTEXT)).value
        return tuple(reason for reason in every if _fits(reason, type_id))

    # -- what a person decides

    async def correct(self, protocol: str, checked: CheckedDraft) -> Entry:
        """Put another draft in the place of one that was refused, or not sent yet, and send it.

        Raises InvalidInput when it is too late for that.
        """
        require_writable(self._engine.settings.profile)
        step = partial(machine.corrected, checked=checked)
        return await self._revise(protocol, step, start=True)

    async def resend(self, protocol: str) -> Entry:
        """Send an entry now, whatever similar ticket exists: a person's yes. Raises InvalidInput."""
        require_writable(self._engine.settings.profile)
        return await self._revise(protocol, machine.resent, start=True)

    async def adopt(self, protocol: str, ticket_protocol: str) -> Entry:
        """Say that an entry is this ticket: nothing is sent for it any more; one request.

        Raises InvalidInput, NotFound, and HubSoftError when HubSoft cannot be asked.
        """
        await self._row(protocol)
        wanted = ticket_protocol.strip()
        asked = customer_tickets(SearchKey.PROTOCOL, wanted[:255] or "-", only_pending=False)
        shown = await self._engine.receive(asked, CONTEXT)
        ticket = next((one for one in shown.decoded.value if one.protocol == wanted), None)
        if ticket is None:
            raise NotFound(say("HubSoft has no ticket with the protocol {protocol}.", protocol=wanted))
        entry = await self._revise(protocol, partial(machine.adopted, ticket=ticket))
        await self.sender.tell(ticket)
        return entry

    async def discard(self, protocol: str) -> Entry:
        """Take an entry out: nothing more is sent for it. Of a doubled one, note that a person saw to it.

        Raises InvalidInput when there is nothing to take out.
        """
        return await self._revise(protocol, machine.discarded)

    # -- sending

    async def send_due(self) -> SendReport:
        """Make every step that is due, and try again now what only waits to be tried again. Raises StoreError."""
        require_writable(self._engine.settings.profile)
        await self._runner.recover()
        hasten = self.sender.timed(machine.hastened)
        await self._thread.run(lambda store: _hurry(store, hasten))
        numbers = await self._thread.run(lambda store: store.due())
        await asyncio.gather(*(asyncio.shield(self._runner.start(number)) for number in numbers))
        rows = await self._thread.run(lambda store: [store.row(number) for number in numbers])
        states = [row.state for row in rows if row is not None]
        counted = {
            name: states.count(name) for name in ("sent", "queued", "unknown", "refused", "exists", "held")
        }
        return SendReport(**counted)

    async def run(self) -> None:
        """Send, look and tidy until cancelled; with a read-only profile only watch what others do."""
        await self._runner.run()

    async def close(self) -> None:
        """Wait briefly for answers that are on their way, then stop; what is left is safe on disk."""
        await self._runner.close()

    # -- inside

    async def _row(self, protocol: str) -> OutboxRow:
        number = _number(protocol)
        row = await self._thread.run(lambda store: store.row(number)) if number else None
        if row is None:
            raise NotFound(say("There is no entry {protocol} in the outbox.", protocol=protocol))
        return row

    async def _revise(
        self, protocol: str, step: Callable[[OutboxRow, Instant], OutboxRow], *, start: bool = False
    ) -> Entry:
        """Do to an entry what a person decided. A process about to send it finds its claim gone."""
        timed = self.sender.timed(step)

        def decided(row: OutboxRow) -> OutboxRow:
            if row.state == EntryState.SENDING.value:
                raise InvalidInput(
                    say("{protocol} is on its way just now. Try again in a moment.", protocol=protocol)
                )
            return replace(timed(row), owner=None, lease=None, claim=row.claim + 1)

        number = (await self._row(protocol)).number
        row = await self._thread.run(lambda store: store.revise(number, decided))
        if row is None:
            raise NotFound(say("There is no entry {protocol} in the outbox.", protocol=protocol))
        draft = draft_of(row)
        if isinstance(draft, ServiceAction | VisitAction):
            self.sender.note(row, replace(draft, operator=self._person()))
        if start:
            self._runner.start(number)
        await self._runner.news()
        return self._entry(row)

    def _on_its_way(self, row: OutboxRow) -> bool:
        if row.state not in _ON_ITS_WAY:
            return False
        if row.state == EntryState.SENDING.value or row.owner is not None:
            return True
        due = row.due is not None and row.due <= self._clock.now()
        return due and self._runner.will_take(row.number)

    def _entry(self, row: OutboxRow) -> Entry:
        wait = None if row.due is None else max(0.0, row.due - self._clock.now())
        return Entry(
            local_protocol=local_protocol(row.number),
            kind=EntryKind(row.kind),
            state=EntryState(row.state),
            draft=draft_of(row),
            created_at=row.created_at,
            updated_at=row.updated_at,
            attempts=row.attempts,
            next_at=None if wait is None else self._clock.wall() + wait,
            protocol=row.protocol or None,
            ticket_id=row.ticket_id,
            said=row.said,
            doubles=row.doubles,
            similar=row.similar,
            reference=row.marker,
        )

    def _remembered(self, draft: Draft, most: float = math.inf) -> Customer | None:
        """Return the customer's record if it is remembered and at most `most` seconds old."""
        if not isinstance(draft, NewTicket | ServiceAction):
            return None
        if draft.customer_code is not None:
            term = Term(Kind.CODE, str(draft.customer_code))
        elif draft.customer_document:
            term = Term(Kind.CPF, draft.customer_document)
        else:
            return None
        answer = self._engine.known.remembered(questions.customer(term))
        if answer is None or answer.age > most:
            return None
        return answer.value[0] if len(answer.value) == 1 else None


def _hurry(store: SqliteOutbox, hasten: Step) -> None:
    """Make due now what only waits to be tried again."""
    for row in store.rows():
        if row.state == EntryState.QUEUED.value and row.owner is None:
            store.revise(row.number, hasten)


def _number(protocol: str) -> int | None:
    digits = protocol.strip().upper().removeprefix("LOC")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 15 else None


def _fits(reason: Choice, type_id: int | None) -> bool:
    types = reason.extra.get("ticket_type_ids", ())
    return type_id is None or not types or type_id in types

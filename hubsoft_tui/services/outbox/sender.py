"""One entry's way to HubSoft: sent once, looked for when the outcome is unknown, and each step on disk before the next.

The order is what makes it safe. An entry is claimed; when its turn at the limiter has come, and before its first
byte leaves, it is marked as being sent; then it is sent; then the answer is kept. A crash between any two leaves
a row that says what may have happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from ...api.answers import Decoded
from ...api.models import Receipt, Ticket
from ...api.operation import Operation
from ...api.tickets import customer_tickets
from ...core.clock import Clock
from ...core.engine import Engine
from ...core.types import Priority
from ...errors import (
    Closed,
    CredentialsRefused,
    HubSoftError,
    NotFound,
    QueueFull,
    RateLimited,
    Refused,
    StoreError,
    UnknownOutcome,
    Unreachable,
)
from ...formats import day_of
from ...store.outbox import LEASE_SECONDS, OutboxRow, SqliteOutbox, Step
from ...texts import _
from ..serial_thread import SerialThread
from . import machine, search
from .actions import done_text, switched_off
from .machine import Instant
from .search import look_for_action
from .types import (
    CONTEXT,
    DeskAction,
    Draft,
    EntryKind,
    EntryState,
    NewTicket,
    ServiceAction,
    TicketDraft,
    VisitAction,
    local_protocol,
)
from .wire import became, draft_of, operation_of

T = TypeVar("T")
logger = logging.getLogger(__name__)

REFUSED_SECONDS: Final = 60.0
"""How long an entry waits when HubSoft does not accept our credentials: a person must act first."""
LOOK_PATIENCE_SECONDS: Final = 60.0
_NOT_SENT: Final = (Unreachable, CredentialsRefused, RateLimited, QueueFull, Closed, StoreError)


class ClaimLost(Exception):
    """Another process took the entry over, or a person changed it: nothing may be sent for it."""


class Sender:
    """Makes the steps of entries. Lives in the engine's loop."""

    def __init__(
        self,
        engine: Engine,
        thread: SerialThread[SqliteOutbox],
        clock: Clock,
        news: Callable[[], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._thread = thread
        self._clock = clock
        self._news = news
        self.on_sent: Callable[[Ticket], Awaitable[None]] | None = None
        """Awaited with each ticket that an entry became, once that is on disk."""
        self.on_action: Callable[[OutboxRow, DeskAction], None] | None = None
        """Called with each action that was done, refused, held, or may have been done."""
        self.sending: set[int] = set()
        """Entries whose bytes may be on their way now."""

    def instant(self) -> Instant:
        """Return this moment, with the waits in force."""
        settings = self._engine.settings.outbox
        return Instant(
            self._clock.now(),
            self._clock.wall(),
            self._clock.epoch(),
            quiet=settings.quiet_seconds,
            retry=settings.retry_seconds,
            patience=self._engine.settings.http.read_timeout,
        )

    def timed(self, step: Callable[..., OutboxRow], **known: object) -> Step:
        """Return `step` made at the instant it is stored: since it was thought of, this process may have stood still.

        A quiet period that counts from before a freeze would end too early.
        """
        return lambda row: step(row, at=self.instant(), **known)

    async def work(self, number: int) -> None:
        """Make every step of an entry that is due, until one has to wait. Raises StoreError."""
        while (row := await self._thread.run(lambda store: store.claim(number))) is not None:
            await self._news()
            async with self._holding(row):
                try:
                    await self._step(row)
                except ClaimLost:
                    logger.warning("%s is another process's now", local_protocol(number))
                except Exception:  # a defect must neither lose the entry nor send it twice
                    logger.exception("%s", local_protocol(number))
                    said = _("Something unexpected went wrong in the program; the log says more.")
                    await self._finish(row, machine.stumbled, said=said)
                finally:
                    self.sending.discard(number)
            await self._news()

    @contextlib.asynccontextmanager
    async def _holding(self, row: OutboxRow) -> AsyncIterator[None]:
        """Keep the claim until the end of the block."""

        async def renew() -> None:
            while True:
                await self._clock.sleep(LEASE_SECONDS / 3)
                # One that cannot be renewed lapses; then `ready` refuses to send, and an answer is still kept.
                with contextlib.suppress(StoreError):
                    await self._thread.run(lambda store: store.renew(row))

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _step(self, row: OutboxRow) -> None:
        draft = draft_of(row)
        if isinstance(draft, ServiceAction | VisitAction):
            await self._act(row, draft)
        elif row.state != EntryState.QUEUED.value:
            await self._look(row, draft)
        elif not await self._met_another(row, draft):
            await self._send(row, draft)

    # -- actions

    async def _act(self, row: OutboxRow, draft: DeskAction) -> None:
        if row.state != EntryState.QUEUED.value:
            await self._look_for_action(row, draft)
        elif why := self._too_late(row, draft):
            await self._finish(row, machine.held, said=why)
        else:
            await self._send(row, draft)
        after = await self._thread.run(lambda store: store.row(row.number))
        if after is not None and after.state not in {row.state, EntryState.QUEUED.value}:
            self.note(after, draft)

    def note(self, row: OutboxRow, draft: DeskAction) -> None:
        """Tell the listener where an action stands; what it cannot do costs the action nothing."""
        try:
            if self.on_action is not None:
                self.on_action(row, draft)
        except HubSoftError as error:
            logger.warning("%s: %s", local_protocol(row.number), error)

    def _too_late(self, row: OutboxRow, draft: DeskAction) -> str:
        """Say why an action may not be sent any more; empty when it may."""
        actions = self._engine.settings.actions
        if switched_off(draft.kind, actions):
            return _("This action was switched off by the settings before it was sent.")
        wall, valid = self._clock.wall(), actions.valid_seconds
        waited = wall - (row.updated_at if row.approved else row.created_at) >= valid
        if not waited and row.failures < machine.MOST_FAILURES:
            return ""
        because = _("It could not be sent in time and was held: send it again if it is still wanted.")
        return f"{because} {row.said}".strip()

    async def _look_for_action(self, row: OutboxRow, draft: DeskAction) -> None:
        try:
            finding = await look_for_action(self._receive, draft, sent_at=row.sent_at or row.created_at)
        except HubSoftError as error:
            if row.approved and row.failures >= machine.MOST_FAILURES:
                # A yes is for now: what cannot be looked for in time is asked about again.
                await self._finish(row, machine.undecided, said=str(error))
            else:
                await self._finish(row, machine.postponed, said=str(error), wait=self._wait(error))
        else:
            if finding.done:
                await self._finish(row, machine.done, said=_(finding.done))
            elif row.approved:
                await self._finish(row, machine.absent)
            else:
                await self._finish(row, machine.undecided, said=search.explained(finding))

    # -- sending

    async def _send(self, row: OutboxRow, draft: Draft) -> None:
        async def ready() -> float:
            # A process that takes over from a frozen one sends again a quiet period later at the earliest.
            until = self._clock.now() + self._engine.settings.outbox.quiet_seconds
            begun = self.timed(machine.begun)
            if await self._thread.run(lambda store: store.advance(row, begun)) is None:
                raise ClaimLost
            self.sending.add(row.number)
            await self._news()
            return until

        try:
            operation = operation_of(draft, row.marker)
        except ValueError as error:
            await self._finish(row, machine.refused, words=str(error))
            return
        try:
            context = replace(CONTEXT, priority=Priority.CRITICAL, label=local_protocol(row.number))
            if isinstance(draft, ServiceAction | VisitAction):
                context = replace(context, timeout=self._engine.settings.actions.valid_seconds)
            answer: object = await self._engine.send(operation, context, ready=ready)
        except UnknownOutcome as error:
            await self._finish(row, machine.uncertain, said=str(error))
        except (Refused, NotFound) as error:
            await self._finish(row, machine.refused, words=str(error))
        except _NOT_SENT as error:
            wait = self._wait(error)
            if wait is not None and isinstance(draft, ServiceAction | VisitAction):
                wait = min(wait, self._engine.settings.actions.valid_seconds)  # then it is held
            await self._finish(row, machine.postponed, said=str(error), wait=wait)
        else:
            if isinstance(draft, ServiceAction | VisitAction):
                await self._done(row, done_text(draft, answer) if isinstance(answer, Receipt) else "")
            else:
                await self._sent(row, became(draft, answer))

    def _wait(self, error: HubSoftError) -> float | None:
        if isinstance(error, RateLimited):
            return error.retry_after
        return REFUSED_SECONDS if isinstance(error, CredentialsRefused) else None

    async def _sent(self, row: OutboxRow, ticket: Ticket, doubles: tuple[str, ...] = ()) -> None:
        named = {"ticket_id": ticket.id, "protocol": ticket.protocol}
        if await self._finish(row, machine.sent, doubles=doubles, **named) is None:
            # Given up while the answer was on its way, by a process that could not know: the answer counts.
            late = self.timed(machine.late, **named)
            await self._persist(lambda store: store.revise(row.number, late))
        self.sending.discard(row.number)
        await self._news()  # a caller that waits for it does not wait for the listeners below
        await self.tell(ticket)

    async def _done(self, row: OutboxRow, said: str) -> None:
        if await self._finish(row, machine.done, said=said) is None:
            late = self.timed(machine.done_late, said=said)
            await self._persist(lambda store: store.revise(row.number, late))
        self.sending.discard(row.number)
        await self._news()

    async def tell(self, ticket: Ticket) -> None:
        """Hand the ticket that an entry became to its listener."""
        if self.on_sent is None or not ticket.protocol:
            return
        try:
            await self.on_sent(ticket)
        except HubSoftError as error:
            logger.warning("a new ticket is not in the mirror yet: %s", error)

    async def _met_another(self, row: OutboxRow, draft: TicketDraft) -> bool:
        """Look, before what waited long is first sent, whether such a ticket was opened in between."""
        waited = self._clock.wall() - row.created_at
        if (
            not isinstance(draft, NewTicket)
            or row.approved
            or row.uncertain
            or waited < self._engine.settings.outbox.look_first_seconds
        ):
            return False
        try:
            shown = await self._receive(customer_tickets(*search.owner_of(draft)))
        except (Refused, NotFound):
            return False  # a customer unknown to HubSoft has no ticket; its answer to the write decides
        except HubSoftError as error:
            await self._finish(row, machine.postponed, said=str(error), wait=self._wait(error))
            return True
        ours = await self._thread.run(lambda store: store.tickets())
        similar = search.opened_meanwhile(shown.value, draft, since=row.created_at, ours=ours)
        if similar:
            said = _("While this waited, a ticket for the same service was opened. Is it the same matter?")
            await self._finish(row, machine.met_another, similar=similar, said=said)
        return bool(similar)

    # -- looking

    async def _look(self, row: OutboxRow, draft: TicketDraft) -> None:
        unknown = row.state == EntryState.UNKNOWN.value
        receive = self._receive if unknown else self._receive_later
        today = day_of(self._clock.wall())
        try:
            twins = await self._twins(row)
            finding = await search.look(receive, row, draft, today=today, twins=twins)
        except (Refused, NotFound) as error:
            if not unknown:
                await self._finish(row, machine.looked, doubles=(), said="")
            elif row.uncertain:
                # A search that HubSoft refuses did not happen: only a proven absence sends again.
                await self._finish(row, machine.postponed, said=str(error))
            else:
                await self._finish(row, machine.absent)
        except HubSoftError as error:
            await self._finish(row, machine.postponed, said=str(error), wait=self._wait(error))
        else:
            await (self._decide(row, finding) if unknown else self._report(row, finding))

    async def _decide(self, row: OutboxRow, finding: search.Finding) -> None:
        if finding.found:
            await self._sent(row, finding.found[0], finding.doubles)
        elif finding.similar and not row.approved:
            said = _("A ticket says the same without our reference. Is it this one?")
            await self._finish(row, machine.met_another, similar=finding.similar, said=said)
        elif finding.why and not row.approved:
            await self._finish(row, machine.undecided, said=search.explained(finding))
        else:
            await self._finish(row, machine.absent)

    async def _report(self, row: OutboxRow, finding: search.Finding) -> None:
        if row.state == EntryState.REFUSED.value and finding.found:
            await self._sent(row, finding.found[0], finding.doubles)
            return
        known = (row.ticket_id, row.protocol)
        doubles = tuple(one.protocol for one in finding.found if (one.id, one.protocol) != known)
        said = _("HubSoft carried this out more than once. Close what is too much.") if doubles else ""
        if doubles:
            logger.warning("%s is doubled", local_protocol(row.number))
        await self._finish(row, machine.looked, doubles=doubles, said=said)

    async def _twins(self, row: OutboxRow) -> int:
        """Count the other messages that say the same and are accounted for."""
        if row.kind != EntryKind.MESSAGE.value:
            return 0
        since = (row.sent_at or row.created_at) - 2 * search.CLOCK_SECONDS
        alike = await self._thread.run(lambda store: store.alike(row.content, since))
        return sum(one.number != row.number and one.state == EntryState.SENT.value for one in alike)

    async def _receive(self, operation: Operation[T]) -> Decoded[T]:
        received = await self._engine.receive(operation, CONTEXT)
        return received.decoded

    async def _receive_later(self, operation: Operation[T]) -> Decoded[T]:
        received = await self._engine.receive(
            operation, replace(CONTEXT, priority=Priority.NORMAL, timeout=LOOK_PATIENCE_SECONDS)
        )
        return received.decoded

    # -- keeping

    async def _finish(
        self, row: OutboxRow, step: Callable[..., OutboxRow], **known: object
    ) -> OutboxRow | None:
        made = self.timed(step, **known)
        return await self._persist(lambda store: store.finish(row, made))

    async def _persist(self, work: Callable[[SqliteOutbox], T]) -> T:
        """Keep what is known, however long the disk refuses: until then it is in this process alone."""
        pause = 0.5
        while True:
            try:
                return await self._thread.run(work)
            except StoreError as error:
                logger.warning("the outbox cannot be written: %s", error)
            await self._clock.sleep(pause)
            pause = min(2 * pause, LEASE_SECONDS / 3)

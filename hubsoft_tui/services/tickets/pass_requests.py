"""One pass, as far as HubSoft is concerned: everything it asks, and what it could not see."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from ...api.choices import Table, choices
from ...api.models import Choice, Ticket
from ...api.operation import Operation
from ...api.search import SearchKey
from ...api.tickets import MESSAGES, TICKET_RELATIONS, TicketDate, customer_tickets, tickets_page
from ...core.engine import Engine
from ...core.requests.exchange import Received
from ...core.types import BreakerState, Priority, RequestContext
from ...errors import BadAnswer, QueueFull, RateLimited, Refused, TimedOut, Unproven, Unreachable
from ...formats import DAY, ONE_DAY, day_of, start_of
from ...store.mirror_records import FollowedTicket, Following
from ...texts import say
from ...values import dataclass
from .merge import STATUS, Labels, Manner, Sighting
from .planner import SMALLEST, Ask, KnownTickets, PageSize, Read, Steps, on_from, steps

logger = logging.getLogger(__name__)

MOST_SINGLES: Final = 20
"""Tickets asked for one by one in one pass; those not confirmed for longest come first."""
CALLER: Final = "sync"
MOST_REPAIRS: Final = 3
"""Gaps that are read again in one list, before what is missing is left to be asked one by one."""

T = TypeVar("T")
Harvest = dict[int, Sighting]
"""What a pass has read so far, by ticket; a later reading of the same ticket stands."""


class Reader:
    """Asks on behalf of one pass. `priority` may rise while it goes on; `requests` counts what it cost."""

    def __init__(self, engine: Engine, size: PageSize, priority: Priority, *, with_messages: bool) -> None:
        self._engine = engine
        self.size = size
        """The page size tried now; after a page was read, the one that worked."""
        self.priority = priority
        self.requests = 0
        self._with_messages = with_messages

    async def read(self, want: Read, harvest: Harvest) -> bool:
        """Read a whole list into `harvest`; False when parts of it may have slipped by. Raises HubSoftError."""
        seen: set[int] = set()
        read = repairs = 0
        total: int | None = None
        complete = True
        while True:
            ask = on_from(read, self.size.size, total)
            received = await self._page(want, ask)
            if received is None:
                continue  # it was too heavy: the same again, smaller
            tickets: tuple[Ticket, ...] = received.decoded.value
            for ticket in tickets:
                harvest[ticket.id] = Sighting(ticket, received.at, self._with_messages)
            ids = {ticket.id for ticket in tickets}
            page = received.decoded.page
            moved = total is not None and page is not None and page.total != total
            gap = read > 0 and not seen & ids and (ask.first < read or moved)
            seen |= ids
            total = None if page is None else page.total
            if gap and repairs < MOST_REPAIRS:
                repairs += 1
                end = ask.first if total is None else min(ask.first, total)
                read = max(0, end - self.size.size // 2)
                continue
            complete = complete and not gap
            read = ask.after
            if read >= total if total is not None else not received.decoded.truncated:
                return complete

    async def table(self, table: Table) -> tuple[Choice, ...]:
        """Read a table of the provider's. Raises HubSoftError."""
        received = await self._received(choices(table))
        return received.decoded.value

    async def one(self, protocol: str) -> tuple[Sighting, ...]:
        """Ask for a ticket by its protocol, closed or not, with its texts; nothing when there is none."""
        received = await self._received(by_protocol(protocol))
        return tuple(Sighting(ticket, received.at, with_messages=True) for ticket in received.decoded.value)

    async def _page(self, want: Read, ask: Ask) -> Received[tuple[Ticket, ...]] | None:
        """Ask for one page; None when it was too heavy and a smaller one is to be tried."""
        operation = self._operation(want, ask)
        heavy = ask.size > SMALLEST
        try:
            return await self._received(operation, retries=0 if heavy else None)
        except (TimedOut, BadAnswer):
            # Not in time, a proxy that gave up, an answer cut short: what too many rows at once look like.
            if not heavy:
                raise
            self.size = self.size.smaller
            return None
        except Unreachable:
            return await self._received(operation)

    def _operation(self, want: Read, ask: Ask) -> Operation[tuple[Ticket, ...]]:
        relations = TICKET_RELATIONS
        return tickets_page(
            ask.page,
            ask.size,
            start=want.start,
            end=want.end,
            by=want.by,
            status_ids=want.status_ids,
            relations=(*relations, MESSAGES) if self._with_messages else relations,
        )

    async def _received(self, operation: Operation[T], retries: int | None = None) -> Received[T]:
        api = self._engine.api()
        if api.breaker is BreakerState.OPEN:
            # In the queue it would wait as long as HubSoft is away, holding the right to sync.
            raise Unreachable(say("HubSoft cannot be reached: {reason}", reason=api.reason or "-"))
        return await self._engine.receive(
            operation,
            RequestContext(CALLER, self.priority),
            retries=retries,
            spent=self._spend,
            through_outages=False,
        )

    def _spend(self, requests: int) -> None:
        self.requests += requests


def by_protocol(protocol: str) -> Operation[tuple[Ticket, ...]]:
    """Return the request for one ticket and all its texts."""
    return customer_tickets(SearchKey.PROTOCOL, protocol, only_pending=False, limit=5, relations=(MESSAGES,))


@dataclass(frozen=True, slots=True)
class PassAnswer:
    """What a pass brought. `missing` are ids that HubSoft no longer returns, in lists or by protocol."""

    sightings: tuple[Sighting, ...]
    missing: tuple[int, ...]
    left: tuple[int, ...]
    """Followed, and not seen: their state is not confirmed."""
    labels: Labels
    table: bool
    looked: bool
    """Everything opened lately was seen, without a filter."""
    whole: bool
    """Nothing that opened or closed since the last pass can have slipped by."""
    stale: bool = False
    """Another machine asked: what was learnt here since then is newer."""


class Asking:
    """Asks what the planner chose, and then for those that did not show up."""

    def __init__(self, known: KnownTickets, labels: Labels, reader: Reader) -> None:
        self._known = known
        self._labels = labels
        self._reader = reader
        self._harvest: Harvest = {}
        self._missing: list[int] = []
        self._table_read = False
        self._reread: list[Read] = []
        """Lists that may have let something slip by."""
        self._skipped: frozenset[int] = frozenset()
        """Another machine did not see them either."""

    async def run(self) -> PassAnswer:
        """Ask everything. Raises HubSoftError when not even the lists can be read; then nothing is known."""
        plan = steps(self._known, self._reader.size.size)
        if plan.table:
            await self._table()
            plan = steps(replace(self._known, statuses=tuple(self._labels.statuses)), self._reader.size.size)
        for read in plan.reads:
            if not await self._reader.read(read, self._harvest):
                self._reread.append(read)
        await self._stragglers(plan)
        return self._answer(looked=plan.looks and not any(not read.status_ids for read in self._reread))

    async def complete(
        self, sightings: Iterable[Sighting], *, missing: Iterable[int], left: Iterable[int]
    ) -> PassAnswer:
        """Take what another machine's pass brought, and ask for what that machine does not follow."""
        self._harvest = {seen.ticket.id: seen for seen in sightings}
        followed = {each.id for each in self._known.followed}
        self._missing = [each for each in missing if each in followed]
        self._skipped = frozenset(left)
        self._table_read = True  # by the other machine, where it was due
        await self._stragglers(steps(self._known, self._reader.size.size))
        answer = self._answer(looked=False)
        return replace(answer, left=(*answer.left, *(self._skipped & followed)), stale=True)

    def _answer(self, *, looked: bool) -> PassAnswer:
        return PassAnswer(
            sightings=tuple(self._harvest.values()),
            missing=tuple(self._missing),
            left=tuple(each.id for each in self._left()),
            labels=self._labels,
            table=self._table_read,
            looked=looked,
            whole=not self._reread,
        )

    # -- those that no list showed

    async def _stragglers(self, plan: Steps) -> None:
        try:
            if len(self._left()) > 1:
                await self._together(plan)
            await self._one_by_one()
        except (Unreachable, RateLimited, QueueFull) as error:
            # The lists stand; what they did not show stays as it was, and is said not to be confirmed.
            logger.warning("sync: %d tickets not confirmed: %s", len(self._left()), error)

    async def _together(self, plan: Steps) -> None:
        """Look for several stragglers in a list, where that is cheaper than asking for each."""
        size = self._reader.size.size
        again = [read for read in self._reread if read.by is TicketDate.OPENED]
        if again and sum(read.requests(size) for read in again) < len(self._left()):
            for read in again:
                if await self._reader.read(read, self._harvest):
                    self._reread.remove(read)
        expected = {each.id for each in plan.singles}
        if sum(each.id not in expected for each in self._left()) > 1 and not self._table_read:
            before = {label.id for label in self._labels.statuses}
            await self._table()
            new = tuple(label.id for label in self._labels.statuses if label.id not in before)
            await self._look(new, rows=0)
        closed = sum(count.closed for count in self._known.counts if count.id in plan.hidden)
        await self._look(plan.hidden, rows=closed)

    async def _look(self, status_ids: tuple[int, ...], *, rows: int) -> None:
        """Read the statuses that the filter left out, from the day the oldest straggler was opened."""
        opened = [each.opened_at for each in self._left() if each.opened_at is not None]
        if not status_ids or not opened:
            return
        start = day_of(min(opened)) - ONE_DAY
        read = Read(
            TicketDate.OPENED, min(start, self._known.last_day), self._known.last_day, status_ids, rows
        )
        if read.requests(self._reader.size.size) < len(opened):
            await self._reader.read(read, self._harvest)

    async def _one_by_one(self) -> None:
        left = sorted(self._left(), key=lambda each: each.confirmed_at)
        unnamed: set[str] = set()
        for each in [each for each in left if each.protocol][:MOST_SINGLES]:
            try:
                found = await self._reader.one(each.protocol)
            except (Refused, Unproven) as error:
                logger.warning("sync: ticket %d: %s", each.id, error)
                continue
            for seen in found:
                if seen.ticket.id == each.id:
                    self._harvest[each.id] = seen
                    unnamed |= {seen.ticket.status} if seen.ticket.status else set()
            if not found:
                self._missing.append(each.id)
        if unnamed and not self._table_read and not self._all_named(unnamed):
            await self._table()

    def _all_named(self, labels: set[str]) -> bool:
        """Whether every status that was told without an id is known by its label."""
        for seen in self._harvest.values():
            self._labels.learn(seen.ticket)
        return all(self._labels.knows(STATUS, label) for label in labels)

    def _left(self) -> Sequence[FollowedTicket]:
        seen = self._harvest.keys() | self._skipped | set(self._missing)
        return [each for each in self._known.followed if each.id not in seen]

    async def _table(self) -> None:
        """Read the table of statuses; a server without one is asked again another day."""
        self._table_read = True
        try:
            self._labels.table(STATUS, await self._reader.table(Table.TICKET_STATUSES))
        except (Refused, BadAnswer) as error:
            logger.warning("sync: the table of statuses: %s", error)


def manner(known: KnownTickets, seen: Sighting) -> Manner:
    """Say how a ticket that a list showed is taken, where it was not followed."""
    opened = seen.ticket.opened_at
    at = known.now if opened is None else opened.timestamp()
    if at < start_of(known.windows.floor):
        return Manner(Following.NO)
    # What was opened since the first pass and is not known is news, whether it is closed by now or not.
    began = known.state.began_at
    news = began is not None and at >= began - DAY
    return Manner(Following.RULE, closed_too=began is not None, news=news)

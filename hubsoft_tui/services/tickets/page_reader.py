"""Reading HubSoft's lists of tickets page by page, while they shift and while pages may be too heavy."""

from __future__ import annotations

from typing import Final, TypeVar

from ...api.choices import Table, choices
from ...api.models import Choice, Ticket
from ...api.operation import Operation
from ...api.search import SearchKey
from ...api.tickets import MESSAGES, TICKET_RELATIONS, customer_tickets, tickets_page
from ...core.engine import Engine
from ...core.requests.exchange import Received
from ...core.types import BreakerState, Priority, RequestContext
from ...errors import BadAnswer, TimedOut, Unreachable
from ...texts import say
from .merge import Sighting
from .paging import SMALLEST, Ask, PageSize, on_from
from .planner import Read

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

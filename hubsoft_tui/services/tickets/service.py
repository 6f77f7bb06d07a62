"""Tickets: the ones we follow, what changed in them, and the sync that keeps them true."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from ...api.models import Ticket
from ...core.clock import Clock
from ...core.engine import Engine
from ...core.ports import FlightPort
from ...core.types import Priority, RequestContext
from ...errors import HubSoftError, NotFound
from ...formats import BRASILIA, HOUR
from ...store.mirror import Mirror, writing
from ...store.mirror_records import Following, Pulse
from ...store.process_liveness import ProcessLiveness
from ...texts import say
from ..customers import terms
from ..serial_thread import SerialThread
from . import pass_store, queries
from .merge import Manner, Sighting
from .pass_requests import by_protocol
from .sync import Sync
from .types import BoardState, Change, Delta, PassReport, Plan, SyncStatus, TicketDetail, TicketRow

logger = logging.getLogger(__name__)

CALLER: Final = "tickets"
GLANCE_SECONDS: Final = 0.25
"""How often at most `news` looks whether any process wrote to the mirror."""
COUNT_SECONDS: Final = 30.0
"""How often late tickets are counted while nothing is written: time alone makes them late."""
KEPT_DUE: Final = 500
"""How many tickets that became late or due soon are kept for those who ask what was new."""


class Tickets:
    """The service; lives in the engine's loop, and reads and writes the mirror in threads of its own.

    Every method may raise StoreError: a mirror that a newer version wrote, a disk that is full.
    """

    def __init__(
        self,
        engine: Engine,
        opened: Callable[[], Mirror],
        liveness: ProcessLiveness,
        clock: Clock,
        *,
        person: Callable[[], str],
        on_pass: Callable[[PassReport], object] = lambda _report: None,
        relay: FlightPort | None = None,
    ) -> None:
        """`person` names who uses the console: each keeps a board of their own. `on_pass`, `relay`: see `Sync`."""
        self._engine = engine
        self._clock = clock
        self._person = person
        self._reading = SerialThread("tickets-read", opened, clock, closed=Mirror.close)
        self._writing = SerialThread("tickets-write", opened, clock, closed=Mirror.close)
        self._sync = Sync(engine, self._reading, self._writing, liveness, clock, on_pass=on_pass, relay=relay)
        self._pulse = Pulse(0, None, None)
        self._beats = 0
        self._glanced = float("-inf")
        self._glancing: asyncio.Task[None] | None = None
        self._due: tuple[int, int] | None = None
        self._counted = float("-inf")
        self._due_changes: deque[Change] = deque(maxlen=KEPT_DUE)

    @property
    def late_lately(self) -> int | None:
        """How many open tickets became late in the last hour; None before they were counted. Costs nothing."""
        return None if self._due is None else self._due[0]

    @property
    def due_soon(self) -> int | None:
        """How many open tickets are due soon; None before they were counted. Costs nothing."""
        return None if self._due is None else self._due[1]

    @property
    def due_number(self) -> int:
        """The number of the newest change that a ticket became late or due soon, since we started; 0 for none."""
        return self._due_changes[-1].number if self._due_changes else 0

    async def due_changes(self, after: int) -> tuple[Change, ...]:
        """Return what became late or due soon since we started, whose number is above `after`, oldest first."""
        return tuple(change for change in self._due_changes if change.number > after)

    @property
    def news(self) -> int:
        """A number that grows when there is something new to show, whichever process wrote it. Costs nothing."""
        now = self._clock.now()
        if now - self._glanced >= GLANCE_SECONDS and (self._glancing is None or self._glancing.done()):
            self._glanced = now
            self._glancing = asyncio.create_task(self._glance())
        return self._beats + self._sync.turns

    @property
    def late(self) -> float | None:
        """Seconds a pass is overdue; None where none is scheduled. Costs nothing."""
        return self._sync.late

    # -- looking

    async def delta(self, since: int) -> Delta:
        """Return what differs from version `since` of the mirror; 0 returns everything. Sends nothing."""
        return await self._reading.run(lambda mirror: queries.delta(mirror, since))

    async def rows(self, *, open_only: bool = False) -> tuple[TicketRow, ...]:
        """Return the tickets that are followed, newest first. Sends nothing."""

        def look(mirror: Mirror) -> tuple[TicketRow, ...]:
            return queries.rows(mirror, mirror.followed(open_only=open_only))

        return await self._reading.run(look)

    async def status(self) -> SyncStatus:
        """Say how syncing goes, whichever process on this home does it. Sends nothing."""
        return await self._sync.status()

    async def plan(self) -> Plan:
        """Say what a pass would ask now, and what it would cost. Sends nothing."""
        return await self._sync.plan()

    # -- the board

    async def board(self) -> BoardState:
        """Return how the person left the board."""
        person = self._person()
        return await self._reading.run(lambda mirror: queries.board_of(mirror, person))

    async def keep_board(self, state: BoardState) -> None:
        """Keep how the person left the board."""
        person, kept = self._person(), msgspec.json.encode(state)
        await self._writing.run(lambda mirror: mirror.keep_board(person, kept))

    async def keep_area(self, area: str) -> None:
        """Keep which screen the person left the console on."""
        board = await self.board()
        if board.area != area:
            await self.keep_board(replace(board, area=area))

    async def changed_after(self, number: int) -> int:
        """Count the changes whose number is above `number`."""
        return await self._reading.run(lambda mirror: mirror.changed_after(number))

    # -- asking

    async def sync(self, *, priority: Priority = Priority.NORMAL) -> PassReport:
        """Make a pass now, or join the one going on. Raises HubSoftError; then the mirror is as it was."""
        return await self._sync.sync(priority)

    async def detail(self, ticket_id: int, *, refresh: bool = False, label: str = "") -> TicketDetail:
        """Return all there is of a ticket; asks HubSoft (1 request) when its texts are not kept, or to `refresh`.

        Raises NotFound for a ticket that is not in the mirror, and HubSoftError.
        """
        kept = await self._detail(ticket_id)
        if kept.asked_at is not None and not refresh:
            return kept
        found = await self._ask(kept.row.protocol, label)
        mine = [seen for seen in found if seen.ticket.id == ticket_id]
        if mine:
            await self._take(mine, Manner(Following.NO))
        return await self._detail(ticket_id)

    async def follow(self, protocol: str, *, label: str = "") -> TicketRow:
        """Follow a ticket from now on, whatever its age or state. 1 request.

        Raises InvalidInput for what is no protocol, NotFound when HubSoft has no such ticket, HubSoftError.
        """
        term = terms.recognise(f"protocol:{protocol}")
        found = [
            seen for seen in await self._ask(term.value, label) if seen.ticket.protocol in {term.value, ""}
        ]
        if not found:
            raise NotFound(
                say(
                    "HubSoft has no ticket with the protocol {protocol}. Check the number.",
                    protocol=term.value,
                )
            )
        await self._take(found[:1], Manner(Following.PERSON, news=False))
        return (await self._detail(found[0].ticket.id)).row

    async def unfollow(self, ticket_id: int) -> None:
        """Take a ticket off the list, until a person follows it again. Raises NotFound."""

        def write(mirror: Mirror) -> bool:
            with writing(mirror) as draft:
                ticket = mirror.tickets([ticket_id]).get(ticket_id)
                if ticket is not None:
                    draft.keep([msgspec.structs.replace(ticket, following=int(Following.DISMISSED))])
            return ticket is not None

        if not await self._writing.run(write):
            raise _unknown(ticket_id)

    async def absorb(self, ticket: Ticket, *, opened: bool = False) -> None:
        """Take over at once what the answer to a write said of a ticket, and follow it.

        `opened`: we have just opened it. An answer that names an unknown ticket, and no more, is passed
        over.
        """
        now = self._clock.wall()
        if opened and ticket.opened_at is None:
            # HubSoft's answer has the day alone; the next pass brings the exact time.
            ticket = msgspec.structs.replace(ticket, opened_at=datetime.fromtimestamp(now, BRASILIA))
        known = await self._reading.run(lambda mirror: mirror.tickets([ticket.id]))
        if known or ticket.protocol:
            seen = Sighting(ticket, now, with_messages=opened)
            await self._take([seen], Manner(Following.RULE, closed_too=True))

    # -- life

    async def run(self) -> None:
        """Sync whenever a pass is due, until cancelled."""
        await self._sync.keep()

    async def close(self) -> None:
        """Leave what is going on and close the mirror."""
        await self._sync.close()
        if self._glancing is not None:
            self._glancing.cancel()
            await asyncio.gather(self._glancing, return_exceptions=True)
        await self._reading.close()
        await self._writing.close()

    # -- inside

    async def _detail(self, ticket_id: int) -> TicketDetail:
        detail = await self._reading.run(lambda mirror: queries.detail(mirror, ticket_id))
        if detail is None:
            raise _unknown(ticket_id)
        return detail

    async def _ask(self, protocol: str, label: str) -> list[Sighting]:
        received = await self._engine.receive(by_protocol(protocol), RequestContext(CALLER, label=label))
        tickets: tuple[Ticket, ...] = received.decoded.value
        return [Sighting(ticket, received.at, with_messages=True) for ticket in tickets]

    async def _take(self, sightings: list[Sighting], manner: Manner) -> None:
        now = self._clock.wall()
        soon = self._engine.settings.sync.due_soon_seconds
        await self._writing.run(lambda mirror: pass_store.take(mirror, sightings, manner, now, soon=soon))

    async def _glance(self) -> None:
        try:
            pulse = await self._reading.run(Mirror.pulse)
            if pulse is not None and pulse != self._pulse:
                if 0 < self._pulse.version < pulse.version:
                    since = self._pulse.version
                    fresh = await self._reading.run(lambda mirror: queries.due_changes(mirror, since))
                    self._due_changes.extend(fresh)
                self._pulse = pulse
                self._beats += 1
                self._counted = float("-inf")
            await self._count_due()
        except HubSoftError as error:
            logger.debug("tickets: %s", error)  # the next reader of the rows is told

    async def _count_due(self) -> None:
        if self._clock.now() - self._counted < COUNT_SECONDS:
            return
        self._counted = self._clock.now()
        now, ahead = self._clock.wall(), self._engine.settings.sync.due_soon_seconds
        self._due = await self._reading.run(lambda mirror: mirror.due(now, back=HOUR, ahead=ahead))


def _unknown(ticket_id: int) -> NotFound:
    return NotFound(say("Ticket {id} is not known here. Follow it by its protocol first.", id=ticket_id))

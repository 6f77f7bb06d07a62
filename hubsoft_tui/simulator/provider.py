"""The whole state behind the API: customers, tickets, tokens, and the time it is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .details import Details
from .roster import Roster
from .ticket_desk import TicketDesk
from .tokens import TokenOffice

if TYPE_CHECKING:
    from .clock import SimClock


class Provider:
    """A provider that exists as long as its simulator. Hold `lock` to read or change several things."""

    def __init__(
        self,
        *,
        seed: int,
        customers: int,
        tickets: int,
        closed: int,
        clock: SimClock,
        hostile: bool,
        always: bool,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.roster = Roster(customers, seed, hostile=hostile)
        self.details = Details(seed, clock.start, always=always)
        self.tokens = TokenOffice(seed)
        self.desk = TicketDesk(self.roster, clock, seed, opened=tickets, closed=closed)
        self.disconnections: list[str] = []
        """Logins that were disconnected, in order."""
        self.steps_per_request = 0
        """Ticket changes made before every request, so that pages shift while they are read."""

    def catch_up(self) -> None:
        """Make the ticket changes that are due by now."""
        with self.lock:
            self.desk.advance(self.clock.now())
            if self.steps_per_request:
                self.desk.step(self.steps_per_request)

"""Every service built over one engine, and taken down again in the right order.

Imported in the engine's thread only: it brings httpx with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ..api import operations
from ..api.models import BRASILIA, Ticket
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.types import Badges
from ..core.watch import Watch
from ..settings import Profile, Settings
from .connection import ConnectionTest
from .customers import Customers
from .outbox.outbox import Outbox
from .questions import KINDS
from .state import State, open_state
from .tickets.service import Tickets


@dataclass(frozen=True, slots=True)
class Services:
    """What users ask for. Lives in the engine's loop: reach it through `Hub.run` or `Hub.call`."""

    engine: Engine
    connection: ConnectionTest
    customers: Customers
    outbox: Outbox
    tickets: Tickets
    watch: Watch
    set_aside: tuple[Path, ...]
    """Damaged files that were moved aside when the state was opened."""

    def badges(self) -> Badges:
        """Return what every screen keeps in sight, and each service's version."""
        return Badges(
            outbox=self.outbox.left,
            outbox_asks=self.outbox.asks,
            versions={"outbox": self.outbox.version, "tickets": self.tickets.news},
        )

    def unasked(self) -> list[Coroutine[Any, Any, None]]:
        """Return what the services do by themselves while a console is open, each until it is cancelled."""
        return [self.outbox.run(), *self.tickets.unasked()]


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock, *, background: bool) -> AsyncIterator[Services]:
    """Open the state and build everything; with `background` also start what goes on unasked.

    Raises StoreError or SettingsError.
    """
    with open_state(settings, clock) as state:
        engine = make_engine(settings, state, clock)
        engine.start()
        services = Services(
            engine=engine,
            connection=ConnectionTest(engine, clock),
            customers=Customers(engine, state.desk, clock),
            outbox=Outbox(engine, state.outbox, clock),
            tickets=Tickets(engine, state.mirror, state.presence, clock),
            watch=Watch(engine.snapshot),
            set_aside=state.set_aside,
        )
        services.outbox.on_sent = partial(_absorb, services.tickets, clock)
        engine.badges = services.badges
        going = [asyncio.create_task(services.watch.run())]
        if background:
            going += [asyncio.create_task(work) for work in services.unasked()]
        try:
            yield services
        finally:
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            await services.outbox.close()
            await services.tickets.close()
            await engine.close()


async def _absorb(tickets: Tickets, clock: Clock, ticket: Ticket) -> None:
    """Show what a write became at once, among the tickets that are followed.

    HubSoft's answer to a new ticket has the day it was opened alone.
    """
    today = datetime.fromtimestamp(clock.wall(), BRASILIA).date()
    await tickets.absorb(ticket, opened=ticket.opened_at is None and ticket.opened_on == today)


def make_engine(settings: Settings, state: State, clock: Clock) -> Engine:
    """Build the engine of `settings.profile` over `state`; not started. Raises SettingsError."""
    profile: Profile = settings.profile
    return Engine(
        settings,
        state.ports,
        clock,
        kinds=KINDS,
        login=operations.token(profile.client_id, profile.client_secret, profile.username, profile.password),
        probe=operations.choices(operations.Table.SERVICE_STATUSES),
    )

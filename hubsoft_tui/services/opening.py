"""Every service built over one engine, and taken down again in the right order.

Imported in the engine's thread only: it brings httpx with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..api import operations
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.types import Badges
from ..core.watch import Watch
from ..settings import Profile, Settings
from .connection import ConnectionTest
from .customers import Customers
from .questions import KINDS
from .state import State, open_state
from .tickets.service import Tickets


@dataclass(frozen=True, slots=True)
class Services:
    """What users ask for. Lives in the engine's loop: reach it through `Hub.run` or `Hub.call`."""

    engine: Engine
    connection: ConnectionTest
    customers: Customers
    tickets: Tickets
    watch: Watch
    set_aside: tuple[Path, ...]
    """Damaged files that were moved aside when the state was opened."""

    def badges(self) -> Badges:
        """Return what every screen keeps in sight, and each service's version."""
        return Badges(versions={"tickets": self.tickets.news})

    def unasked(self) -> list[Coroutine[Any, Any, None]]:
        """Return what the services do by themselves while a console is open, each until it is cancelled."""
        return [*self.tickets.unasked()]


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
            tickets=Tickets(engine, state.mirror, state.presence, clock),
            watch=Watch(engine.snapshot),
            set_aside=state.set_aside,
        )
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
            await services.tickets.close()
            await engine.close()


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

"""The whole roster where no list asks for it.

At a quiet hour, so that the day's questions are answered already; and where all customers fit in one page, that page
in place of one customer, for the same one request.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from ...api.models import Customer
from ...core.cache.freshness import Sweep
from ...core.clock import Clock, today
from ...core.engine import Engine
from ...core.requests.exchange import Received
from ...core.types import Category, Health, Priority
from ...errors import HubSoftError
from ...formats import at
from ...store.checkup_rows import Reading, RunState
from ...store.rosters import NO_LIST, RosterSize
from .plan import doubted, of_use, sizes_of
from .roster import NotBelieved, RosterReader, everybody, page_operation
from .storage import CheckupFiles
from .types import Variant

logger = logging.getLogger(__name__)

SWEEP: Final = "all customers"
MOST_SECONDS: Final = 15.0
"""A page that takes longer is given up, and the customer asked for alone."""
REST_SECONDS: Final = 600.0
"""After one that HubSoft would not or could not answer, none is asked for so long."""


class OnePage:
    """Lives in the engine's loop."""

    def __init__(self, engine: Engine, files: CheckupFiles) -> None:
        self._engine = engine
        self._files = files
        self._clock = engine.clock
        self._not_before = 0.0

    async def sweep(self, category: Category, priority: Priority) -> Sweep | None:
        """Return the page that answers a question of `category`, if it costs no more than asking for one customer.

        None too where a person would wait for it too long, and where it was read so lately that it cannot hold who
        is asked for: HubSoft knows that customer under another number, or not at all.
        """
        patience = self._engine.settings.cache.one_page_seconds
        if not patience or self._clock.now() < self._not_before:
            return None
        try:
            size = (await self._files.run(lambda stores: stores.rosters.sizes())).get(Variant.ALL.value)
        except HubSoftError as error:  # the file of the check-ups must not keep a customer from being found
            logger.warning("not read: %s", error)
            return None
        if size is None or not of_use(size, self._clock.wall()):
            return None
        rows = min(size.page_size, self._engine.settings.checkup.page_size)
        slow = priority <= Priority.HIGH and (size.seconds is None or size.seconds > patience)
        lately = 0 <= self._clock.wall() - size.at < self._engine.known.lifetime_of(None, category)
        if size.total > rows or slow or lately:
            return None
        operation = replace(page_operation(self._engine, Variant.ALL, 0, rows), timeout=MOST_SECONDS)
        return Sweep(SWEEP, operation, partial(self._taken, rows), self._failed)

    async def _taken(
        self, page_size: int, received: Received[tuple[Customer, ...]]
    ) -> Mapping[str, tuple[Customer, ...]]:
        decoded, now = received.decoded, self._clock.now()
        rows = everybody(decoded, self._engine.settings.customers.active_statuses)
        if not rows:
            self._failed()
        if decoded.page is not None:
            took = now - received.now
            size = RosterSize(decoded.page.total, page_size, self._clock.wall(), seconds=took)
            try:
                await self._files.run(lambda stores: stores.rosters.put_size(Variant.ALL.value, size))
            except HubSoftError as error:
                logger.warning("not kept: %s", error)
        return rows

    def _failed(self) -> None:
        self._not_before = self._clock.now() + REST_SECONDS


CHECK_SECONDS: Final = 60.0
HOURS: Final = 3
"""How many hours from the quiet one on it may begin: a clock put forward must not skip a night."""
SPARE: Final = 0.5
"""It begins while less than this share of what background work may use is used."""


class NightlyRoster:
    """Lives in the engine's loop; `run` goes on until it is cancelled."""

    def __init__(self, engine: Engine, files: CheckupFiles, clock: Clock) -> None:
        self._engine = engine
        self._files = files
        self._clock = clock

    async def run(self) -> None:
        """Read the roster once in every night, in one of the consoles that are open."""
        while True:
            with contextlib.suppress(HubSoftError):  # the next night tries again; failed requests are logged
                await self.run_if_due()
            await self._clock.sleep(CHECK_SECONDS)

    async def run_if_due(self) -> bool:
        """Read the roster now if it is time; tell whether it was read. Raises HubSoftError.

        The day is taken before the reading begins and kept, so an hour that comes twice reads once.
        """
        if not self._due() or not self._spare():
            return False
        day = today(self._clock).isoformat()
        if not await self._files.run(lambda stores: stores.rosters.take_night(day)):
            return False
        if await doubted(self._engine, self._files):
            return False
        return await self.read()

    async def read(self) -> bool:
        """Read the whole roster, for no list in particular; tell whether it was read to its end."""
        row, mine = await self._files.run(lambda stores: stores.begin(NO_LIST, at=self._clock.wall()))
        if not mine:
            return False
        began, whole = self._clock.now(), False
        try:
            await self._files.run(lambda stores: stores.rosters.clear(row.id))
            sizes = await sizes_of(self._engine, self._files)
            reader = RosterReader(self._engine, self._files, row.id, Variant.ALL)
            with contextlib.suppress(NotBelieved):
                reading = await reader.read(
                    Reading(Variant.ALL.value, sizes.page_size),
                    lambda _customers, _fetched_at: ([], []),
                    lambda _: True,
                    lambda: (0.0, 0),
                )
                whole = reading.whole and not reading.gaps
                if reading.sure:
                    await reader.settle()
        finally:
            seconds = self._clock.now() - began
            await self._files.run(lambda stores: stores.rosters.clear(row.id))
            await self._files.run(
                lambda stores: stores.checkups.end(
                    row.id, RunState.DONE, at=self._clock.wall(), seconds=seconds, requests=0
                )
            )
        return whole

    def _due(self) -> bool:
        settings = self._engine.settings.checkup
        if not settings.nightly_roster:
            return False
        hour = at(self._clock.wall()).hour
        return settings.quiet_hour <= hour < settings.quiet_hour + HOURS

    def _spare(self) -> bool:
        budget, api = self._engine.budget(), self._engine.api()
        idle = budget.used <= budget.lanes[Priority.LOW].cap * SPARE and not budget.queued
        return idle and not budget.paused_for and api.health not in {Health.OFFLINE, Health.REFUSED}

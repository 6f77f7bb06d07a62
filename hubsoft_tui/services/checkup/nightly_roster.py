"""Reading the whole roster unasked at a quiet hour, so that the day's questions are answered already."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from ...api.models import Customer
from ...core.clock import Clock, today
from ...core.engine import Engine
from ...core.types import Health, Priority
from ...errors import HubSoftError
from ...formats import at
from ...store.checkup_rows import Decision, Reading, RunState
from ...store.rosters import NO_LIST
from .plan import doubted, sizes_of
from .roster import NotBelieved, RosterReader
from .storage import CheckupFiles
from .types import Variant

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
                    _decide_nothing,
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


def _decide_nothing(
    _customers: Sequence[Customer], _fetched_at: float
) -> tuple[list[Decision], list[Decision]]:
    return [], []

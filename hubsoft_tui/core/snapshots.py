"""Everything a screen shows about the engine, taken at one instant, and renewed while a screen watches it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from ..errors import HubSoftError
from ..settings.tree import Profile
from ..values import dataclass
from .cache.freshness import Freshness
from .clock import Clock
from .limiter.gate import Gate
from .requests.health import HealthMonitor
from .requests.tokens import Tokens
from .telemetry.journal import Journal
from .telemetry.statistics import Statistics
from .types import Badges, CacheState, Snapshot

PER_SECOND: Final = 4
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Snapshots:
    """Lives in the engine's loop. The serial grows only when something a person can see changed."""

    clock: Clock
    profile: Profile
    gate: Gate
    known: Freshness
    statistics: Statistics
    health: HealthMonitor
    tokens: Tokens
    journal: Journal
    serial: int = 0
    last: Snapshot = Snapshot()

    def take(self, badges: Badges) -> Snapshot:
        """Take one, with what the services add to it."""
        budget = self.gate.state()
        now = self.clock.now()
        snapshot = Snapshot(
            # With marks on the tape time itself is a change, once a second; without, silence is.
            at=float(int(now)) if budget.marks else 0.0,
            profile=self.profile.name,
            host=self.profile.url.partition("://")[2],
            budget=budget,
            cache=CacheState(
                records=self.known.count(),
                max_entries=self.known.cache.max_entries,
                evicted=self.known.cache.evicted,
                categories=self.statistics.state(),
            ),
            api=self.health.state(),
            token=self.tokens.state(),
            requests=self.journal.rows(),
            requests_today=self.journal.sent_today(),
            questions_today=self.statistics.today(),
            waiting=self.gate.waiting(),
            badges=badges,
        )
        if snapshot != self.last:
            self.last = snapshot
            self.serial += 1
        return replace(snapshot, serial=self.serial, at=now, wall=self.clock.wall())


class Watch:
    """One slot with the latest snapshot, renewed while it is watched and never otherwise.

    `run` lives in the engine's loop; `latest` and `watching` may be used from any thread.
    """

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self._take = take
        self._watchers = 0
        self._wanted = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.latest = Snapshot()

    async def run(self) -> None:
        """Renew the slot a few times a second while it is watched."""
        while True:
            await self._wanted.wait()
            try:
                self.latest = self._take()
            except HubSoftError as error:  # a busy file: the last snapshot stays for a moment longer
                logger.warning("snapshot: %s", error)
            await asyncio.sleep(1 / PER_SECOND)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the slot fresh until the end of the `with` block."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        try:
            self._loop.call_soon_threadsafe(self._step, step)
        except RuntimeError:  # the engine was closed first: nothing renews the slot any more
            return

    def _step(self, step: int) -> None:
        self._watchers += step
        if self._watchers:
            self._wanted.set()
        else:
            self._wanted.clear()

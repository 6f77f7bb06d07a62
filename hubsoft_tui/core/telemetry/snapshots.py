"""Everything a screen shows about the engine, taken at one instant."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...settings.tree import Profile
from ..cache.freshness import Freshness
from ..clock import Clock
from ..limiter.gate import Gate
from ..requests.health import HealthMonitor
from ..requests.tokens import Tokens
from ..types import Badges, CacheState, Snapshot
from .journal import Journal
from .statistics import Statistics


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
    last: Snapshot = Snapshot()  # noqa: RUF009 - it is immutable

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

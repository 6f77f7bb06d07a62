"""The circuit breaker: when HubSoft is down, people hear so at once and one request at a time finds out.

Failures are timeouts, refused connections, 5xx and answers that are not HubSoft's; 4xx and 429 are not. After
the open period one *safe read* is the probe, leased to it; a write never is. A person's question need not wait
for the end of the period. The period doubles after each failed probe, with jitter, so that many consoles do not
come back together.
"""

from __future__ import annotations

import asyncio
import random
from enum import Enum

from ...settings.tree import HealthSettings
from ..clock import Clock
from ..types import BreakerState


class Admission(Enum):
    """What the breaker says to a request that is about to be sent."""

    GO = "go"
    PROBE = "probe"
    WAIT = "wait"


class Breaker:
    """Closed, open, half-open. Lives in the engine's loop."""

    def __init__(
        self, clock: Clock, settings: HealthSettings, *, jitter: random.Random | None = None
    ) -> None:
        self._clock = clock
        self.settings = settings
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._failures = 0
        self._opened = 0
        self._retry_at: float | None = None
        self._probing = False
        self._changed = asyncio.Event()

    @property
    def state(self) -> BreakerState:
        """The state now; it becomes half-open when the open period ends."""
        if self._retry_at is None:
            return BreakerState.CLOSED
        if self._probing or self._clock.now() >= self._retry_at:
            return BreakerState.HALF_OPEN
        return BreakerState.OPEN

    @property
    def retry_in(self) -> float:
        """Seconds until a probe may be sent; 0 when one may be, or is."""
        return 0.0 if self._retry_at is None else max(0.0, self._retry_at - self._clock.now())

    def admit(self, *, safe_read: bool, early: bool = False) -> Admission:
        """Let a request go, make it the one probe, or have it wait. A PROBE must end in a verdict.

        `early` makes a safe read the probe before the open period ends.
        """
        state = self.state
        if state is BreakerState.CLOSED:
            return Admission.GO
        if safe_read and not self._probing and (early or state is BreakerState.HALF_OPEN):
            self._probing = True
            return Admission.PROBE
        return Admission.WAIT

    def succeeded(self) -> None:
        """HubSoft answered: closed."""
        self._failures = self._opened = 0
        self._probing = False
        if self._retry_at is not None:
            self._retry_at = None
            self.look_again()

    def failed(self, *, probe: bool) -> None:
        """HubSoft did not answer. Failures of earlier requests and early probes do not extend the open period."""
        self._failures += 1
        if probe and self.retry_in > 0:
            self.undecided()
        elif probe or (self._retry_at is None and self._failures >= self.settings.failures_to_open):
            self._open()

    def opened_elsewhere(self) -> None:
        """Other machines found out that HubSoft does not answer."""
        self._open()

    def undecided(self) -> None:
        """End the probe without a verdict (it was cancelled): another may be the probe at once."""
        self._probing = False
        self.look_again()

    async def changed(self, at_most: float) -> None:
        """Wait until the state may have changed, `at_most` so many seconds."""
        waits = [at_most] if self.retry_in <= 0 else [at_most, self.retry_in]
        event = self._changed
        try:
            async with asyncio.timeout(max(0.001, min(waits))):
                await event.wait()
        except TimeoutError:
            return

    def look_again(self) -> None:
        """Have every waiter look at the state."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _open(self) -> None:
        period = min(self.settings.open_max_seconds, self.settings.open_seconds * 2**self._opened)
        self._opened += 1
        self._probing = False
        self._retry_at = self._clock.now() + period * self._jitter.uniform(0.8, 1.2)
        self.look_again()

"""When a request is repeated: tenacity's backoff, and a budget so that retries never become the load."""

from __future__ import annotations

from collections import deque

from ...settings.tree import RetrySettings
from ..clock import Clock

RECENT_SECONDS = 120.0
SHARE = 0.2


class Backoff:
    """Waits between attempts: exponential with jitter, in seconds."""

    def __init__(self, settings: RetrySettings) -> None:
        self._settings = settings

    def after(self, attempt: int) -> float:
        """Seconds to wait after the failure of `attempt` (1 is the first)."""
        from tenacity import RetryCallState  # noqa: PLC0415 - heavy library: most requests are answered at once
        from tenacity.wait import wait_exponential_jitter  # noqa: PLC0415 - as above

        settings = self._settings
        wait = wait_exponential_jitter(
            multiplier=settings.backoff_base,
            max=settings.backoff_max,
            exp_base=settings.backoff_multiplier,
            jitter=settings.backoff_base,
        )
        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
        state.attempt_number = attempt
        return float(wait(state))


class RetryBudget:
    """Repeats stay under a fifth of recent requests; one request's own repeats always fit."""

    def __init__(self, clock: Clock, settings: RetrySettings) -> None:
        self._clock = clock
        self.settings = settings
        self._sent: deque[float] = deque()
        self._repeated: deque[float] = deque()

    def sent(self) -> None:
        """Count one request."""
        self._forget()
        self._sent.append(self._clock.now())

    def take(self) -> bool:
        """Count one repeat if it fits, else say no."""
        self._forget()
        if len(self._repeated) >= max(self.settings.max_retries, SHARE * len(self._sent)):
            return False
        self._repeated.append(self._clock.now())
        return True

    def _forget(self) -> None:
        before = self._clock.now() - RECENT_SECONDS
        for log in (self._sent, self._repeated):
            while log and log[0] <= before:
                log.popleft()

"""What the services do by themselves, kept going whatever happens to it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ..core.clock import Clock

logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]

FIRST_PAUSE: Final = 15.0
LONGEST_PAUSE: Final = 900.0
"""A task that ran this long counts as healthy: reset its backoff."""


async def kept_going(work: Work, clock: Clock) -> None:
    """Do `work` until it returns or is cancelled; where a defect ends it, the log says so and it goes on.

    It is begun again after a pause that doubles: what fails at once each time must not ask HubSoft at once each
    time.
    """
    pause = FIRST_PAUSE
    while True:
        began = clock.now()
        try:
            await work()
        except Exception:
            if clock.now() - began >= LONGEST_PAUSE:
                pause = FIRST_PAUSE
            name = getattr(work, "__qualname__", repr(work))
            logger.exception("%s ended, and is begun again in %.0f s", name, pause)
        else:
            return
        await clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)

"""What the engine does by itself, in the background: now and then, and when HubSoft may be back."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ..errors import HubSoftError
from .clock import Clock
from .requests.breaker import Breaker
from .types import BreakerState

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 0.3


async def every(seconds: Callable[[], float], do: Callable[[], object], clock: Clock) -> None:
    """Call `do` every so many seconds, for ever; what goes wrong is logged and tried again the next time."""
    while True:
        await clock.sleep(seconds())
        try:
            do()
        except HubSoftError as error:
            logger.warning("chore: %s", error)


async def recover(breaker: Breaker, probe: Callable[[], Awaitable[object]], clock: Clock) -> None:
    """When nobody asks, ask something cheap ourselves, so that people see that HubSoft is back."""
    while True:
        await breaker.changed(LOOK_SECONDS)
        if breaker.state is not BreakerState.HALF_OPEN:
            continue
        await clock.sleep(GRACE_SECONDS)  # a real question makes the better probe
        if breaker.state is BreakerState.HALF_OPEN:
            try:
                await probe()
            except HubSoftError as error:
                logger.info("probe: %s", error)

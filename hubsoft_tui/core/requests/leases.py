"""Sharing with other processes: keep a lease alive during long work, and retry while a file is busy."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from ...errors import HubSoftError, StoreBusy
from ..clock import Clock

T = TypeVar("T")


@contextlib.asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[object]], *, every: float) -> AsyncIterator[None]:
    """Call `renew` every so many seconds within the block, so that a lease outlives a long wait.

    A lease that cannot be renewed lapses, which costs at most a request: the block goes on.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle
    renewal: asyncio.Task[None] | None = None

    async def once() -> None:
        with contextlib.suppress(HubSoftError):
            await renew()

    def again() -> None:
        nonlocal timer, renewal
        timer = loop.call_later(every, again)
        if renewal is None or renewal.done():
            renewal = loop.create_task(once())

    timer = loop.call_later(every, again)
    try:
        yield
    finally:
        timer.cancel()
        if renewal is not None:
            await renewal  # what gives the lease back comes after it


async def retry_while_busy(
    work: Callable[[], T],
    clock: Clock,
    *,
    seconds: float = 2.0,
    pause: float = 0.02,
    run: Callable[[Callable[[], T]], Awaitable[T]] | None = None,
) -> T:
    """Call `work` until it does not raise StoreBusy, for about `seconds`; then raise that.

    `run` calls it elsewhere, in a thread for example.
    """
    until = clock.now() + seconds
    while True:
        try:
            return work() if run is None else await run(work)
        except StoreBusy:
            if clock.now() >= until:
                raise
        await clock.sleep(pause)

"""Sharing with other processes: keep a lease alive during long work, and retry while a file is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...errors import StoreBusy, StoreError
from ..clock import Clock

T = TypeVar("T")


async def keep_lease(work: Awaitable[T], renew: Callable[[], Awaitable[object]], *, every: float) -> T:
    """Await `work` and call `renew` every so many seconds, so that a lease outlives a long wait.

    A lease that cannot be renewed lapses, which costs at most a request: `work` goes on.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=every))[0]:
            try:
                await renew()
            except StoreError:
                continue
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # seen: it may have failed just now


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

"""Two ways to be considerate with other processes: keep a lease alive while working, and try again when busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...errors import StoreBusy, StoreError

T = TypeVar("T")


async def held(work: Awaitable[T], renew: Callable[[], object], *, every: float) -> T:
    """Await `work`, calling `renew` every so many seconds meanwhile, so that a lease outlives a long wait.

    A lease that cannot be renewed lapses, which costs at most a request: `work` goes on.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=every))[0]:
            try:
                renew()
            except StoreError:
                continue
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)  # it may have failed in the same instant


async def patiently(
    work: Callable[[], T],
    *,
    seconds: float = 2.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Call `work` until it is not StoreBusy, awaiting between tries, for about `seconds`; then it raises."""
    pause = 0.02
    for _try in range(max(1, round(seconds / pause))):
        try:
            return work()
        except StoreBusy:
            await sleep(pause)
    return work()

"""A thread with something of its own, most often a file: heavy reading and writing stay off the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

from ..core.clock import Clock
from ..core.requests.leases import retry_while_busy
from ..errors import Closed
from ..texts import say

T = TypeVar("T")
R = TypeVar("R")

BUSY_SECONDS: Final = 20.0
"""How long a busy file is tried again before the caller gets the error."""
AGAIN_SECONDS: Final = 0.05
_UNREADABLE: Final = (TypeError, ValueError, LookupError, ArithmeticError)
"""What a value of the wrong kind raises where it is used."""


class SerialThread(Generic[R]):
    """Runs one thing after the other, in its own thread, on what `opened` returns when the first needs it.

    Lives in the engine's loop. `closed` is called with it in the end, in the thread too. Without `aside` the work
    is done in the loop itself: virtual time does not wait for threads.
    """

    def __init__(
        self,
        name: str,
        opened: Callable[[], R],
        clock: Clock,
        *,
        closed: Callable[[R], object] = lambda _held: None,
        aside: bool = True,
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._close = closed
        self._held: list[R] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"hubsoft-{name}") if aside else None
        self._closed = False

    async def run(self, work: Callable[[R], T]) -> T:
        """Run `work` in the thread and return its result; retry while another process writes.

        What `work` writes must be one transaction. A caller that is cancelled does not stop it. Raises StoreError,
        and Closed after `close`.
        """
        return await retry_while_busy(
            lambda: self._do(work),
            self._clock,
            seconds=BUSY_SECONDS,
            pause=AGAIN_SECONDS,
            run=self._unless_closed,
        )

    async def close(self) -> None:
        """Wait for what is going on, and close what was opened; closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        await self._aside(self._shut)
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    async def _unless_closed(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise Closed(say("The engine is closed."))
        return await self._aside(work)

    async def _aside(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _do(self, work: Callable[[R], T]) -> T:
        if not self._held:
            self._held.append(self._opened())
        try:
            return work(self._held[0])
        except _UNREADABLE:
            # A cell became rubbish while the file was open: opened anew, it is looked through, and the row is out.
            self._shut()
            self._held.append(self._opened())
            return work(self._held[0])

    def _shut(self) -> None:
        while self._held:
            self._close(self._held.pop())

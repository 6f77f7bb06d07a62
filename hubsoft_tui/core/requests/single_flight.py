"""Single flight: one question on its way serves every caller that asks it too.

The task is shielded from its waiters and cancelled only when the last of them leaves; a failure reaches every
waiter and is one request, not a hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from .job import Job

T = TypeVar("T")


class _Flight(Generic[T]):
    __slots__ = ("job", "task", "waiters")

    def __init__(self, job: Job, task: asyncio.Task[T]) -> None:
        self.job = job
        self.task = task
        self.waiters = 0


class SingleFlight(Generic[T]):
    """The questions on their way, by key."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    async def join(
        self, key: str, job: Job, start: Callable[[Job], Coroutine[Any, Any, T]]
    ) -> tuple[T, bool]:
        """Return what `start(job)` returns, and whether another caller had started it already.

        A more urgent newcomer lifts the running flight to its own priority, and a later deadline extends it.
        """
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = _Flight(job, asyncio.create_task(start(job), name=f"flight {key.partition(':')[0]}"))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._ended(key, flight))
        else:
            flight.job.joined_by(job)
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task), joined
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                # The last one left: no caller reads the answer, so the place in the queue is given back. A
                # newcomer must not join a flight that is being cancelled.
                self._ended(key, flight)
                flight.task.cancel()

    def _ended(self, key: str, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen: every waiter may have left before it failed

    async def close(self) -> None:
        """Cancel what is on its way and wait until it is gone."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

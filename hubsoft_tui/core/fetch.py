"""Bringing an answer from HubSoft once for all callers: in a process by single flight, among engines by a port.

A flight is shielded from its waiters and cancelled only when the last of them leaves; its failure reaches every
waiter and is one request, not a hundred.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

from ..errors import BadAnswer, HubSoftError, Refused, StoreError, TimedOut
from .cache.cache import Cache, CachedAnswer, Part
from .cache.freshness import Fetched, Question, Sweep
from .clock import Clock
from .ports import FlightPort, Look, StoredEntry
from .requests.exchange import Exchange, Received
from .requests.job import Job
from .requests.leases import renewed
from .requests.tokens import Tokens
from .types import Category

logger = logging.getLogger(__name__)

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
                # What the request has cost is counted before its caller goes on.
                await asyncio.gather(flight.task, return_exceptions=True)

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


LATE_SECONDS: Final = 0.05
"""An answer that was asked for elsewhere so long before this question is as good as a new one."""
SWEPT_AT_ONCE: Final = 50
"""Rows of a sweep remembered in one go: about two milliseconds."""
ANY: Final = CachedAnswer(values=(None, None), age=0.0, fetched_at=0.0)
"""An answer of which nothing is known yet: its age limit is its category's own."""


class Fetcher:
    """Lives in the engine's loop. `limit` says how old an answer of a category may be, in seconds."""

    def __init__(
        self,
        *,
        cache: Cache,
        flights: FlightPort,
        exchange: Exchange,
        tokens: Tokens,
        clock: Clock,
        limit: Callable[[Category, CachedAnswer], float],
        find: Callable[[Question[Any]], CachedAnswer | None],
    ) -> None:
        self._cache = cache
        self._elsewhere = flights
        self._exchange = exchange
        self._tokens = tokens
        self._clock = clock
        self._limit = limit
        self._find = find
        self._flights: SingleFlight[Fetched[Any]] = SingleFlight()
        self._sweeps: SingleFlight[None] = SingleFlight()

    async def join(self, job: Job, question: Question[T], *, refresh: bool) -> tuple[Fetched[T], bool]:
        """Return the answer, and whether another caller in this process had asked for it already."""
        sweep = None
        if question.sweep is not None and not refresh:
            sweep = await question.sweep()
            if (found := self._fresh(question)) is not None:  # another question brought it in that moment
                return _of(question, found, requests=0), True
        # What a roster's rows may answer is less than what another asks under the same key.
        key = question.key if sweep is None else f"{question.key} in a sweep"
        return await self._flights.join(
            key, job, lambda own: self._bring(own, question, sweep, refresh=refresh)
        )

    async def close(self) -> None:
        """Cancel what is on its way."""
        await self._flights.close()
        await self._sweeps.close()

    async def _bring(
        self, job: Job, question: Question[T], sweep: Sweep | None, *, refresh: bool
    ) -> Fetched[T]:
        """Bring one answer from HubSoft, or from the engine elsewhere that is already bringing it."""
        asked, look = self._clock.now(), None
        while not (look := await self._look(job, question, asked, look, refresh=refresh)).mine:
            if look.error is not None:
                raise look.error
            if look.entries:
                self._cache.absorb(look.entries)
            else:
                await self._elsewhere.heard(question.key)
            if (found := self._young(question, asked, refresh=refresh)) is not None:
                return _of(question, found, requests=0)
        # The answer may have come between the last look at the records and the announcement.
        if look.announced and (found := self._young(question, asked, refresh=refresh)) is not None:
            self._leave(question.key, look, None)
            return _of(question, found, requests=0)
        if sweep is not None and (found := await self._swept(job, question, look, sweep)) is not None:
            return _of(question, found, requests=job.requests)
        return await self._ask(job, question, look)

    def _young(self, question: Question[Any], asked: float, *, refresh: bool) -> CachedAnswer | None:
        found = self._find(question)
        if found is None or found.age > self._oldest(question, found, asked, refresh=refresh):
            return None
        return found

    def _fresh(self, question: Question[Any]) -> CachedAnswer | None:
        found = self._find(question)
        return found if found is not None and found.age <= self._limit(question.category, found) else None

    async def _swept(
        self, job: Job, question: Question[Any], look: Look, sweep: Sweep
    ) -> CachedAnswer | None:
        """Bring the answer with everybody else's; None: ask for it alone."""
        try:
            async with self._announced(job, question, look):
                await self._sweeps.join(sweep.key, job, lambda own: self._sweep(own, sweep))
        except BaseException:
            self._leave(question.key, look, None)
            raise
        if (found := self._fresh(question)) is not None:
            self._land(question.key, look, self._cache.entries([question.brief]))
        return found

    async def _sweep(self, job: Job, sweep: Sweep) -> None:
        retries, job.retries = job.retries, 0
        try:
            received = await self._exchange.perform(job, sweep.operation, self._tokens)
        except (TimedOut, BadAnswer, Refused):
            sweep.failed()
            return
        finally:
            job.retries = retries
        rows = list((await sweep.take(received)).items())
        for start in range(0, len(rows), SWEPT_AT_ONCE):
            self._cache.learn(
                dict(rows[start : start + SWEPT_AT_ONCE]), sent_at=received.at, sent_now=received.now
            )
            await asyncio.sleep(0)  # people are served between portions

    async def _look(
        self, job: Job, question: Question[Any], asked: float, before: Look | None, *, refresh: bool
    ) -> Look:
        oldest = self._oldest(question, None, asked, refresh=refresh)
        try:
            return await self._elsewhere.look(question.key, job.priority, oldest, before)
        except StoreError as error:
            # An announcement saves a request; without one another process may ask the same, which is no harm.
            logger.warning("announcing: %s", error)
            return Look(mine=True)

    def _oldest(
        self, question: Question[Any], found: CachedAnswer | None, asked: float, *, refresh: bool
    ) -> float:
        """How old (s) an answer from elsewhere may be."""
        if refresh:
            return self._clock.now() - asked + LATE_SECONDS
        return self._limit(question.category, found or ANY)

    async def _ask(self, job: Job, question: Question[T], look: Look) -> Fetched[T]:
        """Ask HubSoft, and tell those who wait for the answer how it ended."""
        told: HubSoftError | None = None
        kept = False
        try:
            async with self._announced(job, question, look):
                received = await self._exchange.perform(job, question.operation, self._tokens)
            parts = self._keep(question, received, look)
            kept = True
        except HubSoftError as error:
            told = error
            raise
        finally:
            if not kept:
                self._leave(question.key, look, told)
        decoded = received.decoded
        if decoded.problems:
            logger.warning(
                "%s: %d unusable parts, first %s",
                question.operation.name,
                len(decoded.problems),
                decoded.problems[0],
            )
        return Fetched(
            decoded.value,
            self._clock.now() - received.now,
            received.at,
            decoded.truncated,
            len(decoded.problems),
            job.requests,
            ids=tuple(part.id for part in parts),
            values=tuple(part.value for part in parts),
        )

    def _announced(
        self, job: Job, question: Question[Any], look: Look
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Say within the block that the question is still on its way."""
        return renewed(
            lambda: self._elsewhere.renew(question.key, job.priority, look), every=self._elsewhere.seconds / 3
        )

    def _leave(self, key: str, look: Look, error: HubSoftError | None) -> None:
        try:
            self._elsewhere.failed(key, look, error)
        except StoreError as failure:  # it lapses
            logger.warning("announcing: %s", failure)

    def _keep(self, question: Question[T], received: Received[T], look: Look) -> tuple[Part, ...]:
        parts = question.parts(received.decoded.value)
        entries = self._cache.kept(
            question.key,
            parts,
            sent_at=received.at,
            sent_now=received.now,
            alone=question.alone,
            truncated=received.decoded.truncated,
        )
        self._land(question.key, look, entries)
        return parts

    def _land(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        try:
            self._elsewhere.landed(key, look, entries)
        except StoreError as error:
            # A busy file or a full disk must not cost a person the answer that is already here.
            self._cache.ahead = True
            logger.warning("not kept on disk: %s", error)


def _of(question: Question[T], found: CachedAnswer, *, requests: int) -> Fetched[T]:
    return Fetched(
        question.join(found.values),
        found.age,
        found.fetched_at,
        found.truncated,
        problems=0,
        requests=requests,
        ids=found.ids,
        values=found.values,
    )

"""Bringing an answer from HubSoft once for all callers: in a process by single flight, among engines by a port."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ...errors import HubSoftError, StoreError
from ..cache.cache import Cache, CachedAnswer, Part
from ..cache.question import Fetched, Question
from ..clock import Clock
from ..ports import FlightPort, Look
from ..types import Category
from .exchange import Exchange, Received
from .job import Job
from .leases import keep_lease
from .single_flight import SingleFlight
from .tokens import Tokens

T = TypeVar("T")
logger = logging.getLogger(__name__)

LATE_SECONDS: Final = 0.05
"""An answer that was asked for elsewhere so long before this question is as good as a new one."""
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
    ) -> None:
        self._cache = cache
        self._elsewhere = flights
        self._exchange = exchange
        self._tokens = tokens
        self._clock = clock
        self._limit = limit
        self._flights: SingleFlight[Fetched[Any]] = SingleFlight()

    async def join(self, job: Job, question: Question[T], *, refresh: bool) -> tuple[Fetched[T], bool]:
        """Return the answer, and whether another caller in this process had asked for it already."""
        return await self._flights.join(
            question.key, job, lambda own: self._bring(own, question, refresh=refresh)
        )

    async def close(self) -> None:
        """Cancel what is on its way."""
        await self._flights.close()

    async def _bring(self, job: Job, question: Question[T], *, refresh: bool) -> Fetched[T]:
        """Bring one answer from HubSoft, or from the engine elsewhere that is already bringing it."""
        asked, look = self._clock.now(), None
        while not (look := await self._look(job, question, asked, look, refresh=refresh)).mine:
            if look.error is not None:
                raise look.error
            if look.entries:
                self._cache.absorb(look.entries)
            else:
                await self._elsewhere.heard(question.key)
            found = self._cache.find(question.key)
            if found is not None and found.age <= self._oldest(question, found, asked, refresh=refresh):
                return Fetched(
                    question.join(found.values),
                    found.age,
                    found.fetched_at,
                    found.truncated,
                    problems=0,
                    requests=0,
                    ids=found.ids,
                    values=found.values,
                )
        return await self._ask(job, question, look)

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
            received = await keep_lease(
                self._exchange.perform(job, question.operation, self._tokens),
                lambda: self._elsewhere.renew(question.key, job.priority, look),
                every=self._elsewhere.seconds / 3,
            )
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
        try:
            self._elsewhere.landed(question.key, look, entries)
        except StoreError as error:
            # A busy file or a full disk must not cost a person the answer that is already here.
            self._cache.ahead = True
            logger.warning("not kept on disk: %s", error)
        return parts

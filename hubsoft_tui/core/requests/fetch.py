"""Bringing an answer from HubSoft once for all callers: in a process by single flight, among processes by claims."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ...errors import StoreError
from ..cache.cache import Cache, CachedAnswer, Part
from ..cache.question import Fetched, Question
from ..clock import Clock
from ..ports import RecordPort
from ..types import Category, Priority
from .exchange import Exchange, Received
from .job import Job
from .leases import keep_lease
from .single_flight import SingleFlight
from .tokens import Tokens

T = TypeVar("T")
logger = logging.getLogger(__name__)

CLAIM_SECONDS: Final = 15.0
"""What a frozen process has announced to fetch is free after this; a living one renews it."""
CLAIM_LOOK_SECONDS: Final = 0.05


class Fetcher:
    """Lives in the engine's loop. `limit` says how old an answer of a category may be, in seconds."""

    def __init__(
        self,
        *,
        cache: Cache,
        records: RecordPort,
        exchange: Exchange,
        tokens: Tokens,
        clock: Clock,
        limit: Callable[[Category, CachedAnswer], float],
    ) -> None:
        self._cache = cache
        self._records = records
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
        """Bring one answer from HubSoft, or from the other process that is already bringing it."""
        asked = self._clock.now()
        while not self._claimed(question.key, job.priority):
            await self._clock.sleep(CLAIM_LOOK_SECONDS)
            found = self._cache.find(question.key)
            if found is not None and found.age <= (
                self._clock.now() - asked + CLAIM_LOOK_SECONDS
                if refresh
                else self._limit(question.category, found)
            ):
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
        try:
            received = await keep_lease(
                self._exchange.perform(job, question.operation, self._tokens),
                lambda: self._records.claim(question.key, job.priority, CLAIM_SECONDS),
                every=CLAIM_SECONDS / 3,
            )
            parts = self._keep(question, received)
        finally:
            self._unclaim(question.key)
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

    def _claimed(self, key: str, priority: Priority) -> bool:
        try:
            return self._records.claim(key, priority, CLAIM_SECONDS)
        except StoreError as error:
            # A claim saves a request; without one another process may ask the same, which is no harm.
            logger.warning("claim: %s", error)
            return True

    def _unclaim(self, key: str) -> None:
        try:
            self._records.unclaim(key)
        except StoreError as error:  # it lapses
            logger.warning("claim: %s", error)

    def _keep(self, question: Question[T], received: Received[T]) -> tuple[Part, ...]:
        parts = question.parts(received.decoded.value)
        self._cache.keep(
            question.key,
            parts,
            sent_at=received.at,
            sent_now=received.now,
            alone=question.alone,
            truncated=received.decoded.truncated,
        )
        return parts

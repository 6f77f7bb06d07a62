"""Asking for members one by one, a few at a time, as background work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from ...api.models import Customer
from ...core.cache.freshness import Question
from ...core.engine import Engine
from ...core.types import Answer, Category, Priority, RequestContext, Source
from ...errors import (
    Closed,
    CredentialsRefused,
    HubSoftError,
    QueueFull,
    RateLimited,
    StoreError,
    Unproven,
    Unreachable,
)
from ..customers import questions
from ..customers.terms import Kind, Term
from .results import judge, unknown
from .roster import AGAIN, CALLER
from .types import Decision

AT_ONCE: Final = 3
"""Where HubSoft answers more slowly than requests may go, a second and a third are on their way at the same time."""
ROUNDS: Final = 4
"""How often one member is asked for, the engine's own repeats within each; while HubSoft is away a round waits."""
LEAST_PATIENCE: Final = 0.5
"""Seconds; less is as good as none."""
STOPS: Final = (CredentialsRefused, StoreError, Closed)
"""What concerns everybody, so that the next member need not be asked."""

Answered = Callable[[Decision], Awaitable[None]]


def about(document: str) -> Question[tuple[Customer, ...]]:
    """Return the question for everything HubSoft has under a document."""
    return questions.customer(Term(Kind.CPF if len(document) == 11 else Kind.CNPJ, document))


class OneByOne:
    """Asks for each of some documents. Lives in the engine's loop."""

    def __init__(self, engine: Engine, *, refresh: bool, waits: Callable[[str], object]) -> None:
        """With `refresh` HubSoft is asked whatever is remembered; `waits` is told why nothing goes on."""
        self._engine = engine
        self._refresh = refresh
        self._waits = waits
        self._last_good = engine.clock.now()
        self.given_up = ""
        """Why the rest is not asked any more: HubSoft stayed away too long."""

    async def ask(self, documents: Iterable[str], answered: Answered) -> None:
        """Have each decided, unknown where HubSoft could not say. Raises what concerns everybody."""
        left = deque(documents)
        self._last_good = self._engine.clock.now()
        workers = [asyncio.create_task(self._work(left, answered)) for _ in range(min(AT_ONCE, len(left)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, left: deque[str], answered: Answered) -> None:
        while left:
            document = left.popleft()
            if self.given_up:
                await answered(unknown(document, self.given_up))
            else:
                await answered(await self._decided(document))

    async def _decided(self, document: str) -> Decision:
        said = ""
        for _round in range(ROUNDS):
            try:
                answer = await self._engine.ask(
                    about(document),
                    RequestContext(CALLER, Priority.LOW, self._patience()),
                    category=Category.CONTRACT_STATUS,
                    refresh=self._refresh,
                )
            except STOPS:
                raise
            except Unproven as error:
                return unknown(document, str(error))
            except (Unreachable, RateLimited, QueueFull) as error:
                said = str(error)
            except HubSoftError as error:
                return unknown(document, str(error))  # HubSoft's own no: asking again changes nothing
            else:
                if answer.source is not Source.STALE:
                    return self._judged(document, answer)
                # A stale answer is good enough beside its age on a screen, not to take a member's benefit away.
                said = answer.reason
            self._waits(said)
            if self._patience() <= LEAST_PATIENCE:
                self.given_up = said
                break
            await self._engine.clock.sleep(AGAIN * self._engine.settings.retry.backoff_base)
        return unknown(document, said)

    def _judged(self, document: str, answer: Answer[tuple[Customer, ...]]) -> Decision:
        self._waits("")
        self._last_good = self._engine.clock.now()
        return judge(
            document,
            answer.value,
            self._engine.settings.customers.active_statuses,
            source=answer.source.value,
            fetched_at=answer.fetched_at,
        )

    def _patience(self) -> float:
        whole = self._engine.settings.checkup.patience_seconds
        return max(LEAST_PATIENCE, whole - (self._engine.clock.now() - self._last_good))

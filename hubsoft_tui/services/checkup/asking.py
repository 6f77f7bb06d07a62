"""Asking for one page of the roster: in smaller pieces when HubSoft is slow, again when it was away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...api.answers import Decoded
from ...api.customers import customers_page
from ...api.models import Customer
from ...api.operation import Operation
from ...core.engine import Engine
from ...core.requests.exchange import LOGIN, Received
from ...core.telemetry.events import Subscription
from ...core.types import Priority, RequestContext, RequestRow
from ...errors import BadAnswer, HubSoftError, QueueFull, RateLimited, TimedOut, Unreachable
from .plan import GROW_AFTER, larger, smaller
from .types import Variant

CALLER: Final = "checkup"
NOT_SENT: Final = frozenset({"connect", "pool", "proxy"})
"""Outcomes of requests that HubSoft never received."""
AGAIN: Final = 4.0
"""How many first waits of the engine's own repeats pass before a page or a member is asked for again."""
BAD_ANSWERS: Final = 2
"""Unusable answers to one page size before a smaller one is tried."""


@dataclass(frozen=True, slots=True)
class RosterPage:
    """One page as it came. It begins at row `start`, and `size` rows were asked for."""

    start: int
    size: int
    received: Received[tuple[Customer, ...]]

    @property
    def decoded(self) -> Decoded[tuple[Customer, ...]]:
        """What it held."""
        return self.received.decoded


class PageAsker:
    """Asks for pages of one variant, one after another, as background work. Lives in the engine's loop."""

    def __init__(
        self, engine: Engine, variant: Variant, waits: Callable[[str], object] = lambda _: None
    ) -> None:
        """`waits` is told why the next page has to wait, and with an empty text that it came."""
        self._engine = engine
        self._clock = engine.clock
        self._variant = variant
        self._waits = waits
        self.most = engine.settings.checkup.page_size
        """The largest page that is asked for."""
        self._good = 0
        self._last_good = engine.clock.now()

    async def ask(self, offset: int, size: int) -> RosterPage:
        """Return the page that holds row `offset`, of `size` rows or fewer when HubSoft takes too long.

        Past the end it is empty. Raises Unreachable or RateLimited when HubSoft stays away longer than the
        settings' patience; Refused or CredentialsRefused as HubSoft says.
        """
        bad = 0
        while True:
            start = offset // size * size
            try:
                received = await self._engine.receive(
                    page_operation(self._engine, self._variant, offset // size, size),
                    RequestContext(CALLER, Priority.LOW, self._patience()),
                    retries=0,
                )
            except (TimedOut, BadAnswer) as error:
                self._note(error)
                bad += 1
                if isinstance(error, TimedOut) or bad >= BAD_ANSWERS:
                    size, bad = smaller(size) or size, 0
                continue
            except (Unreachable, RateLimited, QueueFull) as error:
                self._note(error)
                await self._clock.sleep(AGAIN * self._engine.settings.retry.backoff_base)
                continue
            self._waits("")
            self._last_good = self._clock.now()
            self._good += 1
            return RosterPage(start, size, received)

    def next_size(self, offset: int, size: int) -> int:
        """Return how many rows to ask for behind `offset`: more again after a few good pages."""
        more = larger(size, self.most)
        if self._good >= GROW_AFTER and more != size and offset % more == 0:
            self._good = 0
            return more
        return size

    def _note(self, error: HubSoftError) -> None:
        """Say why it waits, or raise `error` when that has taken longer than anybody should wait."""
        self._good = 0
        self._waits(str(error))
        if self._clock.now() - self._last_good >= self._engine.settings.checkup.patience_seconds:
            raise error

    def _patience(self) -> float:
        whole = self._engine.settings.checkup.patience_seconds
        return max(1.0, whole - (self._clock.now() - self._last_good))


def page_operation(
    engine: Engine, variant: Variant, number: int, size: int
) -> Operation[tuple[Customer, ...]]:
    """Return the request for one page of a variant; pages count from 0."""
    return customers_page(
        number,
        size,
        statuses=engine.settings.customers.active_statuses if variant is Variant.ENABLED else (),
        cancelled=variant is Variant.ALL,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """What HubSoft received for a check-up."""

    requests: int = 0
    logins: int = 0

    def and_since(self, sent: Subscription) -> Spent:
        """Add what HubSoft received since `sent` was last looked at."""
        callers = [
            event.caller
            for event in sent.take()
            if isinstance(event, RequestRow) and event.outcome not in NOT_SENT
        ]
        return Spent(self.requests + callers.count(CALLER), self.logins + callers.count(LOGIN))


async def learn_total(
    engine: Engine, variant: Variant, *, priority: Priority, patience: float | None = None
) -> int | None:
    """Ask for a page of one customer to learn how many there are; None when HubSoft does not say.

    Raises HubSoftError.
    """
    received = await engine.receive(
        page_operation(engine, variant, 0, 1), RequestContext(CALLER, priority, patience)
    )
    page = received.decoded.page
    return None if page is None else int(page.total)

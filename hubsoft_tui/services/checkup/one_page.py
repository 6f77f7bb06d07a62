"""Where all customers fit in one page: that page in place of one customer, for the same one request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from ...api.models import Customer
from ...core.cache.freshness import Sweep
from ...core.engine import Engine
from ...core.requests.exchange import Received
from ...core.types import Category, Priority
from ...errors import HubSoftError
from ...store.rosters import RosterSize
from .plan import of_use
from .roster import everybody, page_operation
from .storage import CheckupFiles
from .types import Variant

logger = logging.getLogger(__name__)

SWEEP: Final = "all customers"
MOST_SECONDS: Final = 15.0
"""A page that takes longer is given up, and the customer asked for alone."""
REST_SECONDS: Final = 600.0
"""After one that HubSoft would not or could not answer, none is asked for so long."""


class OnePage:
    """Lives in the engine's loop."""

    def __init__(self, engine: Engine, files: CheckupFiles) -> None:
        self._engine = engine
        self._files = files
        self._clock = engine.clock
        self._not_before = 0.0

    async def sweep(self, category: Category, priority: Priority) -> Sweep | None:
        """Return the page that answers a question of `category`, if it costs no more than asking for one customer.

        None too where a person would wait for it too long, and where it was read so lately that it cannot hold who
        is asked for: HubSoft knows that customer under another number, or not at all.
        """
        patience = self._engine.settings.cache.one_page_seconds
        if not patience or self._clock.now() < self._not_before:
            return None
        try:
            size = (await self._files.run(lambda stores: stores.rosters.sizes())).get(Variant.ALL.value)
        except HubSoftError as error:  # the file of the check-ups must not keep a customer from being found
            logger.warning("not read: %s", error)
            return None
        if size is None or not of_use(size, self._clock.wall()):
            return None
        rows = min(size.page_size, self._engine.settings.checkup.page_size)
        slow = priority <= Priority.HIGH and (size.seconds is None or size.seconds > patience)
        lately = 0 <= self._clock.wall() - size.at < self._engine.known.lifetime_of(None, category)
        if size.total > rows or slow or lately:
            return None
        operation = replace(page_operation(self._engine, Variant.ALL, 0, rows), timeout=MOST_SECONDS)
        return Sweep(SWEEP, operation, partial(self._taken, rows), self._failed)

    async def _taken(
        self, page_size: int, received: Received[tuple[Customer, ...]]
    ) -> Mapping[str, tuple[Customer, ...]]:
        decoded, now = received.decoded, self._clock.now()
        rows = everybody(decoded, self._engine.settings.customers.active_statuses)
        if not rows:
            self._failed()
        if decoded.page is not None:
            took = now - received.now
            size = RosterSize(decoded.page.total, page_size, self._clock.wall(), seconds=took)
            try:
                await self._files.run(lambda stores: stores.rosters.put_size(Variant.ALL.value, size))
            except HubSoftError as error:
                logger.warning("not kept: %s", error)
        return rows

    def _failed(self) -> None:
        self._not_before = self._clock.now() + REST_SECONDS

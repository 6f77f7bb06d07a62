"""One slot with the latest snapshot, renewed while somebody watches and never otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ...errors import HubSoftError
from ..types import Snapshot

PER_SECOND: Final = 4
logger = logging.getLogger(__name__)


class Watch:
    """`run` lives in the engine's loop; `latest` and `watching` may be used from any thread."""

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self._take = take
        self._watchers = 0
        self._wanted = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.latest = Snapshot()

    async def run(self) -> None:
        """Renew the slot a few times a second while it is watched."""
        while True:
            await self._wanted.wait()
            try:
                self.latest = self._take()
            except HubSoftError as error:  # a busy file: the last snapshot stays for a moment longer
                logger.warning("snapshot: %s", error)
            await asyncio.sleep(1 / PER_SECOND)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the slot fresh until the end of the `with` block."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        try:
            self._loop.call_soon_threadsafe(self._step, step)
        except RuntimeError:  # the engine was closed first: nothing renews the slot any more
            return

    def _step(self, step: int) -> None:
        self._watchers += step
        if self._watchers:
            self._wanted.set()
        else:
            self._wanted.clear()

"""Every service over one engine in one background thread: the door for screens, commands and programs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from ..core.clock import Clock, SystemClock
from ..core.types import Snapshot
from ..core.worker import Worker
from ..settings import Settings

if TYPE_CHECKING:
    from ..core.events import Subscription
    from ..core.watch import Watch
    from .opening import Services

T = TypeVar("T")


class Hub:
    """One engine and its services. Building one starts nothing and imports no HTTP library."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, background: bool = False) -> None:
        """With `background` the services also do what they do unasked: a console's part, not a command's."""
        self.settings = settings
        self._background = background
        self._clock = clock or SystemClock()
        self._worker = Worker(self._opened)
        self._watch: Watch | None = None
        self._services: Services | None = None

    def start(self) -> None:
        """Open the state and start the engine's thread. Raises StoreError or SettingsError. Idempotent."""
        self._worker.start()

    def close(self, timeout: float = 5.0) -> None:
        """Stop the engine; questions still waiting raise Closed. Idempotent."""
        self._worker.close(timeout)

    def call(self, ask: Callable[[Services], Awaitable[T]], timeout: float | None = None) -> T:
        """Run `ask` in the engine's loop and wait for it, at most `timeout` seconds. Any thread."""
        return self._worker.call(ask, timeout)

    async def run(self, ask: Callable[[Services], Awaitable[T]]) -> T:
        """Run `ask` in the engine's loop and await it in this one; cancelling here cancels there."""
        return await self._worker.run(ask)

    def snapshot(self) -> Snapshot:
        """Return the latest snapshot at once. It is renewed only while somebody `watch`es. Any thread."""
        return self._watch.latest if self._watch is not None else Snapshot()

    def watch(self) -> AbstractContextManager[None]:
        """Keep `snapshot` fresh until the end of the `with` block. Any thread, once started."""
        return contextlib.nullcontext() if self._watch is None else self._watch.watching()

    @contextlib.contextmanager
    def events(self) -> Iterator[Subscription]:
        """Receive every request as it ends and every change of health, until the end of the block."""
        if self._services is None:
            raise RuntimeError("start the hub before watching its events")
        with self._services.engine.events.subscribe() as subscription:
            yield subscription

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[Services]:
        # Here, in the worker's thread, and not at import: httpx costs two thirds of what Textual does, and the
        # console's first frame must not wait for it.
        from .opening import open_services

        async with open_services(self.settings, self._clock, background=self._background) as services:
            self._services, self._watch = services, services.watch
            yield services

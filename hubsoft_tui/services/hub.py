"""Every service over one engine in one background thread: the door for screens, commands and programs."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..core.clock import Clock, SystemClock
from ..core.types import Snapshot
from ..core.worker import Worker
from ..settings.tree import Settings

if TYPE_CHECKING:
    from ..core.telemetry.events import Subscription
    from .container import Services
    from .customers.memory import RememberedCustomers

T = TypeVar("T")


class Hub:
    """One engine and its services. Building one starts nothing and imports no HTTP library."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        background: bool = False,
        program: str = "library",
    ) -> None:
        """With `background` the services also do what they do unasked: a console's part, not a command's.

        `program` says what sends (`console`, `command`, `cron`, `library`): the Monitor shows who uses the budget.
        """
        self.settings = settings
        self._clock = clock or SystemClock()
        self._opened: list[Services] = []
        # The thread must not hold the hub: one that was dropped without `close` could never be collected.
        self._worker = Worker(
            partial(_opening, settings, self._clock, self._opened, background=background, program=program)
        )

    def start(self) -> None:
        """Open the state and start the engine's thread. Raises StoreError or SettingsError. Idempotent."""
        self._worker.start()

    def close(self, timeout: float = 5.0) -> None:
        """Stop the engine; questions still waiting raise Closed. Idempotent."""
        self._worker.close(timeout)

    def __del__(self) -> None:
        worker = getattr(self, "_worker", None)
        if worker is None or not worker.running:
            return
        # At once, for this can be any thread, the engine's own too: it closes its files as it ends.
        worker.close(0)
        warnings.warn(
            f"{type(self).__name__} was dropped without close()", ResourceWarning, source=self, stacklevel=2
        )

    def call(self, ask: Callable[[Services], Awaitable[T]], timeout: float | None = None) -> T:
        """Run `ask` in the engine's loop and wait for it, at most `timeout` seconds. Any thread."""
        return self._worker.call(ask, timeout)

    async def run(self, ask: Callable[[Services], Awaitable[T]]) -> T:
        """Run `ask` in the engine's loop and await it in this one; cancelling here cancels there."""
        return await self._worker.run(ask)

    def snapshot(self) -> Snapshot:
        """Return the latest snapshot at once. It is renewed only while a `watch` is open. Any thread."""
        return self._services.watch.latest if self._services is not None else Snapshot()

    def watch(self) -> AbstractContextManager[None]:
        """Keep `snapshot` fresh until the end of the `with` block. Any thread, once started."""
        return contextlib.nullcontext() if self._services is None else self._services.watch.watching()

    def remembered(self) -> RememberedCustomers | None:
        """Return what answers lookups from memory in the caller's thread; None before the start and after the end."""
        if not self._opened or not self._worker.running or self._worker.here:
            return None
        return self._opened[0].remembered

    @contextlib.contextmanager
    def events(self) -> Iterator[Subscription]:
        """Receive every request as it ends and every change of health, until the end of the block."""
        if self._services is None:
            raise RuntimeError("start the hub before watching its events")
        with self._services.engine.events.subscribe() as subscription:
            yield subscription

    @property
    def _services(self) -> Services | None:
        return self._opened[0] if self._opened else None


@contextlib.asynccontextmanager
async def _opening(
    settings: Settings, clock: Clock, opened: list[Services], *, background: bool, program: str
) -> AsyncIterator[Services]:
    # In the worker's thread: httpx costs two thirds of what Textual does.
    from .container import open_services  # noqa: PLC0415 - the console's first frame does not wait for httpx

    async with open_services(settings, clock, background=background, program=program) as services:
        opened.append(services)
        yield services

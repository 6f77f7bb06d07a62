"""Every service over one engine in one background thread: the door for screens, commands and programs.

A frozen terminal stops Textual's loop; the engine's goes on. Callers in any thread or loop hand in a coroutine
function and get its result; nothing of the engine is touched from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from ..core.clock import Clock, SystemClock
from ..core.types import Snapshot
from ..errors import Closed, TimedOut
from ..settings.tree import Settings
from ..texts import say

if TYPE_CHECKING:
    from ..core.telemetry.journal import Subscription
    from .container import Services
    from .customers.memory import RememberedCustomers

logger = logging.getLogger(__name__)

S = TypeVar("S")
T = TypeVar("T")


class Worker(Generic[S]):
    """Runs `opened()` in a thread of its own for as long as it is open. `S` is what that yields."""

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[S]]) -> None:
        self._opened = opened
        self._ready: Future[S] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._process = os.getpid()

    @property
    def running(self) -> bool:
        """Whether the thread was started, in this process, could open, and was not told to end."""
        failed = self._ready.done() and self._ready.exception() is not None
        return self._thread is not None and not failed and not self._closed and os.getpid() == self._process

    @property
    def here(self) -> bool:
        """Whether the caller is in the thread itself."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Start the thread and wait until it is ready. Raises what opening raises."""
        with self._lock:
            if self._closed:
                raise self._gone()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hubsoft-engine", daemon=True)
                self._thread.start()
        self._ready.result()

    def call(self, ask: Callable[[S], Awaitable[T]], timeout: float | None = None) -> T:
        """Run `ask` in the worker and wait for its result, at most `timeout` seconds (TimedOut). Any thread."""
        if self.here:
            raise RuntimeError("the blocking door was used inside the engine's own thread")
        self.start()
        future = self._submit(ask)
        try:
            return future.result(timeout)
        except FutureTimeout:
            if future.done():
                raise
            raise TimedOut(say("There was no answer within {seconds} s.", seconds=timeout)) from None
        except FutureCancelled:
            raise self._gone() from None
        finally:
            future.cancel()  # a caller that leaves (timeout, ctrl+c) takes its question out of the queue

    async def run(self, ask: Callable[[S], Awaitable[T]]) -> T:
        """Run `ask` in the worker and await its result in this loop; cancelling here cancels there."""
        if not self._ready.done():
            await asyncio.to_thread(self.start)
        future = self._submit(ask)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise self._gone() from None
            raise

    def close(self, timeout: float = 5.0) -> None:
        """Close what was opened and end the thread; waits at most `timeout` seconds. Idempotent."""
        with self._lock:
            self._closed = True
            thread, loop, stop = self._thread, self._loop, self._stop
        if thread is None:
            if not self._ready.done():
                self._ready.set_exception(self._gone())
            return
        if loop is not None and stop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # closed between the look and the call
                loop.call_soon_threadsafe(stop.set)
        if thread is not threading.current_thread():
            thread.join(timeout)

    def _submit(self, ask: Callable[[S], Awaitable[T]]) -> Future[T]:
        services = self._ready.result()
        loop = self._loop
        if self._closed or loop is None or loop.is_closed():
            raise self._gone()
        if os.getpid() != self._process:
            raise Closed(say("The engine does not outlive a fork: open another in this process."))

        async def answer() -> T:
            return await ask(services)

        question = answer()
        try:
            return asyncio.run_coroutine_threadsafe(question, loop)
        except RuntimeError:
            question.close()
            raise self._gone() from None

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            else:
                logger.exception("the engine's thread ended")

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        async with self._opened() as services:
            self._ready.set_result(services)
            if not self._closed:
                await self._stop.wait()

    @staticmethod
    def _gone() -> Closed:
        return Closed(say("The engine is closed."))


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
    # In the worker's thread: HTTP costs a third of what Textual does.
    from .container import open_services  # noqa: PLC0415 - the console's first frame does not wait for HTTP

    async with open_services(settings, clock, background=background, program=program) as services:
        opened.append(services)
        yield services

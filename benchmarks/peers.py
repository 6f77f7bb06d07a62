"""Limiters side by side: ours over memory and over SQLite, and those of others that import."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.clock import Clock
from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
from hubsoft_tui.core.limiter.ledger import LedgerStore
from hubsoft_tui.core.limiter.throttle import limits_from
from hubsoft_tui.core.limiter.turns import LocalBudget
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness

Done = Callable[[], object]
Acquire = Callable[[Priority], Awaitable[Done]]
"""Wait for a permit of that class; what comes back is to be called when the request has completed."""
QUEUE = 100_000


@dataclass(frozen=True, slots=True)
class Peer:
    """`made(clock, n, window)` gives a limiter of `n` per `window` seconds, until the end of the block."""

    name: str
    made: Callable[[Clock, int, float], contextlib.AbstractContextManager[Acquire]]
    ours: bool = False


def peers(folder: Path) -> list[Peer]:
    """Return ours and every other one that is installed; `folder` is for ours over SQLite."""
    found = [
        Peer("ours, budget in memory", _memory, ours=True),
        Peer("ours, budget in SQLite", lambda *how: _sqlite(folder, *how), ours=True),
    ]
    with contextlib.suppress(ImportError):
        found += _aiolimiter()
    with contextlib.suppress(ImportError):
        found += _pyrate()
    return found


def missing() -> list[str]:
    """Name the others that are not installed."""
    return [name for name in ("aiolimiter", "pyrate-limiter") if _version(name) is None]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


@contextlib.contextmanager
def _gate(store: LedgerStore, clock: Clock, n: int, window: float) -> Iterator[Acquire]:
    settings = LimiterSettings(max_requests_per_minute=n, window_seconds=window, max_queue_size=QUEUE)
    gate = Gate(LocalBudget(store), clock, limits_from(settings))

    async def acquire(priority: Priority) -> Done:
        return (await gate.enter(QueuePlace(priority))).done

    try:
        yield acquire
    finally:
        asyncio.get_running_loop().create_task(gate.close())


@contextlib.contextmanager
def _memory(clock: Clock, n: int, window: float) -> Iterator[Acquire]:
    with _gate(MemoryBudget(clock), clock, n, window) as acquire:
        yield acquire


@contextlib.contextmanager
def _sqlite(folder: Path, clock: Clock, n: int, window: float) -> Iterator[Acquire]:
    path = folder / "budget.db"
    with contextlib.ExitStack() as stack:
        liveness = ProcessLiveness(folder / "alive")
        stack.callback(liveness.close)
        database = open_database(path, MIGRATIONS)
        stack.callback(database.close)
        # An account of its own: a limiter made later must not inherit what this one spent.
        store = SqliteBudget(database, liveness.owner, liveness, clock)
        yield stack.enter_context(_gate(store, clock, n, window))


def _nothing() -> None:
    """Stand for a completion without a listener."""


def _aiolimiter() -> list[Peer]:
    from aiolimiter import AsyncLimiter

    def peer(name: str, shape: Callable[[int, float], tuple[float, float]]) -> Peer:
        @contextlib.contextmanager
        def made(_clock: Clock, n: int, window: float) -> Iterator[Acquire]:
            limiter = AsyncLimiter(*shape(n, window))

            async def acquire(_priority: Priority) -> Done:
                await limiter.acquire()
                return _nothing

            yield acquire

        return Peer(f"aiolimiter {_version('aiolimiter')}, {name}", made)

    return [
        peer("burst of N", lambda n, window: (n, window)),
        peer("1 per W/N", lambda n, window: (1, window / n)),
    ]


class _Milliseconds:
    """Our clock as pyrate-limiter reads clocks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        return int(self._clock.now() * 1000)


def _pyrate() -> list[Peer]:
    from pyrate_limiter import InMemoryBucket, Limiter, Rate
    from pyrate_limiter.limiter import SingleBucketFactory

    @contextlib.contextmanager
    def made(clock: Clock, n: int, window: float) -> Iterator[Acquire]:
        bucket: Any = InMemoryBucket([Rate(n, int(window * 1000))])
        bucket._clock = _Milliseconds(clock)
        # Its leaks only save memory, in a thread that knows nothing of our clock.
        limiter = Limiter(SingleBucketFactory(bucket, schedule_leak=False))

        async def acquire(_priority: Priority) -> Done:
            await limiter.try_acquire_async("key")
            return _nothing

        yield acquire

    return [Peer(f"pyrate-limiter {_version('pyrate-limiter')}, in-memory log", made)]

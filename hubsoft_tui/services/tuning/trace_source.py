"""The trace, read for tuning: in threads, and no more often than reading it is worth."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...formats import DAY
from ...store.database import Database, open_database
from ...store.trace_reading import MIGRATIONS, TraceReader
from ..serial_thread import SerialThread
from .columns import TraceColumns, collect, learn
from .waits import Arrival, arrivals

DAYS: Final = 14
"""How much of the trace is looked at: what came before may be another season's habits."""
KEPT_SECONDS: Final = 20.0
KEPT_TIMES: Final = 30.0
"""What was read serves for this many times as long as reading took, and for `KEPT_SECONDS` at least."""


class TraceSource:
    """The last days of one account's trace. Lives in the engine's loop; reads in a thread of its own."""

    def __init__(self, path: Path, account: str, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._lock = asyncio.Lock()
        self._lane = SerialThread(
            "trace-read", lambda: open_database(path, MIGRATIONS), clock, closed=Database.close
        )
        self._columns: tuple[TraceColumns, float] | None = None
        self._arrivals: tuple[tuple[Arrival, ...], float] | None = None

    async def columns(self, *, fresh: bool = False) -> TraceColumns:
        """Return the questions of the last `DAYS`, up to a while ago unless `fresh`. Raises StoreError."""
        async with self._lock:
            if self._columns is None or fresh or self._clock.now() >= self._columns[1]:
                began = time.perf_counter()
                read = await self._lane.run(self._read_columns)
                self._columns = read, self._until(time.perf_counter() - began)
            return self._columns[0]

    async def arrivals(self) -> tuple[Arrival, ...]:
        """Return the requests of the busiest stretch of the last `DAYS`. Raises StoreError."""
        async with self._lock:
            if self._arrivals is None or self._clock.now() >= self._arrivals[1]:
                began = time.perf_counter()
                read = await self._lane.run(self._read_arrivals)
                self._arrivals = read, self._until(time.perf_counter() - began)
            return self._arrivals[0]

    async def close(self) -> None:
        """Close the file, after the reading that goes on."""
        await self._lane.close()

    def _until(self, took: float) -> float:
        return self._clock.now() + max(KEPT_SECONDS, took * KEPT_TIMES)

    def _read_columns(self, database: Database) -> TraceColumns:
        reader, now = TraceReader(database, self._account), self._clock.wall()
        columns = collect(reader.points(now - DAYS * DAY, now + DAY))
        learn(reader.comparisons(now - DAYS * DAY, now + DAY), columns)
        return columns

    def _read_arrivals(self, database: Database) -> tuple[Arrival, ...]:
        now = self._clock.wall()
        return arrivals(TraceReader(database, self._account).sent(now - DAYS * DAY, now + DAY))

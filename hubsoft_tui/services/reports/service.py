"""The reports as screens and commands ask for them; reading is done in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Protocol, TypeVar

from ...core.clock import Clock
from ...core.telemetry.trace import NaiveRow
from ...texts import Text, say
from ..serial_thread import SerialThread
from .archive import LISTED, ReportReader
from .types import DayHead, DayReport, Overview, SoFar

T = TypeVar("T")


class Writer(Protocol):
    """What the reports need of the trace's writer."""

    @property
    def trouble(self) -> Text | str | None:
        """Why nothing is written, as a sentence; None while all is well."""
        ...

    def flush(self) -> None:
        """Wait until what was handed in is written, or could not be."""
        ...

    def noted(self, row: NaiveRow) -> None:
        """Take what a pass saved."""
        ...


class Reports:
    """The service; lives in the engine's loop. Days are local: from midnight to midnight on this machine's clock."""

    def __init__(self, reader: ReportReader, writer: Writer | None, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._lane = SerialThread("reports", lambda: reader, clock, closed=ReportReader.close)

    @property
    def trouble(self) -> Text | str | None:
        """Why nothing is added to the reports at the moment, as a sentence; None while all is well."""
        if self._writer is None:
            return say("The setting trace.enabled is false.")
        return self._writer.trouble

    def today(self) -> date:
        """Return the local day it is."""
        return self._reader.today()

    async def day(self, day: date) -> DayReport:
        """Return the report of a day; of one without questions, an empty one. Raises StoreError."""
        return await self._read(lambda reader: reader.day(day))

    async def days(self, most: int = LISTED) -> tuple[DayHead, ...]:
        """Return the days there is something of, newest first, at most `most`. Raises StoreError."""
        return await self._read(lambda reader: reader.days(most))

    async def overview(self, day: date | None = None, most: int = LISTED) -> Overview:
        """Return the list of days, and `day` in full, or the newest. Raises StoreError."""
        found = await self._read(lambda reader: reader.overview(day, most))
        return replace(found, trouble=str(self.trouble or ""))

    async def so_far(self) -> SoFar:
        """Return the report of today so far, and the last hour. Raises StoreError."""
        report, hour = await self._read(lambda reader: (reader.day(reader.today()), reader.hour()))
        return SoFar(report, hour, str(self.trouble or ""))

    def note_naive(self, caller: str, naive: int, requests: int) -> None:
        """Add to today what a pass over many saved: it spent `requests` where one for each would be `naive`.

        It stands in place of the questions of the same `caller` in what the day saved. Returns at once.
        """
        if self._writer is not None:
            self._writer.noted(NaiveRow(self._clock.wall(), caller, naive, requests))

    async def close(self) -> None:
        """Close the files."""
        await self._lane.close()

    async def _read(self, work: Callable[[ReportReader], T]) -> T:
        def read(reader: ReportReader) -> T:
            if self._writer is not None:
                self._writer.flush()
            return work(reader)

        return await self._lane.run(read)

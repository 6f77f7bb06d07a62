"""The part of a run that reads the roster: what its pages decide, and when it is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from ...api.models import Customer
from ...core.engine import Engine
from ...errors import Refused
from ...store.checkup_rows import Reading
from .plan import pages_left, worth_going_on
from .results import ListResults
from .roster import NotBelieved, RosterReader
from .storage import CheckupFiles
from .types import Decision, Result, RunRow, Variant
from .verdict import judge

RESUME_SECONDS: Final = 1800.0
"""A reading that was left longer ago is begun anew: too much may have moved."""


class RosterOutcome(Enum):
    """How a reading went."""

    READ = "read"  # the undecided were not in it, or are cheaper to ask for
    MOVED = "moved"  # rows moved too much: a missing contract in it is not believed
    DISBELIEVED = "disbelieved"  # this variant is of no use here
    UNREADABLE = "unreadable"  # HubSoft refuses it


class RosterPhase:
    """Reads one variant for one run. Lives in the engine's loop."""

    def __init__(
        self,
        engine: Engine,
        files: CheckupFiles,
        row: RunRow,
        board: ListResults,
        *,
        spent: Callable[[], tuple[float, int]],
        waits: Callable[[str], object],
    ) -> None:
        self._engine = engine
        self._files = files
        self._row = row
        self._board = board
        self._spent = spent
        self._waits = waits

    async def read(self, variant: Variant, size: int, total: int | None) -> RosterOutcome:
        """Read on where the run left off, or from the start. Raises what `PageAsker.ask` raises besides."""
        reading = self._left(variant)
        if reading is None:
            await self._anew()
            reading = Reading(variant.value, size, total=total)
        reader = RosterReader(self._engine, self._files, self._row.id, variant, self._waits)
        try:
            reading = await reader.read(reading, self._take, self._pays, self._spent)
        except NotBelieved:
            await self._anew()
            return RosterOutcome.DISBELIEVED
        except Refused as error:
            self._waits(str(error))
            await self._anew()
            return RosterOutcome.UNREADABLE
        if reading.whole and not reading.gaps:
            await self._believe(reader, reading)
        await self._anew()
        return RosterOutcome.MOVED if reading.gaps else RosterOutcome.READ

    async def _believe(self, reader: RosterReader, reading: Reading) -> None:
        """Let what waited for the reading's end count."""
        run_id = self._row.id
        twins = [
            self.judged(document, customers, "roster", reading.started_at)
            for document, customers in (await reader.shared()).items()
            if self._board.has(document)
        ]
        await self._files.run(lambda stores: stores.decisions.decide(run_id, (), provisional=twins))
        if reading.sure:
            await reader.settle()
        settled = await self._files.run(lambda stores: stores.decisions.settle(run_id, sure=reading.sure))
        self._board.apply(each for each in settled if each.result is Result.INACTIVE)

    def judged(
        self, document: str, customers: Sequence[Customer], source: str, fetched_at: float
    ) -> Decision:
        """Judge a member, beside what was known before."""
        active = self._engine.settings.customers.active_statuses
        return self._board.stamped(judge(document, customers, active, source=source, fetched_at=fetched_at))

    def _take(
        self, customers: Sequence[Customer], fetched_at: float
    ) -> tuple[list[Decision], list[Decision]]:
        """Decide the members a page settles. Active is sure; without a contract, only when the whole roster agrees."""
        found: dict[str, list[Customer]] = {}
        for each in customers:
            if self._board.has(each.document):
                found.setdefault(each.document, []).append(each)
        decided: list[Decision] = []
        waiting: list[Decision] = []
        for document, own in found.items():
            decision = self.judged(document, own, "roster", fetched_at)
            known = self._board.decision(document)
            if known is not None and known.result is not Result.UNKNOWN:
                continue
            if decision.result is Result.ACTIVE:
                decided.append(decision)
            elif decision.result is Result.INACTIVE:
                waiting.append(decision)
        self._board.apply(decided)
        self._board.pending.update(decision.document for decision in waiting)
        return decided, waiting

    def _pays(self, reading: Reading) -> bool:
        """Whether the next page is worth asking for."""
        undecided = len(self._board.undecided())
        if reading.total is None or not undecided:
            return bool(undecided)
        return worth_going_on(undecided, pages_left(reading.offset, reading.total, reading.size))

    def _left(self, variant: Variant) -> Reading | None:
        """Return the reading a killed or paused run has left, if it is of this variant and young enough."""
        reading, self._row = self._row.reading, replace(self._row, reading=None)
        if reading is None or reading.variant != variant.value:
            return None
        return reading if 0 <= self._engine.clock.wall() - reading.started_at <= RESUME_SECONDS else None

    async def _anew(self) -> None:
        run_id = self._row.id
        self._board.pending.clear()
        await self._files.run(lambda stores: stores.decisions.doubt(run_id))
        await self._files.run(lambda stores: stores.rosters.clear(run_id))

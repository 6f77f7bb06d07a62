"""One run of one list: what is remembered, then the roster or single questions, every decision kept at once.

`RosterPhase` is the part that reads the roster: what its pages decide, and when that is believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from ...api.models import Customer
from ...core.engine import Engine
from ...core.telemetry.journal import Subscription
from ...core.types import Category, Priority
from ...errors import HubSoftError, QueueFull, RateLimited, Refused, Unreachable
from ...store.checkup_rows import Reading
from ...store.checkups import Tripwire
from .one_by_one import STOPS, OneByOne, about
from .plan import (
    Sizes,
    choose,
    pace_of,
    pages_left,
    sizes_of,
    stale_of,
    worth_asking,
    worth_going_on,
)
from .results import CHUNK, ListResults, judge, unknown
from .roster import NotBelieved, RosterReader, Spent, learn_total
from .storage import CheckupFiles
from .types import CheckupPlan, Decision, Result, RunRow, RunState, Variant, Way

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
        results: ListResults,
        *,
        spent: Callable[[], tuple[float, int]],
        waits: Callable[[str], object],
    ) -> None:
        self._engine = engine
        self._files = files
        self._row = row
        self._board = results
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


NOTHING_SPENT: Final = Spent()
READINGS: Final = 2
"""How often the roster is read in one run: again only when rows had moved too much the first time."""


class Run:
    """Decides every member of a list. Lives in the engine's loop; `go` runs once, in a task of its own."""

    def __init__(
        self,
        engine: Engine,
        files: CheckupFiles,
        row: RunRow,
        results: ListResults,
        *,
        earlier: Mapping[str, Decision],
        sent: Subscription,
        spent: Spent = NOTHING_SPENT,
    ) -> None:
        """`earlier` are decisions of the last run that are young enough to count still.

        `spent` is what HubSoft received for it before it began.
        """
        self.row = row
        self.results = results
        self.plan: CheckupPlan | None = None
        self.doing = ""
        self.trouble = ""
        self.expected = row.requests
        self.stopped_as = RunState.INTERRUPTED
        """What the run is called if it is cancelled now."""
        self._engine = engine
        self._files = files
        self._clock = engine.clock
        self._earlier = earlier
        self._sent = sent
        self._received = Spent(row.requests + spent.requests, spent.logins)
        self._given_up = False
        self._began = engine.clock.now() - row.seconds
        self._roster = RosterPhase(engine, files, row, results, spent=self._spent, waits=self._waits)

    # -- as others see it

    @property
    def seconds(self) -> float:
        """How long it has run, pauses apart."""
        return self._clock.now() - self._began

    @property
    def requests(self) -> int:
        """Requests HubSoft received for it, logins apart."""
        self._received = self._received.and_since(self._sent)
        return self._received.requests

    @property
    def logins(self) -> int:
        """Logins HubSoft received while it went on."""
        self._received = self._received.and_since(self._sent)
        return self._received.logins

    @property
    def eta(self) -> float:
        """Seconds to its end when nothing else is asked."""
        return pace_of(self._engine).seconds(max(0, self.expected - self.requests))

    # -- from the first to the last member

    async def go(self) -> None:
        """Decide everybody. Raises HubSoftError when everything stops, with what is decided kept."""
        state = RunState.INTERRUPTED
        try:
            await self._remembered()
            await self._decide_rest()
            state = RunState.DONE
        except asyncio.CancelledError:
            state = self.stopped_as
            raise
        except HubSoftError as error:
            self.trouble = str(error)
            raise
        finally:
            self.doing = ""
            await asyncio.shield(asyncio.ensure_future(self._end(state)))

    async def _end(self, state: RunState) -> None:
        now = self._clock.wall()
        settings = self._engine.settings.checkup
        tell = state is RunState.DONE and bool(settings.command)
        tripwire = Tripwire(settings.hold_above_share, settings.hold_above_members)
        if state is RunState.DONE:
            self.trouble = ""
        row = replace(
            self.row,
            state=state,
            ended_at=now,
            seconds=self.seconds,
            requests=self.requests,
            trouble=self.trouble,
        )
        await self._files.run(
            lambda stores: stores.checkups.end(
                row.id,
                state,
                at=now,
                seconds=row.seconds,
                requests=row.requests,
                trouble=row.trouble,
                also=(lambda connection: stores.notices.add(connection, row.id, now, tripwire))
                if tell
                else None,
            )
        )
        self.row = row
        self.results.touch()

    async def _remembered(self) -> None:
        """Decide the members that the cache or the last run settles: nothing is sent."""
        self._now("remembered")
        left = self.results.undecided()
        for start in range(0, len(left), CHUNK):
            await self._keep(self._recalled(left[start : start + CHUNK]))
            await asyncio.sleep(0)

    def _recalled(self, documents: Sequence[str]) -> list[Decision]:
        answers = self._engine.known.recall(
            [about(document) for document in documents],
            category=Category.CONTRACT_STATUS,
            max_age=self.row.max_age,
        )
        decided: list[Decision] = []
        for document, answer in zip(documents, answers, strict=True):
            if answer is not None:
                decided.append(self._roster.judged(document, answer.value, "cache", answer.fetched_at))
            elif (earlier := self._earlier.get(document)) is not None:
                decided.append(self.results.stamped(replace(earlier, source="cache")))
        return [decision for decision in decided if decision.result is not Result.UNKNOWN]

    async def _decide_rest(self) -> None:
        sizes, readings = await sizes_of(self._engine, self._files), 0
        while left := self.results.undecided():
            plan = await self._planned(left, sizes, first=not readings)
            if plan.way is not Way.ROSTER or plan.variant is None or readings == READINGS:
                break
            self._now("roster")
            readings += 1
            try:
                outcome = await self._roster.read(plan.variant, plan.page_size, plan.total)
            except (Unreachable, RateLimited, QueueFull) as error:
                await self._give_up(str(error))
                return
            if outcome is RosterOutcome.READ:
                break
            if outcome is RosterOutcome.UNREADABLE:
                sizes.totals.clear()
            elif outcome is RosterOutcome.DISBELIEVED:
                readings -= 1
                sizes.forget(plan.variant, Variant.ENABLED)
        await self._ask_each(self.results.undecided())
        if (again := self.results.of(Result.UNKNOWN)) and not self._given_up:
            await self._ask_each(again)  # what went wrong may have passed

    async def _planned(self, left: Sequence[str], sizes: Sizes, *, first: bool) -> CheckupPlan:
        stale = stale_of(self.results.known[document] for document in left)
        before = self.requests
        if first and worth_asking(stale, sizes.totals):
            await self._learn_size(sizes)
        plan = choose(
            stale,
            sizes.totals,
            members=len(self.results),
            page_size=sizes.page_size,
            pace=pace_of(self._engine),
            asked=self.requests - before,
        )
        self.plan = self.plan or plan
        self._expect(plan.requests)
        return plan

    async def _learn_size(self, sizes: Sizes) -> None:
        self._now("roster")
        try:
            await learn_total(
                self._engine,
                self._files,
                sizes,
                priority=Priority.LOW,
                patience=self._engine.settings.checkup.patience_seconds,
            )
        except STOPS:
            raise
        except HubSoftError:
            return  # the plan does without; whether HubSoft is there the questions will tell

    async def _ask_each(self, documents: Sequence[str]) -> None:
        if not documents:
            return
        self._now("singles")
        self._expect(len(documents))
        singles = OneByOne(self._engine, refresh=self.row.max_age is not None, waits=self._waits)
        await singles.ask(documents, self._answered)
        self._given_up = self._given_up or bool(singles.given_up)

    async def _answered(self, decision: Decision) -> None:
        await self._keep([self.results.stamped(decision)])

    async def _give_up(self, why: str) -> None:
        await self._keep(
            [self.results.stamped(unknown(document, why)) for document in self.results.undecided()]
        )

    async def _keep(self, decisions: Iterable[Decision]) -> None:
        kept = list(decisions)
        if not kept:
            return
        spent = self._spent()
        await self._files.run(lambda stores: stores.decisions.decide(self.row.id, kept, spent=spent))
        self.results.apply(kept)

    def _spent(self) -> tuple[float, int]:
        return self.seconds, self.requests

    def _expect(self, requests: int) -> None:
        self.expected = self.requests + requests
        self.results.touch()

    def _now(self, doing: str) -> None:
        self.doing = doing
        self.results.touch()

    def _waits(self, why: str) -> None:
        """Say why nothing goes on, or with an empty text that it does."""
        if why != self.trouble:
            self.trouble = why
            self.results.touch()

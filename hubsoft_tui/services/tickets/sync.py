"""Passes: one at a time on a home; in a console on a schedule that leaves people room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ...core.clock import Clock, today
from ...core.engine import Engine
from ...core.ports import FlightPort
from ...core.types import ApiState, BreakerState, BudgetState, Priority
from ...errors import HubSoftError, StoreError
from ...store.mirror import LEASE_SECONDS, Mirror, sync_lease
from ...store.mirror_records import MirrorState
from ...store.process_liveness import Lease, ProcessLiveness
from ...texts import Text, say
from ..serial_thread import SerialThread
from . import pass_store
from .merge import Labels
from .pass_requests import Asking, Reader
from .pass_store import Cost
from .planner import KnownTickets, plan_in_words, steps
from .relay import Passes
from .types import PassReport, Plan, SyncStatus

logger = logging.getLogger(__name__)

MOST_OF_BUDGET: Final = 0.5
"""Of what the limit allows, syncing takes at most this share over time."""
AWAY_LOOK_SECONDS: Final = 2.0
TIGHT_LOOK_SECONDS: Final = 5.0
LONGEST_DELAY: Final = 4
"""Intervals after which a pass goes on although the budget is tight: in the queue people still go first."""


def next_due(began: float, requests: int, interval: float, limit: BudgetState) -> float:
    """Return when (UTC epoch seconds) the pass after one that `began` then and cost `requests` is due."""
    per_second = limit.limit / limit.window
    return began + max(interval, requests / (per_second * MOST_OF_BUDGET))


def held_back(api: ApiState, budget: BudgetState, requests: int, late: float, interval: float) -> float:
    """Return how many seconds a pass that is `late` seconds past due waits before it looks again; 0 to go.

    It waits while HubSoft is away or has told us to pause, and for a while where the budget is nearly used.
    """
    if api.breaker is not BreakerState.CLOSED:
        return AWAY_LOOK_SECONDS
    if budget.paused_for > 0:
        return min(budget.paused_for, TIGHT_LOOK_SECONDS)
    cap = budget.lanes[Priority.NORMAL].cap
    crowded = budget.used + min(requests, max(1, cap // 2)) > cap
    return TIGHT_LOOK_SECONDS if cap and crowded and late < LONGEST_DELAY * interval else 0.0


NEARLY: Final = 0.9
"""A pass that another machine began less than so much of an interval ago spares one."""
START_SECONDS: Final = 1.0
"""A console's first pass lets its first frame and a person's first question go before."""
TURN_SECONDS: Final = 0.2
"""How often the right to sync is tried for while another process has it."""
LONGEST_NAP: Final = 5.0
FAILED_SECONDS: Final = 15.0
"""The first wait after a pass that failed; it doubles, up to five minutes."""
MOST_FAILED_SECONDS: Final = 300.0


class Sync:
    """Lives in the engine's loop. `reading` and `writing` are threads with the mirror open."""

    def __init__(
        self,
        engine: Engine,
        reading: SerialThread[Mirror],
        writing: SerialThread[Mirror],
        liveness: ProcessLiveness,
        clock: Clock,
        *,
        on_pass: Callable[[PassReport], object],
        relay: FlightPort | None = None,
    ) -> None:
        """`on_pass` is told of each pass of this process, once it is on disk.

        `relay` leads to the machines that share the budget: one pass is for all of them.
        """
        self._engine = engine
        self._passes = None if relay is None else Passes(relay, clock)
        self._reading = reading
        self._writing = writing
        self._liveness = liveness
        self._clock = clock
        self._task: asyncio.Task[PassReport] | None = None
        self._priority = Priority.NORMAL
        self._reader: Reader | None = None
        self._keeping = False
        self._not_before = 0.0
        self._failures = 0
        self._trouble: Text | str = ""
        self._held: Text | str = ""
        self._next_at: float | None = None
        self._due: float | None = None
        self._on_pass = on_pass
        self.turns = 0
        """Grows with everything that `status` tells differently."""

    # -- one pass

    async def sync(self, priority: Priority, *, age: float = 0.0) -> PassReport:
        """Make a pass, or join the one that is going on and hurry it. Raises HubSoftError.

        While another process makes one, wait; a pass that began after we asked is as good as ours, and so is another
        machine's that began at most `age` seconds before.
        """
        if self._task is None or self._task.done():
            self._priority = priority
            self._task = asyncio.create_task(self._turn(self._clock.now() - age))
            self._task.add_done_callback(_retrieved)
        elif priority < self._priority:
            self._priority = priority
            if self._reader is not None:
                self._reader.priority = priority
        return await asyncio.shield(self._task)

    async def plan(self) -> Plan:
        """Say what a pass would ask now. Sends nothing."""
        known, _labels = await self._reading.run(self._load)
        size = pass_store.page_size(known.state, self._engine.settings.sync.page_size)
        return plan_in_words(steps(known, size.size))

    async def close(self) -> None:
        """Leave a pass that is going on; nothing of it is written."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _turn(self, oldest: float) -> PassReport:
        asked_at = self._clock.wall()
        while not await self._writing.run(self._take):
            report = pass_store.last_report(await self._reading.run(Mirror.state))
            if report is not None and report.at >= asked_at:
                return replace(report, shared=True)
            await self._clock.sleep(TURN_SECONDS)
        renewing = asyncio.create_task(self._renew())
        self.turns += 1
        try:
            report = await self._pass(oldest)
        except HubSoftError as error:
            self._failed(error)
            raise
        else:
            self._failures, self._not_before, self._trouble = 0, 0.0, ""
            return report
        finally:
            self._reader = None
            self.turns += 1
            renewing.cancel()
            # A lease of a dead process ends: if this fails, the lease runs out.
            with contextlib.suppress(HubSoftError):
                await self._writing.run(lambda mirror: self._lease(mirror).release())

    async def _pass(self, oldest: float) -> PassReport:
        began = self._clock.now()
        settings = self._engine.settings.sync
        known, labels = await self._reading.run(self._load)
        reader = self._reader = Reader(
            self._engine,
            pass_store.page_size(known.state, settings.page_size),
            self._priority,
            with_messages=settings.messages,
        )
        try:
            heard = 0
            if self._passes is None:
                asked = await Asking(known, labels, reader).run()
            else:
                known, asked, heard = await self._passes.ask(
                    known, labels, reader, oldest=oldest, with_messages=settings.messages
                )
            spent, seconds = reader.requests, self._clock.now() - began
            cost = Cost(self._day(), spent + heard, spent, seconds, reader.size)
            report = await self._writing.run(
                lambda mirror: pass_store.commit(
                    mirror,
                    self._lease(mirror),
                    known,
                    asked,
                    cost=cost,
                    settings=settings,
                    seen_at=self._clock.wall(),
                )
            )
        except HubSoftError:
            with contextlib.suppress(StoreError):
                await self._writing.run(lambda mirror: pass_store.spend(mirror, self._day(), reader.requests))
            raise
        logger.info(
            "sync: %d requests, %d new, %d changed, %d closed, %d missing, %d not confirmed",
            report.requests,
            report.new,
            report.changed,
            report.closed,
            report.missing,
            report.unconfirmed,
        )
        self._on_pass(report)
        return report

    def _load(self, mirror: Mirror) -> tuple[KnownTickets, Labels]:
        known = pass_store.load(mirror, self._clock.wall(), self._engine.settings.sync)
        return known, Labels(mirror.labels())

    def _lease(self, mirror: Mirror) -> Lease:
        return sync_lease(mirror, self._liveness, self._clock)

    def _take(self, mirror: Mirror) -> bool:
        return self._lease(mirror).take(LEASE_SECONDS)

    async def _renew(self) -> None:
        while True:
            await self._clock.sleep(LEASE_SECONDS / 3)
            with contextlib.suppress(HubSoftError):
                await self._writing.run(self._take)

    def _failed(self, error: HubSoftError) -> None:
        logger.warning("sync: %s", error)
        self._trouble = error.text
        wait = min(MOST_FAILED_SECONDS, FAILED_SECONDS * 2**self._failures)
        self._failures += 1
        self._not_before = self._clock.now() + wait

    # -- on schedule

    async def keep(self) -> None:
        """Make a pass whenever one is due, until cancelled. What goes wrong is told by `status` and tried again."""
        self._keeping = True
        await self._clock.sleep(START_SECONDS)
        while True:
            try:
                wait = await self._wait()
                if wait <= 0:
                    interval = self._engine.settings.sync.interval_seconds
                    await self.sync(Priority.NORMAL, age=interval * NEARLY)
            except HubSoftError as error:
                wait = TURN_SECONDS
                if self._not_before <= self._clock.now():
                    self._failed(error)
            await self._clock.sleep(max(0.0, wait))

    async def _wait(self) -> float:
        """Return how many seconds to look again in; 0 when a pass is to be made now."""
        settings = self._engine.settings.sync
        if not settings.enabled:
            self._next_at = self._due = None
            return LONGEST_NAP
        last = pass_store.last_report(await self._reading.run(Mirror.state))
        now, budget, api = self._clock.wall(), self._engine.budget(), self._engine.api()
        if api.breaker is not BreakerState.CLOSED:
            self._not_before = 0.0  # it ends with the outage
        due = now
        if last is not None and last.at <= now:  # a clock that was set back must not delay the pass
            due = next_due(last.at, last.requests, settings.interval_seconds, budget)
        self._due = due
        due = max(due, now + self._not_before - self._clock.now())
        self._next_at = due
        if due > now:
            return min(due - now, LONGEST_NAP)
        hold = held_back(api, budget, last.requests if last else 1, now - due, settings.interval_seconds)
        self._held = ""
        if hold > 0:
            self._next_at = now + hold
            if api.breaker is not BreakerState.CLOSED:
                self._held = say("HubSoft does not answer. Tickets are synced again when it does.")
        return hold

    # -- watching

    @property
    def late(self) -> float | None:
        """Seconds a pass is overdue, however often it was tried; None where none is scheduled."""
        return None if self._due is None else max(0.0, self._clock.wall() - self._due)

    async def status(self) -> SyncStatus:
        """Say how syncing goes, whichever process on this home does it."""

        def look(mirror: Mirror) -> tuple[MirrorState, tuple[int, int], bool]:
            return mirror.state(), mirror.spent(self._day()), self._lease(mirror).elsewhere()

        state, (requests, _naive), elsewhere = await self._reading.run(look)
        ours = self._task is not None and not self._task.done()
        return SyncStatus(
            running=ours or elsewhere,
            next_at=self._next_at if self._keeping else None,
            last=pass_store.last_report(state),
            trouble=str(self._held or self._trouble),
            requests_today=requests,
        )

    def _day(self) -> str:
        return today(self._clock).isoformat()


def _retrieved(task: asyncio.Task[PassReport]) -> None:
    """Look at how a pass ended: its caller may have left."""
    if not task.cancelled():
        task.exception()

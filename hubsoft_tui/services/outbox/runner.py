"""The background work of the outbox: which entries are worked on now, what dead processes left, and the counts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from ...core.clock import Clock
from ...core.engine import Engine
from ...errors import HubSoftError, StoreError
from ...store.outbox import OutboxRow, OutboxTally, SqliteOutbox, Step
from ...texts import _
from ...values import dataclass
from ..serial_thread import SerialThread
from . import machine
from .sender import Sender
from .types import EntryState, local_protocol

logger = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Entries worked on at the same time: half of the connections stay free for people's questions."""
TICK_SECONDS: Final = 1.0
"""How often it is looked whether another process left or changed something."""
BROKEN_SECONDS: Final = 5.0
"""How long an entry is left alone when the file cannot be written."""
TIDY_SECONDS: Final = 3600.0
GRACE_SECONDS: Final = 3.0
"""How long closing waits for answers that are on their way: without them those entries would have to be looked for."""
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one look at the store found."""

    changed: bool
    left_behind: tuple[OutboxRow, ...]
    due: tuple[int, ...]
    next_due: float | None


class Runner:
    """Lives in the engine's loop. `tally` and `version` may be read at any time."""

    def __init__(self, engine: Engine, store: SqliteOutbox, clock: Clock, *, aside: bool) -> None:
        self.tally = _tally(store)
        self.version = 1
        self.thread = SerialThread("outbox", lambda: store, clock, aside=aside)
        """Where the file is worked on: a flush to a slow disk must not hold up the engine."""
        self.sender = Sender(engine, self.thread, clock, self.news)
        self.changed = asyncio.Event()
        """Set at the next change, and replaced by another then."""
        self._engine = engine
        self._clock = clock
        self._owner = store.owner
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._wake = asyncio.Event()
        self._closing = self._sends = False
        self._tidied: float | None = None

    async def run(self) -> None:
        """Send, look and tidy until cancelled; with a read-only profile only watch what others do."""
        self._sends = not self._engine.settings.profile.read_only
        while True:
            self._wake.clear()
            pause = TICK_SECONDS
            try:
                pause = await self._round()
            except StoreError as error:
                logger.warning("the outbox: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _round(self) -> float:
        """Start whatever is due and return how many seconds nothing will be."""
        if not self._sends:
            if await self.thread.run(lambda store: store.changed()):
                await self.news()
            return TICK_SECONDS
        await self._tidy()
        step = self._abandoned()
        survey = await self.thread.run(lambda store: _survey(store, step))
        self._took_over(survey.left_behind)
        if survey.changed or survey.left_behind:
            await self.news()
        for number in survey.due:
            self.start(number)
        wait = TICK_SECONDS if survey.next_due is None else survey.next_due - self._clock.now()
        return min(TICK_SECONDS, wait) if wait > 0 else TICK_SECONDS

    async def recover(self) -> None:
        """Take over what dead processes left, and what was due on a clock that is gone. Raises StoreError."""
        step = self._abandoned()
        left_behind = await self.thread.run(lambda store: store.recover(step))
        if left_behind:
            self._took_over(left_behind)
            await self.news()

    def _abandoned(self) -> Step:
        said = _("The program ended while this was being sent.")
        return self.sender.timed(machine.abandoned, said=said)

    def _took_over(self, rows: tuple[OutboxRow, ...]) -> None:
        for row in rows:
            logger.warning("%s was left behind and is now %s", local_protocol(row.number), row.state)

    async def _tidy(self) -> None:
        now = self._clock.now()
        if self._tidied is None or now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            before = self._clock.wall() - self._engine.settings.outbox.keep_days * _DAY
            if await self.thread.run(lambda store: store.purge(tuple(machine.OVER), before)):
                await self.news()

    def start(self, number: int) -> asyncio.Task[None]:
        """Work on an entry; if that is being done already, look at it once more afterwards."""
        task = self._busy.get(number)
        if task is not None:
            self._again.add(number)
        else:
            task = self._busy[number] = asyncio.create_task(self._work(number), name=local_protocol(number))
            task.add_done_callback(lambda _done: self._ended(number))
        return task

    def _ended(self, number: int) -> None:
        self._busy.pop(number, None)
        if number in self._again and not self._closing:
            self._again.discard(number)
            self.start(number)
        self._wake.set()

    async def _work(self, number: int) -> None:
        try:
            async with self._slots:
                await self.sender.work(number)
        except HubSoftError as error:
            # Nothing else keeps a full disk from being tried again at once, and again.
            logger.warning("%s: %s", local_protocol(number), error)
            await self._clock.sleep(BROKEN_SECONDS)

    def will_take(self, number: int) -> bool:
        """Whether this process will make the next step of an entry that is due."""
        return self._sends or number in self._busy

    async def close(self) -> None:
        """Wait briefly for answers that are on their way, then stop; what is left is safe on disk."""
        self._closing = True
        for number, task in self._busy.items():
            if number not in self.sender.sending:
                task.cancel()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=GRACE_SECONDS)
        left = list(self._busy.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        step = self._abandoned()
        try:
            await self.thread.run(lambda store: store.recover(step, of=(self._owner,)))
        except StoreError as error:  # the next process finds this one dead, and does the same
            logger.warning("the outbox: %s", error)
        await self.thread.close()

    async def news(self) -> None:
        """Count again and wake the callers that wait for a change."""
        with contextlib.suppress(StoreError):
            self.tally = await self.thread.run(_tally)
        self.version += 1
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


def _survey(store: SqliteOutbox, abandoned: Step) -> _Survey:
    changed, left_behind = store.changed(), store.recover(abandoned)
    return _Survey(changed, left_behind, store.due(), store.next_due())


def _tally(store: SqliteOutbox) -> OutboxTally:
    return store.tally(over=tuple(machine.OVER), asking=machine.ASKING, undecided=EntryState.UNKNOWN.value)

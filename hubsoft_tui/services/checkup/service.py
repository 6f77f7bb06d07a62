"""Check-ups as screens and commands use them: lists, plans, one run at a time, results."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...core.engine import Engine
from ...core.types import Priority
from ...errors import AlreadyRunning, HubSoftError, StoreError
from ...formats import clock
from ...privacy import as_typed
from ...texts import say
from .members import read_members
from .notifier import Notifier
from .open_lists import OpenList, OpenLists
from .plan import choose, pace_of, sizes_of, stale_of, worth_asking
from .roster import Spent, learn_total
from .run import Run
from .storage import CheckupFiles, CheckupStores
from .types import (
    CheckupDelta,
    CheckupPlan,
    Imported,
    ListOverview,
    ListRow,
    Notice,
    Progress,
    RunRow,
    RunState,
)
from .whole_roster import NightlyRoster, OnePage

logger = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS: Final = 30.0
"""How often commands that failed are looked at."""


class Checkup:
    """The service; lives in the engine's loop."""

    def __init__(self, engine: Engine, stores: CheckupStores, clock: Clock, *, aside: bool = True) -> None:
        """Without `aside` the stores are used in the loop itself."""
        self._engine = engine
        self._files = files = CheckupFiles("checkups", lambda: stores, clock, aside=aside)
        self._clock = clock
        self._notifier = Notifier(engine, files)
        self._views = OpenLists(engine, files)
        self._versions = 0
        self._notices = 0
        self._held: Counter[int] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self.night = NightlyRoster(engine, files, clock)
        self.one_page = OnePage(engine, files)
        self.on_run: Callable[[int, int], object] = lambda _decided, _requests: None
        """Called when a run of this process ends, finished or not: with members decided and requests spent."""

    @property
    def version(self) -> int:
        """Grows whenever something a screen shows has changed."""
        return self._versions + self._views.version

    # -- lists

    async def lists(self) -> tuple[ListOverview, ...]:
        """Return every list with its last run, the newest import first."""
        return await self._files.run(CheckupStores.overviews)

    async def import_file(self, path: str | Path) -> tuple[ListRow, Imported]:
        """Read a CSV file and keep its members as a list, known by the file's place.

        What was known of members who stay on it is kept. Raises InvalidInput, and AlreadyRunning.
        """
        file, imported = await asyncio.to_thread(read_members, path)
        return await self.keep(file, imported), imported

    async def keep(self, file: Path, imported: Imported) -> ListRow:
        """Keep members that were read from `file`, as `import_file` does. Raises AlreadyRunning."""
        place, name = as_typed(str(file)), as_typed(file.name)
        if (running := self._views.running) is not None and running.list.path == place:
            raise _taken(running.list, running.row)
        list_id = await self._files.run(
            lambda stores: stores.checkups.put_list(place, name, imported.members, self._clock.wall())
        )
        self._views.forget(list_id)
        self._versions += 1
        return await self._views.row(list_id)

    async def drop(self, list_id: int) -> None:
        """Forget a list and its results. Raises AlreadyRunning, here or in another process."""
        view = await self._views.get(list_id)
        row = await self._files.run(lambda stores: stores.checkups.last_run(list_id))
        if row is not None and row.state is RunState.RUNNING:
            raise _taken(view.list, row)
        self._views.forget(list_id)
        await self._files.run(lambda stores: stores.checkups.drop_list(list_id))

    # -- plans

    async def plan(self, list_id: int, *, max_age: float | None = None) -> CheckupPlan:
        """Return what a run would ask. One request is spent if the roster's size is not known.

        Raises HubSoftError when that request fails.
        """
        view = await self._views.get(list_id)
        if view.run is not None and view.run.plan is not None:
            return view.run.plan
        left = await self._views.left(view, max_age)
        stale = stale_of(view.results.known[document] for document in left)
        sizes, asked = await sizes_of(self._engine, self._files), 0
        if worth_asking(stale, sizes.totals):
            with self._engine.events.subscribe() as sent:
                try:
                    await learn_total(self._engine, self._files, sizes, priority=Priority.HIGH)
                finally:
                    view.spent = view.spent.and_since(sent)
            asked = 1
        view.plan = choose(
            stale,
            sizes.totals,
            members=len(view.results),
            page_size=sizes.page_size,
            pace=pace_of(self._engine),
            asked=asked,
        )
        view.results.touch()
        return view.plan

    # -- running

    async def start(self, list_id: int, *, max_age: float | None = None) -> None:
        """Begin a run of a list, or go on with the one that was left; it goes on in the background.

        `max_age` (seconds) is how old an answer may be instead of the contract status's own limit. Raises
        AlreadyRunning naming the run when this list, here or in another process, or another list here is running.
        """
        async with self._starting:  # a key pressed twice is one run
            await self._start(list_id, max_age)

    async def _start(self, list_id: int, max_age: float | None) -> None:
        view = await self._views.get(list_id)
        if (running := self._views.running) is not None:
            raise _taken(running.list, running.row)
        rules = ",".join(sorted(self._engine.settings.customers.active_statuses))
        row, mine = await self._files.run(
            lambda stores: stores.begin(list_id, rules=rules, max_age=max_age, at=self._clock.wall())
        )
        if not mine:
            raise _taken(view.list, row)
        fresh_from = self._views.fresh_from(max_age)
        await self._files.run(lambda stores: stores.decisions.forget_older(row.id, fresh_from))
        earlier = await self._views.earlier(row, max_age)
        spent, view.spent = view.spent, Spent()
        view = await self._views.load(view.list, row)
        watching = contextlib.ExitStack()
        sent = watching.enter_context(self._engine.events.subscribe())
        view.run = Run(self._engine, self._files, row, view.results, earlier=earlier, sent=sent, spent=spent)
        view.task = asyncio.create_task(self._go(view, view.run, watching), name="check-up")

    async def wait(self, list_id: int) -> Progress:
        """Wait until a run that was started here has ended, its commands too; return how. Raises what stopped it."""
        view = await self._views.get(list_id)
        if view.task is not None:
            await asyncio.wait({view.task})
        if self._telling is not None:
            await asyncio.wait({self._telling})
        if view.failure is not None:
            raise view.failure
        return await self.progress(list_id)

    async def pause(self, list_id: int) -> None:
        """Stop a run for now; it goes on from where it was, whenever it is started again."""
        await self._stop(list_id, RunState.PAUSED)

    async def cancel(self, list_id: int) -> None:
        """End a run for good; what it has decided stays to be seen, and is not compared with."""
        await self._stop(list_id, RunState.CANCELLED)
        view = await self._views.get(list_id)
        row = view.row
        if row is not None and not row.state.over and view.task is None:
            ended = replace(row, state=RunState.CANCELLED)
            await self._files.run(
                lambda stores: stores.checkups.end(
                    ended.id,
                    ended.state,
                    at=self._clock.wall(),
                    seconds=ended.seconds,
                    requests=ended.requests,
                )
            )
            view.row = ended
            view.results.touch()

    async def close(self) -> None:
        """Leave what runs so that it can be gone on with."""
        if (running := self._views.running) is not None:
            with contextlib.suppress(HubSoftError):
                await self._stop(running.list.id, RunState.INTERRUPTED)
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._files.close()

    # -- results

    async def progress(self, list_id: int) -> Progress:
        """Return how the list stands."""
        view = await self._views.get(list_id)
        held = await self._count_notices() if self._held is None else self._held
        results, run, row = view.results, view.run, view.row
        base = Progress(
            version=results.version,
            list=view.list,
            state=None if row is None else row.state,
            total=len(results),
            counts=results.counted(),
            pending=len(results.pending),
            gained=results.gained,
            lost=results.lost,
            compared_at=view.compared_at,
            plan=view.plan,
            notices=self._notices,
            held=held[list_id],
        )
        if run is not None and view.task is not None:
            return replace(
                base,
                state=RunState.RUNNING,
                plan=run.plan or view.plan,
                requests=run.requests,
                logins=run.logins,
                expected=max(run.requests, run.expected),
                seconds=run.seconds,
                eta=run.eta,
                started_at=run.row.started_at,
                doing=run.doing,
                trouble=run.trouble,
            )
        if row is None:
            return base
        elsewhere = row.state is RunState.RUNNING
        return replace(
            base,
            requests=row.requests,
            logins=view.logins,
            expected=row.requests,
            seconds=row.seconds,
            started_at=row.started_at,
            ended_at=row.ended_at,
            trouble=row.trouble,
            who=row.who if elsewhere else "",
        )

    async def changes(self, list_id: int, since: int = -1) -> CheckupDelta:
        """Return the rows that changed after a version, or all of them."""
        return (await self._views.get(list_id)).results.delta(since)

    async def reload(self, list_id: int) -> Progress:
        """Read a list anew from disk, unless it is running here: another process may have run it."""
        view = await self._views.get(list_id)
        if view.task is None:
            await self._views.read(view.list)
        return await self.progress(list_id)

    async def notices(self) -> tuple[Notice, ...]:
        """Return the members whose command has not succeeded yet."""
        return await self._files.run(lambda stores: stores.notices.pending())

    async def notify(self) -> tuple[int, int]:
        """Run the command for every member that is due; return how many succeeded and how many failed."""
        counted = await self._notifier.run_due()
        await self._count_notices()
        return counted

    @property
    def held(self) -> int:
        """How many commands wait for a person, of all lists; 0 until it was looked."""
        return 0 if self._held is None else self._held.total()

    async def release(self, list_id: int) -> tuple[int, int]:
        """Run the commands of a list that were held; return how many succeeded and how many failed."""
        now = self._clock.wall()
        released = await self._files.run(lambda stores: stores.notices.release(list_id, now))
        logger.warning("check-up: %d held commands were released", released)
        return await self.notify()

    async def drop_held(self, list_id: int) -> int:
        """Never run the commands of a list that were held; return how many."""
        dropped = await self._files.run(lambda stores: stores.notices.drop(list_id))
        logger.warning("check-up: %d held commands were dropped", dropped)
        await self._count_notices()
        return dropped

    async def _count_notices(self) -> Counter[int]:
        pending = await self.notices()
        held = Counter(notice.list_id for notice in pending if notice.held)
        if held.total() > self.held:
            logger.warning(
                "check-up: %d commands are held, because unusually many members lost the contract at once",
                held.total(),
            )
        self._notices, self._held = len(pending) - held.total(), held
        self._versions += 1
        return held

    async def notify_forever(self) -> None:
        """Try what failed again, until cancelled."""
        while True:
            with contextlib.suppress(HubSoftError):
                await (self.notify() if self._notifier.wanted else self._count_notices())
            await self._clock.sleep(LOOK_AGAIN_SECONDS)

    # -- inside

    async def _go(self, view: OpenList, run: Run, watching: contextlib.ExitStack) -> None:
        left, spent = len(view.results.undecided()), run.row.requests
        with watching:
            try:
                await run.go()
            except HubSoftError as error:
                view.failure = error  # it stands in the run's trouble; `wait` raises it
                return
            finally:
                view.row, view.run, view.task, view.logins = run.row, None, None, run.logins
                self.on_run(left - len(view.results.undecided()), run.row.requests - spent)
                view.plan = run.plan or view.plan
                view.results.touch()
        self._telling = asyncio.create_task(self._tell(), name="check-up commands")

    async def _tell(self) -> None:
        with contextlib.suppress(StoreError):  # they are looked at again
            await self.notify()

    async def _stop(self, list_id: int, state: RunState) -> None:
        view = await self._views.get(list_id)
        if view.run is None or view.task is None:
            return
        view.run.stopped_as = state
        task = view.task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _taken(row: ListRow, run: RunRow | None) -> AlreadyRunning:
    since = "" if run is None else clock(run.started_at)
    return AlreadyRunning(
        say(
            "{list} is being checked already, by process {process} since {time}. Wait for it, or stop it there.",
            list=row.name,
            process=os.getpid() if run is None else run.who,
            time=since,
        )
    )

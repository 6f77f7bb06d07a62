"""The lists in sight, each with its results and its last run.

What a list holds is read from disk once, and again when another process has run it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import field

from ...core.engine import Engine
from ...core.types import Category
from ...errors import HubSoftError, NotFound
from ...texts import say
from ...values import dataclass
from .one_by_one import about
from .results import CHUNK, ListResults
from .roster import Spent
from .run import Run
from .storage import CheckupFiles
from .types import CheckupPlan, Decision, ListRow, Result, RunRow


@dataclass(slots=True)
class OpenList:
    """One list in sight: its picture, its last run, the plan for the next one, and the run that goes on here."""

    list: ListRow
    results: ListResults
    row: RunRow | None
    compared_at: float | None = None
    plan: CheckupPlan | None = None
    run: Run | None = None
    task: asyncio.Task[None] | None = None
    spent: Spent = field(default_factory=Spent)
    """What its plan has cost; the next run counts it as its own."""
    logins: int = 0
    """Logins of the last run here."""
    failure: HubSoftError | None = None
    """What stopped the run that was started here."""


class OpenLists:
    """Lives in the engine's loop."""

    def __init__(self, engine: Engine, files: CheckupFiles) -> None:
        self._engine = engine
        self._files = files
        self._views: dict[int, OpenList] = {}
        self._gone = 0

    def __iter__(self) -> Iterator[OpenList]:
        return iter(self._views.values())

    @property
    def version(self) -> int:
        """Grows whenever a list in sight has changed."""
        return self._gone + sum(view.results.version for view in self)

    @property
    def running(self) -> OpenList | None:
        """The list that is being checked here."""
        return next((view for view in self if view.task is not None), None)

    async def get(self, list_id: int) -> OpenList:
        """Return a list. Raises NotFound."""
        view = self._views.get(list_id)
        return view if view is not None else await self.read(await self.row(list_id))

    async def row(self, list_id: int) -> ListRow:
        """Return a list's name and place. Raises NotFound."""
        for row in await self._files.run(lambda stores: stores.checkups.lists()):
            if row.id == list_id:
                return row
        raise NotFound(say("There is no such list any more."))

    async def read(self, row: ListRow) -> OpenList:
        """Read a list and its last run anew."""
        return await self.load(row, await self._files.run(lambda stores: stores.checkups.last_run(row.id)))

    async def load(self, row: ListRow, run: RunRow | None) -> OpenList:
        """Read a list's members and the decisions of a run, and keep them in sight."""
        known = await self._files.run(lambda stores: stores.checkups.members(row.id))
        before = self._views.get(row.id)
        results = ListResults(known, version=0 if before is None else before.results.version)
        if run is not None:
            decided = await self._files.run(lambda stores: list(stores.decisions.decisions(run.id)))
            results.apply(decision for decision, settled in decided if settled)
        compared = await self._files.run(
            lambda stores: stores.checkups.done_before(row.id, None if run is None else run.id)
        )
        before = self._views.get(row.id)
        if before is not None and before.task is not None:
            return before  # a run started during the reading, and is newer than the disk
        results.version = max(results.version, 0 if before is None else before.results.version + 1)
        view = OpenList(row, results, run, compared, plan=None if before is None else before.plan)
        self._views[row.id] = view
        return view

    def forget(self, list_id: int) -> None:
        """Read a list anew the next time it is opened."""
        if (view := self._views.pop(list_id, None)) is not None:
            self._gone += view.results.version + 1

    async def left(self, view: OpenList, max_age: float | None) -> list[str]:
        """Return the members that neither the cache nor the last run settles."""
        fresh_from = self.fresh_from(max_age)
        if view.row is not None and not view.row.state.over:
            documents = view.results.undecided() + view.results.of(Result.UNKNOWN)
        else:
            documents = [each.member.document for each in view.results.rows]
        left: list[str] = []
        for start in range(0, len(documents), CHUNK):
            chunk = documents[start : start + CHUNK]
            answers = self._engine.known.recall(
                [about(document) for document in chunk], category=Category.CONTRACT_STATUS, max_age=max_age
            )
            left += [
                document
                for document, answer in zip(chunk, answers, strict=True)
                if answer is None and not _still(view.results.decision(document), fresh_from)
            ]
            await asyncio.sleep(0)
        return left

    async def earlier(self, row: RunRow, max_age: float | None) -> dict[str, Decision]:
        """Return what the run before `row` decided under the same rules, as far as it is young enough."""
        fresh_from = self.fresh_from(max_age)
        found = await self._files.run(lambda stores: stores.decisions.decided_before(row))
        return {decision.document: decision for decision in found if _still(decision, fresh_from)}

    def fresh_from(self, max_age: float | None) -> float:
        """Return from which instant on (UTC epoch seconds) an answer is young enough."""
        limit = self._engine.settings.cache.contract_status_ttl if max_age is None else max_age
        return self._engine.clock.wall() - limit


def _still(decision: Decision | None, fresh_from: float) -> bool:
    """Whether a decision still counts. Not found is remembered briefly, as everywhere: by the cache alone."""
    return (
        decision is not None
        and decision.result in {Result.ACTIVE, Result.INACTIVE}
        and decision.fetched_at >= fresh_from
    )

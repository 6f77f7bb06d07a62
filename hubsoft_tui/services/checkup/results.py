"""The lists in sight: each with every member and the decision there is, counted, and what changed since a version.

What a list holds is read from disk once, and again when another process has run it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ...core.engine import Engine
from ...core.types import Category
from ...errors import HubSoftError, NotFound
from ...texts import say
from .one_by_one import about
from .roster import Spent
from .storage import CheckupFiles
from .types import (
    CheckupDelta,
    CheckupPlan,
    Decision,
    KnownMember,
    ListRow,
    Member,
    MemberRow,
    Result,
    RunRow,
)

if TYPE_CHECKING:
    from .run import Run


CHUNK: Final = 200
"""Members looked up in memory before other tasks have a turn: a few milliseconds."""
LOG: Final = 20_000
"""Changes that are remembered one by one; a reader further behind gets every row."""


class ListResults:
    """Lives in the engine's loop. `version` grows with everything a person can see."""

    def __init__(self, members: Iterable[tuple[Member, KnownMember | None]], version: int = 0) -> None:
        self.known: dict[str, KnownMember | None] = {}
        self._rows: dict[str, MemberRow] = {}
        for member, known in members:
            self.known[member.document] = known
            self._rows[member.document] = MemberRow(member)
        self.counts: Counter[Result] = Counter()
        self.gained = self.lost = 0
        self.pending: set[str] = set()
        """Seen without a contract in a roster that is not read to its end: not decided yet."""
        self.version = self._since = version + 1
        self._log: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[MemberRow, ...]:
        """Every member in the list's order."""
        return tuple(self._rows.values())

    def has(self, document: str) -> bool:
        """Whether a member with this document is on the list."""
        return document in self._rows

    def decision(self, document: str) -> Decision | None:
        """Return the decision there is."""
        return self._rows[document].decision

    def undecided(self) -> list[str]:
        """Return the documents of those who have no decision, in the list's order."""
        return [document for document, row in self._rows.items() if row.decision is None]

    def of(self, result: Result) -> list[str]:
        """Return the documents of those decided as `result`."""
        return [
            document for document, row in self._rows.items() if row.decision and row.decision.result is result
        ]

    def stamped(self, decision: Decision) -> Decision:
        """Return a decision with what the member was known as before."""
        known = self.known.get(decision.document)
        was = None if known is None else known.result
        return replace(decision, was=was)

    def apply(self, decisions: Iterable[Decision]) -> None:
        """Take over decisions; one about a document that is not on the list is ignored."""
        self.version += 1
        for decision in decisions:
            row = self._rows.get(decision.document)
            if row is None:
                continue
            self._count(row.decision, -1)
            self._count(decision, +1)
            self._rows[decision.document] = MemberRow(row.member, decision)
            self.pending.discard(decision.document)
            self._log.append((self.version, decision.document))
        if len(self._log) > LOG:
            del self._log[: len(self._log) - LOG]
            self._since = self._log[0][0]

    def touch(self) -> None:
        """Something beside the rows changed."""
        self.version += 1

    def delta(self, since: int) -> CheckupDelta:
        """Return what changed after the version `since`."""
        if since < self._since or since > self.version:
            return CheckupDelta(self.version, self.rows, whole=True)
        changed = {document: None for version, document in self._log if version > since}
        return CheckupDelta(self.version, tuple(self._rows[document] for document in changed))

    def counted(self) -> Mapping[Result, int]:
        """Return how many are decided as what."""
        return {result: count for result, count in self.counts.items() if count}

    def _count(self, decision: Decision | None, step: int) -> None:
        if decision is None:
            return
        self.counts[decision.result] += step
        if decision.changed:
            if decision.result is Result.ACTIVE:
                self.gained += step
            elif decision.was is Result.ACTIVE:
                self.lost += step


@dataclass(slots=True)
class OpenList:
    """One list in sight: its picture, its last run, the plan for the next one, and the run that goes on here."""

    list: ListRow
    board: ListResults
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
        return self._gone + sum(view.board.version for view in self)

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
        board = ListResults(known, version=0 if before is None else before.board.version)
        if run is not None:
            decided = await self._files.run(lambda stores: list(stores.decisions.decisions(run.id)))
            board.apply(decision for decision, settled in decided if settled)
        compared = await self._files.run(
            lambda stores: stores.checkups.done_before(row.id, None if run is None else run.id)
        )
        before = self._views.get(row.id)
        if before is not None and before.task is not None:
            return before  # a run started during the reading, and is newer than the disk
        board.version = max(board.version, 0 if before is None else before.board.version + 1)
        view = OpenList(row, board, run, compared, plan=None if before is None else before.plan)
        self._views[row.id] = view
        return view

    def forget(self, list_id: int) -> None:
        """Read a list anew the next time it is opened."""
        if (view := self._views.pop(list_id, None)) is not None:
            self._gone += view.board.version + 1

    async def left(self, view: OpenList, max_age: float | None) -> list[str]:
        """Return the members that neither the cache nor the last run settles."""
        fresh_from = self.fresh_from(max_age)
        if view.row is not None and not view.row.state.over:
            documents = view.board.undecided() + view.board.of(Result.UNKNOWN)
        else:
            documents = [each.member.document for each in view.board.rows]
        left: list[str] = []
        for start in range(0, len(documents), CHUNK):
            chunk = documents[start : start + CHUNK]
            answers = self._engine.known.recall(
                [about(document) for document in chunk], category=Category.CONTRACT_STATUS, max_age=max_age
            )
            left += [
                document
                for document, answer in zip(chunk, answers, strict=True)
                if answer is None and not _still(view.board.decision(document), fresh_from)
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

"""A check-up service that does what a test says, and an engine that has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.checkup.service import Checkup
from hubsoft_tui.services.checkup.types import (
    BadLine,
    CheckupDelta,
    CheckupPlan,
    Decision,
    Imported,
    ListOverview,
    ListRow,
    Member,
    MemberRow,
    Progress,
    Result,
    RunRow,
    RunState,
    Variant,
    Way,
)
from hubsoft_tui.texts import say
from tests.screens.builders import WALL, snapshot
from tests.screens.fake import FakeHub

NOVEMBER = ListRow(1, "members-november.csv", "/lists/members-november.csv", 10_000, WALL - 90_000)
STAFF = ListRow(2, "staff.csv", "/lists/staff.csv", 12, WALL - 900_000)
PLAN = CheckupPlan(
    Way.ROSTER,
    10_000,
    0,
    variant=Variant.ALL,
    total=12_000,
    page_size=500,
    pages=24,
    singles=40,
    seconds=174.0,
)


def row(
    number: int,
    name: str,
    result: Result | None = None,
    was: Result | None = None,
    status: str = "",
    *,
    since: float | None = None,
    why: str = "",
    plan: str = "",
) -> MemberRow:
    document = f"{number:09d}00"
    if result is None:
        return MemberRow(Member(document, name, f"M{number}"))
    decision = Decision(document, result, status, plan, since, "roster", WALL, why, was=was)
    return MemberRow(Member(document, name, f"M{number}"), decision)


ROWS = (
    row(
        862149410,
        "BIANCA COUTO",
        Result.ACTIVE,
        status="Serviço Habilitado",
        since=WALL - 9e7,
        plan="COMBO 500",
    ),
    row(
        106820836,
        "GUILHERME SILVA",
        Result.INACTIVE,
        Result.ACTIVE,
        "Suspenso por Débito",
        since=WALL - 200_000,
        plan="100",
    ),
    row(
        934530111,
        "MARIA NUNES",
        Result.ACTIVE,
        Result.INACTIVE,
        "Serviço Habilitado",
        since=WALL - 90_000,
        plan="500MB",
    ),
    row(222333444, "JOSÉ DIAS", Result.INACTIVE, status="Cancelado", since=WALL - 8e6, plan="RURAL 10"),
    row(333444555, "NINGUÉM", Result.NOT_FOUND),
    row(444555666, "ODAIR REIS", Result.UNKNOWN, why="HubSoft has not answered since 13:40."),
    row(555666777, "SEM DECISÃO"),
)
COUNTS = {Result.ACTIVE: 6190, Result.INACTIVE: 371, Result.NOT_FOUND: 29, Result.UNKNOWN: 14}
RUNNING = Progress(
    7, NOVEMBER, RunState.RUNNING, 10_000, COUNTS, 120, 2, 61, WALL - 86_400, PLAN, 16, 64, 44.0, 130.0, WALL - 44,
    doing="roster",
)  # fmt: skip
DONE = replace(
    RUNNING, state=RunState.DONE, counts={Result.ACTIVE: 9_688, Result.INACTIVE: 312}, eta=None, ended_at=WALL - 60,
    doing="", pending=0, requests=64, seconds=174.0,
)  # fmt: skip
FRESH = Progress(3, NOVEMBER, None, 10_000, plan=PLAN)


class FakeCheckup(Checkup):
    """Has what it is given, and notes what it is asked to do."""

    def __init__(
        self,
        progress: Progress = FRESH,
        rows: tuple[MemberRow, ...] = ROWS,
        lists: tuple[ListRow, ...] = (NOVEMBER, STAFF),
    ) -> None:
        self.now = progress
        self.rows = rows
        self.there = lists
        self.did: list[tuple[object, ...]] = []
        self.failure: Exception | None = None

    def _do(self, *what: object) -> None:
        self.did.append(what)
        if self.failure is not None:
            raise self.failure

    @override
    async def lists(self) -> tuple[ListOverview, ...]:
        run = RunRow(1, 1, RunState.DONE, "", "", "", None, WALL - 86_500, WALL - 86_400)
        counts = {Result.ACTIVE: 9_688, Result.INACTIVE: 312}
        return tuple(
            ListOverview(each, run, counts) if each == NOVEMBER else ListOverview(each, None, {})
            for each in self.there
        )

    @override
    async def reload(self, list_id: int) -> Progress:
        return self.now

    @override
    async def progress(self, list_id: int) -> Progress:
        return self.now

    @override
    async def changes(self, list_id: int, since: int = -1) -> CheckupDelta:
        return CheckupDelta(self.now.version, self.rows, whole=True)

    @override
    async def plan(self, list_id: int, *, max_age: float | None = None, probe: bool = True) -> CheckupPlan:
        self._do("plan", list_id)
        assert self.now.plan is not None
        return self.now.plan

    @override
    async def start(self, list_id: int, *, max_age: float | None = None) -> None:
        self._do("start", list_id)

    @override
    async def pause(self, list_id: int) -> None:
        self._do("pause", list_id)

    @override
    async def cancel(self, list_id: int) -> None:
        self._do("cancel", list_id)

    @override
    async def release(self, list_id: int) -> tuple[int, int]:
        self._do("release", list_id)
        self.now = replace(self.now, held=0)
        return 0, 0

    @override
    async def drop_held(self, list_id: int) -> int:
        self._do("drop_held", list_id)
        self.now = replace(self.now, held=0)
        return 0

    @override
    async def drop(self, list_id: int) -> None:
        self._do("drop", list_id)
        self.there = tuple(each for each in self.there if each.id != list_id)

    @override
    async def import_file(self, path: str | Path) -> tuple[ListRow, Imported]:
        self._do("import", path)
        if Path(path).name.endswith("bad.csv"):
            raise InvalidInput(say("{file} is empty: there is nobody to check.", file=str(path)))
        self.there = (NOVEMBER,)
        return NOVEMBER, Imported((Member("1"),), bad=(BadLine(4, say("there is no document")),))


class CheckupHub(FakeHub):
    """An engine with a check-up service; `news` says that it has something new."""

    def __init__(self, checkup: FakeCheckup | None = None) -> None:
        super().__init__()
        self.checkup = checkup or FakeCheckup()
        self.offer(checkup=self.checkup)
        self.state = snapshot()
        self._version = 0

    def checked(self, progress: Progress | None = None, rows: tuple[MemberRow, ...] | None = None) -> None:
        """Show that the check-up has something new."""
        self._version += 1
        if progress is not None:
            self.checkup.now = progress
        if rows is not None:
            self.checkup.rows = rows
        badges = replace(self.state.badges, versions={"checkup": self._version})
        self.show(badges=badges)

"""The check-ups' stores over one file, and the thread that works on them."""

from __future__ import annotations

import os

from ...store.checkups import CheckupResults, Checkups, CommandQueue
from ...store.rosters import Rosters
from ...values import dataclass
from ..serial_thread import SerialThread
from .types import ListOverview, RunRow


@dataclass(frozen=True, slots=True)
class CheckupStores:
    """Four stores over one file."""

    checkups: Checkups
    decisions: CheckupResults
    rosters: Rosters
    notices: CommandQueue

    def overviews(self) -> tuple[ListOverview, ...]:
        """Return every list with its last run, the newest import first."""
        found = []
        for row in self.checkups.lists():
            run = self.checkups.last_run(row.id)
            found.append(ListOverview(row, run, {} if run is None else self.decisions.counts(run.id)))
        return tuple(found)

    def begin(
        self, list_id: int, *, at: float, rules: str = "", max_age: float | None = None
    ) -> tuple[RunRow, bool]:
        """Begin a run as `Checkups.begin` does; return it, and whether this process is the one that runs it."""
        row = self.checkups.begin(list_id, who=str(os.getpid()), rules=rules, max_age=max_age, at=at)
        return row, row.owner == self.checkups.owner


CheckupFiles = SerialThread[CheckupStores]

"""Two weeks that the demo never had: the trace of a simulated provider, so that there is something to tune."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

from hubsoft_tui.core.telemetry.trace import SentRow
from hubsoft_tui.core.types import Outcome, Priority
from hubsoft_tui.hubsoft_time import DAY_SECONDS, day_of, start_of
from hubsoft_tui.services.storage import account_of
from hubsoft_tui.services.tuning.lifetimes import ages
from hubsoft_tui.services.tuning.synthetic_trace import rehearse
from hubsoft_tui.settings.tree import CacheSettings
from hubsoft_tui.simulator.week import weeks
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace import TraceStore
from hubsoft_tui.store.trace_reading import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hubsoft_tui.core.telemetry.trace import QuestionRow
    from hubsoft_tui.settings.tree import Profile

DAYS: Final = 14
AT_ONCE: Final = 500
"""Rows written in one transaction: the engine's own are not kept waiting."""


def record(path: Path, profile: Profile, stopped: Callable[[], bool]) -> None:
    """Write the two weeks before today to the trace at `path`. Raises StoreError."""
    start = start_of(day_of(time.time())) - DAYS * DAY_SECONDS
    # The weeks begin on a Monday; those before today may not. The days of the week then lie a little off.
    told = weeks(days=DAYS)
    _rehearsal, rows = rehearse(told.questions, told, ages(CacheSettings()), start=start)
    database = open_database(path, MIGRATIONS)
    try:
        store = TraceStore(database, account_of(profile))
        for first in range(0, len(rows), AT_ONCE):
            if stopped():
                return
            some = rows[first : first + AT_ONCE]
            store.write(some, list(_sent(some)), person="demo")
            time.sleep(0.01)  # whoever else writes has the file in between
    finally:
        database.close()


def _sent(rows: list[QuestionRow]) -> Iterator[SentRow]:
    chance = random.Random(rows[0].at)  # noqa: S311 - made-up latencies, not secrets
    for row in rows:
        if row.outcome is Outcome.MISS:
            yield SentRow(
                at=row.at,
                operation="cliente" if row.subject < 1_000_000 else "cliente.atendimento",
                priority=row.priority if row.priority <= Priority.HIGH else Priority.LOW,
                caller=row.caller,
                attempt=1,
                wait=0.0,
                latency=chance.lognormvariate(-1.6, 0.5),
                status=200,
                size=9000,
                outcome="ok",
                asked=True,
            )

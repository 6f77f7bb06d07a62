"""The last hour by minutes, and who used the budget in the last one."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from hubsoft_tui.core.types import Outcome
from hubsoft_tui.formats import day_of
from hubsoft_tui.services.reports.aggregate import add_up, stretch
from hubsoft_tui.services.reports.service import LATE_MINUTES, MINUTES, HourReader
from hubsoft_tui.services.reports.types import BudgetUse
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore
from tests.store.test_trace import question, request

NOW = 1_795_006_830.0


@pytest.fixture
def store(tmp_path: Path):
    database = open_database(tmp_path / "trace.db", MIGRATIONS)
    yield TraceStore(database, "account")
    database.close()


def test_the_minutes_add_up_to_the_report(store) -> None:
    at = [NOW - 60 * back for back in (0, 0.5, 3, 3.2, 40, 58)]
    store.write(
        [question(when, outcome=Outcome.HIT if place % 2 else Outcome.MISS) for place, when in enumerate(at)],
        [replace(request(when), latency=0.1 * (place + 1)) for place, when in enumerate(at)],
        person="maria",
    )
    hour = HourReader().read(store, NOW)
    assert len(hour.minutes) == MINUTES
    total = add_up(store, stretch(day_of(NOW))).total
    for figure in ("requests", "questions", "hits", "errors", "size"):
        assert sum(getattr(each.sums, figure) for each in hour.minutes) == getattr(total, figure)
    assert hour.minutes[-1].sums.requests == 2
    assert max(each.sums.p95 or 0.0 for each in hour.minutes) == pytest.approx(0.6)
    assert hour.minutes[-10].sums.p95 is None


def test_a_late_row_is_counted_and_minutes_that_are_over_are_not_read_again(store, monkeypatch) -> None:
    reader = HourReader()
    store.write([], [request(NOW - 1800)], person="maria")
    assert sum(each.sums.requests for each in reader.read(store, NOW).minutes) == 1
    store.write([], [request(NOW - 60 * (LATE_MINUTES - 1))], person="maria")
    swept: list[float] = []
    select = TraceStore.select

    def noted(self, sql, since, until):
        swept.append(until - since)
        return select(self, sql, since, until)

    monkeypatch.setattr(TraceStore, "select", noted)
    assert sum(each.sums.requests for each in reader.read(store, NOW).minutes) == 2
    assert max(swept) <= 60 * (LATE_MINUTES + 1)


def test_the_uses_of_the_last_minute_by_operator_program_and_caller(store) -> None:
    def sent(count: int, caller: str, back: float, person: str, program: str) -> None:
        rows = [replace(request(NOW - back - place), caller=caller) for place in range(count)]
        store.write([], rows, person=person, program=program)

    sent(3, "sync", 10, "root", "console")
    sent(1, "lookup", 20, "root", "console")
    sent(2, "checkup", 5, "root", "cron")
    sent(7, "lookup", 90, "maria", "console")
    store.write([], [replace(request(NOW - 3), sent=False)], person="joao", program="library")
    assert HourReader().read(store, NOW).uses == (
        BudgetUse("root", "console", (("sync", 3), ("lookup", 1))),
        BudgetUse("root", "cron", (("checkup", 2),)),
    )

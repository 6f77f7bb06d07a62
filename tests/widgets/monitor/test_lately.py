"""The last hour as courses, who used the budget, why the first in line waits; and one value for one figure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hubsoft_tui.core.types import BudgetState, CacheState, ClassLoad, Priority
from hubsoft_tui.services.reports.export import as_document
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.types import BudgetUse, DayReport, LastHour, MinuteSums
from tests.screens.builders import WALL
from tests.widgets.fixture import Stage, lines_of
from widgets.monitor.lately import HistoryPanel, UsersPanel, course_rows, first_in_line
from widgets.monitor.panels import CachePanel, SavedPanel
from widgets.report import DayFigures


def budget(*waiting, used=12, limit=30, paused_for=0.0, elsewhere=0, starts_in=41.0) -> Any:
    caps = zip(waiting or (0, 0, 0, 0), (30, 28, 26, 22), strict=True)
    lanes = tuple(
        ClassLoad(count, cap=min(cap, limit), starts_in=starts_in if count else 0.0) for count, cap in caps
    )
    fields: Any = {"lanes": lanes, "waiting_elsewhere": elsewhere}
    return BudgetState(limit, 30, 60.0, used, paused_for, **fields)


async def shown(panel, *values, width=100, height=4):
    panel.styles.height = height
    async with Stage(panel).run_test(size=(width, height)) as pilot:
        await pilot.pause()
        panel.show(*values)
        return lines_of(panel)


@pytest.mark.parametrize("width", [6, 30, 60, 119, 120, 150])
def test_an_hour_fills_the_cells_there_are(width):
    values = [None] * 30 + [float(value) for value in range(30)]
    row = course_rows(values, width, 1, high=None)[0]
    assert 0.5 * width < len(row) <= width
    half = len(row) // 2
    assert row[:half].strip() == ""
    assert row[-1] == "█"


def test_merged_minutes_show_the_worst_of_them():
    assert course_rows([1.0, 9.0, 1.0, 1.0], 2, 1, high=9.0) == ["█▂"]


async def test_the_hour_tells_its_extremes_and_when():
    minutes = [MinuteSums(WALL + 60 * place, Sums()) for place in range(58)]
    minutes += [
        MinuteSums(WALL + 3480, Sums(questions=8, hits=4, requests=28, p95=4.9)),
        MinuteSums(WALL + 3540, Sums(questions=2, hits=2, requests=3, p95=0.1)),
    ]
    text = "\n".join(await shown(HistoryPanel(), LastHour(tuple(minutes)), 30))
    for part in ("most 28 at 09:04", "most 4.9 s at 09:04", "60% of 10 questions"):
        assert part in text
    compact = await shown(HistoryPanel(), LastHour(tuple(minutes)), 30, width=78, height=1)
    assert compact[0].startswith("1 h  budget")
    assert "█" in compact[0]


async def test_who_used_the_budget_adds_up_to_what_is_used():
    uses = (
        BudgetUse("root", "console", (("sync", 5), ("lookup", 2))),
        BudgetUse("root", "cron", (("checkup", 3),)),
    )
    text = await shown(UsersPanel(), uses, budget(used=12), height=6)
    assert [line.split()[-1] for line in text[1:4]] == ["7", "3", "2"]
    assert "sync 5, lookup 2" in text[1]
    assert "under way" in text[3]
    assert text[5].strip() == "Nobody waits"


async def test_more_users_than_lines_are_summed_up():
    uses = tuple(BudgetUse(f"user{n}", "cron", (("sync", 1),)) for n in range(9))
    text = await shown(UsersPanel(), uses, budget(used=9), height=5)
    assert text[3].split() == ["others", "7"]


WHY = [
    (budget(0, 2, 0, 0, used=28), Priority.HIGH, "in 41 s: 28 used, its class starts below 28"),
    (budget(0, 2, 3, 0, used=10, limit=10), Priority.HIGH, "in 41 s: HubSoft lowered the budget to 10"),
    (budget(0, 0, 1, 0, paused_for=41.0), Priority.NORMAL, "in 41 s: HubSoft asked for a pause (429)"),
    (
        budget(0, 0, 0, 4, used=3, starts_in=3.0),
        Priority.LOW,
        "in 3 s: background work is spread over the minute",
    ),
    (budget(0, 1, 0, 0, used=3, starts_in=0.0), Priority.HIGH, "now: others go first, or a repeat rests"),
]


@pytest.mark.parametrize(("held", "priority", "why"), WHY, ids=[why for _held, _priority, why in WHY])
def test_the_first_in_line_knows_why_it_waits(held, priority, why):
    assert first_in_line(held) == (priority, why)


async def test_what_waits_in_other_programs_is_told():
    assert "2 wait, in other programs" in (await shown(UsersPanel(), (), budget(elsewhere=2)))[-1]


async def test_a_figure_reads_the_same_everywhere():
    sums = Sums(questions=240, hits=197, requests=43, saved=197, asked=43)
    day = DayReport(date(2026, 11, 26), 0.0, 1.0, sums, categories={"client_data": sums}, rows=1)
    figures = DayFigures()
    figures.styles.height = 6
    async with Stage(figures).run_test(size=(120, 6)) as pilot:
        await pilot.pause()
        figures.show(day, today=True)
        reports = "\n".join(lines_of(figures))
    monitor = "\n".join(
        [
            *await shown(SavedPanel(), sums, "", height=1),
            *await shown(CachePanel(), CacheState(), day, height=5),
        ]
    )
    programs = as_document(day)
    for text in ("82.1%", "240", "43"):
        assert text in reports
        assert text in monitor
    assert (programs["questions"], programs["requests"], programs["hit_ratio"]) == (240, 43, 0.8208)

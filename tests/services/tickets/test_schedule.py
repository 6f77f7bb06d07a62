"""When the next pass comes: by the interval, and later where people need the budget."""

from __future__ import annotations

from hubsoft_tui.core.types import (
    ApiState,
    BreakerState,
    BudgetState,
    ClassLoad,
)
from hubsoft_tui.services.tickets.sync import held_back, next_due

LANES = (ClassLoad(cap=30), ClassLoad(cap=28), ClassLoad(cap=26), ClassLoad(cap=22))
UP = ApiState()


def budget(used: int = 0, paused: float = 0.0) -> BudgetState:
    return BudgetState(limit=30, configured=30, window=60.0, used=used, paused_for=paused, lanes=LANES)


def test_a_pass_comes_an_interval_after_the_last_began_or_later_after_a_dear_one() -> None:
    assert next_due(1000.0, 4, 60.0, budget()) == 1060.0
    assert next_due(1000.0, 30, 60.0, budget()) == 1120.0  # half the budget is the most it takes


def test_it_waits_while_hubsoft_is_away_or_has_told_us_to() -> None:
    assert held_back(ApiState(breaker=BreakerState.OPEN), budget(), 3, 0.0, 60.0) > 0
    assert held_back(ApiState(breaker=BreakerState.HALF_OPEN), budget(), 3, 1e6, 60.0) > 0
    assert held_back(UP, budget(paused=40.0), 3, 1e6, 60.0) > 0


def test_it_waits_for_room_but_not_for_ever() -> None:
    assert held_back(UP, budget(used=20), 3, 0.0, 60.0) == 0.0
    assert held_back(UP, budget(used=25), 3, 0.0, 60.0) > 0
    assert held_back(UP, budget(used=25), 3, 300.0, 60.0) == 0.0
    assert held_back(UP, budget(used=0), 500, 0.0, 60.0) == 0.0  # a dear pass needs no empty budget to begin

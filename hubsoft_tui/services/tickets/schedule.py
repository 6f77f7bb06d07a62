"""When the next pass is due: by the interval, later where it would take what people need."""

from __future__ import annotations

from typing import Final

from ...core.types import ApiState, BreakerState, BudgetState, Priority

MOST_OF_BUDGET: Final = 0.5
"""Of what the limit allows, syncing takes at most this share over time."""
AWAY_LOOK_SECONDS: Final = 2.0
TIGHT_LOOK_SECONDS: Final = 5.0
SELDOMER: Final = 3
"""Machines that share a budget make a pass each: up to so many times less often than one alone."""
LONGEST_DELAY: Final = 4
"""Intervals after which a pass goes on although the budget is tight: in the queue people still go first."""


def due(began: float, requests: int, interval: float, limit: BudgetState) -> float:
    """Return when (UTC epoch seconds) the pass after one that `began` then and cost `requests` is due."""
    per_second = limit.limit / limit.window
    machines = max(1, limit.shared.machines) if limit.shared is not None else 1
    seldomer = interval * min(machines, SELDOMER)
    return began + max(seldomer, requests * machines / (per_second * MOST_OF_BUDGET))


def hold(api: ApiState, budget: BudgetState, requests: int, late: float, interval: float) -> float:
    """Return how many seconds a pass that is `late` seconds past due waits before it looks again; 0 to go.

    It waits while HubSoft is away or has told us to pause, and for a while where the budget is nearly used.
    """
    if api.breaker is not BreakerState.CLOSED:
        return AWAY_LOOK_SECONDS
    if budget.paused_for > 0:
        return min(budget.paused_for, TIGHT_LOOK_SECONDS)
    cap = budget.lanes[Priority.NORMAL].cap
    crowded = budget.used + min(requests, max(1, cap // 2)) > cap
    return TIGHT_LOOK_SECONDS if cap and crowded and late < LONGEST_DELAY * interval else 0.0

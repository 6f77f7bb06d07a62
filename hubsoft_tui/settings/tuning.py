"""What the engine may tune: lifetimes that move on their own, records that are renewed ahead."""

from __future__ import annotations

from dataclasses import dataclass

from ..formats import DAY
from ..texts import N_
from .rules import OF_ANSWERS, OF_BUDGET, SECONDS, WAITS, setting


@dataclass(frozen=True, slots=True)
class TuningSettings:
    """How lifetimes are chosen: by a person, or by themselves within these bounds (seconds)."""

    self: bool = setting(
        default=False,
        does=N_("Move the lifetimes to the recommended values by themselves, at most twice a day."),
        name=N_("self-tuning"),
    )
    changed_share: float = setting(
        0.01,
        N_("Which share of the answers from memory may have changed at HubSoft meanwhile."),
        OF_ANSWERS,
        name=N_("answers that changed"),
        above=0,
        high=0.5,
    )
    shortest_ttl: float = setting(
        60.0,
        N_("The shortest lifetime that self-tuning may choose."),
        SECONDS,
        name=N_("self-tuning: shortest"),
        low=1,
        high=30 * DAY,
    )
    longest_ttl: float = setting(
        DAY,
        N_("The longest lifetime that self-tuning may choose."),
        SECONDS,
        name=N_("self-tuning: longest"),
        low=1,
        high=30 * DAY,
    )


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """Renewing ahead: it saves people waits, never requests, and spends at most `share` (0-1) of the budget."""

    enabled: bool = setting(
        default=False,
        does=N_("Renew what people will probably ask for again before it is too old. It costs requests."),
        name=N_("renewing ahead"),
    )
    share: float = setting(
        0.1,
        N_("The most of the budget that renewing ahead may spend."),
        OF_BUDGET,
        name=N_("ahead: share of budget"),
        above=0,
        high=0.5,
    )
    worth: float = setting(
        0.1,
        N_(
            "How many waits each request that renews ahead must save, at least; with half of that it stops for a day."
        ),
        WAITS,
        name=N_("ahead: waits to save"),
        above=0,
        high=1,
    )

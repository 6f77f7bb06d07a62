"""One engine's turn at the ledger: its facts are noted, and what may start gets its slots. Pure, but for the port."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from ...texts import Text
from ..types import SharedState
from .ledger import Ended, Fact, Ledger, LedgerStore, Limits, SeenLimit, Slot, Told, TooMany, Turn, Unused
from .queue import heads
from .schedule import decide
from .throttle import observed, sighted, slowed

REFRESH: Final = 1.0
"""Seconds after which a waiter is announced again to the other processes, and their freed slots are read."""

_serials = itertools.count()  # of the process, not of a port: they name slots, together with the owner


def noted(ledger: Ledger, facts: Sequence[Fact], limits: Limits, now: float) -> Ledger:
    """Return the ledger with the facts in it: what became of slots, then what HubSoft said, in its order."""
    if ended := [fact.slot for fact in facts if isinstance(fact, Ended)]:
        ledger = ledger.holding(*ended)
    if unused := [fact.id for fact in facts if isinstance(fact, Unused)]:
        ledger = ledger.without(unused)
    for fact in facts:
        if isinstance(fact, TooMany):
            throttle = slowed(ledger.throttle, limits, fact.at, fact.retry_after)
            if fact.limit is not None:
                # HubSoft counted up to its limit; what our slots do not explain was spent by other programs.
                others = fact.limit - len(ledger.swept(limits.window, now).slots)
                throttle = sighted(throttle, limits, now, limit=fact.limit, others=others)
            ledger = structs.replace(ledger, throttle=throttle)
        elif isinstance(fact, SeenLimit):
            used = len(ledger.swept(limits.window, now).slots)
            seen = observed(
                ledger.throttle, limits, now, limit=fact.limit, remaining=fact.remaining, used=used
            )
            ledger = structs.replace(ledger, throttle=seen)
    return ledger


def taken(ledger: Ledger, owner: str, told: Told, now: float) -> tuple[Ledger, Turn]:
    """Return the ledger after the owner's turn, and what the turn brought."""
    limits = told.limits
    ledger = noted(ledger, told.facts, limits, now).swept(limits.window, now)
    asks, grants, again = list(told.asks), list[Slot](), math.inf
    while waiting := heads(asks, owner, now):
        verdict = decide(ledger, owner, waiting, limits, now)
        if verdict.start is None:
            again = verdict.again
            break
        first = next(ask for ask in asks if ask.priority is verdict.start)
        asks.remove(first)
        name, lease_end = f"{owner}-{next(_serials)}", now + first.lease
        grants.append(Slot(name, owner, verdict.start, started=now, lease_end=lease_end))
        ledger = ledger.holding(grants[-1])
    return ledger.posting(owner, waiting, refresh=REFRESH), Turn(tuple(grants), again)


class LocalBudget:
    """A PermitPort over what the processes of one home keep together."""

    instant = True
    refresh = REFRESH

    def __init__(self, store: LedgerStore) -> None:
        self.owner = store.owner
        self.store = store

    async def turn(self, told: Told) -> Turn:
        """Note the facts and start what may start, in one exclusive change. Raises StoreBusy or StoreError."""
        return self.store.update(lambda ledger, now: taken(ledger, self.owner, told, now))

    def read(self) -> Ledger:
        """Return the ledger as it is now."""
        return self.store.read()

    def follow(self) -> None:
        """Notice that the ledger's file is gone, or another one. Raises StoreError."""
        self.store.follow()

    def held_by(self) -> Text:
        """Say who holds the ledger, as a sentence."""
        return self.store.held_by()

    def start(self, wake: Callable[[], None]) -> None:
        """Do nothing: a change by another process is seen at the next look."""

    def closed_by(self, seconds: float) -> Text | None:
        """Say nothing: a pause is HubSoft's wish, or a lost file's, which the ledger knows."""
        return None

    def shared(self) -> SharedState | None:
        """Describe no server: the budget is this machine's."""
        return None

    async def close(self) -> None:
        """Do nothing: the others see it go."""

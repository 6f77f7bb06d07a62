"""The budget of a program that has no home: the same rules, in memory, for one engine alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .clock import Clock
from .ledger import Ledger

T = TypeVar("T")


class MemoryBudget:
    """A PermitPort that shares with nobody and forgets when the process ends."""

    owner = "me"
    lost = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ledger = Ledger()

    def read(self) -> Ledger:
        """Return the ledger."""
        return self._ledger

    def update(self, step: Callable[[Ledger, float], tuple[Ledger, T]]) -> T:
        """Change the ledger by `step` and return what it found out."""
        self._ledger, result = step(self._ledger, self._clock.now())
        return result

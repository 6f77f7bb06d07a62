"""A budget in memory, for one gate alone: what the limiter does is measured and tested without a disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hubsoft_tui.core.clock import Clock
from hubsoft_tui.core.limiter.ledger import Ledger
from hubsoft_tui.texts import Text, say

T = TypeVar("T")


class MemoryBudget:
    """A LedgerStore of one process, which forgets when the process ends."""

    owner = "me"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ledger = Ledger()

    def read(self) -> Ledger:
        """Return the ledger."""
        return self._ledger

    def follow(self) -> None:
        """Do nothing: what is in memory is not lost before the program is."""

    def held_by(self) -> Text:
        """Say who holds it, which is only this program."""
        return say("The budget is in use.")

    def update(self, step: Callable[[Ledger, float], tuple[Ledger, T]]) -> T:
        """Change the ledger by `step` and return what it found out."""
        self._ledger, result = step(self._ledger, self._clock.now())
        return result

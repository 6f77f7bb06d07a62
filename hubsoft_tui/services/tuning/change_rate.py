"""How often an answer had changed by the time it was shown: estimated from answers that were fetched again.

Comparing an old record with the one that replaces it tells only that a change lies somewhere between the two
fetches, or that none does. The estimate is that of a constant rate of change (Cho and Garcia-Molina), taken from
comparisons over spans like the age in question: records change at different rates, and by day more than by night,
so what a week's span teaches says little about an hour. One change more than was seen is counted, so that few
comparisons never look safe.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final

ENOUGH: Final = 100
"""Comparisons below which nothing is said."""
REACH: Final = 4.0
"""Spans up to this many times an age teach about that age; longer ones only where those are too few."""
_STEPS: Final = 4
_FIRST: Final = 60.0
SPANS: Final = tuple(_FIRST * 2 ** (step / _STEPS) for step in range(60))
"""Upper ends, in seconds, of the spans that are counted together: four to a doubling, a minute to three weeks."""


class Changes:
    """Comparisons of an answer with the one that replaced it, counted by the span between the two fetches."""

    def __init__(self, enough: int = ENOUGH) -> None:
        """`enough` comparisons are needed to say anything."""
        self.enough = enough
        self._compared = [0] * (len(SPANS) + 1)
        self._changed = [0] * (len(SPANS) + 1)
        self._exposed = [0.0] * (len(SPANS) + 1)

    def take(self, span: float, *, changed: bool) -> None:
        """Count one comparison over `span` seconds."""
        place = bisect_right(SPANS, span)
        self._compared[place] += 1
        self._changed[place] += changed
        # A record that changed was exposed until it did: half of the span, for all one knows.
        self._exposed[place] += span / 2 if changed else span

    def with_those_of(self, other: Changes) -> Changes:
        """Return the comparisons of both."""
        both = Changes(self.enough)
        both._compared = [one + two for one, two in zip(self._compared, other._compared, strict=True)]
        both._changed = [one + two for one, two in zip(self._changed, other._changed, strict=True)]
        both._exposed = [one + two for one, two in zip(self._exposed, other._exposed, strict=True)]
        return both

    @property
    def compared(self) -> int:
        """How many comparisons there were."""
        return sum(self._compared)

    @property
    def changed(self) -> int:
        """How many of them showed a change."""
        return sum(self._changed)

    def share(self, age: float) -> float | None:
        """Return which share (0-1) of answers `age` seconds old had changed, or None where too little is known.

        For answers of many ages give their mean: the share at the mean is at least the mean of the shares.
        """
        if age <= 0:
            return 0.0
        rate = self._rate(age)
        return None if rate is None else -math.expm1(-rate * age)

    def _rate(self, age: float) -> float | None:
        """Return changes per second among comparisons over spans like `age`; enough of them."""
        place = bisect_right(SPANS, age * REACH)
        for end in range(place + 1, len(SPANS) + 2):
            if sum(self._compared[:end]) >= self.enough:
                return (sum(self._changed[:end]) + 1) / sum(self._exposed[:end])
        return None

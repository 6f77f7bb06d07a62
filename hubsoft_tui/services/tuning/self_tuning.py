"""Lifetimes that move by themselves: seldom, in small steps, only when it matters, and never back and forth.

A lifetime is shortened only when more answers had changed than the target allows, and lengthened only when the
advice, which keeps a part of the target in hand, is clearly longer: between the two nothing moves. A move at most
doubles or halves, so that what the next days show about the new ages decides about the next move. What a person
took back is left alone for a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ...errors import HubSoftError
from ...formats import DAY, HOUR
from ...settings.engine import TuningSettings
from ...store.tuning import SELF, Move, TuningLog
from ...values import dataclass
from .advice import Advice, advise_all
from .columns import TraceColumns, TraceSource
from .curve import CANDIDATES, DATA, SERVICE, STATUS, SUSPENDED, ages
from .tunables import rule_of

if TYPE_CHECKING:
    from ...core.clock import Clock
    from ...core.engine import Engine
    from .service import Tuning

logger = logging.getLogger(__name__)

KEYS: Final = (SUSPENDED, DATA, STATUS, SERVICE)
"""What moves; the suspended first, because theirs decides what the others are about."""
BETWEEN: Final = 12 * HOUR
"""Seconds between moves: at most two a day."""
LOOK_SECONDS: Final = HOUR
STEP: Final = 2.0
"""How many times longer or shorter one move makes a lifetime, at most."""
CLEARLY: Final = 1.25
"""An advice nearer than this is none."""
WEEK: Final = 7.0
"""Days of trace before the first move: weekends are not like other days."""
SETTLED: Final = 7 * DAY
"""For so long a lifetime is not lengthened after it was shortened, nor moved after a person took a move back."""
BURNT: Final = 30 * DAY
"""For so long a lifetime that was shortened stays below what it had been."""


@dataclass(frozen=True, slots=True)
class Step:
    """One lifetime's move, seconds, and why."""

    key: str
    value: float
    reason: str


def steps(
    columns: TraceColumns,
    lifetimes: Mapping[str, float],
    settings: TuningSettings,
    moves: Sequence[Move],
    now: float,
) -> list[Step]:
    """Return the moves to make now (UTC epoch seconds); `moves` are the earlier ones, newest first."""
    mine = [move for move in moves if move.author == SELF]
    if columns.days < WEEK or any(now - move.at < BETWEEN for move in mine):
        return []
    shortest, longest = sorted((settings.shortest_ttl, settings.longest_ttl))
    advised = advise_all(
        columns, lifetimes, KEYS, target=settings.changed_share, shortest=shortest, longest=longest
    )
    found = []
    for key in KEYS:
        ceiling = min(longest, _ceiling(key, mine, now))
        value = _step(advised[key], lifetimes[key], shortest, ceiling)
        if (
            value is not None
            and value != lifetimes[key]
            and not _resting(key, mine, now, value > lifetimes[key])
        ):
            found.append(Step(key, value, str(advised[key].reason)))
    return found


class SelfTuning:
    """Looks now and then whether it is time to move; does nothing unless the settings say so."""

    def __init__(
        self, engine: Engine, tuning: Tuning, source: TraceSource, log: TuningLog, clock: Clock
    ) -> None:
        self._engine = engine
        self._tuning = tuning
        self._source = source
        self._log = log
        self._clock = clock

    async def run(self) -> None:
        """Move lifetimes until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except HubSoftError as error:
                logger.warning("self-tuning: %s", error)

    async def look(self) -> list[Step]:
        """Make the moves whose time has come, and return them. Raises HubSoftError."""
        if not self._engine.settings.tuning.self:
            return []
        moves, now = self._log.moves(), self._clock.wall()
        if any(move.author == SELF and now - move.at < BETWEEN for move in moves):
            return []
        columns = await self._source.columns(fresh=True)
        held = self._engine.settings
        made = await asyncio.to_thread(steps, columns, ages(held.cache), held.tuning, moves, now)
        if made and self._log.take_turn(now, BETWEEN):
            await self._tuning.move(
                {step.key: step.value for step in made}, SELF, {step.key: step.reason for step in made}
            )
            return made
        return []


def _step(advice: Advice, now: float, shortest: float, longest: float) -> float | None:
    """Return where a lifetime goes from `now`, or None when it stays."""
    if advice.value is None:
        return None
    if not shortest <= now <= longest:
        return min(max(now, shortest), longest)  # the person's bounds come first
    if advice.value > now * CLEARLY:
        return max(value for value in _reach(now, shortest, longest) if value <= max(advice.value, now))
    if advice.value < now / CLEARLY and (advice.changed_now or 0.0) > advice.target:
        return min(value for value in _reach(now, shortest, longest) if value >= advice.value)
    return None


def _reach(now: float, shortest: float, longest: float) -> Iterable[float]:
    """Return the lifetimes that one move reaches from `now`, and `now`."""
    low, high = max(shortest, now / STEP), min(longest, now * STEP)
    return {value for value in CANDIDATES if low <= value <= high} | {now, low}


def _resting(key: str, mine: Sequence[Move], now: float, longer: bool) -> bool:
    """Tell whether `key` was moved the other way, or a move of it taken back, a short while ago."""
    recent = [move for move in mine if move.key == key and now - move.at < SETTLED]
    return any(move.undone or (longer and _after(move) < _before(move)) for move in recent)


def _ceiling(key: str, mine: Sequence[Move], now: float) -> float:
    """Return the longest lifetime that was not found too long a while ago."""
    burnt = [
        _before(move)
        for move in mine
        if move.key == key and not move.undone and now - move.at < BURNT and _after(move) < _before(move)
    ]
    return (
        max((value for value in CANDIDATES if value < min(burnt)), default=0.0) if burnt else CANDIDATES[-1]
    )


def _before(move: Move) -> float:
    return _seconds(move.key, move.before)


def _after(move: Move) -> float:
    return _seconds(move.key, move.after)


def _seconds(key: str, value: object) -> float:
    default, _rule = rule_of(key)
    return float(value if isinstance(value, int | float) else default)

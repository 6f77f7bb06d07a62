"""Tuning: every setting as it stands, what another value would do, and trying, saving and undoing one.

What is tried holds at once, in this process, until it is reverted. What is saved goes to tuned.toml, from where
every other console on this home takes it within seconds; config.toml is the person's and never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ...core.limiter.throttle import limits_from
from ...core.requests.leases import retry_while_busy
from ...core.types import Category, Priority
from ...errors import HubSoftError, InvalidInput
from ...formats import HOUR
from ...settings.tree import Settings
from ...store.tuning import SELF, Move, TuningLog
from ...texts import say
from .advice import Advice, advise, changes_of, reuse_within
from .columns import Changes, TraceColumns, TraceSource
from .curve import CANDIDATES, SIZES, Point, ages, curve, size_curve
from .tunables import (
    RATE,
    SIZE,
    Saved,
    TunedFile,
    is_live,
    ladder,
    read_value,
    rule_of,
    shape_of,
    tunable_keys,
    value_of,
    with_values,
)
from .types import Difference, Forecast, Foretold, Moved, Shape, Tunable, Value, Waited, WaitForecast
from .waits import Arrival, Waits, waits

if TYPE_CHECKING:
    from ...core.clock import Clock
    from ...core.engine import Engine
    from ...settings.places import Places

T = TypeVar("T")
logger = logging.getLogger(__name__)

RATES: Final = (10, 15, 20, 25, 30, 40, 60, 90, 120)
SHARES: Final = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_WHOLE_DAY: Final = 1.0
"""A trace of an hour is not taken for a day's twenty-fourth."""


def lifetime_forecast(
    columns: TraceColumns,
    held: Mapping[str, float],
    key: str,
    *,
    saved: float,
    target: float,
    also: float | None = None,
) -> Forecast:
    """Return the curve of the lifetime `key`; `held` are the lifetimes that hold now."""
    points = curve(columns, held, key, {*CANDIDATES, held[key], saved, also or saved})
    advice = advise(columns, points, key, now=held[key], target=target, reuse=reuse_within(columns, key))
    return _forecast(columns, points, changes_of(columns, key), advice, now=held[key], saved=saved)


def size_forecast(
    columns: TraceColumns, held: Mapping[str, float], *, now: int, saved: int, also: float | None = None
) -> Forecast:
    """Return the curve of the cache's size."""
    points = size_curve(columns, held, {*SIZES, now, saved, int(also or saved)})
    changes = columns.changes[Category.CLIENT_DATA]
    return _forecast(columns, points, changes, Advice(SIZE, None), now=float(now), saved=float(saved))


def wait_forecast(
    came: Sequence[Arrival], settings: Settings, key: str, *, also: float | None = None
) -> WaitForecast:
    """Return how the requests that `came` would have waited under other values of the limiter setting `key`."""
    now = float(value_of(settings, key))
    points = [
        _waited(value, waits(came, limits_from(held.limiter)))
        for value in sorted({*(RATES if key == RATE else SHARES), now, also or now})
        if (held := _with(settings, key, value)) is not None
    ]
    counts = [sum(each.priority is priority for each in came) for priority in Priority]
    return WaitForecast(
        key=key,
        points=tuple(points),
        now=now,
        requests=(counts[0], counts[1], counts[2], counts[3]),
        hours=(came[-1].at - came[0].at) / HOUR if came else 0.0,
    )


def _forecast(
    columns: TraceColumns,
    points: Sequence[Point],
    changes: Changes,
    advice: Advice,
    *,
    now: float,
    saved: float,
) -> Forecast:
    days = max(columns.days, _WHOLE_DAY)
    return Forecast(
        advice.key,
        tuple(_foretold(point, changes, days) for point in points),
        now,
        saved,
        questions=columns.total,
        days=columns.days,
        recommended=advice.value,
        reason=advice.reason,
        as_good=advice.as_good,
        target=advice.target,
    )


def _foretold(point: Point, changes: Changes, days: float) -> Foretold:
    return Foretold(
        value=point.value,
        requests=point.requests / days,
        ratio=point.ratio,
        mean_age=point.mean_age,
        max_age=point.max_age,
        changed=changes.share(point.mean_age),
    )


def _with(settings: Settings, key: str, value: float) -> Settings | None:
    try:
        return with_values(settings, {key: int(value) if key == RATE else value})
    except InvalidInput:  # a share above that of a more urgent class
        return None


def _waited(value: float, found: Waits) -> Waited:
    critical, high, normal, low = found
    return Waited(
        value,
        median=(critical.median, high.median, normal.median, low.median),
        p95=(critical.p95, high.p95, normal.p95, low.p95),
        longest=(critical.longest, high.longest, normal.longest, low.longest),
    )


LOOK_SECONDS: Final = 3.0
"""How often tuned.toml is looked at, for what another console saved."""
AGAIN_SECONDS: Final = 0.1
BUSY_SECONDS: Final = 5.0
"""How long, and how often, a busy file is tried again."""


class Tuning:
    """The service; lives in the engine's loop. `person` names who sits here, for the log of moves."""

    def __init__(
        self,
        engine: Engine,
        *,
        places: Places,
        log: TuningLog,
        source: TraceSource,
        clock: Clock,
        person: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._file = TunedFile(places, engine.settings)
        self._log = log
        self._source = source
        self._clock = clock
        self._person = person
        self._started = engine.settings
        self._tried: dict[str, Value] = {}
        self._lock = asyncio.Lock()
        self.version = 0
        """Grows whenever a value changed."""

    # -- looking

    async def tunables(self) -> tuple[Tunable, ...]:
        """Return every setting that can be tuned, as it stands. Raises SettingsError, StoreError."""
        saved = await self._file.read()
        last = {move.key: move for move in reversed(self._log.moves()) if not move.undone}
        return tuple(self._tunable(key, saved, last.get(key)) for key in tunable_keys())

    async def forecast(self, key: str, also: float | None = None) -> Forecast | WaitForecast | None:
        """Return what values of `key` would have meant over the last days; None where nothing can be foretold.

        What holds, what is saved and `also`, if given, are among the values.
        Raises InvalidInput for an unknown key, StoreError when the trace cannot be read.
        """
        rule_of(key)
        saved, held, shape = (await self._file.read()).value(key), self._engine.settings, shape_of(key)
        if shape is Shape.OTHER:
            return None
        if shape is Shape.LIMITER:
            came = await self._source.arrivals()
            return await asyncio.to_thread(wait_forecast, came, held, key, also=also)
        columns, lifetimes = await self._source.columns(), ages(held.cache)
        if shape is Shape.SIZE:
            now = int(value_of(held, SIZE))
            return await asyncio.to_thread(
                size_forecast, columns, lifetimes, now=now, saved=int(saved), also=also
            )
        return await asyncio.to_thread(
            lifetime_forecast,
            columns,
            lifetimes,
            key,
            saved=float(saved),
            also=also,
            target=held.tuning.changed_share,
        )

    async def moves(self) -> tuple[Move, ...]:
        """Return what was saved lately, newest first, by people and by self-tuning. Raises StoreError."""
        return tuple(self._log.moves())

    # -- trying

    async def try_(self, key: str, value: str | Value) -> Value:
        """Let `value` hold from now on, until it is reverted or saved; return it as it was understood.

        Raises InvalidInput with what is allowed; nothing is changed then.
        """
        async with self._lock:
            saved, read = await self._file.read(), read_value(key, value)
            if not is_live(key):
                raise InvalidInput(
                    say("{key} takes effect at the next start only: set it in config.toml.", key=key)
                )
            tried = {**self._tried, key: read}
            if read == saved.value(key):
                del tried[key]
            self._hold(tried, saved)
            return read

    async def revert(self, key: str | None = None) -> None:
        """Let the saved value of `key` hold again, or every saved value."""
        async with self._lock:
            tried = {} if key is None else {each: v for each, v in self._tried.items() if each != key}
            self._hold(tried, await self._file.read())

    # -- keeping

    async def diff(self) -> tuple[Difference, ...]:
        """Return what saving would change in tuned.toml. Raises InvalidInput when the environment would win."""
        return (await self._file.read()).differences(self._tried)

    async def save(self) -> tuple[Difference, ...]:
        """Write what is tried to tuned.toml, and return what changed there.

        Raises InvalidInput when nothing is tried or the environment would win, SettingsError, StoreError.
        """
        async with self._lock:
            changes = (await self._file.read()).differences(self._tried)
            if not changes:
                raise InvalidInput(say("Nothing is tried, so there is nothing to save."))
            await self._keep(changes, self._person(), {})
            self._hold({}, await self._file.read())
            return changes

    async def undo(self) -> tuple[Difference, ...]:
        """Take the newest saving back, of people or self-tuning, and return what changed in tuned.toml.

        Raises InvalidInput when nothing was saved, SettingsError, StoreError.
        """
        async with self._lock:
            moves = await self._patiently(self._log.last)
            if not moves:
                raise InvalidInput(say("Nothing was saved here, so there is nothing to undo."))
            await self._file.write({move.key: move.before for move in moves})
            await self._patiently(lambda: self._log.undo(moves[0].batch))
            undone = {move.key for move in moves}
            tried = {key: value for key, value in self._tried.items() if key not in undone}
            self._hold(tried, await self._file.read())
            return tuple(
                Difference(move.key, cast("Value | None", move.after), cast("Value | None", move.before))
                for move in moves
            )

    async def move(self, values: Mapping[str, Value], author: str, reasons: Mapping[str, str]) -> None:
        """Save `values` at once, as self-tuning does; what a person tries goes on holding here.

        Raises InvalidInput when the environment would win, SettingsError, StoreError.
        """
        async with self._lock:
            changes = (await self._file.read()).differences(values)
            await self._keep(changes, author, reasons)
            self._hold(self._tried, await self._file.read())

    async def watch(self) -> None:
        """Take over what other consoles save, until cancelled."""
        with contextlib.suppress(
            HubSoftError, OSError
        ):  # a file that cannot be read is said at the first look
            await self._file.read()
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            try:
                if await self._file.changed():
                    async with self._lock:
                        self._hold(self._tried, await self._file.read())
            except (HubSoftError, OSError) as error:
                logger.warning("tuned.toml: %s", error)

    # -- inside

    def _tunable(self, key: str, saved: Saved, last: Move | None) -> Tunable:
        default, rule = rule_of(key)
        mine = last is not None and last.author == SELF
        return Tunable(
            key=key,
            rule=rule,
            shape=shape_of(key),
            default=default,
            saved=saved.value(key),
            tried=self._tried.get(key),
            ladder=ladder(key),
            tuned=saved.stored(key) is not None,
            live=is_live(key),
            moved=_moved(last) if mine and last is not None else None,
            pinned=saved.pinned(key),
        )

    def _hold(self, tried: Mapping[str, Value], saved: Saved) -> None:
        """Have the engine use what is saved with `tried` over it. Raises InvalidInput, changing nothing."""
        values = {key: tried.get(key, saved.value(key)) for key in tunable_keys() if is_live(key)}
        settings = with_values(self._started, values)
        self._tried = dict(tried)
        self._engine.reconfigure(settings)
        self.version += 1

    async def _keep(self, changes: tuple[Difference, ...], author: str, reasons: Mapping[str, str]) -> None:
        await self._file.write({change.key: change.after for change in changes})
        at = self._clock.wall()
        moves = [
            Move(at, change.key, change.before, change.after, author, reasons.get(change.key, ""))
            for change in changes
        ]
        for move in moves:
            logger.info("tuned %s: %s -> %s by %s", move.key, move.before, move.after, author)
        await self._patiently(lambda: self._log.add(moves))

    async def _patiently(self, do: Callable[[], T]) -> T:
        """Try again while another process writes: a busy file is no error."""
        return await retry_while_busy(do, self._clock, seconds=BUSY_SECONDS, pause=AGAIN_SECONDS)


def _moved(move: Move) -> Moved:
    return Moved(move.at, cast("Value | None", move.before), cast("Value | None", move.after), move.reason)

"""Tuning: every setting as it stands, what another value would do, and trying, saving and undoing one.

What is tried holds at once, in this process, until it is reverted. What is saved goes to tuned.toml, from where
every other console on this home takes it within seconds; config.toml is the person's and never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ...errors import HubSoftError, InvalidInput, StoreBusy
from ...store.tuning import SELF, Move, TuningLog
from ...texts import say
from .columns import TraceSource
from .forecasts import lifetime_forecast, size_forecast, wait_forecast
from .lifetimes import ages
from .tunables import (
    SIZE,
    is_live,
    ladder,
    read_value,
    rule_of,
    shape_of,
    tunable_keys,
    value_of,
    with_values,
)
from .tuned_file import Saved, TunedFile
from .types import Difference, Forecast, Moved, Shape, Tunable, Value, WaitForecast

if TYPE_CHECKING:
    from ...core.clock import Clock
    from ...core.engine import Engine
    from ...settings.places import Places

T = TypeVar("T")
logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 3.0
"""How often tuned.toml is looked at, for what another console saved."""
AGAIN_SECONDS: Final = 0.1
TRIES: Final = 50


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
            tuned=saved.kept(key) is not None,
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
        for _try in range(TRIES):
            with contextlib.suppress(StoreBusy):
                return do()
            await self._clock.sleep(AGAIN_SECONDS)
        return do()


def _moved(move: Move) -> Moved:
    return Moved(move.at, cast("Value | None", move.before), cast("Value | None", move.after), move.reason)

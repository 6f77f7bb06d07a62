"""Virtual time: hours of waiting in seconds, for whatever takes its time from the running loop."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WALL = 1_795_000_000.0
"""What the calendar says when virtual time begins, UTC epoch seconds."""
TURN = 1e-6
"""Seconds a turn of the loop takes. None at all, and a timer that rounding sets a hair too early, as one limiter
does, would be set again without end."""


class _Impatient(selectors.SelectSelector):
    """Where a loop would sleep until its next timer, moves the loop's clock there instead."""

    def __init__(self, skip: Callable[[float], None]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("every task waits, and none for a timer: virtual time stands still")
        ready = super().select(0)
        self._skip(max(TURN, 0.0 if ready else timeout))
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that never waits: its `time()` moves to the next timer instead."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_Impatient(self._skip))

    def time(self) -> float:
        return self._seconds

    def run_in_executor(  # threads are not waited for: their work is done at once
        self, _executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except BaseException as error:  # noqa: BLE001 - handed on, as a thread does
            done.set_exception(error)
        return done

    def _skip(self, seconds: float) -> None:
        self._seconds += seconds


class VirtualClock:
    """The engine's Clock over the running VirtualLoop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return WALL + self._loop.time()

    def epoch(self) -> str:
        return "virtual"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def run(story: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """Run `story` in virtual time on a loop of its own."""

    async def told() -> T:
        return await story(VirtualClock())

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(told())

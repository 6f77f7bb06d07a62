"""Virtual time: an event loop that, when it has nothing to do, moves its clock to the next timer instead of waiting.

    def test_a_day() -> None:
        async def scenario(clock: VirtualClock) -> None:
            await clock.sleep(86_400)          # takes microseconds
        run(scenario)

Real sockets and threads still work, but time does not pass while they are waited for.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

STUCK_SECONDS = 5.0


class _Selector(selectors.DefaultSelector):
    """Never sleeps: a timeout is how far virtual time moves."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            if events := super().select(STUCK_SECONDS):
                return events
            raise RuntimeError("virtual time stands still: every task waits, and none for a timer")
        events = super().select(0)
        if not events and timeout > 0:
            self._advance(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` moves only when there is nothing else to do."""

    def __init__(self) -> None:
        self._virtual = 1000.0
        super().__init__(_Selector(self.advance))

    def time(self) -> float:
        return self._virtual

    def advance(self, seconds: float) -> None:
        """Let time pass, as a suspend does: timers are late."""
        self._virtual += seconds

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - its own
        """Wait for the threads however long they take: a time limit would be over at once."""
        await super().shutdown_default_executor()


class VirtualClock:
    """The engine's Clock on a VirtualLoop. The wall clock may be stepped, and the machine restarted."""

    def __init__(self, loop: VirtualLoop, wall: float = 1_795_000_000.0) -> None:
        self._loop = loop
        self._wall_offset = wall - loop.time()
        self._now_offset = 0.0
        self._epoch = 1

    def now(self) -> float:
        return self._loop.time() - self._now_offset

    def wall(self) -> float:
        return self._loop.time() + self._wall_offset

    def epoch(self) -> str:
        return f"boot {self._epoch}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def step_wall(self, seconds: float) -> None:
        self._wall_offset += seconds

    def reboot(self) -> None:
        """Count `now` from here, under another epoch."""
        self._now_offset = self._loop.time()
        self._epoch += 1


def run(scenario: Callable[[VirtualClock], Awaitable[T]]) -> T:
    """Run `scenario` on a loop and clock of its own, in virtual time."""

    async def on_a_clock() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return await scenario(VirtualClock(loop))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(on_a_clock())

"""A real process that spends a shared budget: `python -m tests.core.limiter.gate_worker HOME MODE N WINDOW`.

`spend` sends without end, and writes the instant of each arrival; `hoard` takes all N, then waits for one more.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.limiter.gate import QueuePlace
from hubsoft_tui.core.limiter.throttle import limits_from
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from tests.core.limiter.gating import Process


async def spend(process: Process, clock: SystemClock) -> None:
    dice = random.Random()

    async def one() -> None:
        while True:
            permit = await process.gate.enter(QueuePlace(dice.choice(list(Priority)), lease=30.0))
            if dice.random() < 0.1:
                permit.unused()
                await asyncio.sleep(0.05)
                continue
            await asyncio.sleep(dice.uniform(0, 0.02))
            print(clock.now(), flush=True)
            await asyncio.sleep(dice.uniform(0, 0.02))
            permit.done()

    await asyncio.gather(*(one() for _ in range(6)))


async def hoard(process: Process, count: int) -> None:
    for _ in range(count):
        await process.gate.enter(QueuePlace(Priority.CRITICAL, lease=600.0))
    waiting = asyncio.ensure_future(process.gate.enter(QueuePlace(Priority.CRITICAL)))
    await asyncio.sleep(0.05)
    print("full", flush=True)
    await waiting


async def main(home: str, mode: str, per_window: int, window: float) -> None:
    clock = SystemClock()
    limits = limits_from(LimiterSettings(max_requests_per_minute=per_window, window_seconds=window))
    process = Process(Path(home), clock, limits)
    await (spend(process, clock) if mode == "spend" else hoard(process, per_window))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))

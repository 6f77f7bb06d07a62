"""One machine of the benchmark `shared`: `python -m benchmarks.shared_worker WAY PORT NUMBER SKEW N WINDOW WANT`.

WAY is `ours`, or what others offer over the same server. SKEW is how far (s) its clocks may be off. It says `ready`,
starts with the line on stdin, and writes one JSON document: instants of arrival at HubSoft, and calls of the server.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis.asyncio
import redis.asyncio.connection

Done = Callable[[], object]
Acquire = Callable[[], Awaitable[Done]]
DELAY = 0.05
"""Seconds at most from a grant to the arrival at HubSoft."""
LEASE = 5.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one machine does."""

    port: int
    number: int
    off: float
    n: int
    window: float
    want: int


@asynccontextmanager
async def ours(work: Work) -> AsyncIterator[Acquire]:
    from hubsoft_tui.core.clock import SystemClock
    from hubsoft_tui.core.limiter.gate import Gate, QueuePlace
    from hubsoft_tui.core.limiter.throttle import limits_from
    from hubsoft_tui.core.limiter.turns import taken
    from hubsoft_tui.core.types import Priority
    from hubsoft_tui.settings.tree import LimiterSettings
    from hubsoft_tui.shared.budget import MachineFace, SharedBudget
    from hubsoft_tui.shared.connection import SharedAddress, SharedServer
    from hubsoft_tui.shared.seal import Seal
    from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
    from hubsoft_tui.store.database import open_database
    from hubsoft_tui.store.process_liveness import ProcessLiveness

    class OffClock(SystemClock):
        """The machine's own: it counts from an instant of its own."""

        def now(self) -> float:
            return super().now() + 1000 * work.off

    home, clock = Path(tempfile.mkdtemp(prefix="hubsoft-tui-bench-")), OffClock()
    limits = limits_from(
        LimiterSettings(max_requests_per_minute=work.n, window_seconds=work.window, max_queue_size=10_000)
    )
    liveness = ProcessLiveness(home / "alive")
    ledger = SqliteBudget(open_database(home / "budget.db", MIGRATIONS), "bench", liveness, clock)
    budget = SharedBudget(
        SharedServer(SharedAddress(f"redis://127.0.0.1:{work.port}/0"), "bench"),
        Seal("bench", "secret"),
        MachineFace(f"m{work.number}", f"m{work.number}", "console"),
        ledger=ledger,
        owner=ledger.owner,
        clock=clock,
        longest=LEASE,
        limits=limits,
        grant=lambda alone, told, now: taken(alone, ledger.owner, told, now),
    )
    gate = Gate(budget, clock, limits)
    gate.start()
    await budget.begin(at_once=True)

    async def acquire() -> Done:
        return (await gate.enter(QueuePlace(Priority.CRITICAL, lease=LEASE))).done

    yield acquire
    await gate.leave()


@asynccontextmanager
async def moving_window(work: Work) -> AsyncIterator[Acquire]:
    from limits import parse
    from limits.aio.storage import RedisStorage
    from limits.aio.strategies import MovingWindowRateLimiter

    storage = RedisStorage(f"async+redis://127.0.0.1:{work.port}", implementation="redispy")
    limiter, item = MovingWindowRateLimiter(storage), parse(f"{work.n}/{int(work.window)} seconds")

    async def acquire() -> Done:
        while not await limiter.hit(item, "bench"):  # noqa: ASYNC110 - it offers no other way to wait
            await asyncio.sleep(0.05)
        return int

    yield acquire


@asynccontextmanager
async def bucket(work: Work) -> AsyncIterator[Acquire]:
    from pyrate_limiter import Limiter, Rate, RedisBucket

    client = redis.asyncio.Redis(port=work.port)
    made: Any = RedisBucket.init([Rate(work.n, int(work.window * 1000))], client, "bench")
    limiter: Any = Limiter(await made if asyncio.iscoroutine(made) else made)

    async def acquire() -> Done:
        await limiter.try_acquire_async("bench")
        return int

    yield acquire


@asynccontextmanager
async def lock(work: Work) -> AsyncIterator[Acquire]:
    client = redis.asyncio.Redis(port=work.port)

    async def acquire() -> Done:
        while True:
            async with client.lock("lock", timeout=5, sleep=0.02):
                now = time.time()
                await client.zremrangebyscore("log", 0, now - work.window)
                if await client.zcard("log") < work.n:
                    await client.zadd("log", {f"{work.number}.{now}": now})
                    return int
            await asyncio.sleep(0.05)

    yield acquire


WAYS = {"ours": ours, "pyrate-limiter": bucket, "limits": moving_window, "lock": lock}


async def main() -> None:
    way, port, number, skew, n, window, want = sys.argv[1:]
    dice = random.Random(f"{way} {number}")
    off = dice.uniform(-float(skew), float(skew))
    work = Work(int(port), int(number), off, int(n), float(window), int(want))
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + off
    time.time_ns = lambda: real_ns() + int(off * 1e9)
    calls = 0
    connection: Any = redis.asyncio.connection.AbstractConnection
    send = connection.send_packed_command

    async def counted(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's own
        nonlocal calls
        calls += 1
        return await send(self, *args, **options)

    connection.send_packed_command = counted
    arrivals: list[float] = []
    async with WAYS[way](work) as acquire:

        async def one() -> None:
            done = await acquire()
            await asyncio.sleep(dice.uniform(0, DELAY))
            arrivals.append(time.monotonic())
            await asyncio.sleep(dice.uniform(0, DELAY))
            done()

        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        calls = 0
        await asyncio.gather(*(one() for _ in range(work.want)))
        print(json.dumps({"arrivals": arrivals, "calls": calls}), flush=True)


asyncio.run(main())

"""Machines at one budget in virtual time: real gates, the real script, and a way between them that only takes time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from hubsoft_tui.core.limiter.gate import Gate
from hubsoft_tui.core.limiter.ledger import Limits
from hubsoft_tui.core.limiter.turns import taken
from hubsoft_tui.shared.budget import MachineFace, SharedBudget
from hubsoft_tui.shared.connection import SharedAddress
from hubsoft_tui.shared.seal import Seal
from tests.shared.world import CLOCK, KEY, LONGEST, MachineBook, script_text
from tests.virtual import VirtualClock

WOKEN = "{sim}:woken"


class Network:
    """The one server, and the way there and back, which takes `round_trip` seconds."""

    def __init__(self, client: Any, clock: VirtualClock, round_trip: float) -> None:
        client.flushdb()
        self._client, self._clock, self._way = client, clock, round_trip / 2
        # Time stands still for a real subscription: what is published is read from a list.
        listed = [
            (f"redis.call('PUBLISH', ARGV[2] .. {owner}, '')", f"redis.call('RPUSH', '{WOKEN}', {owner})")
            for owner in ("id", "each")
        ]
        self._script = client.register_script(script_text(listed))
        self.wakes: dict[str, asyncio.Queue[None]] = {}
        self.calls = 0

    async def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        await self._clock.sleep(self._way)
        self.calls += 1
        self._client.set(CLOCK, int((self._clock.now() + 1.8e9) * 1000))
        told = msgspec.msgpack.encode(message | {"srv": "run"})
        answer: dict[str, Any] = msgspec.msgpack.decode(self._script(keys=[KEY, CLOCK], args=[told, ""]))
        while (owner := self._client.lpop(WOKEN)) is not None:
            asyncio.get_running_loop().call_later(self._way, self.wakes[owner.decode()].put_nowait, None)
        await self._clock.sleep(self._way)
        return answer


class Way:
    """One machine's way to the server, in the place of a `SharedServer`."""

    address = SharedAddress("redis://127.0.0.1")
    round_trip = None

    def __init__(self, network: Network) -> None:
        self._wakes = network.wakes
        self.turn = network.turn

    @contextlib.asynccontextmanager
    async def listening(
        self, wake: str, *_: str
    ) -> AsyncIterator[Callable[[], Awaitable[tuple[str, bytes]]]]:
        wakes = self._wakes[wake.removeprefix("w:")] = asyncio.Queue()

        async def heard() -> tuple[str, bytes]:
            await wakes.get()
            return wake, b""

        yield heard

    async def close(self) -> None:
        """There is no connection."""


class OwnClock(VirtualClock):
    """A clock that agrees with no other machine's."""

    def __init__(self, clock: VirtualClock, dice: random.Random) -> None:
        vars(self).update(vars(clock))
        self._drift, self._from = 1 + dice.uniform(-1e-4, 1e-4), dice.uniform(0, 1e6)

    def now(self) -> float:
        return super().now() * self._drift + self._from


class VirtualMachine:
    """A machine with one process."""

    def __init__(self, network: Network, name: str, limits: Limits, clock: VirtualClock) -> None:
        self.clock = clock
        self.budget = SharedBudget(
            Way(network),  # type: ignore[arg-type]
            Seal("account", "secret"),
            MachineFace(name, name, "console"),
            ledger=MachineBook(clock),
            owner=name,
            clock=clock,
            longest=LONGEST,
            limits=limits,
            grant=lambda ledger, told, now: taken(ledger, name, told, now),
        )
        self.gate = Gate(self.budget, clock, limits)
        self.gate.start()

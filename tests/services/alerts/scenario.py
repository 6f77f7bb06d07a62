"""An engine over a simulated HubSoft, real HTTP between them, and a clock that runs whenever no answer is awaited."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.core import engine as core_engine
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.alerts.measurements import ExtraFacts
from hubsoft_tui.services.alerts.service import Alerts
from hubsoft_tui.services.container import make_engine
from hubsoft_tui.services.customers.service import Customers
from hubsoft_tui.services.storage import open_state
from hubsoft_tui.settings.alerts import AlertSettings
from hubsoft_tui.settings.tree import HealthSettings, LimiterSettings, RetrySettings, Settings
from hubsoft_tui.store.alerts import AlertStore
from tests import virtual
from tests.hubs import settings_for

MINUTE, HOUR = 60.0, 3600.0


class _Patient(virtual._Selector):
    """Lets no virtual time pass while an answer is on its way."""

    awaited = 0

    def select(self, timeout: float | None = None) -> Any:
        if self.awaited and (timeout is None or timeout > 0):
            return selectors.DefaultSelector.select(self, virtual.STUCK_SECONDS)
        return super().select(timeout)


class _Loop(virtual.VirtualLoop):
    def __init__(self) -> None:
        self._virtual = 1000.0
        self.selector = _Patient(self.advance)
        asyncio.SelectorEventLoop.__init__(self, self.selector)


class Wire:
    """The engine's transport, with a slowness that a test sets, in virtual seconds."""

    def __init__(self, transport: Any, loop: _Loop) -> None:
        self._transport = transport
        self._loop = loop
        self.latency = 0.05

    def longest(self, operation: Any) -> float:
        return self._transport.longest(operation) + 60.0

    async def send(self, operation: Any, token: str | None, **looks: Any) -> Any:
        self._loop.selector.awaited += 1
        try:
            return await self._transport.send(operation, token, **looks)
        finally:
            self._loop.selector.awaited -= 1
            await asyncio.sleep(self.latency)

    async def close(self) -> None:
        await self._transport.close()


class NoWebhook:
    """Is never called."""

    async def post(self, url, body, *, secret, headers, seconds):
        raise AssertionError(f"called {url}")


@dataclass
class ConsoleFixture:
    """One console's engine and alerts, and the operators who use it."""

    clock: virtual.VirtualClock
    engine: Any
    customers: Customers
    alerts: Alerts
    store: AlertStore
    wire: Wire
    extra: ExtraFacts = field(default_factory=dict)
    disk: float = 50_000.0
    going: asyncio.Task[None] | None = None

    def sleep_through(self, seconds: float) -> None:
        """Let time pass as a suspend does: nothing looks, and every timer is late."""
        self.wire._loop.advance(seconds)

    async def die(self) -> None:
        """Stop looking for good, as a process that is killed."""
        assert self.going is not None
        self.going.cancel()
        await asyncio.gather(self.going, return_exceptions=True)

    async def ask(self, term: str, *, refresh: bool = False, **options: Any) -> bool:
        """Look a customer up as an operator does, and tell whether there was an answer."""
        try:
            await self.customers.lookup(term, refresh=refresh, **options)
        except HubSoftError:
            return False
        return True

    async def work(self, terms: list[str], seconds: float, *, every: float, refresh: bool = False) -> None:
        """Have one operator ask for `terms`, round and round, for so long."""
        until, turn = self.clock.now() + seconds, 0
        while self.clock.now() < until:
            await self.ask(terms[turn % len(terms)], refresh=refresh)
            turn += 1
            await self.clock.sleep(every)

    async def told(self) -> list[tuple[str, bool]]:
        """Every alert so far, oldest first, and whether it holds."""
        return [(alert.rule, alert.open) for alert in (await self.alerts.recent())[::-1]]


def settings(simulator: Any, home: Path, **alerts: Any) -> Settings:
    """What everybody has by default, with `alerts` on top."""
    plain = {"limiter": LimiterSettings(), "retry": RetrySettings(), "health": HealthSettings()}
    return settings_for(simulator, home, alerts=AlertSettings(**alerts), **plain)


@contextlib.asynccontextmanager
async def fixture(settings: Settings, *, loop: _Loop, clock: virtual.VirtualClock):
    """Open one console's part; several may be open on one home."""
    with open_state(settings, clock) as state, pytest.MonkeyPatch.context() as patch:
        # Every second of many hours costs something; these looks need no second.
        patch.setattr(core_engine, "FILE_LOOK_SECONDS", 10.0)
        patch.setattr(core_engine, "NOTED_SECONDS", 10.0)
        engine = make_engine(settings, state, clock)
        wire = Wire(engine._exchange.transport, loop)
        engine._exchange.transport = wire  # type: ignore[assignment]
        made: list[ConsoleFixture] = []

        async def free() -> float:
            return made[0].disk

        alerts = Alerts(engine, state.alerts, NoWebhook(), clock, disk_free=free, extra=lambda: made[0].extra)
        customers = Customers(engine, state.recent, clock, person=lambda: "a person")
        made.append(ConsoleFixture(clock, engine, customers, alerts, state.alerts, wire))
        engine.start()
        made[0].going = asyncio.create_task(alerts.run())
        try:
            yield made[0]
        finally:
            await made[0].die()
            await engine.close()


def play(settings: Settings, scenario: Callable[..., Awaitable[None]], *, consoles: int = 1) -> None:
    """Run `scenario` over so many consoles on one home, in virtual time."""

    async def told() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        clock = virtual.VirtualClock(loop)
        async with contextlib.AsyncExitStack() as stack:
            made = [
                await stack.enter_async_context(fixture(settings, loop=loop, clock=clock))
                for _console in range(consoles)
            ]
            await scenario(*made)

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(told())

"""Does this profile work? Log in, read something small, and say precisely what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from ..api.choices import Table, choices
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.types import RequestContext
from ..errors import HubSoftError
from ..texts import Text, say


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """The result, as a sentence. `latency` is in seconds, for the read alone."""

    ok: bool
    text: Text
    latency: float | None = None


class ConnectionTest:
    """The service; lives in the engine's loop."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def test(self) -> ConnectionReport:
        """Log in and make one cheap read with the profile in force. Never raises HubSoftError."""
        started = self._clock.now()
        try:
            await self._engine.send(choices(Table.SERVICE_STATUSES), RequestContext("test", timeout=20.0))
        except HubSoftError as error:
            return ConnectionReport(ok=False, text=say("{reason}", reason=error.text))
        latency = self._clock.now() - started
        return ConnectionReport(
            ok=True, text=say("HubSoft answers and accepts the credentials."), latency=latency
        )

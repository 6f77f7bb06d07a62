"""What the outbox needs of the engine, and how an entry is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from ...api.operation import Operation
from ...core.requests.exchange import Received
from ...core.types import RequestContext
from ...errors import StoreError
from ...settings.tree import Settings
from ...texts import say

T = TypeVar("T")

CONTEXT: Final = RequestContext("outbox")


class OutboxPort(Protocol):
    """What the outbox needs of the engine."""

    settings: Settings

    async def send(
        self,
        operation: Operation[T],
        context: RequestContext,
        *,
        ready: Callable[[], Awaitable[float | None]] | None = ...,
    ) -> T:
        """Send one operation, `ready` awaited right before its first byte."""
        ...

    async def receive(self, operation: Operation[T], context: RequestContext) -> Received[T]:
        """Send one reading operation; tells also what of the answer could not be used."""
        ...


def local_protocol(number: int) -> str:
    """Return what a person is told before HubSoft has answered."""
    return f"LOC{number:06d}"


def not_accepted(error: StoreError) -> StoreError:
    """Say what it means for a draft that it could not be kept."""
    return StoreError(say("This was NOT accepted, and nothing was sent: {reason}", reason=error.text))

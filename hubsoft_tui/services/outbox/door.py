"""What the outbox needs of the engine, and how an entry is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from ...api.operations import Operation
from ...core.exchange import Received
from ...core.types import Priority
from ...settings import Settings

T = TypeVar("T")

CALLER: Final = "outbox"


class Door(Protocol):
    """What the outbox needs of the engine."""

    settings: Settings

    async def send(
        self,
        operation: Operation[T],
        *,
        priority: Priority = ...,
        patience: float | None = ...,
        label: str = ...,
        caller: str = ...,
        ready: Callable[[], Awaitable[None]] | None = ...,
    ) -> T:
        """Send one operation, `ready` awaited right before its first byte."""
        ...

    async def receive(
        self,
        operation: Operation[Any],
        *,
        priority: Priority = ...,
        patience: float | None = ...,
        label: str = ...,
        caller: str = ...,
    ) -> Received:
        """Send one reading operation; tells also what of the answer could not be used."""
        ...


def local_protocol(number: int) -> str:
    """Return what a person is told before HubSoft has answered."""
    return f"LOC{number:06d}"

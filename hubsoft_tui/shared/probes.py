"""When HubSoft is away, one machine finds out whether it is back, and tells the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ..errors import SharedServerLost
from .connection import SharedServer

logger = logging.getLogger(__name__)

LEASE_MS: Final = 30_000
"""A probe has its verdict by then."""
REST_MS: Final = 10_000
"""After a probe that failed no machine sends another for so long."""
CHANNEL: Final = "b"


class SharedProbes:
    """A ProbePort over the shared server; without it each machine finds out for itself."""

    def __init__(self, server: SharedServer, owner: str) -> None:
        self._server = server
        self._owner = owner
        self._key = f"{server.prefix}probe"
        self.on_answered: Callable[[], None] = lambda: None

    async def take(self) -> bool:
        """Take the right to send the one probe; False while another machine has it, or had it a moment ago."""
        try:
            return bool(
                await self._server.call(
                    lambda client: client.set(self._key, self._owner, nx=True, px=LEASE_MS)
                )
            )
        except SharedServerLost as error:
            logger.info("probe: %s", error)
            return True

    def ended(self, *, answered: bool | None) -> None:
        """Tell how the probe ended: an answer is every machine's news; None for a probe that was taken back."""
        self._server.later(self._tell(answered))

    async def _tell(self, answered: bool | None) -> None:
        if answered is False:
            await self._server.call(lambda client: client.set(self._key, self._owner, xx=True, px=REST_MS))
            return
        await self._server.script("drop.lua", [self._key], [self._owner])
        if answered:
            channel = f"{self._server.prefix}{CHANNEL}"
            await self._server.call(lambda client: client.publish(channel, self._owner))

    def news(self, owner: bytes) -> None:
        """Another machine's probe was answered."""
        if owner.decode() != self._owner:
            self.on_answered()

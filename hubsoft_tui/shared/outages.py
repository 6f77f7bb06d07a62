"""When HubSoft is away, the machines need not each find that out, and one finds out for all whether it is back."""

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
WORD_MS: Final = 30_000
"""HubSoft is away for all once two machines said so within this: the bad line of one stops no other."""
AWAY_MS: Final = 60_000
"""A machine that comes within this, after the last that got no answer, is told."""
CHANNEL: Final = "b"
AWAY, BACK = "away", "back"


class SharedOutages:
    """An OutagePort over the shared server; without it each machine finds out for itself."""

    def __init__(self, server: SharedServer, machine: str, owner: str) -> None:
        self._server = server
        self._machine = machine
        self._owner = owner
        self._probe, self._word, self._away = (server.prefix + key for key in ("probe", "word", "away"))
        self.on_away: Callable[[], None] = lambda: None
        self.on_answered: Callable[[], None] = lambda: None

    async def take(self) -> bool:
        """Take the right to send the one probe; False while another machine has it, or had it a moment ago."""
        asking = self._server.call(lambda client: client.set(self._probe, self._owner, nx=True, px=LEASE_MS))
        try:
            return bool(await self._server.acquire(asking, self._release))
        except SharedServerLost as error:
            logger.info("probe: %s", error)
            return True

    def ended(self, *, failed: bool) -> None:
        """Tell how the probe ended: without an answer, or taken back."""
        self._server.later(self._rest() if failed else self._give_back())

    async def _rest(self) -> None:
        await self._keep(self._probe, REST_MS)
        await self._keep(self._away, AWAY_MS)

    async def _keep(self, key: str, life: int) -> None:
        await self._server.call(lambda client: client.set(key, self._owner, xx=True, px=life))

    def _release(self, mine: object) -> None:
        if mine:
            self.ended(failed=False)

    async def _give_back(self) -> None:
        await self._server.script("drop.lua", [self._probe], [self._owner])

    def opened(self) -> None:
        """This machine's breaker opened by failures of its own."""
        told: list[object] = [
            self._machine,
            WORD_MS,
            AWAY_MS,
            self._server.prefix + CHANNEL,
            self._said(AWAY),
        ]
        self._server.later(self._server.script("away.lua", [self._word, self._away], told))

    def answered(self) -> None:
        """HubSoft answered this machine, which held it for away."""
        self._server.later(self._tell_back())

    async def _tell_back(self) -> None:
        await self._server.call(lambda client: client.unlink(self._word, self._away))
        await self._server.call(
            lambda client: client.publish(self._server.prefix + CHANNEL, self._said(BACK))
        )

    def _said(self, word: str) -> str:
        return f"{word} {self._owner}"

    def news(self, said: bytes) -> None:
        """Another process says that HubSoft is away, or back."""
        word, _, owner = said.decode(errors="replace").partition(" ")
        if owner != self._owner:
            {AWAY: self.on_away, BACK: self.on_answered}.get(word, lambda: None)()

    async def caught_up(self) -> None:
        """Learn what was said while nothing was heard. Raises SharedServerLost."""
        if await self._server.call(lambda client: client.get(self._away)):
            self.on_away()

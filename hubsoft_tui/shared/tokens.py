"""One login for all machines: the token is kept at the server, sealed, and one of them logs in at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

import msgspec

from ..core.clock import Clock
from ..core.ports import StoredToken, TokenPort
from ..errors import CredentialsRefused, SharedServerLost
from .connection import SharedServer
from .seal import Seal

REFUSED_MS: Final = 60_000
"""So long no machine logs in after a refusal: repeated wrong passwords lock accounts."""
MARK_BYTES: Final = 22
"""A token's mark stands before it: whether it is the one that HubSoft refused shows without opening it."""
PLACE: Final = "token"
DEAD: Final = 100
"""The server has the newest token alone: one that was refused long ago is not met again."""


class SharedTokens:
    """A TokenPort over this home's own, which it falls back to when the server is lost."""

    poll = 0.5

    def __init__(
        self,
        server: SharedServer,
        seal: Seal,
        *,
        owner: str,
        clock: Clock,
        local: TokenPort,
        password: str,
    ) -> None:
        """A refusal of `password` holds for those who would send the same."""
        self._server = server
        self._seal = seal
        self._owner = owner
        self._clock = clock
        self._local = local
        self._refusal = f"refusal:{seal.name(f'refusal {password}')}"
        self._telling: asyncio.Task[Any] | None = None
        """What came of the login, on its way to the others."""
        self._dead: deque[str] = deque(maxlen=DEAD)
        """Marks of the last tokens that HubSoft refused."""

    def load(self) -> StoredToken | None:
        """Return the newest token known here, or None."""
        return self._local.load()

    def save(self, token: StoredToken) -> StoredToken:
        """Keep `token` under the next version, here and for all. Raises StoreError."""
        saved = self._local.save(token)
        life = msgspec.msgpack.encode((token.value, token.issued_wall, token.expires_wall))
        value = self._seal.name(token.value).encode() + self._seal.sealed(life, PLACE)
        self._telling = self._server.later(
            self._server.call(lambda client: client.set(self._key("token"), value))
        )
        return saved

    def discard(self, version: int) -> None:
        """Forget the token if it is still this version, for all."""
        token = self._local.load()
        self._local.discard(version)
        if token is not None and token.version == version:
            mark = self._seal.name(token.value)
            self._dead.append(mark)
            self._server.later(self._server.script("drop.lua", [self._key("token")], [mark]))

    async def lease(self, seconds: float) -> bool:
        """Take the right to log in; False while another machine has it. A newer token may be loaded after this.

        Raises CredentialsRefused while another machine's refusal holds, StoreError.
        """
        if not await self._local.lease(seconds):
            return False
        try:
            how, value = await self._server.script(
                "login.lua",
                [self._key("login"), self._key("token"), self._key(self._refusal)],
                [self._owner, round(seconds * 1000)],
            )
        except SharedServerLost:
            return True  # this machine alone
        if how == b"refused":
            self._local.release()
            said = self._seal.opened_text(value, self._refusal)
            if said is not None:
                raise CredentialsRefused(said.decode())
            await self._server.call(lambda client: client.unlink(self._key(self._refusal)))  # it is damaged
            return await self.lease(seconds)
        self._learn(value)
        return bool(how == b"yours")

    def _learn(self, value: bytes) -> None:
        """Keep another machine's token here, unless it is known or was refused."""
        mark = value[:MARK_BYTES].decode(errors="replace")
        known = self._local.load()
        if mark in self._dead or (known is not None and mark == self._seal.name(known.value)):
            return
        life = self._seal.opened(value[MARK_BYTES:], PLACE)
        if life is None:
            return
        token, issued, expires = msgspec.msgpack.decode(life, type=tuple[str, float, float])
        wall, now = self._clock.wall(), self._clock.now()
        self._local.save(
            StoredToken(
                token, 0, issued, expires, now - (wall - issued), now + (expires - wall), self._clock.epoch()
            )
        )

    def release(self) -> None:
        """Give the right to log in back. Raises StoreError."""
        self._local.release()
        self._server.later(self._give_back(self._telling))
        self._telling = None

    async def _give_back(self, telling: asyncio.Task[Any] | None) -> None:
        """Let another machine log in, once it can know what came of this login."""
        if telling is not None:
            await asyncio.wait([telling])
        await self._server.script("drop.lua", [self._key("login")], [self._owner])

    def refused(self, reason: str) -> None:
        """HubSoft refused the login: no machine repeats it for a while."""
        sealed = self._seal.sealed_text(reason.encode(), self._refusal)
        self._telling = self._server.later(
            self._server.call(lambda client: client.set(self._key(self._refusal), sealed, px=REFUSED_MS))
        )

    def _key(self, name: str) -> str:
        return self._server.prefix + name

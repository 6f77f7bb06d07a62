"""One token per credential: fetched once for all callers, renewed early, renewed once when HubSoft revokes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from ...api.models import TokenGrant
from ...errors import CredentialsRefused, HubSoftError, StoreBusy, StoreError
from ...texts import Text
from ..clock import Clock
from ..ports import StoredToken, TokenPort
from ..types import TokenState
from .leases import renewed, retry_while_busy

logger = logging.getLogger(__name__)

SHORTEST_LIFE: Final = 60.0
"""A token is believed this long whatever its `expires_in` says, so that a server's nonsense cannot make us log
in for every request; if it is really dead, the 401 tells."""
REFUSED_SECONDS: Final = 60.0
"""After a refused login none is sent for this long: repeated wrong passwords lock accounts."""
LEASE_SECONDS: Final = 30.0
"""The right to log in, renewed while the login waits for its turn; what a frozen process holds ends with it."""
EARLY_PAUSE_SECONDS: Final = 30.0


class Tokens:
    """Lives in the engine's loop. `login` sends the one request and may raise anything a request may."""

    def __init__(
        self,
        port: TokenPort,
        clock: Clock,
        login: Callable[[], Awaitable[TokenGrant]],
        *,
        buffer_seconds: float,
    ) -> None:
        self._port = port
        self._clock = clock
        self._login = login
        self.buffer_seconds = buffer_seconds
        self._renewal: asyncio.Task[StoredToken] | None = None
        self._refused: tuple[float, Text | str] | None = None
        self._renewals = 0
        self._latest: StoredToken | None = None
        self._unsaved: StoredToken | None = None
        self._dead = 0
        """The last version HubSoft refused: never used again, even if the disk still has it."""
        self._early_from = 0.0
        """No early renewal before this instant: the last renewal ended a moment ago."""

    def ready(self) -> StoredToken | None:
        """Return a token that can be used now, if there is one; renews in the background near its end."""
        token = self._latest = self._load()
        if token is None or self._remaining(token) <= 0:
            return None
        self.renew_early()
        return token

    async def current(self) -> StoredToken:
        """Return a token to use now, logging in if there is none. Raises what `login` raises."""
        token = self.ready()
        return token if token is not None else await asyncio.shield(self._renewing())

    def rejected(self, version: int) -> None:
        """HubSoft answered 401 to this version: forget it unless a newer one is there already."""
        self._dead = version
        if self._unsaved is not None and self._unsaved.version == version:
            self._unsaved = None
        try:
            self._port.discard(version)
        except StoreError as error:
            logger.warning("not discarded on disk: %s", error)

    def renew_early(self) -> None:
        """Renew in the background when the token is near its end; otherwise do nothing."""
        token = self._latest
        near = token is not None and 0 < self._remaining(token) <= self._buffer(token)
        if near and self._clock.now() >= self._early_from:
            self._renewing().add_done_callback(_seen)

    def refuse(self, error: HubSoftError) -> None:
        """HubSoft refuses even a fresh token: no login is sent for a while."""
        self._refused = (self._clock.now() + REFUSED_SECONDS, error.text)
        self.rejected(self._latest.version if self._latest is not None else 0)

    def state(self) -> TokenState:
        """What a watcher sees."""
        token = self._latest
        if token is None or self._remaining(token) <= 0:
            return TokenState(renewals=self._renewals)
        left = self._remaining(token)
        return TokenState(
            present=True,
            expires_in=left - left % 60 if left > 120 else float(round(left)),
            renewed_at=token.issued_wall,
            renewals=self._renewals,
        )

    async def close(self) -> None:
        """Stop a renewal on its way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _renewing(self) -> asyncio.Task[StoredToken]:
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renewed(), name="token renewal")
        return self._renewal

    async def _renewed(self) -> StoredToken:
        try:
            return await self._renew()
        finally:
            self._early_from = self._clock.now() + EARLY_PAUSE_SECONDS

    async def _renew(self) -> StoredToken:
        if self._refused is not None and self._clock.now() < self._refused[0]:
            raise CredentialsRefused(self._refused[1])
        known = self._load()
        while not await self._leased():
            # Another process is logging in: its token is ours too.
            await self._clock.sleep(self._port.poll)
            token = self._load()
            if token is not None and (known is None or token.version > known.version):
                return token
        try:
            # Between the first look and the lease another process may have finished.
            token = self._load()
            if token is not None and self._remaining(token) > self._buffer(token):
                return token
            async with renewed(self._leased, every=LEASE_SECONDS / 3):
                grant = await self._login()
            fresh = await self._save(self._stored(grant))
            self._latest = fresh
            self._renewals += 1
            self._refused = None
            return fresh
        except CredentialsRefused as error:
            self._refused = (self._clock.now() + REFUSED_SECONDS, error.text)
            self._port.refused(str(error))
            raise
        finally:
            try:
                self._port.release()
            except StoreError as error:  # it lapses
                logger.warning("login lease: %s", error)

    def _load(self) -> StoredToken | None:
        token = self._unsaved or self._port.load()
        return None if token is not None and token.version == self._dead else token

    async def _leased(self) -> bool:
        try:
            return await self._port.lease(LEASE_SECONDS)
        except StoreBusy:
            return False

    async def _save(self, token: StoredToken) -> StoredToken:
        try:
            saved = await retry_while_busy(lambda: self._port.save(token), self._clock)
        except StoreError as error:
            # A full disk: this process goes on with the token it has, under a version no other one uses.
            logger.warning("token not kept on disk: %s", error)
            self._unsaved = replace(token, version=-self._renewals - 1)
            return self._unsaved
        self._unsaved = None
        return saved

    def _stored(self, grant: TokenGrant) -> StoredToken:
        life = max(SHORTEST_LIFE, grant.lifetime)
        wall, now = self._clock.wall(), self._clock.now()
        return StoredToken(grant.access_token, 0, wall, wall + life, now, now + life, self._clock.epoch())

    def _remaining(self, token: StoredToken) -> float:
        """Seconds left by whichever clock says less: one of them may have stepped."""
        left = token.expires_wall - self._clock.wall()
        if token.epoch == self._clock.epoch():
            left = min(left, token.expires_now - self._clock.now())
        return left

    def _buffer(self, token: StoredToken) -> float:
        return min(self.buffer_seconds, (token.expires_wall - token.issued_wall) / 10)


def _seen(renewal: asyncio.Task[StoredToken]) -> None:
    """When an early renewal fails, the token that is there still serves: no question waits for it."""
    if not renewal.cancelled():
        renewal.exception()

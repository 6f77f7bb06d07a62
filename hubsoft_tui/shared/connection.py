"""The way to the shared server: the only module that imports `redis`, and only once there is a server to speak to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import field
from importlib.resources import files
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
import redis.asyncio
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from ..errors import SharedServerLost
from ..settings.rules import is_loopback
from ..values import dataclass
from .failures import why_lost
from .membership import PATIENCE

T = TypeVar("T")
logger = logging.getLogger(__name__)

TRIPS: Final = 50
LEDGER: Final = "turn.lua"
_TURN: Final = msgspec.msgpack.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """Where the server is. Its text form shows no password."""

    url: str = field(repr=False)
    ca_file: str = ""

    @property
    def host(self) -> str:
        """The server as people are told of it."""
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return parts.path
        name = parts.hostname or "?"
        return f"{f'[{name}]' if ':' in name else name}:{parts.port or 6379}"

    @property
    def encrypted(self) -> bool:
        """Nothing can be read on the way: by TLS, or because there is no way."""
        parts = urlsplit(self.url)
        return parts.scheme in {"rediss", "unix"} or is_loopback(parts.hostname or "")


class SharedServer:
    """A connection for one engine, in its loop. Every failure is a SharedServerLost that says why."""

    def __init__(self, address: SharedAddress, account: str) -> None:
        self.address = address
        self.prefix = f"hs:{{{account}}}:"
        self._trips: deque[float] = deque(maxlen=TRIPS)
        secure: dict[str, Any] = {}
        if urlsplit(address.url).scheme == "rediss" and address.ca_file:
            secure["ssl_ca_certs"] = address.ca_file
        # The library's own retries would send a message again unseen.
        self._redis: Any = redis.asyncio.Redis.from_url(
            address.url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            **secure,
        )
        self._scripts: dict[str, Any] = {}
        self._errands: set[asyncio.Task[Any]] = set()

    @property
    def round_trip(self) -> float | None:
        """Median of the last calls, in seconds."""
        ordered = sorted(self._trips)
        return ordered[len(ordered) // 2] if ordered else None

    @property
    def shortest_trip(self) -> float:
        """The shortest of the last calls, in seconds: by so much an answer is older than it looks."""
        return min(self._trips, default=PATIENCE)

    async def info(self, section: str) -> dict[str, Any]:
        """Return a section of what the server says of itself."""
        found: dict[str, Any] = await self.call(lambda client: client.info(section))
        return found

    async def ping(self) -> None:
        """Find out whether the server is there: not over what is left of a connection to one that is gone."""
        with contextlib.suppress(Exception):
            await self._redis.connection_pool.disconnect(inuse_connections=False)
        await self.call(lambda client: client.ping())

    async def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take one turn at the ledger."""
        args = [msgspec.msgpack.encode(message), f"{self.prefix}w:", f"{self.prefix}c:"]
        found: dict[str, Any] = await self.script(LEDGER, [f"{self.prefix}ledger"], args, _TURN.decode)
        return found

    async def script(
        self,
        name: str,
        keys: Sequence[str],
        args: Sequence[object],
        read: Callable[[Any], Any] = lambda answer: answer,
    ) -> Any:  # noqa: ANN401
        """Run a script of this room; `read` makes something of its answer."""
        script = self._scripts.get(name)
        if script is None:
            room = files("hubsoft_tui.shared")
            shebang, text = (room / name).read_text().split("\n", 1)
            if name != LEDGER:
                text = (room / "ours.lua").read_text() + text
            text = f"{shebang}\n{text}"
            script = self._scripts[name] = self._redis.register_script(text)

        async def run(_client: object) -> Any:  # noqa: ANN401
            return read(await script(keys=list(keys), args=list(args)))

        return await self.call(run)

    async def call(self, do: Callable[[Any], Awaitable[T]]) -> T:
        """Do something with the client, within PATIENCE. Raises SharedServerLost."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                found = await do(self._redis)
        except Exception as error:  # noqa: BLE001 - what is no such server may make the library fail anyhow
            raise self._lost(error) from None
        self._trips.append(time.monotonic() - began)
        return found

    async def acquire(self, asking: Coroutine[Any, Any, T], release: Callable[[T], object]) -> T:
        """Ask for a right; `release` gets the answer if the caller is cancelled before. Raises SharedServerLost."""
        answered = asyncio.create_task(asking)

        async def released() -> None:
            release(await answered)

        try:
            return await asyncio.shield(answered)
        except asyncio.CancelledError:
            self.later(released())
            raise

    def later(self, errand: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something that no caller waits for; that it failed is logged."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._done)
        return task

    async def settle(self) -> None:
        """Wait until what was begun is done, and what that began."""
        while self._errands:
            await asyncio.gather(*self._errands, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.info("shared server: %s", error)

    async def refused(self, *command: str) -> str:
        """Try a command; return what its user may not: `command`, `key`, `channel`. Raises SharedServerLost."""

        async def tried(client: Any) -> str:  # noqa: ANN401 - the library's own, untyped
            try:
                await client.execute_command(*command)
            except exceptions.NoPermissionError as error:
                said = str(error)
                return next(
                    (what for what in ("channel", "key") if what in said and " run " not in said), "command"
                )
            except exceptions.NoScriptError:
                return ""
            return ""

        return await self.call(tried)

    @contextlib.asynccontextmanager
    async def listening(self, *channels: str) -> AsyncIterator[Callable[[], Awaitable[tuple[str, bytes]]]]:
        """Subscribe to channels; what is yielded waits for the next message. Raises SharedServerLost."""
        names = [f"{self.prefix}{channel}" for channel in channels]
        listener = self._redis.pubsub()

        async def heard() -> tuple[str, bytes]:
            while True:
                message = await listener.get_message(ignore_subscribe_messages=True, timeout=None)
                if message is not None:
                    return message["channel"].decode().removeprefix(self.prefix), message["data"]

        try:
            async with asyncio.timeout(PATIENCE):
                await listener.subscribe(*names)
            yield heard
        except Exception as error:  # noqa: BLE001 - as in `call`
            raise self._lost(error) from None
        finally:
            with contextlib.suppress(Exception):
                await listener.aclose()

    async def close(self) -> None:
        """Close every connection, once what was begun is done."""
        await self.settle()
        with contextlib.suppress(Exception):
            await self._redis.aclose()

    def _lost(self, error: Exception) -> SharedServerLost:
        if isinstance(error, SharedServerLost):
            return error
        if not isinstance(error, exceptions.RedisError | OSError):
            logger.info("shared server: %s", type(error).__name__)
        encrypted = urlsplit(self.address.url).scheme == "rediss"
        return SharedServerLost(
            why_lost(error, self.address.host, encrypted=encrypted, known=bool(self._trips)),
            refused=isinstance(error, exceptions.ResponseError),
        )

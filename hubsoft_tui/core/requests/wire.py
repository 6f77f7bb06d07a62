"""The last step before the network: streams that check, at each write, whether the request may still leave.

Between the check of a permit and the first byte lie a connection, a proxy and a TLS handshake, and a process can be
stopped there for any length of time. So the check is where the bytes are: in the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore

from .http import httpx

if TYPE_CHECKING:
    import ssl

# The parameters below are httpcore's own, timeouts among them.
SocketOptions = Iterable[Any] | None


class TooLateError(Exception):
    """The request may not leave any more. What did not leave yet never will: its connection is closed."""


@dataclass(slots=True, eq=False)
class Departure:
    """One request on its way out."""

    may_leave: Callable[[], bool]
    under_way: bool = False
    """What is written belongs to the request itself, not to a tunnel that is dug for it."""
    began: bool = False
    """Bytes of the request may have left."""
    answering: bool = False
    """The head of an answer has come."""

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Follow the request as httpcore's `trace` extension tells of it."""
        if event.endswith("send_request_headers.started"):
            self.under_way = info["request"].method != b"CONNECT"

    def check(self) -> None:
        """Let a write pass, or raise TooLateError."""
        if not self.under_way:
            return
        if not self.may_leave():
            raise TooLateError
        self.began = True


departure: ContextVar[Departure | None] = ContextVar("departure", default=None)
"""The request that this task sends; httpcore writes in the task that asked."""


class CheckedStream(httpcore.AsyncNetworkStream):
    """A stream whose writes ask the departing request first."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Read as the stream beneath does."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Write if the request may still leave. Raises TooLateError."""
        if buffer and (leaving := departure.get()) is not None:
            leaving.check()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the stream beneath."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Return an encrypted stream that checks too."""
        return CheckedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """Tell what the stream beneath knows."""
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens streams that check."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect as the backend beneath does."""
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return CheckedStream(stream)

    async def sleep(self, seconds: float) -> None:
        """Sleep as the backend beneath does."""
        await self._backend.sleep(seconds)


class Wire(httpx.AsyncHTTPTransport):
    """httpx's connection pool over streams that check. It keeps no cookie and follows no redirect."""

    def __init__(self, *, verify: ssl.SSLContext, limits: httpx.Limits, proxy: httpx.Proxy | None) -> None:
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        # httpx has no parameter for a backend; should these names go, opening fails and a test says so.
        pool = self._pool
        pool._network_backend = CheckedBackend(pool._network_backend)  # noqa: SLF001

"""The last step before the network: connections that check, at each write, whether the request may still leave.

Between the check of a permit and the first byte lie a connection, a proxy and a TLS handshake, and a process can be
stopped there for any length of time. So the check is where the bytes are: in the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import httpcore
from httpcore import _synchronization

from ...values import dataclass

if TYPE_CHECKING:
    import ssl

    from .route import Route

T = TypeVar("T")

FAILURES: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""Everything that httpcore raises of a request that failed."""
UNREAD_BYTES: Final = 256 * 1024
"""So much of an answer is taken in before it is read; the rest waits at the other end."""
NEXT_ADDRESS_SECONDS: Final = 0.25
"""So long an address has to accept before the host's next one is tried beside it."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
WRITTEN_AS_IS: Final = "/?:@!$&'()*+,;=%~"
"""What a path or a query may hold, beside letters and digits, without being written as %XX."""


# The parameters below are httpcore's own, timeouts among them.
SocketOptions = Iterable[Any] | None


class TooLateError(Exception):
    """The request may not leave any more. What did not leave yet never will: its connection is closed."""


@dataclass(slots=True, eq=False)
class Departure:
    """One request on its way out."""

    may_leave: Callable[[], bool]
    under_way: bool = True
    """What is written belongs to the request itself, not to a tunnel that is dug for it."""
    began: bool = False
    """Bytes of the request may have left."""
    answering: bool = False
    """The head of an answer has come."""

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Follow the request through a proxy, as httpcore's `trace` extension tells of it."""
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


class _Locks:
    """What httpcore takes from anyio, where our own requests get asyncio's lock.

    A connection needs nothing else as long as it does not fail, and anyio's lock brings its backend, 2 MiB. Other
    programs' requests in the same process get what they always do.
    """

    def __init__(self, others: Any) -> None:  # noqa: ANN401 - anyio
        self._others = others

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - anyio's
        return getattr(self._others, name)

    def Lock(self) -> Any:  # noqa: ANN401, N802 - anyio's
        """Return the lock of a connection that is used first by the request under way."""
        return self._others.Lock() if departure.get() is None else asyncio.Lock()


if (_anyio := getattr(_synchronization, "anyio", None)) is not None:
    setattr(_synchronization, "anyio", _Locks(_anyio))  # noqa: B010 - httpcore does not offer it


class CheckedStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: its writes ask the departing request first, and what arrives is kept until it is read."""

    def __init__(self) -> None:
        self._arrived = bytearray()
        self._ended = False
        self._broken: Exception | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection over."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream is made of nothing else
        self._transport = transport
        self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        """Keep what arrived."""
        self._arrived += data
        self._news.set()
        if len(self._arrived) > UNREAD_BYTES:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Nothing more will arrive; the connection is closed."""
        self._ended = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, or broke."""
        self._ended, self._broken = True, exc
        self._news.set()
        self._room.set()

    def pause_writing(self) -> None:
        """The other end does not take more for now."""
        self._room.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._room.set()

    # What httpcore asks.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return what has arrived, or nothing once the other end has closed. Raises ReadTimeout or ReadError."""
        if not self._arrived and not self._ended:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                raise httpcore.ReadTimeout from None
        if self._arrived:
            data = bytes(self._arrived[:max_bytes])
            del self._arrived[:max_bytes]
            if not self._ended:
                self._transport.resume_reading()
            return data
        if self._broken is not None:
            raise httpcore.ReadError(str(self._broken)) from self._broken
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Write if the request may still leave. Raises TooLateError, WriteTimeout or WriteError."""
        if not buffer:
            return
        if (leaving := departure.get()) is not None:
            leaving.check()
        if not self._transport.is_closing():
            self._transport.write(buffer)
        if not self._room.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._room.wait()
            except TimeoutError:
                raise httpcore.WriteTimeout from None
        if self._transport.is_closing():
            raise httpcore.WriteError(str(self._broken or "")) from self._broken

    async def aclose(self) -> None:
        """Close the connection now: nothing that was not sent or read by this time matters any more."""
        self.abort()
        await asyncio.sleep(0)

    def abort(self) -> None:
        """Close the connection, which is done once the loop has turned."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> CheckedStream:
        """Return a stream that goes encrypted through this one. Raises ConnectTimeout or ConnectError."""
        if self._transport.is_closing():  # asyncio would wait for the end of a handshake that cannot begin
            raise httpcore.ConnectError("closed before the encryption began")
        encrypted = CheckedStream()
        try:
            async with asyncio.timeout(timeout):
                transport = await asyncio.get_running_loop().start_tls(
                    self._transport, encrypted, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if transport is None:
            raise httpcore.ConnectError("closed while the encryption began")
        encrypted.connection_made(transport)
        return encrypted

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """Tell of an idle connection whether there is something to read: its end, or what belongs to no answer."""
        if info != "is_readable":
            return None
        return bool(self._arrived) or self._ended or self._transport.is_closing() or _readable(self._socket)


def _readable(socket: Any) -> bool:  # noqa: ANN401 - asyncio's wrapper, which has no public name
    # The loop may not have turned since the other end closed: the machine slept, or this process stood still.
    look = select.poll()
    look.register(socket, select.POLLIN)
    return bool(look.poll(0))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens the stream of one connection."""

    def __init__(self) -> None:
        self._stream: CheckedStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> CheckedStream:
        """Connect to a host by name or number. Raises ConnectTimeout or ConnectError."""
        # Not cancelled with the request: asyncio loses a connection that is made in that very moment.
        connecting = asyncio.create_task(_connected(host, port, timeout))
        try:
            self._stream = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close)
            raise
        return self._stream

    def abort(self) -> None:
        """Close what was opened: httpcore forgets a stream when a SOCKS proxy refuses, or stays silent."""
        if self._stream is not None:
            self._stream.abort()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(seconds)


async def _connected(host: str, port: int, timeout: float | None) -> CheckedStream:  # noqa: ASYNC109
    try:
        async with asyncio.timeout(timeout):
            _, stream = await asyncio.get_running_loop().create_connection(
                CheckedStream, host, port, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS
            )
    except TimeoutError:
        raise httpcore.ConnectTimeout from None
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return stream


def _close(connecting: asyncio.Task[CheckedStream]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().abort()


class Wire:
    """The connections to one host, used again for so long after an answer. For one loop.

    httpcore opens them and speaks HTTP; its own pool, made for many hosts, costs as much as the rest of a request.
    """

    def __init__(
        self, host: httpcore.URL, route: Route, *, connections: int = 1, idle_seconds: float = 0.0
    ) -> None:
        self._origin = host.origin
        self._route = route
        self._idle_seconds = idle_seconds
        self._places = asyncio.Semaphore(connections)
        self._open: dict[httpcore.AsyncConnectionInterface, CheckedBackend] = {}
        self._idle: deque[httpcore.AsyncConnectionInterface] = deque()
        """The one that waits longest is first."""

    @contextlib.asynccontextmanager
    async def exchange(
        self,
        request: httpcore.Request,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> AsyncIterator[httpcore.Response]:
        """Send `request` and give its response, to be read within the block. Raises what is in FAILURES.

        `timeout` is for the wait for a free connection alone.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._places.acquire()
        except TimeoutError:
            raise httpcore.PoolTimeout from None
        try:
            connection = await self._connection()
            try:
                response = await understood(connection.handle_async_request(request))
                try:
                    yield response
                finally:
                    await response.aclose()
            finally:
                if connection.is_available() and not _said_more(connection):
                    self._idle.append(connection)
                else:
                    await self._close(connection)
        finally:
            self._places.release()

    async def aclose(self) -> None:
        """Close every connection."""
        self._idle.clear()
        for connection in [*self._open]:
            await self._close(connection)

    async def _connection(self) -> httpcore.AsyncConnectionInterface:
        while self._idle and self._idle[0].has_expired():
            await self._close(self._idle.popleft())
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await self._close(connection)
        backend = CheckedBackend()
        connection = _opener(self._route, self._idle_seconds, backend).create_connection(self._origin)
        self._open[connection] = backend
        return connection

    async def _close(self, connection: httpcore.AsyncConnectionInterface) -> None:
        if (backend := self._open.pop(connection, None)) is not None:
            backend.abort()
        await connection.aclose()


def _said_more(connection: Any) -> bool:  # noqa: ANN401 - httpcore's, of whatever route
    """Tell whether more came with an answer than the answer: it would be taken for that to the next request."""
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    parser = getattr(connection, "_h11_state", None)  # what httpcore read and did not use is only there
    return parser is None or bool(parser.trailing_data[0])


def _opener(
    route: Route, idle_seconds: float, backend: httpcore.AsyncNetworkBackend
) -> httpcore.AsyncConnectionPool:
    """Return what opens connections that go by `route`."""
    shared: dict[str, Any] = {
        "ssl_context": route.verify,
        "keepalive_expiry": idle_seconds,
        "network_backend": backend,
    }
    proxy = route.proxy
    if proxy is None:
        return httpcore.AsyncConnectionPool(**shared)
    shared["proxy_url"] = address(proxy.origin)
    shared["proxy_auth"] = None if proxy.auth is None else tuple(part.encode() for part in proxy.auth)
    if proxy.scheme.startswith("socks"):
        return httpcore.AsyncSOCKSProxy(**shared)
    if proxy.scheme == "https":
        shared["proxy_ssl_context"] = route.verify
    return httpcore.AsyncHTTPProxy(**shared)


async def understood(step: Awaitable[T]) -> T:
    """Await a step of httpcore. Whatever a server sends that its parsers stumble over is a wrong answer, no more."""
    try:
        return await step
    except (TooLateError, TimeoutError, *FAILURES):
        raise
    except Exception as error:  # noqa: BLE001 - any of theirs
        # Its text may hold what the server sent.
        raise httpcore.RemoteProtocolError(type(error).__name__) from None


def address(url: str) -> httpcore.URL:
    """Take `url` apart as httpcore wants it; what no request can carry as it is becomes %XX. Raises ValueError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    query = f"?{parts.query}" if parts.query else ""
    return httpcore.URL(
        scheme=parts.scheme.encode(),
        host=host.encode() if host.isascii() else host.encode("idna"),
        port=parts.port,
        target=quote(f"{parts.path or '/'}{query}", safe=WRITTEN_AS_IS).encode(),
    )


def host_header(url: httpcore.URL) -> bytes:
    """Write the header Host of a request to `url`."""
    host = b"[%b]" % url.host if b":" in url.host else url.host
    return (
        host if url.port in {None, _DEFAULT_PORTS.get(url.scheme.decode())} else b"%b:%d" % (host, url.port)
    )

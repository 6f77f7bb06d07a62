"""One request out, one bounded answer in over httpx, every failure told apart by whether it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from ..._version import __version__
from ...api.operation import Operation
from ...settings.tree import HttpSettings, Profile
from ...texts import Text, say
from .decompression import Body, OverfullError, UndecodableError
from .http import httpx
from .route import ProxyAddress, route_to
from .wire import Departure, TooLateError, Wire, departure

T = TypeVar("T")

# Shorter than the five seconds after which common servers close an idle connection: a request written to a
# connection that is just being closed has an unknown outcome.
KEEPALIVE_SECONDS: Final = 3.0
USUAL_SECONDS: Final = 30.0
"""The timeout of an ordinary operation; `read_timeout` is meant for those."""
ERROR_BYTES: Final = 64 * 1024
"""So much of an error's body is read."""
ERROR_SECONDS: Final = 2.0
"""So long an error's body is waited for: its status and headers have said what matters."""
PIECES_BETWEEN_TURNS: Final = 16
_CLOSED: Final = re.compile("Server disconnected|peer closed connection")
"""How httpx tells an end too soon from an answer that is no HTTP."""
HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"hubsoft-tui/{__version__}",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `body` is what was read; its text form shows neither body nor headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


class TransportFailure(Exception):
    """No usable answer. `sent` tells whether HubSoft may have seen the request; `kind` is for logs.

    `ours` tells that it says nothing about HubSoft: the pool had no free connection, or it was too late to send.
    """

    def __init__(self, kind: str, text: Text, *, sent: bool, ours: bool = False) -> None:
        super().__init__(kind)
        self.ours = ours
        self.kind = kind
        self.text = text
        self.sent = sent


def _always() -> bool:
    return True


def _unheard(_status: int, _headers: Mapping[str, str]) -> None:
    return


class Transport:
    """A connection pool to one host. Belongs to the loop that first uses it. Raises SettingsError when opened."""

    def __init__(self, profile: Profile, settings: HttpSettings) -> None:
        self._settings = settings
        self._root = profile.url.rstrip("/")
        self._host = urlsplit(profile.url).hostname or profile.url
        route = route_to(profile.url)
        self._proxy = route.proxy
        limits = httpx.Limits(
            max_connections=settings.max_connections,
            max_keepalive_connections=settings.max_connections,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )
        self._wire = Wire(verify=route.verify, limits=limits, proxy=route.for_httpx())

    async def send(
        self,
        operation: Operation[Any],
        token: str | None,
        *,
        may_leave: Callable[[], bool] = _always,
        heard: Callable[[int, Mapping[str, str]], None] = _unheard,
    ) -> Reply:
        """Send one request and read its answer, at most `max_response_bytes`. Raises TransportFailure.

        `may_leave` is asked at each write; `heard` is told status and headers before anything of the body is
        read. Of an answer other than 2xx the body is read as far as that is quick, and its faults are ignored.
        """
        leaving = Departure(may_leave)
        mark = departure.set(leaving)
        try:
            # httpx limits each silence; a server that drips one byte at a time needs a limit on the whole.
            async with asyncio.timeout(self.longest(operation)):
                request = self._request(operation, token, leaving)
                response = await _understood(self._wire.handle_async_request(request))
                try:
                    leaving.answering = True
                    heard(response.status_code, response.headers)
                    return Reply(response.status_code, await self._read(response), response.headers)
                finally:
                    await response.aclose()
        except TooLateError:
            raise self._too_late(leaving) from None
        except TimeoutError:
            raise self._failure(httpx.ReadTimeout(""), leaving) from None
        except httpx.HTTPError as error:
            raise self._failure(error, leaving) from None  # httpx's own text may carry a header's value
        finally:
            departure.reset(mark)

    def _request(self, operation: Operation[Any], token: str | None, leaving: Departure) -> httpx.Request:
        timeout = httpx.Timeout(
            connect=self._settings.connect_timeout,
            # A page of hundreds may stay silent longer than one customer, in proportion.
            read=self._settings.read_timeout * operation.timeout / USUAL_SECONDS,
            write=self._settings.write_timeout,
            pool=self._settings.pool_timeout,
        )
        return httpx.Request(
            operation.method,
            self._address(operation),
            json=operation.body,
            headers=HEADERS | ({"Authorization": f"Bearer {token}"} if token else {}),
            extensions={"timeout": timeout.as_dict(), "trace": leaving.trace},
        )

    def _address(self, operation: Operation[Any]) -> str:
        # Whole, because httpx parses an address again for each part that it is given apart.
        query = f"?{urlencode(operation.query)}" if operation.query else ""
        return f"{self._root}/{operation.path.lstrip('/')}{query}"

    def longest(self, operation: Operation[Any]) -> float:
        """Seconds after which `send` has returned or raised, whatever the server does."""
        return self._settings.pool_timeout + self._settings.connect_timeout + operation.timeout

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def _read(self, response: httpx.Response) -> bytes:
        if not 200 <= response.status_code < 300:
            return await self._read_of_error(response)
        try:
            body = Body(response.headers.get("content-encoding", ""), self._settings.max_response_bytes)
            await _fill(body, response)
        except UndecodableError:
            raise self._unreadable() from None
        except OverfullError as full:
            raise self._too_large(values=full.values) from None
        return body.read()

    async def _read_of_error(self, response: httpx.Response) -> bytes:
        """Read what explains an error: little, quickly, and never at the price of another error."""
        try:
            body = Body(response.headers.get("content-encoding", ""), ERROR_BYTES)
            with contextlib.suppress(OverfullError):
                async with asyncio.timeout(ERROR_SECONDS):
                    await _fill(body, response)
        except (UndecodableError, TimeoutError, httpx.HTTPError):
            return b""
        return body.read()

    def _too_large(self, *, values: bool) -> TransportFailure:
        if values:
            text = say("HubSoft's answer holds millions of values, which no answer should, and was not read.")
        else:
            megabytes = self._settings.max_response_bytes // 2**20
            text = say("HubSoft's answer is larger than {limit} MB and was not read.", limit=megabytes)
        return TransportFailure("too_large", text, sent=True)

    def _unreadable(self) -> TransportFailure:
        text = say("{host} sent an answer that cannot be read.", host=self._host)
        return TransportFailure("bad_answer", text, sent=True)

    def _too_late(self, leaving: Departure) -> TransportFailure:
        text = say("This program was stopped for too long while it was sending. Try again.")
        return TransportFailure("late", text, sent=leaving.began, ours=not leaving.began)

    def _failure(self, error: httpx.HTTPError, leaving: Departure) -> TransportFailure:
        if isinstance(error, httpx.PoolTimeout):
            text = say("Every connection to {host} is busy.", host=self._host)
            return TransportFailure("pool", text, sent=False, ours=True)
        if leaving.began:
            return self._unanswered(error, leaving)
        return self._unsent(error)

    def _unanswered(self, error: httpx.HTTPError, leaving: Departure) -> TransportFailure:
        """Tell why there is no answer to a request of which bytes have left."""
        if isinstance(error, httpx.TimeoutException):
            text = say("{host} did not answer in time.", host=self._host)
            return TransportFailure("timeout", text, sent=True)
        if isinstance(error, httpx.RemoteProtocolError) and _CLOSED.match(str(error)) is None:
            text = say("{host} sent an answer that cannot be read.", host=self._host)
        elif leaving.answering:
            text = say("{host} closed the connection in the middle of its answer.", host=self._host)
        else:
            text = say("{host} closed the connection before answering.", host=self._host)
        return TransportFailure("cut", text, sent=True)

    def _unsent(self, error: httpx.HTTPError) -> TransportFailure:
        """Tell why not a byte of a request left; a proxy on the way is named."""
        if isinstance(error, httpx.LocalProtocolError):
            text = say("The request to {host} cannot be written.", host=self._host)
            return TransportFailure("unwritable", text, sent=False)
        if isinstance(error, httpx.ConnectError) and (said := _why_no_tls(error, self._host)) is not None:
            return TransportFailure("connect", said, sent=False)
        if self._proxy is not None:
            return TransportFailure("proxy", _why_no_proxy(error, self._proxy, self._host), sent=False)
        if isinstance(error, httpx.ConnectError):
            return TransportFailure("connect", _why_not_connected(error, self._host), sent=False)
        text = say("{host} did not accept a connection in time.", host=self._host)
        return TransportFailure("connect", text, sent=False)


async def _fill(body: Body, response: httpx.Response) -> None:
    """Read the whole answer into `body`; the loop turns at least after each megabyte that it becomes."""
    chunks = response.aiter_raw()
    pieces = 0
    while (chunk := await _understood(anext(chunks, None))) is not None:
        for _ in body.feed(chunk):
            pieces += 1
            if pieces % PIECES_BETWEEN_TURNS == 0:
                await asyncio.sleep(0)


async def _understood(step: Awaitable[T]) -> T:
    """Await a step of httpx. Whatever a server sends that its parsers stumble over is a wrong answer, no more."""
    try:
        return await step
    except (TooLateError, TimeoutError, httpx.HTTPError):
        raise
    except Exception as error:  # noqa: BLE001 - any of theirs
        # Its text may hold what the server sent.
        raise httpx.RemoteProtocolError(type(error).__name__) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what is behind it: httpx keeps the layer that failed only there."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _why_no_tls(error: httpx.ConnectError, host: str) -> Text | None:
    """Tell what was wrong with the encryption, if it was that."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return say(
                "The certificate of {host} is not trusted ({reason}). Check the address and this machine's clock.",
                host=host,
                reason=cause.verify_message,
            )
        if isinstance(cause, ssl.SSLError):
            return say("{host} does not speak TLS as expected. Check the address and the port.", host=host)
    if "certificate" in str(error).lower():
        return say(
            "The certificate of {host} is not trusted. Check the address and this machine's clock.", host=host
        )
    return None


def _is_unknown_name(error: httpx.ConnectError) -> bool:
    text = str(error).lower()
    return any(cause.__class__.__name__ == "gaierror" for cause in _causes(error)) or any(
        words in text for words in ("name or service", "name resolution", "nodename")
    )


def _why_no_proxy(error: httpx.HTTPError, proxy: ProxyAddress, host: str) -> Text:
    """Tell that the proxy is what failed: HubSoft may be well."""
    named = {"proxy": str(proxy), "variable": proxy.variable, "host": host}
    if isinstance(error, httpx.ConnectError) and _is_unknown_name(error):
        return say(
            "There is no host named {proxy}, the proxy on the way to {host}. Check {variable}.", **named
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return say("The proxy {proxy} on the way to {host} cannot be reached. Check {variable}.", **named)
    if isinstance(error, httpx.TimeoutException):
        return say("The proxy {proxy} on the way to {host} did not answer in time.", **named)
    status = str(error)[:3]
    if isinstance(error, httpx.ProxyError) and status.isdecimal():
        return say(
            "The proxy {proxy} on the way to {host} refused (HTTP {status}). Check {variable}.",
            status=status,
            **named,
        )
    return say("The proxy {proxy} on the way to {host} refused. Check {variable}.", **named)


def _why_not_connected(error: httpx.ConnectError, host: str) -> Text:
    """Name what keeps us from HubSoft itself."""
    if _is_unknown_name(error):
        return say("There is no host named {host}. Check the address.", host=host)
    if any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error)):
        return say("{host} refuses connections. Check the address and the port.", host=host)
    return say("{host} cannot be reached. Check the address and the network.", host=host)

"""One request out, one bounded answer in over httpcore, every failure told apart by whether it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import httpcore
import msgspec

from ..._version import __version__
from ...api.operation import Operation
from ...errors import causes, certificate_remedy
from ...settings.tree import HttpSettings, Profile
from ...texts import Text, say
from .decompression import Body, OverfullError, UndecodableError
from .route import ProxyAddress, route_to
from .wire import (
    FAILURES,
    WRITTEN_AS_IS,
    Departure,
    TooLateError,
    Wire,
    address,
    departure,
    host_header,
    understood,
)

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
_written: Final = lru_cache(maxsize=256)(quote_plus)
"""Most words of a query are those of the last one."""
_CLOSED: Final = re.compile("Server disconnected|peer closed connection")
"""How httpcore tells an end too soon from an answer that is no HTTP."""
HEADERS: Final = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"User-Agent", f"hubsoft-tui/{__version__}".encode()),
)


class Reply(msgspec.Struct, frozen=True):
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
        self._root = address(profile.url.rstrip("/"))
        self._headers = ((b"Host", host_header(self._root)), *HEADERS)
        self._host = urlsplit(profile.url).hostname or profile.url
        route = route_to(profile.url)
        self._proxy = route.proxy
        self._wire = Wire(
            self._root, route, connections=settings.max_connections, idle_seconds=KEEPALIVE_SECONDS
        )

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
        leaving = Departure(may_leave, under_way=self._proxy is None)
        mark = departure.set(leaving)
        try:
            # httpcore limits each silence; a server that drips one byte at a time needs a limit on the whole.
            async with asyncio.timeout(self.longest(operation)):
                request = self._request(operation, token, leaving)
                async with self._wire.exchange(request, self._settings.pool_timeout) as response:
                    leaving.answering = True
                    headers = _by_name(response.headers)
                    heard(response.status, headers)
                    return Reply(response.status, await self._read(response, headers), headers)
        except TooLateError:
            raise self._too_late(leaving) from None
        except TimeoutError:
            raise self._failure(httpcore.ReadTimeout(), leaving) from None
        except FAILURES as error:
            raise self._failure(error, leaving) from None  # httpcore's own text may carry a header's value
        finally:
            departure.reset(mark)

    def _request(self, operation: Operation[Any], token: str | None, leaving: Departure) -> httpcore.Request:
        headers = [*self._headers]
        if token:
            headers.append((b"Authorization", b"Bearer " + token.encode()))
        content = b""
        if operation.body is not None:
            content = json.dumps(operation.body, ensure_ascii=False, separators=(",", ":")).encode()
            headers.append((b"Content-Type", b"application/json"))
        if operation.method != "GET":
            headers.append((b"Content-Length", b"%d" % len(content)))
        timeout = {
            "connect": self._settings.connect_timeout,
            # A page of hundreds may stay silent longer than one customer, in proportion.
            "read": self._settings.read_timeout * operation.timeout / USUAL_SECONDS,
            "write": self._settings.write_timeout,
        }
        followed = {} if leaving.under_way else {"trace": leaving.trace}
        return httpcore.Request(
            operation.method,
            self._address(operation),
            headers=headers,
            content=content,
            extensions={"timeout": timeout, **followed},
        )

    def _address(self, operation: Operation[Any]) -> httpcore.URL:
        root = self._root
        query = f"?{urlencode(operation.query, quote_via=_written)}" if operation.query else ""
        path = quote(operation.path.lstrip("/"), safe=WRITTEN_AS_IS)
        target = root.target.rstrip(b"/") + f"/{path}{query}".encode()
        return httpcore.URL(scheme=root.scheme, host=root.host, port=root.port, target=target)

    def longest(self, operation: Operation[Any]) -> float:
        """Seconds after which `send` has returned or raised, whatever the server does."""
        return self._settings.pool_timeout + self._settings.connect_timeout + operation.timeout

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def _read(self, response: httpcore.Response, headers: Mapping[str, str]) -> bytes:
        encoding = headers.get("content-encoding", "")
        if not 200 <= response.status < 300:
            return await _read_of_error(response, encoding)
        try:
            body = Body(encoding, self._settings.max_response_bytes)
            await _fill(body, response)
        except UndecodableError:
            raise self._unreadable() from None
        except OverfullError as full:
            raise self._too_large(values=full.values) from None
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

    def _failure(self, error: Exception, leaving: Departure) -> TransportFailure:
        if isinstance(error, httpcore.PoolTimeout):
            text = say("Every connection to {host} is busy.", host=self._host)
            return TransportFailure("pool", text, sent=False, ours=True)
        if leaving.began:
            return self._unanswered(error, leaving)
        return self._unsent(error)

    def _unanswered(self, error: Exception, leaving: Departure) -> TransportFailure:
        """Tell why there is no answer to a request of which bytes have left."""
        if isinstance(error, httpcore.TimeoutException):
            text = say("{host} did not answer in time.", host=self._host)
            return TransportFailure("timeout", text, sent=True)
        if isinstance(error, httpcore.RemoteProtocolError) and _CLOSED.match(str(error)) is None:
            text = say("{host} sent an answer that cannot be read.", host=self._host)
        elif leaving.answering:
            text = say("{host} closed the connection in the middle of its answer.", host=self._host)
        else:
            text = say("{host} closed the connection before answering.", host=self._host)
        return TransportFailure("cut", text, sent=True)

    def _unsent(self, error: Exception) -> TransportFailure:
        """Tell why not a byte of a request left; a proxy on the way is named."""
        if isinstance(error, httpcore.LocalProtocolError):
            text = say("The request to {host} cannot be written.", host=self._host)
            return TransportFailure("unwritable", text, sent=False)
        if isinstance(error, httpcore.ConnectError) and (said := _why_no_tls(error, self._host)) is not None:
            return TransportFailure("connect", said, sent=False)
        if self._proxy is not None:
            return TransportFailure("proxy", _why_no_proxy(error, self._proxy, self._host), sent=False)
        if isinstance(error, httpcore.ConnectError):
            return TransportFailure("connect", _why_not_connected(error, self._host), sent=False)
        text = say("{host} did not accept a connection in time.", host=self._host)
        return TransportFailure("connect", text, sent=False)


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names in small letters; what is said in several is one list."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _read_of_error(response: httpcore.Response, encoding: str) -> bytes:
    """Read what explains an error: little, quickly, and never at the price of another error."""
    try:
        body = Body(encoding, ERROR_BYTES)
        with contextlib.suppress(OverfullError):
            async with asyncio.timeout(ERROR_SECONDS):
                await _fill(body, response)
    except (UndecodableError, TimeoutError, *FAILURES):
        return b""
    return body.read()


async def _fill(body: Body, response: httpcore.Response) -> None:
    """Read the whole answer into `body`; the loop turns at least after each megabyte that it becomes."""
    chunks = response.aiter_stream()
    pieces = 0
    while (chunk := await understood(anext(chunks, None))) is not None:
        for _ in body.feed(chunk):
            pieces += 1
            if pieces % PIECES_BETWEEN_TURNS == 0:
                await asyncio.sleep(0)


def _why_no_tls(error: httpcore.ConnectError, host: str) -> Text | None:
    """Tell what was wrong with the encryption, if it was that."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            unknown_signer = say(
                "Check the address. Where a proxy or server of your own signs certificates, name the file with its "
                "own in SSL_CERT_FILE."
            )
            return say(
                "The certificate of {host} is not trusted ({reason}). {what}",
                host=host,
                reason=cause.verify_message,
                what=certificate_remedy(cause.verify_code, unknown_signer),
            )
        if isinstance(cause, ssl.SSLError):
            return say("{host} does not speak TLS as expected. Check the address and the port.", host=host)
    if "certificate" in str(error).lower():
        return say(
            "The certificate of {host} is not trusted. Check the address and this machine's clock.", host=host
        )
    return None


def _is_unknown_name(error: httpcore.ConnectError) -> bool:
    text = str(error).lower()
    return any(cause.__class__.__name__ == "gaierror" for cause in causes(error)) or any(
        words in text for words in ("name or service", "name resolution", "nodename")
    )


def _why_no_proxy(error: Exception, proxy: ProxyAddress, host: str) -> Text:
    """Tell that the proxy is what failed: HubSoft may be well."""
    named = {"proxy": str(proxy), "variable": proxy.variable, "host": host}
    if isinstance(error, httpcore.ConnectError) and _is_unknown_name(error):
        return say(
            "There is no host named {proxy}, the proxy on the way to {host}. Check {variable}.", **named
        )
    if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
        return say("The proxy {proxy} on the way to {host} cannot be reached. Check {variable}.", **named)
    if isinstance(error, httpcore.TimeoutException):
        return say("The proxy {proxy} on the way to {host} did not answer in time.", **named)
    status = str(error)[:3]
    if isinstance(error, httpcore.ProxyError) and status.isdecimal():
        return say(
            "The proxy {proxy} on the way to {host} refused (HTTP {status}). Check {variable}.",
            status=status,
            **named,
        )
    return say("The proxy {proxy} on the way to {host} refused. Check {variable}.", **named)


def _why_not_connected(error: httpcore.ConnectError, host: str) -> Text:
    """Name what keeps us from HubSoft itself."""
    if _is_unknown_name(error):
        return say("There is no host named {host}. Check the address.", host=host)
    # Of a host with several addresses asyncio tells the errors in its text alone.
    if f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return say("{host} refuses connections. Check the address and the port.", host=host)
    return say("{host} cannot be reached. Check the address and the network.", host=host)

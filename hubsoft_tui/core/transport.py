"""httpx, and nothing else: one request out, one bounded answer in, every failure told apart by whether it was sent."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from .. import __version__
from ..api.operations import Operation
from ..errors import SettingsError
from ..settings import HttpSettings, Profile
from ..texts import Text, say

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Shorter than the five seconds after which common servers close an idle connection: a request written to a
# connection that is just being closed has an unknown outcome.
KEEPALIVE_SECONDS: Final = 3.0
USUAL_SECONDS: Final = 30.0
"""The timeout of an ordinary operation; `read_timeout` is meant for those."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `body` is what was read; its text form shows neither body nor headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


class Silence(logging.Filter):
    """Drop httpx's own line for each request to `url`'s host: it carries the whole URL, and with it what is private."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._origin = httpx.URL(url)

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is about somebody else's request."""
        urls = [each for each in record.args or () if isinstance(each, httpx.URL)]
        return not any((url.host, url.port) == (self._origin.host, self._origin.port) for url in urls)


class TransportFailure(Exception):
    """No usable answer. `sent` tells whether HubSoft may have seen the request; `kind` is for logs.

    `ours` tells that it says nothing about HubSoft: every connection of ours was busy.
    """

    def __init__(self, kind: str, text: Text, *, sent: bool, ours: bool = False) -> None:
        super().__init__(kind)
        self.ours = ours
        self.kind = kind
        self.text = text
        self.sent = sent


class Transport:
    """A connection pool to one host. Belongs to the loop that first uses it."""

    def __init__(self, profile: Profile, settings: HttpSettings) -> None:
        self._settings = settings
        self._root = profile.url.rstrip("/")
        self._host = urlsplit(profile.url).hostname or profile.url
        self._silence = Silence(profile.url)
        try:
            self._client = self._opened()
        except (ImportError, ValueError, OSError) as error:
            # A proxy or a certificate file named in the environment that cannot be used.
            raise SettingsError(
                say(
                    "The proxy or certificates that this machine's environment names cannot be used: {reason} "
                    "Look at HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
                    reason=str(error),
                )
            ) from error
        logging.getLogger("httpx").addFilter(self._silence)

    def _opened(self) -> httpx.AsyncClient:
        settings = self._settings
        return httpx.AsyncClient(
            headers={"Accept": "application/json", "User-Agent": f"hubsoft-tui/{__version__}"},
            limits=httpx.Limits(
                max_connections=settings.max_connections,
                max_keepalive_connections=settings.max_connections,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
            follow_redirects=False,
            # A proxy from the environment is for the world outside, never for this machine.
            trust_env=self._host not in LOOPBACK,
        )

    async def send(self, operation: Operation[Any], token: str | None) -> Reply:
        """Send one request and read its answer, at most `max_response_bytes`. Raises TransportFailure."""
        timeout = httpx.Timeout(
            connect=self._settings.connect_timeout,
            # A page of hundreds may stay silent longer than one customer, in proportion.
            read=self._settings.read_timeout * operation.timeout / USUAL_SECONDS,
            write=self._settings.write_timeout,
            pool=self._settings.pool_timeout,
        )
        request = self._client.build_request(
            operation.method,
            self._address(operation),
            json=operation.body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout,
        )
        try:
            # httpx limits each silence; a server that drips one byte at a time needs a limit on the whole.
            async with asyncio.timeout(self.longest(operation)):
                response = await self._client.send(request, stream=True)
                try:
                    return Reply(response.status_code, await self._read(response), response.headers)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise self._failure(httpx.ReadTimeout("")) from None
        except httpx.HTTPError as error:
            raise self._failure(error) from None  # httpx's own text may carry the URL, and the URL a document

    def _address(self, operation: Operation[Any]) -> str:
        # Whole, because httpx parses an address again for each part that it is given apart.
        query = f"?{urlencode(operation.query)}" if operation.query else ""
        return f"{self._root}/{operation.path.lstrip('/')}{query}"

    def longest(self, operation: Operation[Any]) -> float:
        """Seconds after which `send` has returned or raised, whatever the server does."""
        return self._settings.pool_timeout + self._settings.connect_timeout + operation.timeout

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        logging.getLogger("httpx").removeFilter(self._silence)

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._settings.max_response_bytes:
                megabytes = self._settings.max_response_bytes // 2**20
                raise TransportFailure(
                    "too_large",
                    say("HubSoft's answer is larger than {limit} MB and was not read.", limit=megabytes),
                    sent=True,
                )
        return bytes(body)

    def _failure(self, error: httpx.HTTPError) -> TransportFailure:
        host = self._host
        if isinstance(error, httpx.ConnectTimeout):
            return TransportFailure(
                "connect", say("{host} did not accept a connection in time.", host=host), sent=False
            )
        if isinstance(error, httpx.PoolTimeout):
            return TransportFailure(
                "pool", say("Every connection to {host} is busy.", host=host), sent=False, ours=True
            )
        if isinstance(error, httpx.ConnectError):
            return TransportFailure("connect", _why_not_connected(error, host), sent=False)
        if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol):
            return TransportFailure(
                "proxy", say("The proxy on the way to {host} refused.", host=host), sent=False
            )
        if isinstance(error, httpx.TimeoutException):
            return TransportFailure("timeout", say("{host} did not answer in time.", host=host), sent=True)
        if isinstance(error, httpx.DecodingError):
            return TransportFailure(
                "bad_answer", say("{host} sent an answer that cannot be read.", host=host), sent=True
            )
        return TransportFailure(
            "cut", say("{host} closed the connection before answering.", host=host), sent=True
        )


def _why_not_connected(error: httpx.ConnectError, host: str) -> Text:
    """Name the layer that failed: httpx keeps it only in the chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return say(
                "The certificate of {host} is not trusted ({reason}). Check the address and this machine's clock.",
                host=host,
                reason=cause.verify_message,
            )
        if isinstance(cause, ssl.SSLError):
            return say("{host} does not speak TLS as expected. Check the address and the port.", host=host)
        if isinstance(cause, OSError) and cause.__class__.__name__ == "gaierror":
            return say("There is no host named {host}. Check the address.", host=host)
        if isinstance(cause, ConnectionRefusedError):
            return say("{host} refuses connections. Check the address and the port.", host=host)
        cause = cause.__cause__ or cause.__context__
    text = str(error).lower()
    if "name or service" in text or "name resolution" in text or "nodename" in text:
        return say("There is no host named {host}. Check the address.", host=host)
    if "certificate" in text:
        return say(
            "The certificate of {host} is not trusted. Check the address and this machine's clock.", host=host
        )
    return say("{host} cannot be reached. Check the address and the network.", host=host)

"""One call to an address of the person's own choosing, which is not HubSoft and costs nothing of its budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from ..._version import __version__
from ...errors import SettingsError
from ...texts import Text, say
from .http import httpx
from .route import route_to

SECRET_HEADER: Final = "X-Webhook-Secret"  # noqa: S105 - a header's name


class Silence(logging.Filter):
    """Drop httpx's own line for each request to `url`'s host: it carries the whole URL, and with it what is private."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._origin = httpx.URL(url)

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is about another host's request."""
        urls = [each for each in record.args or () if isinstance(each, httpx.URL)]
        return not any((url.host, url.port) == (self._origin.host, self._origin.port) for url in urls)


class WebhookFailure(Exception):
    """The call was not taken. `text` says why, without the address's path: it may hold a key."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class Webhook(Protocol):
    """What makes the call."""

    async def post(
        self, url: str, body: bytes, *, secret: str, headers: Mapping[str, str], seconds: float
    ) -> None:
        """Send JSON to `url` and return once it answered 2xx, within so many seconds. Raises WebhookFailure."""
        ...


class HttpWebhook:
    """A Webhook over HTTP. It follows no redirect, reads no answer's body, and keeps no connection."""

    async def post(
        self, url: str, body: bytes, *, secret: str, headers: Mapping[str, str], seconds: float
    ) -> None:
        """Send JSON to `url` and return once it answered 2xx, within so many seconds. Raises WebhookFailure."""
        host = urlsplit(url).hostname or ""
        if not (secret.isascii() and secret.isprintable()):
            raise WebhookFailure(
                say("The webhook's secret cannot be sent: write it in letters, digits and common signs.")
            )
        sent = {
            "Content-Type": "application/json",
            "User-Agent": f"hubsoft-tui/{__version__}",
            **headers,
            **({SECRET_HEADER: secret} if secret else {}),
        }
        try:
            # Made aside: reading the certificates takes longer than the engine's loop may stand still.
            client = await asyncio.to_thread(_client, url)
            async with asyncio.timeout(seconds):
                status = await _status(client, url, body, sent)
        except TimeoutError:
            raise WebhookFailure(say("{host} did not answer in time.", host=host)) from None
        except SettingsError as error:
            raise WebhookFailure(
                say("{host} cannot be reached: {reason}", host=host, reason=error.text)
            ) from None
        # httpx's own texts may carry the address or a header, and with it a secret.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as error:
            kind = type(error).__name__
            raise WebhookFailure(say("{host} cannot be reached ({kind}).", host=host, kind=kind)) from None
        if 300 <= status < 400:
            raise WebhookFailure(
                say(
                    "{host} answered with a redirect (HTTP {status}), which is not followed. Set the address "
                    "that it leads to.",
                    host=host,
                    status=status,
                )
            )
        if not 200 <= status < 300:
            raise WebhookFailure(say("{host} answered HTTP {status}.", host=host, status=status))


def _client(url: str) -> httpx.AsyncClient:
    route = route_to(url)
    # httpx limits each silence; the limit on the whole is the caller's.
    return httpx.AsyncClient(trust_env=False, verify=route.verify, proxy=route.for_httpx(), timeout=None)


async def _status(client: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    with _unlogged(url):
        async with client, client.stream("POST", url, content=body, headers=dict(headers)) as response:
            return response.status_code


@contextlib.contextmanager
def _unlogged(url: str) -> Iterator[None]:
    silence = Silence(url)
    logging.getLogger("httpx").addFilter(silence)
    try:
        yield
    finally:
        logging.getLogger("httpx").removeFilter(silence)

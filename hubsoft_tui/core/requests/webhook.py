"""One call to an address of the person's own choosing, which is not HubSoft and costs nothing of its budget."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpcore

from ..._version import __version__
from ...errors import SettingsError
from ...texts import Text, say
from .route import Route, route_to
from .wire import FAILURES, Wire, address, host_header

SECRET_HEADER: Final = "X-Webhook-Secret"  # noqa: S105 - a header's name


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
            route = await asyncio.to_thread(route_to, url)
            async with asyncio.timeout(seconds):
                status = await _status(url, route, body, sent)
        except TimeoutError:
            raise WebhookFailure(say("{host} did not answer in time.", host=host)) from None
        except SettingsError as error:
            raise WebhookFailure(
                say("{host} cannot be reached: {reason}", host=host, reason=error.text)
            ) from None
        # httpcore's own texts may carry the address or a header, and with it a secret.
        except (*FAILURES, ValueError, OSError) as error:
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


async def _status(url: str, route: Route, body: bytes, headers: Mapping[str, str]) -> int:
    where = address(url)
    written = [(name.encode(), value.encode()) for name, value in headers.items()]
    whole = [(b"Host", host_header(where)), (b"Content-Length", b"%d" % len(body)), *written]
    request = httpcore.Request("POST", where, headers=whole, content=body)
    async with contextlib.aclosing(Wire(where, route)) as wire, wire.exchange(request) as response:
        return response.status

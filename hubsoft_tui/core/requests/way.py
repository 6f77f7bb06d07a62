"""The way to one host from this machine: whose certificates are believed, and which proxy stands in between."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

import httpx

from ...errors import SettingsError
from ...settings.addresses import is_loopback
from ...texts import say
from .proxies import ProxyAddress, proxy_for


@dataclass(frozen=True, slots=True)
class Route:
    """What httpx needs to know to reach a host."""

    verify: ssl.SSLContext
    proxy: ProxyAddress | None

    def for_httpx(self) -> httpx.Proxy | None:
        """Return the proxy as httpx takes it."""
        if self.proxy is None:
            return None
        context = self.verify if self.proxy.scheme == "https" else None
        return httpx.Proxy(self.proxy.origin, auth=self.proxy.auth, ssl_context=context)


def route_to(url: str) -> Route:
    """Find the way to `url`, sending nothing. Raises SettingsError: a variable of the environment misleads."""
    proxy = proxy_for(url)
    if proxy is not None and proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        raise SettingsError(
            say(
                "{variable} names a SOCKS proxy, for which the package socksio is missing. Install it, or name "
                "an http:// proxy.",
                variable=proxy.variable,
            )
        )
    try:
        verify = httpx.create_ssl_context(trust_env=not is_loopback(urlsplit(url).hostname or ""))
    except (OSError, ValueError) as error:
        raise SettingsError(
            say(
                "The certificates that this machine's environment names cannot be used: {reason} Look at "
                "SSL_CERT_FILE and SSL_CERT_DIR.",
                reason=str(error),
            )
        ) from error
    return Route(verify, proxy)

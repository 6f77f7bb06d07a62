"""The route to one host from this machine: the certificates that count, and the proxy of the environment, if any.

HTTPS_PROXY and its like are read as curl reads them. Only what concerns the host is looked at: a variable that is
wrong and not needed stops nothing, one that is needed and wrong is named.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final
from urllib.parse import unquote, urlsplit

import certifi

from ...errors import SettingsError
from ...settings.rules import is_loopback
from ...texts import say
from ...values import dataclass

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """A proxy as its variable writes it. Its text form shows where it is, and never the user or password."""

    variable: str
    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def origin(self) -> str:
        """Its address without user and password: `http://proxy.example:3128`."""
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def auth(self) -> tuple[str, str] | None:
        """The user and password, if it wants any."""
        return (self.user, self.password) if self.user or self.password else None

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Route:
    """What a connection needs to know to reach a host."""

    verify: ssl.SSLContext
    proxy: ProxyAddress | None


def route_to(url: str) -> Route:
    """Find the route to `url`, sending nothing. Raises SettingsError: a variable of the environment misleads."""
    proxy = proxy_for(url)
    if proxy is not None and proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        raise SettingsError(
            say(
                "{variable} names a SOCKS proxy, for which the package socksio is missing. Install it, or name "
                "an http:// proxy.",
                variable=proxy.variable,
            )
        )
    if "https" not in (urlsplit(url).scheme, proxy and proxy.scheme):
        return Route(
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), proxy
        )  # trusts none: certificates take 20 ms to load
    try:
        verify = _trusting()
    except (OSError, ValueError) as error:
        raise SettingsError(
            say(
                "The certificates that this machine's environment names cannot be used: {reason} Look at "
                "SSL_CERT_FILE and SSL_CERT_DIR.",
                reason=str(error),
            )
        ) from error
    return Route(verify, proxy)


def _trusting() -> ssl.SSLContext:
    """Trust the certificates that the environment names, else those of certifi, which are Mozilla's."""
    if file := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def proxy_for(url: str, environment: Mapping[str, str] | None = None) -> ProxyAddress | None:
    """Return the proxy on the way to `url`. Raises SettingsError, which names the variable that is wrong.

    `environment` holds `https`, `http`, `all` and `no`, as urllib gathers them from the machine.
    """
    known = _proxies() if environment is None else environment
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    # A proxy from the environment is for the world outside, never for this machine.
    if is_loopback(host) or _excepted(known.get("no", ""), parts.scheme, host, port):
        return None
    for kind in (parts.scheme, "all"):
        if written := known.get(kind, "").strip():
            return _read(written, _variable(kind))
    return None


def _proxies() -> Mapping[str, str]:
    """Gather what this machine says of proxies: in its environment, and elsewhere in its settings where it has some."""
    if sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}
    from urllib.request import getproxies  # noqa: PLC0415 - heavy: 1 MB, and most machines name no proxy

    return getproxies()


def _read(written: str, variable: str) -> ProxyAddress:
    wrong = SettingsError(
        say(
            "{variable} names no proxy that can be used. Write it as http://proxy.example:3128, or unset it.",
            variable=variable,
        )
    )
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        host, port, scheme = parts.hostname or "", parts.port, parts.scheme.lower()
        if ":" in host:
            ipaddress.IPv6Address(host)
        elif not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:  # a port that is no number, a bracket without its pair
        raise wrong from None
    usable = written.isprintable() and not re.search(r"[\s\\]", written) and scheme in _PORTS and port != 0
    if not usable or not (":" in host or _HOST.fullmatch(host)):
        raise wrong
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return ProxyAddress(variable, scheme, host, port or _PORTS[scheme], user, password)


def _variable(kind: str) -> str:
    """Name the variable as this machine writes it: small letters come first, as in curl."""
    name = f"{kind}_proxy"
    return name if os.environ.get(name) else name.upper()


def _excepted(exceptions: str, scheme: str, host: str, port: int) -> bool:
    """Tell whether NO_PROXY excepts the host: by name, domain, number, network, with a port or without."""
    return any(_covers(each, scheme, host, port) for each in re.split(r"[,\s]+", exceptions.lower()) if each)


def _covers(entry: str, scheme: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "://" in entry:
        wanted, _, entry = entry.partition("://")
        if wanted not in {scheme, "all"}:
            return False
    entry, wanted_port = _without_port(entry.rstrip("/"))
    if wanted_port not in {"", str(port)}:
        return False
    if (number := _number(host)) is not None:
        try:
            return number in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    bare = entry.removeprefix("*").strip(".")
    host = host.rstrip(".")
    return bool(bare) and (host == bare or host.endswith(f".{bare}"))


def _without_port(entry: str) -> tuple[str, str]:
    """Split `host:port`, `[::1]:port` and `[::1]/128`; a bare IPv6 address has no port."""
    if entry.startswith("["):
        address, _, rest = entry[1:].partition("]")
        return (address + rest, "") if rest.startswith("/") else (address, rest.removeprefix(":"))
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (number.ipv4_mapped or number) if isinstance(number, ipaddress.IPv6Address) else number


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""The address of a provider's HubSoft, as people paste it, in the one form we use."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ..errors import InvalidInput
from ..texts import say

# What the vendor's manual shows after the host; people paste it along.
_PASTED: Final = re.compile(r"/(?:oauth(?:/token)?|api(?:/v1(?:/integracao(?:/.*)?)?)?)/*$")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def normalise_url(text: str) -> str:
    """Return `scheme://host[:port][/prefix]` without a trailing slash. Raises InvalidInput.

    The error never repeats a password. Plain http is accepted to this machine only: the API's password would
    cross the network readable.
    """
    text = text.strip()
    parts, host = _split(text)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            say("The address must not carry a user or password: write it without what is before @.")
        )
    if parts.query or parts.fragment:
        raise InvalidInput(say("The address must end before any ? or #, e.g. https://{host}.", host=host))
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            say("http:// would send the password readable by others: use https://{host}.", host=host)
        )
    path = _PASTED.sub("", parts.path.rstrip("/")).rstrip("/")
    if not _PATH.fullmatch(path):
        raise InvalidInput(say("The address must be only the server's, e.g. https://{host}.", host=host))
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{shown}{suffix}{path}"


def webhook_address(text: str) -> str:
    """Return the address of a webhook as it will be called, path and query as they are. Raises InvalidInput.

    The error never repeats the path: chat services keep a key in it. Plain http is accepted to this machine only.
    """
    text = text.strip()
    parts, host = _split(text)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            say("The address must not carry a user or password: write it without what is before @.")
        )
    if parts.fragment:
        raise InvalidInput(say("The address must end before any #."))
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            say("http:// would send alerts readable by others: use https://{host}/….", host=host)
        )
    return text


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, by name (`localhost`) or number (127.0.0.0/8, ::1)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> tuple[SplitResult, str]:
    """Return the parts and the host in lower case. Raises InvalidInput."""
    wrong = InvalidInput(say("This is not an address. It looks like https://api.provider.example"))
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise wrong
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        if ":" in host:
            ipaddress.IPv6Address(host)
    except ValueError:  # a port that is no number, a bracket without its pair, a host no name server accepts
        raise wrong from None
    if "://" not in text:
        if _HOST.fullmatch(text.lower()):
            raise InvalidInput(
                say("The address must begin with https://, e.g. https://{host}.", host=text.lower())
            )
        raise wrong
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidInput(say("The address must begin with https://."))
    if port == 0 or (":" not in host and not _HOST.fullmatch(host)):
        raise wrong
    return parts, host

"""The login, `oauth/token`. The token itself appears in no text form and no error."""

from __future__ import annotations

import re
from typing import Final

from ..errors import BadAnswer
from ..texts import say
from . import envelope, scalars
from .answers import Decoded
from .models import TokenGrant
from .operation import Operation
from .scalars import UnreadableError

MAX_LIFETIME: Final = 10 * 366 * 86400.0
"""Seconds. HubSoft's tokens live 30 days; more than ten years is a mistake, and clocks must stand it."""

_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]{1,8192}\Z")


def token(client_id: str, client_secret: str, username: str, password: str) -> Operation[TokenGrant]:
    """Log in. Repeatable: a second login only makes a second token. No text form shows the credentials."""
    return Operation(
        name="token",
        method="POST",
        path="/oauth/token",
        decode=grant,
        body={
            "grant_type": "password",
            "client_id": client_id,
            "client_secret": client_secret,
            "username": username,
            "password": password,
        },
        timeout=20.0,
    )


def grant(payload: object) -> Decoded[TokenGrant]:
    """Decode a token. Raises CredentialsRefused, Refused or BadAnswer.

    A lifetime that is missing or unreadable is 0: the engine then renews as soon as it is refused.
    """
    checked = envelope.check(payload)
    access_token, token_type = checked.get("access_token"), checked.get("token_type")
    # It travels in a header: a line break inside it would be another header. One at its end is a slip
    # of a proxy on the way.
    if isinstance(access_token, str):
        access_token = access_token.strip()
    if not isinstance(access_token, str) or not _HEADER_SAFE.match(access_token):
        raise BadAnswer(
            say("HubSoft's answer to the login holds no usable token. Check the address in the profile.")
        )
    if isinstance(token_type, str):
        token_type = token_type.strip()
    if not isinstance(token_type, str) or not re.match(r"[A-Za-z]{1,32}\Z", token_type):
        token_type = "Bearer"  # noqa: S105 - a scheme's name
    try:
        lifetime = scalars.real(checked.get("expires_in")) or 0.0
    except UnreadableError:
        lifetime = 0.0
    lifetime = min(max(lifetime, 0.0), MAX_LIFETIME)
    return Decoded(TokenGrant(access_token=access_token, token_type=token_type, lifetime=lifetime))

"""The token office: who may come in, and for how long."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT_ID = "89"
CLIENT_SECRET = "segredo-falso-do-simulador"  # noqa: S105 - opens nothing but the simulator
USERNAME = "api@simulador.invalid"
PASSWORD = "senha-falsa-do-simulador"  # noqa: S105


@dataclass(slots=True)
class Grant:
    """A token given out: its short name, and when it ends on the monotonic clock."""

    name: str
    ends: float
    revoked: bool = False


class TokenOffice:
    """Gives out tokens and knows which are good. `lifetime` (seconds) counts for tokens given from now on."""

    def __init__(self, seed: int, lifetime: float = 2_592_000.0) -> None:
        self.lifetime = lifetime
        self._rng = random.Random(f"tokens:{seed}")  # noqa: S311 - opens nothing but the simulator
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()

    @property
    def issued(self) -> int:
        """How many tokens were given out so far."""
        return len(self._grants)

    def revoke(self) -> None:
        """End every token, as a system update at the vendor's does."""
        with self._lock:
            for grant in self._grants.values():
                grant.revoked = True

    def name(self, authorization: str) -> str | None:
        """Return the short name of the token in an Authorization header, good or not, or None."""
        grant = self._grants.get(authorization.removeprefix("Bearer "))
        return None if grant is None else grant.name

    def admits(self, authorization: str) -> bool:
        """Say whether an Authorization header opens the door now."""
        grant = self._grants.get(authorization.removeprefix("Bearer "))
        return (
            authorization.startswith("Bearer ")
            and grant is not None
            and not grant.revoked
            and time.monotonic() < grant.ends
        )

    def issue(self, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a token request: HTTP status and body."""
        if body.get("grant_type") != "password":
            return 400, _refusal("unsupported_grant_type", "The authorization grant type is not supported.")
        if (str(body.get("client_id")), body.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, _refusal("invalid_client", "Client authentication failed")
        if (body.get("username"), body.get("password")) != (USERNAME, PASSWORD):
            return 401, _refusal("invalid_credentials", "The user credentials were incorrect.")
        with self._lock:
            token = f"token-falso-{self._rng.getrandbits(160):040x}"
            self._grants[token] = Grant(f"T{len(self._grants) + 1}", time.monotonic() + self.lifetime)
            refresh = f"renovacao-falsa-{self._rng.getrandbits(80):020x}"
        return 200, {
            "token_type": "Bearer",
            "expires_in": int(self.lifetime),
            "access_token": token,
            "refresh_token": refresh,
        }


def _refusal(error: str, text: str) -> dict[str, Any]:
    return {"error": error, "error_description": text, "message": text}

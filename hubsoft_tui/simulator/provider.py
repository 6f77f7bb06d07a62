"""The whole state behind the API: customers, tickets, tokens, and the time it is there."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..values import dataclass
from .details import Details
from .people import Roster, SimCustomer, SimService
from .ticket_desk import TicketDesk

CLIENT_ID = "89"
CLIENT_SECRET = "segredo-falso-do-simulador"  # noqa: S105 - opens nothing but the simulator
USERNAME = "api@simulador.invalid"
PASSWORD = "senha-falsa-do-simulador"  # noqa: S105


class SimClock:
    """Epoch seconds that begin at `start` (now, if None) and advance `rate` times as fast as real ones.

    With a rate of 0 time stands still until `advance`.
    """

    def __init__(self, start: float | None = None, rate: float = 1.0) -> None:
        self.start = float(int(time.time() if start is None else start))
        self._rate = rate
        self._begun = time.monotonic()
        self._added = 0.0

    def now(self) -> float:
        """Return the simulated epoch second."""
        return self.start + self._added + (time.monotonic() - self._begun) * self._rate

    def advance(self, seconds: float) -> None:
        """Jump `seconds` ahead."""
        self._added += seconds


@dataclass(slots=True)
class Grant:
    """A token given out: its short name, and when it ends on the monotonic clock."""

    name: str
    ends: float
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class SimAction:
    """Something that was done: the route's last word, to which service, equipment or order, and when."""

    name: str
    target: str
    detail: str
    at: float


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


class Provider:
    """A provider that exists as long as its simulator. Hold `lock` to read or change several things."""

    def __init__(
        self,
        *,
        seed: int,
        customers: int,
        tickets: int,
        closed: int,
        clock: SimClock,
        hostile: bool,
        always: bool,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.roster = Roster(customers, seed, hostile=hostile)
        self.details = Details(seed, clock.start, always=always)
        self.tokens = TokenOffice(seed)
        self.desk = TicketDesk(self.roster, seed, start=clock.start, opened=tickets, closed=closed)
        self.actions: list[SimAction] = []
        """What was done to services, equipment and visits, in order: the judge of what was done once."""
        self.newer = True
        """Whether the routes are here that older servers lack."""
        self.steps_per_request = 0
        """Ticket changes made before every request, so that pages shift while they are read."""

    @cached_property
    def equipment(self) -> dict[str, tuple[SimCustomer, SimService]]:
        """Whose the optical equipment is, by its address."""
        return {
            address: (customer, service)
            for customer in self.roster.customers
            for service in customer.services
            if (address := self.details.optical_address(service))
        }

    def catch_up(self) -> None:
        """Make the ticket changes that are due by now."""
        with self.lock:
            now = self.clock.now()
            self.desk.advance(now)
            self.desk.step(self.steps_per_request, now)


def _refusal(error: str, text: str) -> dict[str, Any]:
    return {"error": error, "error_description": text, "message": text}

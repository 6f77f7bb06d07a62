"""An engine's part at the server that several machines share. Imported only where the settings name one."""

from __future__ import annotations

import hashlib
import platform
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from ..core.clock import Clock
from ..core.engine import Ports
from ..core.limiter.ledger import Ledger, Told, Turn
from ..core.limiter.throttle import limits_from
from ..core.limiter.turns import taken
from ..core.ports import MachineSeen
from ..core.types import Priority
from ..errors import SettingsError
from ..settings import places
from ..settings.places import write_private
from ..settings.tree import Settings
from ..shared.budget import MachineFace, SharedBudget
from ..shared.connection import SharedAddress, SharedServer
from ..shared.diagnosis import Diagnosis, LedgerSeen, diagnose, read_ledger
from ..shared.flights import CHANNEL, SharedFlights
from ..shared.machines import seen_machines
from ..shared.membership import SILENCE
from ..shared.news import CHANNEL as NEWS
from ..shared.news import SharedNews
from ..shared.outages import CHANNEL as OUTAGES
from ..shared.outages import SharedOutages
from ..shared.seal import Seal
from ..shared.tokens import SharedTokens
from ..store.budget import SqliteBudget
from ..texts import say
from ..values import dataclass

LONGEST: Final = 50.0
"""Seconds after a grant by which a request's last byte must leave. The shorter, the sooner a machine may send without
the server."""
MACHINE_FILE: Final = "machine.id"


@dataclass(frozen=True, slots=True)
class ShortAsk:
    """An applicant whose lease is short enough."""

    priority: Priority
    arrival: float
    lease: float


_ENDS: Final = {"rediss": r"(/\d*)?", "redis": r"(/\d*)?", "unix": r"/[^?#]+(\?db=\d+)?"}
"""What may follow the host: a database, and nothing that would change how it is spoken to."""


def address_of(settings: Settings) -> SharedAddress:
    """Return where the shared server is. Raises SettingsError for a connection that others could read."""
    url, shared = (settings.profile.shared_url or settings.shared.url).strip(), settings.shared
    parts = _parts(url)
    if settings.profile.shared_password and parts.password is None:
        name, _, host = parts.netloc.rpartition("@")
        login = f"{name}:{quote(settings.profile.shared_password, safe='')}"
        url = urlunsplit(parts._replace(netloc=f"{login}@{host}"))
    address = SharedAddress(url, shared.ca_file)
    if not address.encrypted and not shared.allow_plain:
        raise SettingsError(
            say(
                "What goes to the shared server {host} could be read on the way. Use rediss://, or set "
                "shared.allow_plain = true.",
                host=address.host,
            )
        )
    return address


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        after = urlunsplit(("", "", *parts[2:]))
        ends = _ENDS.get(parts.scheme)
        placed = bool(parts.hostname) is (parts.scheme != "unix") and parts.port != 0
        if ends and placed and re.fullmatch(ends, after):
            return parts
    except ValueError:  # a bracket without its pair, a port that is no number
        pass
    raise SettingsError(
        say(
            "The shared server's address is none. It looks like rediss://user@host:6380/0, with no more after that; "
            "in its password / is written %2F, # %23, ? %3F, % %25."
        )
    )


def shared_ports(
    ports: Ports,
    settings: Settings,
    clock: Clock,
    *,
    account: str,
    ledger: SqliteBudget,
    folder: Path,
    program: str,
) -> tuple[Ports, SharedBudget]:
    """Return the ports of an engine of `program` that shares its budget with other machines, and that budget.

    Raises SettingsError, StoreError.
    """
    server = SharedServer(address_of(settings), account)
    seal = Seal(account, settings.profile.client_secret)
    name = settings.shared.name or platform.node().partition(".")[0]
    face = MachineFace(_machine_id(folder), name, program)

    def grant(alone: Ledger, told: Told, now: float) -> tuple[Ledger, Turn]:
        short = [ShortAsk(ask.priority, ask.arrival, min(ask.lease, LONGEST)) for ask in told.asks]
        return taken(alone, ledger.owner, Told(told.facts, short, told.limits), now)

    budget = SharedBudget(
        server,
        seal,
        face,
        ledger=ledger,
        owner=ledger.owner,
        clock=clock,
        longest=LONGEST,
        limits=limits_from(settings.limiter),
        grant=grant,
        alone=ledger.last,
    )
    news = SharedNews(server, seal, owner=ledger.owner, clock=clock, ledger=ledger, hurry=budget.hurry)
    budget.hearers[NEWS] = news.hear
    budget.asides.append(news.saying)
    budget.answers.append(news.heard)
    flights = SharedFlights(
        server,
        seal,
        owner=ledger.owner,
        clock=clock,
        server_clock=budget,
        local=ports.flights,
        records=ports.records,
        life=settings.cache.stale_ttl,
        most=settings.shared.max_records,
        doubtful=news.doubtful,
    )
    budget.hearers[CHANNEL] = flights.news
    budget.asides.append(flights.going_on)
    tokens = SharedTokens(
        server,
        seal,
        owner=ledger.owner,
        clock=clock,
        local=ports.tokens,
        password=settings.profile.password,
    )
    outages = SharedOutages(server, face.id, ledger.owner)
    budget.hearers[OUTAGES] = outages.news
    budget.catch_up.append(outages.caught_up)
    return replace(ports, permits=budget, flights=flights, tokens=tokens, outages=outages, news=news), budget


async def looked_at(settings: Settings, account: str, clock: Clock) -> Diagnosis:
    """Diagnose the server. Raises SettingsError, StoreError."""
    async with _visiting(settings, account) as (server, seal, mine):
        return await diagnose(server, clock, lambda: seen_machines(server, seal, mine))


async def machines_at(settings: Settings, account: str) -> list[MachineSeen]:
    """Return who is at the server. Raises SettingsError, StoreError."""
    async with _visiting(settings, account) as (server, seal, mine):
        return await seen_machines(server, seal, mine)


@dataclass(frozen=True, slots=True)
class SharedFigures:
    """The shared server as other systems measure it."""

    round_trip: float
    """Seconds."""
    ledger: LedgerSeen
    machines: tuple[MachineSeen, ...]

    @property
    def set_aside(self) -> int:
        """Requests a window that are kept free for machines that are silent."""
        return sum(machine.promise for machine in self.machines if machine.silent >= SILENCE)


async def figures_at(settings: Settings, account: str) -> SharedFigures:
    """Measure the server. Raises SettingsError, StoreError."""
    async with _visiting(settings, account) as (server, seal, mine):
        await server.call(lambda client: client.ping())  # what connecting takes is no round trip
        began = time.monotonic()
        ledger = await read_ledger(server)
        trip = time.monotonic() - began
        return SharedFigures(trip, ledger, tuple(await seen_machines(server, seal, mine)))


@asynccontextmanager
async def _visiting(settings: Settings, account: str) -> AsyncIterator[tuple[SharedServer, Seal, str]]:
    """Connect to the server without joining the budget; yields what reads it, and this machine's id there."""
    server = SharedServer(address_of(settings), account)
    folder = places.find(home=settings.home or None).state
    try:
        yield server, Seal(account, settings.profile.client_secret), _machine_id(folder)
    finally:
        await server.close()


def _machine_id(folder: Path) -> str:
    """Return this machine's id: drawn once for its home, and joined with its host's name, as a home may be copied."""
    path = folder / MACHINE_FILE
    if not path.exists():
        write_private(path, secrets.token_hex(16).encode())
    drawn = path.read_bytes() + platform.node().encode()
    return hashlib.sha256(drawn).hexdigest()[:12]

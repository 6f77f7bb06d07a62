"""The simulator as programs and tests hold it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from ..settings.tree import Profile
from ..texts import _, say
from . import provider
from .provider import Provider, SimClock
from .request_log import LoggedRequest, RequestLog
from .scenarios import SCENARIOS, FaultPlan, RequestThrottle, Scenario, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from .people import SimCustomer
    from .server import LoopServer
    from .ticket_desk import SimTicket, TicketEdit


class Simulator:
    """An embedded HubSoft API over HTTP on loopback, with a generated provider behind it.

    A context manager; or `start` and `close`. Every method may be called from any thread, before or while it
    serves. The same seed gives the same provider; with the same `start_at` the same dates too.

    `port` 0 takes a free one. `customers` counts all of them, the fixed ones included. `tickets` are open at
    the start, eight times as many closed unless `closed_tickets` says otherwise. `clock_rate` 0 stops the
    provider's own time. `latency` (seconds, low and high) and `changes_per_minute` replace the scenario's.
    `hostile` adds a customer whose texts attack terminals. `always_relations` gives addresses and equipment
    without `relacoes`, as older servers do. `log_file` also writes what arrives for other processes.
    """

    client_id = provider.CLIENT_ID
    client_secret = provider.CLIENT_SECRET
    username = provider.USERNAME
    password = provider.PASSWORD

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 7,
        customers: int = 1506,
        tickets: int = 400,
        closed_tickets: int | None = None,
        scenario: str = "calm",
        clock_rate: float = 1.0,
        start_at: float | None = None,
        latency: tuple[float, float] | None = None,
        changes_per_minute: float | None = None,
        rate_limit: int | None = None,
        rate_window: float = 60.0,
        lifetime: float = 2_592_000.0,
        hostile: bool = False,
        always_relations: bool = False,
        log_file: Path | None = None,
    ) -> None:
        self.provider = Provider(
            seed=seed,
            customers=customers,
            tickets=tickets,
            closed=8 * tickets if closed_tickets is None else closed_tickets,
            clock=SimClock(start_at, clock_rate),
            hostile=hostile,
            always=always_relations,
        )
        self.request_log = RequestLog(log_file)
        self.faults = FaultPlan(seed)
        self.throttle = RequestThrottle(window=rate_window)
        self.lifetime = lifetime
        self._port = port
        self._latency = latency
        self._changes = changes_per_minute
        self._rate_limit = rate_limit
        self._server: LoopServer | None = None
        self.on_request: Callable[[LoggedRequest], object] | None = None
        """Called in the server's thread with each request as it arrives, before anything is decided."""
        self.set_scenario(scenario)

    # -- life

    def start(self) -> Self:
        """Serve from now on. Raises OSError when the port is taken."""
        if self._server is None:
            from .server import LoopServer, Reception  # noqa: PLC0415 - heavy: asyncio

            server = LoopServer(Reception(self), self._port)
            server.start()
            self._server = server
            self._port = server.port
        return self

    def close(self) -> None:
        """Stop serving and drop every connection; idempotent. The log stays readable."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.request_log.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def profile(self) -> Profile:
        """A profile that logs in here."""
        return Profile(
            name="demo",
            url=self.url,
            client_id=self.client_id,
            username=self.username,
            client_secret=self.client_secret,
            password=self.password,
        )

    @property
    def port(self) -> int:
        """The port served; 0 before the start when any free one was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """What a profile calls its url, e.g. `http://127.0.0.1:43210`."""
        return f"http://127.0.0.1:{self._port}"

    # -- weather

    @property
    def scenario(self) -> str:
        """The name of the scenario that holds now."""
        return self.current.name

    def set_scenario(self, name: str) -> None:
        """Switch to another scenario at once. Raises KeyError for an unknown name."""
        self.current: Scenario = SCENARIOS[name]
        self.latency = self.current.latency if self._latency is None else self._latency
        self.seconds_per_row = self.current.seconds_per_row
        self.throttle.limit = self.current.rate_limit if self._rate_limit is None else self._rate_limit
        self.throttle.restart()
        with self.provider.lock:
            rate = self.current.changes if self._changes is None else self._changes
            self.provider.desk.set_rate(rate, self.provider.clock.now())
        if self.current.revokes:
            self.revoke_tokens()

    def fail_next(
        self,
        count: int,
        kind: str,
        path: str | None = None,
        *,
        after_executing: bool = False,
        method: str | None = None,
        body: bytes = b"",
        content_type: str = "application/json",
    ) -> None:
        """Spoil the next `count` requests (those to `path`, which may hold `*`).

        Kinds: `reset`, `close`, `status:500`, `html`, `html:502`, `gateway:404` (a gateway's JSON), `blank:404`
        (no body), `says:200` (answers `body` as `content_type`), `empty`, `delay:2.5`, `late:2.5`
        (answers 504 and does it afterwards); and `truncated`, `latin1`, `json_string`, `content_type`, which
        spoil the real answer. With `after_executing` what was
        asked is done first. Raises ValueError for an unknown kind.
        """
        fault = replace(parse(kind, after_executing=after_executing), body=body, content_type=content_type)
        self.faults.order(count, fault, path=path, method=method)

    def revoke_tokens(self) -> None:
        """End every token given out so far."""
        self.provider.tokens.revoke()

    @property
    def tokens_issued(self) -> int:
        """How many logins succeeded so far."""
        return self.provider.tokens.issued

    @property
    def lifetime(self) -> float:
        """`expires_in` of the tokens given out from now on, in seconds; they really end then."""
        return self.provider.tokens.lifetime

    @lifetime.setter
    def lifetime(self, seconds: float) -> None:
        self.provider.tokens.lifetime = seconds

    # -- what is behind it

    @property
    def customers(self) -> list[SimCustomer]:
        """Every customer, in order of generation."""
        return self.provider.roster.customers

    @property
    def hostile(self) -> SimCustomer | None:
        """The customer whose texts attack terminals; None unless asked for."""
        return self.provider.roster.hostile

    def customer(self, document: str) -> SimCustomer:
        """Return the customer with a document. Raises KeyError for a stranger."""
        return self.provider.roster.require(document)

    def set_status(self, customer: str | SimCustomer, status: str) -> None:
        """Put every service of a customer (or document) in a status, e.g. `cancelado`."""
        with self.provider.lock:
            age = int(self.provider.clock.start - self.provider.clock.now())
            self.provider.roster.set_status(customer, status, age)

    def remove_customer(self, customer: str | SimCustomer) -> SimCustomer:
        """Forget a customer: bulk pages get shorter and shift."""
        with self.provider.lock:
            return self.provider.roster.remove(customer)

    def add_customer(self, customer: SimCustomer) -> SimCustomer:
        """Sign a customer, e.g. one that was removed: bulk pages get longer and shift."""
        with self.provider.lock:
            return self.provider.roster.add(customer)

    @property
    def tickets(self) -> list[SimTicket]:
        """Every ticket, oldest first: what HubSoft knows, to compare with what a client believes."""
        with self.provider.lock:
            return list(self.provider.desk.tickets.values())

    @property
    def changes(self) -> list[TicketEdit]:
        """Every ticket change so far, in order, clients' own writes included."""
        with self.provider.lock:
            return list(self.provider.desk.changes)

    def remove_ticket(self, ticket: SimTicket) -> None:
        """Let HubSoft return a ticket no more: lists get shorter and shift."""
        with self.provider.lock:
            self.provider.desk.forget(ticket)

    def step(self, count: int = 1) -> list[TicketEdit]:
        """Make `count` ticket changes now and return them: the same ones for the same seed."""
        with self.provider.lock:
            return self.provider.desk.step(count, self.provider.clock.now())

    @property
    def steps_per_request(self) -> int:
        """Ticket changes made before each request, so that pages shift while they are read; 0 at first."""
        return self.provider.steps_per_request

    @steps_per_request.setter
    def steps_per_request(self, count: int) -> None:
        self.provider.steps_per_request = count


def introduce(simulator: Simulator) -> list[str]:
    """Return the lines that say where the simulator is, how to log in, and which customers to look for."""
    current = SCENARIOS[simulator.scenario]
    lines = [
        str(say("HubSoft simulator at {url}", url=simulator.url)),
        str(say("Scenario: {title} - {help}", title=_(current.title), help=_(current.help))),
        "",
        f"HUBSOFT_URL={simulator.url}",
        f"HUBSOFT_CLIENT_ID={simulator.client_id}",
        f"HUBSOFT_CLIENT_SECRET={simulator.client_secret}",
        f"HUBSOFT_USERNAME={simulator.username}",
        f"HUBSOFT_PASSWORD={simulator.password}",
        "",
        _("Some customers to look for:"),
    ]
    lines += [f"  {written(person.document):<20} {person.name}" for person in simulator.customers[:8]]
    lines += ["", _("Press Ctrl+C to end it.")]
    return lines


def written(document: str) -> str:
    """Return a document with its points and dashes."""
    if len(document) == 14:
        return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
    return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"

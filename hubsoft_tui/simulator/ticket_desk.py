"""The tickets of the provider, and the seeded process that changes them while one watches."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final, NotRequired, TypedDict, Unpack

from ..values import dataclass
from . import catalogue
from .people import DAY, Roster, SimCustomer, SimService
from .wire import local

FIRST_ID: Final = 4_000
_MOST_AT_ONCE: Final = 2_000
KEPT_CHANGES: Final = 1_000
KEPT_CLOSED: Final = 1_000
"""Changes, and closed tickets, that a provider remembers which began with fewer: a demo may run for days."""
SWING: Final = 50
"""A desk closes what it opens: by so many tickets at most the open ones differ from those of the start."""
_KINDS: Final = {"opened": 22, "status": 30, "message": 18, "closed": 24, "reopened": 2, "reassigned": 4}


@dataclass(slots=True)
class SimOrder:
    """A work order that belongs to a ticket."""

    id: int
    type_id: int
    opened_at: float
    closed_at: float | None = None
    planned: float | None = None
    """When the visit begins, where it was planned anew; `ends` with it."""
    ends: float | None = None
    confirmed: bool = False

    @property
    def window(self) -> tuple[float, float]:
        """When the visit begins and ends."""
        return self.planned or self.opened_at + 3_600, self.ends or self.opened_at + 7_200


@dataclass(slots=True)
class SimMessage:
    """A message inside a ticket."""

    id: int
    text: str
    at: float
    user_id: int


class Story(TypedDict):
    """Why a customer called, and which sector deals with it."""

    description: str
    type_id: int | None
    status_id: int
    responsible: int | None
    contact: str
    phone: str
    email: NotRequired[str | None]


@dataclass(slots=True)
class SimTicket:
    """A ticket as the provider has it; moments are epoch seconds."""

    id: int
    protocol: str
    customer: SimCustomer
    service: SimService
    type_id: int | None
    status_id: int
    opened_at: float
    opened_by: int
    responsible: int | None
    description: str
    contact: str
    phone: str
    closed_at: float | None = None
    closed_by: int | None = None
    closing: str | None = None
    closing_status: str | None = None
    reason_id: int | None = None
    draft: bool = False
    deleted_at: float | None = None
    email: str | None = None
    messages: list[SimMessage] = field(default_factory=list)
    orders: list[SimOrder] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class TicketEdit:
    """One thing that happened to a ticket.

    `kind` is opened, status, type, message, closed, reopened or reassigned.
    """

    number: int
    kind: str
    ticket_id: int
    protocol: str
    before: object
    after: object
    at: float
    by_client: bool = False


class TicketDesk:
    """Every ticket by id, in order of opening. Not thread-safe: the provider's lock guards it."""

    def __init__(self, roster: Roster, seed: int, *, start: float, opened: int, closed: int) -> None:
        self._roster = roster
        self._rng = random.Random(f"changes:{seed}")  # noqa: S311 - events, not secrets
        self._pace = random.Random(f"pace:{seed}")  # noqa: S311
        self._protocols: set[str] = set()
        self._numbers = {"order": 900, "message": 9_000}
        self._rate = 0.0
        self._due = float("inf")
        self.tickets: dict[int, SimTicket] = {}
        self.changes: deque[TicketEdit] = deque(maxlen=KEPT_CHANGES)
        self._numbered = 0
        self._usual = opened
        self._most_closed = max(closed, KEPT_CLOSED)
        self._open: list[int] = []
        self._closed: list[int] = []
        self._generate(random.Random(f"tickets:{seed}"), start, opened, closed)  # noqa: S311

    # -- the passing of time

    def set_rate(self, per_minute: float, now: float) -> None:
        """Change tickets `per_minute` times a minute from `now` on, at irregular moments."""
        self._rate = per_minute / 60.0
        self._due = now + self._pace.expovariate(self._rate) if self._rate > 0 else float("inf")

    def advance(self, now: float) -> None:
        """Make the changes due by `now`; after a long silence only some of them."""
        for _ in range(_MOST_AT_ONCE):
            if self._due > now:
                return
            self._change(self._due)
            self._due += self._pace.expovariate(self._rate)
        self._due = now + self._pace.expovariate(self._rate)

    def step(self, count: int, now: float) -> list[TicketEdit]:
        """Make `count` changes now."""
        first = self._numbered
        for _ in range(count):
            self._change(now)
        return [each for each in self.changes if each.number > first]

    # -- what can happen to a ticket

    def open(
        self,
        customer: SimCustomer,
        service: SimService,
        *,
        at: float,
        by: int,
        by_client: bool = False,
        **story: Unpack[Story],
    ) -> SimTicket:
        """Open a ticket."""
        ticket = SimTicket(
            id=next(reversed(self.tickets), FIRST_ID - 1) + 1,
            protocol=self._protocol(at, self._rng),
            customer=customer,
            service=service,
            opened_at=at,
            opened_by=by,
            **story,
        )
        self.tickets[ticket.id] = ticket
        self._open.append(ticket.id)
        self._record("opened", ticket, None, ticket.status_id, at, by_client=by_client)
        return ticket

    def order(self, ticket: SimTicket, at: float, type_id: int) -> SimOrder:
        """Add a work order to a ticket."""
        made = SimOrder(self._next("order"), type_id, at)
        ticket.orders.append(made)
        return made

    def message(
        self, ticket: SimTicket, text: str, at: float, *, by: int, by_client: bool = False
    ) -> SimMessage:
        """Add a message to a ticket."""
        made = SimMessage(self._next("message"), text, at, by)
        ticket.messages.append(made)
        self._record("message", ticket, None, text, at, by_client=by_client)
        return made

    def set_status(self, ticket: SimTicket, status_id: int, at: float, *, by_client: bool = False) -> None:
        """Move a ticket to another status."""
        before, ticket.status_id = ticket.status_id, status_id
        self._record("status", ticket, before, status_id, at, by_client=by_client)

    def set_type(self, ticket: SimTicket, type_id: int, at: float) -> None:
        """Give a ticket another type, as a client asked."""
        before, ticket.type_id = ticket.type_id, type_id
        self._record("type", ticket, before, type_id, at, by_client=True)

    def close(
        self, ticket: SimTicket, at: float, *, by: int, closing: Mapping[str, Any], by_client: bool = False
    ) -> None:
        """Close a ticket and its work orders."""
        before = ticket.status_id
        ticket.closed_at, ticket.closed_by = at, by
        ticket.reason_id = int(closing.get("id_motivo_fechamento_atendimento") or catalogue.AUTOMATIC_REASON)
        ticket.closing = closing.get("descricao_fechamento") or "Fechado Automático Atendimento"
        ticket.closing_status = closing.get("status_fechamento") or "concluido"
        if not catalogue.TICKET_STATUSES[before].closed:
            ticket.status_id = catalogue.CLOSED_STATUSES[0]
        for order in ticket.orders:
            order.closed_at = order.closed_at or at
        self._open.remove(ticket.id)
        self._closed.append(ticket.id)
        self._record("closed", ticket, before, ticket.status_id, at, by_client=by_client)
        if len(self._closed) > self._most_closed:
            self.forget(self.tickets[self._closed[0]])

    def reopen(self, ticket: SimTicket, at: float) -> None:
        """Open a closed ticket again, as an operator at the panel does."""
        before, ticket.status_id = ticket.status_id, 66
        ticket.closed_at = ticket.closed_by = ticket.closing = ticket.closing_status = ticket.reason_id = None
        self._closed.remove(ticket.id)
        self._open.append(ticket.id)
        self._record("reopened", ticket, before, ticket.status_id, at)

    def forget(self, ticket: SimTicket) -> None:
        """Take a ticket out of every list, without a trace."""
        del self.tickets[ticket.id]
        self._protocols.discard(ticket.protocol)
        (self._open if ticket.open else self._closed).remove(ticket.id)

    # -- inside

    def _change(self, at: float) -> None:
        rng = self._rng
        kind = rng.choices(tuple(_KINDS), weights=tuple(_KINDS.values()))[0]
        if kind in {"opened", "closed"} and abs(len(self._open) - self._usual) >= SWING:
            kind = "closed" if len(self._open) > self._usual else "opened"
        # Only what was closed lately is opened again, and nothing that was deleted.
        lately = [each for each in self._closed[-50:] if self.tickets[each].deleted_at is None]
        if kind == "reopened" and lately:
            self.reopen(self.tickets[rng.choice(lately)], at)
            return
        if kind in {"opened", "reopened"} or not self._open:
            self._take_call(at)
            return
        ticket = self.tickets[rng.choice(self._open)]
        user = rng.choice(tuple(catalogue.STAFF))
        if kind == "status":
            self.set_status(
                ticket, rng.choice([s for s in catalogue.OPEN_STATUSES if s != ticket.status_id]), at
            )
        elif kind == "message":
            self.message(ticket, rng.choice(catalogue.NOTES), at, by=user)
        elif kind == "closed":
            reason = rng.choice(tuple(catalogue.CLOSING_REASONS))
            closing = {"id_motivo_fechamento_atendimento": reason, "descricao_fechamento": "RESOLVIDO"}
            self.close(ticket, at, by=user, closing=closing)
        else:
            before = ticket.responsible
            ticket.responsible = rng.choice([u for u in catalogue.STAFF if u != before])
            self._record("reassigned", ticket, before, ticket.responsible, at)

    def _take_call(self, at: float) -> None:
        rng = self._rng
        people = self._roster.customers
        for _ in range(20):
            if people and (customer := rng.choice(people)).services:
                self.open(
                    customer,
                    rng.choice(customer.services),
                    at=at,
                    by=rng.choice(tuple(catalogue.STAFF)),
                    **_story(rng, customer),
                )
                return

    def _record(
        self,
        kind: str,
        ticket: SimTicket,
        before: object,
        after: object,
        at: float,
        *,
        by_client: bool = False,
    ) -> None:
        self._numbered += 1
        self.changes.append(
            TicketEdit(self._numbered, kind, ticket.id, ticket.protocol, before, after, at, by_client)
        )

    def _protocol(self, at: float, rng: random.Random) -> str:
        while True:
            made = f"{local(at):%Y%m%d%H%M%S}{rng.randrange(10**6):06d}"
            if made not in self._protocols:
                self._protocols.add(made)
                return made

    def _next(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def _generate(self, rng: random.Random, start: float, opened: int, closed: int) -> None:
        people = [customer for customer in self._roster.customers if customer.services]
        if not people:
            return
        ages = [(min(rng.expovariate(1 / (3 * DAY)), 60 * DAY), -1.0) for _ in range(opened)]
        for _ in range(closed):
            age = rng.uniform(0.05, 180) * DAY
            ages.append(
                (age, age * rng.uniform(0.02, 0.95) if age < 4 * DAY else age - rng.uniform(0, 4) * DAY)
            )
        ages.sort(reverse=True)
        regulars = _regulars(people, ages)
        for position, (age, ended) in enumerate(ages):
            customer = regulars.get(position) or rng.choice(people)
            at = float(int(start - age))
            ticket = SimTicket(
                id=FIRST_ID + position,
                protocol=self._protocol(at, rng),
                customer=customer,
                service=customer.services[0],
                opened_at=at,
                opened_by=rng.choice(tuple(catalogue.STAFF)),
                **_story(rng, customer),
            )
            self._furnish(ticket, rng, None if ended < 0 else float(int(start - ended)))

    def _furnish(self, ticket: SimTicket, rng: random.Random, ended: float | None) -> None:
        """Give a ticket the history it would have by now."""
        self.tickets[ticket.id] = ticket
        for _ in range(rng.choices((0, 1, 2), weights=(6, 3, 1))[0]):
            user = rng.choice(tuple(catalogue.STAFF))
            ticket.messages.append(
                SimMessage(self._next("message"), rng.choice(catalogue.NOTES), ticket.opened_at, user)
            )
        if rng.random() < 0.25:
            ticket.orders.append(SimOrder(self._next("order"), 302, ticket.opened_at, ended))
        if ended is None:
            ticket.draft = rng.random() < 0.02 and not ticket.customer.alerts
            ticket.type_id = None if ticket.draft else ticket.type_id
            self._open.append(ticket.id)
            return
        ticket.closed_at = max(ended, ticket.opened_at + 60)
        ticket.closed_by = rng.choice(tuple(catalogue.STAFF))
        ticket.status_id = rng.choice(catalogue.CLOSED_STATUSES)
        ticket.reason_id, ticket.closing = rng.choice(tuple(catalogue.CLOSING_REASONS)), "RESOLVIDO"
        ticket.closing_status = "concluido"
        ticket.deleted_at = ticket.closed_at if rng.random() < 0.01 else None
        self._closed.append(ticket.id)


def _story(rng: random.Random, customer: SimCustomer) -> Story:
    return {
        "description": rng.choice(catalogue.COMPLAINTS),
        "type_id": rng.choice(tuple(catalogue.TICKET_TYPES)),
        "status_id": rng.choice(catalogue.OPEN_STATUSES),
        "responsible": rng.choice((None, *catalogue.STAFF)),
        "contact": customer.name.title(),
        "phone": customer.phone,
    }


def _regulars(people: Iterable[SimCustomer], ages: list[tuple[float, float]]) -> dict[int, SimCustomer]:
    """Return which tickets belong to customers that must have some: an alert or hostile texts."""
    watched = [customer for customer in people if customer.index < 8 and customer.alerts]
    still_open = [position for position, (_age, ended) in enumerate(ages) if ended < 0]
    finished = [position for position, (_age, ended) in enumerate(ages) if ended >= 0]
    chosen: dict[int, SimCustomer] = {}
    for customer in watched:
        for positions in (still_open, still_open, finished):
            if positions:
                chosen[positions.pop()] = customer
    return chosen

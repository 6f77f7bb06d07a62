"""What a ticket of the simulated provider is, and what can be said to have happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from .people import SimCustomer, SimService


@dataclass(slots=True)
class SimOrder:
    """A work order that belongs to a ticket."""

    id: int
    type_id: int
    opened_at: float
    closed_at: float | None = None


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

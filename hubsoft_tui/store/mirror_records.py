"""What the tickets' mirror keeps, as records: immutable, and quick to make by the thousand."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Standing(IntEnum):
    """Where a ticket stands."""

    OPEN = 0
    CLOSED = 1
    MISSING = 2  # HubSoft deleted it, or returns it no more


class Following(IntEnum):
    """Whether a ticket is among those that people watch; the positive ones are."""

    DISMISSED = -1  # a person said no, and it stays no
    NO = 0  # known, but closed before we came or long ago
    RULE = 1
    PERSON = 2  # a person asked for it


class DueTold(IntEnum):
    """What was told of a ticket's SLA."""

    NOTHING = 0
    SOON = 1
    LATE = 2


class MirrorTicket(msgspec.Struct, frozen=True):
    """One ticket as last heard of. Instants are UTC epoch seconds; `change` numbers its newest change, 0 for none.

    `responsible` holds one name a line. `messages` counts those kept, None before any were asked for;
    `last_message` is the highest id among them.
    """

    id: int
    protocol: str
    state: int
    following: int
    type_id: int | None
    type: str | None
    status_id: int | None
    status: str | None
    status_prefix: str | None
    opened_at: float | None
    closed_at: float | None
    deleted_at: float | None
    due_at: float | None
    draft: int
    opened_by: str | None
    closed_by: str | None
    responsible: str
    sector: str | None
    closing_status: str | None
    closing_reason: str | None
    service_id: int | None
    customer_id: int | None
    customer_code: int | None
    customer_name: str | None
    customer_document: str | None
    messages: int | None
    last_message: int
    first_seen: float
    confirmed_at: float
    """When the answer that last held it was asked for."""
    change: int = 0
    version: int = 0
    due_told: int = 0

    def __repr__(self) -> str:
        return f"MirrorTicket({self.id}, {self.protocol!r})"


class FollowedTicket(msgspec.Struct, frozen=True):
    """A ticket that is followed and open: as much as the sync has to know of it."""

    id: int
    protocol: str
    opened_at: float | None = None
    status_id: int | None = None
    confirmed_at: float = 0.0


class MirrorChange(msgspec.Struct, frozen=True):
    """One line of a ticket's history, under its `number`."""

    number: int
    ticket_id: int
    kind: str
    before: str | None
    after: str | None
    at: float | None
    by: str | None
    seen_at: float


class MirrorMessage(msgspec.Struct, frozen=True):
    """One message of a ticket."""

    id: int
    ticket_id: int
    text: str
    written_at: float | None

    def __repr__(self) -> str:
        return f"MirrorMessage({self.id})"


class MirrorTexts(msgspec.Struct, frozen=True):
    """A ticket's long texts; None where HubSoft did not say. `work_orders` is opaque here."""

    ticket_id: int
    opening: str | None = None
    closing: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    work_orders: bytes | None = None
    asked_at: float | None = None
    """When HubSoft was last asked for all of them."""

    def __repr__(self) -> str:
        return f"MirrorTexts({self.ticket_id})"


class Label(msgspec.Struct, frozen=True):
    """What a tenant calls a status or type: `kind` is `status` or `type`."""

    kind: str
    id: int
    label: str
    prefix: str | None = None


class StatusCount(msgspec.Struct, frozen=True):
    """How many tickets known since some day stand in a status, open and closed."""

    id: int | None
    open: int
    closed: int


class MirrorState(msgspec.Struct, frozen=True):
    """What the sync keeps for itself between passes, and between processes."""

    version: int = 0
    changes: int = 0
    began_at: float | None = None
    """When the first whole pass began; None before it ended."""
    synced_at: float | None = None
    """When the last whole pass began."""
    looked_at: float | None = None
    """When everything opened lately was last read without a filter."""
    tables_at: float | None = None
    """When the table of statuses was last read."""
    page: bytes | None = None
    """The page size that works; opaque here."""
    last: bytes | None = None
    """The last pass's report; opaque here."""


class Pulse(msgspec.Struct, frozen=True):
    """What tells a watcher that there is news."""

    version: int
    synced_at: float | None
    owner: str | None
    """Who holds the right to sync."""

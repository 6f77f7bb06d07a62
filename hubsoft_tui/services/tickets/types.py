"""What the tickets service hands out: immutable, light to import, instants in UTC epoch seconds."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from ...api.models import Message, WorkOrder
from ...values import dataclass


class TicketState(Enum):
    """Where a followed ticket stands, as far as we know."""

    OPEN = "open"
    CLOSED = "closed"
    MISSING = "missing"  # HubSoft no longer returns it


class ChangeKind(Enum):
    """What happened to a ticket."""

    NEW = "new"
    STATUS = "status"
    TYPE = "type"
    RESPONSIBLE = "responsible"
    MESSAGE = "message"
    CLOSED = "closed"
    REOPENED = "reopened"
    MISSING = "missing"
    FOUND = "found"  # it was missing, and is there again
    DUE = "due"  # its SLA ends soon
    LATE = "late"  # its SLA ended


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a ticket's history. `number` grows with every change that is noticed on this home."""

    number: int
    ticket_id: int
    protocol: str
    kind: ChangeKind
    before: str | None
    after: str | None
    seen_at: float
    at: float | None = None
    """When HubSoft says it happened, where it says so."""
    by: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket as the table shows it."""

    id: int
    protocol: str
    state: TicketState
    customer: str | None = None
    customer_code: int | None = None
    customer_document: str | None = field(default=None, repr=False)
    service_id: int | None = None
    type: str | None = None
    status: str | None = None
    responsible: tuple[str, ...] = ()
    opened_at: float | None = None
    closed_at: float | None = None
    due_at: float | None = None
    """When its SLA ends: HubSoft's time left, counted from the moment it said so. None when it never did."""
    draft: bool = False
    messages: int = 0
    first_seen: float = 0.0
    confirmed_at: float = 0.0
    """When HubSoft last returned it. Being returned unchanged is no difference: a `Delta` does not repeat it."""
    change: Change | None = None
    """Its newest change."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What differs from an earlier version of the mirror. With `whole`, `rows` are all there is."""

    version: int
    rows: tuple[TicketRow, ...] = ()
    removed: tuple[int, ...] = ()
    """Ids that are not followed any more."""
    changes: tuple[Change, ...] = ()
    """Newest last; with `whole` the last few hundred."""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one pass will ask. `lines` say it to a person; `requests` is the estimate, `naive` one per ticket."""

    lines: tuple[str, ...]
    requests: int
    naive_requests: int


@dataclass(frozen=True, slots=True)
class PassReport:
    """What one pass found; the names are those of `sync --once --json`."""

    tracked: int
    new: int
    changed: int
    closed: int
    missing: int
    requests: int
    naive_requests: int
    seconds: float
    unconfirmed: int = 0
    """Followed tickets whose state this pass could not see."""
    at: float = 0.0
    """When it began."""
    shared: bool = False
    """Another process made this pass; it began after we asked, so it is as good as ours."""
    due_soon: int = 0
    late: int = 0
    """How many tickets became due soon, and late, since the pass before."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How syncing goes, for the screen's first line. Instants in UTC epoch seconds."""

    running: bool = False
    next_at: float | None = None
    """When the next pass is due; None when no sync is scheduled."""
    last: PassReport | None = None
    trouble: str = ""
    """Why the last pass did not end, as a sentence; empty when it did."""
    requests_today: int = 0


BoardOrder = tuple[str | None, bool]
"""The column that sorts, and whether the largest comes first."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A view that a person saved. `quick` and the columns are keys of the screen's own."""

    name: str
    key: str = ""
    """The digit that leads to it; empty for none."""
    quick: str = ""
    filter: str = ""
    """As typed."""
    order: BoardOrder | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardState:
    """How a person left the board, kept for the next start."""

    area: str = ""
    """The screen that was in sight."""
    quick: str = ""
    filter: str = ""
    orders: dict[str, BoardOrder] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    """Those shown, in their order; none for the usual ones."""
    views: tuple[BoardView, ...] = ()
    read_to: int | None = None
    """The number of the newest change that was read; None before the first look."""
    left_at: float = 0.0
    """When the person was last at the board with nothing left to read, UTC epoch seconds."""
    my_name: str = ""
    """Who the person is among those responsible, where the settings do not say."""


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """One ticket in full. `asked_at` is when HubSoft was last asked for its texts, None when never."""

    row: TicketRow
    opening: str | None = None
    closing: str | None = None
    closing_reason: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = field(default=None, repr=False)
    messages: tuple[Message, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    history: tuple[Change, ...] = ()
    asked_at: float | None = None

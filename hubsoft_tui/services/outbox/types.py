"""What the outbox takes and hands out: light to import, instants in UTC epoch seconds."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import Final

from ...core.types import RequestContext
from ...errors import StoreError
from ...texts import N_, _, say
from ...values import dataclass


class EntryKind(Enum):
    """What is written."""

    OPEN = "open"  # a new ticket
    MESSAGE = "message"
    CLOSE = "close"
    TRUST_UNLOCK = "trust_unlock"
    DISCONNECT = "disconnect"
    CLEAR_MAC = "clear_mac"
    CLEAR_PHYSICAL_ADDRESS = "clear_physical_address"
    RESTART_DEVICE = "restart_device"
    RESTORE_DEVICE = "restore_device"
    SUSPEND = "suspend"
    ENABLE = "enable"
    ACTIVATE = "activate"
    OPEN_WORK_ORDER = "open_work_order"
    CONFIRM_VISIT = "confirm_visit"
    RESCHEDULE_VISIT = "reschedule_visit"


SERVICE_KINDS: Final = frozenset({
    EntryKind.TRUST_UNLOCK, EntryKind.DISCONNECT, EntryKind.CLEAR_MAC, EntryKind.CLEAR_PHYSICAL_ADDRESS,
    EntryKind.RESTART_DEVICE, EntryKind.RESTORE_DEVICE, EntryKind.SUSPEND, EntryKind.ENABLE, EntryKind.ACTIVATE,
})  # fmt: skip
VISIT_KINDS: Final = frozenset({
    EntryKind.OPEN_WORK_ORDER, EntryKind.CONFIRM_VISIT, EntryKind.RESCHEDULE_VISIT,
})  # fmt: skip
ACTION_KINDS: Final = SERVICE_KINDS | VISIT_KINDS
"""Kinds that are sent at once or not at all: never again without a person's consent, and held after a long wait."""
DEVICE_KINDS: Final = frozenset({EntryKind.RESTART_DEVICE, EntryKind.RESTORE_DEVICE})


ACTION_NAMES: Final = {
    EntryKind.TRUST_UNLOCK: N_("unlock on trust"),
    EntryKind.DISCONNECT: N_("disconnect"),
    EntryKind.CLEAR_MAC: N_("clear the MAC"),
    EntryKind.CLEAR_PHYSICAL_ADDRESS: N_("clear the equipment's address"),
    EntryKind.RESTART_DEVICE: N_("restart the equipment"),
    EntryKind.RESTORE_DEVICE: N_("restore the equipment"),
    EntryKind.SUSPEND: N_("suspend"),
    EntryKind.ENABLE: N_("enable"),
    EntryKind.ACTIVATE: N_("activate"),
    EntryKind.OPEN_WORK_ORDER: N_("open a work order"),
    EntryKind.CONFIRM_VISIT: N_("confirm the visit"),
    EntryKind.RESCHEDULE_VISIT: N_("reschedule the visit"),
}
"""What each action is called, as marked texts."""


def action_name(kind: EntryKind) -> str:
    """Return what an action is called, translated."""
    return _(ACTION_NAMES[kind])


class EntryState(Enum):
    """Where an entry stands. Only `SENT` and `DISCARDED` are over."""

    QUEUED = "queued"  # written here, not sent yet
    SENDING = "sending"
    UNKNOWN = "unknown"  # sent, outcome not known: looked for after the quiet period
    SENT = "sent"
    REFUSED = "refused"  # HubSoft said no; its words are kept
    EXISTS = "exists"  # one like it was opened elsewhere: a person decides
    HELD = "held"  # an action that waited too long to be sent unasked: a person decides
    DISCARDED = "discarded"


ASKING: Final = frozenset({EntryState.REFUSED, EntryState.EXISTS, EntryState.HELD})
"""States that wait for a person's decision."""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A new ticket as a person wrote it."""

    service_id: int
    description: str = field(repr=False)
    contact_name: str = field(repr=False)
    contact_phone: str = field(repr=False)
    type_id: int | None = None
    type_label: str | None = None
    open_work_order: bool = False
    customer_code: int | None = None
    customer_document: str | None = field(default=None, repr=False)
    customer_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message for an open ticket."""

    ticket_id: int
    protocol: str
    text: str = field(repr=False)
    customer_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Closing:
    """Closing a ticket, with a reason."""

    ticket_id: int
    protocol: str
    reason_id: int | None = None
    reason_label: str | None = None
    description: str = field(default="", repr=False)
    customer_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ServiceAction:
    """Something done to one service, and how the service stood then: what shows afterwards whether it was done."""

    kind: EntryKind
    """One of `SERVICE_KINDS`."""
    service_id: int
    customer_id: int | None = None
    customer_code: int | None = None
    customer_document: str | None = field(default=None, repr=False)
    customer_name: str | None = field(default=None, repr=False)
    service_name: str = ""
    days: int | None = None
    """For a trust unlock."""
    device: str | None = field(default=None, repr=False)
    """`phy_addr` of the equipment: what is restarted or restored, or was bound before."""
    suspension: str | None = None
    """For a suspension: one of `api.connections.Suspension`."""
    reason: str = field(default="", repr=False)
    """For enabling a service."""
    login: str | None = field(default=None, repr=False)
    mac: str | None = field(default=None, repr=False)
    status_before: str = ""
    """The prefix of the service's status when the action was chosen; empty where it was not known."""
    operator: str = ""
    """Who asked for it, as this machine calls them; the outbox fills it in."""


@dataclass(frozen=True, slots=True)
class VisitAction:
    """Something done about a visit (work order). `start` and `end` are UTC epoch seconds."""

    kind: EntryKind
    """One of `VISIT_KINDS`."""
    order_id: int | None = None
    """The work order; None while one is opened."""
    order_number: str | None = None
    ticket_id: int | None = None
    """For opening a work order."""
    protocol: str = ""
    start: float | None = None
    end: float | None = None
    customer_id: int | None = None
    customer_code: int | None = None
    customer_document: str | None = field(default=None, repr=False)
    customer_name: str | None = field(default=None, repr=False)
    service_id: int | None = None
    known_orders: tuple[int, ...] | None = None
    """For opening: the work orders the ticket had then; None where they were not known."""
    status_before: str = ""
    operator: str = ""


DeskAction = ServiceAction | VisitAction
TicketDraft = NewTicket | NewMessage | Closing
Draft = TicketDraft | DeskAction


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft that is normalised and may be sent. `Outbox.check` makes it; only such a draft is kept and sent."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the outbox."""

    local_protocol: str
    """`LOC000123`: what a person can be told before HubSoft has answered."""
    kind: EntryKind
    state: EntryState
    draft: Draft
    created_at: float
    updated_at: float
    attempts: int = 0
    next_at: float | None = None
    """When it is next looked for or tried again; None when it waits for nothing or for a person."""
    protocol: str | None = None
    ticket_id: int | None = None
    said: str = ""
    """The reason for its state as a sentence, HubSoft's or the program's, without personal data."""
    doubles: tuple[str, ...] = ()
    """Protocols of other tickets that carry this entry's reference: a later look found them."""
    similar: tuple[str, ...] = ()
    """For `EXISTS`: protocols of open tickets that may be the same matter."""
    reference: str = ""
    """What a ticket carries in its description (`HT7K3M9Q`), so that it is found again."""

    @property
    def asks(self) -> bool:
        """Whether a person must look at it."""
        undecided = self.state is EntryState.UNKNOWN and self.next_at is None
        return self.state in ASKING or undecided or bool(self.doubles)

    @property
    def over(self) -> bool:
        """Whether nothing is left to be written."""
        return self.state in {EntryState.SENT, EntryState.DISCARDED}


@dataclass(frozen=True, slots=True)
class Review:
    """A draft that may be sent: as it is checked, exactly what goes out, and what says the same already."""

    checked: CheckedDraft
    lines: tuple[tuple[str, str], ...] = field(repr=False)
    """(label, value) for everything that is sent."""
    similar: tuple[Entry, ...] = ()
    """Entries of the last minutes that say the same, newest first."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """How many of the entries that were due `send_due` left in each state."""

    sent: int = 0
    queued: int = 0
    unknown: int = 0
    refused: int = 0
    exists: int = 0
    held: int = 0


CONTEXT: Final = RequestContext("outbox")


def local_protocol(number: int) -> str:
    """Return the protocol of an entry that HubSoft has not answered yet: `LOC000123`."""
    return f"LOC{number:06d}"


def not_accepted(error: StoreError) -> StoreError:
    """Return the error of a draft that could not be stored: nothing was sent."""
    return StoreError(say("This was NOT accepted, and nothing was sent: {reason}", reason=error.text))

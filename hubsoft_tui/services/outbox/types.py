"""What the outbox takes and hands out: immutable, light to import, instants in UTC epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class EntryKind(Enum):
    """What is written."""

    OPEN = "open"  # a new ticket
    MESSAGE = "message"
    CLOSE = "close"


class EntryState(Enum):
    """Where an entry stands. Only `SENT` and `DISCARDED` are over."""

    QUEUED = "queued"  # written here, not sent yet
    SENDING = "sending"
    UNKNOWN = "unknown"  # sent, outcome not known: looked for after the quiet period
    SENT = "sent"
    REFUSED = "refused"  # HubSoft said no; its words are kept
    EXISTS = "exists"  # one like it was opened elsewhere: a person decides
    DISCARDED = "discarded"


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
    customer_name: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message for an open ticket."""

    ticket_id: int
    protocol: str
    text: str = field(repr=False)
    customer_name: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """Closing a ticket, with a reason."""

    ticket_id: int
    protocol: str
    reason_id: int | None = None
    reason_label: str | None = None
    description: str = field(default="", repr=False)
    customer_name: str | None = None


Draft = NewTicket | NewMessage | Closing


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
    """Why it stands where it stands: HubSoft's words, or ours; as a sentence, without personal data."""
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
        return self.state in {EntryState.REFUSED, EntryState.EXISTS} or undecided or bool(self.doubles)

    @property
    def over(self) -> bool:
        """Whether nothing is left to be written."""
        return self.state in {EntryState.SENT, EntryState.DISCARDED}


@dataclass(frozen=True, slots=True)
class Review:
    """A draft that may be sent: as it is checked, exactly what goes out, and what says the same already."""

    checked: CheckedDraft
    lines: tuple[tuple[str, str], ...]
    """(label, value) for everything that is sent."""
    similar: tuple[Entry, ...] = ()
    """Entries of the last minutes that say the same, newest first."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What `send_due` did, in entries: where those that were due stand after it."""

    sent: int = 0
    queued: int = 0
    unknown: int = 0
    refused: int = 0
    exists: int = 0

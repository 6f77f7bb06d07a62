"""What is kept of check-ups: the tables of their file, and its rows as plain values. Light to import."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import Final

from ..values import dataclass
from .rescue import listing

MIGRATIONS: Final = (
    """
CREATE TABLE list (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    imported_at REAL NOT NULL,
    UNIQUE (account, path)
);
CREATE TABLE member (
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    document TEXT NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    known TEXT,
    gone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, list, document)
) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    who TEXT NOT NULL,
    rules TEXT NOT NULL,
    max_age REAL,
    started_at REAL NOT NULL,
    ended_at REAL,
    seconds REAL NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    reading TEXT
);
CREATE INDEX run_list ON run (account, list, id);
""",
    """
CREATE TABLE decision (
    account TEXT NOT NULL,
    run INTEGER NOT NULL,
    document TEXT NOT NULL,
    result TEXT NOT NULL,
    status TEXT NOT NULL,
    plan TEXT NOT NULL,
    since REAL,
    source TEXT NOT NULL,
    fetched_at REAL NOT NULL,
    why TEXT NOT NULL,
    gone INTEGER NOT NULL,
    was TEXT,
    settled INTEGER NOT NULL,
    PRIMARY KEY (account, run, document)
) WITHOUT ROWID;
""",
    """
CREATE TABLE roster (
    account TEXT NOT NULL,
    variant TEXT NOT NULL,
    total INTEGER NOT NULL,
    page_size INTEGER NOT NULL,
    believed INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, variant)
) WITHOUT ROWID;
CREATE TABLE seen (
    account TEXT NOT NULL,
    run INTEGER NOT NULL,
    id INTEGER NOT NULL,
    document TEXT NOT NULL,
    active INTEGER NOT NULL,
    body BLOB NOT NULL,
    at REAL NOT NULL,
    now REAL NOT NULL,
    PRIMARY KEY (account, run, id)
) WITHOUT ROWID;
CREATE INDEX seen_document ON seen (account, run, document, active);
CREATE INDEX seen_waiting ON seen (account, run, active, document, id);
CREATE TABLE night (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (account, day)
) WITHOUT ROWID;
""",
    """
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    list_name TEXT NOT NULL,
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    result TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    said TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '',
    UNIQUE (account, list, document)
);
""",
    "ALTER TABLE notice ADD COLUMN held INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE roster ADD COLUMN seconds REAL;",
)


class Result(Enum):
    """What a check-up says of one member. An error is `UNKNOWN`, never `INACTIVE`."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


class RunState(Enum):
    """Where a run stands. All but the last two can be gone on with."""

    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"  # its process ended, or HubSoft refused the credentials
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether there is nothing left to go on with."""
        return self in {RunState.DONE, RunState.CANCELLED}


SENSES: Final = {
    "member": f"known IS NULL OR known IN {listing(Result)}",
    "run": f"state IN {listing(RunState)} AND (reading IS NULL OR json_valid(reading))",
    "decision": f"result IN {listing(Result)} AND (was IS NULL OR was IN {listing(Result)})",
    "roster": "total >= 0 AND page_size > 0",
    "notice": f"result IN {listing(Result)}",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a list. `document` is bare: digits, or a CNPJ's capitals and digits."""

    document: str = field(repr=False)
    name: str = field(default="", repr=False)
    external_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KnownMember:
    """What the last finished run that could decide said of a member."""

    result: Result
    gone: bool = False
    """Nothing is left but cancelled services, or no customer was found."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known of one member. Instants are UTC epoch seconds."""

    document: str = field(repr=False)
    result: Result
    status: str = ""
    """HubSoft's label of the service that decided; empty where there is none."""
    plan: str = ""
    """What that service is called."""
    since: float | None = None
    """Since when it is so, where HubSoft says it."""
    source: str = ""
    """`cache`, `roster` or `api`; empty for what is unknown."""
    fetched_at: float = 0.0
    why: str = ""
    """For `UNKNOWN`: why, as a sentence."""
    gone: bool = False
    was: Result | None = None
    """What the member was known as before this run."""

    @property
    def changed(self) -> bool:
        """Whether it is known to differ from what was known before."""
        return self.was not in {None, self.result} and self.result is not Result.UNKNOWN


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list that was imported. `path` is where from, and what it is known by."""

    id: int
    name: str
    path: str
    members: int
    imported_at: float


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a reading of the roster has come; kept with every page, so that a killed run goes on from there."""

    variant: str
    size: int
    """Rows a page asks for now."""
    offset: int = 0
    """Rows that are behind us."""
    total: int | None = None
    pages: int = 0
    rows: int = 0
    """Different customers seen."""
    unusable: int = 0
    """Rows that could not be read at all."""
    again: int = -1
    """A row whose page must be read again, because rows moved up past it; -1: none."""
    mended: int = 0
    gaps: int = 0
    """Times the rows moved and could not be read again: some may have slipped by."""
    enabled: int = 0
    """Customers seen with an active service, and `current` with one that is not cancelled."""
    current: int = 0
    whole: bool = False
    """Read to its end."""
    started_at: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether every customer that HubSoft says there is was seen and could be read.

        Otherwise a customer without an active service may have one under a row that was missed.
        """
        return (
            self.whole
            and not (self.gaps or self.unusable)
            and self.total is not None
            and self.rows >= self.total
        )


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a list. `who` names its process for people; instants are UTC epoch seconds."""

    id: int
    list_id: int
    state: RunState
    owner: str
    who: str
    rules: str
    """The statuses that counted as active: answers found under other rules do not count any more."""
    max_age: float | None
    started_at: float
    ended_at: float | None = None
    seconds: float = 0.0
    """Time spent running, pauses apart."""
    requests: int = 0
    trouble: str = ""
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One customer of a roster that is being read and had no active service; kept until the reading ends."""

    id: int
    document: str = field(repr=False)
    active: bool
    body: bytes = field(default=b"", repr=False)
    """The row, to be remembered once the reading is whole; empty for an active one."""
    at: float = 0.0
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A member who lost the contract, for the command that is to be told."""

    id: int
    list_id: int
    list_name: str
    member: Member
    result: Result
    status: str
    attempts: int = 0
    next_at: float = 0.0
    said: str = ""
    """Why it has not worked yet, as a sentence."""
    held: bool = False
    """Too many lost the contract at once: a person releases or drops it."""

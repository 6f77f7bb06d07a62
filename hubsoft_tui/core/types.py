"""The types that the engine and its callers share: priorities, categories, answers, and what a watcher sees.

Everything here is immutable and light to import: screens need it before the engine (and HTTP) is loaded.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum, IntEnum
from typing import Generic, TypeVar

import msgspec

from ..values import dataclass

T = TypeVar("T")


class Priority(IntEnum):
    """Who goes first; lower is more urgent."""

    CRITICAL = 0  # opening a ticket
    HIGH = 1  # a person is waiting
    NORMAL = 2  # sync
    LOW = 3  # check-up, refresh, background


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The caller of a request, its urgency and its patience: one value, passed from the caller to the queue."""

    caller: str = ""
    """What asks: `lookup`, `sync`, `probe`, ...; the journal and the trace show it."""
    priority: Priority = Priority.HIGH
    timeout: float | None = None
    """Seconds to wait at most; None: the class's own limit."""
    label: str = ""
    """Names the request in `Snapshot.waiting`."""


class Category(Enum):
    """What a question is about: an age limit on its answer, not a second copy of it."""

    CLIENT_DATA = "client_data"
    CONTRACT_STATUS = "contract_status"
    SERVICE_DATA = "service_data"


class Source(Enum):
    """Where an answer came from."""

    API = "api"
    CACHE = "cache"
    STALE = "stale"  # expired, shown because HubSoft is unreachable


class Outcome(Enum):
    """What the cache did for one question."""

    HIT = "hit"
    MISS = "miss"
    COALESCED = "coalesced"
    STALE = "stale"
    NEGATIVE = "negative"  # "not found", remembered


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """A value with its origin. `age` is in seconds; `fetched_at` is UTC epoch seconds."""

    value: T
    source: Source
    age: float
    fetched_at: float
    requests: int = 0
    """Requests HubSoft received for this answer, retries included; token requests are not counted."""
    truncated: bool = False
    """HubSoft returned as many rows as were asked for: there may be more."""
    problems: int = 0
    """Rows or parts of rows that could not be used."""
    reason: str = ""
    """For a stale answer: why HubSoft could not be asked, as a sentence."""


class Health(Enum):
    """What a person is told about HubSoft."""

    UNKNOWN = "unknown"  # not asked yet
    ONLINE = "online"
    SLOW = "slow"
    LIMITED = "limited"  # 429
    REFUSED = "refused"  # credentials
    OFFLINE = "offline"


class BreakerState(Enum):
    """The circuit breaker's three states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request as it ended (or is going on), for the Requests screen. No personal data, no secrets."""

    id: int
    at: float
    """When it was sent, UTC epoch seconds; before sending, when it was asked for."""
    operation: str
    path: str
    """The path with the query's names but never its documents: `cliente?busca=cpf_cnpj&termo_busca=***`."""
    priority: Priority
    attempt: int = 1
    wait: float = 0.0
    """Seconds in the queue and at the limiter."""
    latency: float | None = None
    """Seconds from the first byte sent to the last byte read; None while it is going on."""
    status: int | None = None
    """HTTP status; None when no answer came (see `error`)."""
    size: int = 0
    """Bytes of the answer's body."""
    outcome: str = ""
    """`ok`, `not_found`, `refused`, `credentials`, `401`, `429`, `timeout`, `connect`, `cut`, `bad_answer`,
    `cancelled`, ...; empty while it is going on."""
    error: str = ""
    """A sentence for people when it failed."""
    caller: str = ""
    """What asked: `lookup`, `token`, `probe`, `refresh`, ..."""
    asked: bool = False
    """It answers a question; else it is a login, a probe, a page of a pass or a write."""


@dataclass(frozen=True, slots=True)
class RequestMark:
    """One request start on the 60-second tape. `at` is on the engine's clock (seconds)."""

    at: float
    priority: Priority
    mine: bool = True
    """False when another process on this home sent it."""


@dataclass(frozen=True, slots=True)
class ClassLoad:
    """One priority's part of the queue and the budget."""

    waiting: int = 0
    oldest: float = 0.0
    """Seconds the first in line has waited."""
    cap: int = 0
    """How many requests the window may hold for this class to start another."""
    wait_p95: float = 0.0
    """Seconds, over the last hundred that started."""
    starts_in: float = 0.0
    """Estimated whole seconds until the first in line starts; 0 while none waits."""


class SharedContact(Enum):
    """How this machine stands with the server that several machines share."""

    ON = "on"
    LOST = "lost"  # nothing is sent: what the others were granted is not over yet
    ALONE = "alone"  # people's requests go, out of what this machine was promised
    SILENT = "silent"  # nothing is sent, and nothing will be before the server is back


@dataclass(frozen=True, slots=True)
class SharedState:
    """The shared budget as a watcher sees it. Durations in whole seconds: what stands still repaints nothing."""

    contact: SharedContact
    own_in: float = 0.0
    """LOST: until requests of this machine's own may go; inf when none may."""
    promise: int = 0
    """Requests per window that this machine may spend alone."""
    machines: int = 0
    """At the server as last heard, this one included."""
    other_versions: int = 0
    """Machines in touch that run another version of this program."""
    set_aside: int = 0
    """Requests per window kept free for machines that are silent."""
    quarantine: float = 0.0
    """Until the server grants again, after it lost what it knew."""
    unknown: float = 0.0
    """For how long two thirds are kept free for machines that are not known."""
    lost_for: float = 0.0
    """Since the last answer; 0 while it is ON."""
    round_trip: float | None = field(default=None, compare=False)
    """Median of the last calls."""
    alone: int = 0
    """Requests granted alone since the engine started."""
    held_back: float = field(default=0.0, compare=False)
    """By how much the server's clock was not believed."""
    plain: bool = False
    """The way to the server is not encrypted, and leads over a network."""
    reason: str = ""
    """Why it is not ON, as a sentence."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """The limiter as a watcher sees it."""

    limit: int
    """Requests per window in force now (after any 429)."""
    configured: int
    window: float
    used: int
    """Slots held now: in flight, or completed less than a window ago. All processes on this home."""
    paused_for: float = 0.0
    """Seconds until a pause ends, a 429's Retry-After most often; 0 when not paused."""
    lost: bool = False
    """The pause is the window after the budget's file was lost: what was sent in it is not known."""
    marks: tuple[RequestMark, ...] = ()
    """Request starts of the last window, oldest first."""
    lanes: tuple[ClassLoad, ClassLoad, ClassLoad, ClassLoad] = (
        ClassLoad(),
        ClassLoad(),
        ClassLoad(),
        ClassLoad(),
    )
    queue_limit: int = 1000
    waiting_elsewhere: int = 0
    """Requests that wait in other processes on this home."""
    others: int = 0
    """Requests of a window that other programs spent with this login, as HubSoft's answers of late show."""
    shared: SharedState | None = None
    """None where this machine has the budget for itself."""

    @property
    def queued(self) -> int:
        """How many requests wait, in all classes."""
        return sum(lane.waiting for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class CategoryStats:
    """What the cache did for one category since the engine started."""

    hits: int = 0
    misses: int = 0
    coalesced: int = 0
    stale: int = 0
    expired: int = 0
    """Misses that found a record too old."""
    negative: int = 0
    course: tuple[float, ...] = ()
    """Hit ratio (0-1) per minute, oldest first, at most 30; minutes without questions are left out."""

    @property
    def questions(self) -> int:
        """How many questions were asked."""
        return self.hits + self.misses + self.coalesced + self.stale + self.negative

    @property
    def ratio(self) -> float | None:
        """Share of questions answered without a request of their own, or None when none was asked.

        A stale answer is not among them: it was shown because a request failed.
        """
        asked = self.questions
        return (self.hits + self.coalesced + self.negative) / asked if asked else None


@dataclass(frozen=True, slots=True)
class CacheState:
    """The cache as a watcher sees it."""

    records: int = 0
    max_entries: int = 1000
    evicted: int = 0
    categories: dict[Category, CategoryStats] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Hit ratio over all categories, or None when nothing was asked."""
        asked = sum(s.questions for s in self.categories.values())
        missed = sum(s.misses + s.stale for s in self.categories.values())
        return (asked - missed) / asked if asked else None

    @property
    def questions(self) -> int:
        """How many questions were asked, in all categories."""
        return sum(s.questions for s in self.categories.values())


@dataclass(frozen=True, slots=True)
class ApiState:
    """HubSoft's health as a watcher sees it. Times in seconds; instants in UTC epoch seconds."""

    health: Health = Health.UNKNOWN
    since: float = 0.0
    """When it became so; an outage began with the first request that failed."""
    p50: float | None = None
    p95: float | None = None
    course: tuple[float, ...] = ()
    """The last latencies, oldest first, at most 60."""
    error_ratio: float = 0.0
    """Share (0-1) of the last `error_window` requests that failed."""
    error_window: int = 0
    """Over the last hundred requests."""
    last_good: float | None = None
    rate_limited: int = 0
    """429 events (not answers) since the engine started."""
    breaker: BreakerState = BreakerState.CLOSED
    breaker_retry_in: float = 0.0
    """Seconds until the next probe while the breaker is open."""
    reason: str = ""
    """Why it is not online, as a sentence."""


@dataclass(frozen=True, slots=True)
class TokenState:
    """The token as a watcher sees it; never the token itself."""

    present: bool = False
    expires_in: float | None = None
    """Seconds left, or None when there is no token."""
    renewed_at: float | None = None
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where one question stands in the queue."""

    position: int
    """1 is next; 0 means it is with HubSoft now."""
    starts_in: float
    """Estimated seconds until it is sent."""
    passes: int = 0
    """How many less urgent requests it goes before."""
    attempt: int = 1
    """2 and more: HubSoft failed before, and it is tried again."""


@dataclass(frozen=True, slots=True)
class Renewing:
    """What renewing ahead did today, all processes on this home together."""

    spent: int = 0
    """Requests."""
    saved: int = 0
    """Lookups of people that did not have to wait because of them."""
    stopped_until: float | None = None
    """UTC epoch seconds until when it stands still, because it did not pay."""


@dataclass(frozen=True, slots=True)
class Badges:
    """What the services keep in sight on every screen, and how a screen knows that one of them has news."""

    outbox: int | None = None
    """Writes that are not at HubSoft yet, or not known to be; None where there is no outbox."""
    outbox_asks: int = 0
    """Of those, and of the settled: how many wait for a person (refused, doubled)."""
    alerts: int = 0
    """Alerts that hold and are not acknowledged."""
    losses: int = 0
    """Losses on disk that are not acknowledged."""
    renewing: Renewing | None = None
    """None while nothing is renewed ahead."""
    versions: dict[str, int] = field(default_factory=dict)
    """By service (`tickets`, `outbox`, ...): a number that grows whenever it has something new to show."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a screen shows about the engine, at one instant. Immutable; read as often as you like."""

    serial: int = 0
    """Grows by one when anything changed."""
    at: float = 0.0
    """The engine's clock (seconds) when it was taken; `RequestMark.at` is on the same clock."""
    wall: float = 0.0
    """UTC epoch seconds when it was taken."""
    profile: str = "main"
    host: str = ""
    budget: BudgetState = field(
        default_factory=lambda: BudgetState(limit=30, configured=30, window=60.0, used=0)
    )
    cache: CacheState = field(default_factory=CacheState)
    api: ApiState = field(default_factory=ApiState)
    token: TokenState = field(default_factory=TokenState)
    requests: tuple[RequestRow, ...] = ()
    """The last requests, oldest first, at most 500."""
    requests_today: int = 0
    """Requests sent since local midnight (or the engine's start, if later)."""
    questions_today: int = 0
    waiting: dict[str, Waiting] = field(default_factory=dict)
    """Where labelled questions stand (the label its asker gave); a label is here only while it waits."""
    badges: Badges = field(default_factory=Badges)

"""Lookups answered from what this home remembers, without the engine: by a program's own thread, by a command."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import closing, suppress

import msgspec

from ...api.models import Customer, Ticket
from ...core.cache.cache import CachedAnswer, CacheReader
from ...core.cache.freshness import FreshReader
from ...core.clock import Clock
from ...core.telemetry.trace import AskedQuestion, RecordTraits, Tracer
from ...core.types import Category, Outcome, RequestContext
from ...errors import StoreError
from ...settings.places import Places, current_person
from ...settings.tree import Settings
from ...store.database import open_database
from ...store.records import MIGRATIONS, RECORDS, RecordReader
from . import questions
from .service import LOOKUP, Lookup, lookup_of
from .terms import Kind, Term, recognise

logger = logging.getLogger(__name__)


class RememberedCustomers:
    """Lookups from memory, for any thread. What it knows is on disk, so it sees what every process writes.

    It has a connection and an LRU of its own, opened at the first lookup: nothing here waits for the engine's loop.
    """

    def __init__(
        self,
        opened: Callable[[], RecordReader],
        clock: Clock,
        *,
        settings: Callable[[], Settings],
        note: Callable[[AskedQuestion, CachedAnswer], object],
        behind: Callable[[], bool] = lambda: False,
    ) -> None:
        """`note` is told of each answer, in the asker's thread; while `behind`, the disk lacks what is known."""
        self._opened = opened
        self._clock = clock
        self._settings = settings
        self._note = note
        self._behind = behind
        self._lock = threading.Lock()
        self._source: RecordReader | None = None
        self._fresh: FreshReader | None = None
        self._closed = False

    def lookup(
        self,
        text: str | Term,
        context: RequestContext = LOOKUP,
        *,
        category: Category = Category.CLIENT_DATA,
    ) -> Lookup | None:
        """Return the answer if one is remembered that is young enough; None leaves the question to the engine.

        Raises InvalidInput.
        """
        term = text if isinstance(text, Term) else recognise(text)
        if term.kind is Kind.PROTOCOL or self._behind():
            return None
        question = questions.customer(term, category)
        settings = self._settings()
        with self._lock:
            fresh = self._fresh or self._open(settings)
            if fresh is None:
                return None
            fresh.settings = settings.cache
            found = fresh.find(question)
            if found is None or not fresh.fresh(question, found):
                return None
        self._note(
            AskedQuestion(
                self._clock.wall(), question.key, category, context.priority, context.caller, forced=False
            ),
            found,
        )
        return lookup_of(term, fresh.answer(question, found), settings.customers.active_statuses)

    def close(self) -> None:
        """Close the connection; every later question is left to the engine. Idempotent."""
        with self._lock:
            self._closed, self._fresh = True, None
            if self._source is not None:
                self._source.close()

    def _open(self, settings: Settings) -> FreshReader | None:
        if self._closed:
            return None
        try:
            self._source = self._opened()
        except StoreError as error:
            logger.warning("not read: %s", error)
            self._closed = True
            return None
        cache = CacheReader(
            self._source, self._clock, questions.KINDS, max_entries=settings.cache.max_entries
        )
        means = meaning(lambda: self._settings().customers.active_statuses)
        self._fresh = FreshReader(cache, settings.cache, means.suspended)
        return self._fresh


def remembered_lookup(
    settings: Settings, folders: Places, clock: Clock, text: str, *, category: Category
) -> Lookup | None:
    """Answer one lookup of a command from memory, opening nothing but the records and, for an answer, the trace.

    None leaves it to the engine. Raises InvalidInput.
    """
    path = folders.cache / RECORDS
    if not path.is_file():
        return None
    account = settings.profile.account
    answered: list[tuple[AskedQuestion, CachedAnswer]] = []
    memory = RememberedCustomers(
        lambda: RecordReader(
            open_database(
                path, MIGRATIONS, wall=clock.wall, rescued=False, trusted=True, senses=None, cache=True
            ),
            account,
        ),
        clock,
        settings=lambda: settings,
        note=lambda asked, found: answered.append((asked, found)),
    )
    with closing(memory):
        found = memory.lookup(text, category=category)
    if answered and settings.trace.enabled:
        # The trace never costs a person an answer.
        with suppress(StoreError):
            _write_trace(settings, folders, account, *answered[0])
    return found


def _write_trace(
    settings: Settings, folders: Places, account: str, asked: AskedQuestion, found: CachedAnswer
) -> None:
    from ...store.trace_reader import MIGRATIONS as TRACE_MIGRATIONS  # noqa: PLC0415 - heavy, and off without a trace
    from ...store.trace_writer import TRACE, TRACE_KEY, OneRow, TraceStore, home_key  # noqa: PLC0415 - as above

    row = OneRow()
    tracer = Tracer(
        row, home_key(folders.state / TRACE_KEY), meaning(lambda: settings.customers.active_statuses)
    )
    tracer.shown(
        asked, Outcome.NEGATIVE if found.negative else Outcome.HIT, found.ids, found.values, found.age
    )
    with closing(
        open_database(folders.state / TRACE, TRACE_MIGRATIONS, trusted=True, senses=None)
    ) as database:
        TraceStore(database, account).write(row.rows, (), person=current_person())


def meaning(active_statuses: Callable[[], Collection[str]]) -> RecordTraits:
    """Return the meaning; `active_statuses` are the status prefixes that count as an active contract now."""

    def suspended(record: object) -> bool:
        if not isinstance(record, Customer):
            return False
        active = active_statuses()
        return all(service.status_prefix not in active for service in record.services)

    return RecordTraits(suspended=suspended, shown=shown, status=status)


def shown(category: Category, record: object) -> object:
    """Return what an answer of `category` shows of `record`, without what a clock changes."""
    if category is Category.CONTRACT_STATUS and isinstance(record, Customer):
        return status(record)
    return _still(record)


def status(record: object) -> object | None:
    """Return each service's status, or None for what is no customer."""
    if not isinstance(record, Customer):
        return None
    return sorted((service.id, service.status_prefix) for service in record.services)


def _still(record: object) -> object:
    """Take out what differs with every look: how long a line is up, how long a ticket is open."""
    if isinstance(record, Customer):
        services = tuple(msgspec.structs.replace(service, connection=None) for service in record.services)
        return msgspec.structs.replace(record, services=services)
    if isinstance(record, Ticket):
        return msgspec.structs.replace(record, minutes_open=None, remaining=None, remaining_percent=None)
    if isinstance(record, tuple):
        return tuple(_still(each) for each in record)
    return record

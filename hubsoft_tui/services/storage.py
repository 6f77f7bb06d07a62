"""The state on disk of one credential: opened once, shared with every other process on the same home."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..core.clock import Clock
from ..core.engine import Ports
from ..core.limiter.turns import LocalBudget
from ..core.ports import Look, RecordPort, StoredEntry
from ..core.types import Priority
from ..errors import HubSoftError, SettingsError, StoreError
from ..settings import places
from ..settings.places import current_person
from ..settings.tree import Settings
from ..store import (
    alerts,
    budget,
    checkup_rows,
    drafts,
    mirror,
    outbox,
    recent_and_audit,
    records,
    rosters,
    tokens,
    trace_writer,
    tuning,
)
from ..store.checkups import CheckupResults, Checkups, CommandQueue
from ..store.database import Database, open_database
from ..store.losses import LossBook
from ..store.process_liveness import ProcessLiveness
from ..store.trace_writer import TRACE, TRACE_KEY, TraceWriter
from ..store.tuning import TuningLog
from ..texts import say
from .outbox.wire import mended
from .reports.service import House, ReportReader

if TYPE_CHECKING:
    from ..shared.budget import SharedBudget

logger = logging.getLogger(__name__)

REPORTS: Final = "reports.db"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where rows go, and the key their subjects are hashed with. The writer is not started."""

    writer: TraceWriter
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class State:
    """What is open."""

    ports: Ports
    alerts: alerts.AlertStore
    checkups: Checkups
    results: CheckupResults
    recent: recent_and_audit.RecentAndAudit
    drafts: drafts.SqliteDrafts
    folders: places.Places
    mirror: Callable[[], mirror.Mirror]
    """Opens the tickets' mirror once more, for one thread; its opener closes it. Raises StoreError."""
    reader: Callable[[], records.RecordReader]
    """Opens the records once more, for one thread at a time; its opener closes it. Raises StoreError."""
    commands: CommandQueue
    outbox: outbox.SqliteOutbox
    liveness: ProcessLiveness
    rosters: rosters.Rosters
    losses: LossBook
    shared: SharedBudget | None
    """The budget that machines share; None where this machine has it for itself."""
    trace: Trace | None
    """None when the settings want no trace."""
    tuning: TuningLog


@contextmanager
def open_state(settings: Settings, clock: Clock, *, program: str = "") -> Iterator[State]:
    """Open the databases of `settings.profile` for `program`, until the end of the block. Raises StoreError."""
    folders = places.find(home=settings.home or None)
    account = settings.profile.account
    with ExitStack() as stack:
        for place in places.tighten_home(folders):
            logger.warning("%s may be read or changed by others: it is a link, or another user's", place)
        liveness = ProcessLiveness(folders.state / "alive")
        stack.callback(liveness.close)

        def opened(path: Path, *migrations: str, **how: Any) -> Database:  # noqa: ANN401 - as open_database
            database = open_database(path, migrations, wall=clock.wall, **how)
            stack.callback(database.close)
            return database

        spent = opened(folders.state / "budget.db", *budget.MIGRATIONS, rescued=False)
        kept = opened(folders.state / "state.db", *tokens.MIGRATIONS, *recent_and_audit.MIGRATIONS)
        unsent = opened(folders.state / "outbox.db", *outbox.MIGRATIONS, durable=True, mend=mended)
        begun = opened(folders.state / "drafts.db", *drafts.MIGRATIONS, durable=True)
        tuned = opened(folders.state / "tuning.db", *tuning.MIGRATIONS)
        learnt = opened(folders.cache / records.RECORDS, *records.MIGRATIONS, rescued=False)
        noticed = opened(folders.state / "alerts.db", *alerts.MIGRATIONS)
        checked = opened(folders.state / "checkups.db", *checkup_rows.MIGRATIONS)
        known = records.SqliteRecords(learnt, account, liveness, clock)
        ledger = budget.SqliteBudget(spent, account, liveness, clock)
        ports = Ports(
            permits=LocalBudget(ledger),
            tokens=tokens.SqliteTokens(kept, account, liveness, clock),
            records=known,
            flights=LocalFlights(known, clock),
        )
        shared: SharedBudget | None = None
        if settings.shared.url or settings.profile.shared_url:
            require_shared_room()
            from .shared_ports import shared_ports  # noqa: PLC0415 - heavy library: redis and cryptography

            ports, shared = shared_ports(
                ports,
                settings,
                clock,
                account=account,
                ledger=ledger,
                folder=folders.state,
                program=program,
            )
        yield State(
            ports=ports,
            alerts=alerts.AlertStore(noticed, account, liveness, clock),
            checkups=Checkups(checked, account, liveness),
            results=CheckupResults(checked, account),
            recent=recent_and_audit.RecentAndAudit(kept, account),
            drafts=drafts.SqliteDrafts(begun, account),
            folders=folders,
            # When it is needed: a mirror that cannot be used must not keep a lookup from being answered.
            mirror=lambda: mirror.Mirror(
                open_database(folders.state / mirror.TICKETS, mirror.MIGRATIONS, wall=clock.wall),
                account,
            ),
            reader=lambda: records.RecordReader(
                open_database(
                    folders.cache / records.RECORDS, records.MIGRATIONS, rescued=False, trusted=True
                ),
                account,
            ),
            commands=CommandQueue(checked, account, liveness),
            outbox=outbox.SqliteOutbox(unsent, account, liveness, clock),
            liveness=liveness,
            shared=shared,
            rosters=rosters.Rosters(checked, account),
            losses=LossBook((folders.state, folders.cache)),
            trace=_trace(settings, folders.state, account, clock, stack, program=program)
            if settings.trace.enabled
            else None,
            tuning=TuningLog(tuned, account),
        )


def require_shared_room() -> None:
    """Raise SettingsError where the libraries are not installed with which a shared server is spoken to."""
    try:
        from . import shared_ports  # noqa: F401, PLC0415 - heavy library: redis and cryptography
    except ImportError as error:
        raise SettingsError(
            say(
                "A shared server needs more of this program. Install it with: {command}",
                command="pip install 'hubsoft-tui[shared]'",
            )
        ) from error


def _trace(
    settings: Settings, folder: Path, account: str, clock: Clock, stack: ExitStack, *, program: str
) -> Trace:
    try:
        key = trace_writer.home_key(folder / TRACE_KEY)
    except StoreError as error:
        # Nor will the trace be written; this run's rows are hashed with a key that is not kept.
        logger.warning("the trace has no key: %s", error)
        key = secrets.token_bytes(trace_writer.KEY_BYTES)

    house = House(folder / REPORTS, settings, clock.wall)
    writer = TraceWriter(folder / TRACE, account, current_person(), program=program, keep_house=house.keep)
    stack.callback(writer.close)
    return Trace(writer, key)


def open_reports(settings: Settings, clock: Clock) -> ReportReader:
    """Return the reports of `settings.profile`; nothing is opened before they are asked for."""
    folder = places.find(home=settings.home or None).state
    return ReportReader(folder / TRACE, folder / REPORTS, settings.profile.account, clock)


LOOK_SECONDS: Final = 0.05


class LocalFlights:
    """A FlightPort of the processes on one home; who waits finds the answer among the records."""

    seconds = 15.0

    def __init__(self, records: RecordPort, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def look(self, key: str, priority: Priority, max_age: float, before: Look | None) -> Look:
        """Begin to ask, unless a living process does so at least as urgently. Raises StoreError."""
        return Look(mine=self._records.claim(key, priority, self.seconds))

    async def renew(self, key: str, priority: Priority, look: Look) -> None:
        """Say that the question is still on its way. Raises StoreError."""
        self._records.claim(key, priority, self.seconds)

    async def heard(self, key: str) -> None:
        """Wait a moment."""
        await self._clock.sleep(LOOK_SECONDS)

    def landed(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        """Keep the answer. Raises StoreError."""
        self._records.save(entries, ended=key)

    def clear(self) -> None:
        """Do nothing: answers are among the records alone."""

    def spread(self, key: str, look: Look, entry: StoredEntry, *, life: float) -> None:
        """Let the others ask: only machines tell each other what they do not keep. Raises StoreError."""
        self._records.unclaim(key)

    def failed(self, key: str, look: Look, error: HubSoftError | None) -> None:
        """Let the others ask. Raises StoreError."""
        self._records.unclaim(key)

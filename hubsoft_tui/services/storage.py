"""The state on disk of one credential: opened once, shared with every other process on the same home."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import field
from functools import cached_property
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
from ..store import budget, records, state, trace_writer
from ..store.database import Database, open_database
from ..store.losses import LossBook
from ..store.process_liveness import ProcessLiveness
from ..store.trace_writer import TRACE, TRACE_KEY, TraceStore, TraceWriter
from ..texts import say
from ..values import dataclass

if TYPE_CHECKING:
    from ..shared.budget import SharedBudget
    from ..store.alerts import AlertStore
    from ..store.drafts import SqliteDrafts
    from ..store.mirror import Mirror
    from ..store.outbox import SqliteOutbox
    from ..store.tuning import TuningLog
    from .checkup.storage import CheckupStores
    from .reports.service import ReportReader

logger = logging.getLogger(__name__)

REPORTS: Final = "reports.db"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where rows go, and the key their subjects are hashed with. The writer is not started."""

    writer: TraceWriter
    key: bytes = field(repr=False)


class State:
    """What is open: what every engine needs, and each other file from its first use on. Raises StoreError then."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        stack: ExitStack,
        folders: places.Places,
        liveness: ProcessLiveness,
        *,
        program: str,
    ) -> None:
        """What is opened is closed with `stack`."""
        self.folders = folders
        self.liveness = liveness
        self.losses = LossBook((folders.state, folders.cache))
        self._clock = clock
        self._stack = stack
        self._account = account = settings.profile.account
        judged: dict[str, Any] = {"senses": budget.senses(clock), "mend": budget.readable}
        spent = self._opened(folders.state / "budget.db", *budget.MIGRATIONS, rescued=False, **judged)
        kept = self._opened(folders.state / "state.db", *state.MIGRATIONS, senses=state.SENSES)
        learnt = self._opened(folders.cache / records.RECORDS, *records.MIGRATIONS, rescued=False, cache=True)
        self.recent = state.RecentAndAudit(kept, account)
        known = records.SqliteRecords(learnt, account, liveness, clock)
        stack.callback(_flushed, known)
        ledger = budget.SqliteBudget(spent, account, liveness, clock)
        self.ports = Ports(
            permits=LocalBudget(ledger),
            tokens=state.SqliteTokens(kept, account, liveness, clock),
            records=known,
            flights=LocalFlights(known, clock, liveness.alone),
        )
        self.shared: SharedBudget | None = None
        """The budget that machines share; None where this machine has it for itself."""
        if settings.shared.url or settings.profile.shared_url:
            require_shared_room()
            from .shared_ports import shared_ports  # noqa: PLC0415 - heavy library: redis and cryptography

            self.ports, self.shared = shared_ports(
                self.ports,
                settings,
                clock,
                account=account,
                ledger=ledger,
                folder=folders.state,
                program=program,
            )
        self.trace: Trace | None = None
        """None when the settings want no trace."""
        if settings.trace.enabled:
            self.trace = _trace(settings, folders.state, clock, stack, program=program)

    def mirror(self) -> Mirror:
        """Open the tickets' mirror once more, for one thread; its opener closes it."""
        from ..store import mirror  # noqa: PLC0415 - heavy: a command loads what it uses
        from .tickets.queries import SENSES  # noqa: PLC0415 - as above

        path = self.folders.state / mirror.TICKETS
        opened = open_database(path, mirror.MIGRATIONS, wall=self._clock.wall, senses=SENSES)
        return mirror.Mirror(opened, self._account)

    def reader(self) -> records.RecordReader:
        """Open the records once more, for one thread at a time; its opener closes it."""
        path = self.folders.cache / records.RECORDS
        database = open_database(
            path, records.MIGRATIONS, rescued=False, trusted=True, senses=None, cache=True
        )
        return records.RecordReader(database, self._account)

    @cached_property
    def alerts(self) -> AlertStore:
        """What alerts said."""
        from ..store import alerts  # noqa: PLC0415 - heavy: a command loads what it uses

        noticed = self._opened(self.folders.state / "alerts.db", *alerts.MIGRATIONS)
        return alerts.AlertStore(noticed, self._account, self.liveness, self._clock)

    @cached_property
    def checkups(self) -> CheckupStores:
        """Lists, runs, decisions, rosters and commands."""
        from ..store import checkup_rows, checkups, rosters  # noqa: PLC0415 - heavy: a command loads what it uses
        from .checkup.storage import CheckupStores  # noqa: PLC0415 - as above

        checked = self._opened(
            self.folders.state / "checkups.db", *checkup_rows.MIGRATIONS, senses=checkup_rows.SENSES
        )
        return CheckupStores(
            checkups.Checkups(checked, self._account, self.liveness),
            checkups.CheckupResults(checked, self._account),
            rosters.Rosters(checked, self._account),
            checkups.CommandQueue(checked, self._account, self.liveness),
        )

    @cached_property
    def drafts(self) -> SqliteDrafts:
        """What was typed and not sent."""
        from ..store import drafts  # noqa: PLC0415 - heavy: a command loads what it uses

        begun = self._opened(
            self.folders.state / "drafts.db", *drafts.MIGRATIONS, durable=True, senses=drafts.SENSES
        )
        return drafts.SqliteDrafts(begun, self._account)

    @cached_property
    def outbox(self) -> SqliteOutbox:
        """What is to be sent once."""
        from ..store import outbox  # noqa: PLC0415 - heavy: a command loads what it uses
        from .outbox.wire import mended  # noqa: PLC0415 - as above

        path = self.folders.state / "outbox.db"
        unsent = self._opened(path, *outbox.MIGRATIONS, durable=True, mend=mended)
        return outbox.SqliteOutbox(unsent, self._account, self.liveness, self._clock)

    @cached_property
    def tuning(self) -> TuningLog:
        """What was tried and applied."""
        from ..store import tuning  # noqa: PLC0415 - heavy: a command loads what it uses

        tuned = self._opened(self.folders.state / "tuning.db", *tuning.MIGRATIONS, senses=tuning.SENSES)
        return tuning.TuningLog(tuned, self._account)

    def _opened(self, path: Path, *migrations: str, **how: Any) -> Database:  # noqa: ANN401 - as open_database
        database = open_database(path, migrations, wall=self._clock.wall, **how)
        self._stack.callback(database.close)
        return database


@contextmanager
def open_state(settings: Settings, clock: Clock, *, program: str = "") -> Iterator[State]:
    """Open the state of `settings.profile` for `program`, until the end of the block. Raises StoreError."""
    folders = places.find(home=settings.home or None)
    with ExitStack() as stack:
        for place in places.tighten_home(folders):
            logger.warning("%s may be read or changed by others: it is a link, or another user's", place)
        liveness = ProcessLiveness(folders.state / "alive")
        stack.callback(liveness.close)
        yield State(settings, clock, stack, folders, liveness, program=program)


def _flushed(known: records.SqliteRecords) -> None:
    try:
        known.flush()
    except StoreError as error:
        logger.warning("not kept on disk: %s", error)


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


def _trace(settings: Settings, folder: Path, clock: Clock, stack: ExitStack, *, program: str) -> Trace:
    try:
        key = trace_writer.home_key(folder / TRACE_KEY)
    except StoreError as error:
        # Nor will the trace be written; this run's rows are hashed with a key that is not kept.
        logger.warning("the trace has no key: %s", error)
        key = secrets.token_bytes(trace_writer.KEY_BYTES)

    def keep_house(trace: TraceStore) -> None:
        if trace.house_due(clock.wall()):
            from .reports.service import House  # noqa: PLC0415 - heavy: most commands find the house kept

            House(folder / REPORTS, settings, clock.wall).keep(trace)

    account = settings.profile.account
    writer = TraceWriter(folder / TRACE, account, current_person(), program=program, keep_house=keep_house)
    stack.callback(writer.close)
    return Trace(writer, key)


def open_reports(settings: Settings, clock: Clock) -> ReportReader:
    """Return the reports of `settings.profile`; nothing is opened before they are asked for."""
    from .reports.service import ReportReader  # noqa: PLC0415 - heavy: a command loads what it uses

    folder = places.find(home=settings.home or None).state
    return ReportReader(folder / TRACE, folder / REPORTS, settings.profile.account, clock)


LOOK_SECONDS: Final = 0.05
FLUSH_SECONDS: Final = 0.01
"""So long an answer may stay off the disk that no other process could read there: many share a transaction."""
COMPANY_SECONDS: Final = 1.0
"""How long another process that was seen is thought to be there."""


class LocalFlights:
    """A FlightPort of the processes on one home; who waits finds the answer among the records.

    A process alone on its home announces nothing: another that begins in the same instant may ask once more.
    """

    seconds = 15.0

    def __init__(self, records: RecordPort, clock: Clock, alone: Callable[[], bool]) -> None:
        self._records = records
        self._clock = clock
        self._alone = alone
        self._company_until = float("-inf")
        self._announced: set[str] = set()
        self._flushing: asyncio.TimerHandle | None = None

    async def look(self, key: str, priority: Priority, max_age: float, before: Look | None) -> Look:
        """Begin to ask, unless a living process does so at least as urgently. Raises StoreError."""
        if self._is_alone():
            return Look(mine=True)
        announced = self._announce(key, priority)
        return Look(mine=announced, announced=announced)

    async def renew(self, key: str, priority: Priority, look: Look) -> None:
        """Say that the question is still on its way. Raises StoreError."""
        if not self._is_alone():
            self._announce(key, priority)

    async def heard(self, key: str) -> None:
        """Wait a moment."""
        await self._clock.sleep(LOOK_SECONDS)

    def landed(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        """Keep the answer. Raises StoreError."""
        if key in self._announced:
            self._announced.discard(key)
            self._records.save(entries, ended=key)
        elif self._is_alone():
            self._records.defer(entries)
            if self._flushing is None:
                self._flushing = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        else:
            self._records.save(entries)

    def spread(self, key: str, look: Look, entry: StoredEntry, *, life: float) -> None:
        """Let the others ask: only machines tell each other what they do not keep. Raises StoreError."""
        self._end(key)

    def failed(self, key: str, look: Look, error: HubSoftError | None) -> None:
        """Let the others ask. Raises StoreError."""
        self._end(key)

    def _end(self, key: str) -> None:
        if key in self._announced:
            self._announced.discard(key)
            self._records.unclaim(key)

    def _announce(self, key: str, priority: Priority) -> bool:
        mine = self._records.claim(key, priority, self.seconds)
        if mine:
            self._announced.add(key)
        return mine

    def _is_alone(self) -> bool:
        if self._clock.now() < self._company_until:
            return False
        if self._alone():
            return True
        self._company_until = self._clock.now() + COMPANY_SECONDS
        return False

    def _flush(self) -> None:
        self._flushing = None
        try:
            self._records.flush()
        except StoreError as error:  # it is in memory, and `behind` says that the disk is not the newest
            logger.warning("not kept on disk: %s", error)

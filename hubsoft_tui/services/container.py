"""Every service built over one engine, and taken down again in the right order.

Imported in the engine's thread only: it brings HTTP with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..api.choices import Table, choices
from ..api.models import Ticket
from ..api.token import token
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.snapshots import Watch
from ..core.telemetry.trace import QuestionRow, Tracer, TraceSink
from ..core.types import Badges, RequestContext
from ..errors import HubSoftError
from ..formats import day_of
from ..settings.places import current_person
from ..settings.tree import Profile, Settings
from ..store.losses import Losses
from ..store.trace_writer import TRACE
from ..texts import Text, say
from ..values import dataclass
from .customers.memory import RememberedCustomers, meaning
from .customers.questions import KINDS
from .customers.service import Customers
from .serial_thread import SerialThread
from .storage import State, open_reports, open_state

if TYPE_CHECKING:
    from ..store.drafts import Dropped, KeptDraft, SqliteDrafts
    from .alerts.service import Alerts
    from .checkup.service import Checkup
    from .desk import Desk
    from .outbox.outbox import Outbox
    from .reports.service import Reports
    from .tickets.service import Tickets
    from .tuning.columns import TraceSource
    from .tuning.refresh import RefreshAhead
    from .tuning.self_tuning import SelfTuning
    from .tuning.service import Tuning


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """The result, as a sentence. `latency` is in seconds, for the read alone."""

    ok: bool
    text: Text
    latency: float | None = None


class ConnectionTest:
    """The service; lives in the engine's loop."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def test(self) -> ConnectionReport:
        """Log in and make one cheap read with the profile in force. Never raises HubSoftError."""
        started = self._clock.now()
        try:
            await self._engine.send(choices(Table.SERVICE_STATUSES), RequestContext("test", timeout=20.0))
        except HubSoftError as error:
            return ConnectionReport(ok=False, text=say("{reason}", reason=error.text))
        latency = self._clock.now() - started
        return ConnectionReport(
            ok=True, text=say("HubSoft answers and accepts the credentials."), latency=latency
        )


class DraftBox:
    """Lives in the engine's loop; a flush to a slow disk must not hold it up."""

    def __init__(self, store: SqliteDrafts, clock: Clock) -> None:
        self._thread = SerialThread("drafts", lambda: store, clock)

    async def all(self) -> tuple[KeptDraft, ...]:
        """Return every draft, newest first. Raises StoreError."""
        return await self._thread.run(lambda store: store.all())

    async def write(self, changes: Sequence[KeptDraft | Dropped]) -> None:
        """Have `changes` on disk, safe from a crash and a power cut, when it returns. Raises StoreError."""
        await self._thread.run(lambda store: store.write(changes))

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._thread.close()


logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]

FIRST_PAUSE: Final = 15.0
LONGEST_PAUSE: Final = 900.0
"""A task that ran this long counts as healthy: reset its backoff."""


async def kept_going(work: Work, clock: Clock) -> None:
    """Do `work` until it returns or is cancelled; where a defect ends it, the log says so and it goes on.

    It is begun again after a pause that doubles: what fails at once each time must not ask HubSoft at once each
    time.
    """
    pause = FIRST_PAUSE
    while True:
        began = clock.now()
        try:
            await work()
        except Exception:
            if clock.now() - began >= LONGEST_PAUSE:
                pause = FIRST_PAUSE
            name = getattr(work, "__qualname__", repr(work))
            logger.exception("%s ended, and is begun again in %.0f s", name, pause)
        else:
            return
        await clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class Services:
    """What users ask for. Lives in the engine's loop: reach it through `Hub.run` or `Hub.call`.

    A service is built, and its modules are loaded, when it is first asked for: a command uses one or two. In a console
    all of them work.
    """

    def __init__(self, engine: Engine, state: State, clock: Clock) -> None:
        self.engine = engine
        self.shared = state.shared
        """The budget that machines share; None where this machine has it for itself."""
        self.watch = Watch(engine.snapshot)
        self.losses = Losses(state.losses, clock)
        self.remembered = RememberedCustomers(
            state.reader,
            clock,
            settings=lambda: engine.settings,
            note=engine.note,
            behind=lambda: engine.known.cache.ahead or state.ports.records.behind,
        )
        """For any thread."""
        self._state = state
        self._clock = clock

    @cached_property
    def alerts(self) -> Alerts:
        """What is wrong, for how long, and who is told."""
        from ..core.requests.webhook import HttpWebhook  # noqa: PLC0415 - heavy: a command loads what it uses
        from .alerts.service import Alerts, free_megabytes  # noqa: PLC0415 - as above

        folders, tickets, outbox, checkup = self._state.folders, self.tickets, self.outbox, self.checkup
        return Alerts(
            self.engine,
            self._state.alerts,
            HttpWebhook(),
            self._clock,
            disk_free=free_megabytes((folders.state, folders.cache)),
            extra=lambda: {
                "sync_late": tickets.late,
                "tickets_late": _count(tickets.late_lately),
                "tickets_due": _count(tickets.due_soon),
                "outbox_stuck": outbox.waiting,
                "state_lost": float(len(self.losses.open())),
                "checkup_held": float(checkup.held),
            },
        )

    @cached_property
    def checkup(self) -> Checkup:
        """Lists of members, and who of them has a contract."""
        from .checkup.service import Checkup  # noqa: PLC0415 - heavy: a command loads what it uses

        checkup = Checkup(self.engine, self._state.checkups, self._clock)
        checkup.on_run = lambda naive, requests: self.reports.note_naive("checkup", naive, requests)
        return checkup

    @cached_property
    def connection(self) -> ConnectionTest:
        """Whether HubSoft answers and accepts the credentials."""
        return ConnectionTest(self.engine, self._clock)

    @cached_property
    def customers(self) -> Customers:
        """Who a customer is."""
        return Customers(
            self.engine,
            self._state.recent,
            self._clock,
            person=current_person,
            sweep=lambda category, priority: self.checkup.one_page.sweep(category, priority),  # noqa: PLW0108 - built with the first
        )

    @cached_property
    def desk(self) -> Desk:
        """What goes with an action on a service."""
        from .desk import Desk  # noqa: PLC0415 - heavy: a command loads what it uses

        return Desk(self.engine, self._state.recent, self._clock)

    @cached_property
    def drafts(self) -> DraftBox:
        """What was typed and not sent."""
        return DraftBox(self._state.drafts, self._clock)

    @cached_property
    def outbox(self) -> Outbox:
        """What is written, sent once."""
        from .outbox.outbox import Outbox  # noqa: PLC0415 - heavy: a command loads what it uses

        outbox = Outbox(self.engine, self._state.outbox, self._clock, person=current_person)
        outbox.sender.on_sent = self._absorb
        outbox.sender.on_action = self.desk.note
        return outbox

    @cached_property
    def refresh(self) -> RefreshAhead | None:
        """What renews ahead; None without a trace to learn from."""
        from .tuning.refresh import RefreshAhead  # noqa: PLC0415 - heavy: a command loads what it uses

        tracer = self.engine.tracer
        if tracer is None or not isinstance(tracer.sink, Watched):
            return None
        ahead = RefreshAhead(
            self.engine,
            subject_of=tracer.subject_of,
            source=self._source,
            log=self._state.tuning,
            clock=self._clock,
        )
        tracer.sink.show(ahead.question)
        return ahead

    @cached_property
    def reports(self) -> Reports:
        """What a day was like."""
        from .reports.service import Reports  # noqa: PLC0415 - heavy: a command loads what it uses

        writer = self._state.trace.writer if self._state.trace else None
        return Reports(
            open_reports(self.engine.settings, self._clock), writer, self._clock, self.desk.actions
        )

    @cached_property
    def self_tuning(self) -> SelfTuning:
        """Lifetimes that follow what was learnt."""
        from .tuning.self_tuning import SelfTuning  # noqa: PLC0415 - heavy: a command loads what it uses

        return SelfTuning(self.engine, self.tuning, self._source, self._state.tuning, self._clock)

    @cached_property
    def tickets(self) -> Tickets:
        """The tickets that are followed."""
        from .tickets.service import Tickets  # noqa: PLC0415 - heavy: a command loads what it uses

        state = self._state
        relay = None if state.shared is None else state.ports.flights
        return Tickets(
            self.engine,
            state.mirror,
            state.liveness,
            self._clock,
            person=current_person,
            on_pass=lambda made: self.reports.note_naive("sync", made.naive_requests, made.requests),
            relay=relay,
        )

    @cached_property
    def tuning(self) -> Tuning:
        """What other settings would cost."""
        from .tuning.service import Tuning  # noqa: PLC0415 - heavy: a command loads what it uses

        return Tuning(
            self.engine,
            places=self._state.folders,
            log=self._state.tuning,
            source=self._source,
            clock=self._clock,
            person=current_person,
        )

    @cached_property
    def _source(self) -> TraceSource:
        from .tuning.columns import TraceSource  # noqa: PLC0415 - heavy: a command loads what it uses

        account = self.engine.settings.profile.account
        return TraceSource(self._state.folders.state / TRACE, account, self._clock)

    def badges(self) -> Badges:
        """Return what every screen keeps in sight, and each service's version."""
        return Badges(
            outbox=self.outbox.left,
            outbox_asks=self.outbox.asks,
            alerts=self.alerts.unseen,
            losses=len(self.losses.open()),
            renewing=self.refresh.state if self.refresh is not None else None,
            versions={
                "alerts": self.alerts.version,
                "checkup": self.checkup.version,
                "outbox": self.outbox.version,
                "tickets": self.tickets.news,
                "tickets_due": self.tickets.due_number,
                "tuning": self.tuning.version,
            },
        )

    def unasked(self) -> list[Work]:
        """Return what the services do by themselves while a console is open, each until it is cancelled."""
        return [
            self.alerts.run,
            self.checkup.night.run,
            self.checkup.notify_forever,
            self.outbox.run,
            self.tickets.run,
            self.tuning.watch,
            self.self_tuning.run,
            *([] if self.refresh is None else [self.refresh.run]),
        ]

    async def close(self) -> None:
        """Close what was built, each before what it uses."""
        async with AsyncExitStack() as closing:
            closing.callback(self.remembered.close)
            for name in ("drafts", "reports", "_source", "tickets", "outbox", "checkup"):
                closing.push_async_callback(self._close_built, name)

    async def _close_built(self, name: str) -> None:
        # Looked for at its turn: an answer that the outbox waits for at its end goes to the tickets, built then.
        if (built := self.__dict__.get(name)) is not None:
            await built.close()

    # -- what the services tell each other

    async def _absorb(self, ticket: Ticket) -> None:
        """Show what a write became at once, among the tickets that are followed.

        HubSoft's answer to a new ticket has the day it was opened alone.
        """
        today = day_of(self._clock.wall())
        await self.tickets.absorb(ticket, opened=ticket.opened_at is None and ticket.opened_on == today)


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Clock, *, background: bool, program: str = ""
) -> AsyncIterator[Services]:
    """Open the state and build the engine; with `background` also start what goes on unasked.

    Raises StoreError or SettingsError.
    """
    with open_state(settings, clock, program=program) as state:
        async with AsyncExitStack() as closing:
            engine = make_engine(settings, state, clock)
            closing.push_async_callback(engine.close)
            engine.start()
            if state.trace is not None:
                state.trace.writer.start()
            services = Services(engine, state, clock)
            closing.push_async_callback(services.close)
            engine.badges = services.badges
            works: list[Work] = [services.watch.run, *(services.unasked() if background else ())]
            going = [asyncio.create_task(kept_going(work, clock)) for work in works]
            closing.push_async_callback(_ended, going)
            yield services


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _count(value: int | None) -> float | None:
    return None if value is None else float(value)


class Watched:
    """A TraceSink that lets another see each question that passes, once there is one."""

    def __init__(self, sink: TraceSink) -> None:
        self.sink = sink
        self.question = sink.question
        self.sent = sink.sent

    def show(self, see: Callable[[QuestionRow], object]) -> None:
        """Let `see` have each question from now on."""
        keep = self.sink.question

        def question(row: QuestionRow) -> None:
            keep(row)
            see(row)

        self.question = question


def make_engine(settings: Settings, state: State, clock: Clock) -> Engine:
    """Build the engine of `settings.profile` over `state`; not started. Raises SettingsError."""
    profile: Profile = settings.profile
    means = meaning(lambda: engine.settings.customers.active_statuses)
    tracer = None
    if state.trace is not None:
        tracer = Tracer(Watched(state.trace.writer), state.trace.key, means)
    engine = Engine(
        settings,
        state.ports,
        clock,
        kinds=KINDS,
        login=token(profile.client_id, profile.client_secret, profile.username, profile.password),
        probe=choices(Table.SERVICE_STATUSES),
        tracer=tracer,
        suspended=means.suspended,
    )
    return engine

"""Every service built over one engine, and taken down again in the right order.

Imported in the engine's thread only: it brings httpx with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ..api.choices import Table, choices
from ..api.models import Ticket
from ..api.token import token
from ..core.clock import Clock
from ..core.engine import Engine
from ..core.requests.webhook import HttpWebhook
from ..core.snapshots import Watch
from ..core.telemetry.tracer import Tracer
from ..core.types import Badges, RequestContext
from ..errors import HubSoftError
from ..formats import day_of
from ..settings.places import current_person
from ..settings.tree import Profile, Settings
from ..store.drafts import Dropped, KeptDraft, SqliteDrafts
from ..store.losses import Losses
from ..store.trace_writer import TRACE
from ..store.tuning import TuningLog
from ..texts import Text, say
from .alerts.service import Alerts, free_megabytes
from .checkup.service import Checkup
from .checkup.storage import CheckupStores
from .customers.memory import RememberedCustomers, meaning
from .customers.questions import KINDS
from .customers.service import Customers
from .desk import Desk
from .outbox.outbox import Outbox
from .reports.service import Reports
from .serial_thread import SerialThread
from .storage import State, open_reports, open_state
from .tickets.service import Tickets
from .tuning.columns import TraceSource
from .tuning.refresh import RefreshAhead, Watched
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
        self._lane = SerialThread("drafts", lambda: store, clock)

    async def all(self) -> tuple[KeptDraft, ...]:
        """Return every draft, newest first. Raises StoreError."""
        return await self._lane.run(lambda store: store.all())

    async def write(self, changes: Sequence[KeptDraft | Dropped]) -> None:
        """Have `changes` on disk, safe from a crash and a power cut, when it returns. Raises StoreError."""
        await self._lane.run(lambda store: store.write(changes))

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._lane.close()


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


if TYPE_CHECKING:
    from ..shared.budget import SharedBudget


@dataclass(frozen=True, slots=True)
class Services:
    """What users ask for. Lives in the engine's loop: reach it through `Hub.run` or `Hub.call`."""

    engine: Engine
    alerts: Alerts
    checkup: Checkup
    connection: ConnectionTest
    customers: Customers
    desk: Desk
    drafts: DraftBox
    losses: Losses
    outbox: Outbox
    refresh: RefreshAhead | None
    """None without a trace to learn from."""
    remembered: RememberedCustomers
    """For any thread."""
    reports: Reports
    self_tuning: SelfTuning
    shared: SharedBudget | None
    """The budget that machines share; None where this machine has it for itself."""
    tickets: Tickets
    tuning: Tuning
    watch: Watch

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


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Clock, *, background: bool, program: str = ""
) -> AsyncIterator[Services]:
    """Open the state and build everything; with `background` also start what goes on unasked.

    Raises StoreError or SettingsError.
    """
    with open_state(settings, clock, program=program) as state:
        async with AsyncExitStack() as closing:
            engine = make_engine(settings, state, clock)
            closing.push_async_callback(engine.close)
            engine.start()
            if state.trace is not None:
                state.trace.writer.start()
            source = TraceSource(state.folders.state / TRACE, settings.profile.account, clock)
            services = _built(engine, state, source, clock)
            closing.push_async_callback(services.drafts.close)
            closing.callback(services.remembered.close)
            for each in (services.reports, source, services.tickets, services.outbox, services.checkup):
                closing.push_async_callback(each.close)
            engine.badges = services.badges
            works: list[Work] = [services.watch.run, *(services.unasked() if background else ())]
            going = [asyncio.create_task(kept_going(work, clock)) for work in works]
            closing.push_async_callback(_ended, going)
            yield services


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _built(engine: Engine, state: State, source: TraceSource, clock: Clock) -> Services:
    """Build every service, and let them tell each other what concerns them."""
    folders = state.folders
    stores = CheckupStores(state.checkups, state.results, state.rosters, state.commands)
    checkup = Checkup(engine, stores, clock)
    losses = Losses(state.losses, clock)
    outbox = Outbox(engine, state.outbox, clock, person=current_person)
    relay = None if state.shared is None else state.ports.flights
    tickets = Tickets(engine, state.mirror, state.liveness, clock, person=current_person, relay=relay)
    desk = Desk(engine, state.recent, clock)
    writer = state.trace.writer if state.trace else None
    reports = Reports(open_reports(engine.settings, clock), writer, clock, desk.actions)
    tuning = Tuning(
        engine, places=folders, log=state.tuning, source=source, clock=clock, person=current_person
    )
    outbox.on_sent = partial(_absorb, tickets, clock)
    outbox.on_action = desk.note
    tickets.on_pass = lambda made: reports.note_naive("sync", made.naive_requests, made.requests)
    checkup.on_run = partial(reports.note_naive, "checkup")
    return Services(
        engine=engine,
        alerts=Alerts(
            engine,
            state.alerts,
            HttpWebhook(),
            clock,
            disk_free=free_megabytes((folders.state, folders.cache)),
            extra=lambda: {
                "sync_late": tickets.late,
                "tickets_late": _count(tickets.late_lately),
                "tickets_due": _count(tickets.due_soon),
                "outbox_stuck": outbox.waiting,
                "state_lost": float(len(losses.open())),
                "checkup_held": float(checkup.held),
            },
        ),
        checkup=checkup,
        connection=ConnectionTest(engine, clock),
        customers=Customers(engine, state.recent, clock, person=current_person, sweep=checkup.one_page.sweep),
        desk=desk,
        drafts=DraftBox(state.drafts, clock),
        losses=losses,
        outbox=outbox,
        refresh=open_refresh(engine, source, state.tuning, clock),
        remembered=RememberedCustomers(
            state.reader,
            clock,
            settings=lambda: engine.settings,
            note=engine.note,
            behind=lambda: engine.known.cache.ahead,
        ),
        reports=reports,
        self_tuning=SelfTuning(engine, tuning, source, state.tuning, clock),
        shared=state.shared,
        tickets=tickets,
        tuning=tuning,
        watch=Watch(engine.snapshot),
    )


def _count(value: int | None) -> float | None:
    return None if value is None else float(value)


async def _absorb(tickets: Tickets, clock: Clock, ticket: Ticket) -> None:
    """Show what a write became at once, among the tickets that are followed.

    HubSoft's answer to a new ticket has the day it was opened alone.
    """
    today = day_of(clock.wall())
    await tickets.absorb(ticket, opened=ticket.opened_at is None and ticket.opened_on == today)


def open_refresh(engine: Engine, source: TraceSource, log: TuningLog, clock: Clock) -> RefreshAhead | None:
    """Build what renews ahead, and let it see each question on its way to the trace."""
    tracer = engine.tracer
    if tracer is None or not isinstance(tracer.sink, Watched):
        return None
    ahead = RefreshAhead(engine, subject_of=tracer.subject_of, source=source, log=log, clock=clock)
    tracer.sink.show(ahead)
    return ahead


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

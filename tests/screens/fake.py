"""An engine that answers what a test scripted, through the same door as the real one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from textual.app import App
from textual.pilot import Pilot
from typing_extensions import override

from app import HubSoftConsole
from hubsoft_tui.api.models import (
    Address,
    Connection,
    Customer,
    Device,
    Invoice,
    Service,
    Session,
    Ticket,
    WorkOrder,
)
from hubsoft_tui.core.types import Answer, Badges, Category, RequestContext, Snapshot, Source
from hubsoft_tui.screens.frame.console import EngineHandle
from hubsoft_tui.services.alerts.service import Alerts
from hubsoft_tui.services.container import ConnectionReport, ConnectionTest, DraftBox, Services
from hubsoft_tui.services.customers.service import LOOKUP, Customers, Lookup, Match
from hubsoft_tui.services.customers.terms import Term, recognise
from hubsoft_tui.services.desk import Aftermath, Desk
from hubsoft_tui.services.outbox.types import DeskAction
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.service import LISTED, Reports
from hubsoft_tui.services.reports.types import DayReport, LastHour, Overview, SoFar
from hubsoft_tui.settings.tree import Profile, Settings, UiSettings
from hubsoft_tui.store.alerts import Alert
from hubsoft_tui.store.drafts import Dropped, KeptDraft
from hubsoft_tui.store.state import Recent
from hubsoft_tui.texts import Text
from widgets.fields import QuestionInput

from .builders import WALL
from .tickets.fakes import FakeOutbox, FakeTickets

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a machine with other work to do has at least."""

CPF = "86214941081"
OTHER = "52998224725"

BIANCA = Customer(
    id=1,
    code=1204,
    name="BIANCA COUTO",
    kind="pf",
    document=CPF,
    phones=("37999992968",),
    alerts=("Fibre cut in Centro",),
    services=(
        Service(
            id=11,
            name="COMBO 500 MBPS",
            status="Serviço Habilitado",
            status_prefix="servico_habilitado",
            technology="fibra",
            login="bianca",
            connection=Connection(online=True),
            address=Address(full="Rua Um, 10", city="Divinópolis"),
        ),
        Service(id=12, name="TV PLUS", status="Suspenso Débito", status_prefix="suspenso_debito"),
    ),
)
GUILHERME = Customer(id=2, code=7, name="GUILHERME SILVA", document=OTHER)


def lookup(
    text: str,
    *customers: Customer,
    source: Source = Source.API,
    age: float = 0.0,
    truncated: bool = False,
    reason: str = "",
) -> Lookup:
    matches = tuple(Match(each, active_services(each)) for each in customers)
    return Lookup(recognise(text), matches, source, age, time.time() - age, 1, truncated, reason)


def active_services(customer: Customer) -> frozenset[int]:
    return frozenset(each.id for each in customer.services if each.status_prefix == "servico_habilitado")


def answer(
    *rows: Any, source: Source = Source.API, age: float = 0.0, reason: str = ""
) -> Answer[tuple[Any, ...]]:
    return Answer(rows, source, age, time.time() - age, 1, reason=reason)


async def scripted(value: Any) -> Any:
    """Return what a test scripted: an exception is raised, a future is awaited."""
    if isinstance(value, asyncio.Future):
        value = await asyncio.shield(value)
    if isinstance(value, Exception):
        raise value
    return value


class FakeCustomers(Customers):
    """Answers by what was typed; an exception is raised, a future is awaited."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str | Term, bool, str]] = []
        self.panels: dict[str, Any] = {
            "tickets": answer(Ticket(id=5, protocol="20261123140231", type="SAC", status="pending")),
            "invoices": answer(Invoice(id=6)),
            "work_orders": answer(WorkOrder(id=7, number="1820")),
            "connection": answer(Session(login="bianca", ipv4="10.0.0.9")),
        }
        self.panels_asked: list[tuple[str, bool]] = []
        self.reveals: list[Customer] | Exception = []
        self.remembered: list[tuple[str, Customer]] = []

    @override
    async def lookup(
        self,
        text: str | Term,
        context: RequestContext = LOOKUP,
        *,
        category: Category = Category.CLIENT_DATA,
        refresh: bool = False,
        remember: bool = False,
        listed: bool = False,
    ) -> Lookup:
        self.asked.append((text, refresh, context.label))
        typed = text.typed if isinstance(text, Term) else text
        recognise(typed)
        found = await scripted(self.answers.get(typed, ()))
        found = found if isinstance(found, Lookup) else lookup(typed, *found)
        if remember and len(found.matches) == 1:
            await self.remember(found.customers[0], typed)
        return found

    async def _panel(self, name: str, *, refresh: bool) -> Answer[Any]:
        self.panels_asked.append((name, refresh))
        return await scripted(self.panels[name])

    @override
    async def tickets(
        self, customer: Customer, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Ticket, ...]]:
        return await self._panel("tickets", refresh=refresh)

    @override
    async def invoices(
        self, customer: Customer, *, with_paid: bool = False, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Invoice, ...]]:
        return await self._panel("invoices", refresh=refresh)

    @override
    async def work_orders(
        self, customer: Customer, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[WorkOrder, ...]]:
        return await self._panel("work_orders", refresh=refresh)

    @override
    async def connection(
        self, service: Service, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Session, ...]]:
        return await self._panel("connection", refresh=refresh)

    @override
    async def recent(self) -> tuple[Recent, ...]:
        return tuple(
            Recent(term, each.name, each.document, bool(active_services(each)), 0.0)
            for term, each in self.remembered[::-1]
        )

    @override
    async def remember(self, customer: Customer, term: str = "") -> None:
        self.remembered = [pair for pair in self.remembered if pair[1] != customer]
        self.remembered.append((customer.document or term, customer))

    @override
    async def record_reveal(self, customer: Customer) -> float:
        if isinstance(self.reveals, Exception):
            raise self.reveals
        self.reveals.append(customer)
        return 0.0


class FakeDesk(Desk):
    """Answers what is asked about equipment, and how a customer stands after an action."""

    def __init__(self) -> None:
        self.devices: Sequence[Device] | None = None
        self.outcome = Aftermath(1)
        self.looked: list[DeskAction] = []

    @override
    async def signal(
        self, service: Service, *, refresh: bool = False, label: str = ""
    ) -> Answer[tuple[Device, ...]] | None:
        return None if self.devices is None else answer(*self.devices)

    @override
    async def after(self, draft: DeskAction) -> Aftermath:
        self.looked.append(draft)
        return self.outcome


class FakeReports(Reports):
    """Shows `days`; None is the newest."""

    def __init__(self) -> None:
        today = date(2026, 11, 18)
        self.shown: dict[date | None, Overview | Exception] = {
            None: Overview((), DayReport(today, 0.0, 0.0), today)
        }
        self.asked: list[date | None] = []
        self.total = Sums(questions=1204, requests=88, saved=1116)
        self.hour = LastHour()
        self.unwritten = ""

    @override
    async def so_far(self) -> SoFar:
        today = date(2026, 11, 18)
        return SoFar(DayReport(today, 0.0, 0.0, self.total), self.hour, self.unwritten)

    @override
    async def overview(self, day: date | None = None, most: int = LISTED) -> Overview:
        self.asked.append(day)
        found: Overview = await scripted(self.shown.get(day, self.shown[None]))
        return found


class FakeAlerts(Alerts):
    """Remembers alerts and who acknowledged them."""

    def __init__(self) -> None:
        self.rows: tuple[Alert, ...] = ()
        self.trouble: Text | None = None
        self.asked = 0
        self.failure: Exception | None = None

    @override
    async def recent(self, limit: int = 100) -> tuple[Alert, ...]:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.rows[:limit]

    @override
    async def webhook_trouble(self) -> Text | None:
        return self.trouble

    @override
    async def acknowledge(self, alert_id: int) -> bool:
        return await self._note(lambda alert: alert.id == alert_id) > 0

    @override
    async def acknowledge_all(self) -> int:
        return await self._note(lambda alert: True)

    async def _note(self, which: Callable[[Alert], bool]) -> int:
        if self.failure is not None:
            raise self.failure
        news = [each for each in self.rows if which(each) and each.open and each.acknowledged_at is None]
        self.rows = tuple(replace(each, acknowledged_at=WALL) if each in news else each for each in self.rows)
        return len(news)


class FakeDrafts(DraftBox):
    """A disk in memory. `failure` is what writing raises."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptDraft] = {}
        self.failure: Exception | None = None
        self.writes = 0

    @override
    async def all(self) -> tuple[KeptDraft, ...]:
        return tuple(sorted(self.kept.values(), key=lambda draft: -draft.at))

    @override
    async def write(self, changes: Sequence[KeptDraft | Dropped]) -> None:
        if self.failure is not None:
            raise self.failure
        self.writes += 1
        for each in changes:
            if isinstance(each, KeptDraft):
                self.kept[each.about] = each
            elif each.about in self.kept and self.kept[each.about].at <= each.at:
                del self.kept[each.about]


class FakeConnection(ConnectionTest):
    """Finds what a test says."""

    def __init__(self, report: ConnectionReport | None) -> None:
        self.report = report

    @override
    async def test(self) -> ConnectionReport:
        assert self.report is not None
        return self.report


class FakeHub:
    """An EngineHandle over fakes of the services. `state` is the snapshot it shows."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        failure: Exception | None = None,
        report: ConnectionReport | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.customers = FakeCustomers()
        self.desk = FakeDesk()
        self.reports = FakeReports()
        self.alerts = FakeAlerts()
        self.tickets = FakeTickets()
        self.outbox = FakeOutbox()
        self.drafts = FakeDrafts()
        self.state = Snapshot(serial=1, profile="main", host="api.provedor.example")
        self.failure = failure
        self.offered: dict[str, object] = {}
        """The services by their name in `Services`."""
        self.offer(
            connection=FakeConnection(report),
            customers=self.customers,
            desk=self.desk,
            drafts=self.drafts,
            outbox=self.outbox,
            reports=self.reports,
            alerts=self.alerts,
            tickets=self.tickets,
        )
        self.started = self.closed = self.watched = 0

    def offer(self, **services: object) -> None:
        """Have these services too, each under a name that `Services` has."""
        assert services.keys() <= vars(Services).keys()
        self.offered |= services

    def start(self) -> None:
        self.started += 1
        if self.failure is not None:
            raise self.failure

    def close(self, timeout: float = 5.0) -> None:
        self.closed += 1

    async def run(self, ask: Callable[[Services], Awaitable[T]]) -> T:
        return await ask(cast("Services", SimpleNamespace(**self.offered)))

    def call(self, ask: Callable[[Services], Awaitable[T]], timeout: float | None = None) -> T:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(self.run(ask))).result(timeout)

    def snapshot(self) -> Snapshot:
        return self.state

    def news(self) -> None:
        """Show that tickets and outbox may have something new."""
        self.show(badges=Badges(versions={"tickets": self.tickets.at, "outbox": self.outbox.version}))

    def show(self, **changes: Any) -> None:
        self.state = replace(self.state, serial=self.state.serial + 1, **changes)

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        self.watched += 1
        try:
            yield
        finally:
            self.watched -= 1


@contextlib.asynccontextmanager
async def console(
    hub: FakeHub | None = None,
    *,
    size: tuple[int, int] = (120, 36),
    tmp: Path | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[Any, Any, Any]]:
    """Run the console over a fake engine; yields (app, pilot, hub). Nothing is asked along unless settings say so."""
    shown = hub or FakeHub()
    handle: EngineHandle = shown
    plain: dict[str, Any] = {"profile": Profile(), "ui": UiSettings(open_tickets=False)}
    app = HubSoftConsole(Settings(**{**plain, **settings}), engine=lambda _settings: handle)
    app.crash_folder = tmp
    async with app.run_test(size=size, notifications=True) as pilot:
        await app.settled.wait()
        await settle(pilot)
        try:
            yield app, pilot, shown
        finally:
            app.close()


async def settle(pilot: Pilot[Any]) -> None:
    """Let workers and repaints finish, without waiting for those that wait for a test."""
    for _round in range(4):
        await pilot.pause()


async def look_up(pilot: Pilot[Any], text: str = CPF) -> None:
    """Type `text` and press enter."""
    field = pilot.app.screen.query_one(QuestionInput)
    field.focus()
    field.value = text
    await pilot.press("enter")
    await settle(pilot)


def seen(app: App[Any]) -> str:
    """Return every character on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def wait_for(pilot: Pilot[Any], condition: Callable[..., object], *, rounds: int = 200) -> None:
    """Go on until `condition()`; fails when it never comes, in so many rounds and in `PATIENCE` seconds."""
    until = time.monotonic() + PATIENCE
    while rounds > 0 or time.monotonic() < until:
        if condition():
            return
        await pilot.pause(0.01)
        rounds -= 1
    raise AssertionError(f"never came; on screen:\n{seen(pilot.app)}")

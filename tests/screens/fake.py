"""An engine that answers what a test scripted, through the same door as the real one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

from app import HubSoftConsole
from hubsoft_tui.api.models import Address, Connection, Customer, Invoice, Service, Session, Ticket, WorkOrder
from hubsoft_tui.core.types import Answer, Badges, Snapshot, Source
from hubsoft_tui.services.customers.service import Lookup, Match
from hubsoft_tui.services.customers.terms import recognise
from hubsoft_tui.services.desk import Aftermath
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.types import DayReport, LastHour, Overview, SoFar
from hubsoft_tui.settings.tree import Profile, Settings, UiSettings
from hubsoft_tui.store.alerts import Alert
from hubsoft_tui.store.drafts import KeptDraft
from hubsoft_tui.store.recent_and_audit import Recent
from widgets.fields import QuestionInput

from .builders import WALL
from .tickets.fakes import FakeOutbox, FakeTickets

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


def lookup(text, *customers, source=Source.API, age=0.0, truncated=False, reason=""):
    matches = tuple(Match(each, active_services(each)) for each in customers)
    return Lookup(recognise(text), matches, source, age, time.time() - age, 1, truncated, reason)


def active_services(customer):
    return frozenset(each.id for each in customer.services if each.status_prefix == "servico_habilitado")


def answer(*rows, source=Source.API, age=0.0, reason=""):
    return Answer(rows, source, age, time.time() - age, 1, reason=reason)


class FakeCustomers:
    """Answers by what was typed; an exception is raised, a future is awaited."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.panels = {
            "tickets": answer(Ticket(id=5, protocol="20261123140231", type="SAC", status="pending")),
            "invoices": answer(Invoice(id=6)),
            "work_orders": answer(WorkOrder(id=7, number="1820")),
            "connection": answer(Session(login="bianca", ipv4="10.0.0.9")),
        }
        self.panels_asked = []
        self.reveals = []
        self.remembered = []

    async def lookup(self, text, context, *, refresh=False, remember=False, listed=False):
        self.asked.append((text, refresh, context.label))
        recognise(text)
        found = self.answers.get(text, ())
        if isinstance(found, asyncio.Future):
            found = await asyncio.shield(found)
        if isinstance(found, Exception):
            raise found
        found = found if isinstance(found, Lookup) else lookup(text, *found)
        if remember and len(found.matches) == 1:
            await self.remember(found.customers[0], text)
        return found

    async def _panel(self, name, refresh):
        self.panels_asked.append((name, refresh))
        value = self.panels[name]
        if isinstance(value, asyncio.Future):
            value = await asyncio.shield(value)
        if isinstance(value, Exception):
            raise value
        return value

    async def tickets(self, _customer, *, refresh=False, label=""):
        return await self._panel("tickets", refresh)

    async def invoices(self, _customer, *, refresh=False, label=""):
        return await self._panel("invoices", refresh)

    async def work_orders(self, _customer, *, refresh=False, label=""):
        return await self._panel("work_orders", refresh)

    async def connection(self, _service, *, refresh=False, label=""):
        return await self._panel("connection", refresh)

    async def recent(self):
        return tuple(
            Recent(term, each.name, each.document, bool(active_services(each)), 0.0)
            for term, each in self.remembered[::-1]
        )

    async def remember(self, customer, term=""):
        self.remembered = [pair for pair in self.remembered if pair[1] != customer]
        self.remembered.append((customer.document or term, customer))

    async def record_reveal(self, customer):
        if isinstance(self.reveals, Exception):
            raise self.reveals
        self.reveals.append(customer)
        return 0.0


class FakeDesk:
    """Answers what is asked about equipment, and how a customer stands after an action."""

    def __init__(self):
        self.devices = None
        self.outcome = Aftermath(1)
        self.looked = []

    async def signal(self, service, *, refresh=False, label=""):
        return None if self.devices is None else answer(*self.devices)

    async def after(self, draft):
        self.looked.append(draft)
        return self.outcome


class FakeReports:
    """Shows `overviews` by day; None is the newest."""

    def __init__(self):
        today = date(2026, 11, 18)
        self.days: dict[date | None, Overview | Exception] = {
            None: Overview((), DayReport(today, 0.0, 0.0), today)
        }
        self.asked = []
        self.total = Sums(questions=1204, requests=88, saved=1116)
        self.hour = LastHour()
        self.trouble = ""

    async def so_far(self):
        today = date(2026, 11, 18)
        return SoFar(DayReport(today, 0.0, 0.0, self.total), self.hour, self.trouble)

    async def overview(self, day=None):
        self.asked.append(day)
        found = self.days.get(day, self.days[None])
        if isinstance(found, Exception):
            raise found
        return found


class FakeAlerts:
    """Remembers alerts and who acknowledged them."""

    def __init__(self):
        self.rows: tuple[Alert, ...] = ()
        self.trouble = None
        self.asked = 0
        self.failure = None

    async def recent(self, limit=100):
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.rows[:limit]

    async def webhook_trouble(self):
        return self.trouble

    async def acknowledge(self, alert_id):
        return await self._seen(lambda alert: alert.id == alert_id) > 0

    async def acknowledge_all(self):
        return await self._seen(lambda alert: True)

    async def _seen(self, which):
        if self.failure is not None:
            raise self.failure
        news = [each for each in self.rows if which(each) and each.open and each.acknowledged_at is None]
        self.rows = tuple(replace(each, acknowledged_at=WALL) if each in news else each for each in self.rows)
        return len(news)


class FakeDrafts:
    """A disk in memory. `failure` is what writing raises."""

    def __init__(self):
        self.kept = {}
        self.failure = None
        self.writes = 0

    async def all(self):
        return tuple(sorted(self.kept.values(), key=lambda draft: -draft.at))

    async def write(self, changes):
        if self.failure is not None:
            raise self.failure
        self.writes += 1
        for each in changes:
            if isinstance(each, KeptDraft):
                self.kept[each.about] = each
            elif each.about in self.kept and self.kept[each.about].at <= each.at:
                del self.kept[each.about]


class FakeHub:
    """The door. `state` is the snapshot it shows."""

    def __init__(self, settings=None, *, failure=None, report=None):
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
        self.report = report
        self.started = self.closed = self.watched = 0

    def start(self):
        self.started += 1
        if self.failure is not None:
            raise self.failure

    def close(self, timeout=5.0):
        self.closed += 1

    async def run(self, ask):
        async def test():
            return self.report

        services = SimpleNamespace(
            connection=SimpleNamespace(test=test),
            customers=self.customers,
            desk=self.desk,
            drafts=self.drafts,
            outbox=self.outbox,
            reports=self.reports,
            alerts=self.alerts,
            tickets=self.tickets,
        )
        return await ask(services)

    def call(self, ask, timeout=None):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self.run(ask)).result(timeout)

    def snapshot(self):
        return self.state

    def news(self):
        """Show that tickets and outbox may have something new."""
        self.show(badges=Badges(versions={"tickets": self.tickets.version, "outbox": self.outbox.version}))

    def show(self, **changes):
        self.state = replace(self.state, serial=self.state.serial + 1, **changes)

    @contextlib.contextmanager
    def watch(self):
        self.watched += 1
        try:
            yield
        finally:
            self.watched -= 1


@contextlib.asynccontextmanager
async def console(hub=None, *, size=(120, 36), tmp=None, **settings):
    """Run the console over a fake engine; yields (app, pilot, hub). Nothing is asked along unless settings say so."""
    hub = hub or FakeHub()
    plain = {"profile": Profile(), "ui": UiSettings(open_tickets=False)}
    app = HubSoftConsole(Settings(**{**plain, **settings}), engine=lambda _settings: hub, crash_folder=tmp)
    async with app.run_test(size=size, notifications=True) as pilot:
        await app.settled.wait()
        await settle(pilot)
        try:
            yield app, pilot, hub
        finally:
            app.close()


async def settle(pilot):
    """Let workers and repaints finish, without waiting for those that wait for a test."""
    for _round in range(4):
        await pilot.pause()


async def look_up(pilot, text=CPF):
    """Type `text` and press enter."""
    field = pilot.app.screen.query_one(QuestionInput)
    field.focus()
    field.value = text
    await pilot.press("enter")
    await settle(pilot)


def seen(app):
    """Return every character on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def wait_for(pilot, condition, *, rounds=200):
    """Go on until `condition()`; fails when it never comes."""
    for _round in range(rounds):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never came; on screen:\n{seen(pilot.app)}")

"""Every screen as a picture, cell by cell; whatever a clock, a zone or a language would change stands still.

A change that is meant is taken over with `pytest -n0 tests/snapshots --snapshot-update`, once it was looked at.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app import HubSoftConsole
from hubsoft_tui import screens, texts
from hubsoft_tui.api.models import Invoice, Ticket
from hubsoft_tui.core.types import ApiState, Badges, BreakerState, Health, Priority, Source
from hubsoft_tui.services.outbox.types import EntryState, NewTicket
from hubsoft_tui.services.tickets.types import ChangeKind, TicketState
from hubsoft_tui.settings.tree import Settings
from tests.screens.builders import WALL, request, snapshot
from tests.screens.fake import (
    BIANCA,
    CPF,
    GUILHERME,
    FakeHub,
    answer,
    look_up,
    lookup,
    seen,
    settle,
    wait_for,
)
from tests.screens.test_reports import some_days
from tests.screens.test_tuning import TuningHub
from tests.screens.tickets.fakes import change, ticket
from widgets.monitor.timeline import BudgetTape
from widgets.status_bar import StatusStrip

WIDE, SMALL = (120, 36), (80, 24)
NOW = datetime.fromtimestamp(WALL, UTC)

REQUESTS = (
    request(1, operation="token", path="oauth/token", caller="token", latency=0.31),
    request(2, wait=1.9),
    request(3, status=401, outcome="401", priority=Priority.LOW, caller="refresh"),
    request(4, status=None, outcome="timeout", latency=30.0, size=0, error="HubSoft did not answer in 30 s."),
    request(5, status=429, outcome="429", priority=Priority.NORMAL),
    request(6, outcome="not_found", attempt=2),
    request(7, status=None, outcome="", latency=None, size=0),
)


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """Stop what is read from the world: both clocks, the zone, the language and the terminal's wishes."""
    monkeypatch.setattr(time, "time", lambda: WALL)
    # Bound when the classes were made, so these two know nothing of the line above.
    monkeypatch.setitem(StatusStrip.__init__.__kwdefaults__, "wall", lambda: WALL)
    monkeypatch.setitem(BudgetTape.__init__.__kwdefaults__, "clock", lambda: 0.0)
    monkeypatch.delenv("NO_COLOR", raising=False)
    spoken = texts.language()
    texts.use("en")
    with monkeypatch.context() as zone:
        # São Paulo, written out: a machine without a zone database would take its name for UTC.
        zone.setenv("TZ", "BRT3")
        time.tzset()
        yield
    time.tzset()
    texts.use(spoken)


@pytest.fixture
def hub():
    """An engine at work that knows two customers."""
    hub = FakeHub()
    hub.state = snapshot(requests=REQUESTS)
    hub.customers.answers[CPF] = (BIANCA,)
    hub.customers.answers["silva"] = lookup("silva", BIANCA, GUILHERME, truncated=True)
    opened = NOW - timedelta(hours=5)
    hub.customers.panels["tickets"] = answer(
        Ticket(id=5, protocol="20261123140231", type="Sem conexão", status="Pendente", opened_at=opened)
    )
    hub.customers.panels["invoices"] = answer(
        Invoice(id=6, amount=Decimal("99.90"), due_on=date(2026, 11, 10), paid=False),
        Invoice(id=7, amount=Decimal("1099.90"), due_on=date(2026, 12, 10), paid=False),
    )
    return hub


@pytest.fixture
def looks_as_before(snap_compare):
    """Run a console, do `does` and wait until `text` is in sight; tell whether it looks as it did."""

    def compare(hub, size, does, text, *, unconfigured=False):
        app = HubSoftConsole(Settings(), engine=lambda _settings: hub, unconfigured=unconfigured)

        async def until_there(pilot):
            if not unconfigured:  # a first run has no engine, so there is nothing to wait for
                await wait_for(pilot, lambda: "23/30" in seen(app))
            await does(pilot)
            await wait_for(pilot, lambda: text in seen(app))
            # The recent customers are asked for behind the answer.
            # A form in front is waited for by the screen behind it, for as long as it is open.
            await wait_for(
                pilot, lambda: all(worker.is_finished for worker in app.workers if worker.group != "write")
            )
            await settle(pilot)

        try:
            return snap_compare(app, terminal_size=size, run_before=until_there)
        finally:
            app.close()

    return compare


def press(*keys):
    async def does(pilot):
        await pilot.press(*keys)

    return does


async def find_bianca(pilot):
    await look_up(pilot)
    await wait_for(pilot, lambda: "20261123140231" in seen(pilot.app))
    await pilot.press("i")


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_lookup_found(looks_as_before, hub, size):
    assert looks_as_before(hub, size, find_bianca, "R$ 99,90")


def test_lookup_found_in_portuguese(looks_as_before, hub):
    texts.use("pt_BR")
    assert looks_as_before(hub, WIDE, find_bianca, "R$ 99,90")


def test_lookup_stale_in_an_outage(looks_as_before, hub):
    reason = "HubSoft does not answer (timed out)."
    hub.customers.answers[CPF] = lookup(CPF, BIANCA, source=Source.STALE, age=7300.0, reason=reason)
    offline = ApiState(
        Health.OFFLINE,
        WALL - 600,
        error_ratio=0.4,
        last_good=WALL - 660,
        breaker=BreakerState.OPEN,
        breaker_retry_in=12.0,
        reason=reason,
    )
    hub.state = snapshot(requests=REQUESTS, api=offline)
    assert looks_as_before(hub, WIDE, look_up, "kept from before, 2 h old")


def test_lookup_choosing_among_several(looks_as_before, hub):
    async def ask_for_many(pilot):
        await look_up(pilot, "silva")

    assert looks_as_before(hub, WIDE, ask_for_many, "2 customers")


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_monitor(looks_as_before, hub, size):
    assert looks_as_before(hub, size, press("f5"), "23 of 30")


def test_requests(looks_as_before, hub):
    assert looks_as_before(hub, WIDE, press("f7"), "following the newest")


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_reports(looks_as_before, hub, size):
    hub.reports.shown = some_days()
    assert looks_as_before(hub, size, press("f8"), "saved 81.3% of 470")


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_tuning(looks_as_before, size):
    hub = TuningHub()
    hub.state = snapshot(requests=REQUESTS)

    async def look_further(pilot):
        await pilot.press("f6")
        await wait_for(pilot, lambda: "▸ customer data" in seen(pilot.app))
        await pilot.press("down", "right")

    assert looks_as_before(hub, size, look_further, "looked at")


def test_first_run(looks_as_before, hub):
    assert looks_as_before(hub, SMALL, settle, "Welcome to the HubSoft console", unconfigured=True)


def test_help(looks_as_before, hub):
    # Help lists the pages that are loaded: all of them, whatever ran before.
    for module in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."):
        importlib.import_module(module.name)
    assert looks_as_before(hub, WIDE, press("f1"), "esc closes")


def followed(hub):
    """Give the hub tickets of every kind."""
    late = ticket(2, customer="GUILHERME SILVA", due_at=WALL - 4 * 3600, status="Aguardando Análise")
    named = ticket(3, customer="PADARIA PÃO QUENTE [bold]", type="Financeiro", responsible=())
    hub.tickets.put(
        *(ticket(number) for number in range(6, 60)),
        replace(
            ticket(1, customer="BIANCA COUTO"), change=change(9, ticket(1), ChangeKind.NEW, at=WALL - 20)
        ),
        replace(late, change=change(8, late, at=WALL - 200, by="Joaquim")),
        replace(named, change=change(7, named, ChangeKind.MESSAGE, at=WALL - 400, after="Técnico a caminho")),
        replace(
            ticket(4), change=change(6, ticket(4), ChangeKind.CLOSED, at=WALL - 900), state=TicketState.CLOSED
        ),
        replace(
            ticket(5),
            change=change(5, ticket(5), ChangeKind.MISSING, at=WALL - 999),
            state=TicketState.MISSING,
        ),
    )
    hub.tickets.changes.sort(key=lambda each: each[1].number)
    hub.show(badges=Badges(outbox=2, outbox_asks=1, versions={"tickets": 2, "outbox": 2}))
    return hub


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_tickets(looks_as_before, hub, size):
    assert looks_as_before(followed(hub), size, press("f3"), "2 requests, not 412")


async def begin_a_ticket(pilot):
    await look_up(pilot)
    await wait_for(pilot, lambda: "BIANCA" in seen(pilot.app))
    await pilot.press("n")
    await wait_for(pilot, lambda: "New ticket for" in seen(pilot.app))
    await pilot.press("enter", "ctrl+s")


def test_a_ticket_s_form(looks_as_before, hub):
    assert looks_as_before(hub, SMALL, begin_a_ticket, "Write what it is about")


def test_outbox(looks_as_before, hub):
    draft = NewTicket(11, "No light", "BIANCA", "37999992968", 2, "Sem conexão", customer_name="BIANCA COUTO")
    said = "HubSoft refused: telefone inválido"
    hub.outbox.keep("LOC000121", draft, EntryState.SENT, protocol="20261123140231000123", ticket_id=3)
    hub.outbox.keep("LOC000122", draft, EntryState.REFUSED, said=said)
    hub.outbox.keep("LOC000123", draft, EntryState.UNKNOWN, next_at=WALL + 170)
    assert looks_as_before(followed(hub), WIDE, press("escape", "b"), "[ref 7K3M]")

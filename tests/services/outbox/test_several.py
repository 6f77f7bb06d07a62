"""One text into forty tickets: kept all or none, and each there once whatever the weather."""

from __future__ import annotations

import asyncio
import time

import pytest

from benchmarks.outbox import TIMEOUT, Storm, Weather
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.outbox import runner
from hubsoft_tui.services.outbox.types import Entry, EntryState, NewMessage
from hubsoft_tui.settings.tree import HealthSettings, HttpSettings, OutboxSettings, RetrySettings
from hubsoft_tui.simulator import Simulator

MESSAGE = "/api/v1/integracao/atendimento/adicionar_mensagem/*"
TEXT = "Rompimento de fibra no Centro, previsão 14h."
STORM = Storm(40, 1, late=0.2, quiet=0.6)


class Gale(Weather):
    """The storm of the outbox's own tests, over messages."""

    faults = 0

    def __call__(self, request) -> None:
        if "adicionar_mensagem" in request.path and self._rng.random() < STORM.faulty:
            self.faults += 1
            kind, executed = self._mishap()
            self._simulator.fail_next(1, kind, MESSAGE, after_executing=executed)


@pytest.fixture
def simulator():
    with Simulator(customers=80, tickets=60, latency=(0.0, 0.0), changes_per_minute=0.0) as simulator:
        yield simulator


async def put_all(hub, tickets, text=TEXT):
    async def ask(services):
        drafts = [NewMessage(ticket.id, ticket.protocol, text) for ticket in tickets]
        return await services.outbox.put_all([await services.outbox.check(draft) for draft in drafts])

    return await hub.run(ask)


def open_tickets(simulator):
    return [ticket for ticket in simulator.tickets if ticket.open and not ticket.draft][:40]


async def test_forty_messages_in_a_storm_are_each_there_once(hub_over, simulator, monkeypatch):
    monkeypatch.setattr(runner, "TICK_SECONDS", 0.05)
    sections = {
        "outbox": OutboxSettings(quiet_seconds=STORM.quiet, retry_seconds=0.1),
        "http": HttpSettings(read_timeout=TIMEOUT),
        "retry": RetrySettings(max_retries=0, backoff_base=0.02, backoff_max=0.02),
        "health": HealthSettings(failures_to_open=500),
    }
    simulator.on_request = gale = Gale(simulator, STORM)
    tickets = open_tickets(simulator)
    hub = hub_over(background=True, **sections)
    entries = await put_all(hub, tickets)
    assert len({entry.local_protocol for entry in entries}) == len(tickets) == 40
    await asyncio.to_thread(hub.close)  # in the middle of it
    hub = hub_over(background=True, **sections)
    until = time.monotonic() + 30
    found: tuple[Entry, ...] = ()
    while time.monotonic() < until and {entry.state for entry in found} != {EntryState.SENT}:
        found = await hub.run(lambda s: s.outbox.entries())
        for entry in found:
            if entry.asks:  # what failed is taken up again
                await hub.run(lambda s, entry=entry: s.outbox.resend(entry.local_protocol))
        await asyncio.sleep(0.05)
    simulator.on_request = None
    await asyncio.sleep(STORM.late)
    assert {entry.state for entry in found} == {EntryState.SENT}
    assert [[one.text for one in ticket.messages].count(TEXT) for ticket in tickets] == [1] * 40
    assert gale.faults > 10


async def test_several_are_kept_all_or_none(hub_over, simulator):
    hub = hub_over(background=False)
    tickets = open_tickets(simulator)
    with pytest.raises(InvalidInput):
        await put_all(hub, tickets, text="   ")
    assert await hub.run(lambda s: s.outbox.entries()) == ()

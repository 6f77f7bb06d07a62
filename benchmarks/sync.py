"""Following tickets: requests a pass and a day, and what merging a pass into a large mirror takes."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace as changed

from benchmarks import fixture
from benchmarks.table import Table, ratio
from hubsoft_tui.api.models import Ticket
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tickets import pass_store, queries
from hubsoft_tui.services.tickets.merge import Manner, Sighting
from hubsoft_tui.settings.tree import SyncSettings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.mirror import MIGRATIONS, Mirror

MINUTES: Final = 1440
"""Passes a day, one a minute."""
UNFILTERED: Final = 100
"""Rows a page, where everything is read without a filter."""
NOW: Final = 1_795_000_000.0
STATUSES: Final = {22: "Pendente", 23: "Aguardando Análise", 24: "Resolvido", 66: "EM TRATATIVA"}


def run(*, quick: bool) -> list[Table]:
    """Count requests over the simulator, then time merging without it."""
    return [_requests(quick=quick), _merging(quick=quick)]


# -- requests


def _requests(*, quick: bool) -> Table:
    tickets, closed, passes, between = (60, 240, 3, 5) if quick else (1000, 4000, 30, 20)
    with (
        Simulator(
            customers=60 if quick else 1500,
            tickets=tickets,
            closed_tickets=closed,
            latency=(0, 0),
            changes_per_minute=0,
        ) as simulator,
        fixture.home() as home,
    ):
        settings = replace(
            fixture.unlimited(simulator.profile, home), sync=SyncSettings(first_days=365, enabled=False)
        )
        hub = Hub(settings)
        hub.start()
        try:
            first = hub.call(lambda services: services.tickets.sync()).requests
            costs, found = [], 0
            for _ in range(passes):
                simulator.step(between)
                report = hub.call(lambda services: services.tickets.sync())
                costs.append(report.requests)
                found += report.new + report.changed + report.closed
        finally:
            hub.close()
    whole = -(-(tickets + closed) // UNFILTERED)
    ours = statistics.mean(costs)
    rows = tuple(
        (name, f"{each:.1f}", f"{each * MINUTES:,.0f}", ratio(each, ours))
        for name, each in (
            ("one request per ticket", tickets),
            ("every page of 100, no filter", whole),
            ("ours", ours),
        )
    )
    note = (
        f"{tickets:,} open tickets among {tickets + closed:,}, {between} changes between two passes, {passes}"
        f" passes, at most {max(costs)} requests each; {found} tickets found changed. The first pass took {first}."
        " A day is a pass a minute. The limit is 43,200 requests a day."
    )
    return Table("Requests to follow tickets", ("", "requests/pass", "requests/day", "ratio"), rows, (note,))


# -- merging


def _merging(*, quick: bool) -> Table:
    size, seen, rounds = (2_000, 200, 1) if quick else (100_000, 5_000, 5)
    chance = random.Random(5)
    with fixture.home() as home:
        mirror = Mirror(open_database(home / "tickets.db", MIGRATIONS), "bench")
        everything = [_ticket(number, chance) for number in range(1, size + 1)]
        for begin in range(0, size, 10_000):
            _take(mirror, everything[begin : begin + 10_000], 0.0)
        recent = everything[-seen:]
        lasts = {
            "nothing changed": _timed(rounds, lambda round_: _take(mirror, recent, round_)),
            "2 % changed": _timed(
                rounds, lambda round_: _take(mirror, _moved(recent, 50, round_), 10 + round_)
            ),
            "all changed": _timed(
                rounds, lambda round_: _take(mirror, _moved(recent, 1, round_), 20 + round_)
            ),
        }
        version = mirror.state().version
        looks = {
            "what differs since the last look": _timed(rounds, lambda _: queries.delta(mirror, version - 1)),
            "a look when nothing differs": _timed(rounds, lambda _: queries.delta(mirror, version)),
        }
        stall = asyncio.run(_stall(home, recent))
        mirror.close()
    rows = [(f"merge, {name}", f"{ms:.2f}") for name, ms in lasts.items()]
    rows += [(name, f"{ms:.2f}") for name, ms in looks.items()]
    rows.append(("longest stall of the loop, work in a thread", f"{stall:.2f}"))
    note = f"Median of {rounds}. Aim: a merge well under 1,000 ms, in one transaction, off the engine's loop."
    title = f"A pass of {seen:,} rows into a mirror of {size:,}"
    return Table(title, ("", "ms"), tuple(rows), (note,))


def _ticket(number: int, chance: random.Random) -> Ticket:
    opened = datetime.fromtimestamp(NOW, BRASILIA) - timedelta(minutes=2 * (100_000 - number))
    is_open = chance.random() < 0.2
    status = chance.choice((22, 23, 66)) if is_open else 24
    return Ticket(
        id=number,
        protocol=f"{opened:%Y%m%d%H%M%S}{number:06d}",
        type="SAC",
        type_id=33,
        status=STATUSES[status],
        status_id=status,
        status_prefix="p",
        opened_at=opened,
        closed_at=None if is_open else opened + timedelta(hours=5),
        responsible=("Bianca Couto",),
        responsible_known=True,
        remaining="12h 5min",
        service_id=number,
        customer_id=number % 5000,
        customer_code=number % 5000,
        customer_name=f"CLIENTE {number % 5000}",
    )


def _moved(tickets: list[Ticket], every: int, round_: int) -> list[Ticket]:
    """Return the tickets with each `every`-th in another hand than in the round before."""
    names = (f"Sara Borges {round_}",)
    return [
        changed(ticket, responsible=names) if place % every == 0 else ticket
        for place, ticket in enumerate(tickets)
    ]


def _take(mirror: Mirror, tickets: list[Ticket], round_: float) -> None:
    sightings = [Sighting(ticket, NOW + round_) for ticket in tickets]
    pass_store.take(mirror, sightings, Manner(news=False), NOW + round_)


def _timed(rounds: int, work: Callable[[int], object]) -> float:
    """Return the median of how long `work` takes, in milliseconds."""
    taken = []
    for round_ in range(rounds):
        began = time.perf_counter()
        work(round_)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def _stall(home: Path, recent: list[Ticket]) -> float:
    """Return how late, at worst, a timer of the loop is while a merge goes on in a thread; milliseconds."""

    def merge() -> None:
        mirror = Mirror(open_database(home / "tickets.db", MIGRATIONS), "bench")
        _take(mirror, _moved(recent, 50, 99), 99.0)
        mirror.close()

    worst = 0.0
    work: Coroutine[Any, Any, None] = asyncio.to_thread(merge)
    merging = asyncio.create_task(work)
    while not merging.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - began - 0.001)
    await merging
    return worst * 1000

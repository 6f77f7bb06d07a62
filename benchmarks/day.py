"""The same days of questions, asked of the real services: every request that reaches HubSoft is counted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx

from benchmarks import fixture, virtual
from benchmarks.workload import AGES, CALLERS, CHECKUP, CLOSED_PER_DAY, DAY, HOUR, SYNCS, TICKETS, Asked, Kind
from hubsoft_tui.core.types import Category
from hubsoft_tui.services.checkup.types import Imported, Member
from hubsoft_tui.services.container import Services, open_services
from hubsoft_tui.services.outbox.types import NewTicket
from hubsoft_tui.settings.tree import CacheSettings, TraceSettings
from hubsoft_tui.simulator import Simulator, app, catalogue
from hubsoft_tui.simulator.people import SimCustomer
from hubsoft_tui.simulator.provider import SimClock
from hubsoft_tui.simulator.ticket_desk import SimTicket

SETTLES_SECONDS: Final = 600.0
"""How long a write is waited for: its answer comes at once."""


class DayClock(SimClock):
    """The provider's time, which is the loop's."""

    def __init__(self, clock: virtual.VirtualClock) -> None:
        super().__init__(clock.wall(), 0.0)
        self._clock = clock

    def now(self) -> float:
        return self._clock.wall()


class Counted(httpx.AsyncBaseTransport):
    """HubSoft without a network, in the loop that asks: virtual time waits for no socket."""

    def __init__(self, simulator: Simulator) -> None:
        self._routes = app.Routes(simulator.provider)
        self.paths: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _before, api, path = request.url.path.rpartition("/api/v1/integracao/")
        if api:
            self.paths[path] += 1
        query = request.url.query.decode("latin-1")
        asked = app.HttpRequest(request.method, request.url.path, query, dict(request.headers), 0.0)
        answer = self._routes.answer(asked, await request.aread())
        return httpx.Response(answer.status, headers={"content-type": answer.kind}, content=answer.body)

    async def aclose(self) -> None:
        """Nothing is open."""


class _Provider:
    """A provider as the days' questions know it: its callers, and the tickets that come and go."""

    def __init__(self, simulator: Simulator) -> None:
        self._desk = simulator.provider.desk
        enabled = [each for each in simulator.customers if each.active and len(each.document) == 11]
        self.callers: list[SimCustomer] = random.Random(3).sample(enabled, CALLERS)
        self.tickets: list[SimTicket] = []

    def morning(self, day: int, at: float) -> None:
        """Close what the day's questions ask for no more, and open what they ask for."""
        first = CLOSED_PER_DAY * day
        asked = {ticket.id for ticket in self.tickets[first:]}
        for ticket in list(self._desk.tickets.values()):
            if (
                ticket.open and ticket.id not in asked
            ):  # what clients opened is dealt with by the next morning
                self._close(ticket, at)
        while len(self.tickets) < first + TICKETS:
            owner = self.callers[len(self.tickets) % CALLERS]
            self.tickets.append(
                self._desk.open(
                    owner,
                    owner.services[0],
                    at=at,
                    by=next(iter(catalogue.STAFF)),
                    contact=owner.name,
                    phone=owner.phone,
                    description="SEM ACESSO",
                    type_id=33,
                    status_id=22,
                    responsible=None,
                )
            )

    def _close(self, ticket: SimTicket, at: float) -> None:
        self._desk.close(ticket, at, by=next(iter(catalogue.STAFF)), closing={})


class _Asker:
    """Asks each question of the service that answers it in the console."""

    def __init__(self, services: Services, provider: _Provider, clock: virtual.VirtualClock) -> None:
        self._services = services
        self._provider = provider
        self._clock = clock
        self._list = 0
        self._checked = self._synced = -DAY

    async def begin(self, file: Path) -> None:
        """Keep the morning's list."""
        members = tuple(Member(each.document) for each in self._provider.callers[:CHECKUP])
        self._list = (await self._services.checkup.keep(file, Imported(members))).id

    async def ask(self, one: Asked) -> None:
        if one.kind is Kind.TICKET:
            await self._ticket(one)
        elif one.kind is Kind.WRITE:
            await self._write(self._provider.callers[one.subject])
        elif one.kind is Kind.STATUS and one.at % DAY < 7 * HOUR:
            await self._check(one.at)
        else:
            category = Category.CLIENT_DATA if one.kind is Kind.DATA else Category.CONTRACT_STATUS
            document = self._provider.callers[one.subject].document
            found = await self._services.customers.lookup(document, category=category, listed=True)
            if not found.active or found.age > AGES[one.kind]:
                raise RuntimeError("an answer is wrong, or older than its question allows")

    async def _check(self, at: float) -> None:
        if at - self._checked < HOUR:
            return  # the list was checked whole with its first member
        self._checked = at
        await self._services.checkup.start(self._list)
        ended = await self._services.checkup.wait(self._list)
        if ended.decided != CHECKUP:
            raise RuntimeError("the check-up did not decide every member")

    async def _ticket(self, one: Asked) -> None:
        tickets = self._services.tickets
        if any(0 <= one.at % DAY - hour * HOUR < TICKETS for hour in SYNCS):
            if one.at - self._synced > HOUR:
                self._synced = one.at
                await tickets.sync()
            return
        number = self._provider.tickets[one.subject].id
        detail = await tickets.detail(number)
        known = [detail.asked_at or 0.0, self._synced + virtual.WALL]
        if self._clock.wall() - max(known) > AGES[Kind.TICKET]:
            await tickets.detail(number, refresh=True)

    async def _write(self, owner: SimCustomer) -> None:
        draft = NewTicket(
            owner.services[0].id, f"SEM ACESSO {self._clock.now():.0f}", owner.name, "37999999999"
        )
        outbox = self._services.outbox
        entry = await outbox.put(await outbox.check(draft))
        ended = await outbox.settled(entry.local_protocol, SETTLES_SECONDS)
        if ended.protocol is None:
            raise RuntimeError("a ticket was not opened")


def asked(trace: list[Asked], customers: int) -> Counter[str]:
    """Ask everything of the services over a provider of so many customers, in virtual time.

    Returns what HubSoft received, by path, logins apart.
    """

    async def story(clock: virtual.VirtualClock) -> Counter[str]:
        with fixture.home() as folder:
            simulator = Simulator(
                customers=customers,
                tickets=0,
                closed_tickets=0,
                latency=(0, 0),
                changes_per_minute=0,
                start_at=clock.wall(),
            )
            simulator.provider.clock = DayClock(clock)
            settings = replace(
                fixture.unlimited(simulator.profile, folder),
                cache=CacheSettings(service_data_ttl=AGES[Kind.TICKET]),
                trace=TraceSettings(enabled=False),
            )
            provider, wire = _Provider(simulator), Counted(simulator)
            async with open_services(settings, clock, background=False) as services:
                services.engine._exchange.transport._wire = wire  # type: ignore[assignment] # it quacks
                asker = _Asker(services, provider, clock)
                await asker.begin(folder / "list.csv")
                day = -1
                for one in trace:
                    while day < one.at // DAY:
                        day += 1
                        await clock.sleep(day * DAY - clock.now())
                        provider.morning(day, clock.wall())
                    await clock.sleep(one.at - clock.now())
                    await asker.ask(one)
                await clock.sleep(HOUR)
            return wire.paths

    return virtual.run(story)

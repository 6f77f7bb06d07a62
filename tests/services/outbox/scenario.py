"""A HubSoft that fails on command and processes that die on command, in virtual time, over the real store.

Each sending takes the next word of `fate`:

    ok          answered                             refused     HubSoft says no
    unsent      no byte leaves                       limited     429
    lost        it never arrives, no answer          unheard     carried out, the answer is lost
    late:S      carried out S seconds after we gave up
    die:claim   the process dies before its turn     die:ready   ... marked as being sent, no byte out
    die:sent    ... carried out, answer not read     die:late:S  ... as late as late:S
    freeze:S    stands still before its turn         stall:S     ... after it was carried out, before it is read
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.models import Ticket
from hubsoft_tui.core.requests.exchange import Received
from hubsoft_tui.core.types import RequestContext
from hubsoft_tui.errors import RateLimited, Refused, UnknownOutcome, Unreachable
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.services.outbox.outbox import Outbox
from hubsoft_tui.services.outbox.types import Draft, Entry, NewTicket
from hubsoft_tui.settings.tree import OutboxSettings, Profile, Settings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.outbox import MIGRATIONS, SqliteOutbox
from hubsoft_tui.store.process_liveness import ProcessLiveness
from tests.virtual import VirtualClock

TIMEOUT = 20.0
QUIET = 180.0
ANSWER = 0.5
INSTANT = 1e-6
"""Less than this cannot be added to virtual time."""
SUFFIX = " | ATENDIMENTO ABERTO VIA API"


def plain(text: str) -> str:
    return text


def shouting(text: str) -> str:
    return text.upper()


def bare(text: str) -> str:
    """Lines joined, punctuation gone."""
    return " ".join("".join(c if c.isalnum() or c.isspace() else " " for c in text).split())


def hiding(_text: str) -> str:
    """HubSoft does not return what a ticket says."""
    return ""


async def write(outbox: Outbox, draft: Draft) -> Entry:
    """Check a draft and put it into the outbox."""
    return await outbox.put(await outbox.check(draft))


async def rewrite(outbox: Outbox, protocol: str, draft: Draft) -> Entry:
    """Check a draft and put it in the place of an entry."""
    return await outbox.correct(protocol, await outbox.check(draft))


def draft(number: int = 1, **changes: Any) -> NewTicket:
    made = NewTicket(
        service_id=7000 + number,
        description=f"Sem acesso desde ontem, caso {number}.",
        contact_name="Bianca Couto",
        contact_phone="(37) 99999-2968",
        customer_code=1000 + number,
        customer_name="BIANCA COUTO",
    )
    return replace(made, **changes)


class Server:
    """Tickets by the moment they come to exist, and how HubSoft rewrites what they say."""

    def __init__(self, clock: VirtualClock, rewrite: Callable[[str], str] = plain) -> None:
        self.clock = clock
        self.rewrite = rewrite
        self.made: list[tuple[float, Ticket]] = []
        self.searches = 0
        self.away = 0
        """How many searches to come are not answered."""

    def open(self, body: dict[str, Any], *, later: float = 0.0) -> Ticket:
        number = len(self.made) + 1
        at = self.clock.now() + later
        day = datetime.fromtimestamp(self.clock.wall() + later, BRASILIA)
        ticket = Ticket(
            id=number,
            protocol=f"{day:%Y%m%d%H%M%S}{number:06d}",
            opening=None if self.rewrite is hiding else self.rewrite(body["descricao"]) + SUFFIX,
            opened_on=day.date(),
            customer_code=body["id_cliente_servico"] - 6000,
        )
        self.made.append((at, ticket))
        return ticket

    def tickets(self, code: int | None = None) -> list[Ticket]:
        now = self.clock.now()
        found = [ticket for at, ticket in self.made if at <= now]
        return [ticket for ticket in found if code is None or ticket.customer_code == code]

    def carrying(self, reference: str) -> list[Ticket]:
        """Every ticket that carries it, those to come too; read without our own tolerant comparison."""
        return [ticket for _, ticket in self.made if reference in (ticket.opening or "").upper()]


class Process:
    """One console on the home: an engine that obeys `fate`, and the real outbox over the real file."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = world.settings
        self.thaw = 0.0
        self.dead = False
        self.liveness = ProcessLiveness(world.home / "alive")
        self.database = open_database(world.home / "outbox.db", MIGRATIONS)
        store = SqliteOutbox(self.database, "account", self.liveness, world.clock)
        self.outbox = Outbox(self, store, world.clock, aside=False)  # type: ignore[arg-type] # it quacks
        self._do = self.outbox._thread.run
        self.outbox._thread.run = self._when_not_frozen  # type: ignore[method-assign]
        self.running = asyncio.create_task(self.outbox.run())

    async def _when_not_frozen(self, work: Callable[[SqliteOutbox], Any]) -> Any:
        await self._stand_still()
        return await self._do(work)

    async def _stand_still(self) -> None:
        while (left := self.thaw - self.world.clock.now()) > INSTANT:
            await asyncio.sleep(left)

    async def kill(self) -> None:
        """End as SIGKILL does: nothing is written any more, and the kernel drops the locks."""
        self.dead = True
        self.thaw = 0.0
        self.database.close()
        tasks = [self.running, *self.outbox._runner._busy.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.liveness.close()

    async def close(self) -> None:
        """End as a console does that is closed."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.outbox.close()
        self.database.close()
        self.liveness.close()

    # -- the engine

    @property
    def known(self) -> Process:
        """Nothing is remembered."""
        return self

    def remembered(self, _question: object) -> None:
        return None

    async def send(
        self, operation: Any, _context: RequestContext, *, ready: Callable[[], Awaitable[None]]
    ) -> Ticket:
        server, word = self.world.server, next(self.world.fate, "ok")
        self.world.tried += 1
        kind, _, rest = word.partition(":")
        if kind == "die":
            return await self._die(operation, ready, rest)
        if kind == "unsent":
            raise Unreachable("no answer")
        if kind == "freeze":
            self.thaw = self.world.clock.now() + float(rest)
            await self._stand_still()
        await ready()
        self.world.sent += 1
        if kind == "limited":
            raise RateLimited("slower", retry_after=5.0)
        if kind == "refused":
            raise Refused("não pode")
        if kind in {"lost", "late", "unheard"}:
            await asyncio.sleep(ANSWER)
            if kind != "lost":
                server.open(operation.body, later=TIMEOUT - ANSWER + float(rest) if rest else 0.0)
            await asyncio.sleep(TIMEOUT - ANSWER)
            raise UnknownOutcome("not known")
        await asyncio.sleep(ANSWER)
        ticket = server.open(operation.body)
        if kind == "stall":
            self.thaw = self.world.clock.now() + float(rest)
            await self._stand_still()
        return ticket

    async def _die(self, operation: Any, ready: Callable[[], Awaitable[None]], rest: str) -> Ticket:
        where, _, late = rest.partition(":")
        if where != "claim":
            await ready()
            self.world.sent += 1
        if where == "sent":
            self.world.server.open(operation.body)
        elif where == "late":
            self.world.server.open(operation.body, later=TIMEOUT + float(late))
        self.world.deaths += 1
        self.world.dying.put_nowait(self)
        return await asyncio.get_running_loop().create_future()

    async def receive(self, operation: Any, _context: RequestContext) -> Received[tuple[Ticket, ...]]:
        return Received(await self._read(operation), 0.0, 0.0)

    async def _read(self, operation: Any) -> Decoded[tuple[Ticket, ...]]:
        server = self.world.server
        await asyncio.sleep(ANSWER)
        server.searches += 1
        if server.away:
            server.away -= 1
            raise Unreachable("no answer")
        code = int(operation.query["termo_busca"])
        if operation.query["busca"] == "protocolo":
            return Decoded(tuple(one for one in server.tickets() if int(one.protocol) == code))
        return Decoded(tuple(reversed(server.tickets(code)))[:50], truncated=len(server.tickets(code)) >= 50)


class World:
    """A home, a server, and processes that are started again when they die."""

    def __init__(
        self,
        clock: VirtualClock,
        home: Path,
        fate: Iterable[str] = (),
        *,
        rewrite: Callable[[str], str] = plain,
        read_only: bool = False,
        **outbox: Any,
    ) -> None:
        self.clock = clock
        self.home = home
        self.fate = iter(fate)
        self.server = Server(clock, rewrite)
        settings = OutboxSettings(**{"quiet_seconds": QUIET, "look_first_seconds": 86_400.0, **outbox})
        self.settings = Settings(profile=Profile(read_only=read_only), outbox=settings)
        self.dying: asyncio.Queue[Process] = asyncio.Queue()
        self.deaths = 0
        self.tried = 0
        self.sent = 0
        self.processes: list[Process] = []

    def start(self) -> Process:
        process = Process(self)
        self.processes.append(process)
        return process

    async def live(self, seconds: float, *, until: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Let time pass; a dead process is started again five seconds later."""
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > INSTANT:
            try:
                async with asyncio.timeout(min(left, 30.0)):
                    process = await self.dying.get()
            except TimeoutError:
                if until is not None and await until():
                    return
                continue
            if process.dead:
                continue  # two of its sendings were its last
            await process.kill()
            self.processes.remove(process)
            await asyncio.sleep(5.0)
            self.start()

    async def all_over(self) -> bool:
        return all(entry.over for entry in await self.entries())

    async def entries(self) -> tuple[Entry, ...]:
        return await self.processes[0].outbox.entries()

    async def close(self) -> None:
        for process in self.processes:
            await process.close()

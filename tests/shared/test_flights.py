"""Questions that several machines ask: one request, one login, and nothing on the server that a person could read."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.ports import Look, StoredEntry
from hubsoft_tui.core.types import Priority, Source
from hubsoft_tui.errors import BadAnswer, Unreachable
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.actions import service_action
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.services.storage import LocalFlights
from hubsoft_tui.settings.tree import RetrySettings
from hubsoft_tui.shared import budget as shared_budget
from hubsoft_tui.shared import flights as shared_flights
from hubsoft_tui.shared.connection import SharedAddress, SharedServer
from hubsoft_tui.shared.flights import CHANNEL, SharedFlights
from hubsoft_tui.shared.seal import Seal
from hubsoft_tui.simulator.people import SimCustomer
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.store.records import MIGRATIONS, SqliteRecords
from tests.e2e.fixture import environment
from tests.fuzzing import in_form, only_long
from tests.shared.conftest import Slow, both_servers

pytestmark = both_servers

CLOCK = SystemClock()
BIANCA, GUILHERME = "86214941081", "10682083682"
KEY = "document:86214941081"


async def asked(hub: Hub, document: str) -> Any:
    return await hub.run(lambda services: services.customers.lookup(document))


async def test_one_request_and_one_login_answer_every_machine(homes, simulator, server_url) -> None:
    hubs = [homes(name) for name in ("one", "two", "three")]
    for hub in hubs:
        await hub.run(lambda services: services.shared.begin(at_once=True))
    found = await asyncio.gather(*(asked(hub, BIANCA) for hub in hubs for _ in range(3)))
    assert {each.customers[0].name for each in found} == {"BIANCA COUTO"}
    assert simulator.tokens_issued == 1
    assert simulator.request_log.count(path="cliente") == 1
    again = await asked(homes("late"), BIANCA)
    assert again.source is Source.CACHE
    assert simulator.request_log.count(path="cliente") == 1
    await asked(hubs[1], GUILHERME)
    # What the server holds: no person, no document, no token, in clear or in base64.
    secrets = ["862.149", simulator.profile.client_secret, simulator.profile.password]
    for person in simulator.customers:
        secrets += [person.document, person.phone, *(word for word in person.name.split() if len(word) > 3)]
    with redis.Redis.from_url(server_url) as client:
        held = b"".join(key + dump(client, key) for key in client.keys("*"))
        assert held
    for secret in secrets:
        assert secret.encode() not in held
        assert base64.b64encode(secret.encode()).rstrip(b"=")[:-1] not in held
    hubs[0].close()
    token = await stored_token(hubs[1])
    assert token.encode() not in held


async def test_a_question_costs_one_request_however_many_machines_ask_it(homes, simulator) -> None:
    hubs = [homes(f"m{number}", retry=RetrySettings(max_retries=0)) for number in range(in_form(3, 20))]
    await hubs[0].run(lambda services: services.shared.begin(at_once=True))
    for hub in hubs:
        await asked(hub, GUILHERME)
    simulator.request_log.clear()

    seconds = in_form(0.5, 3.0)
    simulator.latency = (seconds, seconds)

    async def ask(customer: SimCustomer) -> list[Any]:
        asking = (asked(hub, customer.document) for hub in hubs for _ in range(5))
        return await asyncio.gather(*asking, return_exceptions=True)

    one, other = simulator.customers[30:32]
    assert {found.customers[0].name for found in await ask(one)} == {one.name}
    assert simulator.request_log.count(path="cliente") == 1
    simulator.fail_next(1, "status:504", "cliente")
    ends = await ask(other)
    assert simulator.request_log.count(path="cliente") == 2
    assert [(type(end), str(end)) for end in ends] == [(BadAnswer, str(ends[0]))] * 5 * len(hubs)


@pytest.mark.long
@only_long
async def test_a_killed_machine_s_question_is_answered_within_eight_seconds(
    homes, simulator, server_url, tmp_path
) -> None:
    hub = homes("other")
    await hub.run(lambda services: services.shared.begin(at_once=True))
    await asked(hub, GUILHERME)
    simulator.fail_next(1, "delay:60", "cliente")
    made = environment(tmp_path / "killed", simulator, shared__url=server_url)
    command = [str(Path(sys.executable).with_name("hubsoft-tui")), "lookup", BIANCA]
    killed = await asyncio.create_subprocess_exec(*command, env=os.environ | made, stdout=subprocess.DEVNULL)
    while simulator.request_log.count(path="cliente") < 2:
        await asyncio.sleep(0.05)
    asking = asyncio.create_task(asked(hub, BIANCA))
    await asyncio.sleep(3.0)
    killed.kill()
    await killed.wait()
    began = time.monotonic()
    assert (await asking).found
    print(f"answered {time.monotonic() - began:.1f} s after the kill")
    assert time.monotonic() - began <= 8.0


async def test_what_was_learnt_before_an_action_is_not_taken_from_the_server(homes, simulator) -> None:
    hub, customer = homes("one"), simulator.customer(GUILHERME)
    await hub.run(lambda services: services.shared.begin(at_once=True))
    simulator.set_status(customer, "suspenso_debito")
    before = await asked(hub, GUILHERME)

    async def unlock(services: Any) -> None:
        draft = service_action(
            EntryKind.TRUST_UNLOCK, before.customers[0], before.customers[0].services[0], days=1
        )
        entry = await services.outbox.put(await services.outbox.check(draft))
        await services.outbox.settled(entry.local_protocol, 10.0)

    await hub.run(unlock)
    after = await asked(hub, GUILHERME)
    assert (before.active, after.active, after.source) == (False, True, Source.API)


def dump(client: Any, key: bytes) -> bytes:
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    return b"".join(client.zrange(key, 0, -1))


async def stored_token(hub: Hub) -> str:
    async def token(services: Any) -> str:
        return services.engine._tokens.ready().value

    return await hub.run(token)


class FixedClock:
    """A server's clock that runs with this machine's."""

    async def reached(self) -> None:
        """Be there at once."""

    def server_time(self, instant: float) -> tuple[str, float] | None:
        return "0123456789ab", instant * 1000


class Desk:
    """The flights of one machine."""

    def __init__(self, folder: Path, name: str, url: str) -> None:
        self.server = SharedServer(SharedAddress(url), "account")
        self.liveness = ProcessLiveness(folder / name / "alive")
        self.database = open_database(folder / name / "records.db", MIGRATIONS)
        self.records = SqliteRecords(self.database, "account", self.liveness, CLOCK)
        self.flights = SharedFlights(
            self.server,
            Seal("account", "secret"),
            owner=name,
            clock=CLOCK,
            server_clock=FixedClock(),
            local=LocalFlights(self.records, CLOCK, lambda: False),
            records=self.records,
            life=3600,
            most=100,
        )
        self.hearing = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        async with self.server.listening(CHANNEL) as heard:
            while True:
                self.flights.news((await heard())[1])

    async def look(self, *, max_age: float = 60.0, before: Look | None = None) -> Look:
        return await self.flights.look(KEY, Priority.HIGH, max_age, before)

    async def follow(self) -> Look:
        """Wait for what another desk asks."""
        look = await self.look()
        while not (look.mine or look.entries or look.error):
            await self.flights.heard(KEY)
            look = await self.look(before=look)
        return look

    def land(self, look: Look, age: float = 0.0) -> None:
        now, wall = CLOCK.now() - age, CLOCK.wall() - age
        rows = [("c1", "customer", b'{"n":1}'), (f"answer:{KEY}", "answer", b'{"ids":["c1"]}')]
        entries = [StoredEntry(key, kind, body, wall, now, CLOCK.epoch()) for key, kind, body in rows]
        self.flights.landed(KEY, look, entries)

    async def close(self) -> None:
        self.hearing.cancel()
        await self.server.close()
        self.liveness.close()
        self.database.close()


@pytest.fixture
async def desks(tmp_path: Path, server_url: str, empty: None) -> AsyncIterator[list[Desk]]:
    made = [Desk(tmp_path, name, server_url) for name in ("a", "b", "c")]
    for desk in made:
        await desk.server.ping()
    yield made
    for desk in made:
        await desk.close()


async def test_followers_get_the_answer_and_its_age(desks: list[Desk]) -> None:
    leader, *others = desks
    look = await leader.look()
    assert look.mine
    following = [asyncio.create_task(desk.follow()) for desk in others]
    await asyncio.sleep(0.05)
    leader.land(look, age=20.0)
    async with asyncio.timeout(5):
        found = await asyncio.gather(*following)
    for look in found:
        assert [entry.key for entry in look.entries] == [f"answer:{KEY}", "c1"]
        assert CLOCK.wall() - look.entries[0].fetched_at == pytest.approx(20.0, abs=2.0)
        assert CLOCK.wall() - look.entries[0].fetched_at >= 20.0
    assert (await others[0].look(max_age=10.0)).mine, "too old for this question"


async def test_a_failure_is_told_to_all_who_waited_and_to_no_newcomer(desks: list[Desk]) -> None:
    leader, *others = desks
    look = await leader.look()
    following = [asyncio.create_task(desk.follow()) for desk in others]
    await asyncio.sleep(0.05)
    leader.flights.failed(KEY, look, Unreachable("HubSoft is down."))
    async with asyncio.timeout(5):
        found = await asyncio.gather(*following)
    assert [str(look.error) for look in found] == ["HubSoft is down."] * 2
    assert (await leader.look()).mine


async def test_who_leaves_while_another_asks_is_expected_no_more(desks: list[Desk]) -> None:
    leader, other, _ = desks
    await leader.look()
    following = asyncio.create_task(other.follow())
    await asyncio.sleep(0.05)
    assert other.flights._waiting
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert not other.flights._waiting


async def test_when_the_asker_leaves_the_next_one_asks(desks: list[Desk]) -> None:
    leader, other, _ = desks
    look = await leader.look()
    following = asyncio.create_task(other.follow())
    await asyncio.sleep(0.05)
    leader.flights.failed(KEY, look, None)
    async with asyncio.timeout(5):
        assert (await following).mine


async def test_a_dead_asker_keeps_its_question_for_seconds_only(desks: list[Desk], monkeypatch) -> None:
    monkeypatch.setattr(shared_flights, "SECONDS", 0.2)
    monkeypatch.setattr(shared_flights, "LOOK_AGAIN", 0.05)
    leader, other, _ = desks
    assert (await leader.look()).mine
    async with asyncio.timeout(5):
        assert (await other.follow()).mine


async def test_a_long_question_is_kept_by_its_machine_s_turns(homes, simulator, monkeypatch) -> None:
    monkeypatch.setattr(shared_flights, "SECONDS", 0.4)
    monkeypatch.setattr(shared_flights, "LOOK_AGAIN", 0.1)
    monkeypatch.setattr(shared_budget, "BEAT", 0.1)
    one, other = homes("one"), homes("other")
    await one.run(lambda services: services.shared.begin(at_once=True))
    simulator.fail_next(1, "delay:1.5", "cliente")
    found = await asyncio.gather(asked(one, BIANCA), asked(other, BIANCA))
    assert {each.customers[0].name for each in found} == {"BIANCA COUTO"}
    assert simulator.request_log.count(path="cliente") == 1


async def test_a_question_that_is_left_while_it_is_announced_keeps_no_other_waiting(
    desks: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = desks
    server = Slow(one.server, monkeypatch)
    looking = asyncio.create_task(one.look())
    await server.done.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert not (await other.look()).mine
    server.heard.set()
    async with asyncio.timeout(shared_flights.SECONDS / 2):
        assert (await other.follow()).mine


async def test_a_question_asked_anew_stays_announced_when_the_earlier_one_ends(desks: list[Desk]) -> None:
    one, other, _ = desks
    earlier, again = await one.look(), await one.look()
    assert (earlier.mine, again.mine) == (True, True)
    one.flights.failed(KEY, earlier, None)
    await one.server.settle()
    assert one.flights.going_on()["cl"]
    assert not (await other.look()).mine


async def test_a_value_in_another_place_does_not_open(desks: list[Desk], server_url: str) -> None:
    leader, other, _ = desks
    leader.land(await leader.look())
    assert (await other.follow()).entries
    seal = Seal("account", "secret")
    moved = f"hs:{{account}}:r:{seal.name('document:00000000000')}"
    with redis.Redis.from_url(server_url) as client:
        client.set(moved, client.get(f"hs:{{account}}:r:{seal.name(KEY)}"))
    look = await other.flights.look("document:00000000000", Priority.HIGH, 60.0, None)
    assert look.mine, "as good as not there"
    assert Seal("account", "rotated").opened(seal.sealed(b"x", "p"), "p") is None


async def test_without_a_server_the_home_alone_flies(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "alone", "redis://127.0.0.1:1/0")
    desk.hearing.cancel()
    look = await desk.look()
    assert look == Look(mine=True, announced=True)
    desk.land(look)
    assert set(desk.records.load(["c1"])) == {"c1"}
    await desk.close()

"""Two homes with one credential at one server: through the real services, over the simulator."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
import redis

from hubsoft_tui.core.ports import StoredToken
from hubsoft_tui.core.types import BudgetState, SharedContact, SharedState, Source
from hubsoft_tui.errors import CredentialsRefused, SettingsError, SharedServerLost
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.shared_ports import address_of
from hubsoft_tui.settings.tree import Profile, Settings, SharedSettings
from hubsoft_tui.shared import budget, membership
from hubsoft_tui.shared.machines import versions_text
from hubsoft_tui.shared.seal import Seal
from hubsoft_tui.shared.tokens import SharedTokens
from tests.shared.conftest import both_servers, start
from tests.shared.proxy import FaultyProxy

pytestmark = both_servers

BIANCA = "86214941081"


async def test_two_homes_are_at_one_budget(homes: Callable[..., Hub]) -> None:
    one, other = homes("one"), homes("two", "command")
    await one.run(lambda services: services.shared.begin(at_once=True))
    for hub in (one, other):
        assert (await hub.run(lambda services: services.customers.lookup(BIANCA))).found
    seen = await other.run(lambda services: services.shared.machines())
    assert [(machine.name, machine.mine, machine.kind) for machine in seen] == [
        ("two", True, "command"),
        ("one", False, "library"),
    ]
    assert (await other.run(_shared)).machines == 2
    for _ in range(100):
        assert (await other.run(_budget)).paused_for == 0, "no pause that HubSoft did not ask for"


async def test_machines_of_different_versions_know_it(homes: Callable[..., Hub], monkeypatch) -> None:
    one, other = homes("one"), homes("two")
    await one.run(lambda services: services.shared.begin(at_once=True))
    assert (await one.run(_shared)).other_versions == 0
    monkeypatch.setattr(budget, "__version__", "0.1.0")
    old = homes("old")
    await old.run(lambda services: services.shared.spread())
    for hub, count in ((one, 1), (other, 1), (old, 2)):
        await hub.run(lambda services: services.shared.spread())
        assert (await hub.run(_shared)).other_versions == count
    seen = await one.run(lambda services: services.shared.machines())
    assert "0.1.0" in str(versions_text(seen))
    assert versions_text(seen[:1]) is None


async def _budget(services: Services) -> BudgetState:
    return services.engine.budget()


async def _shared(services: Services) -> SharedState | None:
    return services.engine.budget().shared


@pytest.mark.parametrize("url", ["redis://valkey.example/0", "redis://10.0.0.7:6379"])
def test_a_way_that_can_be_read_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"rediss://"):
        address_of(Settings(shared=SharedSettings(url=url)))
    assert address_of(Settings(shared=SharedSettings(url=url, allow_plain=True))).url == url


@pytest.mark.parametrize(
    "url",
    [
        "rediss://[::1:6379",
        "rediss://h:s3cr3t",
        "rediss://h:0",
        "http://h",
        "rediss://",
        "x",
        "rediss://h/0?ssl_cert_reqs=none",
        "rediss://hub:12#s3cr3t@h/0",
        "rediss://hub:12/s3cr3t@h/0",
        "unix://tmp/v",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    for settings in (Settings(profile=Profile(shared_url=url)), Settings(shared=SharedSettings(url=url))):
        with pytest.raises(SettingsError, match="It looks like") as told:
            address_of(settings)
        assert "s3cr3t" not in str(told.value)


def test_the_password_is_taken_from_the_secrets_and_never_shown() -> None:
    settings = Settings(
        profile=Profile(shared_password="p@ss w"),
        shared=SharedSettings(url="rediss://hub@valkey.example:6380/0"),
    )
    address = address_of(settings)
    assert address.url == "rediss://hub:p%40ss%20w@valkey.example:6380/0"
    assert address.host == "valkey.example:6380"
    assert "p%40ss" not in repr(address)
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize("refused", [False, True])
async def test_no_other_machine_logs_in_before_it_can_know_how_this_one_fared(refused: bool) -> None:
    told, order = asyncio.Event(), list[str]()

    class Slow:
        prefix = "hs:"

        def later(self, errand: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
            return asyncio.create_task(errand)

        async def call(self, _do: object) -> None:
            await told.wait()
            order.append("told")

        async def script(self, name: str, *_: object) -> None:
            order.append(name)

    class Home:
        def save(self, token: StoredToken) -> StoredToken:
            return token

        def release(self) -> None:
            pass

    parts: Any = {"server": Slow(), "clock": None, "local": Home()}
    tokens = SharedTokens(seal=Seal("account", "secret"), owner="one.1", password="-", **parts)
    if refused:
        tokens.refused("no such user")
    else:
        tokens.save(StoredToken("value", 1, 0.0, 9.0, 0.0, 9.0, "boot"))
    tokens.release()
    for _ in range(3):
        await asyncio.sleep(0)
    assert order == []
    told.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert order == ["told", "drop.lua"]


async def test_one_machine_s_wrong_password_locks_no_other_out(homes: Callable[..., Hub], simulator) -> None:
    wrong = homes("one", profile=replace(simulator.profile, name="main", password="not this"))
    await wrong.run(lambda services: services.shared.begin(at_once=True))
    with pytest.raises(CredentialsRefused):
        await wrong.run(lambda services: services.customers.lookup(BIANCA))
    assert (await homes("two").run(lambda services: services.customers.lookup(BIANCA))).found


async def test_a_machine_alone_asks_hubsoft_what_it_was_promised(
    homes: Callable[..., Hub], server_program: str, simulator, monkeypatch
) -> None:
    monkeypatch.setattr(budget, "GRACE", 0.0)
    monkeypatch.setattr(budget, "BEAT", 0.2)
    monkeypatch.setattr(membership, "SILENCE", -120.0)  # two minutes, made none
    server = start(program=server_program)
    hub = homes("one", url=server.url)
    try:
        await hub.run(lambda services: services.shared.begin(at_once=True))
        await hub.run(lambda services: services.customers.lookup(BIANCA))
        server.kill()
        while (await hub.run(_shared)).contact is not SharedContact.ALONE:
            await asyncio.sleep(0.05)
        before = len(simulator.request_log)
        assert (await hub.run(lambda services: services.customers.lookup(BIANCA, refresh=True))).found
        assert len(simulator.request_log) == before + 1
        assert (await hub.run(_shared)).alone == 1
    finally:
        server.stop()


async def test_an_idle_machine_writes_seldom(homes: Callable[..., Hub], tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(budget, "BEAT", 0.05)
    hub = homes("one")
    await hub.run(lambda services: services.shared.begin(at_once=True))

    async def calls(services: Services) -> int:
        return services.shared._member._number

    def commits() -> int:
        return int(file.execute("PRAGMA data_version").fetchone()[0])

    written, last = 0, 0
    with contextlib.closing(sqlite3.connect(tmp_path / "one" / "state" / "budget.db")) as file:
        begun = await hub.run(calls)
        async with asyncio.timeout(20):
            while await hub.run(calls) < begun + 12:
                written, last = written + (commits() != last), commits()
                await asyncio.sleep(0.02)
    assert written <= 3, "what is found first, and one note of five seconds"


async def test_people_get_what_is_remembered_whatever_befalls_the_server(
    homes: Callable[..., Hub], server_program: str, monkeypatch
) -> None:
    monkeypatch.setattr(budget, "GRACE", 0.0)
    monkeypatch.setattr(budget, "BEAT", 0.1)
    server = start(program=server_program)
    with FaultyProxy(server.port) as proxy:
        here = homes("here", url=server.url)
        there = homes("there", url=f"redis://127.0.0.1:{proxy.port}/0")
        await here.run(lambda services: services.shared.begin(at_once=True))
        for hub in (here, there):
            assert (await hub.run(lambda services: services.customers.lookup(BIANCA))).found

        proxy.swallow = True
        with pytest.raises(SharedServerLost):
            await there.run(lambda services: services.shared.spread())
        for fault in ("partition", "emptied", "stopped", "killed"):
            if fault == "emptied":
                with redis.Redis.from_url(server.url) as client:
                    client.flushall()
            if fault == "stopped":
                server.freeze()
            if fault == "killed":
                server.kill()
            for hub in (here, there):
                began = time.monotonic()
                found = await hub.run(lambda services: services.customers.lookup(BIANCA))
                assert (found.found, found.source) == (True, Source.CACHE), fault
                assert time.monotonic() - began < 1.0
        with pytest.raises(SharedServerLost):
            await here.run(lambda services: services.shared.spread())
        for hub in (here, there):
            old = await hub.run(lambda services: services.customers.lookup(BIANCA, refresh=True))
            assert (old.found, old.source) == (True, Source.STALE)
            assert "lost" in old.reason

"""The shared budget over a real server: gates of several machines, a server that goes and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from hubsoft_tui.core.limiter.ledger import Limits, SeenLimit, Told, Unused
from hubsoft_tui.core.types import Priority, SharedContact
from hubsoft_tui.errors import BudgetLost, StoreError
from hubsoft_tui.shared import budget as shared_budget
from hubsoft_tui.shared import membership
from tests.core.limiter.gating import worst_window
from tests.fuzzing import only_long
from tests.shared.conftest import start
from tests.shared.machine import CLOCK, Machine
from tests.shared.proxy import FaultyProxy

ROOT = Path(__file__).parents[2]
LIMITS = Limits(per_window=6, window=0.5, caps=(6, 5, 5, 4), low_minimum=1)


@asynccontextmanager
async def machines(folder: Path, url: str, count: int) -> AsyncIterator[list[Machine]]:
    made = [Machine(folder / f"m{number}", f"m{number}", url, LIMITS) for number in range(count)]
    for machine in made:
        machine.gate.start()
    try:
        await made[0].budget.begin(at_once=True)
        yield made
    finally:
        for machine in made:
            await machine.leave()


async def test_machines_share_one_budget(tmp_path, server_url, empty):
    async with machines(tmp_path, server_url, 3) as made:
        async with asyncio.timeout(20):
            await asyncio.gather(*(machine.send() for machine in made for _ in range(6)))
        arrivals = [at for machine in made for at in machine.arrivals]
        assert worst_window(arrivals, LIMITS.window) <= LIMITS.per_window
        seen = await made[0].budget.machines()
        assert [each.name for each in seen] == ["M0", "M1", "M2"]
        assert seen[0].mine
        assert made[0].gate.state().shared.machines == 3


async def test_a_machine_that_leaves_while_it_connects_is_gone(tmp_path, server_url, empty):
    for turns in range(0, 80, 4):
        machine = Machine(tmp_path / f"m{turns}", f"m{turns}", server_url, LIMITS)
        machine.budget.catch_up.append(machine.server.ping)
        machine.gate.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await machine.budget.close()
        await machine.leave()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_fact_told_again_after_a_full_disk_is_kept_once(tmp_path, server_url, empty, monkeypatch):
    async with machines(tmp_path, server_url, 1) as (machine,):

        def full(_step: object) -> None:
            raise StoreError("full")

        with monkeypatch.context() as disk:
            disk.setattr(machine.ledger, "note", full)
            for _ in range(3):
                with pytest.raises(StoreError):
                    await machine.budget.turn(Told((SeenLimit(6, 5), Unused("none")), (), LIMITS))
            assert machine.budget._member.facts == [SeenLimit(6, 5), Unused("none")]
        await machine.budget.turn(Told((SeenLimit(6, 5), Unused("none")), (), LIMITS))
        assert machine.budget._member.facts == []


async def test_a_lost_server_is_told_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_budget, "GRACE", 0.0)
    monkeypatch.setattr(shared_budget, "BEAT", 0.2)
    server = start()
    try:
        async with machines(tmp_path, server.url, 2) as made:
            await made[0].send()
            await until(lambda: all(machine.budget._member.last.get("b") for machine in made))
            server.kill()
            await until(lambda: made[0].gate.state().shared.contact is SharedContact.LOST)
            shown = made[0].gate.state()
            assert shown.shared.promise == 2
            assert shown.shared.own_in == pytest.approx(2 + 8 + 3 + 0.75, abs=3)
            # What was under way when it ended was cut off; that it is gone shows when it is tried again.
            await until(lambda: "No server listens" in made[0].gate.state().shared.reason)
            with pytest.raises(BudgetLost, match=r"own requests in 0:1\d\. No server listens"):
                await made[0].send()
            server.start()
            sent = False
            while not sent:  # a busy machine can lose it once more
                await until(lambda: made[0].gate.state().shared.contact is SharedContact.ON)
                with contextlib.suppress(BudgetLost):
                    await made[0].send(Priority.CRITICAL)
                    sent = True
            assert worst_window(made[0].arrivals, LIMITS.window) <= 2
    finally:
        server.stop()


async def test_a_machine_alone_spends_its_promise_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_budget, "GRACE", 0.0)
    monkeypatch.setattr(shared_budget, "BEAT", 0.2)
    monkeypatch.setattr(membership, "SILENCE", -7.0)  # two minutes, made short
    server = start()
    try:
        async with machines(tmp_path, server.url, 2) as made:
            one = made[0]
            await until(lambda: one.budget._member.last.get("b", 0) == 2)
            server.kill()
            await until(lambda: one.gate.state().shared.contact is SharedContact.ALONE)
            begun = CLOCK.now()
            async with asyncio.timeout(20):
                await asyncio.gather(*(one.send() for _ in range(5)))
            assert worst_window(one.arrivals, LIMITS.window) == 2
            assert CLOCK.now() - begun >= 2 * LIMITS.window
            assert one.gate.state().shared.alone == 5
            one.gate.limited(1.5)
            begun = CLOCK.now()
            await one.send(Priority.CRITICAL)
            assert CLOCK.now() - begun >= 1.5
    finally:
        server.kill()


async def test_a_server_that_takes_nothing_holds_no_machine_up(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_budget, "GRACE", 0.0)
    monkeypatch.setattr(shared_budget, "BEAT", 0.2)
    monkeypatch.setattr(membership, "SILENCE", -4.75)  # two minutes, made a second
    server = start()
    try:
        async with machines(tmp_path, server.url, 2) as made:
            one = made[0]
            await until(lambda: one.budget._member.last.get("b", 0) == 2)
            with redis.Redis.from_url(server.url) as client:
                client.config_set("min-replicas-to-write", 1)  # as where its disk is full: it answers a ping
                await until(lambda: one.gate.state().shared.contact is SharedContact.ALONE)
                await one.send(Priority.CRITICAL)
                assert "without its copies" in one.gate.state().shared.reason
                client.config_set("min-replicas-to-write", 0)
                await until(lambda: one.gate.state().shared.contact is SharedContact.ON)
    finally:
        server.kill()


def spender(home: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.shared.machine", str(home), url, "10", "0.5"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.long
@only_long
def test_a_copy_that_is_promoted_grants_no_window_twice(tmp_path: Path) -> None:
    primary, copy = start(), start()
    with redis.Redis.from_url(copy.url) as client, FaultyProxy(primary.port) as proxy:
        client.replicaof("127.0.0.1", primary.port)
        url = f"redis://127.0.0.1:{proxy.port}/0"
        machines = [spender(tmp_path / f"m{number}", url) for number in range(2)]

        def end() -> None:
            for each in machines:
                each.kill()

        limit = threading.Timer(30.0, end)
        limit.start()
        arrivals: list[float] = []
        try:
            arrivals.extend(float(each.stdout.readline()) for each in machines)
            while not client.keys("hs:*:ledger"):
                arrivals.append(float(machines[0].stdout.readline()))
            primary.kill()
            proxy.target = copy.port
            client.replicaof("NO", "ONE")
            promoted = CLOCK.now()
            for each in machines:
                while arrivals[-1] <= promoted + 0.5:
                    arrivals.append(float(each.stdout.readline()))
        finally:
            limit.cancel()
            end()
            for each in machines:
                arrivals += [float(line) for line in each.communicate()[0].splitlines()]
            copy.stop()
    assert worst_window(arrivals, 0.5) <= 10


def test_machines_of_their_own_keep_the_promise_through_kill_and_stop(tmp_path: Path) -> None:
    server = start()
    machines = [spender(tmp_path / f"m{number}", server.url) for number in range(3)]
    arrivals: list[float] = []

    def heard_after(machine: subprocess.Popen[str], instant: float) -> None:
        while not arrivals or arrivals[-1] <= instant:
            if not (line := machine.stdout.readline()):
                return
            arrivals.append(float(line))

    def end() -> None:
        for each in machines:
            each.kill()

    # On a machine too busy to keep in touch with its own server nothing may be sent for long: the promise holds.
    limit = threading.Timer(30.0, end)
    limit.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            for each in machines:
                heard_after(each, 0.0)
            machines[0].kill()
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
            heard_after(machines[1], CLOCK.now())
            machines[1].send_signal(signal.SIGSTOP)
            heard_after(machines[2], CLOCK.now() + 2 * 0.5)
            machines[1].send_signal(signal.SIGCONT)
            machines.append(spender(tmp_path / "m0", server.url))
            heard_after(machines[1], CLOCK.now())
            client.flushall()
            heard_after(machines[2], CLOCK.now() + 2 * 0.5)
    finally:
        limit.cancel()
        end()
        for each in machines:
            arrivals += [float(line) for line in each.communicate()[0].splitlines()]
        server.stop()
    assert worst_window(arrivals, 0.5) <= 10

"""Real processes on homes of their own, one real server, HubSoft's count: never more than N, whatever befalls them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from hubsoft_tui.simulator import Simulator
from tests.e2e.fixture import environment
from tests.fuzzing import in_form, only_long
from tests.shared.asker import CRITICAL_AFTER, CRITICAL_EVERY
from tests.shared.conftest import Server, start
from tests.shared.proxy import FaultyProxy

ROOT = Path(__file__).parents[2]
PATIENCE = 400.0
"""After the last fault two minutes pass, then two thirds are kept free: a whole window's requests take five."""
ROUND_TRIP = 0.001


@dataclass(frozen=True, slots=True)
class Form:
    """How large a run is; seconds."""

    machines: int
    limit: int
    window: float
    lease: float
    step: float
    """Between one fault and the next."""


SHORT = Form(machines=4, limit=8, window=0.8, lease=2.5, step=0.9)
LONG = Form(machines=20, limit=30, window=60.0, lease=50.0, step=75.0)


class Askers:
    """The processes of one run; the last reaches the server through the proxy."""

    def __init__(
        self, form: Form, simulator: Simulator, server: Server, proxy: FaultyProxy, folder: Path
    ) -> None:
        people = [each.document for each in simulator.customers if len(each.document) == 11]
        share = len(people) // form.machines
        self.all: list[subprocess.Popen[str]] = []
        for number in range(form.machines):
            last = number == form.machines - 1
            home = folder / f"home-{number}"
            home.mkdir()
            made = environment(
                home,
                simulator,
                shared__url=f"redis://127.0.0.1:{proxy.port if last else server.port}/0",
                shared__name=f"pc-{number}" if number else "first",
                limiter__max_requests_per_minute=form.limit,
                limiter__window_seconds=form.window,
                trace__enabled="false",
            )
            command = [sys.executable, "-m", "tests.shared.asker", str(form.lease)]
            asked = people[number * share : (number + 1) * share][:60]
            process = subprocess.Popen(
                [*command, *asked], env=os.environ | made, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            self.all.append(process)
        for process in self.all:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"

    def alive(self) -> list[int]:
        """The numbers of those that did not end."""
        return [number for number, process in enumerate(self.all) if process.poll() is None]


@contextmanager
def running(form: Form, folder: Path) -> Iterator[tuple[Askers, Simulator, Server, FaultyProxy]]:
    """Run askers over a simulator and a server, and end them all."""
    people = Simulator(customers=60 * form.machines, tickets=0, clock_rate=0, latency=(0.0, 0.05))
    server = start()
    with people as simulator, FaultyProxy(server.port) as proxy:
        askers = Askers(form, simulator, server, proxy, folder)
        try:
            yield askers, simulator, server, proxy
        finally:
            for process in askers.all:
                process.kill()
            for process in askers.all:
                process.communicate()
            server.kill()


def _until_asked(simulator: Simulator, count: int) -> None:
    """Wait until HubSoft received so many requests."""
    until = time.monotonic() + PATIENCE
    while len(simulator.request_log) < count:
        assert time.monotonic() < until, f"{len(simulator.request_log)} of {count}"
        time.sleep(0.02)


def story(form: Form, folder: Path) -> None:
    """Kill, stop, empty, swallow, and take the server away; the last step of each run must bring requests again."""
    with running(form, folder) as (askers, simulator, server, proxy):
        killed, stopped, *_others = askers.all
        _until_asked(simulator, form.limit)
        killed.kill()
        stopped.send_signal(signal.SIGSTOP)
        proxy.swallow = True
        time.sleep(form.step)
        with redis.Redis(port=server.port) as client:
            client.flushall()
        time.sleep(form.step)
        stopped.send_signal(signal.SIGCONT)
        proxy.swallow, proxy.delay = False, 0.05
        server.kill()
        time.sleep(form.step)
        server.start()
        _until_asked(simulator, len(simulator.request_log) + form.limit)
        assert simulator.request_log.worst_window(form.window) <= form.limit
        assert askers.alive() == list(range(1, form.machines))


@pytest.mark.long
def test_no_fault_makes_it_more_than_the_limit(tmp_path: Path) -> None:
    story(in_form(SHORT, LONG), tmp_path)


@pytest.mark.long
@only_long
def test_twenty_machines_use_the_whole_budget_for_ten_minutes(tmp_path: Path) -> None:
    with (
        running(LONG, tmp_path) as (askers, simulator, server, _proxy),
        redis.Redis(port=server.port) as client,
    ):
        before = _calls(client)
        time.sleep(CRITICAL_AFTER)
        calls = (_calls(client) - before) / CRITICAL_AFTER
        arrivals = [entry.monotonic for entry in simulator.request_log.entries()]
        time.sleep(7 * CRITICAL_EVERY)
        first = askers.all[0]
        first.kill()
        assert first.stdout is not None
        p95 = float(first.stdout.read().split()[-1])
        assert simulator.request_log.worst_window(LONG.window) <= LONG.limit
    # LOW, NORMAL and HIGH may not use what is kept for CRITICAL; the window opens empty.
    spent = len(arrivals) / ((arrivals[-1] - arrivals[0]) / LONG.window + 1)
    print(f"{spent:.2f} of 28 a window, {calls:.1f} calls a second, CRITICAL p95 {p95 * 1000:.0f} ms")
    assert spent >= 0.97 * 28
    assert calls <= 11
    assert p95 <= 0.05 + ROUND_TRIP


def _calls(client: redis.Redis) -> int:
    """Return how many commands the machines sent: all that matter in number are scripts."""
    stats = client.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("evalsha", "eval", "ping"))

"""Fixtures for every room: a home, the embedded HubSoft API, and a look that no engine is left running."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from hubsoft_tui.simulator import Simulator, people

MEMORY: Final = Path("/dev/shm")
ROOM: Final = 4 * 1024**3


def pytest_configure() -> None:
    """Write to memory where it has room: six databases a home, flushed by every worker, keep a disk busy."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Look for garbage more rarely, and never among the modules and tests: a sixth of what a screen's test costs."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def people_generated_once() -> Iterator[None]:
    """Copy the simulated customers of one seed instead of throwing their dice for each of 900 simulators."""
    generate = people.generate
    known: dict[tuple[int, int, bool], bytes] = {}

    def generate_once(count: int, seed: int, *, hostile: bool = False) -> list[people.SimCustomer]:
        key = (count, seed, hostile)
        if key not in known:
            known[key] = pickle.dumps(generate(count, seed, hostile=hostile), pickle.HIGHEST_PROTOCOL)
        copied: list[people.SimCustomer] = pickle.loads(known[key])
        return copied

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "generate", generate_once)
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Keep every test away from the home of the user who runs it."""
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path_factory.mktemp("home", numbered=True)))


def engines() -> set[threading.Thread]:
    """Return the threads of the engines that run in this process."""
    return {thread for thread in threading.enumerate() if thread.name == "hubsoft-engine"}


@pytest.fixture(autouse=True)
def no_engine_left(own_home) -> Iterator[None]:
    """Fail the test that leaves an engine running: dropped later, it would fail another one."""
    before = engines()
    yield
    for thread in engines() - before:
        thread.join(5)
        assert not thread.is_alive(), "the test started an engine and did not close it"


@pytest.fixture
def make_simulator() -> Iterator[Callable[..., Simulator]]:
    """Start simulators with any options; without latency or changes of their own, closed at the end."""
    started: list[Simulator] = []

    def make(**options: object) -> Simulator:
        quick = {"customers": 200, "tickets": 60, "latency": (0.0, 0.0), "changes_per_minute": 0.0}
        simulator = Simulator(**(quick | options))  # type: ignore[arg-type]
        started.append(simulator)
        return simulator.start()

    yield make
    for simulator in started:
        simulator.close()


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    """A running simulator with 200 customers and 60 open tickets."""
    return make_simulator()

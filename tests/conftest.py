"""Fixtures for every room: a home, the embedded HubSoft API, and a look that no engine is left running."""

from __future__ import annotations

import gc
import itertools
import os
import pickle
import shutil
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.unraisableexception import gc_collect_iterations_key
from hypothesis import HealthCheck, settings

from hubsoft_tui import privacy, texts
from hubsoft_tui.simulator import Simulator, people
from tests.stillness import pilots_that_look

if TYPE_CHECKING:
    from textual.css.model import RuleSet

MEMORY: Final = Path("/dev/shm")
ROOM: Final = 4 * 1024**3
NUMBERS: Final = itertools.count()

# How quick a busy computer is decides about no example.
settings.register_profile(
    "untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Write to memory where it has room: six databases a home, flushed by every worker, keep a disk busy.

    Each checkout has a folder of its own there, with a short name that fits a line: a session that ends can take the
    lock of another's folder, which the next one then removes. What was never closed is looked for once, not five times.
    """
    config.stash[gc_collect_iterations_key] = 1
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        folder = MEMORY / f"hs-{os.getuid()}-{zlib.crc32(bytes(config.rootpath)) % 10_000}"
        folder.mkdir(exist_ok=True)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


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


@pytest.fixture(scope="session", autouse=True)
def styles_parsed_once() -> Iterator[None]:
    """Parse each style sheet once a worker instead of once an app: a fourth of what a screen's test costs."""
    if "textual" not in sys.modules:
        yield
        return
    from textual.css.stylesheet import Stylesheet  # noqa: PLC0415 - heavy library

    parse = Stylesheet._parse_rules
    known: dict[tuple[object, ...], list[RuleSet]] = {}

    def parse_once(self: Stylesheet, css: str, *where: Any, **more: Any) -> list[RuleSet]:
        key = (css, where, tuple(more.items()), frozenset(self._variables.items()))
        if key not in known:
            known[key] = parse(self, css, *where, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch, pilots_that_look():
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(autouse=True)
def english() -> None:
    """Begin every test in English and with no secret, whatever the one before spoke and hid."""
    texts.use("en")
    privacy._hidden.clear()


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the home of the user who runs it."""
    # Numbered here: pytest looks through all the homes before for the next number.
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path_factory.getbasetemp() / f"home-{next(NUMBERS)}"))


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

"""Fixtures for every room: the embedded HubSoft API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hubsoft_tui.simulator import Simulator


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Keep every test away from the home of whoever runs it."""
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path_factory.mktemp("home", numbered=True)))


@pytest.fixture
def make_simulator() -> Iterator[Callable[..., Simulator]]:
    """Start simulators with any options; without latency, changing no ticket by itself, closed at the end."""
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

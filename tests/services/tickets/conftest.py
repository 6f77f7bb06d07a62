"""A sync over a simulator that holds still, closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import SyncSettings
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for

from .clocks import From
from .verdict import EVERYTHING, Syncing

NOON = (2026, 11, 24, 12, 0)


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(customers=60, tickets=40, closed_tickets=120)


@pytest.fixture
def syncing_over(tmp_path: Path) -> Iterator[Callable[..., Syncing]]:
    """Start syncs over a simulator, all on one home unless told."""
    started: list[Syncing] = []

    def start(
        simulator: Simulator, *, home: Path = tmp_path, clock: From | None = None, **sync: Any
    ) -> Syncing:
        hub = None
        if clock is not None:
            settings = SyncSettings(**{"first_days": EVERYTHING, "enabled": False} | sync)
            hub = Hub(settings_for(simulator, home, sync=settings), clock=clock)
        syncing = Syncing(simulator, home, hub, **sync)
        started.append(syncing)
        return syncing

    yield start
    for syncing in started:
        syncing.close()


@pytest.fixture
def syncing(simulator: Simulator, syncing_over: Callable[..., Syncing]) -> Syncing:
    """A sync that has made its first pass."""
    made = syncing_over(simulator)
    made.begin()
    return made

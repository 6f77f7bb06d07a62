"""Hubs over a simulator, on one home, closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.services.hub import Hub
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for


@pytest.fixture
def hub_over(simulator: Simulator, tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Start hubs over the simulator on one home: `hub_over(background=True, limiter=...)`; closed at the end."""
    hubs: list[Hub] = []

    def start(*, background: bool = False, **sections: Any) -> Hub:
        hub = Hub(settings_for(simulator, tmp_path, **sections), background=background)
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.close()

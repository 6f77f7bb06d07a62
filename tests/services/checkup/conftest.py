"""Fixtures of the check-up's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import Ground


@pytest.fixture
def make_ground(tmp_path: Path) -> Iterator[Callable[..., Ground]]:
    """Make grounds; closed at the end."""
    made: list[Ground] = []

    def make(simulator: Simulator, documents: list[str], **sections: Any) -> Ground:
        ground = Ground(simulator, tmp_path, documents, **sections)
        made.append(ground)
        return ground

    yield make
    for ground in made:
        ground.close()

"""Fixtures of the check-up's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator

from .fixture import CheckupFixture


@pytest.fixture
def make_fixture(tmp_path: Path) -> Iterator[Callable[..., CheckupFixture]]:
    """Make grounds; closed at the end."""
    made: list[CheckupFixture] = []

    def make(simulator: Simulator, documents: list[str], **sections: Any) -> CheckupFixture:
        fixture = CheckupFixture(simulator, tmp_path, documents, **sections)
        made.append(fixture)
        return fixture

    yield make
    for fixture in made:
        fixture.close()

"""A home whose settings can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.house import SECRETS, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "home", dict(SECRETS))

from __future__ import annotations

import pytest

from hubsoft_tui.services.outbox import runner


@pytest.fixture
def seldom(monkeypatch):
    """Let consoles look at the file once a minute: virtual hours have many seconds."""
    monkeypatch.setattr(runner, "TICK_SECONDS", 60.0)

"""What every test of a screen stands on."""

from __future__ import annotations

import pytest

from tests.screens.fake import BIANCA, CPF, GUILHERME, OTHER, FakeHub


@pytest.fixture
def hub() -> FakeHub:
    """An engine that knows two customers."""
    hub = FakeHub()
    hub.customers.answers |= {CPF: (BIANCA,), OTHER: (GUILHERME,)}
    return hub

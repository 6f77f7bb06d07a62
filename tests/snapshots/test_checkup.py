"""The check-up screen as a picture."""

from __future__ import annotations

import pytest

from tests.screens.checkup_fakes import RUNNING, CheckupHub, FakeCheckup

from .test_screens import SMALL, WIDE, looks_as_before, press, still

__all__ = ["looks_as_before", "still"]


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["120x36", "80x24"])
def test_checkup_running(looks_as_before, size):
    hub = CheckupHub(FakeCheckup(RUNNING))
    assert looks_as_before(hub, size, press("f4"), "GUILHERME SILVA")

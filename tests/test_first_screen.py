"""The page that builds a screen from nothing does what it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hubsoft_tui.screens.frame.actions import registry

PAGE = Path(__file__).resolve().parent.parent / "docs" / "first-screen.md"


async def test_the_code_of_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_areas", dict(registry._areas))
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    module = ModuleType("first_screen")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile("\n".join(blocks), PAGE, "exec"), vars(module))
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 1
    for test in tests:
        await test()
    assert registry.find("today.saved_only") is not None

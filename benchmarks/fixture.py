"""What the benchmarks run on: a simulator in a process of its own, a home, and settings over them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubsoft_tui.settings.tree import LimiterSettings, Profile, Settings

LIFTED = 600_000
"""Requests a minute that no benchmark can reach: the settings files allow 6,000."""


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator that is running. `documents` are its customers', all different."""

    profile: Profile
    documents: tuple[str, ...]


@contextlib.contextmanager
def served(customers: int, *, latency: tuple[float, float] = (0.0, 0.0)) -> Iterator[Served]:
    """Run a simulator in another process, so that it does not share the interpreter of what is measured.

    `latency` is in seconds, lowest and highest.
    """
    command = [sys.executable, "-m", "benchmarks.serve", str(customers), *map(str, latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the simulator has no pipes")
        try:
            told = json.loads(process.stdout.readline())
            yield Served(Profile(**told["profile"]), tuple(told["documents"]))
        finally:
            process.stdin.close()  # it serves until then


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """Make a home that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="hubsoft-tui-bench-") as folder:
        yield Path(folder)


def unlimited(profile: Profile, folder: Path) -> Settings:
    """Return settings over `folder` whose limiter never makes anybody wait."""
    limiter = LimiterSettings(max_requests_per_minute=LIFTED)
    return Settings(profile=profile, home=str(folder), limiter=limiter)

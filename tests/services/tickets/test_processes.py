"""Real processes on one home: killed in the middle of a pass, several at once, told to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator

from .test_sync import LIST, asked

ROOT = Path(__file__).parents[3]


def command(simulator: Simulator, home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start `hubsoft-tui` on a home, as cron does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBSOFT")}
    environment |= {
        "HUBSOFT_URL": simulator.url,
        "HUBSOFT_CLIENT_ID": simulator.client_id,
        "HUBSOFT_CLIENT_SECRET": simulator.client_secret,
        "HUBSOFT_USERNAME": simulator.username,
        "HUBSOFT_PASSWORD": simulator.password,
        "HUBSOFT_TUI_HOME": str(home),
        "HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE": "6000",
        "HUBSOFT_TUI_SYNC__FIRST_DAYS": "400",
        "LC_ALL": "C.UTF-8",
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "hubsoft_tui", *arguments],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait until it ends well and return its one document."""
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), err
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_pass_that_is_killed_leaves_the_previous_truth(syncing, simulator, tmp_path):
    before, version = dict(syncing.rows), syncing.version
    simulator.step(25)
    arrived = threading.Event()

    def second_page(entry) -> None:
        if entry.path == LIST and "pagina=1&" in entry.query:
            arrived.set()
            time.sleep(0.3)

    simulator.on_request = second_page
    process = command(simulator, tmp_path, "sync", "--once", HUBSOFT_TUI_SYNC__PAGE_SIZE="20")
    assert arrived.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    simulator.on_request = None
    assert (syncing.look().version, syncing.rows) == (version, before)
    report = syncing.sync()  # the dead have no right to sync
    assert not report.shared
    syncing.judge()


def test_cron_and_consoles_at_once_lose_nothing_and_say_nothing_of_locks(syncing, simulator, tmp_path):
    simulator.latency = (0.05, 0.05)
    simulator.step(20)
    simulator.request_log.clear()
    processes = [command(simulator, tmp_path, "sync", "--once", "--json") for _ in range(3)]
    simulator.step(5)
    ours = syncing.sync()
    reports = [ended(process) for process in processes]
    moments = [entry.monotonic for entry in simulator.request_log.entries(LIST)]
    assert min(b - a for a, b in pairwise(moments)) >= 0.045
    assert asked(simulator)[LIST] == sum(each["requests"] for each in reports if not each["shared"]) + (
        0 if ours.shared else ours.requests
    )
    syncing.sync()
    syncing.judge()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_every_prints_a_line_a_pass_and_ends_cleanly(simulator, tmp_path, told):
    process = command(simulator, tmp_path, "sync", "--every", "1", "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["tracked"], first["new"], first["requests"]) == (40, 0, 2)
    simulator.step(6)
    second = json.loads(process.stdout.readline())
    assert second["new"] + second["changed"] + second["closed"] > 0
    process.send_signal(told)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert all(json.loads(line)["tracked"] for line in out.splitlines())

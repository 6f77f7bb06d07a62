"""A large list: tens of requests, and a run killed again and again ends as one that was left alone."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.fuzzing import in_form

from .fixture import ROSTER, SINGLE, some, strangers, write_list

CUSTOMERS, MEMBERS, KILLS = in_form((3_000, 2_500, 2), (12_000, 10_000, 10))
PAGES = CUSTOMERS // 500
"""Of the roster."""
PATIENCE = 300.0
"""Seconds: generous, for a machine with other work to do."""
WORKER = [sys.executable, "-m", "tests.services.checkup.kill_worker"]


def decisions(home: Path) -> dict[str, tuple[Any, ...]]:
    """Return what is decided on disk."""
    connection = sqlite3.connect(home / "state" / "checkups.db")
    try:
        rows = connection.execute(
            "SELECT document, result, status, plan, since FROM decision"
            " WHERE settled AND run = (SELECT max(id) FROM run)"
        ).fetchall()
    finally:
        connection.close()
    return {document: tuple(rest) for document, *rest in rows}


@pytest.mark.long
def test_a_killed_run_asks_for_no_decided_member_again(make_simulator, tmp_path):
    simulator = make_simulator(
        customers=CUSTOMERS, latency=(0.02, 0.02), start_at=1_795_000_000.0, clock_rate=0.0
    )
    documents = [each.document for each in some(simulator, MEMBERS - 4)] + strangers(4)
    file = write_list(tmp_path / "members.csv", documents)
    left_alone, killed = tmp_path / "left-alone", tmp_path / "killed"
    assert started(left_alone, simulator.url, file).wait(PATIENCE) == 0
    assert simulator.request_log.count(path=ROSTER) + simulator.request_log.count(path=SINGLE) <= PAGES + 6
    active = {each.document for each in simulator.customers if each.active}
    assert {document for document, found in decisions(left_alone).items() if found[0] == "active"} == (
        active & set(documents)
    )
    simulator.request_log.clear()

    seed = time.time_ns()
    print(f"seed {seed}")  # shown when it fails
    chance = random.Random(seed)
    decided_before: list[tuple[int, set[str]]] = []
    for kill in range(KILLS):
        process = started(killed, simulator.url, file)
        due = len(simulator.request_log) + chance.randrange(4)
        last = kill == KILLS - 1
        while process.poll() is None and (
            len(simulator.request_log) < due or (last and not decisions(killed))
        ):
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        number = max((entry.number for entry in simulator.request_log.entries()), default=0)
        decided_before.append((number, set(decisions(killed))))
    assert started(killed, simulator.url, file).wait(PATIENCE) == 0

    assert decisions(killed) == decisions(left_alone)
    assert len(decisions(killed)) == len(documents)
    assert simulator.request_log.count(path=ROSTER) <= 1 + PAGES + KILLS
    asked = [
        (entry.number, parse_qs(entry.query)["termo_busca"][0])
        for entry in simulator.request_log.entries(SINGLE)
    ]
    for number, decided in decided_before:
        assert not decided & {document for later, document in asked if later > number}
    assert decided_before[-1][1], "nothing was decided before the last kill: the test shows nothing"


def started(home: Path, url: str, file: Path) -> subprocess.Popen[str]:
    """Start a worker and return once its run goes on."""
    process = subprocess.Popen([*WORKER, str(home), url, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    process.stdout.close()
    return process

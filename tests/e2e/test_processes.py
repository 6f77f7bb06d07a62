"""Six processes on one home are one client of HubSoft: one budget, one login, people before machines, any crash."""

from __future__ import annotations

import contextlib
import json
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from hubsoft_tui.simulator import LoggedRequest, Simulator
from tests.nursery import ROOT

from .fixture import environment
from .terminal import CONSOLE, PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e processes")]

BUDGET = 10
WINDOW = 2.0
"""Requests per window, and its length in seconds: the promise of 30 in 60, thirty times as quick."""
BACKLOG = 150


class Worker:
    """A process of `worker.py`: documents in, answered documents out, killed at any moment."""

    def __init__(self, role: str, variables: Mapping[str, str], documents: Sequence[str] = ()) -> None:
        self.answered: list[str] = []
        self._news: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.worker", role],
            env=dict(variables),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if documents:
            self.tell("\n".join(documents))
            assert self.process.stdin is not None
            self.process.stdin.close()
        assert self._news.get(timeout=PATIENCE) == "ready"

    def tell(self, document: str) -> None:
        """Give it a document to ask for."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{document}\n")
        self.process.stdin.flush()

    def ask(self, document: str) -> None:
        """Give it a document and wait until it is answered."""
        self.tell(document)
        assert self._news.get(timeout=PATIENCE) == document

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End it and forget it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answered.append(line.strip())
            self._news.put(line.strip())
        self._news.put(None)


class LookupLoop:
    """`hubsoft-tui lookup` again and again, one process after the other, as a script runs it."""

    def __init__(self, variables: Mapping[str, str], documents: Sequence[str]) -> None:
        self.asked: list[str] = []
        """Each document answered."""
        self.killed = 0
        self.wrong: list[subprocess.CompletedProcess[str]] = []
        self.over = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self._variables, self._documents = variables, documents
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """End the process of this moment, if there is one."""
        process = self.process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Ask no more and wait for the last one."""
        self.over.set()
        self._thread.join()

    def _run(self) -> None:
        for document in self._documents:
            if self.over.is_set():
                return
            self.process = start_lookup(self._variables, document)
            out, err = self.process.communicate()
            code = self.process.returncode
            if code == -signal.SIGKILL:
                self.killed += 1
            elif code == 0:
                self.asked.append(document)
            else:
                self.wrong.append(subprocess.CompletedProcess(document, code, out, err))


def start_lookup(variables: Mapping[str, str], document: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CONSOLE, "lookup", document, "--json"],
        env=dict(variables),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lookup(variables: Mapping[str, str], document: str) -> dict[str, object]:
    """Run one lookup to its end and return its answer."""
    process = start_lookup(variables, document)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    answer: dict[str, object] = json.loads(out)
    return answer


def wait_until(true: Callable[[], object], why: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.02)


def place(entries: Sequence[LoggedRequest], document: str) -> int:
    """Return where in the ledger the request for a document stands."""
    return next(n for n, entry in enumerate(entries) if f"termo_busca={document}&" in f"{entry.query}&")


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(customers=400, tickets=10)


@pytest.fixture
def variables(simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    return environment(
        tmp_path / "home",
        simulator,
        limiter__max_requests_per_minute=BUDGET,
        limiter__window_seconds=WINDOW,
    )


def test_six_processes_share_budget_login_and_memory_through_any_crash(
    simulator: Simulator, variables: dict[str, str]
) -> None:
    documents = [customer.document for customer in simulator.customers]
    backlog, people = documents[:BACKLOG], documents[BACKLOG:]
    low = set(backlog)
    chance = random.Random(8)

    def sent() -> int:
        return len(simulator.request_log)

    consoles = [Worker("console", variables) for _ in range(2)]
    consoles[0].ask(people[0])
    assert simulator.tokens_issued == 1
    job = Worker("background", variables, backlog)
    loops: list[LookupLoop] = []
    try:
        wait_until(lambda: len(job.answered) > BUDGET, "the background job makes no progress alone")
        # No other caller: the whole budget of LOW is used, and the backlog is far from its end.
        assert len(job.answered) < BACKLOG / 2

        # People come: each is served before the backlog that was there first.
        loops = [LookupLoop(variables, people[100 + 40 * n : 140 + 40 * n]) for n in range(3)]
        asked = []
        for n in range(1, 5):
            asked.append((people[n], sent()))
            consoles[n % 2].ask(people[n])
        wait_until(lambda: all(loop.asked for loop in loops), "a lookup was kept waiting for good")
        entries = simulator.request_log.entries()
        # A command is a process that has to start first: the backlog goes on until it stands in line.
        assert len(job.answered) < BACKLOG, "the lookups came after the whole backlog"
        for document, before in asked:
            overtaken = [e for e in entries[before : place(entries, document)] if _document(e) in low]
            assert len(overtaken) <= BUDGET, f"{len(overtaken)} of the backlog went before a person"

        # Any of them dies at any moment: what it held comes back, the others go on.
        for n in range(3):
            time.sleep(chance.uniform(0.0, 0.6))
            loops[n].kill()
        consoles[1].tell(people[5])
        time.sleep(chance.uniform(0.0, 0.3))
        consoles[1].kill()
        job.kill()
        answered = [len(loop.asked) for loop in loops]
        consoles[0].ask(people[6])
        wait_until(
            lambda: all(len(loop.asked) > before for loop, before in zip(loops, answered, strict=True)),
            "a lookup waits for a process that is dead",
        )
    finally:
        for loop in loops:
            loop.close()
        for worker in (*consoles, job):
            worker.close()
    assert not [loop.wrong for loop in loops if loop.wrong]

    # The next start has the customers and the login it had.
    before = sent()
    again = lookup(variables, people[0])
    assert (again["source"], again["requests"]) == ("cache", 0)
    assert sent() == before
    fresh = lookup(variables, people[7])
    assert fresh["source"] == "api"
    assert simulator.tokens_issued == 1
    assert sum("oauth" in entry.path for entry in simulator.request_log.entries()) == 1
    assert simulator.request_log.worst_window(WINDOW) <= BUDGET


def _document(entry: LoggedRequest) -> str:
    return entry.query.partition("termo_busca=")[2].partition("&")[0]

"""Programs started as forks of a process that has read their modules: reading is most of what a start costs.

    program = fork([sys.executable, "-m", "hubsoft_tui"], env, terminal)

It is the same program, from its `main` to the end of its interpreter. What an interpreter takes from its
environment before it reads a module (`PYTHON*`, `LC_*`) needs a start of its own, and so does what is about starts.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LONGEST: Final = 1 << 16
UNREAD: Final = ("hubsoft_tui.__main__", "hubsoft_tui.cli")
"""What must run anew in every program, and what no console needs."""


class Forked:
    """A program that was forked, with those methods of `subprocess.Popen` that tests need."""

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid
        self.returncode: int | None = None
        self._over = threading.Event()

    def poll(self) -> int | None:
        """Return the exit status if it has ended."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status: negative for a signal it died of."""
        if not self._over.wait(timeout):
            raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def ended(self, status: int) -> None:
        """Hear of its end."""
        self.returncode = status
        self._over.set()


class Nursery:
    """The process that forks, seen from the tests."""

    def __init__(self) -> None:
        self._running: dict[int, Forked] = {}
        self._born: deque[Forked] = deque()
        """Those that no caller has taken yet: one may have ended before."""
        self._news = threading.Condition()
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(other.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "default", "COLORTERM": "truecolor"},
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
        )
        other.close()
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def fork(self, command: Sequence[str], environment: Mapping[str, str], terminal: int) -> Forked:
        """Start `python -m module ...` in a session of its own, on this terminal."""
        assert list(command[:2]) == [sys.executable, "-m"], command
        asked = json.dumps({"arguments": list(command[2:]), "environment": dict(environment)}).encode()
        assert len(asked) < LONGEST
        with self._news:
            socket.send_fds(self._line, [asked], [terminal])
            assert self._news.wait_for(lambda: self._born, timeout=60), "nothing is born"
            return self._born.popleft()

    def _listen(self) -> None:
        while news := self._line.recv(LONGEST):
            pid, status = json.loads(news)
            with self._news:
                if status is None:
                    self._running[pid] = Forked(pid)
                    self._born.append(self._running[pid])
                    self._news.notify_all()
                else:
                    self._running.pop(pid).ended(status)


@functools.cache
def nursery() -> Nursery:
    """Return this process's nursery, started when it is first needed; it ends with this process."""
    return Nursery()


# -- inside the nursery


def read_all() -> None:
    """Read what a console reads, whatever screen it comes to."""
    warnings.simplefilter("ignore")
    for root in ("hubsoft_tui", "widgets"):
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if not found.name.startswith(UNREAD):
                importlib.import_module(found.name)
    for name in ("app", "httpcore"):
        importlib.import_module(name)
    warnings.resetwarnings()
    warnings.simplefilter("default")
    gc.collect()
    gc.freeze()


def serve(line: socket.socket) -> tuple[list[str], dict[str, str], int] | None:
    """Fork whenever asked to and tell of every end. Returns in the child, with what it is to be; None: it is over."""
    heard, told = os.pipe()
    for end in (heard, told):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: set[int] = set()
    while True:
        ready, _, _ = select.select([line.fileno(), heard], [], [])
        if heard in ready:
            os.read(heard, LONGEST)
            for pid in list(running):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    running.remove(pid)
                    line.send(json.dumps([pid, os.waitstatus_to_exitcode(status)]).encode())
        if line.fileno() in ready:
            asked, descriptors, _, _ = socket.recv_fds(line, LONGEST, 1)
            if not asked:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return None
            wanted = json.loads(asked)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (heard, told):
                    os.close(end)
                return wanted["arguments"], wanted["environment"], descriptors[0]
            os.close(descriptors[0])
            running.add(pid)
            line.send(json.dumps([pid, None]).encode())


def become(arguments: list[str], environment: dict[str, str], terminal: int) -> None:
    """Be the program that was asked for: `python -m` with its own session, terminal, environment and streams."""
    os.setsid()
    own = os.open(os.ttyname(terminal), os.O_RDWR)  # a session leader gets the terminal it opens as its own
    os.close(terminal)
    for standard in range(3):
        os.dup2(own, standard)
    os.close(own)
    os.environ.clear()
    os.environ.update(environment)
    streams = {"stdin": ("r", "strict"), "stdout": ("w", "strict"), "stderr": ("w", "backslashreplace")}
    for descriptor, (name, (mode, errors)) in enumerate(streams.items()):
        stream = open(descriptor, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115 - to the end
        for known in (name, f"__{name}__"):
            setattr(sys, known, stream)
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def main() -> None:
    """Read the modules, then fork."""
    line = socket.socket(fileno=int(sys.argv[1]))
    read_all()
    wanted = serve(line)
    line.close()
    if wanted is not None:
        become(*wanted)


if __name__ == "__main__":
    main()

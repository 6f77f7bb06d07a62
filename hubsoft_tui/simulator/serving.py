"""`hubsoft-tui simulate`: the simulator alone, until it is interrupted."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from hubsoft_tui.texts import _, say

from .scenarios import SCENARIOS
from .simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType


def serve(
    port: int = 0,
    scenario: str = "calm",
    *,
    seed: int = 7,
    customers: int = 1506,
    tickets: int = 400,
    ledger_file: Path | None = None,
    write: Callable[[str], object] | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code, 0. Call it in the main thread.

    What a person needs is written line by line with `write`, to standard output unless told otherwise.
    Raises OSError when the port is taken, KeyError for an unknown scenario.
    """
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Simulator(
            port=port,
            scenario=scenario,
            seed=seed,
            customers=customers,
            tickets=tickets,
            ledger_file=ledger_file,
        ) as simulator:
            for line in introduce(simulator):
                (write or _print)(line)
            ended.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def introduce(simulator: Simulator) -> list[str]:
    """Return the lines that say where the simulator is, how to log in, and which customers to look for."""
    current = SCENARIOS[simulator.scenario]
    lines = [
        str(say("HubSoft simulator at {url}", url=simulator.url)),
        str(say("Scenario: {title} - {help}", title=_(current.title), help=_(current.help))),
        "",
        f"HUBSOFT_URL={simulator.url}",
        f"HUBSOFT_CLIENT_ID={simulator.client_id}",
        f"HUBSOFT_CLIENT_SECRET={simulator.client_secret}",
        f"HUBSOFT_USERNAME={simulator.username}",
        f"HUBSOFT_PASSWORD={simulator.password}",
        "",
        _("Some customers to look for:"),
    ]
    lines += [f"  {written(person.document):<20} {person.name}" for person in simulator.customers[:8]]
    lines += ["", _("Press Ctrl+C to end it.")]
    return lines


def written(document: str) -> str:
    """Return a document with its points and dashes."""
    if len(document) == 14:
        return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
    return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

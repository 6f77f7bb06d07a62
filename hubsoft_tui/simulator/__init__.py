"""An embedded HubSoft API over real HTTP on loopback: the demo's and the tests' other end.

Importing this costs no web framework; starlette and uvicorn come in when a `Simulator` is started.
"""

from __future__ import annotations

from .people import SimCustomer, SimService
from .request_log import Entry, Ledger, worst_window
from .request_log import read as read_ledger
from .scenarios import SCENARIOS, Scenario
from .serving import serve
from .simulator import Simulator
from .tickets import Change, SimTicket

__all__ = [
    "SCENARIOS",
    "Change",
    "Entry",
    "Ledger",
    "Scenario",
    "SimCustomer",
    "SimService",
    "SimTicket",
    "Simulator",
    "read_ledger",
    "serve",
    "worst_window",
]

"""An embedded HubSoft API over real HTTP on loopback: the demo's and the tests' other end.

Importing this costs no web framework; starlette and uvicorn come in when a `Simulator` is started.
"""

from __future__ import annotations

from .people import SimCustomer, SimService
from .request_log import LoggedRequest, RequestLog, worst_window
from .request_log import read as read_ledger
from .scenarios import SCENARIOS, Scenario
from .serving import serve
from .simulator import Simulator
from .tickets import SimTicket, TicketEdit

__all__ = [
    "SCENARIOS",
    "LoggedRequest",
    "RequestLog",
    "Scenario",
    "SimCustomer",
    "SimService",
    "SimTicket",
    "Simulator",
    "TicketEdit",
    "read_ledger",
    "serve",
    "worst_window",
]

"""An embedded HubSoft API over real HTTP on loopback: the demo's and the tests' other end.

Importing this costs no server; it comes in when a `Simulator` is started.
"""

from __future__ import annotations

from .people import SimCustomer, SimService
from .request_log import LoggedRequest, RequestLog, read_request_log, worst_window
from .scenarios import SCENARIOS, Scenario
from .simulator import Simulator, introduce
from .ticket_desk import SimTicket, TicketEdit

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
    "introduce",
    "read_request_log",
    "worst_window",
]

"""A machine of its own, as its environment says: `python -m tests.shared.asker LEASE DOCUMENT...` asks without end.

LEASE is the longest a permit lasts, in seconds: the shorter, the sooner a lost ledger is done without. The machine
called `first` begins the budget.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from functools import partial

from hubsoft_tui.core.types import Priority, RequestContext
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services import shared_ports
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.files import read


async def looked_up(document: str, context: RequestContext, services: Services) -> None:
    """Have the customer looked up anew."""
    await services.customers.lookup(document, refresh=True, context=context)


async def ask(hub: Hub, documents: list[str]) -> None:
    """Ask for one after the other, each of them anew."""
    for document in itertools.cycle(documents):
        urgency = random.choice([Priority.HIGH, Priority.NORMAL, Priority.LOW])
        context = RequestContext("bench", urgency, timeout=60.0)
        try:
            await hub.run(partial(looked_up, document, context))
        except HubSoftError:
            await asyncio.sleep(0.05)


async def begun(services: Services) -> None:
    """Say that there is no other machine."""
    assert services.shared is not None
    await services.shared.begin()


async def main() -> None:
    """Ask for every document at the same time, in threes."""
    vars(shared_ports)["LONGEST"] = float(sys.argv[1])
    hub = Hub(read(None, {}).settings)
    hub.start()
    if hub.settings.shared.name == "first":
        await hub.run(begun)
    print("ready", flush=True)
    await asyncio.gather(*(ask(hub, sys.argv[2:][part::3]) for part in range(3)))


asyncio.run(main())

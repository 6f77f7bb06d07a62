"""A machine of its own, as its environment says: `python -m tests.shared.asker LEASE DOCUMENT...` asks without end.

LEASE is the longest a permit lasts, in seconds: the shorter, the sooner a lost ledger is done without. The machine
called `first` begins the budget, and after ten minutes it prints now and then how long its CRITICAL requests waited.
"""

from __future__ import annotations

import asyncio
import contextlib
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

CRITICAL_AFTER, CRITICAL_EVERY = 600.0, 40.0
"""Seconds: first the backlog has the budget alone."""


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


async def asked_critical(document: str, services: Services) -> float:
    """Have the customer looked up by a person, and return the longest that CRITICAL waited, in seconds."""
    context = RequestContext("bench", Priority.CRITICAL)
    await services.customers.lookup(document, refresh=True, context=context)
    return services.engine.budget().lanes[Priority.CRITICAL].wait_p95


async def ask_now_and_then(hub: Hub, documents: list[str]) -> None:
    """Ask as urgently as possible, less often than the window has places for it."""
    await asyncio.sleep(CRITICAL_AFTER)
    for document in itertools.cycle(documents):
        await asyncio.sleep(CRITICAL_EVERY)
        with contextlib.suppress(HubSoftError):
            print(await hub.run(partial(asked_critical, document)), flush=True)


async def begun(services: Services) -> None:
    """Say that there is no other machine."""
    assert services.shared is not None
    await services.shared.begin(at_once=True)


async def main() -> None:
    """Ask for every document at the same time, in threes."""
    vars(shared_ports)["LONGEST"] = float(sys.argv[1])
    hub = Hub(read(None, {}).settings)
    hub.start()
    if hub.settings.shared.name == "first":
        await hub.run(begun)
    print("ready", flush=True)
    asking = [ask(hub, sys.argv[2:][part::3]) for part in range(3)]
    if hub.settings.shared.name == "first":
        asking.append(ask_now_and_then(hub, sys.argv[2:]))
    await asyncio.gather(*asking)


if __name__ == "__main__":
    asyncio.run(main())

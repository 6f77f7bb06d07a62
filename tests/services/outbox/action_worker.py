"""A process that puts actions into the outbox and works on them until it is killed: `python -m ... '{"told": ...}'`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any

import msgspec

from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.types import (
    SERVICE_KINDS,
    VISIT_KINDS,
    DeskAction,
    EntryKind,
    ServiceAction,
    VisitAction,
)
from hubsoft_tui.settings.tree import (
    HealthSettings,
    HttpSettings,
    LimiterSettings,
    OutboxSettings,
    Profile,
    Settings,
)

SHAPES: dict[EntryKind, Any] = {
    **dict.fromkeys(SERVICE_KINDS, ServiceAction),
    **dict.fromkeys(VISIT_KINDS, VisitAction),
}


def main(told: dict[str, Any]) -> None:
    """Put what is not put yet, say so, and go on until the end of the world."""
    settings = Settings(
        profile=Profile(**told["profile"]),
        home=told["home"],
        limiter=LimiterSettings(max_requests_per_minute=60_000),
        outbox=OutboxSettings(quiet_seconds=told["quiet"], retry_seconds=0.1),
        http=HttpSettings(read_timeout=told["timeout"]),
        health=HealthSettings(failures_to_open=100_000),
    )

    drafts = [msgspec.json.decode(body, type=SHAPES[EntryKind(kind)]) for kind, body in told["drafts"]]

    async def put(services: Services) -> None:
        entries = await services.outbox.entries()
        done = [replace(each.draft, operator="") for each in entries if isinstance(each.draft, DeskAction)]
        for draft in drafts:
            if draft not in done:
                entry = await services.outbox.put(await services.outbox.check(draft))
                print("put", entry.local_protocol, flush=True)

    with_hub = Hub(settings, background=True)
    with_hub.start()
    print("started", flush=True)
    with_hub.call(put)
    print("ready", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""A process that puts actions into the outbox and works on them until it is killed: `python -m ... '{"told": ...}'`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any

from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.types import EntryKind, ServiceAction
from hubsoft_tui.settings.tree import (
    HealthSettings,
    HttpSettings,
    LimiterSettings,
    OutboxSettings,
    Profile,
    Settings,
)


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

    async def put(services: Services) -> None:
        done = {entry.draft for entry in await services.outbox.entries()}
        for kind, service, device, login in told["actions"]:
            days = 3 if kind == "trust_unlock" else None
            draft = ServiceAction(
                EntryKind(kind),
                service,
                days=days,
                device=device,
                login=login,
                status_before=told["before"][kind],
            )
            if all(replace(each, operator="") != draft for each in done if isinstance(each, ServiceAction)):
                await services.outbox.put(await services.outbox.check(draft))
                print("put", kind, service, flush=True)

    with_hub = Hub(settings, background=True)
    with_hub.start()
    print("started", flush=True)
    with_hub.call(put)
    print("ready", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

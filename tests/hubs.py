"""Settings and hubs over a simulator, as tests need them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hubsoft_tui.services.container import Services
from hubsoft_tui.services.customers.service import Lookup
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import CacheSettings, HealthSettings, LimiterSettings, RetrySettings, Settings
from hubsoft_tui.simulator import Simulator

CUSTOMER = "/api/v1/integracao/cliente"
BIANCA, GUILHERME = "86214941081", "10682083682"
SHARE = {"critical": 1.0, "high": 0.93, "normal": 0.87, "low": 0.73}


def settings_for(simulator: Simulator, home: Path, **sections: Any) -> Settings:
    """The simulator's profile on `home`, with an ample budget and quick retries unless `sections` say otherwise."""
    quick: dict[str, Any] = {
        "profile": replace(simulator.profile, name="main"),
        "home": str(home),
        "limiter": LimiterSettings(max_requests_per_minute=6000),
        "retry": RetrySettings(backoff_base=0.02, backoff_max=0.1),
        "health": HealthSettings(open_seconds=0.5, open_max_seconds=0.5),
    }
    return Settings(**{**quick, **sections})


def sent(simulator: Simulator, path: str = CUSTOMER) -> int:
    return sum(entry.path == path for entry in simulator.request_log.entries())


def documents(simulator: Simulator, count: int) -> list[str]:
    return [customer.document for customer in simulator.customers if len(customer.document) == 11][:count]


async def lookup(hub: Hub, term: str, **options: Any) -> Lookup:
    return await hub.run(lambda s: s.customers.lookup(term, **options))


async def remember(hub: Hub, ages: CacheSettings) -> None:
    """Have what is remembered judged by other ages."""

    async def reconfigure(services: Services) -> None:
        services.engine.reconfigure(replace(hub.settings, cache=ages))

    await hub.run(reconfigure)

"""Settings and hubs over a simulator, as tests need them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hubsoft_tui.settings.tree import HealthSettings, LimiterSettings, RetrySettings, Settings
from hubsoft_tui.simulator import Simulator

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

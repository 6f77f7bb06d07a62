"""A process that checks a list and may be killed at any moment: `python -m ... HOME URL FILE`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import LimiterSettings, Settings
from hubsoft_tui.simulator import Simulator


def main(home: str, url: str, file: str) -> None:
    profile = replace(Simulator(customers=1, tickets=0).profile, url=url, name="main")
    hub = Hub(Settings(profile=profile, home=home, limiter=LimiterSettings(max_requests_per_minute=6000)))
    row, _imported = hub.call(lambda s: s.checkup.import_file(Path(file)))
    hub.call(lambda s: s.checkup.start(row.id))
    print("running", flush=True)
    hub.call(lambda s: s.checkup.wait(row.id))
    hub.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

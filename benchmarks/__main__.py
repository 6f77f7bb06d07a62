"""Run the benchmarks and print their tables: `python -m benchmarks [--quick] [--only NAME]...`."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import platform
import sys
import time
from collections.abc import Sequence

NAMES = (
    "start",
    "hit",
    "limiter",
    "throughput",
    "requests",
    "trace",
    "sync",
    "outbox",
    "screen",
    "checkup",
    "tuning",
    "shared",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, in order; each benchmark prints as soon as it is done."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Our figures beside those of others."
    )
    parser.add_argument(
        "--quick", action="store_true", help="few rounds: does it run? The figures mean little"
    )
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help=f"one of: {', '.join(NAMES)}"
    )
    asked = parser.parse_args(arguments)
    logging.getLogger("hubsoft_tui").setLevel(logging.WARNING)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load}")
    if asked.quick:
        print("Quick: this shows that everything runs; the figures mean little.")
    for name in [name for name in NAMES if asked.only is None or name in asked.only]:
        began = time.perf_counter()
        tables = importlib.import_module(f"benchmarks.{name}").run(quick=asked.quick)
        for table in tables:
            print(f"\n{table.render()}")
        print(f"  ({name}: {time.perf_counter() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

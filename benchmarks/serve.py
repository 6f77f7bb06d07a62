"""A simulator for other processes: `python -m benchmarks.serve CUSTOMERS LOWEST HIGHEST`, until its input ends."""

from __future__ import annotations

import json
import sys

from hubsoft_tui.simulator import Simulator


def main() -> None:
    """Serve with that latency in seconds; the first line says where, how to log in, and which customers to ask for."""
    customers, lowest, highest = sys.argv[1:]
    with Simulator(
        customers=int(customers), tickets=1, latency=(float(lowest), float(highest)), changes_per_minute=0
    ) as simulator:
        profile = {
            "url": simulator.url,
            "client_id": simulator.client_id,
            "username": simulator.username,
            "client_secret": simulator.client_secret,
            "password": simulator.password,
        }
        documents = dict.fromkeys(customer.document for customer in simulator.customers)
        print(json.dumps({"profile": profile, "documents": list(documents)}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()

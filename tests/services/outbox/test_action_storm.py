"""Actions by processes that SIGKILL ends at random, over a HubSoft that fails in every way it can.

Each is carried out once at most, and what became of it can be seen. The simulator's list of what it did is the judge.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict

import pytest

from tests.fuzzing import in_form

QUIET, TIMEOUT, LATE = 0.8, 0.3, 0.4
ROUTES = {
    "trust_unlock": "desbloqueio_confianca",
    "disconnect": "solicitar_desconexao",
    "clear_mac": "reset_mac_addr",
    "restart_device": "reiniciar_cpe",
    "restore_device": "restaurar_cpe",
}
BEFORE = {kind: "suspenso_debito" if kind == "trust_unlock" else "servico_habilitado" for kind in ROUTES}
FAULTS = ("reset", "close", "status:500", "html:502", "empty", "html", "truncated", "gateway:404")
REFUSAL = b'{"status":"error","msg":"Sem permissao","errors":[]}'


class Weather:
    """Spoils about half of the actions as they arrive."""

    def __init__(self, simulator, seed):
        self.simulator = simulator
        self.rng = random.Random(seed)

    def __call__(self, request):
        rng = self.rng
        if not any(name in request.path for name in ROUTES.values()) or rng.random() < 0.5:
            return
        late = rng.uniform(0.02, LATE)
        kind = rng.choice(
            (*FAULTS, *(2 * (f"late:{late:.2f}", f"delay:{TIMEOUT + late:.2f}")), "status:429", "says:200")
        )
        executes = kind in FAULTS and rng.random() < 0.5
        self.simulator.fail_next(1, kind, request.path, after_executing=executes, body=REFUSAL)


def wanted(simulator, count):
    """Return `count` actions, each on a service of its own."""
    details = simulator.provider.details
    fibre = [one for one in simulator.customers[20:] if one.services and not one.hostile]
    fibre = [one for one in fibre if details.optical_address(one.services[0])][:count]
    actions = []
    for number, customer in enumerate(fibre):
        kind = list(ROUTES)[number % len(ROUTES)]
        simulator.set_status(customer, BEFORE[kind])
        service = customer.services[0]
        actions.append([kind, service.id, details.optical_address(service), service.login])
    assert len(actions) == count
    return actions


def rows(folder):
    file = next(folder.rglob("outbox.db"), None)
    if file is None:
        return []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as connection:
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute("SELECT * FROM entry")]
        except sqlite3.OperationalError:  # killed while the file was made
            return []
        finally:
            connection.commit()


def settled(row):
    return row["state"] in {"sent", "refused", "held"} or (row["state"] == "unknown" and row["due"] is None)


def put_by(worker):
    """Return what a process said it had put."""
    out, _error = worker.communicate()
    return {tuple(line.split()[1:]) for line in out.splitlines() if line.startswith("put")}


@pytest.mark.long
def test_killed_processes_do_each_action_once_at_most(make_simulator, tmp_path):
    count, kills, seed = in_form(30, 300), in_form(2, 25), 5
    simulator = make_simulator(customers=3 * count + 60, tickets=1)
    rng, simulator.on_request = random.Random(seed), Weather(simulator, seed)
    told = {
        "profile": asdict(simulator.profile), "home": str(tmp_path), "quiet": QUIET, "timeout": TIMEOUT,
        "actions": wanted(simulator, count), "before": BEFORE,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.services.outbox.action_worker", json.dumps(told)]
    said = set()
    for turn in range(kills + 1):
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert worker.stdout.readline() == "started\n"
        until = time.monotonic() + (60.0 if turn == kills else rng.uniform(0.05, 0.6))
        while time.monotonic() < until:
            time.sleep(0.02)
            found = rows(tmp_path)
            if turn == kills and len(found) == count and all(map(settled, found)):
                break
        worker.kill()
        said |= put_by(worker)
    time.sleep(LATE + TIMEOUT)
    found = rows(tmp_path)
    assert all(map(settled, found)), Counter(row["state"] for row in found)
    drafts = {(row["kind"], str(json.loads(row["draft"])["service_id"])): row for row in found}
    assert said <= set(drafts)
    assert len(drafts) == len(found) == count
    done = Counter((each.name, each.target) for each in simulator.provider.actions)
    for kind, service, device, _login in told["actions"]:
        row = drafts[kind, str(service)]
        times = done[ROUTES[kind], str(device if "device" in kind else service)]
        about = (kind, row["state"], row["said"], times)
        assert times <= 1, about
        assert times == {"sent": 1, "refused": 0, "held": 0}.get(row["state"], times), about
        assert row["state"] == "sent" or row["said"], about
    assert sum(entry.fault is not None for entry in simulator.request_log.entries()) >= count / 4

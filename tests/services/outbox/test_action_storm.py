"""Actions by processes that SIGKILL ends at random, over a HubSoft that fails in every way it can.

Each is carried out once at most, and what became of it can be seen. The simulator's list of what it did is the judge.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict

import msgspec
import pytest

from hubsoft_tui.services.outbox.types import (
    DEVICE_KINDS,
    VISIT_KINDS,
    EntryKind,
    ServiceAction,
    VisitAction,
    local_protocol,
)
from hubsoft_tui.services.outbox.wire import packed
from tests.fuzzing import in_form

from .action_worker import SHAPES

QUIET, TIMEOUT, LATE = 0.8, 0.3, 0.4
ROUTES = {
    EntryKind.TRUST_UNLOCK: "desbloqueio_confianca",
    EntryKind.DISCONNECT: "solicitar_desconexao",
    EntryKind.CLEAR_MAC: "reset_mac_addr",
    EntryKind.CLEAR_PHYSICAL_ADDRESS: "reset_phy_addr",
    EntryKind.RESTART_DEVICE: "reiniciar_cpe",
    EntryKind.RESTORE_DEVICE: "restaurar_cpe",
    EntryKind.SUSPEND: "suspender",
    EntryKind.ENABLE: "habilitar",
    EntryKind.ACTIVATE: "ativar",
    EntryKind.OPEN_WORK_ORDER: "abrir_os",
    EntryKind.CONFIRM_VISIT: "agendar",
    EntryKind.RESCHEDULE_VISIT: "reagendar",
}
"""How the route of each action ends, which is what the simulator calls it."""
BEFORE = {
    EntryKind.TRUST_UNLOCK: "suspenso_debito",
    EntryKind.ENABLE: "suspenso_debito",
    EntryKind.ACTIVATE: "aguardando_instalacao",
}
FAULTS = ("reset", "close", "status:500", "html:502", "empty", "html", "truncated", "gateway:404")
REFUSAL = b'{"status":"error","msg":"Sem permissao","errors":[]}'


class Weather:
    """Spoils about half of the actions as they arrive."""

    def __init__(self, simulator, seed):
        self.simulator = simulator
        self.rng = random.Random(seed)

    def __call__(self, request):
        rng = self.rng
        if not any(f"/{name}" in request.path for name in ROUTES.values()) or rng.random() < 0.5:
            return
        late = rng.uniform(0.02, LATE)
        kind = rng.choice(
            (*FAULTS, *(2 * (f"late:{late:.2f}", f"delay:{TIMEOUT + late:.2f}")), "status:429", "says:200")
        )
        executes = kind in FAULTS and rng.random() < 0.5
        self.simulator.fail_next(1, kind, request.path, after_executing=executes, body=REFUSAL)


def wanted(simulator, count):
    """Return `count` actions of every kind in turn, each on a customer of its own, and what each is done to."""
    details, desk = simulator.provider.details, simulator.provider.desk
    fibre = [one for one in simulator.customers[20:] if one.services and not one.hostile]
    fibre = [one for one in fibre if details.optical_address(one.services[0])][:count]
    actions = []
    for number, customer in enumerate(fibre):
        kind = list(ROUTES)[number % len(ROUTES)]
        simulator.set_status(customer, BEFORE.get(kind, "servico_habilitado"))
        draft = (
            visit(simulator, desk, kind, customer)
            if kind in VISIT_KINDS
            else on_service(details, kind, customer)
        )
        actions.append(draft)
    assert len(actions) == count
    return actions


def on_service(details, kind, customer):
    service = customer.services[0]
    return ServiceAction(
        kind,
        service.id,
        days=3 if kind is EntryKind.TRUST_UNLOCK else None,
        device=details.optical_address(service),
        suspension="suspenso_debito" if kind is EntryKind.SUSPEND else None,
        reason="pagou no caixa" if kind is EntryKind.ENABLE else "",
        login=service.login,
        mac="aa:bb:cc:00:11:22",
        status_before=service.status,
    )


def visit(simulator, desk, kind, customer):
    now = simulator.provider.clock.now()
    ticket = desk.open(
        customer, customer.services[0], at=now, by=56, description="SEM SINAL", type_id=109, status_id=22,
        responsible=None, contact="BIANCA", phone="37999992968",
    )  # fmt: skip
    whose = {"customer_code": customer.code, "customer_id": customer.id}
    if kind is EntryKind.OPEN_WORK_ORDER:
        return VisitAction(kind, ticket_id=ticket.id, protocol=ticket.protocol, known_orders=(), **whose)
    order = desk.order(ticket, now, 301)
    start = 60.0 * round(now / 60.0 + 1440) if kind is EntryKind.RESCHEDULE_VISIT else None
    end = None if start is None else start + 7200.0
    return VisitAction(kind, order.id, str(order.id), start=start, end=end, **whose)


def target(draft):
    """Return what the simulator notes as that which `draft` was done to."""
    if isinstance(draft, VisitAction):
        return str(draft.order_id or draft.ticket_id)
    return str(draft.device if draft.kind in DEVICE_KINDS else draft.service_id)


def rows(folder):
    file = next(folder.rglob("outbox.db"), None)
    if file is None:
        return []
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
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
    return {line.split()[1] for line in out.splitlines() if line.startswith("put")}


@pytest.mark.long
def test_killed_processes_do_each_action_once_at_most(make_simulator, tmp_path):
    count, kills, seed = in_form(30, 300), in_form(2, 25), 5
    simulator = make_simulator(customers=3 * count + 60, tickets=1)
    rng, simulator.on_request = random.Random(seed), Weather(simulator, seed)
    drafts = wanted(simulator, count)
    told = {
        "profile": asdict(simulator.profile), "home": str(tmp_path), "quiet": QUIET, "timeout": TIMEOUT,
        "drafts": [(each.kind.value, packed(each).decode()) for each in drafts],
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
    assert in_form({"sent"}, {"sent", "refused", "unknown"}) <= {row["state"] for row in found}
    assert {row["kind"] for row in found} == {kind.value for kind in ROUTES}
    assert len(found) == count
    assert said <= {local_protocol(row["number"]) for row in found}
    done = Counter((each.name, each.target) for each in simulator.provider.actions)
    for row in found:
        draft = msgspec.json.decode(row["draft"], type=SHAPES[EntryKind(row["kind"])])
        times = done[ROUTES[draft.kind], target(draft)]
        about = (row["kind"], row["state"], row["said"], times)
        assert times <= 1, about
        assert times == {"sent": 1, "refused": 0, "held": 0}.get(row["state"], times), about
        assert row["state"] == "sent" or row["said"], about
    assert sum(entry.fault is not None for entry in simulator.request_log.entries()) >= count / 4

"""What goes beside an action: its changes are asked for anew, and what pays an invoice stays where it was asked for."""

from __future__ import annotations

import contextlib
import sqlite3

from hubsoft_tui.core.types import Source
from hubsoft_tui.diagnostics import logs
from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.settings import places


def fibre(simulator, status):
    chosen = next(one for one in simulator.customers[10:] if one.services[0].plan.technology == "FIBRA")
    simulator.set_status(chosen, status)
    return chosen


async def acted(services, kind, service_id, **more):
    draft = await services.desk.draft(kind, service_id, **more)
    entry = await services.outbox.put(await services.outbox.check(draft))
    return await services.outbox.settled(entry.local_protocol, 10.0)


def test_what_an_action_changed_is_asked_for_anew_and_the_rest_is_not(hub_over, simulator):
    customer = fibre(simulator, "suspenso_debito")

    async def story(services):
        before = await services.customers.lookup(customer.document)
        await services.customers.invoices(before.customers[0])
        await acted(services, EntryKind.TRUST_UNLOCK, customer.services[0].id, days=3)
        after = await services.customers.lookup(customer.document)
        return before, after, await services.customers.invoices(before.customers[0])

    before, after, invoices = hub_over().call(story)
    assert (before.active, after.active) == (False, True)
    assert (after.source, after.requests) == (Source.API, 1)
    assert invoices.source is Source.CACHE


def test_outdated_customer_is_still_shown_while_hubsoft_is_away(hub_over, simulator):
    customer = fibre(simulator, "servico_habilitado")

    async def story(services):
        await services.customers.lookup(customer.document)
        await acted(services, EntryKind.DISCONNECT, customer.services[0].id)
        simulator.set_scenario("outage")
        return await services.customers.lookup(customer.document)

    shown = hub_over().call(story)
    assert (shown.found, shown.source) == (True, Source.STALE)


def test_disconnecting_is_a_get_that_is_sent_once_each_time(hub_over, simulator):
    service = fibre(simulator, "servico_habilitado").services[0]

    async def story(services):
        await acted(services, EntryKind.DISCONNECT, service.id)
        await acted(services, EntryKind.DISCONNECT, service.id)

    hub_over().call(story)
    paths = [entry.path for entry in simulator.request_log.entries()]
    assert sum("solicitar_desconexao" in path for path in paths) == len(simulator.provider.actions) == 2


def test_nothing_that_pays_an_invoice_is_in_log_trace_or_trail(hub_over, simulator, tmp_path):
    customer = fibre(simulator, "suspenso_debito")
    logs.configure(places.find(home=str(tmp_path)).logs, hub_over().settings.log)

    async def story(services):
        found = (await services.customers.lookup(customer.document)).customers[0]
        invoices = await services.customers.invoices(found)
        await acted(services, EntryKind.RESTART_DEVICE, customer.services[0].id)
        return found, invoices.value

    try:
        hub = hub_over()
        found, invoices = hub.call(story)
        hub.close()
    finally:
        logs.close()
    secrets = [code.whole for each in invoices for code in (each.pix, each.typeable_line, each.link) if code]
    secrets += [service.device for service in found.services if service.device]
    assert len(secrets) > 2
    kept = [
        file for file in tmp_path.rglob("*") if file.is_file() and file.suffix in {".log", ".txt", ".jsonl"}
    ]
    written = "".join(file.read_text(errors="replace") for file in kept)
    for file in tmp_path.rglob("*.db"):
        if file.name not in {"records.db", "outbox.db"}:
            with contextlib.closing(sqlite3.connect(file)) as connection:
                written += "\n".join(connection.iterdump())
    assert "restart_device" in written
    assert [code for code in secrets if code in written] == []
    assert [code for code in secrets if code in repr(invoices)] == []

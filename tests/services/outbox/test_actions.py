"""Actions on services, equipment and visits, against the simulator: carried out at most once, whatever happens.

The simulator's own list of what it did is the judge.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any

import pytest

from hubsoft_tui.errors import InvalidInput, NotOffered
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.services.outbox.actions import offered_actions, service_action, visit_action
from hubsoft_tui.services.outbox.search import LIKELY, NOT_SHOWN
from hubsoft_tui.services.outbox.types import ACTION_KINDS, DEVICE_KINDS, EntryKind, EntryState, VisitAction
from hubsoft_tui.settings.tree import (
    ActionSettings,
    HealthSettings,
    HttpSettings,
    OutboxSettings,
    Profile,
    Settings,
)
from tests.fuzzing import in_form

ROUTES = {
    EntryKind.TRUST_UNLOCK: "cliente/desbloqueio_confianca",
    EntryKind.DISCONNECT: "cliente/solicitar_desconexao/*",
    EntryKind.CLEAR_MAC: "cliente/reset_mac_addr",
    EntryKind.CLEAR_PHYSICAL_ADDRESS: "cliente/reset_phy_addr",
    EntryKind.RESTART_DEVICE: "rede/reiniciar_cpe/*",
    EntryKind.RESTORE_DEVICE: "rede/restaurar_cpe/*",
    EntryKind.SUSPEND: "cliente/cliente_servico/suspender/*",
    EntryKind.ENABLE: "cliente/cliente_servico/habilitar/*",
    EntryKind.ACTIVATE: "cliente/cliente_servico/ativar/*",
    EntryKind.OPEN_WORK_ORDER: "ordem_servico/abrir_os",
    EntryKind.CONFIRM_VISIT: "ordem_servico/agendar",
    EntryKind.RESCHEDULE_VISIT: "ordem_servico/reagendar",
}
KINDS = sorted(ACTION_KINDS, key=lambda each: each.value)
ROOT = "/api/v1/integracao/"
SEEN = {
    EntryKind.TRUST_UNLOCK: lambda after: after.service.status_prefix == "servico_habilitado",
    EntryKind.SUSPEND: lambda after: after.service.status_prefix == "suspenso_pedido_cliente",
    EntryKind.ENABLE: lambda after: after.service.status_prefix == "servico_habilitado",
    EntryKind.ACTIVATE: lambda after: after.service.status_prefix == "servico_habilitado",
    EntryKind.CLEAR_MAC: lambda after: after.service.mac is None,
    EntryKind.CLEAR_PHYSICAL_ADDRESS: lambda after: after.service.device is None,
    EntryKind.RESTART_DEVICE: lambda after: after.devices[0].readings[0].rx < 0,
    EntryKind.RESCHEDULE_VISIT: lambda after: any(
        each.planned_start.hour == 14 for each in after.work_orders
    ),
}
"""How the customer shows it afterwards."""
SHOWS = ACTION_KINDS - DEVICE_KINDS - {EntryKind.DISCONNECT, EntryKind.CONFIRM_VISIT}
"""What HubSoft shows afterwards, whether its answer came or not."""
FAULTS = {
    "drop before": ("close", False),
    "drop after": ("close", True),
    "reset after": ("reset", True),
    "timeout": ("delay:2.4", True),
    "late": ("late:0.05", False),
    "500": ("status:500", False),
    "500 after": ("status:500", True),
    "html": ("html", True),
    "html 502": ("html:502", False),
    "stranger's 404": ("gateway:404", False),
    "empty": ("empty", True),
    "half a word": ("truncated", True),
}
REFUSAL = '{"status":"error","msg":"Operação não permitida","errors":[]}'.encode()


@pytest.fixture
def simulator(make_simulator):
    return make_simulator(customers=in_form(250, 700), tickets=20)


@pytest.fixture
def patient(hub_over):
    """A hub that waits for an answer however busy the machine is."""
    return hub_over(background=True, outbox=OutboxSettings(quiet_seconds=5.0, retry_seconds=0.1))


@pytest.fixture
def hub(hub_over):
    return hub_over(
        background=True,
        outbox=OutboxSettings(quiet_seconds=0.5, retry_seconds=0.1),
        http=HttpSettings(read_timeout=2.0),
        health=HealthSettings(failures_to_open=1000),
    )


def wanted(simulator, kind, number):
    """Return a customer whose first service `kind` fits; each `number` has another one."""
    starts = {
        EntryKind.TRUST_UNLOCK: "suspenso_debito",
        EntryKind.ENABLE: "suspenso_debito",
        EntryKind.ACTIVATE: "aguardando_instalacao",
    }
    fibre = [
        one
        for one in simulator.customers[20:]
        if one.services and one.services[0].plan.technology == "FIBRA" and not one.hostile
    ]
    simulator.set_status(fibre[number], starts.get(kind, "servico_habilitado"))
    return fibre[number]


async def draft_for(services, simulator, kind, number):
    """Return a draft of `kind`, written from what HubSoft shows."""
    chosen = wanted(simulator, kind, number)
    found = await services.customers.lookup(chosen.document, refresh=True)
    customer = found.customers[0]
    if kind in {EntryKind.OPEN_WORK_ORDER, EntryKind.CONFIRM_VISIT, EntryKind.RESCHEDULE_VISIT}:
        with simulator.provider.lock:
            desk = simulator.provider.desk
            ticket = desk.open(
                chosen, chosen.services[0], at=simulator.provider.clock.now(), by=56, description="SEM SINAL",
                type_id=109, status_id=22, responsible=None, contact="BIANCA", phone="37999992968",
            )  # fmt: skip
            if kind is not EntryKind.OPEN_WORK_ORDER:
                desk.order(ticket, simulator.provider.clock.now(), 301)
        if kind is EntryKind.OPEN_WORK_ORDER:
            return VisitAction(
                kind, ticket_id=ticket.id, protocol=ticket.protocol, known_orders=(),
                customer_id=customer.id, customer_code=customer.code,
            )  # fmt: skip
        orders = await services.customers.work_orders(customer, refresh=True)
        order = next(each for each in orders.value if each.id == ticket.orders[0].id)
        start = datetime(2027, 1, 5, 14, 0, tzinfo=BRASILIA)
        if kind is EntryKind.CONFIRM_VISIT:
            return visit_action(kind, customer, order)
        return visit_action(kind, customer, order, start=start, end=start + timedelta(hours=2))
    service = next(each for each in customer.services if each.id == chosen.services[0].id)
    more: dict[EntryKind, dict[str, Any]] = {
        EntryKind.TRUST_UNLOCK: {"days": 3},
        EntryKind.SUSPEND: {"suspension": "suspenso_pedido_cliente"},
        EntryKind.ENABLE: {"reason": "pagou no caixa"},
    }
    return service_action(kind, customer, service, **more.get(kind, {}))


async def carried_out(services, draft):
    """Put an action and wait until it is done or a person must decide."""
    entry = await services.outbox.put(await services.outbox.check(draft))
    for _ in range(500):
        entry = await services.outbox.settled(entry.local_protocol, 0.1)
        if entry.over or entry.asks:
            return entry
        await asyncio.sleep(0.02)
    raise AssertionError(entry)


def done_for(simulator, draft):
    """Count how often HubSoft did what a draft asks for."""
    name = ROUTES[draft.kind].removesuffix("/*").rpartition("/")[2]
    if isinstance(draft, VisitAction):
        target = draft.order_id or draft.ticket_id
    else:
        target = draft.device if draft.kind in DEVICE_KINDS else draft.service_id
    return sum((done.name, done.target) == (name, str(target)) for done in simulator.provider.actions)


def test_each_action_is_done_once_and_seen_afterwards(patient, simulator):
    async def act(services, kind, number):
        draft = await draft_for(services, simulator, kind, number)
        lines = [value for _label, value in (await services.outbox.review(draft)).lines]
        entry = await carried_out(services, draft)
        return draft, lines, entry, await services.desk.after(draft)

    async def act_all(services):
        return await asyncio.gather(*(act(services, kind, number) for number, kind in enumerate(KINDS)))

    for draft, lines, entry, after in patient.call(act_all):
        assert (draft.kind, entry.state) == (draft.kind, EntryState.SENT)
        assert (draft.kind, done_for(simulator, draft)) == (draft.kind, 1)
        sent = [f"{each.method} {each.path.removeprefix(ROOT)}" for each in simulator.request_log.entries()]
        assert any(line.partition("?")[0] in sent for line in lines), draft.kind
        assert after.requests <= (2 if draft.kind in DEVICE_KINDS else 1)
        assert SEEN.get(draft.kind, lambda _after: True)(after), draft.kind


@pytest.mark.long
def test_whatever_happens_an_action_is_done_once_at_most(hub, simulator):
    shares = in_form(4, 1)
    rounds = [(fault, KINDS[number % shares :: shares]) for number, fault in enumerate(FAULTS)]
    numbers = count()

    async def act(services, kind, fault):
        draft = await draft_for(services, simulator, kind, next(numbers))
        word, executed = FAULTS[fault]
        simulator.fail_next(1, word, ROOT + ROUTES[kind], after_executing=executed)
        return fault, draft, await carried_out(services, draft)

    async def act_all(services):
        # Of one route at a time, so that each fault meets its own action.
        found = [
            await asyncio.gather(*(act(services, kind, fault) for kind in kinds)) for fault, kinds in rounds
        ]
        return list(chain.from_iterable(found))

    for fault, draft, entry in hub.call(act_all):
        times, about = done_for(simulator, draft), (draft.kind.value, fault, entry.state.value, entry.said)
        assert times <= 1, about
        if entry.state is EntryState.SENT:
            assert times == 1, about
        else:
            likely = LIKELY if times and draft.kind in DEVICE_KINDS else NOT_SHOWN[draft.kind]
            assert entry.state is EntryState.UNKNOWN, about
            assert entry.said in {likely, NOT_SHOWN[draft.kind]}, about
            assert entry.asks, about
            assert not times or draft.kind not in SHOWS, about


def test_refused_actions_are_kept_with_the_words_of_hubsoft(hub, simulator):
    async def act_all(services):
        drafts = [await draft_for(services, simulator, kind, number) for number, kind in enumerate(KINDS)]
        for kind in KINDS:
            simulator.fail_next(1, "says:200", ROOT + ROUTES[kind], body=REFUSAL)
        return [(draft, await carried_out(services, draft)) for draft in drafts]

    for draft, entry in hub.call(act_all):
        assert (entry.state, done_for(simulator, draft)) == (EntryState.REFUSED, 0)
        assert "Operação não permitida" in entry.said


def test_action_that_waited_too_long_is_held_until_a_person_says_so(hub_over, simulator):
    hub = hub_over(
        background=True,
        outbox=OutboxSettings(quiet_seconds=0.5, retry_seconds=0.1),
        actions=ActionSettings(valid_seconds=1.0),
        health=HealthSettings(failures_to_open=1000),
    )

    async def act(services):
        draft = await draft_for(services, simulator, EntryKind.RESTART_DEVICE, 0)
        simulator.set_scenario("rate-limited")
        simulator.throttle.limit = 0
        return draft, await carried_out(services, draft)

    draft, held = hub.call(act)
    assert (held.state, held.asks, done_for(simulator, draft)) == (EntryState.HELD, True, 0)


def test_action_that_was_not_done_is_sent_again_at_a_wish(hub, simulator):
    async def act(services):
        draft = await draft_for(services, simulator, EntryKind.RESTART_DEVICE, 0)
        simulator.fail_next(1, "close", ROOT + ROUTES[draft.kind])
        unknown = await carried_out(services, draft)
        before = done_for(simulator, draft)
        await services.outbox.resend(unknown.local_protocol)
        return draft, before, await services.outbox.settled(unknown.local_protocol, 10.0)

    draft, before, sent = hub.call(act)
    assert (before, sent.state, done_for(simulator, draft)) == (0, EntryState.SENT, 1)
    (counted,) = hub.call(lambda services: services.reports.day(services.reports.today())).actions
    assert (counted.asked, counted.done, counted.open) == (1, 1, 0)


def test_actions_that_are_switched_off_or_read_only_are_not_taken(hub_over, simulator):
    off = hub_over(actions=ActionSettings(restart_device="off"))

    async def act(services):
        draft = await draft_for(services, simulator, EntryKind.RESTART_DEVICE, 0)
        with pytest.raises(InvalidInput, match="restart_device"):
            await services.outbox.check(draft)
        return (await services.customers.lookup(draft.customer_document)).customers[0].services[0]

    service = off.call(act)
    offered = offered_actions(service, Settings(actions=ActionSettings(restart_device="off")))
    assert EntryKind.RESTART_DEVICE not in offered
    assert EntryKind.DISCONNECT in offered
    assert offered_actions(service, Settings(profile=Profile(read_only=True))) == ()
    assert not simulator.provider.actions


def test_older_server_is_asked_for_the_signal_once(hub, simulator):
    simulator.provider.newer = False

    async def ask(services):
        customer = (
            await services.customers.lookup(wanted(simulator, EntryKind.SUSPEND, 0).document)
        ).customers[0]
        before = len(simulator.request_log.entries())
        with pytest.raises(NotOffered):
            await services.desk.signal(customer.services[0])
        again = await services.desk.signal(customer.services[0])
        return again, len(simulator.request_log.entries()) - before

    assert hub.call(ask) == (None, 1)

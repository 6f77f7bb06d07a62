"""The two doors for programs, over real HTTP: what is sent, once, and who gets the answer."""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubsoft_tui import AsyncHubSoft, HubSoft
from hubsoft_tui.errors import Closed, CredentialsRefused, InvalidInput, TimedOut, Unreachable
from hubsoft_tui.settings.tree import Profile
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for

CUSTOMER = "/api/v1/integracao/cliente"


@pytest.fixture
def simulator():
    with Simulator(customers=300, tickets=20) as simulator:
        yield simulator


def sent(simulator: Simulator, path: str = CUSTOMER) -> int:
    return sum(entry.path == path for entry in simulator.request_log.entries())


def test_full_data_is_the_customer_and_status_only_is_a_bool_from_one_request(simulator, tmp_path):
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        customer = hub.client_info("862.149.410-81")
        assert customer is not None
        assert (customer.name, customer.code, customer.document) == ("BIANCA COUTO", 1204, "86214941081")
        assert hub.client_info("86214941081", full_data=False) is True
        assert hub.client_info("106.820.836-82", full_data=False) is False
        assert hub.client_info("111.444.777-35") is None
        assert hub.client_info("111.444.777-35", full_data=False) is False
    assert sent(simulator) == 3
    assert sent(simulator, "/oauth/token") == 1


def test_two_hundred_questions_from_eight_threads_cost_one_login_and_one_request_for_each_person(
    simulator, tmp_path
):
    documents = [customer.document for customer in simulator.customers if len(customer.document) == 11][:20]
    questions = [(document, full) for document in documents for full in (True, False) for _ in range(5)]
    random.Random(3).shuffle(questions)
    with HubSoft(settings_for(simulator, tmp_path)) as hub, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda asked: hub.client_info(*asked), questions))
    assert len(answers) == 200
    by_document = {customer.document: customer for customer in simulator.customers}
    for (document, full), answer in zip(questions, answers, strict=True):
        if full:
            assert answer.document == document
        else:
            assert answer is by_document[document].active
    assert sent(simulator, "/oauth/token") == 1
    assert sent(simulator) == 20


async def test_the_async_door_works_in_any_loop_and_a_cancelled_caller_spends_nothing_more(
    simulator, tmp_path
):
    async with AsyncHubSoft(settings_for(simulator, tmp_path)) as hub:
        assert (await hub.client_info("862.149.410-81")).code == 1204
        simulator.latency = (0.2, 0.2)
        slow = asyncio.create_task(hub.client_info("106.820.836-82"))
        await asyncio.sleep(0.05)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert await hub.client_info("862.149.410-81", full_data=False) is True


def test_a_second_start_on_the_same_home_needs_neither_login_nor_request(simulator, tmp_path):
    settings = settings_for(simulator, tmp_path)
    with HubSoft(settings) as hub:
        hub.client_info("862.149.410-81")
    before = len(simulator.request_log.entries())
    with HubSoft(settings) as hub:
        assert hub.client_info("862.149.410-81").name == "BIANCA COUTO"
    assert len(simulator.request_log.entries()) == before


def test_a_wrong_document_is_refused_before_anything_is_sent(simulator, tmp_path):
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        for wrong in ("862.149.410-82", "BIANCA", "", "1" * 11, "x" * 10_000):
            with pytest.raises(InvalidInput):
                hub.client_info(wrong)
    assert simulator.request_log.entries() == []


@pytest.mark.parametrize("given", [10000000019, None, b"10000000019", 10000000019.0, ["10000000019"]])
async def test_what_is_no_text_is_refused_in_a_sentence(simulator, tmp_path, given):
    settings = settings_for(simulator, tmp_path)
    with HubSoft(settings) as hub:
        for ask in (hub.client_info, hub.lookup):
            with pytest.raises(InvalidInput, match=type(given).__name__):
                ask(given)
    async with AsyncHubSoft(settings) as door:
        for awaited in (door.client_info, door.lookup):
            with pytest.raises(InvalidInput, match=type(given).__name__):
                await awaited(given)
    assert simulator.request_log.entries() == []


@pytest.mark.parametrize("given", [None, True, 1.5, b"5", "", "5", "x" * 300, -1, 0, 10**30, [5]])
def test_what_is_no_service_is_refused_in_a_sentence(simulator, tmp_path, given):
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        for ask in (hub.signal, lambda service: hub.act("disconnect", service)):
            with pytest.raises(InvalidInput, match="service"):
                ask(given)
        with pytest.raises(InvalidInput, match="disconnect, enable"):
            hub.act(given, 5)
    assert simulator.request_log.entries() == []


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("trust_unlock", {"days": "3"}),
        ("trust_unlock", {"days": 1.5}),
        ("trust_unlock", {"days": True}),
        ("trust_unlock", {"days": 3, "reason": None}),
        ("enable", {"reason": 5}),
        ("enable", {"reason": b"paid"}),
        ("disconnect", {"suspension": 5}),
    ],
)
def test_action_of_the_wrong_kind_is_not_accepted_and_spoils_nothing(simulator, tmp_path, action, wrong):
    service = next(one.services[0].id for one in simulator.customers if one.services)
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        with pytest.raises(InvalidInput, match="cannot be sent as it was given"):
            hub.act(action, service, **wrong)
        assert hub.hub.call(lambda services: services.outbox.entries()) == ()
    assert not simulator.provider.actions


def test_a_number_that_lost_its_zeros_is_asked_whole_and_one_with_two_readings_not_at_all(
    simulator, tmp_path
):
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        assert hub.client_info("86214941081.0").code == 1204
        with pytest.raises(InvalidInput, match="two different"):
            hub.client_info("1000316769.0")
        assert hub.lookup("1000316769").term.value == "01000316769"
    assert sent(simulator) == 2


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


@pytest.mark.parametrize("door", [HubSoft, AsyncHubSoft])
def test_a_door_that_is_dropped_without_closing_warns_and_gives_everything_back(simulator, tmp_path, door):
    def use() -> None:
        dropped = door(settings_for(simulator, tmp_path / "home"))
        if isinstance(dropped, HubSoft):
            dropped.client_info("862.149.410-81")
        else:
            asyncio.run(dropped.client_info("862.149.410-81"))

    gc.collect()
    threads, files = set(threading.enumerate()), descriptors()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        use()
        gc.collect()
    assert any("without close" in str(each.message) for each in caught)
    for thread in set(threading.enumerate()) - threads:
        if thread.name == "hubsoft-engine":
            thread.join(10)
    assert "hubsoft-engine" not in {thread.name for thread in set(threading.enumerate()) - threads}
    assert descriptors() <= files + 4  # the simulator's own connections end when they like


def test_wrong_credentials_are_named_and_asked_once(simulator, tmp_path):
    right = settings_for(simulator, tmp_path).profile
    wrong = Profile(
        url=right.url,
        client_id=right.client_id,
        username=right.username,
        client_secret=right.client_secret,
        password="wrong",
    )
    with HubSoft(settings_for(simulator, tmp_path, profile=wrong)) as hub:
        for _ in range(5):
            with pytest.raises(CredentialsRefused) as caught:
                hub.client_info("862.149.410-81")
            assert "wrong" not in str(caught.value)
    assert sent(simulator, "/oauth/token") == 1


def test_a_timeout_is_the_callers_own_and_takes_the_question_out_of_the_queue(simulator, tmp_path):
    simulator.latency = (0.5, 0.5)
    with HubSoft(settings_for(simulator, tmp_path)) as hub, pytest.raises(TimedOut):
        hub.client_info("862.149.410-81", timeout=0.05)


def test_a_closed_hub_tells_waiting_and_new_callers(simulator, tmp_path):
    simulator.latency = (2.0, 2.0)
    hub = HubSoft(settings_for(simulator, tmp_path))
    outcome: list[Exception] = []

    def ask() -> None:
        try:
            hub.client_info("862.149.410-81")
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not simulator.request_log.entries():
        threading.Event().wait(0.01)
    hub.close()
    thread.join(5)
    assert [type(error) for error in outcome] == [Closed]
    with pytest.raises(Closed):
        hub.client_info("862.149.410-81")
    hub.close()


def test_a_host_that_is_not_there_is_unreachable_with_a_sentence(tmp_path):
    with Simulator(customers=10, tickets=0) as gone:
        settings = settings_for(gone, tmp_path)
    with HubSoft(settings) as hub, pytest.raises(Unreachable, match="refuses connections"):
        hub.client_info("862.149.410-81")


def test_an_action_is_done_once_and_what_pays_an_invoice_is_whole(simulator, tmp_path):
    customer = next(one for one in simulator.customers[10:] if one.services[0].plan.technology == "FIBRA")
    simulator.set_status(customer, "suspenso_debito")
    service = customer.services[0]
    with HubSoft.open(settings_for(simulator, tmp_path)) as hub:
        invoices = hub.invoices(customer.document)
        entry = hub.act("trust_unlock", service.id, days=2)
        (device,) = hub.signal(service.id)
        with pytest.raises(InvalidInput, match="no action on a service"):
            hub.act("open", service.id)
    assert any(each.pix and each.pix.whole.startswith("0002") for each in invoices)
    assert entry.state.value == "sent"
    assert [(done.name, done.target, done.detail) for done in simulator.provider.actions] == [
        ("desbloqueio_confianca", str(service.id), "2")
    ]
    assert (device.readings[0].rx or 0) < 0

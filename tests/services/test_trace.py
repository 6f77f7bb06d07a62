"""What the engine's questions leave in the trace, over real HTTP."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.core.telemetry.trace import QuestionRow, SentRow
from hubsoft_tui.core.types import Category, Outcome, Priority, RequestContext
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.services.customers.service import Lookup
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import CacheSettings, HttpSettings, RetrySettings, TraceSettings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore
from tests.hubs import settings_for
from tests.store.test_trace import question

BIANCA, GUILHERME, NO_CUSTOMER = "86214941081", "10682083682", "11144477735"
CUSTOMER = "/api/v1/integracao/cliente"
BRIEF = CacheSettings(client_data_ttl=0.01, contract_status_ttl=0.01, service_data_ttl=0.01)


def rows(hub: Hub, home: Path) -> tuple[list[QuestionRow], list[SentRow]]:
    """Close the hub and read what it left."""
    hub.close()
    database = open_database(home / "state" / "trace.db", MIGRATIONS)
    store = TraceStore(database, hub.settings.profile.account)
    try:
        return list(store.questions(0, 1e11)), list(store.sent(0, 1e11))
    finally:
        database.close()


async def lookup(hub: Hub, term: str, **options: Any) -> Lookup:
    return await hub.run(lambda s: s.customers.lookup(term, **options))


async def test_questions_requests_and_logins_leave_a_row_each(hub_over, tmp_path):
    hub = hub_over()
    await lookup(hub, BIANCA)
    await lookup(
        hub, BIANCA, category=Category.CONTRACT_STATUS, context=RequestContext("program", Priority.LOW)
    )
    (miss, hit), sent = rows(hub, tmp_path)
    assert (miss.outcome, miss.category, miss.priority, miss.caller) == (
        Outcome.MISS,
        Category.CLIENT_DATA,
        Priority.HIGH,
        "lookup",
    )
    assert (hit.outcome, hit.category, hit.priority, hit.caller) == (
        Outcome.HIT,
        Category.CONTRACT_STATUS,
        Priority.LOW,
        "program",
    )
    assert hit.age > 0
    assert (miss.changed, miss.status_changed, miss.failed, miss.suspended) == (None, None, False, False)
    assert [(row.operation, row.caller, row.status, row.outcome) for row in sent] == [
        ("token", "token", 200, "ok"),
        ("cliente", "lookup", 200, "ok"),
    ]
    assert sent[1].size > 100
    assert sent[1].latency > 0


async def test_whatever_names_a_customer_is_one_subject_and_no_document(hub_over, simulator, tmp_path):
    hub = hub_over()
    customer = simulator.customer(BIANCA)
    for term in (BIANCA, str(customer.code), BIANCA, GUILHERME):
        await lookup(hub, term)
    (first, by_code, again, other), _ = rows(hub, tmp_path)
    assert first.subject == by_code.subject == again.subject != other.subject
    assert by_code.outcome is Outcome.HIT
    assert 0 < first.subject < 2**63
    raw = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("trace.db*"))
    assert BIANCA.encode() not in raw
    assert b"document:" not in raw


async def test_a_refetch_says_whether_the_answer_differed_and_when(hub_over, simulator, tmp_path):
    hub = hub_over(cache=BRIEF)
    await lookup(hub, BIANCA)
    await asyncio.sleep(0.05)
    await lookup(hub, BIANCA)
    simulator.set_status(BIANCA, "suspenso_debito")
    await asyncio.sleep(0.02)
    await lookup(hub, BIANCA, category=Category.CONTRACT_STATUS)
    (_, same, suspended), _ = rows(hub, tmp_path)
    assert (same.changed, same.status_changed, same.suspended) == (False, False, False)
    assert 0.05 <= same.since < 5
    assert (suspended.changed, suspended.status_changed, suspended.suspended) == (True, True, True)
    assert suspended.since < same.since + 5


async def test_a_forced_question_is_marked(hub_over, tmp_path):
    hub = hub_over()
    await lookup(hub, BIANCA)
    await lookup(hub, BIANCA, refresh=True)
    (first, forced), _ = rows(hub, tmp_path)
    assert (first.forced, forced.forced) == (False, True)
    assert (forced.outcome, forced.changed) == (Outcome.MISS, False)


async def test_questions_at_once_are_one_miss_and_the_rest_coalesced(hub_over, simulator, tmp_path):
    simulator.latency = (0.05, 0.05)
    hub = hub_over()
    await asyncio.gather(*(lookup(hub, BIANCA) for _ in range(10)))
    questions, sent = rows(hub, tmp_path)
    outcomes = [row.outcome for row in questions]
    assert sorted(outcomes, key=str) == [Outcome.COALESCED] * 9 + [Outcome.MISS]
    assert len({row.subject for row in questions}) == 1
    assert len(sent) == 2


async def test_an_empty_answer_is_a_miss_and_then_negative(hub_over, tmp_path):
    hub = hub_over()
    await lookup(hub, NO_CUSTOMER)
    await lookup(hub, NO_CUSTOMER)
    (miss, negative), _ = rows(hub, tmp_path)
    assert (miss.outcome, negative.outcome) == (Outcome.MISS, Outcome.NEGATIVE)
    assert miss.subject == negative.subject
    assert not negative.suspended


async def test_an_outage_leaves_stale_and_failed_questions_and_every_attempt(hub_over, simulator, tmp_path):
    hub = hub_over(cache=BRIEF, retry=RetrySettings(max_retries=1, backoff_base=0.01))
    await lookup(hub, BIANCA)
    await asyncio.sleep(0.02)
    simulator.fail_next(4, "status:500", CUSTOMER)
    await lookup(hub, BIANCA)
    with pytest.raises(Unreachable):
        await lookup(hub, GUILHERME)
    (_, stale, failed), sent = rows(hub, tmp_path)
    assert (stale.outcome, stale.failed) == (Outcome.STALE, False)
    assert stale.age >= 0.02
    assert (failed.outcome, failed.failed) == (Outcome.MISS, True)
    assert [row.status for row in sent] == [entry.status for entry in simulator.request_log.entries()]
    assert [(row.status, row.attempt) for row in sent[2:4]] == [(500, 1), (500, 2)]


async def test_one_whose_asker_left_was_asked_all_the_same(hub_over, simulator, tmp_path):
    hub = hub_over()
    await lookup(hub, BIANCA)
    simulator.latency = (5.0, 5.0)
    asking = asyncio.create_task(lookup(hub, GUILHERME))
    await asyncio.sleep(0.2)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (_, left), sent = rows(hub, tmp_path)
    assert (left.outcome, left.failed) == (Outcome.MISS, True)
    assert sent[-1].outcome == "cancelled"


async def test_what_never_left_is_told_apart(hub_over, simulator, tmp_path):
    hub = hub_over(
        http=HttpSettings(connect_timeout=0.5), retry=RetrySettings(max_retries=1, backoff_base=0.01)
    )
    simulator.close()
    with pytest.raises(Unreachable):
        await lookup(hub, BIANCA)
    (failed,), sent = rows(hub, tmp_path)
    assert failed.failed
    assert sent
    assert not any(row.sent for row in sent)


async def test_without_a_trace_nothing_is_kept_and_everything_works(hub_over, tmp_path):
    hub = hub_over(trace=TraceSettings(enabled=False))
    await lookup(hub, BIANCA)
    hub.close()
    assert not list((tmp_path / "state").glob("trace*"))


async def test_a_trace_of_a_newer_version_costs_no_answer(hub_over, tmp_path, caplog):
    open_database(tmp_path / "state" / "trace.db", (*MIGRATIONS, "CREATE TABLE more (x)")).close()
    hub = hub_over()
    assert (await lookup(hub, BIANCA)).found
    hub.close()
    assert sum("newer version" in record.message for record in caplog.records) == 1


async def test_two_consoles_write_to_one_trace(hub_over, simulator, tmp_path):
    one, other = hub_over(), hub_over()
    await lookup(one, BIANCA)
    await lookup(other, BIANCA)
    one.close()
    questions, sent = rows(other, tmp_path)
    assert [row.outcome for row in questions] == [Outcome.MISS, Outcome.HIT]
    assert questions[0].subject == questions[1].subject
    assert len(sent) == len(simulator.request_log)


def test_old_rows_go_when_the_settings_say_so(hub_over, simulator, tmp_path):
    database = open_database(tmp_path / "state" / "trace.db", MIGRATIONS)
    store = TraceStore(database, settings_for(simulator, tmp_path).profile.account)
    now = time.time()
    store.write([question(now - 40 * 86400), question(now - 86400)], [], person="maria")
    database.close()
    (kept,), _ = rows(hub_over(), tmp_path)
    assert kept.at == pytest.approx(now - 86400)

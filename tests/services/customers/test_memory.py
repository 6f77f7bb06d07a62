"""Lookups from memory: what a thread of its own sees of a home that several processes write."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui import HubSoft
from hubsoft_tui.core.cache.cache import Cache, CacheReader
from hubsoft_tui.core.cache.freshness import FreshReader
from hubsoft_tui.core.types import Category, Source
from hubsoft_tui.errors import Closed, StoreError
from hubsoft_tui.services.customers.memory import RememberedCustomers
from hubsoft_tui.services.customers.questions import KINDS, customer
from hubsoft_tui.services.customers.terms import Kind, Term
from hubsoft_tui.settings.tree import CacheSettings, Settings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.records import MIGRATIONS, RecordReader
from tests.clocks import HandClock
from tests.core.cache.test_cache import Home, keep, person
from tests.hubs import settings_for

LIMITS = CacheSettings(client_data_ttl=300, contract_status_ttl=900, not_found_ttl=60, suspended_ttl=120)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ours", "theirs", "nobody", "outdate", "clear", "clean", "time", "ask"]),
        st.integers(1, 3),
        st.integers(0, 400),
    ),
    max_size=25,
)


def reader(home: Home) -> RecordReader:
    return RecordReader(open_database(home.folder / "records.db", MIGRATIONS, trusted=True), "account")


def view(home: Home) -> RememberedCustomers:
    return RememberedCustomers(
        lambda: reader(home),
        home.clock,
        settings=lambda: Settings(cache=LIMITS),
        note=lambda _asked, _found: None,
    )


def term(number: int) -> Term:
    return Term(Kind.CPF, f"{number:011d}")


def take(how: tuple[str, int, int], home: Home, ours: Cache, theirs: Cache) -> None:
    step, number, seconds = how
    cache = theirs if step == "theirs" else ours
    key = f"document:{number:011d}"
    if step in {"ours", "theirs"}:
        keep(cache, home.clock, key, person(number, name=f"AT {home.clock.now()}"))
    elif step == "nobody":
        keep(theirs, home.clock, key)
    elif step == "outdate":
        theirs.outdate([f"customer:{number}"], 1000.0)
    elif step == "clear":
        theirs.clear()
    elif step == "clean":
        ours.clean(keep_seconds=float(seconds))
    elif step == "time":
        home.clock.advance(seconds)


@settings(deadline=None, max_examples=60)
@given(STEPS, st.sampled_from([Category.CLIENT_DATA, Category.CONTRACT_STATUS]))
def test_a_view_says_what_is_on_disk_whoever_wrote_it(steps, category) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder), HandClock())
        ours, theirs, memory = home.cache(), home.cache(), view(home)
        try:
            for step in steps:
                take(step, home, ours, theirs)
                fresh = FreshReader(
                    CacheReader(home.port(), home.clock, KINDS, max_entries=10),
                    LIMITS,
                    lambda record: not getattr(record, "services", ()),
                )
                for number in (1, 2, 3):
                    question = customer(term(number), category)
                    truth = fresh.find(question)
                    young = truth is not None and fresh.fresh(question, truth)
                    found = memory.lookup(term(number), category=category)
                    assert (found is not None) == young
                    if found is not None and truth is not None:
                        assert (found.customers, found.age, found.source) == (
                            truth.values,
                            truth.age,
                            Source.CACHE,
                        )
        finally:
            memory.close()
            home.close()


def test_a_closed_view_leaves_every_question_to_the_engine(tmp_path) -> None:
    home = Home(tmp_path, HandClock())
    keep(home.cache(), home.clock, "document:00000000001", person(1))
    memory = view(home)
    assert memory.lookup(term(1)) is not None
    memory.close()
    assert memory.lookup(term(1)) is None
    home.close()


def test_a_file_that_cannot_be_opened_leaves_every_question_to_the_engine(tmp_path) -> None:
    (tmp_path / "records.db").mkdir()
    memory = view(Home(tmp_path, HandClock()))
    assert memory.lookup(term(1)) is None
    memory.close()


@pytest.fixture
def simulator():
    with Simulator(customers=60, tickets=20) as simulator:
        yield simulator


OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
if sys.argv[2] == "rename":
    connection.execute("UPDATE record SET body = CAST(replace(body, 'BIANCA COUTO', 'OUTRO NOME') AS BLOB)")
else:
    connection.execute("DELETE FROM record")
connection.commit()
"""


def test_another_process_is_seen_at_the_next_question(simulator, tmp_path) -> None:
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        assert hub.client_info("862.149.410-81").name == "BIANCA COUTO"
        assert hub.client_info("862.149.410-81").name == "BIANCA COUTO"
        (file,) = tmp_path.rglob("cache/records.db")
        for what, name, requests in (("rename", "OUTRO NOME", 1), ("forget", "BIANCA COUTO", 2)):
            subprocess.run([sys.executable, "-c", OTHER, str(file), what], check=True, timeout=60)
            assert hub.client_info("862.149.410-81").name == name
            sent = [
                entry.path for entry in simulator.request_log.entries() if entry.path.endswith("/cliente")
            ]
            assert len(sent) == requests


def test_an_answer_from_memory_enters_no_other_thread(simulator, tmp_path) -> None:
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        hub.client_info("862.149.410-81")
        hub.hub.call(on_disk)
        entered = threading.Event()
        free = threading.Event()

        async def stuck(_services) -> None:
            entered.set()
            assert free.wait(20), "an answer waited for the engine"

        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(hub.hub.call, stuck)
            assert entered.wait(20)
            try:
                assert hub.client_info("862.149.410-81").name == "BIANCA COUTO"
                assert hub.client_info("862.149.410-81", full_data=False) is True
                assert hub.lookup("862.149.410-81").source is Source.CACHE
            finally:
                free.set()
            waiting.result(20)


async def on_disk(services) -> None:
    """Wait until everything known is on disk: answers share a transaction."""
    while services._state.ports.records.behind:
        await asyncio.sleep(0.01)


def test_answers_from_memory_are_counted_and_traced(simulator, tmp_path) -> None:
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        for _ in range(5):
            hub.client_info("862.149.410-81")
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(hub.client_info, ["862.149.410-81"] * 40))
        with hub.hub.watch():
            counted = hub.hub.call(snapshot).cache.categories[Category.CLIENT_DATA]
        assert (counted.misses, counted.hits) == (1, 44)
    with sqlite3.connect(next(iter(tmp_path.rglob("state/trace.db")))) as trace:
        assert trace.execute("SELECT count(*) FROM question").fetchone() == (45,)
    trace.close()


async def snapshot(services):
    return services.engine.snapshot()


def test_what_could_not_be_kept_is_answered_by_the_engine(simulator, tmp_path) -> None:
    with HubSoft(settings_for(simulator, tmp_path)) as hub:
        hub.client_info("862.149.410-81")

        async def break_disk(services) -> None:
            def full(*_args, **_how):
                raise StoreError("full")

            services.engine.known.cache._port.save = full

        hub.hub.call(break_disk)
        asked = hub.lookup("862.149.410-81", refresh=True)
        again = hub.lookup("862.149.410-81")
        assert again.fetched_at == asked.fetched_at


def test_a_closed_client_answers_nothing_from_memory(simulator, tmp_path) -> None:
    hub = HubSoft(settings_for(simulator, tmp_path))
    hub.client_info("862.149.410-81")
    hub.close()
    with pytest.raises(Closed):
        hub.client_info("862.149.410-81")

"""The trace on disk keeps what it was given, in order, within its bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hubsoft_tui.core.telemetry.trace import (
    FORCED,
    NEGATIVE,
    PERSON,
    REFRESH,
    SUSPENDED,
    QuestionRow,
    SentRow,
    mark_of,
)
from hubsoft_tui.core.types import Category, Outcome, Priority
from hubsoft_tui.errors import StoreError
from hubsoft_tui.store.database import Database, open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS, TRIMMED
from hubsoft_tui.store.trace_writer import TraceStore

NOW = 1_795_000_000.0
ALL = (0.0, 1e11)


def question(at: float = NOW, **changes) -> QuestionRow:
    values = {
        "at": at,
        "category": Category.CLIENT_DATA,
        "subject": 7,
        "priority": Priority.HIGH,
        "outcome": Outcome.HIT,
        "age": 12.5,
        "caller": "lookup",
    }
    return QuestionRow(**{**values, **changes})


def request(at: float = NOW, **changes) -> SentRow:
    values = {
        "at": at,
        "operation": "cliente",
        "priority": Priority.HIGH,
        "caller": "lookup",
        "attempt": 1,
        "wait": 0.25,
        "latency": 0.042,
        "status": 200,
        "size": 1234,
        "outcome": "ok",
    }
    return SentRow(**{**values, **changes})


@pytest.fixture
def database(tmp_path):
    database = open_database(tmp_path / "trace.db", MIGRATIONS)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> TraceStore:
    return TraceStore(database, "account")


def test_rows_come_back_as_they_were(store):
    questions = [
        question(NOW + 1, outcome=Outcome.MISS, changed=True, status_changed=False, since=1800.125),
        question(NOW + 2, category=Category.CONTRACT_STATUS, suspended=True, subject=2**63 - 1),
        question(NOW + 3, outcome=Outcome.MISS, forced=True, failed=True, age=0.0, caller=""),
    ]
    sent = [request(NOW + 1), request(NOW + 2, status=None, outcome="connect", sent=False, attempt=3)]
    store.write(questions, sent, person="maria")
    assert list(store.questions(*ALL)) == questions
    assert list(store.sent(*ALL)) == sent
    assert store.count() == (3, 2)


moments = some.integers(0, 30).map(lambda micro: NOW + micro / 1_000_000)
batches = some.lists(some.lists(moments, max_size=8), max_size=6)


@settings(max_examples=40, deadline=None)
@given(mine=batches, others=batches)
def test_no_row_is_lost_however_many_happen_at_once_in_two_processes(tmp_path_factory, mine, others):
    path = tmp_path_factory.mktemp("trace") / "trace.db"
    stores = [TraceStore(open_database(path, MIGRATIONS), account) for account in ("mine", "others")]
    for store, written in zip(stores, (mine, others), strict=True):
        for batch in written:
            store.write([question(at, subject=n) for n, at in enumerate(batch)], [], person="maria")
    for store, written in zip(stores, (mine, others), strict=True):
        kept = list(store.questions(*ALL))
        assert len(kept) == sum(map(len, written))
        assert [row.at for row in kept] == sorted(row.at for row in kept)
        assert all(NOW <= row.at < NOW + 0.001 for row in kept), "moved on by microseconds, no more"
        store._database.close()


def test_a_stretch_of_time_has_its_beginning_and_not_its_end(store):
    store.write([question(NOW + n) for n in range(5)], [request(NOW + n) for n in range(5)], person="maria")
    assert [row.at - NOW for row in store.questions(NOW + 1, NOW + 3)] == [1, 2]
    assert [row.at - NOW for row in store.sent(NOW + 1, NOW + 3)] == [1, 2]


def test_points_are_the_answered_questions_without_renewals(store):
    rows = [
        question(outcome=Outcome.MISS, forced=True),
        question(NOW + 1, failed=True),
        question(NOW + 2, category=Category.CONTRACT_STATUS, priority=Priority.LOW, suspended=True),
        question(NOW + 3, outcome=Outcome.NEGATIVE),
        question(NOW + 4, caller=REFRESH),
    ]
    store.write(rows, [], person="maria")
    answered = [rows[0], rows[2], rows[3]]
    assert list(store.points(*ALL)) == [(round(row.at * 1e6), 7, mark_of(row)) for row in answered]
    assert [mark_of(row) for row in answered] == [FORCED | PERSON, 1 | SUSPENDED, NEGATIVE | PERSON]


def test_comparisons_are_what_refetches_showed(store):
    rows = [
        question(changed=True, since=60.5, was_suspended=True),
        question(NOW + 1, changed=False, since=9.0, was_negative=True, negative=True),
        question(NOW + 2),
    ]
    store.write(rows, [], person="maria")
    assert list(store.comparisons(*ALL)) == [(0, 60_500, 1, 1, 0), (0, 9000, 0, 0, 1)]
    kept = list(store.questions(*ALL))
    assert [(row.negative, row.was_negative, row.was_suspended) for row in kept] == [
        (False, False, True),
        (True, True, False),
        (False, False, False),
    ]


def test_what_is_too_old_goes_first_and_then_the_oldest_beyond_the_limit(store):
    store.write(
        [question(NOW + n) for n in range(100)], [request(NOW + n) for n in range(0, 100, 2)], person="m"
    )
    assert store.mark(TRIMMED) == 0
    assert store.trim(before=NOW + 10, max_rows=1000) == 10 + 5
    assert next(store.questions(*ALL)).at == NOW + 10
    assert store.trim(before=NOW, max_rows=20) == 70 + 35, "requests go with the questions of their time"
    assert store.count() == (20, 10)
    assert next(store.questions(*ALL)).at == NOW + 80
    assert store.mark(TRIMMED) == pytest.approx(NOW + 79, abs=0.001)
    assert store.trim(before=NOW, max_rows=20) == 0


def test_words_of_a_batch_that_was_not_kept_are_learnt_again(store, database, monkeypatch):
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_insert", broken)
        with pytest.raises(StoreError):
            store.write([question(caller="new")], [], person="maria")
    store.write([question(caller="another")], [], person="maria")
    store.write([question(NOW + 1, caller="new")], [], person="maria")
    assert [row.caller for row in store.questions(*ALL)] == ["another", "new"]


def test_a_trace_of_a_newer_version_says_so(tmp_path: Path):
    database = open_database(tmp_path / "trace.db", (*MIGRATIONS, "CREATE TABLE more (x)"))
    database.close()
    with pytest.raises(StoreError, match=r"trace\.db was written by a newer version"):
        open_database(tmp_path / "trace.db", MIGRATIONS)


def test_a_row_costs_a_few_dozen_bytes(store, database):
    store.write([question(NOW + n, subject=n * 2**40 + 2**62) for n in range(5000)], [], person="maria")
    database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    assert database.path.stat().st_size / 5000 < 60

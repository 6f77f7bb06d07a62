"""Rows are written in batches by a thread; what goes wrong there is said once and does no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.errors import StoreBusy, StoreError
from hubsoft_tui.store import trace_writer
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore, TraceWriter, home_key
from tests.store.test_trace import ALL, NOW, question, request


def kept(path: Path) -> int:
    database = open_database(path, MIGRATIONS)
    try:
        return TraceStore(database, "account").count()[0]
    finally:
        database.close()


@pytest.fixture
def writer(tmp_path):
    writer = TraceWriter(tmp_path / "trace.db", "account", "maria")
    yield writer
    writer.close()


def test_what_was_handed_in_is_there_after_flush_and_after_close(writer, tmp_path):
    writer.start()
    writer.question(question())
    writer.sent(request())
    writer.flush()
    assert kept(tmp_path / "trace.db") == 1
    writer.question(question(NOW + 1))
    writer.close()
    assert kept(tmp_path / "trace.db") == 2
    assert (tmp_path / "trace.db").stat().st_mode & 0o777 == 0o600


def test_one_that_was_never_started_makes_no_file(writer, tmp_path):
    writer.question(question())
    writer.flush()
    writer.close()
    assert not (tmp_path / "trace.db").exists()


def test_a_busy_file_is_tried_again_with_every_row(writer, tmp_path, monkeypatch):
    tries = []
    write = TraceStore.write

    def busy(self, questions, *others, **sender):
        tries.append(len(questions))
        if len(tries) < 3:
            raise StoreBusy("another process is using it")
        write(self, questions, *others, **sender)

    monkeypatch.setattr(TraceStore, "write", busy)
    writer.question(question())
    writer.start()
    writer.flush()
    writer.question(question(NOW + 1))
    writer.flush()
    assert writer.trouble is None
    assert kept(tmp_path / "trace.db") == 2


def test_a_full_disk_is_said_once_and_rows_wait_for_room(writer, tmp_path, monkeypatch, caplog):
    def full(*_, **__):
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(TraceStore, "write", full)
        writer.start()
        for n in range(3):
            writer.question(question(NOW + n))
            writer.flush()
    assert str(writer.trouble) == "the disk is full"
    assert sum("the disk is full" in record.message for record in caplog.records) == 1
    writer.flush()
    assert writer.trouble is None
    assert kept(tmp_path / "trace.db") == 3


def test_while_nothing_can_be_written_the_oldest_rows_are_lost_and_memory_is_bounded(
    writer, tmp_path, monkeypatch
):
    monkeypatch.setattr(trace_writer, "WAITING", 5)
    writer = TraceWriter(tmp_path / "trace.db", "account", "maria")

    def full(*_, **__):
        for n in range(5, 8):  # what comes while it is being written
            writer.question(question(NOW + n))
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(TraceStore, "write", full)
        for n in range(5):
            writer.question(question(NOW + n))
        with pytest.raises(StoreError):
            writer._write()
    writer._write()
    store = TraceStore(open_database(tmp_path / "trace.db", MIGRATIONS), "account")
    assert [row.at - NOW for row in store.questions(*ALL)] == [3, 4, 5, 6, 7]
    writer._close_store()


def test_a_row_that_cannot_be_kept_costs_its_batch_and_no_other(writer, tmp_path, caplog):
    writer.start()
    writer.question(question(age=float("nan")))
    writer.flush()
    writer.question(question())
    writer.flush()
    assert kept(tmp_path / "trace.db") == 1
    assert writer.trouble is None
    assert "lost rows" in caplog.text


def test_a_newer_file_is_left_alone_and_said(writer, tmp_path):
    open_database(tmp_path / "trace.db", (*MIGRATIONS, "CREATE TABLE more (x)")).close()
    before = (tmp_path / "trace.db").read_bytes()
    writer.question(question())
    writer.start()
    writer.flush()
    assert "newer version" in str(writer.trouble)
    writer.close()
    assert (tmp_path / "trace.db").read_bytes() == before


def test_house_is_kept_at_the_start_even_of_the_shortest_run(tmp_path):
    seen: list[Any] = []
    writer = TraceWriter(tmp_path / "trace.db", "account", "maria", keep_house=seen.append)
    writer.start()
    writer.close()
    assert len(seen) == 1


SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from hubsoft_tui.store.trace_writer import TraceWriter
from tests.store.test_trace import question
writer = TraceWriter(Path(sys.argv[1]) / "trace.db", "account", "maria")
writer.start()
for n in range(100):
    writer.question(question(1_795_000_000.0 + n))
writer.flush()
writer.question(question(1_795_000_500.0))
print("flushed", flush=True)
time.sleep(60)
"""


def test_a_killed_process_loses_only_its_last_moments_and_nothing_of_the_others(tmp_path):
    root = str(Path(__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), root], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "flushed\n"
    mine = TraceWriter(tmp_path / "trace.db", "account", "maria")
    mine.start()
    mine.question(question())
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    mine.close()
    assert kept(tmp_path / "trace.db") == 101


# -- the key


def test_every_process_of_a_home_gets_the_same_key_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "state" / "trace.key"
    key = home_key(path)
    assert home_key(path) == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["trace.key"]
    assert home_key(tmp_path / "other" / "trace.key") != key


def test_half_a_key_is_replaced(tmp_path):
    (tmp_path / "trace.key").write_bytes(b"half")
    assert len(home_key(tmp_path / "trace.key")) == 32


def test_a_place_that_cannot_hold_a_key_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        home_key(tmp_path / "file" / "trace.key")


def test_closing_does_not_wait_for_the_next_batch(tmp_path):
    writer = TraceWriter(tmp_path / "trace.db", "account", "maria")
    writer.start()
    began = time.monotonic()
    writer.close()
    assert not writer._thread.is_alive()
    assert time.monotonic() - began < trace_writer.FLUSH_SECONDS

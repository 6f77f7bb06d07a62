"""Opening SQLite files: privately, once, by many, and without losing a damaged one."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.requests.leases import retry_while_busy
from hubsoft_tui.errors import StoreBusy, StoreError
from hubsoft_tui.store.database import BUSY_SECONDS, open_database

FIRST = """
-- a comment; with a semicolon
CREATE TABLE thing (name TEXT PRIMARY KEY);
INSERT INTO thing VALUES ('a;b');
"""
SECOND = "ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 3"


def names(path: Path, *migrations: str) -> list[tuple[object, ...]]:
    database = open_database(path, migrations)
    rows = database.read("SELECT * FROM thing")
    database.close()
    return rows


def test_a_new_file_is_private_and_migrated(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "home" / "state.db"
    database = open_database(path, [FIRST, SECOND])
    with database.write() as connection:
        connection.execute("INSERT INTO thing VALUES ('b', 4)")
    assert database.read("SELECT * FROM thing") == [("a;b", 3), ("b", 4)]
    assert database.read("PRAGMA journal_mode") == [("wal",)]
    assert database.read("PRAGMA synchronous") == [(1,)]
    assert database.set_aside is None
    for place in path.parent.rglob("*"):
        assert place.stat().st_mode & 0o777 == (0o700 if place.is_dir() else 0o600), place
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    database.close()
    database.close()


def test_the_log_of_a_busy_file_stays_small(tmp_path: Path) -> None:
    database = open_database(tmp_path / "trace.db", [FIRST])
    for number in range(1_000):
        with database.write() as connection:
            connection.execute("INSERT INTO thing VALUES (?)", (f"{number} {'x' * 3000}",))
    assert Path(f"{tmp_path / 'trace.db'}-wal").stat().st_size < 1.25 * 2**20
    database.close()


def test_durable_flushes_every_commit(tmp_path: Path) -> None:
    database = open_database(tmp_path / "outbox.db", [FIRST], durable=True)
    assert database.read("PRAGMA synchronous") == [(2,)]
    database.close()


def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch(0o644)
    path.chmod(0o644)
    open_database(path, [FIRST]).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_unseen_migrations_run(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert names(path, FIRST) == [("a;b",)]
    assert names(path, FIRST, SECOND) == [("a;b", 3)]
    assert names(path, FIRST, SECOND) == [("a;b", 3)]


def test_a_failing_migration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with pytest.raises(StoreError, match=r"state\.db"):
        open_database(path, [FIRST, "CREATE TABLE other (x); CREATE TABLE thing (x)"])
    assert names(path, FIRST) == [("a;b",)]


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    names(path, FIRST, SECOND)
    with pytest.raises(StoreError, match="newer version"):
        open_database(path, [FIRST])
    assert names(path, FIRST, SECOND) == [("a;b", 3)]


@pytest.mark.parametrize("damage", ["noise", "middle"])
def test_a_damaged_file_is_moved_aside_never_deleted(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.db"
    names(path, FIRST)
    whole = path.read_bytes()
    bad = b"noise " * 1000 if damage == "noise" else whole[:4096] + b"\xff" * (len(whole) - 4096)
    path.write_bytes(bad)
    Path(f"{path}-wal").write_bytes(b"half a log")
    aside = []
    for _ in range(2):
        database = open_database(path, [FIRST], wall=lambda: 1_795_000_000.0)
        assert database.read("SELECT name FROM thing") == [("a;b",)]
        database.close()
        aside.append(database.set_aside)
        path.write_bytes(bad)
    assert aside[0] is not None
    assert aside[1] is not None
    assert aside[0].name == "state.db.corrupt-20261118T110640Z"
    assert aside[0] != aside[1]
    assert aside[0].read_bytes() == bad
    assert Path(f"{aside[0]}-wal").exists()


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.db").mkdir()
    for place in (tmp_path / "file" / "state.db", tmp_path / "folder.db"):
        with pytest.raises(StoreError, match=str(place)):
            open_database(place, [FIRST])


def test_a_full_disk_is_a_store_error_and_changes_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path / "state.db", [FIRST])
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count={pages}")
    rows = [(f"{number}" * 500,) for number in range(100)]
    with pytest.raises(StoreError, match="disk is full"), database.write() as connection:
        connection.executemany("INSERT INTO thing VALUES (?)", rows)
    assert database.read("SELECT count(*) FROM thing") == [(1,)]
    database.close()


def test_what_raises_inside_is_rolled_back(tmp_path: Path) -> None:
    database = open_database(tmp_path / "state.db", [FIRST])

    def fail() -> None:
        with database.write() as connection:
            connection.execute("DELETE FROM thing")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.read("SELECT count(*) FROM thing") == [(1,)]
    database.close()
    with pytest.raises(StoreError):
        database.read("SELECT 1")


async def test_a_busy_file_is_waited_for_briefly_then_patiently(tmp_path: Path) -> None:
    one, two = open_database(tmp_path / "state.db", [FIRST]), open_database(tmp_path / "state.db", [FIRST])
    tries = 0

    def count() -> int:
        with two.write() as connection:
            return connection.execute("DELETE FROM thing").rowcount

    def counted() -> int:
        nonlocal tries
        tries += 1
        return count()

    class Releasing(SystemClock):
        async def sleep(self, seconds: float) -> None:
            if tries == 2 and one.connection.in_transaction:
                one.connection.execute("COMMIT")

    assert BUSY_SECONDS <= 0.1
    one.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        count()
    assert await retry_while_busy(counted, Releasing()) == 1
    assert tries == 3
    one.close()
    two.close()


def _open(path: str) -> tuple[int, bool]:
    database = open_database(Path(path), [FIRST, SECOND])
    rows = len(database.read("SELECT * FROM thing"))
    database.close()
    return rows, database.set_aside is not None


@pytest.mark.parametrize("damaged", [False, True])
def test_six_processes_open_at_once(tmp_path: Path, damaged: bool) -> None:
    path = tmp_path / "state.db"
    if damaged:
        path.write_bytes(b"noise " * 1000)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # what is imported once is there in all six
    with ProcessPoolExecutor(6, mp_context=context) as pool:
        found = list(pool.map(_open, [str(path)] * 6))
    assert [rows for rows, _ in found] == [1] * 6
    # One of them moved it aside; the others found the fresh one.
    assert sum(aside for _, aside in found) == damaged
    assert len(list(tmp_path.glob("*.corrupt-*Z"))) == damaged
    database = open_database(path, [FIRST, SECOND])
    assert database.read("PRAGMA user_version") == [(2,)]
    database.close()


@pytest.mark.parametrize("part", ["", "-wal"])
def test_what_is_no_file_is_named_and_opened_once_it_is_away(tmp_path: Path, part: str) -> None:
    path = tmp_path / "state.db"
    os.mkfifo(f"{path}{part}")
    with pytest.raises(StoreError, match="no ordinary file"):
        open_database(path, [FIRST])
    Path(f"{path}{part}").unlink()
    open_database(path, [FIRST]).close()


def test_a_file_larger_than_any_is_set_aside_without_being_copied(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with path.open("wb") as file:
        file.truncate(5 << 30)
    database = open_database(path, [FIRST])
    assert database.set_aside is not None
    assert database.read("SELECT * FROM thing") == [("a;b",)]
    database.close()

"""What is lost on disk is remembered, what can be read of it comes back, and no number is handed out twice."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubsoft_tui.errors import StoreError
from hubsoft_tui.services.outbox.types import NewTicket
from hubsoft_tui.services.outbox.wire import mended, packed
from hubsoft_tui.settings.places import find, tighten_home
from hubsoft_tui.store.database import Database, open_database
from hubsoft_tui.store.losses import LossBook
from hubsoft_tui.store.outbox import MIGRATIONS, SENDING, SqliteOutbox
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.store.trace_writer import home_key
from tests.clocks import HandClock
from tests.fuzzing import examples

DRAFT = packed(NewTicket(7001, "Sem acesso desde ontem. " * 40, "Bianca Couto", "37999992968"))


class Room:
    """An outbox on a home that is damaged between one process and the next."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "outbox.db"
        self.clock = HandClock()
        self.open: list[Database | ProcessLiveness] = []
        self.serial = 0

    def outbox(self) -> SqliteOutbox:
        database = open_database(self.path, MIGRATIONS, durable=True, mend=mended)
        liveness = ProcessLiveness(self.path.parent / "alive")
        self.open += [database, liveness]
        return SqliteOutbox(database, "account", liveness, self.clock)

    def add(self, outbox: SqliteOutbox) -> int:
        self.serial += 1
        return outbox.add("open", DRAFT, f"content {self.serial}", lambda: f"marker {self.serial}").number

    def leave(self) -> None:
        while self.open:
            self.open.pop().close()

    def losses(self) -> list[tuple[str, int]]:
        return [(loss.kind, loss.rescued) for loss in LossBook([self.path.parent]).open()]


@pytest.fixture
def room(tmp_path: Path):
    room = Room(tmp_path)
    yield room
    room.leave()


def overwrite(path: Path, start: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


@pytest.mark.parametrize("start", [0, 30])
def test_rows_come_back_although_the_first_page_is_gone(room: Room, start: int) -> None:
    outbox = room.outbox()
    assert [room.add(outbox) for _ in range(30)] == list(range(1, 31))
    room.leave()
    overwrite(room.path, start, os.urandom(3500))
    again = room.outbox()
    assert room.losses() == [("damaged", 30)]
    rows = again.rows()
    assert [row.number for row in rows] == list(range(30, 0, -1))
    # They may have been sent before: nothing is sent again before it is looked for.
    assert {row.state for row in rows} == {SENDING}
    assert len(again.recover(lambda row: row)) == 30
    assert room.add(again) == 31


@pytest.mark.parametrize("how", ["empty", "gone", "all gone", "all noise"])
def test_numbers_go_on_although_every_row_is_lost(room: Room, how: str) -> None:
    outbox = room.outbox()
    for _ in range(3):
        room.add(outbox)
    room.leave()
    if how == "all noise":
        room.path.write_bytes(os.urandom(20_000))
    elif how == "empty":
        room.path.write_bytes(b"")
    else:
        for part in ("", "-wal", "-shm", ".lock")[: 1 if how == "gone" else 4]:
            Path(f"{room.path}{part}").unlink(missing_ok=True)
    again = room.outbox()
    assert room.losses() == [("damaged" if how == "all noise" else "missing", 0)]
    assert room.add(again) == 4


def test_a_backup_put_in_its_place_repeats_no_number(room: Room) -> None:
    room.add(room.outbox())
    room.leave()
    backup = room.path.read_bytes()
    room.add(room.outbox())
    room.leave()
    room.path.write_bytes(backup)
    assert room.add(room.outbox()) == 3


@pytest.mark.parametrize("how", ["gone", "all gone", "moved", "replaced"])
def test_a_file_that_goes_while_it_is_open_takes_nothing_with_it(room: Room, how: str) -> None:
    one, two = room.outbox(), room.outbox()
    room.add(one)
    room.add(two)
    if how == "moved":
        room.path.rename(room.path.parent / "elsewhere")
    else:
        for part in ("", "-wal", "-shm", ".lock")[: 1 if how == "gone" else 4]:
            Path(f"{room.path}{part}").unlink(missing_ok=True)
    if how == "replaced":
        open_database(room.path, MIGRATIONS).close()
    assert room.add(one) == 3
    assert [row.number for row in two.rows()] == [3, 2, 1]
    assert room.add(two) == 4
    room.leave()
    assert [row.number for row in room.outbox().rows()] == [4, 3, 2, 1]
    assert room.losses() == [("missing", 0)]


@pytest.mark.long
@examples(6, 300)
@example(start=3502, size=1, noise=b"\x80")  # the damaged text is quoted by the check itself
@given(start=st.integers(0, 60_000), size=st.integers(1, 9000), noise=st.binary(min_size=1, max_size=16))
def test_whatever_is_overwritten_the_outbox_opens_and_no_number_repeats(
    tmp_path_factory: pytest.TempPathFactory, start: int, size: int, noise: bytes
) -> None:
    room = Room(tmp_path_factory.mktemp("home"))
    outbox = room.outbox()
    for _ in range(40):
        room.add(outbox)
    room.leave()
    overwrite(room.path, start % room.path.stat().st_size, (noise * size)[:size])
    with contextlib.suppress(StoreError):
        again = room.outbox()
        assert room.add(again) == 41
        assert len({row.number for row in again.rows()}) == len(again.rows())
    room.leave()


def test_databases_begun_at_once_are_no_loss(tmp_path: Path) -> None:
    names = [f"{name}.db" for name in ("outbox", "records", "budget", "drafts")]
    for number in range(40):
        home = tmp_path / str(number)
        together = threading.Barrier(len(names))

        def begin(name: str, home: Path = home, together: threading.Barrier = together) -> None:
            together.wait()
            open_database(home / name, ("CREATE TABLE t (x)",)).close()

        with ThreadPoolExecutor(len(names)) as threads:
            list(threads.map(begin, names))
        assert LossBook([home]).open() == ()


def test_a_loss_is_told_until_it_is_acknowledged(room: Room) -> None:
    room.outbox()
    room.leave()
    room.path.write_bytes(b"noise" * 999)
    room.outbox()
    books = [LossBook([room.path.parent]) for _ in range(2)]
    assert [len(book.open()) for book in books] == [1, 1]
    assert len(books[0].acknowledge(5.0)) == 1
    assert [book.open() for book in books] == [(), ()]
    assert LossBook([room.path.parent]).open() == ()


# -- a disk that cannot be written

FULL = """
import resource, sys
from pathlib import Path
from hubsoft_tui.errors import StoreError
from hubsoft_tui.store.database import open_database
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
database = open_database(Path(sys.argv[1]), ["CREATE TABLE thing (name TEXT)"])
print(database.read("SELECT name FROM thing"))
try:
    with database.write() as connection:
        connection.execute("DELETE FROM thing")
except StoreError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("logged", [False, True])
def test_a_file_on_a_full_disk_is_read(tmp_path: Path, logged: bool) -> None:
    path = tmp_path / "a%b?c" / "state.db"
    database = open_database(path, ["CREATE TABLE thing (name TEXT)"])
    with database.write() as connection:
        connection.execute("INSERT INTO thing VALUES ('kept')")
    if logged:  # as kill -9 leaves it
        for part in ("", "-wal"):
            (tmp_path / f"copy{part}").write_bytes(Path(f"{path}{part}").read_bytes())
    database.close()
    if logged:
        for part in ("", "-wal"):
            Path(f"{path}{part}").write_bytes((tmp_path / f"copy{part}").read_bytes())
    ran = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[0] == "[('kept',)]"
    assert "the disk is full" in ran.stdout.splitlines()[1]


def test_what_could_only_be_read_is_written_once_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path, ["CREATE TABLE thing (name TEXT)"]).close()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        database = open_database(path, ["CREATE TABLE thing (name TEXT)"])
        with pytest.raises(StoreError, match="full"), database.write():
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    database._tried_at = float("-inf")
    with database.write() as connection:
        connection.execute("INSERT INTO thing VALUES ('later')")
    assert database.read("SELECT * FROM thing") == [("later",)]
    database.close()


# -- files that others could read, and links


def test_what_is_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    folders = find(home=tmp_path)
    database = open_database(folders.state / "state.db", ["CREATE TABLE thing (name TEXT)"])
    log = folders.logs / "hubsoft-tui.log.1"
    log.parent.mkdir()
    log.touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs").touch()
    (folders.state / "link").symlink_to(elsewhere / "theirs")
    (folders.logs / "link").symlink_to(elsewhere)
    for place in (folders.state, folders.logs, log, elsewhere, elsewhere / "theirs", database.path):
        place.chmod(0o777)
    with database.write() as connection:
        assert set(tighten_home(folders)) == {folders.state / "link", folders.logs / "link"}
        connection.execute("INSERT INTO thing VALUES ('locked all the time')")
    for place in (folders.state, folders.logs, log, database.path):
        assert place.stat().st_mode & 0o077 == 0, place
    assert elsewhere.stat().st_mode & 0o777 == 0o777
    assert (elsewhere / "theirs").stat().st_mode & 0o777 == 0o777
    database.close()


@pytest.mark.parametrize("part", ["", "-wal", "-shm", ".lock"])
def test_a_link_in_the_place_of_a_file_is_refused_and_left_alone(tmp_path: Path, part: str) -> None:
    theirs = tmp_path / "theirs"
    theirs.touch()
    theirs.chmod(0o666)
    home = tmp_path / "home"
    home.mkdir()
    Path(f"{home / 'state.db'}{part}").symlink_to(theirs)
    with pytest.raises(StoreError, match="link"):
        open_database(home / "state.db", ["CREATE TABLE thing (name TEXT)"])
    assert (theirs.stat().st_mode & 0o777, theirs.read_bytes()) == (0o666, b"")


def test_a_pipe_in_the_place_of_what_is_kept_beside_the_databases_keeps_none_waiting(tmp_path: Path) -> None:
    room = Room(tmp_path / "state")
    room.add(room.outbox())
    room.leave()
    state = room.path.parent
    (state / "losses").mkdir()
    for place in ("losses/1.json", f"alive/{'ab' * 8}.alive", "trace.key"):
        os.mkfifo(state / place)
    (state / "rooms" / "outbox.db").unlink()
    os.mkfifo(state / "rooms" / "outbox.db")
    assert len(home_key(state / "trace.key")) == 32
    outbox = room.outbox()
    assert room.losses() == []
    with pytest.raises(StoreError):
        room.add(outbox)  # no number is handed out that is not kept
    room.leave()

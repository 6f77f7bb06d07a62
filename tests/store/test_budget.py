"""The ledger in SQLite: what is written is what is read, by whichever connection."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from msgspec import structs

from hubsoft_tui.core.limiter.ledger import Ledger, QueueHead, Slot, Throttle
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import StoreBusy, StoreError
from hubsoft_tui.store.budget import MIGRATIONS, SqliteBudget
from hubsoft_tui.store.database import Database, open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from tests.clocks import HandClock


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.open: list[Database | ProcessLiveness] = []

    def budget(self, database: Database | None = None, account: str = "account") -> SqliteBudget:
        wall = self.clock.wall
        database = database or open_database(self.folder / "budget.db", MIGRATIONS, wall=wall, rescued=False)
        liveness = ProcessLiveness(self.folder / "alive")
        self.open += [database, liveness]
        return SqliteBudget(database, account, liveness, self.clock)


@pytest.fixture
def home(tmp_path: Path):
    home = Home(tmp_path)
    yield home
    for each in home.open:
        each.close()


def slot(owner: str, name: str = "s", done: float | None = None) -> Slot:
    return Slot(name, owner, Priority.HIGH, started=1000.0, lease_end=1060.0, done=done)


def hold(budget: SqliteBudget, *slots: Slot) -> None:
    def step(ledger: Ledger, _now: float) -> tuple[Ledger, None]:
        for each in slots:
            ledger = ledger.holding(each)
        return ledger, None

    budget.update(step)


def test_everything_comes_back_as_it_was(home: Home) -> None:
    one, two = home.budget(), home.budget()
    head = QueueHead(one.owner, Priority.LOW, arrival=998.5, waiting=7, seen=1000.0)
    throttle = Throttle(
        paused_until=1010.5, rate=24, clean_from=1010.5, cut_at=1000.0, header_limit=60, others=3
    )
    ledger = Ledger({"s": slot(one.owner)}, {(one.owner, Priority.LOW): head}, throttle)
    one.update(lambda _ledger, _now: (ledger, None))
    assert two.read().untouched() == ledger.untouched() == one.read().untouched()
    assert two.update(lambda ledger, now: (structs.replace(ledger, queue={}), now)) == 1000.0
    assert one.read().untouched() == structs.replace(ledger, queue={}).untouched()


def test_each_sees_what_the_other_wrote_last(home: Home) -> None:
    one, two = home.budget(), home.budget()
    for number in range(6):
        hold((one, two)[number % 2], slot(one.owner, f"s{number}", done=1000.0))
        assert len(one.read().slots) == len(two.read().slots) == number + 1
    one.update(lambda ledger, _now: (ledger.without(["s0", "s3"]), None))
    assert set(two.read().slots) == {"s1", "s2", "s4", "s5"}


def test_slots_are_read_in_the_order_of_their_start_and_dropped_once_free(home: Home) -> None:
    one, two = home.budget(), home.budget()
    for number, name in enumerate("cab"):
        each = slot(one.owner, name)
        hold(one, structs.replace(each, started=each.started + number).completed(each.started + 5 - number))
    read = two.read()
    assert list(read.slots) == ["c", "a", "b"] == list(one.read().slots)
    left = [list(read.swept(60.0, 1060.0 + late).slots) for late in (2.5, 3.0, 4.0, 5.0)]
    assert left == [["c", "a", "b"], ["c", "a"], ["c"], []]


def test_two_on_one_connection_see_each_other_too(home: Home) -> None:
    database = open_database(home.folder / "budget.db", MIGRATIONS)
    one, two = home.budget(database), home.budget(database)
    for number in range(4):
        hold((one, two)[number % 2], slot(one.owner, f"s{number}"))
        assert len(one.read().slots) == len(two.read().slots) == number + 1


def test_a_step_that_raises_changes_nothing(home: Home) -> None:
    one = home.budget()
    hold(one, slot(one.owner))

    def step(ledger: Ledger, _now: float) -> tuple[Ledger, None]:
        raise StoreError("no")

    with pytest.raises(StoreError):
        one.update(step)
    assert set(one.read().slots) == {"s"}


def test_the_dead_are_settled_at_the_moment_they_are_noticed(home: Home) -> None:
    one, dead = home.budget(), home.budget()
    hold(dead, slot(dead.owner), slot(dead.owner, "done", done=1001.0))
    hold(one, slot(one.owner, "mine"))
    dead._liveness.close()
    home.clock.advance(5.0)
    seen = one.update(lambda ledger, _now: (ledger, ledger))
    assert {name: each.done for name, each in seen.slots.items()} == {
        "s": 1005.0,
        "done": 1001.0,
        "mine": None,
    }
    home.clock.advance(5.0)
    assert one.read().slots["s"].done == 1005.0


def test_the_long_dead_are_settled_no_later_than_their_lease(home: Home) -> None:
    one, dead = home.budget(), home.budget()
    hold(dead, slot(dead.owner))
    dead._liveness.close()
    home.clock.advance(500.0)
    assert one.update(lambda ledger, _now: (ledger, ledger.slots["s"].done)) == 1060.0


def test_another_epoch_is_carried_over_once(home: Home) -> None:
    old = home.budget()
    hold(old, slot(old.owner), slot(old.owner, "done", done=1001.0))
    home.clock.reboot()
    new = home.budget()
    assert {each.done for each in new.read().slots.values()} == {5.0}
    new.update(lambda ledger, _now: (ledger, None))
    home.clock.advance(7.0)
    assert {each.done for each in new.read().slots.values()} == {5.0}
    assert {each.done for each in home.budget().read().slots.values()} == {5.0}


def test_a_writer_elsewhere_makes_it_busy_not_wrong(home: Home) -> None:
    one = home.budget()
    other = open_database(home.folder / "budget.db", MIGRATIONS)
    home.open.append(other)
    with other.write(), pytest.raises(StoreBusy):
        hold(one, slot(one.owner))
    assert one.read().slots == {}


def lose(home: Home, *, how: str) -> None:
    """Lose the ledger's file as disks, hands and scripts do."""
    path = home.folder / "budget.db"
    if how == "noise":
        path.write_bytes(b"noise" * 1000)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "moved":
        path.rename(home.folder / "elsewhere")
    if how in {"gone", "all gone", "noise"}:
        for part in ("", "-wal", "-shm", ".lock")[how == "noise" : 1 if how == "gone" else 4]:
            Path(f"{path}{part}").unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["noise", "empty", "gone", "all gone", "moved"])
def test_a_lost_ledger_is_known_to_every_account(home: Home, how: str) -> None:
    first = home.budget()
    assert first.read().throttle.lost_at is None
    for each in home.open:
        each.close()
    lose(home, how=how)
    for account in ("account", "another"):
        budget = home.budget(account=account)
        assert budget.read().throttle.lost_at == 1000.0
        budget.follow()
        home.clock.advance(5.0)
        assert home.budget(account=account).read().throttle.lost_at == 1000.0
        home.clock._now = 1000.0
    home.clock.advance(200_000.0)
    assert home.budget(account="much later").read().throttle.lost_at is None


@pytest.mark.parametrize("how", ["empty", "gone", "all gone", "moved", "noise"])
def test_a_file_lost_while_it_is_open_is_begun_anew_with_what_was_known(home: Home, how: str) -> None:
    one, two = home.budget(), home.budget()
    hold(one, slot(one.owner, "mine"))
    hold(two, slot(two.owner, "yours"))
    hold(one, slot(one.owner, "late"))
    lose(home, how=how)
    home.clock.advance(3.0)
    for budget in (two, one, two):
        with contextlib.suppress(StoreError):
            budget.follow()
    home.clock.advance(3.0)
    third = home.budget()
    one.follow()  # what only the newcomer could see, a file overwritten in place, is noticed now
    two.follow()
    assert set(third.read().slots) >= {"mine", "yours", "late"}
    assert third.read().throttle.lost_at in {1003.0, 1006.0}
    hold(two, slot(two.owner, "after"))
    assert "after" in one.read().slots


def test_looking_whether_the_file_is_there_writes_nothing(home: Home) -> None:
    one = home.budget()
    hold(one, slot(one.owner))
    before = one._database.connection.total_changes
    for _ in range(5):
        one.follow()
    assert one._database.connection.total_changes == before

"""What was tuned is remembered, together with what belongs together, until it is taken back."""

import pytest

from hubsoft_tui.store import tuning
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.tuning import MIGRATIONS, SELF, Move, TuningLog


@pytest.fixture
def database(tmp_path):
    opened = open_database(tmp_path / "tuning.db", MIGRATIONS)
    yield opened
    opened.close()


@pytest.fixture
def log(database):
    return TuningLog(database, "main")


def move(key, before, after, at=1.0, author="maria"):
    return Move(at, key, before, after, author, "why")


def test_moves_made_together_come_back_together_and_newest_first(log):
    log.add([move("a", None, 1.5), move("b", True, None)])
    log.add([move("a", 1.5, 3, author=SELF)])
    assert [(each.key, each.before, each.after, each.author) for each in log.moves()] == [
        ("a", 1.5, 3, SELF),
        ("b", True, None, "maria"),
        ("a", None, 1.5, "maria"),
    ]
    assert [each.after for each in log.last()] == [3]


def test_what_was_taken_back_stays_in_sight_and_the_one_before_is_next(log):
    log.add([move("a", None, 1.0), move("b", None, 2.0)])
    log.add([move("a", 1.0, 3.0)])
    log.undo(log.last()[0].batch)
    assert [each.key for each in log.last()] == ["a", "b"]
    assert [each.undone for each in log.moves()] == [True, False, False]
    log.undo(log.last()[0].batch)
    assert log.last() == []


def test_accounts_do_not_see_each_other(log, database):
    log.add([move("a", None, 1.0)])
    other = TuningLog(database, "other")
    assert other.moves() == other.last() == []
    other.add([move("z", None, 1.0)])
    assert [each.key for each in log.last()] == ["a"]
    assert other.renewed("2026-11-24") == (0, 0)


def test_the_oldest_moves_go(log, monkeypatch):
    monkeypatch.setattr(tuning, "KEPT", 3)
    for at in range(6):
        log.add([move("a", None, at, at=float(at))])
    assert [each.at for each in log.moves()] == [5, 4, 3]


def test_one_turn_in_so_many_seconds_for_all_who_ask(log, database):
    assert log.take_turn(100.0, 50.0)
    assert not TuningLog(database, "main").take_turn(149.0, 50.0)
    assert log.take_turn(150.0, 50.0)
    assert log.take_turn(10.0, 50.0)  # the clock was set back


def test_what_renewing_spent_and_saved_adds_up_by_day(log):
    log.count_renewed("2026-11-24", spent=3, saved=1)
    log.count_renewed("2026-11-24", spent=2, saved=0)
    log.count_renewed("2026-11-25", spent=7, saved=7)
    assert log.renewed("2026-11-24") == (5, 1)
    assert log.stopped_until() == 0
    log.stop(50.0)
    log.stop(60.0)
    assert log.stopped_until() == 60.0

"""Lists, runs, decisions, rosters and notices on disk, between processes that come and go."""

from __future__ import annotations

import pytest

from hubsoft_tui.store import checkup_rows, checkups, rosters
from hubsoft_tui.store.checkup_rows import Decision, Member, Reading, Result, RunState, Seen
from hubsoft_tui.store.checkup_rows import KnownMember as Known
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.store.rosters import RosterSize

ANA, BIA, CAIO = Member("1", "ANA", "a"), Member("2", "BIA"), Member("3", "CAIO")
ACTIVE, INACTIVE, UNKNOWN = Result.ACTIVE, Result.INACTIVE, Result.UNKNOWN


class Process:
    """One process on a home."""

    def __init__(self, folder, account="account"):
        self.database = open_database(folder / "checkups.db", checkup_rows.MIGRATIONS)
        self.liveness = ProcessLiveness(folder / "alive")
        self.checkups = checkups.Checkups(self.database, account, self.liveness)
        self.decisions = checkups.CheckupResults(self.database, account)
        self.rosters = rosters.Rosters(self.database, account)
        self.notices = checkups.CommandQueue(self.database, account, self.liveness)

    def begin(self, list_id, rules="on", at=1.0):
        return self.checkups.begin(list_id, who="4242", rules=rules, max_age=None, at=at)

    def finish(self, run, at=2.0, tell=False):
        also = (lambda connection: self.notices.add(connection, run.id, at)) if tell else None
        self.checkups.end(run.id, RunState.DONE, at=at, seconds=1.0, requests=3, also=also)

    def die(self):
        self.liveness.close()
        self.database.close()


@pytest.fixture
def process(tmp_path):
    """Open processes on one home; those that live are closed at the end."""
    opened = []

    def open_process(**options):
        opened.append(Process(tmp_path, **options))
        return opened[-1]

    yield open_process
    for each in opened:
        each.die()


def test_a_list_imported_again_keeps_what_was_known_of_those_who_stay(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA, BIA], 1.0)
    run = one.begin(list_id)
    one.decisions.decide(run.id, [Decision("1", ACTIVE), Decision("2", INACTIVE, gone=True)])
    one.finish(run)
    renamed = Member("1", "ANA MARIA", "a")
    assert one.checkups.put_list("/a.csv", "a.csv", [CAIO, renamed], 2.0) == list_id
    assert one.checkups.members(list_id) == [(CAIO, None), (renamed, Known(ACTIVE))]
    assert [each.members for each in one.checkups.lists()] == [2]
    assert process(account="another").checkups.lists() == ()


def test_the_run_of_a_living_process_is_its_own_and_that_of_a_dead_one_is_gone_on_with(process):
    one, other = process(), process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA, BIA], 1.0)
    run = one.begin(list_id)
    assert other.begin(list_id).owner == one.liveness.owner
    one.decisions.decide(run.id, [Decision("1", ACTIVE)], provisional=[Decision("2", INACTIVE)])
    one.die()
    assert other.checkups.last_run(list_id).state is RunState.INTERRUPTED
    again = other.begin(list_id)
    assert (again.id, again.owner) == (run.id, other.liveness.owner)
    assert {each.document: settled for each, settled in other.decisions.decisions(run.id)} == {
        "1": True,
        "2": False,
    }


def test_answers_found_under_other_rules_do_not_count(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA], 1.0)
    first = one.begin(list_id)
    one.decisions.decide(first.id, [Decision("1", ACTIVE)])
    second = one.begin(list_id, rules="on,trial")
    assert second.id != first.id
    assert one.decisions.decided_before(second) == []
    one.decisions.decide(second.id, [Decision("1", ACTIVE, "Trial")])
    one.finish(second)
    assert one.decisions.decided_before(one.begin(list_id, rules="on,trial"))[0].status == "Trial"


def test_what_is_unknown_leaves_what_was_known_and_what_waits_is_not_known(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA, BIA, CAIO], 1.0)
    run = one.begin(list_id)
    one.decisions.decide(run.id, [Decision("1", ACTIVE), Decision("2", ACTIVE)])
    one.finish(run)
    run = one.begin(list_id)
    one.decisions.decide(run.id, [Decision("1", UNKNOWN)], provisional=[Decision("2", INACTIVE)])
    one.finish(run)
    assert [known for _member, known in one.checkups.members(list_id)] == [
        Known(ACTIVE),
        Known(ACTIVE),
        None,
    ]


def test_a_reading_that_is_not_sure_takes_nobodys_contract(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA, BIA, CAIO], 1.0)
    run = one.begin(list_id)
    waiting = [Decision("1", INACTIVE, was=ACTIVE), Decision("2", INACTIVE), Decision("3", UNKNOWN)]
    one.decisions.decide(run.id, [], provisional=waiting)
    assert [each.document for each in one.decisions.settle(run.id, sure=False)] == ["2"]
    one.decisions.decide(run.id, [], provisional=waiting[:1])
    assert [each.document for each in one.decisions.settle(run.id, sure=True)] == ["1"]


def test_a_page_is_written_with_its_decisions_or_not_at_all(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA], 1.0)
    run = one.begin(list_id)
    reading = Reading("all", 500, offset=500, total=900)
    beside = one.rosters.page(run.id, reading, [Seen(7, "1", False, b"{}", 1.0, 2.0)])
    with pytest.raises(ZeroDivisionError):
        one.decisions.decide(run.id, (Decision(str(1 // 0), ACTIVE) for _ in range(1)), also=beside)
    assert one.rosters.known(run.id, [7]) == set()
    one.decisions.decide(run.id, [Decision("1", ACTIVE)], also=beside)
    assert one.rosters.known(run.id, [7, 8]) == {7}
    assert one.checkups.last_run(list_id).reading == reading
    one.rosters.clear(run.id)
    assert one.checkups.last_run(list_id).reading is None


def test_rows_wait_in_the_order_of_documents_and_twins_are_told_apart(process):
    one = process()
    run = one.begin(one.checkups.put_list("/a.csv", "a.csv", [ANA], 1.0))
    rows = [Seen(number, f"{number:04d}", active=number % 3 == 0) for number in range(600)]
    rows += [Seen(900, "0001", False), Seen(901, "0004", True), Seen(902, "", False), Seen(903, "", False)]
    one.decisions.decide(run.id, [], also=one.rosters.page(run.id, Reading("all", 500), rows))
    waiting = [each for chunk in one.rosters.waiting(run.id) for each in chunk]
    assert [each.document for each in waiting] == sorted(each.document for each in rows if not each.active)
    assert one.rosters.shared_documents(run.id) == {"", "0001", "0004"}
    assert [(each.id, each.document) for each in one.rosters.sharing(run.id)] == [(1, "0001"), (900, "0001")]


def test_sizes_are_remembered_with_the_page_size_that_has_worked(process):
    one = process()
    one.rosters.note_total("all", 1506, 1.0)
    one.rosters.put_size("all", RosterSize(1500, 100, 2.0))
    one.rosters.note_total("all", 1490, 3.0)
    assert one.rosters.sizes() == {"all": RosterSize(1490, 100, 3.0)}
    assert one.rosters.take_night("2026-12-10")
    assert not process().rosters.take_night("2026-12-10")
    assert one.rosters.take_night("2026-12-11")


def test_only_a_few_runs_keep_their_decisions(process):
    one = process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA], 1.0)
    runs = []
    for _ in range(5):
        runs.append(one.begin(list_id))
        one.decisions.decide(runs[-1].id, [Decision("1", ACTIVE)])
        one.finish(runs[-1])
    kept = [run.id for run in runs if list(one.decisions.decisions(run.id))]
    assert kept == [run.id for run in runs[-checkups.RUNS_KEPT :]]
    one.checkups.drop_list(list_id)
    assert one.checkups.lists() == ()
    assert not list(one.decisions.decisions(runs[-1].id))


def test_a_notice_is_taken_by_one_process_and_outlives_it(process):
    one, other = process(), process()
    list_id = one.checkups.put_list("/a.csv", "a.csv", [ANA, BIA], 1.0)
    run = one.begin(list_id)
    one.decisions.decide(
        run.id, [Decision("1", INACTIVE, "Off", was=ACTIVE), Decision("2", INACTIVE, was=None)]
    )
    one.finish(run, tell=True)
    taken = one.notices.take(5.0)
    assert (taken.member, taken.list_name, taken.status) == (ANA, "a.csv", "Off")
    assert other.notices.take(5.0) is None
    one.die()
    again = other.notices.take(5.0)
    assert again.id == taken.id
    other.notices.failed(again, "no", 60.0)
    assert other.notices.take(59.0) is None
    assert [(each.attempts, each.said) for each in other.notices.pending()] == [(1, "no")]
    other.notices.done(other.notices.take(60.0))
    assert other.notices.pending() == ()

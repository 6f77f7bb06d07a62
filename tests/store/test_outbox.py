"""The outbox's table: claims that one process holds, and results that only its holder writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubsoft_tui.errors import StoreError
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.outbox import LEASE_SECONDS, MIGRATIONS, OutboxRow, OutboxTally, SqliteOutbox
from hubsoft_tui.store.process_liveness import ProcessLiveness
from tests.clocks import HandClock


class Desk:
    """One process on the home."""

    def __init__(self, home: Path, clock: HandClock, account: str = "account") -> None:
        self.liveness = ProcessLiveness(home / "alive")
        self.database = open_database(home / "outbox.db", MIGRATIONS, durable=True)
        self.store = SqliteOutbox(self.database, account, self.liveness, clock)

    def add(self, content: str = "key") -> OutboxRow:
        return self.store.add("open", b"{}", content, iter(f"HT{n}" for n in range(99)).__next__)

    def die(self) -> None:
        self.database.close()
        self.liveness.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desks(tmp_path: Path, clock: HandClock) -> Iterator[tuple[Desk, Desk]]:
    pair = Desk(tmp_path, clock), Desk(tmp_path, clock)
    yield pair
    for desk in pair:
        desk.die()


def over(row: OutboxRow) -> OutboxRow:
    return replace(row, state="sent", due=None, ticket_id=5)


def unknown(row: OutboxRow) -> OutboxRow:
    return replace(row, state="unknown", due=None)


def test_entries_are_numbered_and_never_share_a_marker(desks):
    one, two = desks
    rows = [one.add(), two.add(), one.add()]
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.marker for row in rows] == ["HT0", "HT1", "HT2"]
    assert two.store.row(1) == rows[0]
    assert [row.number for row in two.store.rows()] == [3, 2, 1]


def test_another_credential_sees_nothing_of_it(desks, tmp_path, clock):
    stranger = Desk(tmp_path, clock, "another")
    row = desks[0].add()
    assert stranger.store.rows() == stranger.store.due() == ()
    assert stranger.store.row(row.number) is stranger.store.claim(row.number) is None
    assert stranger.store.revise(row.number, over) is None
    stranger.die()


def test_one_of_two_gets_the_claim_and_only_it_writes(desks):
    one, two = desks
    row = one.add()
    assert one.store.due() == two.store.due() == (1,)
    held = one.store.claim(row.number)
    assert held is not None
    assert two.store.claim(row.number) is None
    assert two.store.due() == ()
    assert two.store.finish(held, over) is None
    assert one.store.advance(held, lambda found: replace(found, attempts=1)).attempts == 1
    assert one.store.finish(held, over).owner is None
    assert one.store.finish(held, unknown) is None
    assert two.store.row(1).state == "sent"


def test_what_is_not_due_is_not_claimed(desks, clock):
    store = desks[0].store
    row = desks[0].add()
    store.revise(row.number, lambda found: replace(found, due=clock.now() + 5))
    assert store.claim(row.number) is None
    assert store.next_due() == clock.now() + 5
    clock.advance(5)
    assert store.claim(row.number) is not None


def test_a_dead_owner_is_replaced_and_a_living_one_is_not(desks):
    one, two = desks
    held = two.store.claim(one.add().number)
    assert one.store.recover(unknown) == ()
    two.liveness.close()
    (found,) = one.store.recover(unknown)
    assert (found.state, found.owner) == ("unknown", None)
    assert two.store.finish(held, over) is None
    assert one.store.recover(unknown) == ()


def test_a_frozen_owner_loses_its_claim_when_the_lease_ends(desks, clock):
    one, two = desks
    held = two.store.claim(one.add().number)
    clock.advance(LEASE_SECONDS - 1)
    assert two.store.renew(held)
    clock.advance(LEASE_SECONDS - 1)
    assert one.store.recover(unknown) == ()
    clock.advance(2)
    assert two.store.recover(unknown) == ()  # late as it is, it works on it itself
    assert len(one.store.recover(unknown)) == 1
    assert not two.store.renew(held)
    assert two.store.advance(held, over) is None


def test_leaving_gives_its_own_claims_back(desks):
    one, two = desks
    first, second = one.add(), one.add()
    one.store.claim(first.number)
    two.store.claim(second.number)
    assert [row.number for row in one.store.recover(unknown, of=(one.store.owner,))] == [1]
    assert two.store.row(2).owner == two.store.owner


def test_what_was_due_on_a_clock_that_is_gone_is_seen_to(desks, clock):
    store = desks[0].store
    desks[0].add()
    clock.reboot()
    (found,) = store.recover(lambda row: replace(row, epoch=clock.epoch(), due=clock.now() + 180))
    assert found.due == clock.now() + 180
    assert store.recover(unknown) == ()


def test_a_step_that_refuses_changes_nothing(desks):
    row = desks[0].add()

    def refuse(_row: OutboxRow) -> OutboxRow:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        desks[0].store.revise(row.number, refuse)
    assert desks[1].store.row(row.number) == row


def test_other_processes_notice_a_change(desks):
    one, two = desks
    one.store.changed()
    assert not one.store.changed()
    two.add()
    assert one.store.changed()
    assert not one.store.changed()


def test_counts_and_what_says_the_same(desks, clock):
    one, _ = desks
    for state in ("queued", "refused", "sent", "discarded", "unknown"):
        number = one.add("same").number
        one.store.revise(number, lambda row, state=state: replace(row, state=state, due=None))
    one.store.revise(3, lambda row: replace(row, doubles=("1",), ticket_id=9))
    counted = one.store.tally(over=("sent", "discarded"), asking=("refused",), undecided="unknown")
    assert counted == OutboxTally(3, 3, clock.wall())
    one.store.revise(1, lambda row: replace(row, state="sent"))
    counted = one.store.tally(over=("sent", "discarded"), asking=("refused",), undecided="unknown")
    assert counted.oldest is None  # what asks for a person is not what cannot be sent
    one.store.revise(1, lambda row: replace(row, state="queued"))
    assert one.store.tickets() == frozenset({9})
    assert len(one.store.alike("same", clock.wall())) == 5
    assert one.store.alike("same", clock.wall() + 1) == one.store.alike("other", 0.0) == ()


def test_settled_entries_go_and_open_ones_stay(desks, clock):
    one, _ = desks
    for state, due, doubles in (
        ("sent", None, ()),
        ("sent", 5.0, ()),
        ("sent", None, ("1",)),
        ("queued", None, ()),
    ):
        number = one.add().number
        one.store.revise(
            number, lambda row, s=state, d=due, x=doubles: replace(row, state=s, due=d, doubles=x)
        )
    assert one.store.purge(("sent",), clock.wall()) == 0
    assert one.store.purge(("sent",), clock.wall() + 1) == 1
    assert [row.number for row in one.store.rows()] == [4, 3, 2]
    assert one.add().number == 5


def test_a_full_disk_keeps_what_was_there(desks):
    one, _ = desks
    one.add()
    pages = one.database.read("PRAGMA page_count")[0][0]
    one.database.read(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="disk is full"):
        one.store.add("open", b"x" * 100_000, "key", lambda: "HT9")
    assert [row.number for row in one.store.rows()] == [1]


def test_nothing_of_a_draft_is_in_its_text_form(desks):
    row = desks[0].store.add("open", b'{"contact_phone":"37999992968"}', "key", lambda: "HT1")
    assert "37999992968" not in repr(row)

"""Alerts on disk, shared by the processes on this home."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.errors import StoreBusy
from hubsoft_tui.store.alerts import KEPT, MIGRATIONS, Alert, AlertStore, Delivery
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from tests.clocks import HandClock


class Home:
    """Stores on one folder and one clock, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.owners: list[ProcessLiveness] = []
        self.closers: list[Any] = []

    def store(self, account: str = "account") -> AlertStore:
        database = open_database(self.folder / "alerts.db", MIGRATIONS)
        liveness = ProcessLiveness(self.folder / "alive")
        self.owners.append(liveness)
        self.closers += [database.close, liveness.close]
        return AlertStore(database, account, liveness, self.clock)


@pytest.fixture
def home(tmp_path: Path):
    home = Home(tmp_path)
    yield home
    for close in home.closers:
        close()


def begin(store: AlertStore, rule: str = "queue_full", *, letter=None) -> Alert | None:
    return store.begin(rule, value=0.85, limit=0.8, evidence=1000.0, letter=letter)


def letter(alert: Alert) -> str:
    return json.dumps({"id": alert.id, "open": alert.open})


def test_one_rule_has_one_open_alert_in_all_processes(home: Home) -> None:
    one, two = home.store(), home.store()
    alert = begin(one)
    assert alert == Alert(1, "queue_full", 0.85, 0.85, 0.8, home.clock.wall())
    assert begin(two) is None
    assert [each.alert for each in two.holding()] == [alert]
    assert begin(two, "disk_low") is not None
    assert begin(home.store("another account")) is not None
    assert len(one.recent(10)) == 2


def test_it_is_cleared_once_and_may_come_back(home: Home) -> None:
    one, two = home.store(), home.store()
    alert = begin(one)
    assert alert is not None
    home.clock.advance(60)
    cleared = two.clear(alert, letter=None)
    assert cleared is not None
    assert cleared.cleared_at == alert.opened_at + 60
    assert one.clear(alert, letter=None) is None
    assert one.holding() == ()
    again = begin(one)
    assert again is not None
    assert [each.id for each in two.recent(10)] == [again.id, alert.id]
    assert [each.id for each in two.recent(1)] == [again.id]


def test_a_wall_clock_that_steps_back_ends_nothing_before_it_began(home: Home) -> None:
    store = home.store()
    alert = begin(store)
    assert alert is not None
    home.clock.step_wall(-3600)
    cleared = store.clear(alert, letter=None)
    assert cleared is not None
    assert cleared.cleared_at == alert.opened_at


def test_evidence_is_kept_and_counts_for_nothing_after_a_restart_of_the_machine(home: Home) -> None:
    one, two = home.store(), home.store()
    alert = begin(one)
    assert alert is not None
    two.affirm(alert.id, evidence=1234.5, worst=0.9)
    (held,) = one.holding()
    assert (held.affirmed, held.alert.worst, held.alert.value) == (1234.5, 0.9, 0.85)
    home.clock.reboot()
    assert one.holding()[0].affirmed == -math.inf


def test_the_version_grows_with_what_a_person_can_see_and_with_nothing_else(home: Home) -> None:
    one, two = home.store(), home.store()
    seen = [two.version()]
    alert = begin(one)
    assert alert is not None
    for change in (
        lambda: one.affirm(alert.id, evidence=1.0, worst=0.95),
        lambda: one.acknowledge(alert.id),
        lambda: one.clear(alert, letter=None),
    ):
        seen.append(two.version())
        change()
    seen.append(two.version())
    assert seen == sorted(set(seen))
    one.affirm(alert.id, evidence=2.0, worst=None)
    one.acknowledge()
    one.clear(alert, letter=None)
    assert two.version() == seen[-1]


def test_only_open_alerts_are_acknowledged_each_once(home: Home) -> None:
    store, other = home.store(), home.store("another account")
    gone, alert, third = begin(store), begin(store, "disk_low"), begin(store, "wait_long")
    assert gone is not None
    assert alert is not None
    assert third is not None
    begin(other)
    store.clear(gone, letter=None)
    assert store.acknowledge(gone.id) == 0
    assert store.acknowledge(alert.id) == 1
    assert store.acknowledge() == 1
    assert store.acknowledge() == 0
    assert {each.id: each.acknowledged_at for each in store.recent(9)} == {
        gone.id: None,
        alert.id: home.clock.wall(),
        third.id: home.clock.wall(),
    }
    assert other.holding()[0].alert.acknowledged_at is None


def test_the_oldest_are_forgotten_and_open_ones_never(home: Home) -> None:
    store = home.store()
    begin(store, "disk_low")
    for _turn in range(KEPT + 20):
        alert = begin(store)
        assert alert is not None
        store.clear(alert, letter=None)
    kept = store.recent(10 * KEPT)
    assert KEPT <= len(kept) <= KEPT + 2
    assert kept[-1].rule == "disk_low"


# -- calls


def test_opening_and_clearing_order_one_call_each_in_order(home: Home) -> None:
    one, two = home.store(), home.store()
    alert = begin(one, letter=letter)
    assert alert is not None
    assert begin(two, letter=letter) is None
    two.clear(alert, letter=letter)
    one.clear(alert, letter=letter)
    assert one.waiting() == 2
    bodies = []
    while (delivery := one.claim(10)) is not None:
        bodies.append(json.loads(delivery.body))
        one.finish(delivery)
    assert bodies == [{"id": alert.id, "open": True}, {"id": alert.id, "open": False}]


def test_a_letter_that_cannot_be_written_opens_nothing(home: Home) -> None:
    def broken(_alert: Alert) -> str:
        raise ValueError("no ink")

    store = home.store()
    with pytest.raises(ValueError, match="no ink"):
        begin(store, letter=broken)
    assert store.holding() == ()


def test_a_call_is_made_by_one_living_process_and_taken_over_from_a_dead_one(home: Home) -> None:
    one, two = home.store(), home.store()
    begin(one, letter=letter)
    assert isinstance(one.claim(60), Delivery)
    assert two.claim(60) is None
    home.owners[0].close()
    assert isinstance(two.claim(60), Delivery)


def test_a_claim_ends_with_its_time_and_with_the_boot(home: Home) -> None:
    one, two = home.store(), home.store()
    begin(one, letter=letter)
    assert one.claim(60) is not None
    home.clock.advance(61)
    assert two.claim(60) is not None
    assert one.claim(60) is None
    home.clock.reboot()
    assert one.claim(60) is not None


def test_a_failed_call_waits_and_those_behind_it_too(home: Home) -> None:
    store = home.store()
    begin(store, letter=letter)
    begin(store, "disk_low", letter=letter)
    first = store.claim(60)
    assert first is not None
    store.postpone(first, 30)
    assert store.claim(60) is None
    home.clock.advance(30)
    again = store.claim(60)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 1)


def test_a_file_that_is_busy_says_so(home: Home) -> None:
    store = home.store()
    with sqlite3.connect(home.folder / "alerts.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            begin(store)
        other.execute("ROLLBACK")
    other.close()
    assert begin(store) is not None

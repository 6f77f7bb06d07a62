"""The budget as a watcher sees it: when the first in line starts, and who waits elsewhere."""

from __future__ import annotations

from hubsoft_tui.core.limiter.ledger import Ledger, Limits, QueueHead, Slot
from hubsoft_tui.core.limiter.view import budget_state
from hubsoft_tui.core.types import Priority

NOW = 1000.0
LIMITS = Limits(per_window=2, caps=(2, 2, 2, 1))


def ledger(*done, heads=()):
    slots = [Slot(str(place), "me", Priority.HIGH, at - 0.1, at + 30.0, at) for place, at in enumerate(done)]
    return Ledger({slot.id: slot for slot in slots}, {(head.owner, head.priority): head for head in heads})


def state(held, *arrivals):
    return budget_state(
        held, "me", LIMITS, NOW, arrivals=arrivals or ((), (), (), ()), waits=((), (), (), ())
    )


def test_the_first_in_line_knows_when_it_starts():
    seen = state(ledger(NOW - 50.0, NOW - 19.5), (), (NOW - 3.0,), (NOW - 2.0,), ())
    assert [lane.starts_in for lane in seen.lanes] == [0.0, 10.0, 41.0, 0.0]


def test_without_other_processes_nothing_waits_elsewhere():
    assert state(ledger()).waiting_elsewhere == 0


def test_what_waits_elsewhere_is_counted_while_it_lives():
    alive = QueueHead("other", Priority.LOW, NOW - 9.0, 3, NOW - 1.0)
    frozen = QueueHead("third", Priority.LOW, NOW - 9.0, 5, NOW - 10.0)
    mine = QueueHead("me", Priority.HIGH, NOW - 1.0, 1, NOW)
    assert state(ledger(heads=(alive, frozen, mine))).waiting_elsewhere == 3

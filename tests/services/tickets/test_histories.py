"""Random histories at many page sizes, judged by the simulator's changes, over real HTTP."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.simulator import Simulator
from tests.fuzzing import in_form

from .verdict import Syncing

SIZES = st.sampled_from([1, 2, 3, 5, 8, 20, 33, 100, 500])
STORIES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=4)
"""Between two passes so many changes are made, and so many before each request of the next."""


@pytest.mark.long
@settings(
    max_examples=in_form(3, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],  # a history shrinks for minutes and seldom to anything smaller
)
@given(seed=st.integers(0, 10_000), size=SIZES, story=STORIES)
def test_every_change_is_found_and_none_invented(seed: int, size: int, story: list[tuple[int, int]]) -> None:
    with (
        Simulator(
            seed=seed, customers=40, tickets=25, closed_tickets=40, latency=(0, 0), changes_per_minute=0
        ) as simulator,
        tempfile.TemporaryDirectory() as home,
    ):
        syncing = Syncing(simulator, Path(home), page_size=size)
        try:
            syncing.begin()
            for between, during in story:
                simulator.step(between)
                # Tiny pages take a hundred requests: with many changes before each, the desk would outgrow them.
                simulator.steps_per_request = during if size >= 20 else min(during, 1)
                syncing.sync()
            simulator.steps_per_request = 0
            assert syncing.sync().unconfirmed == 0
            syncing.judge()
            assert syncing.sync().changed == 0
        finally:
            syncing.close()


def test_one_change_at_a_time_is_told_one_by_one(make_simulator, tmp_path):
    simulator = make_simulator(customers=60, tickets=40, closed_tickets=60, clock_rate=0, seed=1)
    syncing = Syncing(simulator, tmp_path)
    syncing.begin()
    kinds = {
        "opened": ChangeKind.NEW,
        "status": ChangeKind.STATUS,
        "message": ChangeKind.MESSAGE,
        "closed": ChangeKind.CLOSED,
        "reopened": ChangeKind.REOPENED,
        "reassigned": ChangeKind.RESPONSIBLE,
    }
    happened = []
    for _ in range(40):
        simulator.provider.clock.advance(2.0)
        (change,) = simulator.step()
        happened.append((kinds[change.kind], change.ticket_id))
        syncing.sync()
    timed = {ChangeKind.DUE, ChangeKind.LATE}
    told = [(change.kind, change.ticket_id) for change in syncing.changes if change.kind not in timed]
    assert told == happened
    left = syncing.changes[9].number
    while_away = syncing.hub.call(lambda services: services.tickets.changed_after(left))
    assert while_away == len(syncing.changes) - 10
    assert {kind for kind, _ in happened} == set(kinds.values())
    syncing.judge()
    syncing.close()

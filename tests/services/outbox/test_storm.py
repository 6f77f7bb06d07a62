"""Real processes, killed by SIGKILL at random moments, over a HubSoft that fails in every way it can.

The same storm with 300 tickets, and beside it what programs without an outbox do, is `make bench`.
"""

from __future__ import annotations

import pytest

from benchmarks.outbox import Storm, ours
from tests.fuzzing import in_form


@pytest.mark.long
@pytest.mark.parametrize(
    "storm",
    [
        pytest.param(
            Storm(in_form(20, 60), in_form(2, 4), late=0.5, quiet=0.9),
            id="quiet is longer than HubSoft is late",
        ),
        pytest.param(Storm(in_form(8, 16), 1, late=1.0, quiet=0.2, seed=3), id="quiet is shorter"),
    ],
)
def test_every_ticket_is_there_and_nothing_goes_unsaid(storm):
    found = ours(storm)
    assert found.lost == 0
    assert found.doubled == found.reported
    assert found.faults >= storm.tickets / 4
    if storm.quiet > storm.late:
        assert found.doubled == 0

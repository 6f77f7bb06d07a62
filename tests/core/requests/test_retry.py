from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.core.requests.exchange import RECENT_SECONDS, Backoff, RetryBudget
from hubsoft_tui.settings.tree import RetrySettings
from tests.clocks import HandClock


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_waits_grow_with_jitter_up_to_the_limit(attempt):
    backoff = Backoff(RetrySettings(backoff_base=1.0, backoff_multiplier=3.0, backoff_max=20.0))
    base = 3.0 ** (attempt - 1)
    for _ in range(50):
        assert min(base, 20.0) <= backoff.after(attempt) <= min(base + 1.0, 20.0)


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=300))
def test_repeats_stay_under_a_fifth_of_recent_requests(steps):
    clock = HandClock()
    budget = RetryBudget(clock, RetrySettings(max_retries=3))
    sent: list[float] = []
    repeated: list[float] = []
    for wait, wants in steps:
        clock.advance(wait)
        budget.sent()
        sent.append(clock.now())
        if not wants or not budget.take():
            continue
        repeated.append(clock.now())
        # What went out since and before is forgotten at its own time: the share is that of the moment of asking.
        recent = [at for at in sent if at > clock.now() - RECENT_SECONDS]
        again = [at for at in repeated if at > clock.now() - RECENT_SECONDS]
        assert len(again) <= max(3, 0.2 * len(recent) + 1)


def test_a_quiet_while_makes_room_again():
    clock = HandClock()
    budget = RetryBudget(clock, RetrySettings(max_retries=2))
    assert [budget.take() for _ in range(3)] == [True, True, False]
    clock.advance(RECENT_SECONDS)
    assert budget.take()

"""What is measured from snapshots and events, on a clock moved by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubsoft_tui.core.telemetry.journal import HealthChanged
from hubsoft_tui.core.types import (
    ApiState,
    BreakerState,
    BudgetState,
    CacheState,
    Category,
    CategoryStats,
    ClassLoad,
    Health,
    Priority,
    SharedContact,
    SharedState,
    Snapshot,
)
from hubsoft_tui.services.alerts.measurements import Measurement, Measurements
from hubsoft_tui.settings.alerts import BY_ID, AlertSettings
from tests.clocks import HandClock
from tests.screens.builders import request

SETTINGS = AlertSettings(hit_ratio_low_for=200, api_slow_for=120, wait_long_for=60, rate_limited_for=600)


class Bench:
    """An observer and what it looks at."""

    def __init__(self) -> None:
        self.clock = HandClock(now=0.0)
        self.observer = Measurements(self.clock, lambda: SETTINGS)
        self.number = 0

    def ended(self, outcome: str = "ok", **fields):
        self.number += 1
        return request(self.number, outcome=outcome, **fields)

    def look(self, *events, seconds: float = 5.0, extra=None, disk=None, in_use=0, **snapshot):
        self.clock.advance(seconds)
        return self.observer.facts(Snapshot(**snapshot), events, extra or {}, in_use=in_use, disk_free=disk)


def shared(**fields) -> BudgetState:
    state = SharedState(fields.pop("contact", SharedContact.ON), **fields)
    return BudgetState(limit=30, configured=30, window=60.0, used=0, shared=state)


@pytest.fixture
def bench():
    return Bench()


def api(health: Health, **fields) -> ApiState:
    return ApiState(health, **fields)


def questions(asked: int, hits: int) -> CacheState:
    stats = CategoryStats(hits=hits, misses=asked - hits)
    return CacheState(categories={Category.CLIENT_DATA: stats})


def test_before_anything_is_asked_nothing_is_known_of_hubsoft(bench):
    facts = bench.look(api=api(Health.UNKNOWN))
    assert (facts["api_down"], facts["credentials_refused"], facts["api_slow"], facts["hit_ratio_low"]) == (
        None,
    ) * 4
    assert facts["disk_low"] is None
    assert facts["wait_long"] == Measurement(0.0, 5.0)


def test_answers_and_failures_are_evidence_of_their_moment(bench):
    assert bench.look(bench.ended(), api=api(Health.ONLINE))["api_down"] == Measurement(0.0, 5.0)
    assert bench.look(api=api(Health.ONLINE))["api_down"] == Measurement(0.0, 5.0)
    offline = api(Health.OFFLINE)
    assert bench.look(bench.ended("timeout"), api=offline)["api_down"] == Measurement(1.0, 15.0)
    assert bench.look(bench.ended("cancelled"), bench.ended("pool"), api=offline)["api_down"] == Measurement(
        1.0, 15.0
    )
    trying = replace(offline, breaker=BreakerState.OPEN)
    assert bench.look(api=trying)["api_down"] == Measurement(1.0, 25.0)


def test_a_refusal_is_an_answer(bench):
    refused = bench.look(bench.ended("credentials", status=401), api=api(Health.REFUSED))
    assert refused["credentials_refused"] == Measurement(1.0, 5.0)
    assert refused["api_down"] == Measurement(0.0, 5.0)
    assert bench.look(bench.ended("cut"), api=api(Health.OFFLINE))["credentials_refused"] is None


def test_slow_is_the_median_of_enough_small_answers_of_late(bench):
    few = [bench.ended(latency=9.0) for _ in range(2)]
    assert bench.look(*few, api=api(Health.SLOW))["api_slow"] is None
    page = bench.ended(latency=30.0, size=5_000_000)
    assert bench.look(page, bench.ended(latency=9.0), api=api(Health.SLOW))["api_slow"] == Measurement(
        9.0, 10.0
    )
    assert bench.look(seconds=125, api=api(Health.SLOW))["api_slow"] is None


def test_the_longest_wait_counts_people_who_still_wait(bench):
    background = bench.ended(wait=50.0, priority=Priority.LOW)
    again = bench.ended(wait=40.0, attempt=2)
    assert bench.look(background, again, bench.ended(wait=7.0))["wait_long"] == Measurement(7.0, 5.0)
    lanes = (ClassLoad(), ClassLoad(waiting=2, oldest=12.0), ClassLoad(waiting=9, oldest=99.0), ClassLoad())
    budget = BudgetState(30, 30, 60.0, 30, lanes=lanes, queue_limit=22)
    facts = bench.look(budget=budget)
    assert facts["wait_long"] == Measurement(12.0, 10.0)
    assert facts["queue_full"] == Measurement(0.5, 10.0)
    assert bench.look(seconds=40)["wait_long"] == Measurement(0.0, 50.0)


def test_429s_are_counted_for_as_long_as_they_count(bench):
    assert bench.look(api=api(Health.LIMITED, rate_limited=2))["rate_limited"] == Measurement(2.0, 5.0)
    assert bench.look(api=api(Health.LIMITED, rate_limited=3), seconds=595)["rate_limited"].value == 3.0
    assert bench.look(api=api(Health.ONLINE, rate_limited=3), seconds=10)["rate_limited"].value == 1.0


def test_the_hit_ratio_is_of_late_and_over_enough_questions(bench):
    assert bench.look(cache=questions(80, 0), seconds=50)["hit_ratio_low"] is None
    assert bench.look(cache=questions(80, 0), seconds=60)["hit_ratio_low"] == Measurement(0.0, 110.0)
    assert bench.look(cache=questions(160, 20), seconds=60)["hit_ratio_low"] == Measurement(0.25, 170.0)
    assert bench.look(cache=questions(180, 20), seconds=200)["hit_ratio_low"] == Measurement(1.0, 370.0)


def test_a_cache_over_its_limit_is_full_and_no_more(bench):
    assert bench.look(cache=CacheState(100, 100), in_use=50)["cache_full"].value == 0.5
    assert bench.look(cache=CacheState(120, 100), in_use=120)["cache_full"].value == 1.0


def test_what_others_know_is_taken_as_it_is(bench):
    facts = bench.look(HealthChanged(Health.ONLINE, Health.SLOW, 0.0), extra={"sync_late": 3.0}, disk=500.0)
    assert (facts["sync_late"].value, facts["disk_low"].value) == (3.0, 500.0)


def test_a_shared_server_is_measured_where_there_is_one(bench) -> None:
    alone = bench.look()
    assert {alone[f"shared_{each}"] for each in ("lost", "aside", "clock", "versions")} == {None}
    lost = bench.look(budget=shared(contact=SharedContact.LOST, lost_for=11.0, set_aside=12))
    assert lost["shared_lost"] == Measurement(11.0, bench.clock.now())
    assert lost["shared_aside"].value == pytest.approx(0.4)
    assert lost["shared_versions"].value == 0
    assert bench.look(budget=shared(other_versions=2))["shared_versions"].value == 1


def test_the_steps_of_its_clock_count_for_ten_minutes(bench) -> None:
    assert bench.look(budget=shared(held_back=40.0))["shared_clock"].value == 0  # before this console began
    assert bench.look(budget=shared(held_back=47.5))["shared_clock"].value == 7.5
    assert bench.look(budget=shared(held_back=0.5))["shared_clock"].value == 7.5  # the ledger began anew
    assert bench.look(budget=shared(held_back=0.5), seconds=600)["shared_clock"].value == 0


def test_every_rule_is_measured(bench, hub_over):
    async def extra(services):
        return services.alerts._extra()

    assert set(bench.look(extra=hub_over().call(extra))) == set(BY_ID)

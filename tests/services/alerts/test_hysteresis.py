"""Durations, hysteresis and gaps, without any engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.services.alerts.measurements import Hysteresis, Measurement, RuleState
from hubsoft_tui.settings.alerts import BY_ID, RULES, AlertSettings

QUEUE, RATIO, DOWN = BY_ID["queue_full"], BY_ID["hit_ratio_low"], BY_ID["api_down"]


def looks(
    hysteresis: Hysteresis, *readings: tuple[float, float | None], limit: float = 0.8, duration: float = 30.0
):
    """Show `hysteresis` (instant, value) pairs and return the last verdict."""
    verdict = RuleState()
    for now, value in readings:
        reading = None if value is None else Measurement(value, now)
        verdict = hysteresis.observe(reading, now, limit=limit, duration=duration)
    return verdict


def test_only_the_whole_duration_is_ripe():
    assert not looks(Hysteresis(QUEUE), (0, 0.8), (29, 0.9)).ripe
    assert looks(Hysteresis(QUEUE), (0, 0.8), (30, 0.9)).ripe
    assert looks(Hysteresis(QUEUE), (0, 0.8), duration=0).ripe


def test_one_good_look_between_begins_anew():
    assert not looks(Hysteresis(QUEUE), (0, 0.9), (20, 0.7), (40, 0.9)).ripe


def test_between_the_two_thresholds_an_alert_neither_begins_nor_ends():
    border = looks(Hysteresis(QUEUE), (0, 0.7), (100, 0.7))
    assert (border.ripe, border.bad) == (False, True)
    assert border.well_for < 0
    assert looks(Hysteresis(QUEUE), (0, 0.6), (100, 0.6)).well_for == 100
    assert looks(Hysteresis(RATIO), (0, 0.22), (100, 0.22), limit=0.2).bad
    assert looks(Hysteresis(RATIO), (0, 0.25), (100, 0.25), limit=0.2).well_for == 100


def test_not_knowing_changes_nothing():
    hysteresis = Hysteresis(DOWN)
    looks(hysteresis, (0, 1.0), limit=1)
    assert looks(hysteresis, (500, None), limit=1) == RuleState()
    assert looks(hysteresis, (510, 1.0), limit=1).ripe


def test_old_evidence_grows_no_older():
    hysteresis = Hysteresis(DOWN)
    verdicts = [
        hysteresis.observe(Measurement(1.0, 3.0), now, limit=1, duration=60) for now in range(5, 4000, 5)
    ]
    assert not any(verdict.ripe for verdict in verdicts)
    assert hysteresis.observe(Measurement(1.0, 4001.0), 4001, limit=1, duration=60).ripe


def test_what_was_seen_before_forgetting_counts_no_more():
    hysteresis = Hysteresis(DOWN)
    looks(hysteresis, (0, 1.0), (20, 1.0), limit=1)
    hysteresis.forget(25.0)
    assert hysteresis.observe(Measurement(1.0, 20.0), 90, limit=1, duration=30) == RuleState()
    assert not hysteresis.observe(Measurement(1.0, 100.0), 100, limit=1, duration=30).ripe


@given(
    st.sampled_from(RULES),
    st.lists(st.tuples(st.integers(1, 40), st.floats(0, 2) | st.none()), max_size=60),
    st.integers(0, 60),
)
def test_ripe_means_no_good_value_for_the_whole_duration(rule, steps, duration):
    hysteresis, now, good_at, first = Hysteresis(rule), 0.0, -1.0, None
    for seconds, value in steps:
        now += seconds
        verdict = looks(hysteresis, (now, value), limit=1.0, duration=duration)
        if value is None:
            assert verdict == RuleState()
            continue
        if not rule.bad(value, 1.0):
            good_at, first = now, None
        else:
            first = now if first is None else first
        assert verdict.ripe == (first is not None and now - first >= duration)
        assert not (verdict.ripe and verdict.well_for >= 0)
        assert now - good_at >= duration or not verdict.ripe or good_at < 0


def test_every_rule_has_its_settings():
    settings = AlertSettings()
    for rule in RULES:
        limit = rule.limit(settings)
        assert rule.duration(settings) >= 0
        assert rule.bad(limit * (0.5 if rule.below else 2), limit)
        # What is well is not bad: the two thresholds are in the right order.
        for value in (limit * step / 100 for step in range(301)):
            assert not (rule.bad(value, limit) and rule.well(value, limit))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_speaks_in_sentences(rule):
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.advice.endswith(".")

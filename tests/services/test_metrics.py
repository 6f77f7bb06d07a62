"""What other systems are told of a home, read from what its programs share."""

from __future__ import annotations

import re

import pytest

from hubsoft_tui.cli.metrics import Figure, HomeMetrics
from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import TraceSettings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from tests.hubs import settings_for

BIANCA, STRANGER = "86214941081", "11144477735"


def look_up(hub: Hub, document: str) -> None:
    hub.call(lambda s: s.customers.lookup(document))


def by_name(metrics: HomeMetrics) -> dict[str, Figure]:
    return {figure.name: figure for figure in metrics.figures()}


@pytest.fixture
def settings(simulator, tmp_path):
    return settings_for(simulator, tmp_path)


def test_a_console_elsewhere_is_measured_without_being_asked(simulator, settings):
    hub = Hub(settings)
    hub.start()
    try:
        with HomeMetrics(settings, SystemClock()) as metrics:
            for document in (BIANCA, BIANCA, STRANGER):
                look_up(hub, document)
            hub.call(lambda s: s.reports.day(s.reports.today()))  # what it holds is written by then
            found = by_name(metrics)
            sent = len(simulator.request_log)
            assert sum(found["hubsoft_requests"].samples.values()) == sent == 3
            assert found["hubsoft_requests"].samples["token",] == 1
            assert found["hubsoft_questions"].samples["client_data", "hit"] == 1
            assert found["hubsoft_questions"].samples["client_data", "miss"] == 2
            assert sum(found["hubsoft_questions"].samples.values()) == 3
            assert found["hubsoft_budget_used"].samples[()] == 3
            assert found["hubsoft_cache_records"].samples[()] == 1
            assert found["hubsoft_token_seconds"].samples[()] > 1000
            assert found["hubsoft_saved_requests"].samples[()] == 1
            assert set(found["hubsoft_readable"].samples.values()) == {1.0}
            assert len(simulator.request_log) == sent, "measuring sends nothing"
    finally:
        hub.close()


def test_names_and_labels_are_prometheus_own_and_nothing_is_personal(settings):
    with HomeMetrics(settings, SystemClock()) as metrics:
        figures = metrics.figures()
    names = [figure.name for figure in figures]
    assert len(names) == len(set(names))
    for figure in figures:
        assert re.fullmatch(r"hubsoft_[a-z_]+", figure.name)
        assert not figure.name.endswith("_total")
        assert figure.help.endswith(".")
        assert all(len(labels) == len(figure.labels) for labels in figure.samples)
    assert not {"operator", "caller", "person"} & {label for figure in figures for label in figure.labels}


def test_a_home_where_nothing_happened_has_its_figures(settings):
    with HomeMetrics(settings, SystemClock()) as metrics:
        found = by_name(metrics)
    assert found["hubsoft_token_seconds"].samples[()] == 0
    assert found["hubsoft_answer_seconds"].samples == {}
    assert "hubsoft_last_answer_timestamp_seconds" not in found


def test_what_cannot_be_read_is_left_out_and_said(settings, simulator, tmp_path):
    open_database(tmp_path / "state" / "trace.db", (*MIGRATIONS, "CREATE TABLE more (x)")).close()
    with HomeMetrics(settings_for(simulator, tmp_path, trace=TraceSettings()), SystemClock()) as metrics:
        found = by_name(metrics)
    assert found["hubsoft_readable"].samples["trace",] == 0
    assert found["hubsoft_readable"].samples["budget",] == 1
    assert "hubsoft_budget_used" in found
    assert "hubsoft_requests" not in found

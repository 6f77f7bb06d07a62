"""The commands that look after a home: its cache, its settings, its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.simulator import Simulator
from tests.cli.homes import active_one
from tests.e2e.fixture import profile


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(customers=60, tickets=20, clock_rate=0, latency=(0, 0), hostile=True) as running:
        yield running


class TestCache:
    def test_counts_cleans_and_clears_without_a_request(self, run: Any, configured: Simulator) -> None:
        document = active_one(configured).document
        run("lookup", document)
        sent = len(configured.request_log)
        stats = run("cache", "stats", "--json").document
        assert (stats["records"], stats["max_entries"]) == (1, 1000)
        assert stats["fresh_seconds"]["client_data"] == 1800
        assert "1 customer remembered" in run("cache", "stats").out
        assert run("cache", "clean", "--json").document == {"dropped": 0, "records": 1}
        assert "still remembered" in run("cache", "clean").out
        assert len(configured.request_log) == sent
        assert run("cache", "clear", "--json").document == {"dropped": 1, "records": 0}
        assert "0 customers forgotten" in run("cache", "clear").out
        assert run("lookup", document, "--json").document["source"] == "api"

    def test_needs_no_secret(self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HUBSOFT_PASSWORD")
        assert run("cache", "stats").code == 0


class TestConfig:
    def test_path_names_everything_under_the_home_and_makes_nothing(self, run: Any, home: Path) -> None:
        ran = run("config", "path")
        paths = [line.split(maxsplit=1)[1] for line in ran.out.splitlines()]
        assert len(paths) == 6
        assert all(path.startswith(str(home)) for path in paths)
        assert list(home.iterdir()) == []

    def test_show_says_where_values_come_from_and_no_secret(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_CACHE__MAX_ENTRIES", "77")
        out = run("config", "show").out
        (line,) = (line for line in out.splitlines() if line.startswith("cache.max_entries"))
        assert "77 records" in line
        assert "HUBSOFT_TUI_CACHE__MAX_ENTRIES" in line
        assert configured.password not in out
        assert configured.client_secret not in out
        assert re.search(r"profile\.password +set", out)

    def test_show_works_before_there_is_a_profile(self, run: Any) -> None:
        assert run("config", "show").code == 0

    def test_check_is_content_with_a_whole_profile(self, run: Any, configured: Simulator) -> None:
        ran = run("config", "check")
        assert (ran.code, configured.url in ran.out, len(configured.request_log)) == (0, True, 0)

    def test_check_says_that_others_spend_with_this_login(
        self, run: Any, home: Path, monkeypatch: Any
    ) -> None:
        with Simulator(customers=20, tickets=5, latency=(0.0, 0.0), rate_limit=30) as simulator:
            for name, value in profile(simulator.url).items():
                monkeypatch.setenv(name, value)
            document = next(each.document for each in simulator.customers if len(each.document) == 11)
            for place in ("one", "two", "one"):
                monkeypatch.setenv("HUBSOFT_TUI_HOME", str(home / place))
                assert run("lookup", document, "--refresh").code == 0
        ran = run("config", "check")
        assert ran.code == 0
        assert "HubSoft counted 2 requests in a minute that this computer did not send" in ran.out
        assert "set shared.url on each" in ran.out

    def test_check_names_what_is_wrong(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE", "many")
        ran = run("config", "check")
        assert (ran.code, ran.out) == (2, "")
        assert "HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE" in ran.err
        assert "many" in ran.err

    def test_check_names_a_proxy_variable_that_is_wrong_as_every_command_does(
        self, run: Any, configured: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_URL", "https://api.provider.example")
        monkeypatch.setenv("NO_PROXY", "[::1],::1/128,fd00::/8")
        assert run("config", "check").code == 0
        monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@h:abc")
        for command in (("config", "check"), ("lookup", "86214941081")):
            ran = run(*command)
            assert (ran.code, "HTTPS_PROXY" in ran.err, "s3cret" in ran.err + ran.out) == (2, True, False)
        monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@proxy.example:3128")
        ran = run("config", "check")
        assert (ran.code, "proxy.example:3128" in ran.out, "s3cret" in ran.out) == (0, True, False)

    def test_another_profile_must_exist(self, run: Any, home: Path) -> None:
        (home / "config").mkdir()
        (home / "config" / "config.toml").write_text(
            '[profiles.main]\nurl = "https://api.provider.example"\n'
        )
        ran = run("--profile", "night", "config", "check")
        assert (ran.code, "night" in ran.err) == (2, True)

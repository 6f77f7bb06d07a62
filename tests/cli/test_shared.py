"""`shared check`, `machines`, `begin` and `forget` against a real server, over the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hubsoft_tui import texts
from hubsoft_tui.simulator import Simulator
from tests.shared.conftest import PROGRAMS, Server, start

GOOD = ("--appendonly", "yes", "--maxmemory", "64mb", "--maxmemory-policy", "volatile-lru")


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that is set as docs/shared.md says."""
    made = start(*GOOD, program=request.param)
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def shared(server: Server, configured: Simulator, monkeypatch: pytest.MonkeyPatch) -> redis.Redis:
    """Have the commands share that server, emptied."""
    monkeypatch.setenv("HUBSOFT_TUI_SHARED__URL", server.url)
    monkeypatch.setenv("HUBSOFT_TUI_SHARED__NAME", "desk")
    client = redis.Redis.from_url(server.url)
    client.flushall()
    return client


def found(ran: Any, check: str) -> tuple[str, str]:
    """The worst of the checks of that name: its state, and all that is said."""
    rows = [row for row in ran.document["checks"] if row["check"] == check]
    state = max((row["state"] for row in rows), key=["ok", "warning", "error"].index)
    return state, " ".join(f"{row['text']} {row['advice'] or ''}" for row in rows)


class TestCheck:
    def test_a_server_set_as_the_page_says_is_well(self, run: Any, configured: Simulator) -> None:
        ran = run("shared", "check", "--json")
        assert (ran.code, ran.document["state"], ran.err) == (0, "ok", "")
        assert ran.document["round_trip_ms"]["p50"] <= ran.document["round_trip_ms"]["p95"]
        assert abs(ran.document["clock_offset_seconds"]) < 1
        assert ran.document["machines"] == 0
        assert len(configured.request_log) == 0

    @pytest.mark.parametrize(
        ("setting", "check", "said"),
        [
            ("maxmemory-policy allkeys-lru", "memory", "error: maxmemory-policy volatile-lru"),
            ("maxmemory 0", "memory", "warning: maxmemory 128mb"),
            ("appendonly no", "persistence", "warning: appendonly yes"),
        ],
    )
    def test_what_is_set_badly_is_named_with_its_remedy(
        self, run: Any, shared: Any, setting: str, check: str, said: str
    ) -> None:
        name, value = setting.split()
        state, remedy = said.split(": ")
        before = shared.config_get(name)[name]
        shared.config_set(name, value)
        try:
            ran = run("shared", "check", "--json")
            assert (ran.code, ran.document["state"]) == (int(state == "error"), state)
            assert (found(ran, check)[0], remedy in found(ran, check)[1]) == (state, True)
        finally:
            shared.config_set(name, before)

    def test_a_right_that_is_missing_is_named(
        self, run: Any, shared: Any, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HUBSOFT_REDIS_URL", f"redis://hub:secret@127.0.0.1:{server.port}/0")
        rights = ["reset", "on", ">secret", "+@all"]
        for missing in (
            "ping",
            "~hs:*",
            "&hs:*",
            "zremrangebyrank",
            "publish",
            "script|load",
            "evalsha",
            "subscribe",
        ):
            reach = [each for each in ("~hs:*", "&hs:*") if each != missing]
            taken = [f"-{missing}"] if missing not in {"~hs:*", "&hs:*"} else []
            shared.execute_command("ACL", "SETUSER", "hub", *rights, *reach, *taken)
            ran = run("shared", "check", "--json")
            assert (missing, ran.code) == (missing, 1)
            assert found(ran, "rights")[0] == "error"
            assert f"may not use: {missing}." in found(ran, "rights")[1]
            assert "secret" not in ran.out + ran.err

    def test_the_rights_that_the_page_names_are_enough(
        self, run: Any, shared: Any, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = (Path(__file__).parents[2] / "docs" / "shared.md").read_text()
        line = next(each for each in page.splitlines() if each.startswith("user hub "))
        rights = [each for each in line.split()[2:] if not each.startswith("#")]
        shared.execute_command("ACL", "SETUSER", "hub", "reset", *rights, ">secret")
        monkeypatch.setenv("HUBSOFT_REDIS_URL", f"redis://hub:secret@127.0.0.1:{server.port}/0")
        assert found(run("shared", "check", "--json"), "rights")[0] == "ok"
        assert run("shared", "begin", "--now").code == 0
        assert run("lookup", "86214941081").code == 0

    def test_without_a_server_it_says_so(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_SHARED__URL", "redis://127.0.0.1:1/0")
        ran = run("shared", "check", "--json")
        assert (ran.code, ran.document["state"], found(ran, "reaches")[0]) == (1, "error", "error")
        monkeypatch.setenv("HUBSOFT_TUI_SHARED__URL", "")
        for command in (["check"], ["machines"], ["begin"], ["forget", "pc"]):
            ran = run("shared", *command)
            assert (ran.code, ran.out) == (2, "")
            assert "shared.url is not set" in ran.err

    def test_it_speaks_portuguese(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUBSOFT_TUI_UI__LANGUAGE", "pt_BR")
        try:
            assert "Máquinas: 0." in run("shared", "check").out
        finally:
            texts.use("en")


class TestMachines:
    def test_a_machine_that_left_well_is_gone_and_the_home_goes_on(self, run: Any) -> None:
        assert run("shared", "begin", "--now", "--json").document["begun"] is True
        assert run("shared", "machines", "--json").document == {"machines": []}
        assert run("lookup", "86214941081").code == 0
        assert run("shared", "check", "--json").document["unknown_seconds"] == 0

    def test_a_server_that_knows_nothing_lets_two_minutes_pass_unless_a_person_knows_better(
        self, run: Any, shared: Any
    ) -> None:
        ran = run("shared", "begin", "--json")
        assert (ran.code, 100 <= ran.document["quarantine_seconds"] <= 111) == (0, True)
        assert "requests go in 1:" in run("shared", "begin").out
        assert run("shared", "check", "--json").document["unknown_seconds"] == 0
        assert "Requests go now." in run("shared", "begin", "--now").out

    def test_a_machine_is_forgotten_by_its_name(
        self, run: Any, shared: Any, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run("shared", "begin", "--now").code == 0
        monkeypatch.setattr("hubsoft_tui.services.storage.budget.SqliteBudget.last", lambda _ledger: False)
        monkeypatch.setenv("HUBSOFT_TUI_HOME", str(home / "other"))
        monkeypatch.setenv("HUBSOFT_TUI_SHARED__NAME", "laptop")
        assert run("lookup", "86214941081").code == 0  # it goes without taking leave
        monkeypatch.setenv("HUBSOFT_TUI_HOME", str(home))
        monkeypatch.setenv("HUBSOFT_TUI_SHARED__NAME", "desk")
        (machine,) = run("shared", "machines", "--json").document["machines"]
        assert (machine["name"], machine["mine"], machine["spent"] > 0) == ("laptop", False, True)
        told = run("shared", "machines").out
        assert "laptop" in told
        assert "cron" in told
        assert "different versions" not in told + run("config", "check").out
        monkeypatch.setattr("hubsoft_tui.shared.budget.__version__", "0.1.0")
        # Answered by what laptop brought: a request of its own would wait until laptop counts as silent.
        assert run("lookup", "86214941081").code == 0
        for command in (["shared", "machines"], ["config", "check"]):
            assert "They run different versions (0.1.0, " in run(*command).out
        assert run("shared", "forget", "printer").code == 3
        assert run("shared", "forget", "laptop", "--json").document == {
            "forgotten": {"id": machine["id"], "name": "laptop"}
        }
        left = run("shared", "machines", "--json").document["machines"]
        assert "laptop" not in {each["name"] for each in left}


def test_a_ledger_that_keeps_a_whole_answer_is_looked_at(run: Any, shared: Any) -> None:
    assert run("shared", "begin", "--now").code == 0
    (key,) = shared.keys("hs:*:ledger")
    keeps = "for _, o in pairs(g.o) do o.a = '\\222\\255' end redis.call('SET', KEYS[1], cmsgpack.pack(g))"
    shared.eval(f"local g = cmsgpack.unpack(redis.call('GET', KEYS[1])) {keeps}", 1, key)
    assert run("shared", "check", "--json").document["epoch"]


def test_prometheus_is_told_of_the_server(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("shared", "begin", "--now").code == 0
    monkeypatch.setattr("hubsoft_tui.services.storage.budget.SqliteBudget.last", lambda _ledger: False)
    assert run("lookup", "86214941081").code == 0  # it goes without taking leave
    told = run("metrics").out
    for sample in (
        "shared_up 1.0",
        "shared_machines 1.0",
        "shared_set_aside 0.0",
        "shared_quarantine_seconds 0.0",
        "shared_alone_requests_total 0.0",
        'shared_flights_total{how="yours"} 1.0',
        "budget_used 2.0",
    ):
        assert f"\nhubsoft_{sample}\n" in told
    assert '\nhubsoft_shared_calls_total{answer="ok"} ' in told
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path / "other"))
    assert "\nhubsoft_budget_used 2.0\n" in run("metrics").out, "what all machines spent"
    monkeypatch.setenv("HUBSOFT_TUI_SHARED__URL", "redis://127.0.0.1:1/0")
    gone = run("metrics")
    assert (gone.code, "\nhubsoft_shared_up 0.0\n" in gone.out) == (0, True)
    assert "hubsoft_shared_machines" not in gone.out


def test_what_is_cleared_is_told_to_a_server_that_asks_for_a_password(
    run: Any, shared: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = home / "config"
    places.mkdir()
    (places / "config.toml").write_text("[profiles.main]\n")
    secrets = places / "secrets.toml"
    secrets.write_text('[profiles.main]\nshared_password = "s3cr3t"\n')
    secrets.chmod(0o600)
    shared.config_set("requirepass", "s3cr3t")
    try:
        assert run("shared", "begin", "--now").code == 0
        assert run("lookup", "86214941081").code == 0
        assert shared.keys("hs:*:r:*")
        assert run("cache", "clear", "--json").document == {"dropped": 1, "records": 0}
        assert not shared.keys("hs:*:r:*")
        assert "\nhubsoft_shared_up 1.0\n" in run("metrics").out
        secrets.unlink()
        ran = run("cache", "clear")
        assert (ran.code, "were not told. The shared server" in ran.out) == (0, True)
    finally:
        shared.config_set("requirepass", "")

"""`metrics`: printed, served and written, in the format of Prometheus."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

BIANCA = "86214941081"


pytestmark = pytest.mark.usefixtures("configured")


def values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_printed_once(run, simulator):
    run("lookup", BIANCA)
    code, out, err = run("metrics")
    assert (code, err) == (0, "")
    found = values(out)
    assert found["hubsoft_requests_total", "cliente"] == 1
    assert found["hubsoft_requests_total", "token"] == 1
    assert "# TYPE hubsoft_requests counter" in out or "# TYPE hubsoft_requests_total counter" in out
    assert "# HELP hubsoft_budget_used " in out
    assert BIANCA not in out
    assert len(simulator.request_log) == 2


def test_written_whole_for_node_exporter_under_another_account(run, home):
    path = home / "hubsoft.prom"
    code, _out, _err = run("metrics", "--file", str(path))
    assert code == 0
    assert values(path.read_text())["hubsoft_budget_limit",] == 30
    assert [each.name for each in home.glob("hubsoft.prom*")] == ["hubsoft.prom"]
    assert path.stat().st_mode & 0o044, "it runs under another account"


def test_a_file_that_cannot_be_written_is_one_sentence(run, home):
    code, _out, err = run("metrics", "--file", str(home / "nowhere" / "hubsoft.prom"))
    assert code == 1
    assert "cannot be written to" in err
    assert "Choose another place." in err


def test_a_port_that_is_taken_is_one_sentence(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _out, err = run("metrics", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "Choose another with --port" in err


def test_a_file_that_node_exporter_would_not_read_is_refused(run, home):
    path = home / "hubsoft.txt"
    code, _out, err = run("metrics", "--file", str(path))
    assert code == 2
    assert "must end in .prom" in err
    assert not path.exists()


@pytest.mark.parametrize("options", [["--port", "0", "--file", "x.prom"], ["--every", "5"], ["--port", "-1"]])
def test_options_that_do_not_go_together_are_wrong_usage(run, options):
    assert run("metrics", *options)[0] == 2


def test_without_the_client_it_says_how_to_install_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    code, _out, err = run("metrics")
    assert code == 1
    assert "pip install 'hubsoft-tui[metrics]'" in err


def test_served_on_this_machine_alone_until_it_is_told_to_end(run):
    run("lookup", BIANCA)
    child = subprocess.Popen(
        [sys.executable, "-m", "hubsoft_tui", "metrics", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        line = child.stdout.readline().strip()
        assert line.startswith("Metrics at http://127.0.0.1:")
        answer = httpx.get(line.removeprefix("Metrics at "), trust_env=False)
        assert answer.headers["content-type"].startswith("text/plain")
        assert values(answer.text)["hubsoft_requests_total", "cliente"] == 1
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.communicate()

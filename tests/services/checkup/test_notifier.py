"""The command for members who lost the contract: arguments as arguments, failures kept and tried again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hubsoft_tui.services.checkup.notifier import AGAIN_SECONDS, execute, filled
from hubsoft_tui.services.checkup.types import Result
from hubsoft_tui.settings.tree import CheckupSettings

from .fixture import some

TELL = """
import json, os, sys
if os.path.exists({stop!r}):
    sys.exit("the other system says no to 862.149.410-81")
names = [name for name in os.environ if name.startswith("HUBSOFT_")]
with open({out!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], {{name: os.environ[name] for name in names}}]) + "\\n")
"""


@pytest.fixture
def told(tmp_path):
    """A program that writes what it was told, and refuses while a file named `stop` is there."""
    script = tmp_path / "tell.py"
    script.write_text(TELL.format(out=str(tmp_path / "told"), stop=str(tmp_path / "stop")))

    class Told:
        command = (sys.executable, "-S", str(script), "--id={external_id}", "{document}", "{other}; rm -rf /")
        stop = tmp_path / "stop"

        @property
        def calls(self):
            file = tmp_path / "told"
            return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return Told()


def run_due(fixture):
    return fixture.hub.call(lambda s: s.checkup.notify())


def pending(fixture):
    return fixture.hub.call(lambda s: s.checkup.notices())


def test_it_is_run_once_for_each_newly_inactive_member(make_simulator, make_fixture, told, monkeypatch):
    monkeypatch.setenv("HUBSOFT_PASSWORD", "secret")
    simulator = make_simulator(customers=300)
    people = some(simulator, 30)
    fixture = make_fixture(
        simulator, [each.document for each in people], checkup=CheckupSettings(command=told.command)
    )
    fixture.run()
    assert told.calls == []  # inactive from the first is not newly inactive
    lost = [each for each in people if each.active][:2]
    for each in lost:
        simulator.set_status(each, "suspenso_debito")
    fixture.run(max_age=0)
    assert sorted(call[0][1] for call in told.calls) == sorted(each.document for each in lost)
    place = {each.document: number for number, each in enumerate(people)}
    arguments, variables = told.calls[0]
    assert arguments == [f"--id=M{place[arguments[1]]}", arguments[1], "{other}; rm -rf /"]
    assert variables["HUBSOFT_MEMBER_DOCUMENT"] == arguments[1]
    assert variables["HUBSOFT_MEMBER_RESULT"] == "inactive"
    assert variables["HUBSOFT_MEMBER_LIST"] == "members.csv"
    assert set(variables) == {
        f"HUBSOFT_MEMBER_{name}" for name in ("DOCUMENT", "NAME", "EXTERNAL_ID", "RESULT", "STATUS", "LIST")
    }
    fixture.run(max_age=0)
    assert len(told.calls) == 2
    assert pending(fixture) == ()


def test_a_failed_command_is_listed_and_tried_again(make_simulator, make_fixture, told, monkeypatch):
    simulator = make_simulator(customers=300)
    people = some(simulator, 30)
    fixture = make_fixture(
        simulator, [each.document for each in people], checkup=CheckupSettings(command=told.command)
    )
    fixture.run()
    gone, back = [each for each in people if each.active][:2]
    for each in (gone, back):
        simulator.set_status(each, "suspenso_debito")
    told.stop.touch()
    ended = fixture.run(max_age=0)
    assert fixture.progress().notices == 2
    assert ended.lost == 2
    first = pending(fixture)[0]
    assert (first.attempts, first.result) == (1, Result.INACTIVE)
    assert "the other system says no" in first.said
    assert "862.149" not in first.said.replace("***.149", "")
    assert run_due(fixture) == (0, 0)  # not due yet

    simulator.set_status(back, "servico_habilitado")
    told.stop.unlink()
    fixture.close()
    fixture.run(max_age=0)  # the command is not run for a member with a contract again
    now = fixture.hub.call(_wall)
    monkeypatch.setattr("hubsoft_tui.core.clock.SystemClock.wall", lambda _self: now + AGAIN_SECONDS[0] + 5)
    assert run_due(fixture) == (1, 0)
    assert [call[0][1] for call in told.calls] == [gone.document]
    assert pending(fixture) == ()


async def _wall(services):
    return services.engine.clock.wall()


def test_a_missing_or_slow_program_is_a_sentence(tmp_path: Path):
    assert "cannot be run" in str(execute([str(tmp_path / "nothing")], {}, 5.0))
    assert "took longer" in str(execute([sys.executable, "-c", "import time; time.sleep(9)"], {}, 0.2))
    assert "ended with 3" in str(execute([sys.executable, "-S", "-c", "raise SystemExit(3)"], {}, 9.0))
    assert execute([sys.executable, "-S", "-c", ""], {}, 9.0) is None


def test_only_what_is_known_is_filled_in_and_only_once():
    values = {"name": "{document}", "document": "1"}
    assert filled("{name}-{x}-{document}{", values) == "{document}-{x}-1{"

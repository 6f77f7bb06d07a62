"""When unusually many lose the contract at once, no command runs before a person has looked."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.services.checkup.types import Result
from hubsoft_tui.settings.tree import CheckupSettings
from hubsoft_tui.store.checkups import Tripwire
from tests.fuzzing import examples

from .fixture import CheckupFixture, some


@pytest.fixture
def told(tmp_path):
    """A command that notes the members it is run for."""
    file = tmp_path / "told"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys\nopen({str(file)!r}, 'a').write(sys.argv[1] + '\\n')\n")

    class Told:
        command = (sys.executable, "-S", str(script), "{document}")

        @property
        def documents(self):
            return file.read_text().split() if file.exists() else []

    return Told()


@pytest.fixture
def fixture_of(make_simulator, make_fixture, told):
    """A list of 40 active members, checked once, so many of which lose the contract then."""

    def make(lost: int, **settings: object) -> tuple[CheckupFixture, list[str]]:
        simulator = make_simulator(customers=120)
        people = [each for each in some(simulator, 120) if each.active][:40]
        checkup = CheckupSettings(command=told.command, **settings)  # type: ignore[arg-type]
        fixture = make_fixture(simulator, [each.document for each in people], checkup=checkup)
        fixture.run()
        for each in people[:lost]:
            simulator.set_status(each, "cancelado")
        return fixture, sorted(each.document for each in people[:lost])

    return make


@pytest.mark.parametrize(
    ("lost", "settings", "held"),
    [
        (3, {}, False),
        (4, {}, True),
        (4, {"hold_above_share": 0.1}, False),
        (5, {"hold_above_share": 0.1}, True),
        (4, {"hold_above_members": 4}, False),
        (1, {"hold_above_share": 0.0, "hold_above_members": 0}, True),
    ],
)
def test_more_than_both_are_held(fixture_of, told, lost, settings, held):
    fixture, documents = fixture_of(lost, **settings)
    ended = fixture.run(max_age=0.0)
    assert ended.counts[Result.INACTIVE] == lost
    assert (ended.held, ended.notices) == (lost if held else 0, 0)
    assert sorted(told.documents) == ([] if held else documents)


def test_held_commands_survive_the_process_until_released(fixture_of, told):
    fixture, documents = fixture_of(10)
    fixture.run(max_age=0.0)
    fixture.close()
    assert fixture.progress().held == 10
    list_id = fixture.id
    assert fixture.hub.call(lambda s: s.checkup.notify()) == (0, 0)
    assert fixture.run(max_age=0.0).held == 10  # the next check-up neither runs nor forgets them
    assert told.documents == []
    assert fixture.hub.call(lambda s: s.checkup.release(list_id)) == (10, 0)
    assert sorted(told.documents) == documents
    assert fixture.progress().held == 0


def test_a_dropped_command_never_runs_and_an_active_member_leaves(fixture_of, told):
    fixture, documents = fixture_of(10)
    fixture.run(max_age=0.0)
    list_id = fixture.id
    for document in documents[:4]:
        fixture.simulator.set_status(document, "servico_habilitado")
    assert fixture.run(max_age=0.0).held == 6
    assert fixture.hub.call(lambda s: s.checkup.drop_held(list_id)) == 6
    assert fixture.hub.call(lambda s: s.checkup.notify()) == (0, 0)
    assert (fixture.progress().held, told.documents) == (0, [])


def test_it_is_in_the_log_and_an_alert(fixture_of, caplog):
    fixture, _documents = fixture_of(10)
    with caplog.at_level("WARNING"):
        fixture.run(max_age=0.0)
    assert any("10 commands are held" in record.getMessage() for record in caplog.records)
    assert fixture.hub.call(_held) == 10


async def _held(services):
    return services.alerts._extra()["checkup_held"]


@pytest.mark.long
@examples(60)
@given(
    active=st.integers(0, 10_000), lost=st.integers(0, 10_000), share=st.floats(0, 1), most=st.integers(0, 50)
)
def test_more_losses_never_untrip_it(active, lost, share, most):
    wire = Tripwire(share, most)
    assert wire.trips(lost + 1, active) >= wire.trips(lost, active)
    assert not wire.trips(min(lost, most), active)

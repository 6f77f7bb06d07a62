"""Recording from the console, and the board and the Monitor fed by a recording."""

from dataclasses import replace

import pytest

from app import replay_console
from hubsoft_tui.core.types import Badges, Priority
from hubsoft_tui.errors import Closed, StoreError
from hubsoft_tui.screens.replay import ReplayEngine
from hubsoft_tui.screens.tickets.screen import TicketsScreen
from hubsoft_tui.services.recordings import Recorder, read_recording
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.settings.tree import Settings
from tests.clocks import HandClock
from tests.screens.builders import WALL, request, snapshot
from tests.screens.fake import FakeHub, console, seen, settle, wait_for
from tests.screens.tickets.fakes import change, ticket
from widgets.tickets.table import TicketTable


def tickets_at(second):
    """Return three tickets: the first becomes late after 45 seconds, and is told so at 50."""
    rows = [ticket(n, due_at=WALL + 45 * n, customer=f"C-{n}", responsible=("R-1",)) for n in (1, 2, 3)]
    if second >= 50:
        late = change(1, rows[0], ChangeKind.LATE, at=WALL + 50)
        rows[0] = replace(rows[0], change=late)
    return rows


async def made(path):
    """Record a frame every ten seconds for a hundred, each with as many records as seconds went by."""
    recorder, hub = Recorder(path, WALL), FakeHub()
    hub.tickets.put(*tickets_at(0))
    for second in range(0, 101, 10):
        if second == 50:
            hub.tickets.put(*tickets_at(50))
        await hub.run(recorder.look)
        shown = snapshot(requests=[request(n) for n in range(second // 10)], wall=WALL + second)
        recorder.take(replace(shown, cache=replace(shown.cache, records=second)))
    recorder.close()
    return read_recording(path)


async def test_the_stand_in_plays_pauses_seeks_and_speeds(tmp_path):
    clock = HandClock()
    engine = ReplayEngine(await made(tmp_path / "a.rec"), clock.now)
    engine.start()

    def second():
        return engine.snapshot().cache.records

    assert second() == 0
    clock.advance(25)
    assert second() == 20
    engine.pause(paused=True)
    clock.advance(25)
    assert second() == 20
    engine.pause(paused=False)
    engine.turn("faster")
    clock.advance(10)
    assert second() == 40
    engine.turn("back")
    assert second() == 10
    engine.turn("back")
    assert second() == 0
    for _time in range(9):
        engine.turn("slower")
    clock.advance(20)
    assert second() == 10
    engine.seek(3000)
    assert second() == 100
    clock.advance(20)
    engine.turn("back")
    assert second() == 70


async def test_the_stand_in_answers_only_what_was_recorded(tmp_path):
    engine = ReplayEngine(await made(tmp_path / "a.rec"))
    with pytest.raises(Closed):
        engine.call(lambda services: services.tickets.keep_area("monitor"))
    with pytest.raises(Closed):
        await engine.run(lambda services: services.customers.lookup("1"))
    with pytest.raises(Closed):
        await engine.run(lambda services: services.tickets.sync(priority=Priority.HIGH))
    detail = await engine.run(lambda services: services.tickets.detail(1, label="x"))
    assert detail.row.customer == "C-1"


async def test_board_and_monitor_play_a_recording_by_keys(tmp_path):
    await made(tmp_path / "a.rec")
    app = replay_console(Settings(), tmp_path / "a.rec")
    async with app.run_test(size=(120, 36)) as pilot:
        await app.settled.wait()
        await pilot.press("space")
        await settle(pilot)
        assert "REPLAY" in seen(app)
        assert "paused" in seen(app)
        assert "space go on" in seen(app)
        assert "F2" not in seen(app)
        await pilot.press("right")
        await wait_for(pilot, lambda: "30 of 1,000 records" in seen(app))
        await pilot.press("f3")
        await wait_for(pilot, lambda: "C-3" in seen(app))
        assert "open 3" in seen(app)
        assert "late 0" in seen(app)
        await pilot.press("right")
        await wait_for(pilot, lambda: "late 1" in seen(app) and "SLA ended" in seen(app))
        await pilot.press("l")
        await wait_for(pilot, lambda: len(app.screen.query_one(TicketTable).rows) == 1)
        await pilot.press("left", "plus", "f2", "m", "x", "n", "R", "b", "W")
        await wait_for(pilot, lambda: "late 0" in seen(app))
        assert "×2" in seen(app)
        assert isinstance(app.screen, TicketsScreen)
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: "half a minute" in seen(app))
        app.close()


def drawn(app):
    """Return what stands between the areas and the keys."""
    return seen(app).splitlines()[2:-1]


async def test_a_replay_draws_what_was_drawn(tmp_path, monkeypatch):
    hub = FakeHub()
    hub.tickets.put(*tickets_at(50))
    rows = [request(n, latency=0.01 * n) for n in range(1, 9)]
    hub.state = replace(
        snapshot(requests=rows, wall=WALL + 60), badges=Badges(versions={"tickets": 2, "alerts": 1})
    )
    recorder = Recorder(tmp_path / "a.rec", WALL)
    was, stands = {}, lambda: WALL + 60
    async with console(hub, tmp=tmp_path) as (app, pilot, _hub):
        app.wall = stands
        for key in ("f3", "f5"):
            await pilot.press(key)
            await settle(pilot)
            was[key] = drawn(app)
        await hub.run(recorder.look)
        recorder.take(hub.state)
        recorder.close()
    app = replay_console(Settings(), tmp_path / "a.rec")
    async with app.run_test(size=(120, 36)) as pilot:
        await app.settled.wait()
        for key in ("f3", "f5"):
            await pilot.press(key)
            await settle(pilot)
            assert drawn(app) == was[key]
        app.close()


async def test_r_records_and_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))
    async with console(tmp=tmp_path) as (app, pilot, hub):
        await pilot.press("f5", "R")
        await wait_for(pilot, lambda: list(tmp_path.rglob("*.rec")))
        await settle(pilot)
        assert "REC" in seen(app)
        (path,) = tmp_path.rglob("*.rec")
        await wait_for(pilot, lambda: len(path.read_bytes()) > 200)
        await pilot.press("f3", "R")
        await settle(pilot)
        assert "REC" not in seen(app).splitlines()[1]
        assert read_recording(path).frame(0).snapshot.host == hub.state.host


async def test_a_full_disk_ends_the_recording_and_not_the_console(tmp_path, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_HOME", str(tmp_path))

    def full(_recorder, _frame):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Recorder, "write", full)
    async with console(tmp=tmp_path) as (app, pilot, _hub):
        await pilot.press("f5", "R")
        await wait_for(pilot, lambda: "The recording has stopped. The disk is full." in seen(app))
        assert "REC" not in seen(app).splitlines()[1]
        await pilot.press("f2")
        assert app.is_running

"""The service among others of its kind: one row for several consoles, acknowledgement, suspend, restarts."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from hubsoft_tui.errors import StoreBusy
from hubsoft_tui.services.alerts.service import free_megabytes
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.alerts import AlertSettings
from tests.hubs import settings_for

from .scenario import HOUR, MINUTE, ConsoleFixture, play, settings

LATE, FINE = {"sync_late": 3600.0}, {"sync_late": 0.0}


def test_two_consoles_notice_one_alert_and_clear_it_together(simulator, tmp_path: Path) -> None:
    async def scenario(one: ConsoleFixture, other: ConsoleFixture) -> None:
        one.extra = other.extra = LATE
        await one.clock.sleep(5 * MINUTE)
        assert await one.told() == [("sync_late", True)]
        assert (one.alerts.unseen, other.alerts.unseen) == (1, 1)
        one.extra = FINE
        await one.clock.sleep(HOUR)  # the other one still sees it
        assert await one.told() == [("sync_late", True)]
        other.extra = FINE
        await one.clock.sleep(5 * MINUTE)
        assert await one.told() == [("sync_late", False)]
        assert (one.alerts.unseen, other.alerts.unseen) == (0, 0)

    play(settings(simulator, tmp_path), scenario, consoles=2)


def test_one_console_s_answer_clears_an_idle_one_s_alert(simulator, tmp_path: Path) -> None:
    terms = [each.document for each in simulator.customers if len(each.document) == 11][:5]

    async def scenario(busy: ConsoleFixture, idle: ConsoleFixture) -> None:
        await idle.ask(terms[0])
        simulator.set_scenario("outage")
        for _try in range(3):
            await idle.ask(terms[1], refresh=True)
            await idle.clock.sleep(45)
        assert await idle.told() == [("api_down", True)]
        simulator.set_scenario("calm")
        await busy.work(terms, 10 * MINUTE, every=20, refresh=True)
        assert await busy.told() == [("api_down", False)]
        await busy.clock.sleep(HOUR)  # the idle one does not bring it back
        assert await busy.told() == [("api_down", False)]

    play(replace(settings(simulator, tmp_path)), scenario, consoles=2)


def test_a_dead_console_s_alert_is_cleared_by_the_next(simulator, tmp_path: Path) -> None:
    async def scenario(dying: ConsoleFixture, next_one: ConsoleFixture) -> None:
        dying.extra = LATE
        await dying.clock.sleep(5 * MINUTE)
        await dying.die()
        next_one.extra = FINE
        await next_one.clock.sleep(5 * MINUTE)
        assert await next_one.told() == [("sync_late", False)]

    play(settings(simulator, tmp_path), scenario, consoles=2)


def test_a_restart_in_the_middle_tells_nothing_twice(simulator, tmp_path: Path) -> None:
    async def first(fixture: ConsoleFixture) -> None:
        fixture.extra = LATE
        await fixture.clock.sleep(5 * MINUTE)

    async def second(fixture: ConsoleFixture) -> None:
        await fixture.clock.sleep(1)
        assert fixture.alerts.unseen == 1  # in sight before the first look
        fixture.extra = LATE
        await fixture.clock.sleep(5 * MINUTE)
        assert await fixture.told() == [("sync_late", True)]
        fixture.extra = FINE
        await fixture.clock.sleep(5 * MINUTE)
        assert await fixture.told() == [("sync_late", False)]

    play(settings(simulator, tmp_path), first)
    play(settings(simulator, tmp_path), second)


def test_acknowledging_takes_it_off_every_strip(simulator, tmp_path: Path) -> None:
    async def scenario(one: ConsoleFixture, other: ConsoleFixture) -> None:
        one.extra, one.disk = LATE, 1.0
        await one.clock.sleep(5 * MINUTE)
        first, second = await one.alerts.open()
        before = other.alerts.version
        assert await one.alerts.acknowledge(first.id)
        assert not await one.alerts.acknowledge(first.id)
        assert one.alerts.unseen == 1
        await other.clock.sleep(10)
        assert other.alerts.unseen == 1
        assert other.alerts.version > before
        assert await one.alerts.acknowledge_all() == 1
        assert await one.alerts.acknowledge_all() == 0
        assert one.alerts.unseen == 0
        assert [each.open for each in await one.alerts.recent()] == [True, True]
        assert {each.id for each in await one.alerts.open()} == {first.id, second.id}

    play(settings(simulator, tmp_path), scenario, consoles=2)


def test_nothing_is_news_while_nothing_changes(simulator, tmp_path: Path) -> None:
    async def scenario(fixture: ConsoleFixture) -> None:
        fixture.extra = LATE
        await fixture.clock.sleep(5 * MINUTE)
        before = fixture.alerts.version
        await fixture.clock.sleep(HOUR)
        assert fixture.alerts.version == before
        fixture.extra = {"sync_late": 9000.0}
        await fixture.clock.sleep(10)
        assert fixture.alerts.version > before
        assert (await fixture.alerts.open())[0].worst == 9000.0

    play(settings(simulator, tmp_path), scenario)


def test_a_sleep_of_the_machine_is_no_duration(simulator, tmp_path: Path) -> None:
    async def scenario(fixture: ConsoleFixture) -> None:
        fixture.extra = LATE
        await fixture.clock.sleep(10)
        fixture.sleep_through(8 * HOUR)
        await fixture.clock.sleep(20)
        assert await fixture.told() == []
        await fixture.clock.sleep(MINUTE)
        assert await fixture.told() == [("sync_late", True)]
        fixture.extra = FINE
        await fixture.clock.sleep(10)
        fixture.sleep_through(8 * HOUR)
        await fixture.clock.sleep(20)
        assert await fixture.told() == [("sync_late", True)]

    play(settings(simulator, tmp_path), scenario)


def test_switched_off_it_is_silent_and_clears(simulator, tmp_path: Path) -> None:
    async def scenario(fixture: ConsoleFixture) -> None:
        fixture.extra = LATE
        await fixture.clock.sleep(5 * MINUTE)
        off = replace(fixture.engine.settings.alerts, off=("sync_late",))
        fixture.engine.reconfigure(replace(fixture.engine.settings, alerts=off))
        await fixture.clock.sleep(5 * MINUTE)
        assert await fixture.told() == [("sync_late", False)]

    play(settings(simulator, tmp_path), scenario)


def test_a_busy_file_delays_and_loses_nothing(simulator, tmp_path: Path, monkeypatch, caplog) -> None:
    async def scenario(fixture: ConsoleFixture) -> None:
        def busy(*_ignored: object, **_also: object) -> None:
            raise StoreBusy("busy")

        with monkeypatch.context() as patch:
            patch.setattr(fixture.store, "begin", busy)
            fixture.extra = LATE
            await fixture.clock.sleep(5 * MINUTE)
        assert await fixture.told() == []
        await fixture.clock.sleep(10)
        assert await fixture.told() == [("sync_late", True)]
        assert [record.message for record in caplog.records].count("alerts: busy") == 1

    play(settings(simulator, tmp_path), scenario)


def test_each_opening_and_clearing_is_one_line_of_the_log(simulator, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "hubsoft_tui.services.alerts")

    async def scenario(one: ConsoleFixture, other: ConsoleFixture) -> None:
        one.extra = other.extra = LATE
        await one.clock.sleep(5 * MINUTE)
        one.extra = other.extra = FINE
        await one.clock.sleep(5 * MINUTE)

    play(settings(simulator, tmp_path), scenario, consoles=2)
    opened, cleared = (
        record for record in caplog.records if record.name.startswith("hubsoft_tui.services.alerts")
    )
    assert opened.message == "alert 1 opened: sync_late value=3600 limit=600"
    assert (opened.levelname, cleared.levelname) == ("WARNING", "INFO")
    assert cleared.message.startswith("alert 1 cleared: sync_late after ")


async def test_a_console_has_alerts_and_a_command_only_reads_them(simulator, tmp_path: Path) -> None:
    quick = AlertSettings(look_seconds=0.1, disk_low_below=1e6, disk_low_for=0)
    both = [
        Hub(settings_for(simulator, tmp_path, alerts=quick), background=background)
        for background in (True, False)
    ]
    try:
        for hub in both:
            await asyncio.to_thread(hub.start)
        with both[0].watch():
            for _try in range(200):
                if both[0].snapshot().badges.alerts:
                    break
                await asyncio.sleep(0.02)
        assert both[0].snapshot().badges.versions["alerts"] > 0
        assert [each.rule for each in await both[1].run(lambda s: s.alerts.open())] == ["disk_low"]
        assert both[1].snapshot().badges.alerts == 0
    finally:
        for hub in both:
            hub.close()


@pytest.mark.parametrize("there", [True, False])
async def test_free_space_is_measured_where_the_folders_are(tmp_path: Path, there: bool) -> None:
    free = await free_megabytes((tmp_path if there else tmp_path / "gone",))()
    assert (free is not None and free > 0) is there

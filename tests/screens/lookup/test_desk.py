from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from hubsoft_tui.api.models import Device, DeviceReading, Service, WorkOrder
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.screens.lookup.desk import MenuLines, offered, visit_times
from hubsoft_tui.screens.lookup.writes import MENU
from hubsoft_tui.services.desk import Aftermath
from hubsoft_tui.services.outbox.types import ACTION_KINDS, EntryKind, EntryState
from hubsoft_tui.settings.tree import ActionSettings, Profile, Settings
from tests.screens.fake import BIANCA, CPF, FakeHub, answer, console, look_up, seen, settle, wait_for

NOON = datetime(2026, 11, 26, 12, tzinfo=BRASILIA)
SUSPENDED = msgspec.structs.replace(
    BIANCA,
    services=(
        Service(
            id=12,
            name="TV PLUS",
            status="Suspenso Débito",
            status_prefix="suspenso_debito",
            device="48575443AA",
        ),
    ),
)
UNLOCKED = msgspec.structs.replace(
    SUSPENDED,
    services=(
        msgspec.structs.replace(
            SUSPENDED.services[0], status="Serviço Habilitado", status_prefix="servico_habilitado"
        ),
    ),
)


@pytest.fixture
def hub():
    hub = FakeHub()
    hub.customers.answers[CPF] = (SUSPENDED,)
    hub.outbox.becomes = {"state": EntryState.SENT, "said": "Desbloqueado até 29/11/2026."}
    return hub


def at(day, hour, minute=0, year=2026, month=11):
    return datetime(year, month, day, hour, minute, tzinfo=BRASILIA)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("27/11 14:00-16:00", at(27, 14), at(27, 16)),
        (" 27/11/2026  8:30 - 9:15 ", at(27, 8, 30), at(27, 9, 15)),
        ("27/11 14:00", at(27, 14), at(27, 16)),
        ("02/01 9:00-10:00", at(2, 9, year=2027, month=1), at(2, 10, year=2027, month=1)),
    ],
)
def test_a_visit_is_planned_by_day_begin_and_end(typed, start, end):
    assert visit_times(typed, NOON) == (start, end)


@pytest.mark.parametrize(
    "typed", ["", "27/11", "31/02 14:00", "27/11 25:00", "tomorrow", "27/11 14:00-99:00"]
)
def test_what_is_no_time_of_a_visit_is_told(typed):
    with pytest.raises(InvalidInput, match="27/11 14:00-16:00"):
        visit_times(typed, NOON)


def test_the_menu_knows_every_action_once():
    assert set(MENU) == ACTION_KINDS
    assert len({key for _name, key, _help in MENU.values()}) == len(MENU)


def test_nothing_is_offered_to_read_only_profiles_nor_what_is_off():
    service = SUSPENDED.services[0]
    assert EntryKind.TRUST_UNLOCK in offered(service, Settings())
    assert offered(service, Settings(profile=Profile(read_only=True))) == ()
    off = Settings(actions=ActionSettings(trust_unlock="off", confirm_visit="off"))
    assert {EntryKind.TRUST_UNLOCK, EntryKind.CONFIRM_VISIT} & set(offered(service, off)) == set()


async def test_an_unlock_is_four_keys_and_the_customer_stands_unlocked_afterwards(hub):
    hub.desk.outcome = Aftermath(1, UNLOCKED, UNLOCKED.services[0])
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        assert "SUSPENDED" in seen(app)
        for key in ("a", "u", "enter"):
            await pilot.press(key)
            await settle(pilot)
        assert "trust_unlock" in seen(app)
        assert hub.outbox.kept == {}
        await pilot.press("enter")
        await wait_for(pilot, lambda: "This look cost 1 request." in seen(app))
        assert "Suspenso Débito → Serviço Habilitado" in seen(app)
        assert "Desbloqueado até 29/11/2026." in seen(app)
        assert [each.draft.days for each in hub.outbox.kept.values()] == [3]
        await pilot.press("enter")
        await settle(pilot)
        assert "● ACTIVE" in seen(app)
        await wait_for(pilot, lambda: UNLOCKED in [each for _term, each in hub.customers.remembered])
        assert len(hub.customers.asked) == len(hub.desk.looked) == 1


async def test_the_days_of_an_unlock_can_be_typed(hub):
    async with console(hub) as (_app, pilot, _hub):
        await look_up(pilot)
        for key in ("a", "u", "7", "enter", "enter"):
            await pilot.press(key)
            await settle(pilot)
        await wait_for(pilot, lambda: bool(hub.outbox.kept))
        assert [each.draft.days for each in hub.outbox.kept.values()] == [7]


async def test_the_signal_stands_on_the_review_of_a_restart_and_beside_the_one_after(hub):
    hub.desk.devices = (Device(id=1, readings=(DeviceReading(at=NOON, rx=-27.5, tx=1.9),)),)
    later = Device(id=1, readings=(DeviceReading(at=NOON, rx=-19.5, tx=2.1),))
    hub.desk.outcome = Aftermath(2, SUSPENDED, SUSPENDED.services[0], (later,))
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        for key in ("a", "r"):
            await pilot.press(key)
            await settle(pilot)
        await wait_for(pilot, lambda: "rx -27.5 dBm" in seen(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "rx -19.5 dBm" in seen(app))
        assert "rx -27.5 dBm" in seen(app)
        assert "This look cost 2 requests." in seen(app)


async def test_a_time_that_is_none_is_told_and_corrected_where_it_was_typed(hub):
    hub.customers.panels["work_orders"] = answer(WorkOrder(id=7, number="1820"))
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        for key in ("a", "t", *"soon", "enter"):
            await pilot.press(key)
            await settle(pilot)
        await wait_for(pilot, lambda: "Write day, begin and end" in seen(app))
        field = app.focused
        field.value = "27/11/2026 14:00-16:00"
        await pilot.press("enter")
        await wait_for(pilot, lambda: "reschedule_visit" in seen(app))


async def test_a_menu_longer_than_the_terminal_is_read_to_its_end_with_the_keyboard(hub):
    async with console(hub, size=(80, 16)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("a")
        await wait_for(pilot, lambda: "open a work order" in seen(app))
        last = app.screen.query_one(MenuLines).region.bottom
        await pilot.press("end")
        await settle(pilot)
        assert app.screen.query_one(MenuLines).region.bottom <= app.size.height - 1 < last
        await pilot.press("pageup", "up", "home")
        await settle(pilot)
        assert app.screen.query_one(MenuLines).region.bottom == last


async def test_read_only_profiles_have_no_menu(hub):
    async with console(hub, profile=replace(Profile(), read_only=True)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert "a actions" not in seen(app)
        assert "BIANCA" in seen(app)

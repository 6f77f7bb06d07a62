"""What is asked on demand about a customer: what it costs, when it comes, and which customer it is shown for."""

from __future__ import annotations

import asyncio
import time

import pytest

from hubsoft_tui.api.models import Invoice
from hubsoft_tui.core.types import ApiState, Health, Source
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.settings.tree import UiSettings
from tests.screens.fake import (
    BIANCA,
    CPF,
    GUILHERME,
    OTHER,
    answer,
    console,
    look_up,
    lookup,
    seen,
    settle,
    wait_for,
)
from widgets.customer.on_demand import AskedPanel


async def test_a_panel_an_outage_kept_empty_is_asked_again_once(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        hub.show(api=ApiState(Health.OFFLINE, time.time(), last_good=time.time() - 60))
        hub.customers.panels["invoices"] = Unreachable("HubSoft has not answered since 11:28.")
        await pilot.press("i")
        await wait_for(pilot, lambda: "! HubSoft has" in seen(app))
        hub.customers.panels["invoices"] = answer(Invoice(id=6))
        hub.show(api=ApiState(Health.ONLINE, time.time(), last_good=time.time() + 1))
        await wait_for(pilot, lambda: "! HubSoft has" not in seen(app))
        await pilot.pause(0.6)
        assert [name for name, _refresh in hub.customers.panels_asked if name == "invoices"] == [
            "invoices"
        ] * 2
        assert len(hub.customers.asked) == 1


@pytest.mark.parametrize(
    ("key", "name", "text"),
    [
        ("t", "tickets", "20261123140231"),
        ("i", "invoices", "due"),
        ("o", "work_orders", "1820"),
        ("c", "connection", "10.0.0.9"),
    ],
)
async def test_what_is_asked_on_demand_costs_nothing_before_and_shows_its_age_after(hub, key, name, text):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        assert hub.customers.panels_asked == []
        await pilot.press(key)
        await settle(pilot)
        assert text in seen(app)
        assert "just now" in seen(app)
        await pilot.press(key)
        await settle(pilot)
        assert hub.customers.panels_asked == [(name, False), (name, True)]


async def test_a_panel_says_why_it_could_not_be_filled_and_keeps_what_it_had(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("t")
        await settle(pilot)
        hub.customers.panels["tickets"] = Unreachable("HubSoft does not answer.")
        await pilot.press("t")
        await settle(pilot)
        assert "HubSoft does not answer." in seen(app)
        assert "20261123140231" in seen(app)


async def test_the_connection_is_the_marked_services_and_goes_with_the_mark(hub):
    async with console(hub, size=(160, 36)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert "10.0.0.9" in seen(app)
        await pilot.press("down")
        await settle(pilot)
        assert "10.0.0.9" not in seen(app)
        await pilot.press("c")
        await settle(pilot)
        assert "no login" in seen(app)
        assert hub.customers.panels_asked == [("connection", False)]


async def test_a_panels_late_answer_is_not_shown_for_another_customer(hub):
    late = asyncio.get_running_loop().create_future()
    hub.customers.panels["tickets"] = late
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("t")
        await look_up(pilot, OTHER)
        late.set_result(answer(BIANCA))
        await settle(pilot)
        assert "costs 1 request" in "\n".join(
            str(each) for each in app.screen.query_one("#tickets", AskedPanel).draw(60)
        )


async def test_open_tickets_come_along_with_the_customer_unless_hubsoft_is_silent(hub):
    async with console(hub, ui=UiSettings()) as (app, pilot, _hub):
        await look_up(pilot)
        assert "20261123140231" in seen(app)
        assert hub.customers.panels_asked == [("tickets", False)]
        await pilot.press("slash", *CPF, "enter")
        await settle(pilot)
        assert hub.customers.panels_asked == [("tickets", False)], "what is in sight is not asked again"
        hub.customers.answers[OTHER] = lookup(OTHER, GUILHERME, source=Source.STALE)
        await look_up(pilot, OTHER)
        assert len(hub.customers.panels_asked) == 1


async def test_on_a_small_screen_an_answer_asked_for_is_brought_in_sight(hub):
    async with console(hub, size=(80, 24)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("c")
        await wait_for(pilot, lambda: "10.0.0.9" in seen(app))

from __future__ import annotations

import asyncio
import threading
import time

import msgspec
import pytest

from app import HubSoftConsole
from hubsoft_tui.core.types import ApiState, Health, Source, Waiting
from hubsoft_tui.errors import CredentialsRefused, Unreachable
from hubsoft_tui.screens.lookup import texts as words
from hubsoft_tui.settings.tree import Profile, Settings, UiSettings
from tests.screens.fake import (
    BIANCA,
    CPF,
    GUILHERME,
    OTHER,
    console,
    look_up,
    lookup,
    seen,
    settle,
    wait_for,
)
from widgets.fields import QuestionInput


async def test_the_line_has_the_focus_and_the_screen_says_what_to_do(hub):
    async with console(hub) as (app, _pilot, _hub):
        assert isinstance(app.focused, QuestionInput)
        assert "press enter" in seen(app)


async def test_a_customer_is_shown_with_state_origin_masks_services_and_alerts(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        screen = seen(app)
        for text in (
            "BIANCA COUTO",
            "● ACTIVE",
            "from HubSoft just now",
            "***.149.410-**",
            "code 1204",
            "(37) 9****-2968",
            "! Fibre cut",
            "COMBO 500 MBPS",
            "▲ online",
            "Suspenso Débito",
            "costs 1 request",
        ):
            assert text in screen, text
        assert CPF not in screen
        assert "862.149" not in screen


async def test_a_customer_from_the_list_of_all_says_what_is_missing_and_which_key_asks(hub):
    services = tuple(msgspec.structs.replace(each, connection=None, address=None) for each in BIANCA.services)
    row = msgspec.structs.replace(BIANCA, alerts=(), services=services, listed=True)
    hub.customers.answers[CPF] = (row,)
    missing = "From the list of all customers, without alerts, the state of the line and the address. r asks"
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        assert missing in seen(app)
        copied = words.summary(row, active=True, services=frozenset({11}), revealed=False, known="known")
        assert copied.endswith("known, without alerts and the state of the line")
        hub.customers.answers[CPF] = (BIANCA,)
        await pilot.press("r")
        await settle(pilot)
        assert hub.customers.asked[-1][:2] == (CPF, True)
        assert "From the list" not in seen(app)
        assert "! Fibre cut" in seen(app)


async def test_what_was_typed_leaves_the_line_once_answered_so_letters_act(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        assert app.screen.query_one(QuestionInput).value == ""
        await pilot.press("t")
        await settle(pilot)
        assert hub.customers.panels_asked == [("tickets", False)]


@pytest.mark.parametrize(
    ("source", "age", "text"),
    [(Source.CACHE, 240.0, "from cache, 4 min old"), (Source.STALE, 7300.0, "kept from before, 2 h old")],
)
async def test_the_origin_says_how_old_an_answer_is(hub, source, age, text):
    hub.customers.answers[CPF] = lookup(CPF, BIANCA, source=source, age=age, reason="It timed out.")
    async with console(hub) as (app, pilot, _hub):
        hub.show(api=ApiState(last_good=1_700_000_000.0))
        await pilot.pause(0.6)
        await look_up(pilot)
        assert text in seen(app)
        assert ("HubSoft has not answered since" in seen(app)) == (source is Source.STALE)


def health(now, since, *, last_good):
    return ApiState(now, since, last_good=last_good)


async def test_an_outage_has_one_time_and_the_refresh_it_cost_is_repeated_once_when_it_is_over(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        began = time.time() - 300
        said = time.strftime("HubSoft has not answered since %H:%M.", time.localtime(began))
        hub.show(api=health(Health.OFFLINE, began, last_good=began - 900))
        hub.customers.answers[CPF] = lookup(CPF, BIANCA, source=Source.STALE, age=1200, reason=said)
        await pilot.press("r")
        await wait_for(pilot, lambda: "kept from before" in seen(app))
        await pilot.pause(0.6)
        assert seen(app).count("has not answered since") == 1
        assert said in seen(app)
        hub.customers.answers[CPF] = (BIANCA,)
        asked = len(hub.customers.asked)
        hub.show(api=health(Health.ONLINE, time.time(), last_good=time.time() + 1))
        await wait_for(pilot, lambda: "from HubSoft just now" in seen(app))
        assert "has not answered" not in seen(app)
        await pilot.pause(0.6)
        assert [refresh for _text, refresh, _label in hub.customers.asked[asked:]] == [True]


async def test_a_question_an_outage_left_without_an_answer_is_asked_again_once_unless_another_is_typed(hub):
    hub.customers.answers[CPF] = Unreachable("HubSoft has not answered since 11:28.")
    async with console(hub) as (app, pilot, _hub):
        hub.show(api=health(Health.OFFLINE, time.time(), last_good=time.time() - 60))
        await look_up(pilot)
        assert "enter tries at once" in seen(app)
        await pilot.press("7")
        hub.show(api=health(Health.ONLINE, time.time(), last_good=time.time() + 1))
        await settle(pilot)
        assert len(hub.customers.asked) == 1
        hub.customers.answers[CPF] = (BIANCA,)
        app.screen.query_one(QuestionInput).value = CPF
        hub.show(api=health(Health.ONLINE, time.time(), last_good=time.time() + 2))
        await wait_for(pilot, lambda: "BIANCA" in seen(app))
        assert len(hub.customers.asked) == 2


async def test_a_question_asked_before_the_engine_runs_says_what_becomes_of_it(hub):
    running = threading.Event()

    def slow(_settings):
        running.wait(60)
        return hub

    app = HubSoftConsole(Settings(profile=Profile(), ui=UiSettings(open_tickets=False)), engine=slow)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        try:
            await look_up(pilot)
            await wait_for(pilot, lambda: "asked as soon as it runs" in seen(app))
        finally:
            running.set()
        await wait_for(pilot, lambda: "BIANCA" in seen(app))
        app.close()


async def test_no_customer_is_an_answer_and_enter_again_asks_hubsoft(hub):
    hub.customers.answers[CPF] = ()
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        assert "No customer with this CPF. Checked HubSoft just now." in seen(app)
        assert app.screen.query_one(QuestionInput).value == CPF
        await pilot.press("enter")
        await settle(pilot)
        assert [refresh for _text, refresh, _label in hub.customers.asked] == [False, True]


async def test_invalid_input_is_explained_and_stays(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot, "86214941082")
        assert "!" in seen(app)
        assert "CPF" in seen(app)
        assert app.screen.query_one(QuestionInput).value == "86214941082"
        await look_up(pilot, "")
        assert "! " in seen(app)


@pytest.mark.parametrize(
    "error", [Unreachable("HubSoft does not answer (timed out)."), CredentialsRefused("Wrong password.")]
)
async def test_a_failure_says_its_own_sentence_and_hides_the_customer_before(hub, error):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        hub.customers.answers[OTHER] = error
        await look_up(pilot, OTHER)
        assert str(error) in seen(app)
        assert "BIANCA" not in "\n".join(seen(app).splitlines()[:-4])
        assert app.screen.query_one(QuestionInput).value == OTHER


async def test_a_fault_of_the_program_is_survived_and_reported(hub, tmp_path):
    hub.customers.answers[CPF] = KeyError("secret")
    async with console(hub, tmp=tmp_path) as (app, pilot, _hub):
        await look_up(pilot)
        assert "KeyError" in seen(app)
        assert len(list(tmp_path.iterdir())) == 1
        hub.customers.answers[CPF] = (BIANCA,)
        await pilot.press("enter")
        await settle(pilot)
        assert "BIANCA" in seen(app)


async def test_waiting_says_the_place_in_line_and_escape_cancels(hub):
    hub.customers.answers[CPF] = asyncio.get_running_loop().create_future()
    async with console(hub, ui=UiSettings(refresh_per_second=10, open_tickets=False)) as (app, pilot, _hub):
        await look_up(pilot)
        label = hub.customers.asked[-1][2]
        hub.show(waiting={label: Waiting(position=3, starts_in=4.0, passes=12)})
        await wait_for(pilot, lambda: "3rd in line" in seen(app))
        assert "starts in about 4 s" in seen(app)
        assert "before 12 background requests" in seen(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "Cancelled." in seen(app)
        assert app.screen.query_one(QuestionInput).value == CPF
        hub.customers.answers[CPF].set_result((BIANCA,))
        await settle(pilot)
        assert "BIANCA" not in seen(app)


async def test_a_late_answer_never_replaces_a_newer_one(hub):
    late = asyncio.get_running_loop().create_future()
    hub.customers.answers[CPF] = late
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        app.screen.query_one(QuestionInput).value = ""
        await look_up(pilot, OTHER)
        assert "GUILHERME" in seen(app)
        late.set_result((BIANCA,))
        await settle(pilot)
        assert "BIANCA" not in seen(app)


async def test_several_customers_make_a_list_to_choose_from_and_return_to(hub):
    hub.customers.answers["silva"] = lookup("silva", BIANCA, GUILHERME, truncated=True)
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot, "silva")
        assert "2 customers" in seen(app)
        assert "more may exist" in seen(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "INACTIVE" in seen(app)
        assert "code 7" in seen(app)
        assert hub.customers.remembered == [(OTHER, GUILHERME)]
        await pilot.press("escape")
        await settle(pilot)
        assert "2 customers" in seen(app)


async def test_letters_narrow_several_customers_and_enter_opens_what_is_left(hub):
    hub.customers.answers["silva"] = lookup("silva", BIANCA, GUILHERME)
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot, "silva")
        await pilot.press("g", "u", "i")
        await settle(pilot)
        assert "1 customer" in seen(app)
        assert "BIANCA" not in seen(app)
        await pilot.press("z")
        await settle(pilot)
        assert "Nothing matches" in seen(app)
        await pilot.press("backspace", "enter")
        await settle(pilot)
        assert "code 7" in seen(app)


async def test_the_customer_in_sight_is_not_among_those_before(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await look_up(pilot, OTHER)
        last = next(line for line in seen(app).splitlines() if "Recent" in line)
        assert "BIANCA" in last
        assert "GUILHERME" not in last


async def test_name_and_state_stay_while_the_rest_scrolls(hub):
    async with console(hub, size=(80, 20)) as (app, pilot, _hub):
        await look_up(pilot)
        for key in ("t", "i", "c", "o"):
            await pilot.press(key)
            await settle(pilot)
        await pilot.press("end")
        await settle(pilot)
        assert "COMBO" not in seen(app)
        assert "BIANCA COUTO   ● ACTIVE" in seen(app)


async def test_refresh_keeps_the_customer_in_sight_and_asks_hubsoft(hub):
    async with console(hub, ui=UiSettings(refresh_per_second=10, open_tickets=False)) as (app, pilot, _hub):
        await look_up(pilot)
        hub.customers.answers[CPF] = asyncio.get_running_loop().create_future()
        await pilot.press("r")
        await wait_for(pilot, lambda: "HubSoft has the question" in seen(app))
        assert "BIANCA" in seen(app)
        assert hub.customers.asked[-1][:2] == (CPF, True)
        hub.customers.answers[CPF].set_exception(Unreachable("No answer."))
        await settle(pilot)
        assert "BIANCA" in seen(app)
        await wait_for(pilot, lambda: "No answer." in seen(app))


async def test_reveal_is_recorded_first_shown_whole_and_hidden_again(hub):
    async with console(hub, ui=UiSettings(reveal_seconds=1.0, open_tickets=False)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("v")
        await settle(pilot)
        assert hub.customers.reveals == [BIANCA]
        assert "862.149.410-81" in seen(app)
        assert "(37) 99999-2968" in seen(app)
        await wait_for(pilot, lambda: "862.149.410-81" not in seen(app), rounds=1000)
        hub.customers.reveals = Unreachable("The audit trail cannot be written.")
        await pilot.press("v")
        await settle(pilot)
        assert "862.149.410-81" not in seen(app)
        await wait_for(pilot, lambda: "audit trail" in seen(app))


async def test_nothing_stays_revealed_when_the_screen_is_left_or_another_is_found(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("v")
        await settle(pilot)
        await pilot.press("f5")
        await wait_for(pilot, lambda: app.screen.AREA == "monitor")
        await pilot.press("f2")
        await wait_for(pilot, lambda: app.screen.AREA == "lookup")
        await settle(pilot)
        assert "BIANCA" in seen(app)
        assert "862.149.410-81" not in seen(app)
        await pilot.press("v")
        await settle(pilot)
        await look_up(pilot, OTHER)
        assert "***.982.247-**" in seen(app)


async def test_recent_customers_are_kept_in_line_and_looked_up_again(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await look_up(pilot, OTHER)
        assert "● BIANCA COUTO ***.149.410-**" in seen(app)
        await pilot.press("h", "enter")
        await settle(pilot)
        assert hub.customers.asked[-1][0] == CPF
        assert "code 1204" in seen(app)


async def test_hostile_text_is_shown_as_characters(hub):
    hostile = BIANCA.__class__(
        id=9,
        name="[red]x[/] [@click=app.quit]y[/] [/foo]",
        document=CPF,
        alerts=("[bold", "\x1b]52;c;eA==\x07 \u202egnp"),
        services=(BIANCA.services[0].__class__(id=1, name="[/]", status="[blink]"),),
    )
    hub.customers.answers[CPF] = (hostile,)
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        screen = seen(app)
        assert "[red]x[/] [@click=app.quit]y[/] [/foo]" in screen
        assert "[blink]" in screen
        assert "\x1b" not in screen
        assert "\u202e" not in screen


async def test_copy_says_what_went_and_masks_unless_revealed(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert "BIANCA COUTO" in app.clipboard
        assert "***.149.410-**" in app.clipboard
        await wait_for(pilot, lambda: "document masked" in seen(app))
        await pilot.press("v")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert "862.149.410-81" in app.clipboard


async def test_freeze_holds_the_view_says_since_when_and_the_strip_goes_on(hub):
    async with console(hub, ui=UiSettings(refresh_per_second=10, open_tickets=False)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("space")
        await settle(pilot)
        assert "FROZEN since" in seen(app)
        assert "space go on" in seen(app)
        hub.show(profile="elsewhere")
        await wait_for(pilot, lambda: "elsewhere" in seen(app))
        await pilot.press("space")
        await settle(pilot)
        assert "FROZEN" not in seen(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (60, 15)])
async def test_the_answer_is_in_sight_at_every_size(hub, size):
    async with console(hub, size=size) as (app, pilot, _hub):
        await look_up(pilot)
        for text in ("BIANCA COUTO", "● ACTIVE", "COMBO 500 MBPS", "from HubSoft"):
            assert text in seen(app), text
        assert all(len(line) <= size[0] for line in seen(app).splitlines())


async def test_trying_again_is_said_instead_of_a_place_in_line(hub):
    assert words.place_in_line(Waiting(1, 0.5, attempt=3)) == "HubSoft failed; attempt 3 follows."
    assert words.place_in_line(None, 7.9) == "HubSoft has the question. 7 s"

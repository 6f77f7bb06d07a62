"""Typing and pasting: what becomes a question, however fast it comes."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from hubsoft_tui.api.models import Customer
from tests.screens.fake import (
    BIANCA,
    CPF,
    GUILHERME,
    OTHER,
    console,
    look_up,
    seen,
    settle,
    wait_for,
)
from tests.virtual import run
from widgets.fields import QuestionInput


async def test_typing_says_what_it_is_recognised_as_and_enter_asks(hub):
    async with console(hub) as (app, pilot, _hub):
        await pilot.press("slash", *CPF[:10])
        assert not seen(app).splitlines()[3].rstrip().endswith("CPF")
        await pilot.press(CPF[10])
        await settle(pilot)
        assert seen(app).splitlines()[3].rstrip().endswith("CPF")
        await pilot.press("enter")
        await settle(pilot)
        assert "BIANCA" in seen(app)


async def test_pasting_on_the_result_looks_up_at_once(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        app.post_message(events.Paste("\n 529.982.247-25\x1b[0m\nrubbish"))
        await settle(pilot)
        assert hub.customers.asked[-1][0] == "529.982.247-25[0m"
        app.post_message(events.Paste(f"{OTHER}\n"))
        await settle(pilot)
        assert "GUILHERME" in seen(app)


async def test_ten_kilobytes_pasted_get_one_sentence(hub):
    async with console(hub) as (app, pilot, _hub):
        app.post_message(events.Paste("7" * 10_000))
        await pilot.press("enter")
        await settle(pilot)
        assert "! " in seen(app)


async def test_letters_act_after_escape_even_while_a_sentence_is_in_sight(hub):
    async with console(hub) as (app, pilot, _hub):
        await pilot.press("f5")
        await wait_for(pilot, lambda: app.screen.AREA == "monitor")


async def test_after_a_failure_what_is_typed_next_replaces_what_failed(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot, "86214941082")
        await pilot.press("slash", *CPF, "enter")
        await settle(pilot)
        assert "BIANCA" in seen(app)


def cpf(nine):
    """Return the CPF that begins with these nine digits."""
    for length in (9, 10):
        total = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(nine[:length]))
        nine += str(total * 10 % 11 % 10)
    return nine


DICTATED = [cpf(f"{first}30947284") for first in range(10)]


def people(hub):
    for number, document in enumerate(DICTATED):
        hub.customers.answers[document] = (
            Customer(id=100 + number, name=f"PERSON {number}", document=document),
        )


@pytest.mark.parametrize(
    ("pause", "numbers"), [(0.0, range(10)), (0.2, (1, 2)), (0.4, (3, 4)), (1.0, (5, 6)), (5.0, (7, 8))]
)
def test_documents_dictated_at_any_speed_are_looked_up_and_no_screen_changes(hub, pause, numbers):
    people(hub)

    async def story(clock):
        async with console(hub) as (app, pilot, _hub):
            for number in numbers:
                document = DICTATED[number]
                for place, digit in enumerate(document, 1):
                    await pilot.press(digit)
                    await clock.sleep(pause)
                    assert app.screen.AREA == "lookup"
                    assert app.screen.query_one(QuestionInput).value == document[:place]
                await pilot.press("enter")
                await wait_for(pilot, lambda shown=f"PERSON {number}  ": shown in seen(app))

    run(story)
    assert [text for text, _refresh, _label in hub.customers.asked] == [
        DICTATED[number] for number in numbers
    ]


async def test_a_lone_digit_begins_a_question_wherever_the_focus_is(hub):
    hub.customers.remembered = [(OTHER, GUILHERME), (CPF, BIANCA)]
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        for number, digit in enumerate("0123456789"):
            before = ([], ["h"], ["v"], ["t"])[number % 4]
            await pilot.press("escape", *before, digit)
            await settle(pilot)
            assert app.screen.AREA == "lookup"
            assert isinstance(app.focused, QuestionInput)
            assert app.focused.value == digit


@pytest.mark.parametrize("burst", [True, False])
async def test_typing_while_an_answer_is_awaited_begins_the_next_question(hub, burst):
    people(hub)
    first, second = DICTATED[3], DICTATED[4]
    later = asyncio.get_running_loop().create_future()
    known, hub.customers.answers[first] = hub.customers.answers[first], later
    async with console(hub) as (app, pilot, _hub):
        line = app.screen.query_one(QuestionInput)
        if burst:  # as a slow line delivers it: everything in one packet
            for key in (*first, "enter", *second[:4]):
                app.post_message(events.Key(key, "\r" if key == "enter" else key))
            await settle(pilot)
        else:
            await pilot.press(*first, "enter")
            await settle(pilot)
            await pilot.press(*second[:4])
        assert line.value == second[:4]
        later.set_result(known)
        await settle(pilot)
        assert line.value == second[:4], "an answer must not take what is typed along"
        assert app.focused is line
        await pilot.press(*second[4:], "enter")
        await wait_for(pilot, lambda: "PERSON 4" in seen(app))
        assert [text for text, _refresh, _label in hub.customers.asked] == [first, second]


async def test_a_paste_while_an_answer_is_awaited_is_the_next_question(hub):
    people(hub)
    hub.customers.answers[DICTATED[5]] = asyncio.get_running_loop().create_future()
    async with console(hub) as (app, pilot, _hub):
        for document in DICTATED[5:7]:
            app.post_message(events.Paste(document))
            await settle(pilot)
        await wait_for(pilot, lambda: "PERSON 6" in seen(app))
        assert [text for text, _refresh, _label in hub.customers.asked] == DICTATED[5:7]

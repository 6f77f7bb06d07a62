"""The verdict line in every scenario of the simulator, beside what is true there; and what holds besides."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from hubsoft_tui.core.types import (
    ApiState,
    Badges,
    BudgetState,
    ClassLoad,
    Health,
    Priority,
    RequestContext,
    SharedContact,
    SharedState,
    Snapshot,
)
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator.scenarios import SCENARIOS
from hubsoft_tui.texts import use
from tests.screens.builders import WALL, request, snapshot
from tests.services.alerts.scenario import MINUTE, play, settings
from tests.widgets.fixture import Stage, lines_of
from widgets.monitor.verdict import Level, VerdictLine, verdict

TRUTH = {
    "calm": (Level.WELL, r"All well: \d+ of 30 used, nobody waits, HubSoft answers in \d+ ms"),
    "busy": (Level.WELL, r"All well: \d+ of 30 used, nobody waits, HubSoft answers in \d+ ms"),
    "rate-limited": (
        Level.WATCH,
        (
            r"Waiting: HubSoft lowered the budget to 10: \d+ used, \d+ wait, the first goes in [\d minsec]+\. "
            r"Ask for less for a while; another program may use this login\."
        ),
    ),
    "slow": (
        Level.WATCH,
        r"Slow: HubSoft takes 6\.\d s to answer, nobody waits\. It is HubSoft, not this console: .+",
    ),
    "flaky": (
        Level.WATCH,
        r"Failing: \d+ of \d+ requests failed in 5 min, most: .+\. They are tried again; .+",
    ),
    "outage": (
        Level.BAD,
        r"Down: HubSoft has not answered since \d\d:\d\d(, next try in [\d min]+ s)?\. Lookups show what is .+",
    ),
    "token-revoked": (
        Level.WELL,
        r"All well: .+ HubSoft ended the login at \d\d:\d\d, it was renewed: nothing to do\.",
    ),
}
"""What holds in each scenario, as a level and the whole sentence: what is wrong, and what to do."""


@pytest.fixture(scope="module")
def simulator():
    with Simulator(customers=60, tickets=20, clock_rate=0, latency=(0.0, 0.0)) as simulator:
        yield simulator


async def weather(fixture, simulator, name, terms):
    """Let one operator work while the scenario holds, as it would be on a day like that."""
    await fixture.work(terms, MINUTE, every=10)
    simulator.set_scenario(name)
    if name == "slow":  # in virtual seconds: the simulator of the tests answers at once
        fixture.wire.latency = 6.0
    if name == "rate-limited":
        asking = [
            asyncio.create_task(
                fixture.ask(term, refresh=True, context=RequestContext(priority=Priority.LOW))
            )
            for term in terms
        ]
        await fixture.clock.sleep(MINUTE)
        return asking
    await fixture.work(terms, 4 * MINUTE, every=10, refresh=True)
    return []


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_verdict_alone_says_what_is_wrong(name, simulator, tmp_path) -> None:
    seen: list[Snapshot] = []

    async def scenario(fixture) -> None:
        asking = await weather(fixture, simulator, name, terms)
        seen.append(fixture.engine.snapshot())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    terms = [each.document for each in simulator.customers if len(each.document) == 11][:20]
    simulator.set_scenario("calm")
    play(settings(simulator, tmp_path), scenario)
    level, pattern = TRUTH[name]
    found = verdict(seen[0])
    assert re.fullmatch(pattern, found.sentence), found.sentence
    assert found.level is level


def lanes(*waiting, starts_in=0.0):
    return tuple(
        ClassLoad(count, cap=cap, starts_in=starts_in if count else 0.0)
        for count, cap in zip(waiting, (30, 28, 26, 22), strict=True)
    )


def budget(**fields):
    return BudgetState(**({"limit": 30, "configured": 30, "window": 60.0, "used": 12} | fields))


HELD = [
    (snapshot(budget=budget()), "All well: 12 of 30 used, nobody waits, HubSoft answers in 42 ms"),
    (
        snapshot(budget=budget(waiting_elsewhere=2)),
        "All well: 12 of 30 used, 2 wait, HubSoft answers in 42 ms",
    ),
    (
        snapshot(budget=budget(limit=21, used=12, others=9)),
        (
            "Others spend: another machine or program spends 9 a minute with this login, nobody waits. "
            "Machines share one budget through a server: set shared.url."
        ),
    ),
    (
        snapshot(budget=budget(limit=10, used=4)),
        (
            "Limited: HubSoft lowered the budget to 10: 4 used, nobody waits. "
            "Ask for less for a while; another program may use this login."
        ),
    ),
    (
        snapshot(budget=budget(paused_for=41.0, lanes=lanes(0, 1, 0, 0))),
        (
            "Waiting: HubSoft refused with 429 and wants a pause of 41 s, 1 waits. "
            "It goes on then; look whether another program uses this login."
        ),
    ),
    (
        snapshot(budget=budget(paused_for=41.0, lost=True)),
        "Waiting: the budget's file was lost, so nothing goes out for 41 s. Nothing to do: it goes on then.",
    ),
    (
        snapshot(budget=budget(used=28, lanes=lanes(0, 2, 1, 0, starts_in=12.0))),
        (
            "Waiting: the budget is used up, 28 of 30: 3 wait, the first goes in 12 s. "
            "See below who uses it; people go first."
        ),
    ),
    (
        snapshot(api=ApiState(Health.REFUSED, WALL)),
        (
            "No access: HubSoft has refused the login since 08:06. "
            "Correct the profile's credentials and open the console again."
        ),
    ),
    (snapshot(badges=Badges(outbox_asks=1)), "Attention: 1 write needs a decision. b opens the outbox."),
    (
        snapshot(badges=Badges(losses=2)),
        "Attention: 2 files were lost. ctrl+p, then lost files, names them.",
    ),
    (
        snapshot(budget=budget(shared=SharedState(SharedContact.SILENT))),
        (
            "Alone: shared server lost: nothing is sent. "
            "Look whether the server that the machines share runs: shared.url names it."
        ),
    ),
    (Snapshot(), "Ready: HubSoft was not asked anything yet"),
    (
        snapshot(api=ApiState(Health.OFFLINE, WALL, breaker_retry_in=59.0)),
        (
            "Down: HubSoft has not answered since 08:06, next try in 59 s. "
            "Lookups show what is remembered, writes wait; check the network if it lasts."
        ),
    ),
    (
        snapshot(api=ApiState(Health.SLOW, WALL, course=(6.0,)), budget=budget()),
        (
            "Slow: HubSoft takes 6.0 s to answer, nobody waits. "
            "It is HubSoft, not this console: what is remembered is shown at once."
        ),
    ),
    (
        snapshot(requests=[request(n, outcome="server_error", status=503) for n in range(3)], wall=WALL + 9),
        (
            "Failing: 3 of 3 requests failed in 5 min, most: HubSoft failed. "
            "They are tried again; tell HubSoft's support if it lasts."
        ),
    ),
]


@pytest.mark.parametrize(("held", "sentence"), HELD, ids=[sentence[:24] for _held, sentence in HELD])
def test_what_holds_is_one_sentence(held, sentence) -> None:
    assert verdict(held).sentence == sentence


def test_the_worst_that_holds_is_told() -> None:
    down = snapshot(
        api=ApiState(Health.OFFLINE, WALL, breaker_retry_in=9.0),
        budget=budget(limit=10),
        badges=Badges(losses=1),
    )
    assert verdict(down).head == "Down"
    assert "next try in 9 s" in verdict(down).why


def test_failures_count_for_five_minutes_only() -> None:
    failed = [request(number, outcome="timeout", status=None) for number in range(3)]
    soon = snapshot(requests=failed, wall=WALL + 10)
    assert verdict(soon).level is Level.WATCH
    assert verdict(replace(soon, wall=WALL + 400)).level is Level.WELL


def ended(outcomes):
    """Return requests that ended so, one a second: `.` well, `x` without an answer."""
    return [request(n, outcome="timeout" if each == "x" else "ok") for n, each in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "head"),
    [
        ("..xxxxxx", "Failing"),
        ("..xxxxxx..", "Failing"),
        ("..xxxxxx...", "All well"),
        ("x..x..x..x..x....", "Failing"),
        ("x..x..x..x..x........", "All well"),
    ],
)
def test_failures_are_over_when_hubsoft_answers_again_and_not_by_an_accident(outcomes, head) -> None:
    found = verdict(snapshot(requests=ended(outcomes), wall=WALL + 30))
    assert found.head == head
    if head == "All well":
        failed = f"{outcomes.count('x')} of {len(outcomes)} requests failed"
        assert re.fullmatch(rf"HubSoft answers again; until \d\d:\d\d {failed}\.", found.advice)


@pytest.mark.parametrize(("outcomes", "head"), [("....xxx", "Failing"), ("....xxxx", "Down")])
def test_an_outage_is_no_failing_though_an_answer_came_a_moment_ago(outcomes, head) -> None:
    api = ApiState(Health.OFFLINE, WALL, last_good=WALL)
    assert verdict(snapshot(api=api, requests=ended(outcomes), wall=WALL + 9)).head == head


@pytest.mark.parametrize("width", [78, 116, 196])
@pytest.mark.parametrize("language", ["en", "pt_BR"])
def test_no_verdict_is_cut_at_any_width(width, language) -> None:
    use(language)
    try:
        for held, _sentence in HELD:
            shown = VerdictLine()
            shown.show(held)
            drawn = shown.draw(width)
            assert len(drawn) == 2
            assert "…" not in drawn[0].plain + drawn[1].plain, drawn[0].plain + "|" + drawn[1].plain
    finally:
        use("en")


async def test_a_failure_grows_old_while_nothing_happens() -> None:
    now = [0.0]
    shown = VerdictLine(clock=lambda: now[0])
    async with Stage(shown).run_test(size=(100, 5)) as pilot:
        failed = [request(number, outcome="timeout", status=None) for number in range(3)]
        shown.show(snapshot(requests=failed, wall=WALL + 10))
        await pilot.pause()
        assert "Failing" in lines_of(shown)[0]
        now[0] = 400.0
        shown._grown_old()
        assert "All well" in lines_of(shown)[0]

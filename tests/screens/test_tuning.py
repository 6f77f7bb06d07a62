import asyncio
import re

import pytest
from typing_extensions import override

from hubsoft_tui import texts
from hubsoft_tui.core.types import Badges
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.tuning.curve import DATA, STATUS
from hubsoft_tui.services.tuning.service import Tuning
from hubsoft_tui.services.tuning.tunables import (
    RATE,
    ladder,
    read_value,
    rule_of,
    shape_of,
    tunable_keys,
)
from hubsoft_tui.services.tuning.types import (
    Difference,
    Forecast,
    Foretold,
    Moved,
    Shape,
    Tunable,
    Value,
    Waited,
    WaitForecast,
)
from hubsoft_tui.texts import say
from tests.screens.fake import FakeHub, console, seen, settle, wait_for
from tests.widgets.fixture import Repaints, lines_of
from widgets.line_widget import Drawn
from widgets.status_bar import StatusStrip
from widgets.tuning import StepLine, TunableTable


class FakeTuning(Tuning):
    """Every setting with its default; what is tried and saved is kept here."""

    def __init__(self) -> None:
        self.tried: dict[str, Value] = {}
        self.saved: dict[str, Value] = {}
        self.asked: list[tuple[str, float | None]] = []
        self.empty = False
        self.trouble: Exception | None = None
        self.moved: Moved | None = None

    @override
    async def tunables(self) -> tuple[Tunable, ...]:
        return tuple(self._shown(key) for key in tunable_keys())

    def _shown(self, key: str) -> Tunable:
        default, rule = rule_of(key)
        saved = self.saved.get(key, default)
        moved = self.moved if key == DATA else None
        live = not key.startswith("http.")
        return Tunable(
            key, rule, shape_of(key), default, saved, self.tried.get(key), ladder(key), moved=moved, live=live
        )

    @override
    async def forecast(self, key: str, also: float | None = None) -> Forecast | WaitForecast | None:
        self.asked.append((key, also))
        if self.trouble is not None:
            raise self.trouble
        if shape_of(key) is Shape.LIMITER:
            return _waits(key)
        if shape_of(key) is not Shape.LIFETIME:
            return None
        now = self.tried.get(key, self.saved.get(key, rule_of(key)[0]))
        values = sorted({*ladder(key), now, also or now})
        points = tuple(
            Foretold(value, 600 - place * 10, place / 40, value / 2, value, place / 1000)
            for place, value in enumerate(values)
        )
        questions = 0 if self.empty else 31_204
        return Forecast(key, points, now, now, questions, 14.0, 21_600.0, say("Because."), target=0.01)

    @override
    async def try_(self, key: str, value: str | Value) -> Value:
        self.tried[key] = read_value(key, value)
        return self.tried[key]

    @override
    async def revert(self, key: str | None = None) -> None:
        self.tried.pop(key or "", None)

    @override
    async def diff(self) -> tuple[Difference, ...]:
        return tuple(Difference(key, None, value) for key, value in self.tried.items())

    @override
    async def save(self) -> tuple[Difference, ...]:
        changes = await self.diff()
        self.saved |= self.tried
        self.tried.clear()
        return changes

    @override
    async def undo(self) -> tuple[Difference, ...]:
        if not self.saved:
            raise InvalidInput(say("Nothing was saved here, so there is nothing to undo."))
        key, value = self.saved.popitem()
        return (Difference(key, value, None),)


def _waits(key: str) -> WaitForecast:
    points = tuple(
        Waited(float(rate), (0.0,) * 4, (0.0, 60.0 / rate, 0.0, 900.0 / rate), (0.0,) * 4)
        for rate in (10, 20, 30, 60)
    )
    return WaitForecast(key, points, 30.0, (0, 800, 0, 400), 5.0)


class TuningHub(FakeHub):
    def __init__(self) -> None:
        super().__init__()
        self.tuning = FakeTuning()
        self.offer(tuning=self.tuning)


@pytest.fixture
def hub():
    return TuningHub()


def opened(hub, size=(120, 36)):
    return console(hub, size=size)


async def go(pilot, *keys, until="setting"):
    await pilot.press("f6")
    await wait_for(pilot, lambda: "▸ " in seen(pilot.app))
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    await wait_for(pilot, lambda: until in seen(pilot.app))
    await settle(pilot)
    return seen(pilot.app)


async def test_the_curve_of_the_chosen_setting_with_what_holds_and_what_is_recommended(hub):
    async with opened(hub) as (_app, pilot, _hub):
        text = await go(pilot, until="from 31,204 answered questions")
        assert re.search(r"▸ customer data +30 min +30 min", text)
        assert "requests a day" in text
        assert "answers from memory that had changed" in text
        assert re.search(r"● now +30 min", text)
        assert re.search(r"◆ recommended 6 h", text)
        assert "Because." in text
        assert re.search(r"1 min +10 min +1 h +6 h +1 d +7 d", text)


async def test_looking_changes_nothing_and_trying_holds_at_once(hub):
    async with opened(hub) as (_app, pilot, _hub):
        text = await go(pilot, "right", "right", until="looked at")
        assert re.search(r"▲ looked at +1 h", text)
        assert hub.tuning.tried == {}
        await pilot.press("a")
        await wait_for(pilot, lambda: hub.tuning.tried == {DATA: 3600.0})
        await wait_for(pilot, lambda: re.search(r"● now +1 h", seen(pilot.app)))
        assert re.search(r"customer data +30 min +30 min +1 h", seen(pilot.app))


async def test_saving_shows_the_change_first_and_can_be_left(hub):
    async with opened(hub) as (_app, pilot, _hub):
        await go(pilot, "down", "right", "a", until="in this console")
        await pilot.press("s")
        await wait_for(pilot, lambda: "+ cache.contract_status_ttl = 21600" in seen(pilot.app))
        await pilot.press("escape")
        await settle(pilot)
        assert hub.tuning.saved == {}
        await pilot.press("s")
        await wait_for(pilot, lambda: "21600" in seen(pilot.app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: hub.tuning.saved == {STATUS: 21_600.0})
        await pilot.press("u")
        await wait_for(pilot, lambda: hub.tuning.saved == {})
        await pilot.press("u")
        await wait_for(pilot, lambda: "nothing to undo" in seen(pilot.app))
        await pilot.press("s")
        await wait_for(pilot, lambda: "nothing to save" in seen(pilot.app))


async def test_a_value_can_be_typed_and_a_wrong_one_is_refused_with_what_is_allowed(hub):
    async with opened(hub) as (_app, pilot, _hub):
        await go(pilot, "enter", "8", "space", "h", "enter", until="8 h holds now")
        assert hub.tuning.tried == {DATA: 28_800.0}
        await pilot.press("enter", *"ten", "enter")
        await wait_for(pilot, lambda: "is not a length of time" in seen(pilot.app))
        assert hub.tuning.tried == {DATA: 28_800.0}
        assert pilot.app.focused.value == "ten"
        assert "enter confirm" in seen(pilot.app)
        await pilot.press("9", "escape")
        await settle(pilot)
        assert hub.tuning.tried == {DATA: 28_800.0}
        assert isinstance(pilot.app.focused, TunableTable)


async def test_default_recommended_revert_and_back(hub):
    async with opened(hub) as (_app, pilot, _hub):
        assert re.search(r"▲ looked at +6 h", await go(pilot, "w", until="looked at"))
        await pilot.press("escape")
        await wait_for(pilot, lambda: "looked at" not in seen(pilot.app))
        await pilot.press("w", "a")
        await wait_for(pilot, lambda: hub.tuning.tried == {DATA: 21_600.0})
        await wait_for(pilot, lambda: re.search(r"● now +6 h", seen(pilot.app)))
        await pilot.press("d")
        await wait_for(pilot, lambda: re.search(r"▲ looked at +30 min", seen(pilot.app)))
        await pilot.press("x")
        await wait_for(pilot, lambda: hub.tuning.tried == {})


async def test_a_rate_shows_who_would_wait_and_other_settings_what_they_do(hub):
    async with opened(hub) as (_app, pilot, _hub):
        keys = tunable_keys()
        text = await go(pilot, *["down"] * keys.index(RATE), until="19 in 20 requests")
        assert re.search(r"● 30 +– +2.0 s +– +30 s", text)
        assert re.search(r" 10 +– +6.0 s +– +1 min 30 s", text)
        await pilot.press(*["down"] * (keys.index("retry.max_retries") - keys.index(RATE)))
        await wait_for(pilot, lambda: "Nothing can be foretold" in seen(pilot.app))
        assert "How often a request that failed is repeated." in seen(pilot.app)
        await pilot.press("end")
        await wait_for(pilot, lambda: "next start" in seen(pilot.app) or keys[-1] in seen(pilot.app))


async def test_an_empty_trace_says_what_to_do(hub):
    hub.tuning.empty = True
    async with opened(hub) as (_app, pilot, _hub):
        assert "Look customers up" in await go(pilot, until="Nothing to foretell from")


async def test_trouble_with_the_trace_is_said_and_the_settings_stay(hub):
    hub.tuning.trouble = InvalidInput(say("The file {path} is damaged.", path="trace.db"))
    async with opened(hub) as (_app, pilot, _hub):
        text = await go(pilot, until="trace.db is damaged")
        assert "customer data" in text


async def test_what_self_tuning_did_is_in_sight(hub):
    hub.tuning.moved = Moved(1_795_000_000.0, 900.0, None, "why")
    async with opened(hub) as (_app, pilot, _hub):
        await go(pilot, until="Self-tuning moved it")
        told = " ".join(line.strip() for line in lines_of(pilot.app.screen.query_one(StepLine)))
        assert "from 15 min to 30 min." in told


async def test_another_consoles_saving_is_taken_over_and_nothing_else_repaints(hub, monkeypatch):
    async with opened(hub) as (app, pilot, _hub):
        await go(pilot, until="31,204")
        widgets = [each for each in app.screen.query(Drawn) if not isinstance(each, StatusStrip)]
        watched = [Repaints(widget, monkeypatch) for widget in widgets]
        hub.show(questions_today=5)
        app._tick()
        await settle(pilot)
        assert [repaints.take() for repaints in watched if repaints.regions] == []
        hub.tuning.saved[DATA] = 7200.0
        hub.show(badges=Badges(versions={"tuning": 1}))
        app._tick()
        await wait_for(pilot, lambda: re.search(r"customer data +30 min +2 h", seen(app)))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
@pytest.mark.parametrize("language", ["en", "pt_BR"])
async def test_everything_has_room_in_both_languages(hub, size, language):
    texts.use(language)
    try:
        async with opened(hub, size) as (app, pilot, _hub):
            await go(pilot, "right", until="31")
            inside = app.screen.region
            panels = [app.screen.query_one(kind) for kind in (TunableTable, StepLine)]
            panels.append(app.screen.query_one("#tuning-forecast"))
            for index, panel in enumerate(panels):
                assert inside.contains_region(panel.region)
                assert panel.region.area > 0
                assert not any(panel.region.overlaps(other.region) for other in panels[index + 1 :])
            assert "▲" in seen(app)
            assert "◆" in seen(app)
    finally:
        texts.use("en")


async def test_leaving_while_the_trace_is_read_is_no_error(hub):
    waiting = asyncio.get_running_loop().create_future()

    async def never(_key, _also=None):
        return await waiting

    hub.tuning.forecast = never
    async with opened(hub) as (_app, pilot, _hub):
        await go(pilot, until="Reading the trace")
        await pilot.press("f2")
        await settle(pilot)

from dataclasses import replace

import pytest
from rich.cells import cell_len

from hubsoft_tui.core.types import (
    ApiState,
    Badges,
    BudgetState,
    CacheState,
    Category,
    CategoryStats,
    ClassLoad,
    Health,
    Snapshot,
    TokenState,
)
from tests.widgets.fixture import Repaints, Stage, lines_of
from widgets.status_bar import StatusStrip, gauge, health_mark

SNAPSHOT = Snapshot(
    serial=1,
    profile="main",
    host="api.provedor.example",
    budget=BudgetState(30, 30, 60.0, 23, lanes=(ClassLoad(), ClassLoad(), ClassLoad(1), ClassLoad(3))),
    cache=CacheState(categories={Category.CLIENT_DATA: CategoryStats(hits=91, misses=9)}),
    api=ApiState(Health.ONLINE, p50=0.042),
    token=TokenState(True, 29 * 86400.0),
)


async def shown(width, snapshot=SNAPSHOT, **badges):
    strip = StatusStrip(wall=lambda: 1_700_000_000.0)
    async with Stage(strip).run_test(size=(width, 5)) as pilot:
        await pilot.pause()
        strip.show(replace(snapshot, badges=Badges(**badges)))
        (text,) = lines_of(strip)
        assert cell_len(text) == width
        return text


async def test_at_140_everything_is_there():
    text = await shown(140, outbox=2)
    for part in (
        "main",
        "api.provedor.example",
        "● Online 42 ms",
        "23/30",
        "queue 4",
        "hit, session 91%",
        "outbox 2",
        "token 29 d",
    ):
        assert part in text


async def test_at_80_what_matters_is_there():
    text = await shown(80, outbox=2)
    for part in ("main", "● Online", "23/30", "queue 4", "token 29 d"):
        assert part in text
    assert "provedor" not in text
    assert "hit" not in text  # whose window is not named is not shown
    assert "api.provedor.example" in await shown(120, outbox=2)


async def test_without_an_outbox_there_is_no_word_of_it():
    assert "outbox" not in await shown(200)


async def test_what_waits_for_a_person_stays_even_where_there_is_little_room():
    text = await shown(80, outbox=2, outbox_asks=1, alerts=3)
    assert "outbox 2!" in text
    assert "3 alerts" in text
    assert "alert" not in await shown(200, outbox=0)


@pytest.mark.parametrize("health", list(Health))
def test_every_health_has_its_own_sign_and_word(health):
    others = [health_mark(other)[:2] for other in Health if other is not health]
    assert health_mark(health)[:2] not in others


async def test_a_pause_shows_what_is_left_of_it():
    limited = replace(
        SNAPSHOT, api=ApiState(Health.LIMITED), budget=replace(SNAPSHOT.budget, paused_for=23.4)
    )
    assert "▲ Limited 23 s" in await shown(80, limited)


async def test_parts_keep_their_place_when_numbers_change():
    later = replace(SNAPSHOT, api=ApiState(Health.ONLINE, p50=0.9), budget=replace(SNAPSHOT.budget, used=4))
    before, after = await shown(120), await shown(120, later)
    for part in ("queue", "hit", "token"):
        assert before.index(part) == after.index(part)


@pytest.mark.parametrize(
    "answered",
    [
        ApiState(Health.ONLINE, p50=0.042),
        ApiState(Health.SLOW, p50=2.1),
        ApiState(Health.OFFLINE, since=1.7e9),
    ],
)
async def test_the_first_answer_moves_no_part_of_the_strip(answered):
    first = replace(SNAPSHOT, api=ApiState(), token=TokenState())
    before, after = await shown(120, first), await shown(120, replace(first, api=answered))
    for part in ("▯", "queue", "hit", "token"):
        assert before.index(part) == after.index(part)


@pytest.mark.parametrize(
    ("used", "limit", "filled"), [(0, 30, 0), (1, 600, 1), (599, 600, 7), (30, 30, 8), (40, 30, 8), (5, 0, 0)]
)
def test_the_gauge_is_full_or_empty_only_when_it_is(used, limit, filled):
    full, empty = gauge(used, limit, 8)
    assert (len(full), len(full) + len(empty)) == (filled, 8)


async def test_silent_when_equal_and_while_the_minute_lasts(monkeypatch):
    now = [1_700_000_000.0 - 1_700_000_000.0 % 60]
    strip = StatusStrip(wall=lambda: now[0])
    async with Stage(strip).run_test(size=(120, 5)) as pilot:
        strip.show(SNAPSHOT)
        await pilot.pause()
        repaints = Repaints(strip, monkeypatch)
        now[0] += 59
        strip.show(replace(SNAPSHOT, serial=2))
        assert repaints.take() == []
        now[0] += 1
        strip.redraw()
        (region,) = repaints.take()
        assert region.width <= 5


async def test_an_unknown_colour_is_the_themes():
    strip = StatusStrip(color="no such colour")
    async with Stage(strip).run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        known = strip.render_line(0)
        strip.color = "#ff0000"
        assert strip.color == "#ff0000"
        assert strip.render_line(0) != known
        assert strip.render_line(0).text == known.text

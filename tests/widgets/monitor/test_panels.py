from dataclasses import replace

import pytest

from hubsoft_tui.core.types import (
    ApiState,
    BreakerState,
    CacheState,
    Category,
    CategoryStats,
    ClassLoad,
    Health,
    TokenState,
)
from hubsoft_tui.services.reports.figures import Sums
from tests.widgets.fixture import Repaints, Stage, at_hubsoft, lines_of
from widgets.monitor.panels import ApiPanel, CachePanel, QueuePanel, SavedPanel, TokenPanel, pair

NOW = at_hubsoft(2026, 11, 23, 14, 2, 0)
API = ApiState(
    Health.ONLINE,
    since=at_hubsoft(2026, 11, 23, 9, 12, 0),
    p50=0.042,
    p95=0.18,
    course=(0.04, 0.18),
    error_ratio=0.002,
    error_window=100,
    last_good=NOW - 2,
)


async def shown(panel, *values, width=60, height=12):
    panel.styles.height = height
    async with Stage(panel).run_test(size=(width, height)) as pilot:
        await pilot.pause()
        panel.show(*values)
        return "\n".join(lines_of(panel))


async def test_api_tells_state_latency_and_last_answer_as_times_of_day():
    text = await shown(ApiPanel(), API, NOW, height=6)
    for part in (
        "● Online",
        "since 09:12",
        "p50 42 ms",
        "p95 180 ms",
        "errors (last 100) 0.2%",
        "429 none",
        "breaker ok",
        "last good 14:01",
    ):
        assert part in text
    assert "▃█" in text


@pytest.mark.parametrize(("width", "told"), [(37, "last 14 answers"), (16, "API  last 14 an…")])
def test_what_stands_at_the_right_begins_earlier_where_it_is_long_and_is_never_cut_unmarked(width, told):
    text = pair("API", "last 14 answers", width).plain
    assert text.endswith(told)
    assert len(text) <= width
    assert pair("API", "14", width).plain.index("14") == width // 2


async def test_api_is_silent_while_only_time_passes(monkeypatch):
    panel = ApiPanel()
    panel.styles.height = 6
    async with Stage(panel).run_test(size=(60, 8)) as pilot:
        panel.show(API, NOW)
        await pilot.pause()
        repaints = Repaints(panel, monkeypatch)
        panel.show(API, NOW + 50)
        assert repaints.take() == []


@pytest.mark.parametrize("height", [6, 9])
async def test_a_reason_is_shown_before_the_course_and_all_of_it_fits(height):
    why = "HubSoft cannot be reached: the name api.provedor.example was not resolved."
    down = replace(API, health=Health.OFFLINE, breaker=BreakerState.OPEN, breaker_retry_in=12.3, reason=why)
    text = await shown(ApiPanel(), down, NOW, width=42, height=height)
    assert why in " ".join(text.split())
    assert text.splitlines()[-1].startswith("breaker open, 12 s")
    assert ("p50" in text) == (height == 9)


@pytest.mark.parametrize("width", [20, 36])
async def test_a_long_reason_never_pushes_the_last_line_out(width):
    down = replace(API, health=Health.OFFLINE, reason="word " * 40)
    lines = (await shown(ApiPanel(), down, NOW, width=width, height=6)).splitlines()
    assert lines[4].rstrip().endswith("…")
    assert lines[5].startswith("breaker ok")


async def test_api_says_why_and_when_it_tries_again():
    down = replace(
        API,
        health=Health.OFFLINE,
        breaker=BreakerState.OPEN,
        breaker_retry_in=12.3,
        reason="No route.",
        rate_limited=2,
    )
    text = await shown(ApiPanel(), down, NOW)
    for part in ("✖ Offline", "open, 12 s", "No route.", "2 times"):
        assert part in text


async def test_cache_shows_each_category_and_dashes_where_nothing_was_asked():
    stats = CategoryStats(hits=86, misses=14, stale=0, course=(0.5, 0.91))
    cache = CacheState(412, 1000, 7, {Category.CLIENT_DATA: stats})
    text = await shown(CachePanel(), cache, height=5)
    lines = text.splitlines()
    assert lines[1].split()[-3:] == ["100", "86%", "91%"]
    assert "86%" in lines[1]
    assert lines[2].split()[-3:] == ["–", "–", "–"]
    assert "412 of 1,000 records" in lines[4]
    assert "evicted 7" in lines[4]


async def test_queue_shows_who_waits():
    lanes = (ClassLoad(), ClassLoad(wait_p95=0.1), ClassLoad(1, 0.4, 26, 1.9), ClassLoad(3, 5.1, 22, 6.3))
    lines = (await shown(QueuePanel(), lanes, height=5)).splitlines()
    assert lines[1].split() == ["CRITICAL", "0", "–", "0.0", "s"]
    assert lines[4].split() == ["LOW", "3", "5.1", "s", "6.3", "s"]


@pytest.mark.parametrize(
    ("total", "part"),
    [
        (Sums(), "no question asked yet"),
        (Sums(questions=1204, requests=88, saved=1116), "92.7%  88 requests, not 1,204"),
        (Sums(questions=3, requests=40, saved=960), "96.0%  40 requests, not 1,000"),
        (Sums(questions=1, requests=1), "0%  1 request, not 1"),
        (Sums(questions=1, requests=3, saved=-1), "0%"),
    ],
)
async def test_saved_is_what_the_report_counts(total, part):
    assert part in await shown(SavedPanel(), total, width=80, height=1)


@pytest.mark.parametrize(
    ("token", "part"),
    [
        (TokenState(), "none yet"),
        (TokenState(True, 29 * 86400.0, NOW - 10), "good for 29 d   since 14:01"),
        (TokenState(True, 30.0), "less than 1 min"),
    ],
)
async def test_token(token, part):
    assert part in await shown(TokenPanel(), token, NOW, height=1)

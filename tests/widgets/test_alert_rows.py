from dataclasses import replace

import pytest

from hubsoft_tui import texts
from hubsoft_tui.settings.alerts import RULES
from hubsoft_tui.store.alerts import Alert
from tests.widgets.fixture import Repaints, Stage, at_hubsoft, lines_of
from widgets.alert_rows import (
    AlertDetail,
    AlertsPanel,
    AlertTable,
    alert_mark,
    alert_title,
    filled_columns,
    value_text,
)

NOW = at_hubsoft(2026, 11, 23, 14, 2, 0)
QUEUE = Alert(3, "queue_full", 0.85, 0.97, 0.8, NOW - 600)
DOWN = Alert(4, "api_down", 1.0, 1.0, 1.0, NOW - 60)
DISK = Alert(2, "disk_low", 412.0, 380.0, 500.0, NOW - 90_000, NOW - 89_000)
LIMITED = Alert(1, "rate_limited", 2.0, 2.0, 1.0, NOW - 200_000, NOW - 100_000, NOW - 150_000)


async def shown(widget, *values, size=(80, 36)):
    async with Stage(widget).run_test(size=size) as pilot:
        widget.show(*values)
        await pilot.pause()
        return lines_of(widget)


async def test_nothing_open_is_one_quiet_line_that_remembers_the_last():
    assert (await shown(AlertsPanel(), (), NOW))[0].split("  ")[-1].strip() == ""
    assert "none open" in (await shown(AlertsPanel(), (), NOW))[0]
    lines = await shown(AlertsPanel(), (DISK, LIMITED), NOW)
    assert len(lines) == 1
    assert "none open · last: Disk nearly full, 22/11 13:02 to 22/11 13:18" in lines[0]


async def test_what_is_open_stands_with_value_worst_and_since():
    lines = await shown(AlertsPanel(), (DOWN, replace(QUEUE, acknowledged_at=NOW), DISK), NOW)
    assert "✖ HubSoft does not answer   since 14:01" in lines[0]
    assert lines[1].strip() == "▲ Queue nearly full   85%, worst 97%   since 13:52   seen"
    assert len(lines) == 2


@pytest.mark.parametrize(("size", "count"), [((80, 24), 1), ((120, 36), 3), ((200, 60), 6)])
async def test_it_takes_the_lines_the_terminal_has_and_says_how_many_more_there_are(size, count):
    alerts = tuple(replace(QUEUE, id=number, rule=rule.id) for number, rule in enumerate(RULES[:4]))
    lines = await shown(AlertsPanel(), (*alerts, DISK, LIMITED), NOW, size=size)
    assert len(lines) == count
    more = {1: "and 3 more", 3: "and 1 more", 6: "HubSoft limits our requests   2 times"}[count]
    assert more in lines[-1]


async def test_only_what_changes_is_painted(monkeypatch):
    panel = AlertsPanel()
    async with Stage(panel).run_test(size=(80, 36)) as pilot:
        panel.show((QUEUE,), NOW)
        await pilot.pause()
        repaints = Repaints(panel, monkeypatch)
        panel.show((QUEUE,), NOW + 5)
        assert repaints.take() == []
        panel.show((replace(QUEUE, worst=0.99),), NOW + 5)
        assert [(region.height, region.width < 10) for region in repaints.take()] == [(1, True)]


@pytest.mark.parametrize(
    ("alert", "text"),
    [(QUEUE, "85%"), (DOWN, ""), (DISK, "412 MB"), (LIMITED, "2 times")],
)
def test_values_are_in_their_unit(alert, text):
    assert value_text(alert, alert.value) == text
    assert value_text(replace(QUEUE, rule="wait_long"), 75.0) == "1 min 15 s"
    assert value_text(replace(QUEUE, rule="api_slow"), 5.25) == "5.2 s"


def test_every_state_says_so_by_sign_and_word():
    states = (DOWN, QUEUE, replace(QUEUE, acknowledged_at=NOW), DISK)
    assert [alert_mark(each)[:2] for each in states] == [
        ("✖", "open"),
        ("▲", "open"),
        ("▲", "seen"),
        ("✓", "over"),
    ]


async def test_a_rule_of_another_version_is_named_and_breaks_nothing():
    strange = replace(QUEUE, rule="moon_full")
    assert alert_title(strange) == "moon_full"
    assert any("moon_full" in each for each in await shown(AlertDetail(), strange, NOW, size=(80, 24)))
    assert "moon_full" in (await shown(AlertsPanel(), (strange,), NOW))[0]


async def test_the_detail_says_what_to_do_and_how_long_it_was():
    text = "\n".join(await shown(AlertDetail(), DISK, NOW))
    for part in (
        "✓ Disk nearly full   over",
        "Free some space.",
        "22/11 13:02 to 22/11 13:18   (16 min 40 s)",
        "412 MB, worst 380 MB   (limit 500 MB)",
        "disk_low   (config.toml, [alerts])",
    ):
        assert part in text
    assert "Seen" in "\n".join(await shown(AlertDetail(), LIMITED, NOW))
    assert "No alert is chosen." in (await shown(AlertDetail(), None, NOW))[0]


@pytest.mark.parametrize("width", [80, 120])
async def test_the_list_is_readable_in_both_languages(width):
    for language, state in (("en", "▲ seen"), ("pt_BR", "▲ visto")):
        try:
            texts.use(language)
            table = AlertTable(now=NOW, empty="")
            every = [replace(QUEUE, id=9 + number, rule=rule.id) for number, rule in enumerate(RULES)]
            async with Stage(table).run_test(size=(width, len(RULES) + 4)) as pilot:
                table.set_rows((replace(QUEUE, acknowledged_at=NOW), DISK, *every))
                await pilot.pause()
                lines = lines_of(table)
            assert state in lines[1]
            assert "85%" in lines[1]
            assert len([each for each in lines if each.strip()]) == len(RULES) + 3
            assert all("…" not in each for each in lines)
        finally:
            texts.use("en")


def test_a_column_without_anything_to_say_is_left_out():
    assert filled_columns((DOWN,)) == ["state", "title", "opened"]
    assert filled_columns((QUEUE,)) == ["state", "title", "value", "worst", "limit", "opened"]
    assert filled_columns((DOWN, DISK)) == [
        "state", "title", "value", "worst", "limit", "opened", "cleared",
    ]  # fmt: skip

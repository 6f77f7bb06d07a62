import pytest

from hubsoft_tui import texts
from hubsoft_tui.core.types import Priority
from hubsoft_tui.screens.requests import RequestsScreen, RequestSummary
from tests.screens.builders import Stand, request, snapshot
from tests.widgets.fixture import lines_of
from widgets.fields import FilterLine
from widgets.monitor.request_rows import RequestDetail, RequestTable, request_columns, request_text

REQUESTS = (
    request(1, operation="token", path="oauth/token", caller="token"),
    request(2, status=401, outcome="401", priority=Priority.LOW),
    request(3, status=None, outcome="timeout", latency=30.0, error="HubSoft did not answer within 30 s."),
    request(4, status=200, outcome="not_found", attempt=2),
    request(5, status=None, outcome="", latency=None, size=0),
)


class Shown:
    """A requests screen with the requests above."""

    def __init__(self, size=(120, 36), requests=REQUESTS):
        self.screen = RequestsScreen()
        self.app = Stand(self.screen)
        self._size, self._requests = size, requests

    async def __aenter__(self):
        self._test = self.app.run_test(size=self._size)
        self.pilot = await self._test.__aenter__()
        self.screen.tick(snapshot(1, self._requests))
        await self.pilot.pause()
        return self

    async def __aexit__(self, *error):
        await self._test.__aexit__(*error)

    @property
    def table(self):
        return self.screen.query_one(RequestTable)

    def text(self, kind):
        return "\n".join(lines_of(self.screen.query_one(kind)))


async def test_each_request_is_a_line_the_newest_last_and_followed():
    async with Shown() as shown:
        lines = shown.text(RequestTable).splitlines()
        assert "oauth/token" in lines[1]
        assert "▲ login expired" in lines[2]
        assert "✖ no answer in time" in lines[3]
        assert "×2 cliente?busca=cpf_cnpj&termo_busca=***  " in lines[4]
        assert "… waiting for HubSoft" in lines[5]
        assert lines[5].startswith("▸")
        assert "following" in shown.text(RequestSummary)
        shown.screen.tick(snapshot(2, (*REQUESTS[:-1], request(5), request(6))))
        assert shown.table.selected == "6"


async def test_a_cursor_moved_off_holds_its_request_and_f_follows_again():
    async with Shown() as shown:
        await shown.pilot.press("up")
        shown.screen.tick(snapshot(2, (*REQUESTS, request(6), request(7))))
        assert shown.table.selected == "4"
        assert "holding" in shown.text(RequestSummary)
        await shown.pilot.press("o", "f")
        await shown.pilot.pause()
        assert shown.table.selected == "7"
        assert "following" in shown.text(RequestSummary)


async def test_filter_as_one_types_and_escape_step_by_step():
    async with Shown() as shown:
        assert not shown.screen.check_action("close", ())  # there is nothing to close
        await shown.pilot.press("slash", *"time", "enter")
        await shown.pilot.pause()
        assert [row.id for row in shown.table.rows] == [3]
        assert "1 matches /time" in shown.text(RequestSummary)
        assert shown.table.has_focus
        await shown.pilot.press("enter")
        assert shown.screen.has_class("-details")
        assert shown.screen.check_action("close", ())
        await shown.pilot.press("escape")
        assert not shown.screen.has_class("-details")
        assert len(shown.table.rows) == 1
        await shown.pilot.press("escape")
        await shown.pilot.pause()
        assert len(shown.table.rows) == len(REQUESTS)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_details_tell_everything_and_go_with_the_cursor(size):
    async with Shown(size) as shown:
        await shown.pilot.press("up", "up", "enter")
        await shown.pilot.pause()
        text = shown.text(RequestDetail)
        for part in (
            "Request 3",
            "HIGH, a person is waiting",
            "no answer in time",
            "30 s",
            "lookup",
            "termo_busca=***",
        ):
            assert part in text
        assert "HubSoft did not answer within 30 s." in " ".join(text.split())
        await shown.pilot.press("up")
        await shown.pilot.pause()
        assert "Request 2" in shown.text(RequestDetail)
        assert shown.table.size.height >= 5


async def test_copy_takes_the_line_under_the_cursor():
    async with Shown() as shown:
        await shown.pilot.press("up", "up", "y")
        ((what, text),) = shown.app.copies
        assert "no answer in time" in what
        assert "HubSoft did not answer within 30 s." in text


async def test_with_nothing_sent_it_says_what_to_do():
    async with Shown(requests=()) as shown:
        assert "Look somebody up" in shown.text(RequestTable)
        await shown.pilot.press("enter", "y", "f", "o", "O", "escape")
        assert shown.app.copies == []


async def test_frozen_nothing_changes():
    async with Shown() as shown:
        await shown.pilot.press("space")
        shown.screen.tick(snapshot(2, (*REQUESTS, request(6))))
        assert shown.table.rows.total == len(REQUESTS)
        await shown.pilot.press("space")
        shown.screen.tick(snapshot(2, (*REQUESTS, request(6))))
        assert shown.table.rows.total == len(REQUESTS) + 1


async def test_another_language_keeps_the_keys_on_the_table():
    async with Shown() as shown:
        await shown.pilot.press("slash", *"time")
        await shown.screen.relabel()
        shown.screen.tick(snapshot(2, REQUESTS))
        await shown.pilot.press("up")
        assert shown.table.has_focus
        assert not shown.screen.query_one(FilterLine).display
        assert shown.table.selected == "4"


@pytest.mark.parametrize(("width", "whole"), [(80, False), (120, True), (200, True)])
async def test_the_path_is_whole_where_there_is_room(width, whole):
    async with Shown(size=(width, 30)) as shown:
        lines = shown.text(RequestTable).splitlines()
        assert ("busca=cpf_cnpj&termo_busca=*** " in lines[1] + lines[4]) is whole
        assert ("customer.find" in lines[4]) is (width != 120)


async def test_two_keys_find_the_slow_one():
    async with Shown() as shown:
        await shown.pilot.press("l")
        table = shown.screen.query_one(RequestTable)
        slowest = max(table.rows, key=lambda row: row.latency or 0.0)
        assert table.item == slowest


def test_who_asked_is_told_and_found_in_the_language_of_the_screen():
    texts.use("pt_BR")
    sync = request(1, caller="sync")
    caller = next(column for column in request_columns() if column.key == "caller")
    assert caller.cell(sync) == "sincronização"
    assert "sincronização" in request_text(sync)
    assert "sync" in request_text(sync)
    assert caller.cell(request(2, caller="a bot")) == "a bot"

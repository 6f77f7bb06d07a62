"""The check-up screen: by keyboard alone, silent while nothing changes, documents masked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hubsoft_tui import texts
from hubsoft_tui.errors import Unreachable
from hubsoft_tui.screens.frame.table_screen import PathInput, PathSuggester
from hubsoft_tui.services.checkup.types import Result, RunState
from tests.screens.checkup_fakes import DONE, FRESH, NOVEMBER, ROWS, RUNNING, CheckupHub, FakeCheckup, row
from tests.screens.fake import console, seen, settle, wait_for
from widgets.checkup import CheckupHead, MemberTable, described


class Open:
    """A console on the check-up screen over a fake service."""

    def __init__(self, checkup=None, size=(120, 36), home=""):
        self.hub = CheckupHub(checkup)
        self._console = console(self.hub, size=size, home=home)

    async def __aenter__(self):
        self.app, self.pilot, _hub = await self._console.__aenter__()
        await self.pilot.press("f4")
        await wait_for(self.pilot, lambda: "F4 Check-up" in self.text and self.there)
        await settle(self.pilot)
        return self

    async def __aexit__(self, *error):
        await self._console.__aexit__(*error)

    @property
    def there(self):
        return self.app.screen.AREA == "checkup" and (
            "members-november" in self.text or "Who on your list" in self.text
        )

    @property
    def text(self):
        return seen(self.app)

    @property
    def did(self):
        return [what for what in self.hub.checkup.did if what[0] != "plan"]

    async def news(self, progress=None, rows=None):
        self.hub.checked(progress, rows)
        self.app._tick()
        await settle(self.pilot)

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await settle(self.pilot)


async def test_the_plan_and_its_cost_stand_before_the_start_and_enter_starts_it():
    async with Open() as opened:
        assert "whole roster: 24 pages of 500, and about 40 single questions" in opened.text
        assert "64 requests instead of 10,000, about 2 min 50 s" in opened.text
        await wait_for(opened.pilot, lambda: "enter starts it" in opened.text)
        assert opened.did == []
        await opened.press("enter")
        assert opened.did == [("start", 1)]


async def test_what_changed_stands_on_top_and_documents_are_masked():
    async with Open(FakeCheckup(RUNNING)) as opened:
        table = opened.app.screen.query_one(MemberTable)
        assert [each.member.name for each in table.rows] == [
            "GUILHERME SILVA", "MARIA NUNES", "ODAIR REIS", "NINGUÉM", "JOSÉ DIAS", "BIANCA COUTO", "SEM DECISÃO",
        ]  # fmt: skip
        lines = opened.text
        assert "▼ inactive" in lines
        assert "***.820.836-**" in lines
        assert not any(each.member.document in lines for each in ROWS)
        assert "6,604 of 10,000" in lines
        assert "about 2 min 10 s left" in lines
        assert "saved 6,588" in lines
        assert "▼ 61 ▲ 2" in lines
        assert "inactive 371 (+120)" in lines


async def test_rows_come_in_without_moving_the_one_that_is_read():
    async with Open(FakeCheckup(RUNNING)) as opened:
        table = opened.app.screen.query_one(MemberTable)
        more = row(1, "AAA LOST", Result.INACTIVE, Result.ACTIVE)
        await opened.news(replace(RUNNING, version=8), (*ROWS, more))
        assert table.item.member.name == "GUILHERME SILVA"  # the first stays the first in sight
        await opened.press("down", "down")
        chosen = table.item
        await opened.news(
            replace(RUNNING, version=9), (*ROWS, more, row(2, "BBB", Result.INACTIVE, Result.ACTIVE))
        )
        assert table.item is chosen


async def test_it_is_silent_while_nothing_changes(monkeypatch):
    async with Open(FakeCheckup(RUNNING)) as opened:
        head = opened.app.screen.query_one(CheckupHead)
        painted = []
        monkeypatch.setattr(head, "refresh", lambda *regions, **_options: painted.append(regions))
        await opened.news()
        assert painted == []
        await opened.news(replace(RUNNING, version=9, requests=17))
        assert painted


async def test_pause_cancel_and_going_on():
    async with Open(FakeCheckup(RUNNING)) as opened:
        await opened.press("p")
        await opened.news(replace(RUNNING, version=8, state=RunState.PAUSED))
        assert "paused" in opened.text
        assert "enter goes on" in opened.text
        await opened.press("enter")
        await opened.press("x")
        assert opened.did == [("pause", 1), ("start", 1), ("cancel", 1)]


async def test_when_it_is_over_enter_shows_the_next_plan_before_it_starts_anything():
    async with Open(FakeCheckup(RUNNING)) as opened:
        await opened.news(replace(DONE, version=9))
        assert "Checked in 2 min 50 s with 64 requests instead of 10,000." in opened.text
        assert "enter plans the next one" in opened.text
        assert "enter plan again" in opened.text.splitlines()[-1]
        await opened.press("enter")
        assert opened.did == []
        await wait_for(opened.pilot, lambda: "enter starts it" in opened.text)
        await opened.press("enter")
        assert opened.did == [("start", 1)]


async def test_what_goes_wrong_is_told_and_the_screen_stays():
    async with Open() as opened:
        opened.hub.checkup.failure = Unreachable("HubSoft cannot be reached.")
        await wait_for(opened.pilot, lambda: "enter starts it" in opened.text)
        await opened.press("enter")
        await wait_for(opened.pilot, lambda: "HubSoft cannot be reached." in opened.text)


async def test_trouble_while_it_runs_stands_beside_the_plan():
    trouble = "HubSoft has not answered since 13:40."
    async with Open(FakeCheckup(replace(RUNNING, trouble=trouble))) as opened:
        assert f"! {trouble}" in opened.text


async def test_a_list_that_another_process_runs_says_so():
    async with Open(FakeCheckup(replace(RUNNING, who="4242"))) as opened:
        assert "running in process 4242" in opened.text
        await opened.press("p", "x")
        assert opened.did == []


async def test_filter_as_one_types_never_by_document():
    async with Open(FakeCheckup(DONE)) as opened:
        table = opened.app.screen.query_one(MemberTable)
        await opened.press("slash", *"changed sil", "enter")
        assert [each.member.name for each in table.rows] == ["GUILHERME SILVA"]
        await opened.press("escape")
        assert len(table.rows) == len(ROWS)
        assert ROWS[0].member.document not in described(ROWS[0])


async def test_lists_are_chosen_opened_and_forgotten():
    async with Open(FakeCheckup(DONE)) as opened:
        await opened.press("l")
        await wait_for(opened.pilot, lambda: "staff.csv" in opened.text)
        await opened.press("down", "D")
        assert "Press again to forget staff.csv" in opened.text
        assert opened.did == []
        await opened.press("D")
        await wait_for(opened.pilot, lambda: opened.did == [("drop", 2)])
        await opened.press("g", "enter")
        await wait_for(opened.pilot, lambda: "9,688" in opened.text and "saved" in opened.text)


async def test_with_no_list_it_says_what_to_do_and_a_bad_file_is_one_sentence():
    async with Open(FakeCheckup(lists=())) as opened:
        assert "Who on your list still has a contract?" in opened.text
        await opened.press("i", *"/x/bad.csv", "enter")
        await wait_for(opened.pilot, lambda: "nobody to check" in opened.text)
        await opened.press("i", *"/x/good.csv", "enter")
        await wait_for(opened.pilot, lambda: "whole roster" in opened.text)
        assert "Line 4: there is no document." in opened.text
        assert [what for what in opened.did if what[0] == "import"][-1] == ("import", "/x/good.csv")


async def test_results_are_exported_whole_and_private(tmp_path):
    async with Open(FakeCheckup(DONE)) as opened:
        await opened.press("e")
        field = opened.app.screen.query_one(PathInput)
        assert field.value == field.selected_text == "/lists/members-november-results.csv"
        assert "Export to:" in opened.text
        assert "enter confirm   esc back" in opened.text.splitlines()[-1]
        field.value = str(tmp_path / "out.json")
        await opened.press("enter")
        await wait_for(opened.pilot, (tmp_path / "out.json").exists)
        document = json.loads((tmp_path / "out.json").read_text())
        assert document["members"][0]["document"] == ROWS[0].member.document
        assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600
        await wait_for(opened.pilot, lambda: "members written to" in opened.text)


async def test_copy_takes_the_member_masked():
    async with Open(FakeCheckup(DONE)) as opened:
        copied = opened.app.screen.copied()
        assert "***.820.836-**  GUILHERME SILVA  inactive" in copied[1]


async def test_another_language_keeps_what_is_in_sight():
    async with Open(FakeCheckup(RUNNING)) as opened:
        texts.use("pt_BR")
        try:
            await opened.app.screen.relabel()
            await settle(opened.pilot)
            await wait_for(opened.pilot, lambda: "▼ inativo" in opened.text)
            assert "base inteira: 24 páginas de 500" in opened.text
        finally:
            texts.use("en")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_answer_fits_every_size(size):
    async with Open(FakeCheckup(RUNNING), size=size) as opened:
        lines = opened.text.splitlines()
        assert any(NOVEMBER.name in each for each in lines)
        assert any("66%" in each for each in lines)
        assert any("GUILHERME SILVA" in each and "Suspenso" in each for each in lines)
        assert opened.app.screen.query_one(MemberTable).size.height >= 10


async def test_the_rest_of_a_path_is_offered(tmp_path):
    (tmp_path / "members.csv").touch()
    (tmp_path / "music.mp3").touch()
    (tmp_path / "more").mkdir()
    suggest = PathSuggester((".csv",)).get_suggestion
    assert await suggest(f"{tmp_path}/me") == f"{tmp_path}/members.csv"
    assert await suggest(f"{tmp_path}/mo") == f"{tmp_path}/more/"
    assert await suggest(f"{tmp_path}/mu") is None
    assert await suggest(f"{tmp_path}/none/x") is None
    assert await suggest("") is None


def test_a_fresh_list_has_no_result_yet():
    assert FRESH.decided == FRESH.saved == 0


@pytest.mark.parametrize(("key", "done", "said"), [("R", "release", "run 61"), ("X", "drop_held", "drop 61")])
async def test_what_is_held_is_told_and_settled_by_pressing_twice(key, done, said):
    async with Open(FakeCheckup(replace(DONE, held=61))) as opened:
        assert "61 commands are held until a person looks" in opened.text
        await opened.press(key)
        assert opened.did == []
        assert f"Press again to {said} held commands" in opened.text
        await opened.press(key)
        assert opened.did == [(done, 1)]
        await opened.news(opened.hub.checkup.now)
        assert "are held" not in opened.text.replace("Press again", "")
        await opened.press(key, key)
        assert opened.did == [(done, 1)]

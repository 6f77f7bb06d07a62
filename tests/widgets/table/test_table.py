from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events
from textual.content import Content

from tests.widgets.fixture import Repaints, Stage, lines_of
from widgets.table.table import Column, VirtualTable, fit_columns


@dataclass(frozen=True)
class Item:
    id: str
    name: str = ""
    size: int = 0


COLUMNS: tuple[Column[Item], ...] = (
    Column("id", "Id", lambda item: item.id, 8, sort=lambda item: item.id),
    Column("name", "Name", lambda item: item.name, minimum=6),
    Column(
        "size",
        "Size",
        lambda item: str(item.size),
        6,
        "right",
        2,
        sort=lambda item: item.size,
        descending=True,
    ),
)


def table(*, follow=False, columns=COLUMNS):
    return VirtualTable(columns, identify=lambda item: item.id, empty="Nothing yet.", follow=follow)


def many(count, start=0):
    return tuple(Item(f"r{n:06}", f"name {n}", n) for n in range(start, start + count))


def shown(view):
    """Return the ids in sight, top first."""
    return [text[2:10].strip() for text in lines_of(view)[1:] if text[2:10].strip()]


def cursor_line(view):
    """Return the line the cursor is drawn on, counted from the first row, or None."""
    found = [y for y, text in enumerate(lines_of(view)[1:]) if text.startswith("▸")]
    return found[0] if found else None


def wheel_down(view):
    return events.MouseScrollDown(view, 1, 1, 0, 1, 0, False, False, False)


async def test_the_lines_in_sight_are_drawn_and_the_cursor_is_on_the_first():
    view = table()
    async with Stage(view).run_test(size=(60, 11)):
        view.set_rows(many(100_000))
        assert shown(view) == [f"r{n:06}" for n in range(10)]
        assert cursor_line(view) == 0
        assert view.selected == "r000000"
        assert lines_of(view)[0].split() == ["Id", "Name", "Size"]


async def test_what_an_empty_table_says_is_not_cut():
    view = VirtualTable(
        COLUMNS, identify=lambda item: item.id, empty="Nothing is here. Press n to begin one."
    )
    async with Stage(view).run_test(size=(24, 6)):
        view.set_rows(())
        assert [text.strip() for text in lines_of(view)[1:4]] == [
            "Nothing is here.",
            "Press n to begin one.",
            "",
        ]


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["down"], 1),
        (["j", "j", "k"], 1),
        (["up"], 0),
        (["pagedown"], 9),
        (["pagedown", "pagedown", "pageup"], 9),
        (["end"], 99),
        (["G", "g"], 0),
        (["end", "up"], 98),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_in_sight(keys, row):
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(100))
        await pilot.press(*keys)
        assert view.selected == f"r{row:06}"
        assert view.selected in shown(view)
        assert shown(view)[cursor_line(view)] == view.selected


async def test_nothing_moves_under_the_cursor_when_rows_arrive_above():
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(50, start=100))
        view.sort_by("id")
        await pilot.press(*["down"] * 14)
        before = [shown(view), cursor_line(view)]
        view.upsert(*many(30))
        assert [shown(view), cursor_line(view)] == before
        leave(view, *(item.id for item in many(20)))
        assert [shown(view), cursor_line(view)] == before


async def test_a_view_scrolled_away_from_the_cursor_stays_where_it_is():
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(100, start=100))
        view.sort_by("id")
        for _turn in range(8):
            view.post_message(wheel_down(view))
        await pilot.pause()
        before = shown(view)
        assert cursor_line(view) is None
        view.upsert(*many(30))
        assert shown(view) == before
        assert view.selected == "r000100"


async def test_a_cursor_whose_row_leaves_takes_the_one_in_its_place():
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(5))
        await pilot.press("down", "down")
        leave(view, "r000002")
        assert view.selected == "r000003"
        leave(view, "r000003", "r000004")
        assert view.selected == "r000001"
        view.set_rows(())
        assert view.selected is None
        assert view.item is None
        assert "Nothing yet." in lines_of(view)[1]


async def test_filter_keeps_the_cursor_on_its_row_and_says_when_nothing_matches():
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows((Item("a", "Padaria PÃO"), Item("b", "João"), Item("c", "Joana")))
        await pilot.press("end")
        view.filter("JOA")
        assert [shown(view), view.selected] == [["b", "c"], "c"]
        view.filter("pao")
        assert [shown(view), view.selected] == [["a"], "a"]
        view.filter("nobody")
        assert view.selected is None
        assert "esc" in lines_of(view)[1]
        view.filter("")
        assert [shown(view), view.selected] == [["a", "b", "c"], "a"]


async def test_sorting_keeps_the_cursor_on_its_row_and_marks_the_column():
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows((Item("a", size=2), Item("b", size=9), Item("c", size=5)))
        view.sort_by("size")
        assert shown(view) == ["b", "c", "a"]
        assert view.selected == "a"
        assert "Size ▾" in lines_of(view)[0]
        view.reverse_sort()
        assert shown(view) == ["a", "c", "b"]
        assert "Size ▴" in lines_of(view)[0]
        view.cycle_sort()
        assert (view.sorted_by, shown(view)) == (None, ["a", "b", "c"])
        view.cycle_sort()
        assert view.sorted_by == "id"
        await pilot.click(view, offset=(55, 0))
        assert view.sorted_by == "size"


async def test_one_changed_row_repaints_the_changed_cells_of_one_line(monkeypatch):
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(100))
        await pilot.pause()
        repaints = Repaints(view, monkeypatch)
        view.upsert(Item("r000003", "name 3", 777))
        (region,) = repaints.take()
        assert (region.y, region.height) == (4, 1)
        assert region.width <= 6
        view.upsert(Item("r000050", "out of sight", 1))
        view.set_rows(tuple(view.rows))
        assert repaints.take() == []


async def test_moving_the_cursor_repaints_two_lines(monkeypatch):
    view = table()
    async with Stage(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(100))
        await pilot.pause()
        repaints = Repaints(view, monkeypatch)
        await pilot.press("down")
        assert {region.y for region in repaints.take()} == {1, 2}


async def test_messages_tell_of_the_cursor_and_of_a_choice():
    heard = []

    class Hearing(Stage):
        def on_virtual_table_row_highlighted(self, event):
            heard.append(("on", event.row_id))

        def on_virtual_table_row_selected(self, event):
            heard.append(("chosen", event.row_id))

    view = table()
    async with Hearing(view).run_test(size=(60, 11)) as pilot:
        view.set_rows(many(3))
        await pilot.press("down", "enter")
        view.set_rows(many(3))
        await pilot.click(view, offset=(5, 3))
        await pilot.click(view, offset=(5, 3))
        view.set_rows(())
        await pilot.pause()
    assert heard == [
        ("on", "r000000"),
        ("on", "r000001"),
        ("chosen", "r000001"),
        ("on", "r000002"),
        ("chosen", "r000002"),
        ("on", None),
    ]


async def test_text_is_data_whatever_it_holds():
    view = table()
    hostile = "[red]x[/] [@click=app.quit]y \x1b[31m\n\u202e"
    async with Stage(view).run_test(size=(80, 11)):
        view.set_rows((Item("a", hostile),))
        line = lines_of(view)[1]
        assert "[red]x[/] [@click=app.quit]y" in line
        assert not {"\x1b", "\n", "\u202e"} & set(line)


@pytest.mark.parametrize(
    "name",
    [
        "漢字漢字漢字漢字漢字漢字漢字",
        "a漢字漢字漢字漢字漢字漢字漢字",
        "e\u0301" * 40,
        "👩‍👩‍👧" * 20,
        "plain " * 20,
    ],
)
@pytest.mark.parametrize("width", [30, 31, 44])
async def test_every_line_is_exactly_as_wide_as_the_table(name, width):
    view = table(
        columns=(COLUMNS[0], COLUMNS[1], Column("c", "C", lambda item: Content.styled(item.name, "$warn"), 7))
    )
    async with Stage(view).run_test(size=(width, 6)):
        view.set_rows((Item("a", name),))
        strips = [view.render_line(y) for y in range(6)]
        assert {strip.cell_length for strip in strips} == {width}
        assert {cell_len(strip.text) for strip in strips} == {width}
        assert "…" in strips[1].text


def test_columns_leave_by_priority_and_the_rest_share_what_is_left():
    def keys(width):
        return [(column.key, cells) for column, cells in fit_columns(COLUMNS, width)]

    assert keys(40) == [("id", 8), ("name", 22), ("size", 6)]
    assert keys(24) == [("id", 8), ("name", 6), ("size", 6)]
    assert keys(23) == [("id", 8), ("name", 13)]
    assert keys(3) == [("id", 8), ("name", 6)]


async def test_following_goes_with_the_last_row_until_the_cursor_is_moved_off():
    view = table(follow=True)
    async with Stage(view).run_test(size=(60, 13)) as pilot:
        for count in range(1, 40):
            view.set_rows(many(count))
            assert view.selected == f"r{count - 1:06}"
            assert view.follows
            assert view.selected in shown(view)
        await pilot.press("up")
        before = shown(view)
        view.set_rows(many(60))
        assert not view.follows
        assert view.selected == "r000037"
        assert shown(view)[: len(before)] == before
        await pilot.press("end")
        view.set_rows(many(70))
        assert view.follows
        assert view.selected == "r000069"


async def test_following_turns_the_page_instead_of_scrolling_line_by_line():
    view = table(follow=True)
    async with Stage(view).run_test(size=(60, 13)):
        tops = []
        for count in range(12, 36):
            view.set_rows(many(count))
            tops.append(shown(view)[0])
        assert len(set(tops)) == 1 + 24 // 5 + 1


async def test_following_stands_still_while_the_oldest_leave():
    view = table(follow=True)
    async with Stage(view).run_test(size=(60, 13)) as pilot:
        view.set_rows(many(60))
        await pilot.pause()
        before = shown(view)
        view.set_rows(many(60, start=1))
        assert shown(view) == [*before, "r000060"]


async def test_a_smaller_terminal_keeps_the_cursor_in_sight():
    view = table()
    async with Stage(view).run_test(size=(60, 21)) as pilot:
        view.set_rows(many(100))
        await pilot.press(*["down"] * 18)
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert "r000018" in shown(view)
        assert all(len(text) == 40 for text in lines_of(view))


def test_select_by_id():
    view = table()
    view.set_rows(many(3))
    assert view.select("r000002")
    assert view.selected == "r000002"
    assert not view.select("nobody")


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.lists(st.integers(0, 40), unique=True, max_size=30)),
        st.tuples(st.just("upsert"), st.integers(0, 40), st.integers(0, 5)),
        st.tuples(st.just("remove"), st.integers(0, 40)),
        st.tuples(st.just("filter"), st.sampled_from(["", "1", "2", "name 3", "none"])),
        st.tuples(st.just("sort"), st.sampled_from([None, "id", "size"]), st.booleans()),
        st.tuples(st.just("move"), st.integers(-12, 12)),
        st.tuples(st.just("page"), st.sampled_from([-1, 1])),
        st.tuples(st.just("edge"), st.sampled_from([0, -1])),
    ),
    max_size=25,
)


def leave(view, *row_ids):
    """Take rows away as a table of tickets does."""
    for row_id in row_ids:
        view.rows.remove(row_id)
    view._settle()


def apply(view, operation):
    match operation:
        case ("set", numbers):
            view.set_rows(tuple(Item(f"r{n}", f"name {n}", n % 7) for n in numbers))
        case ("upsert", number, size):
            view.upsert(Item(f"r{number}", f"name {number}", size))
        case ("remove", number):
            leave(view, f"r{number}")
        case ("filter", text):
            view.filter(text)
        case ("sort", key, descending):
            view.sort_by(key, descending=descending)
        case ("move", by):
            view.action_move(by)
        case ("page", by):
            view.action_page(by)
        case ("edge", index):
            view.action_edge(index)


@settings(max_examples=120, deadline=None)
@given(operations=OPERATIONS, follow=st.booleans())
def test_whatever_happens_the_cursor_stays_on_its_row(operations, follow):
    view = table(follow=follow)
    for operation in operations:
        before, following = view.selected, view.follows
        apply(view, operation)
        after = view.selected
        assert (after is None) == (len(view.rows) == 0)
        if after is not None:
            assert view.rows.id_at(view._place.cursor) == after
        refreshed = operation[0] in {"set", "upsert", "remove", "filter"}
        if refreshed and not following and before is not None and view.rows.index_of(before) is not None:
            assert after == before
        if refreshed and following and after is not None:
            assert view._place.cursor == len(view.rows) - 1
        assert 0 <= view._place.top <= max(0, len(view.rows) - 1)

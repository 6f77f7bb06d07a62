import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip

from tests.widgets.fixture import Repaints, Stage, lines_of
from widgets import line_widget
from widgets.line_widget import Drawn, changed, cut, fit, forget_painted


class Text(Drawn):
    def __init__(self, *texts):
        super().__init__()
        self.texts = texts

    def draw(self, width):
        return [Content(text) for text in self.texts]

    def say(self, *texts):
        self.texts = texts
        self.redraw()


def strip(text, style=None):
    return Strip([Segment(text, style)])


@pytest.mark.parametrize(
    ("old", "new", "spans"),
    [
        ("abc", "abc", []),
        ("abc", "abX", [(2, 3)]),
        ("a" * 40, "b" + "a" * 38 + "b", [(0, 1), (39, 40)]),
        ("a" * 9, "b" + "a" * 7 + "b", [(0, 9)]),
        ("漢字", "漢子", [(2, 4)]),
        ("e\u0301x", "e\u0300x", [(0, 1)]),
    ],
)
def test_only_the_cells_that_differ_are_named(old, new, spans):
    assert changed(strip(old), strip(new)) == spans


def test_a_style_alone_is_a_difference():
    assert changed(strip("abc"), strip("abc", Style(bold=True))) == [(0, 3)]


@pytest.mark.parametrize("text", ["", "abc", "a" * 50, "漢字漢字漢字", "a漢字", "e\u0301" * 9, "ação"])
@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_fit_is_exact_and_cut_never_wider(text, width):
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width
    short = cut(text, width)
    assert cell_len(short) <= width
    assert short == text or short.endswith("…")


async def test_silent_when_nothing_changed_and_exact_when_something_did(monkeypatch):
    view = Text("queue 4", "hit 91%")
    async with Stage(view).run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        repaints = Repaints(view, monkeypatch)
        view.say("queue 4", "hit 91%")
        assert repaints.take() == []
        view.say("queue 5", "hit 91%")
        (region,) = repaints.take()
        assert (region.x, region.y, region.width, region.height) == (6, 0, 1, 1)
        for length in range(9):
            view.say("x" * length, "hit 91%")
        # A screen left open for days keeps no trace of each change.
        assert len(view._dirty_regions) == 1
        assert Region.translate.cache_info().currsize
        forget_painted()
        assert {kept.cache_info().currsize for kept in line_widget._PAINTED} == {0}


async def test_padding_does_not_displace_what_is_repainted():
    view = Text("queue 4")
    view.styles.padding = (1, 3)
    async with Stage(view).run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        view.say("queue 5")
        await pilot.pause()
        assert view.render_lines(view.region.reset_offset)[1].text.strip() == "queue 5"


async def test_more_lines_take_more_room():
    view = Text("one")
    async with Stage(view).run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        view.say("one", "two")
        await pilot.pause()
        assert [text.strip() for text in lines_of(view)] == ["one", "two"]


async def test_markup_in_text_is_text():
    view = Text("[red]x[/red][/foo]")
    async with Stage(view).run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert lines_of(view)[0].startswith("[red]x[/red][/foo]")


async def test_what_does_not_fit_says_so_and_spaces_at_the_end_are_nothing():
    drawn = Text("whole line  ", "whole line and more", "漢字漢字漢字")
    async with Stage(drawn).run_test(size=(10, 4)) as pilot:
        await pilot.pause()
        assert [one.rstrip() for one in lines_of(drawn)] == ["whole line", "whole lin…", "漢字漢字 …"]

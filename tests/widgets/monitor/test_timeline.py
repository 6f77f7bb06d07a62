from hubsoft_tui.core.types import BudgetState, ClassLoad, Priority, RequestMark
from tests.widgets.fixture import Repaints, Stage, lines_of
from widgets.monitor.timeline import BudgetTape

LANES = (ClassLoad(cap=30), ClassLoad(cap=28), ClassLoad(cap=26), ClassLoad(cap=22))


def budget(*marks, used=None, **options):
    used = len(marks) if used is None else used
    return BudgetState(options.pop("limit", 30), 30, 60.0, used, marks=marks, lanes=LANES, **options)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def track(view, priority):
    """Return a lane's track: sixty cells at this width, the newest last."""
    return lines_of(view)[1 + priority][10:70]


def tape():
    clock = Clock()
    view = BudgetTape(clock=clock)
    return view, clock, Stage(view).run_test(size=(80, 12))


async def test_a_mark_stands_in_its_lane_at_its_second():
    view, _clock, stage = tape()
    async with stage:
        view.show(budget(RequestMark(100.0, Priority.HIGH), RequestMark(70.0, Priority.LOW)), 100.0)
        assert track(view, Priority.HIGH) == " " * 59 + "●"
        assert track(view, Priority.LOW) == " " * 29 + "●" + " " * 30
        assert track(view, Priority.CRITICAL).strip() == ""


async def test_another_process_is_drawn_differently_and_many_are_counted():
    view, _clock, stage = tape()
    async with stage:
        others = [RequestMark(100.0, Priority.LOW, mine=False)]
        three = [RequestMark(90.0 + n / 10, Priority.HIGH) for n in range(3)]
        crowd = [RequestMark(80.0, Priority.NORMAL)] * 12
        view.show(budget(*others, *three, *crowd), 100.0)
        assert track(view, Priority.LOW).strip() == "○"
        assert track(view, Priority.HIGH).strip() == "3"
        assert track(view, Priority.NORMAL).strip() == "+"


async def test_it_moves_with_the_seconds_without_a_new_snapshot(monkeypatch):
    view, clock, stage = tape()
    async with stage as pilot:
        view.show(budget(RequestMark(100.0, Priority.HIGH)), 100.0)
        await pilot.pause()
        repaints = Repaints(view, monkeypatch)
        clock.now = 0.9
        view.advance()
        assert repaints.take() == []
        clock.now = 5.0
        view.advance()
        assert track(view, Priority.HIGH).index("●") == 54
        assert repaints.take()


async def test_it_stops_when_the_last_mark_has_left():
    view, clock, stage = tape()
    async with stage:
        view.show(budget(), 100.0)
        assert not view.moving
        view.show(budget(RequestMark(100.0, Priority.HIGH)), 100.0)
        assert view.moving
        clock.now = 60.0
        view.advance()
        assert not view.moving
        assert track(view, Priority.HIGH).strip() == ""


async def test_held_it_stands_still_and_goes_on_afterwards():
    view, clock, stage = tape()
    async with stage:
        view.show(budget(RequestMark(100.0, Priority.HIGH)), 100.0)
        view.held = True
        clock.now = 5.0
        view.advance()
        assert track(view, Priority.HIGH).index("●") == 59
        view.held = False
        view.advance()
        assert track(view, Priority.HIGH).index("●") == 54


async def test_a_class_that_cannot_start_another_says_full():
    view, _clock, stage = tape()
    async with stage:
        view.show(budget(used=26), 100.0)
        title, critical, high, normal, low, axis = lines_of(view)[:6]
        assert "26 of 30" in title
        assert (critical.split()[-2:], high.split()[-2:]) == (["cap", "30"], ["cap", "28"])
        assert (normal.split()[-2:], low.split()[-2:]) == (["full", "26"], ["full", "22"])
        assert axis.split() == ["-60", "s", "-45", "-30", "-15", "now"]


async def test_a_pause_and_a_lowered_limit_are_said():
    view, _clock, stage = tape()
    async with stage:
        view.show(budget(used=3, paused_for=23.4), 100.0)
        assert "paused by HubSoft, 23 s left" in lines_of(view)[0]
        view.show(budget(used=3, limit=22), 100.0)
        assert "lowered from 30" in lines_of(view)[0]
        assert "3 of 22" in lines_of(view)[0]

from itertools import pairwise

import pytest

from hubsoft_tui.core.types import Category
from hubsoft_tui.screens.demo_history import CacheReplay, record, weeks
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tuning.columns import gather
from hubsoft_tui.services.tuning.curve import DATA, SERVICE, STATUS, SUSPENDED, ages
from hubsoft_tui.services.tuning.self_tuning import BETWEEN, KEYS, STEP, steps
from hubsoft_tui.settings.engine import TuningSettings
from hubsoft_tui.settings.tree import CacheSettings
from hubsoft_tui.store.tuning import SELF, Move
from tests.hubs import settings_for

DAY = 86_400.0
DEFAULTS = dict(ages(CacheSettings()))
ON = TuningSettings(self=True)


class Life:
    """A provider's days under lifetimes that move by themselves."""

    def __init__(self, seed, days, settings=ON, **held):
        self.told = weeks(seed, days=days)
        self.held = DEFAULTS | held
        self.settings = settings
        self.replayed = CacheReplay(self.told, self.held)
        self.rows, self.moves, self._next = [], [], 0

    def pass_to(self, now):
        questions = self.told.questions
        while self._next < len(questions) and questions[self._next].at < now:
            self.rows.append(self.replayed.ask(questions[self._next]))
            self._next += 1

    def look(self, now):
        columns = gather(row for row in self.rows if row.at >= now - 14 * DAY)
        made = steps(columns, self.held, self.settings, self.moves, now)
        for step in made:
            self.moves.insert(0, Move(now, step.key, self.held[step.key], step.value, SELF, step.reason))
            self.held[step.key] = step.value
        return made


@pytest.fixture(scope="module")
def life():
    """Four weeks: looked at twice a day while it moves much, then every other day."""
    life = Life(1, 28)
    for half in (*range(14, 24), *range(24, 56, 4)):
        life.pass_to(half * DAY / 2)
        life.look(half * DAY / 2)
    return life


@pytest.mark.xdist_group("four weeks")
def test_it_converges_and_does_not_go_back_and_forth(life):
    for key in KEYS:
        values = [DEFAULTS[key], *(move.after for move in reversed(life.moves) if move.key == key)]
        ways = [after > before for before, after in pairwise(values)]
        assert sum(one != other for one, other in pairwise(ways)) <= 1, values
    late = [move for move in life.moves if move.at > 14 * DAY]
    assert len(late) <= 6
    assert len({move.at for move in life.moves if move.at < 14 * DAY}) <= 14


@pytest.mark.xdist_group("four weeks")
def test_it_ends_where_answers_seldom_changed(life):
    before = {category: (each.hits, each.outdated) for category, each in life.replayed.shown.items()}
    assert life.held[DATA] > DEFAULTS[DATA] * 4
    assert life.held[STATUS] > DEFAULTS[STATUS]
    assert life.held[SUSPENDED] < DEFAULTS[SUSPENDED]
    assert life.held[SERVICE] < DEFAULTS[SERVICE]
    for category in (Category.CLIENT_DATA, Category.CONTRACT_STATUS):
        hits, outdated = before[category]
        assert outdated <= 0.01 * hits


@pytest.mark.xdist_group("four weeks")
def test_moves_are_small_and_at_most_twice_a_day(life):
    for move in life.moves:
        assert 1 / STEP <= move.after / move.before <= STEP
        assert ON.shortest_ttl <= move.after <= ON.longest_ttl
        assert move.reason
    instants = sorted({move.at for move in life.moves})
    assert all(later - at >= BETWEEN for at, later in pairwise(instants))


def test_a_week_must_pass_and_half_a_day_between_moves():
    life = Life(2, 9)
    life.pass_to(6 * DAY)
    assert life.look(6 * DAY) == []
    life.pass_to(7.5 * DAY)
    assert life.look(7.5 * DAY)
    life.pass_to(7.9 * DAY)
    assert life.look(7.9 * DAY) == []


def test_the_bounds_of_a_person_come_first():
    life = Life(2, 8, TuningSettings(self=True, shortest_ttl=3600, longest_ttl=7200))
    life.pass_to(8 * DAY)
    life.look(8 * DAY)
    assert all(3600 <= life.held[key] <= 7200 for key in KEYS)


def test_what_a_person_took_back_is_left_alone():
    life = Life(2, 10)
    life.pass_to(8 * DAY)
    made = {step.key: step.value for step in life.look(8 * DAY)}
    life.moves = [
        Move(move.at, move.key, move.before, move.after, SELF, "", undone=True) for move in life.moves
    ]
    life.held = dict(DEFAULTS)
    life.pass_to(9 * DAY)
    assert made
    assert not {step.key for step in life.look(9 * DAY)} & set(made)


def test_through_the_engine_it_is_opt_in_logged_and_reversible(simulator, tmp_path):
    settings = settings_for(simulator, tmp_path)
    hub = Hub(settings)
    hub.start()
    try:
        record(tmp_path / "state" / "trace.db", settings.profile, lambda: False)
        look = lambda: hub.call(lambda services: services.self_tuning.look())  # noqa: E731
        assert look() == []
        hub.call(lambda services: services.tuning.try_("tuning.self", True))
        made = {step.key: step.value for step in look()}
        assert made[DATA] == 3600.0
        assert look() == []
        held = {each.key: each for each in hub.call(lambda services: services.tuning.tunables())}
        assert held[DATA].value == 3600.0
        assert held[DATA].moved.after == 3600.0
        hub.call(lambda services: services.tuning.undo())
        held = {each.key: each for each in hub.call(lambda services: services.tuning.tunables())}
        assert held[DATA].value == 1800.0
        assert held[DATA].moved is None
    finally:
        hub.close()

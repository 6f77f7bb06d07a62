import random
from typing import Any

import pytest

from hubsoft_tui.core.telemetry import trace as marks
from hubsoft_tui.services.tuning import curve
from hubsoft_tui.services.tuning.curve import DATA, size_curve
from tests.services.tuning.brute import replay
from tests.services.tuning.test_curve import DEFAULTS, columns_of, made


def residents(rows, size):
    """Tell, before each question, who an LRU of `size` still holds."""
    line: list[Any] = []
    held: list[Any] = []
    for _at, subject, _mark in rows:
        held.append(set(line[:size]))
        line = [subject, *(each for each in line if each != subject)]
    return held


def test_one_pass_equals_a_cache_of_each_size():
    chance = random.Random(5)
    for _trace in range(150):
        rows, lifetimes, _values = made(chance, most=40)
        rows = {at: mark for at, _subject, mark in rows if mark & marks.CATEGORY != 2}  # no two at once
        rows = [(at, chance.randrange(9), mark) for at, mark in rows.items()]
        for point in size_curve(columns_of(rows), lifetimes, [1, 2, 3, 5, 8, 20]):
            held = residents(rows, int(point.value))
            told = replay(
                rows, lifetimes, DATA, lives=lambda subject, place, held=held: subject in held[place]
            )
            assert point.requests == told.requests
            assert point.hits == len(rows) - told.requests
            assert point.asked == len(rows)


def test_services_and_their_records_are_left_out():
    rows = [(0.0, 1, 0), (1.0, 2, 2), (2.0, 1, 0)]
    (point,) = size_curve(columns_of(rows), DEFAULTS, [1])
    assert (point.asked, point.requests, point.max_age) == (2, 1, 2.0)


def test_of_a_long_trace_the_newest_are_taken(monkeypatch):
    monkeypatch.setattr(curve, "MOST", 10)
    rows = [(float(at), at % 3, 0) for at in range(101)]
    (point,) = size_curve(columns_of(rows), DEFAULTS, [3])
    assert point.asked == pytest.approx(10, abs=1)

"""Pages that overlap, over a list that shifts: pure, and for every size."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.services.tickets.planner import SMALLEST, PageSize, next_page, on_from, overlap, pages


@given(read=st.integers(0, 60_000), size=st.integers(1, 500))
def test_the_next_page_begins_within_what_was_read_and_gets_on(read: int, size: int) -> None:
    ask = next_page(read, size)
    assert 1 <= ask.size <= size
    assert ask.first <= read < ask.after
    if size >= 50 and overlap(size) < read < 20 * size:
        assert read - ask.first >= overlap(size) > 0


@settings(deadline=None)
@given(rows=st.integers(0, 3000), size=st.integers(1, 500))
def test_pages_are_counted_as_they_are_read(rows: int, size: int) -> None:
    read = count = 0
    while not count or read < rows:
        read = on_from(read, size, rows).after
        count += 1
    assert pages(rows, size) == count >= -(-rows // size)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), size=st.integers(25, 200), leaving=st.integers(0, 10))
def test_no_row_slips_by_while_fewer_leave_than_pages_share(seed: int, size: int, leaving: int) -> None:
    chance = random.Random(seed)
    rows = list(range(1000, 0, -1))
    seen: set[int] = set()
    read, newest, total = 0, 1000, 1
    while read < total:
        ask = next_page(read, size)
        page, total = rows[ask.first : ask.after], len(rows)  # how many there were when it was read
        assert not read or seen & set(page)
        seen |= set(page)
        read = ask.after
        for _ in range(min(leaving, overlap(size) - 1)):
            rows.remove(chance.choice(rows[: max(1, min(read, len(rows)))]))
        for _ in range(chance.randrange(3)):
            newest += 1
            rows.insert(0, newest)
    assert {row for row in rows if row <= 1000} <= seen


def test_a_thousand_rows_are_two_pages_and_a_few_more_are_three() -> None:
    assert [pages(rows, 500) for rows in (0, 1, 500, 501, 1000, 1001, 1455)] == [1, 1, 1, 2, 2, 3, 3]


def test_a_page_that_was_too_heavy_is_halved_down_to_a_floor() -> None:
    size = PageSize(500)
    sizes = []
    for _ in range(7):
        size = size.smaller
        sizes.append(size.size)
    assert sizes == [250, 125, 62, 31, SMALLEST, SMALLEST, SMALLEST]
    assert PageSize(7).smaller.size == 7


def test_growing_waits_longer_each_time_it_fails() -> None:
    size, waited = PageSize(500).after_pass(PageSize(250), 500), []
    for _ in range(3):
        passes = 0
        while size.size == 250:
            size = size.after_pass(size, 500)
            passes += 1
        waited.append(passes)
        size = size.after_pass(PageSize(250), 500)
    assert waited == [10, 20, 40]
    assert PageSize(500).within(100).size == 100

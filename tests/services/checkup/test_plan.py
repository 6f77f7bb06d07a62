"""The planner, and where a reading stands: pure, so any provider can be tried."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubsoft_tui import texts
from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.models import Customer, Service
from hubsoft_tui.api.models import Page as Place
from hubsoft_tui.core.requests.exchange import Received
from hubsoft_tui.services.checkup import types
from hubsoft_tui.services.checkup.plan import (
    SIZES,
    Pace,
    Stale,
    choose,
    count_pages,
    expected_missing,
    larger,
    smaller,
    stale_of,
    worth_asking,
)
from hubsoft_tui.services.checkup.results import ListResults, judge
from hubsoft_tui.services.checkup.roster import MENDS, RosterPage, moved_on
from hubsoft_tui.services.checkup.types import Decision, Member, Result, Variant, Way
from hubsoft_tui.services.checkup.types import KnownMember as Known
from hubsoft_tui.store.checkup_rows import Reading

ALL, CURRENT, ENABLED = Variant.ALL, Variant.CURRENT, Variant.ENABLED


def plan(stale, sizes, members=None, page_size=500):
    return choose(stale, sizes, members=members or stale.total, page_size=page_size, pace=Pace())


def test_many_members_are_read_and_few_are_asked_for():
    many = plan(Stale(active=8600, inactive=1400), {ALL: 12_000})
    assert (many.way, many.pages, many.requests) == (Way.ROSTER, 24, 24)
    assert 55 <= many.seconds <= 75  # about a minute; one by one at this pace it would be seven hours
    assert plan(Stale(new=10_000), {}).seconds > 5.5 * 3600
    few = plan(Stale(new=30), {ALL: 100_000})
    assert (few.way, few.requests) == (Way.SINGLES, 30)


def test_a_roster_of_one_page_is_read_for_one_member():
    assert plan(Stale(active=1), {ALL: 480}).way is Way.ROSTER
    assert plan(Stale(active=1), {ALL: 501}).way is Way.SINGLES


def test_the_enabled_alone_are_read_when_that_costs_less():
    sizes = {ALL: 5000, CURRENT: 3000, ENABLED: 2400}
    assert plan(Stale(active=300), sizes).variant is ENABLED
    assert plan(Stale(active=300, inactive=2), sizes).variant is CURRENT
    assert plan(Stale(active=300, inactive=90, gone=50), sizes).variant is ALL
    assert expected_missing(Stale(inactive=1, gone=2, missing=4), ENABLED, sizes) == 7
    assert expected_missing(Stale(inactive=1, gone=2, missing=4), CURRENT, sizes) == 6
    assert expected_missing(Stale(inactive=1, gone=2, missing=4), ALL, sizes) == 4


def test_nothing_is_planned_for_those_who_are_remembered():
    nothing = plan(Stale(), {ALL: 500}, members=20)
    assert (nothing.way, nothing.requests, nothing.cached, nothing.seconds) == (Way.NOTHING, 0, 20, 0.0)


def test_the_roster_s_size_is_asked_for_only_for_many():
    assert not worth_asking(Stale(new=3), {})
    assert worth_asking(Stale(new=4), {})
    assert not worth_asking(Stale(new=400), {ALL: 1})


counts = st.integers(0, 20_000)


@settings(max_examples=150)
@example(Stale(gone=7, new=7095), {CURRENT: 0, ENABLED: 6752, ALL: 3}, 250)
@example(Stale(active=1, missing=1), {ENABLED: 20, ALL: 501}, 500)
@given(
    stale=st.builds(Stale, active=counts, inactive=counts, gone=counts, missing=counts, new=counts),
    sizes=st.dictionaries(st.sampled_from(Variant), st.integers(0, 200_000)),
    page_size=st.sampled_from(SIZES),
)
def test_no_other_plan_costs_less(stale, sizes, page_size):
    chosen = plan(stale, sizes, page_size=page_size)
    assert chosen.requests <= stale.total
    for variant, total in sizes.items():
        if stale.total:
            cost = count_pages(total, page_size) + expected_missing(stale, variant, sizes)
            assert chosen.requests <= cost + (chosen.variant is ALL)  # it is worth a page
    assert chosen.seconds >= 0


def test_members_are_counted_by_what_was_known():
    known = [
        None, Known(Result.ACTIVE), Known(Result.INACTIVE), Known(Result.INACTIVE, gone=True), Known(Result.NOT_FOUND),
    ]  # fmt: skip
    assert stale_of(known) == Stale(active=1, inactive=1, gone=1, missing=1, new=1)


def test_page_sizes_go_down_and_up_and_divide_each_other():
    assert [smaller(size) for size in SIZES] == [*SIZES[1:], None]
    assert [larger(size, 500) for size in SIZES] == [500, *SIZES[:-1]]
    assert larger(100, 120) == 120


# -- reading while rows move


def page(start, size, rows, total, last=None):
    place = Place(number=start // size, last=(total - 1) // size if last is None else last, total=total)
    decoded: Decoded[tuple[Customer, ...]] = Decoded((), page=place, rows=rows)
    return RosterPage(start, size, Received(decoded, 0.0, 0.0))


def test_a_total_that_falls_has_the_page_before_read_again():
    reading = Reading("all", 500)
    reading = moved_on(reading, page(0, 500, 500, 1200))
    assert (reading.offset, reading.again, reading.whole) == (500, -1, False)
    reading = moved_on(reading, page(500, 500, 500, 1190))
    assert (reading.offset, reading.again) == (1000, 490)
    reading = moved_on(reading, page(0, 500, 500, 1190))
    assert (reading.offset, reading.again, reading.mended) == (1000, -1, 1)
    assert moved_on(reading, page(1000, 500, 190, 1190)).whole


def test_a_total_that_keeps_falling_makes_the_reading_doubtful():
    reading = replace(Reading("all", 500, total=5000), offset=500, mended=MENDS)
    assert moved_on(reading, page(500, 500, 500, 4990)).gaps == 1


def test_pages_smaller_than_asked_for_are_noticed():
    reading = moved_on(Reading("all", 500), page(0, 500, 100, 1000, last=9))
    assert (reading.size, reading.offset, reading.whole) == (100, 100, False)


def test_without_totals_pages_are_read_until_one_is_short():
    def bare(start, rows):
        return RosterPage(start, 500, Received(Decoded((), truncated=rows >= 500, rows=rows), 0.0, 0.0))

    reading = moved_on(Reading("all", 500), bare(0, 500))
    assert not reading.whole
    assert moved_on(reading, bare(500, 20)).whole


@settings(max_examples=150)
@given(data=st.data())
def test_rows_that_leave_during_the_reading_are_noticed(data):
    """A model of the roster: a customer there all the time is seen, unless the reading says it is doubtful."""
    rows = list(range(data.draw(st.integers(1, 60))))
    stayed = set(rows)
    seen: set[int] = set()
    reading = Reading("all", 10)
    for _page in range(80):
        if reading.whole:
            break
        offset = reading.again if reading.again >= 0 else reading.offset
        start = offset // reading.size * reading.size
        got = rows[start : start + reading.size]
        seen.update(got)
        total = len(rows)
        reading = moved_on(
            reading, RosterPage(start, reading.size, Received(
                Decoded((), page=Place(number=0, last=max(0, total - 1) // 10, total=total), rows=len(got)), 0.0, 0.0
            ))
        )  # fmt: skip
        for _leaver in range(data.draw(st.integers(0, 3))):
            if rows and data.draw(st.booleans()):
                gone = rows.pop(data.draw(st.integers(0, len(rows) - 1)))
                stayed.discard(gone)
    assert reading.whole
    assert stayed <= seen or reading.gaps or reading.total != len(rows)


# -- a verdict


def customer(*services, **fields):
    return Customer(id=1, document="1", services=services, **fields)


def service(prefix, **fields):
    return Service(id=1, status=prefix.title(), status_prefix=prefix, **fields)


@pytest.mark.parametrize(
    ("customers", "result"),
    [
        ((), Result.NOT_FOUND),
        ((customer(),), Result.INACTIVE),
        ((customer(service("on")),), Result.ACTIVE),
        ((customer(service("off"), service("on")),), Result.ACTIVE),
        ((customer(service("off")), customer(service("on"))), Result.ACTIVE),
        ((customer(service("off"), service("new_kind")),), Result.INACTIVE),
        ((customer(service("off"), service("")),), Result.UNKNOWN),
        ((customer(service("on"), service("")),), Result.ACTIVE),
        ((customer(service("off"), incomplete=True),), Result.UNKNOWN),
    ],
)
def test_inactive_has_to_be_sure(customers, result):
    assert judge("1", customers, ("on",), source="api", fetched_at=1.0).result is result


# -- the picture


def test_results_hand_out_changes_or_everything():
    board = ListResults([(Member("1"), Known(Result.ACTIVE)), (Member("2"), None)])
    whole = board.delta(-1)
    assert whole.whole
    assert len(whole.rows) == 2
    board.apply([board.stamped(Decision("1", Result.INACTIVE)), Decision("3", Result.ACTIVE)])
    delta = board.delta(whole.version)
    assert [row.member.document for row in delta.rows] == ["1"]
    assert delta.rows[0].changed
    assert (board.lost, board.counted()) == (1, {Result.INACTIVE: 1})
    board.apply([board.stamped(Decision("1", Result.ACTIVE))])
    assert (board.lost, board.counted()) == (0, {Result.ACTIVE: 1})
    assert board.undecided() == ["2"]


# -- in words


def test_a_plan_reads_in_both_languages():
    chosen = plan(Stale(active=8600, inactive=1400, new=100), {ALL: 12_000}, members=11_000)
    assert types.plan_lines(chosen)[0] == "whole roster: 24 pages of 500"
    assert types.plan_lines(chosen)[1].startswith("24 requests instead of 11,000, about 1 min")
    texts.use("pt_BR")
    try:
        assert "24 requisições em vez de 11.000" in types.plan_lines(chosen)[1]
    finally:
        texts.use("en")
    assert types.plan_lines(plan(Stale(), {}, members=3)) == [
        "Everybody is remembered: nothing needs to be asked."
    ]
    assert "or fewer" in types.plan_lines(plan(Stale(new=30), {}))[0]

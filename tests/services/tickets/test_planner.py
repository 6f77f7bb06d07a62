"""What the planner chooses: data in, data out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hubsoft_tui.formats import start_of
from hubsoft_tui.services.tickets.planner import LOOK_SECONDS, KnownTickets, hidden_statuses, steps, windows
from hubsoft_tui.store.mirror_records import FollowedTicket, Label, MirrorState, StatusCount

TODAY = date(2026, 11, 24)
NOON = start_of(TODAY) + 12 * 3600
STATUSES = tuple(
    Label("status", number, name, name.lower())
    for number, name in ((22, "Pendente"), (23, "Aguardando"), (24, "Resolvido"), (99, "Solto"), (77, "Novo"))
)


def state(**more: float | None) -> MirrorState:
    told = {"began_at": NOON - 1e6, "synced_at": NOON - 60, "looked_at": NOON - 60, "tables_at": NOON - 60}
    return MirrorState(**(told | more))  # type: ignore[arg-type]


def known(**more: object) -> KnownTickets:
    made = more.pop("state", state())
    assert isinstance(made, MirrorState)
    earliest = start_of(TODAY - timedelta(days=40))
    facts: dict[str, object] = {
        "now": NOON,
        "state": made,
        "windows": windows(made, NOON, earliest=earliest, oldest=earliest, first_days=30),
        "statuses": STATUSES,
        "counts": (StatusCount(22, 700, 3), StatusCount(23, 300, 0), StatusCount(24, 0, 4000)),
        "oldest_open": 1000,
        "look_open": 100,
        "look_all": 150,
        "closed": 80,
    }
    return KnownTickets(**(facts | more))  # type: ignore[arg-type]


def test_what_is_open_is_read_through_the_filter_and_what_closed_by_its_day() -> None:
    plan = steps(known(), 500)
    opened, closed = plan.reads
    assert (opened.start, opened.end, opened.status_ids) == (
        TODAY - timedelta(days=41),
        TODAY,
        (22, 23, 99, 77),
    )
    assert (closed.start, closed.status_ids) == (TODAY - timedelta(days=1), ())
    assert (plan.requests, plan.table, plan.looks, plan.hidden) == (3, False, False, (24,))


def test_now_and_then_everything_lately_is_read_without_a_filter_at_no_page_more() -> None:
    plan = steps(known(state=state(looked_at=NOON - LOOK_SECONDS)), 500)
    older, lately, _closed = plan.reads
    assert plan.looks
    assert (lately.start, lately.status_ids) == (TODAY, ())
    assert older.end == TODAY - timedelta(days=1)
    assert plan.requests == 4


def test_a_clock_that_was_set_back_looks_and_asks_for_the_table_again() -> None:
    plan = steps(known(state=state(looked_at=NOON + 9e5, tables_at=NOON + 9e5)), 500)
    assert (plan.looks, plan.table) == (True, True)


def test_the_first_pass_reads_everything_of_the_first_days() -> None:
    plan = steps(known(state=MirrorState()), 500)
    (everything,) = plan.reads
    assert (everything.status_ids, everything.rows, plan.table) == ((), None, True)


def test_a_status_is_hidden_only_where_its_tickets_say_so() -> None:
    def hidden(*counts: StatusCount) -> tuple[int, ...]:
        return hidden_statuses(known(counts=counts), 100)

    assert hidden(StatusCount(24, 0, 1)) == (24,)  # one closed ticket, and a name that says closed
    assert hidden(StatusCount(24, 1, 1)) == ()  # open tickets are left there
    assert hidden(StatusCount(99, 0, 19)) == ()
    assert hidden(StatusCount(99, 0, 20)) == (99,)  # whatever it is called
    assert hidden(StatusCount(24, 2, 250)) == (24,)  # two asked singly cost less than two pages and a half
    assert hidden(StatusCount(24, 3, 250)) == ()
    assert hidden(StatusCount(24, 5, 0), StatusCount(None, 0, 50)) == ()


def test_tickets_that_a_person_follows_from_long_ago_are_asked_the_cheaper_way() -> None:
    old = tuple(
        FollowedTicket(number, str(number), start_of(TODAY - timedelta(days=300))) for number in range(3)
    )
    begins = windows(
        state(), NOON, earliest=start_of(TODAY - timedelta(days=40)), oldest=old[0].opened_at, first_days=30
    )
    few = steps(known(followed=old, windows=begins, oldest_open=5000), 500)
    assert (few.singles, few.reads[0].start) == (old, begins.floor)
    near = steps(known(followed=old, windows=begins, oldest_open=1400), 500)
    assert (near.singles, near.reads[0].start) == ((), begins.oldest)


def test_a_console_left_off_for_months_reads_no_months_of_closed_tickets() -> None:
    begins = windows(state(synced_at=NOON - 200 * 86_400), NOON, earliest=None, oldest=None, first_days=30)
    assert begins.closed == TODAY - timedelta(days=30)


def small(count: int, **more: object) -> KnownTickets:
    facts: dict[str, object] = {"oldest_open": 15} | more
    return known(counts=(StatusCount(22, 15, 0), StatusCount(24, 0, count - 15)), **facts)


def test_a_small_provider_is_read_in_one_list_closed_or_not_and_needs_no_table() -> None:
    plan = steps(small(90, state=state(tables_at=NOON - 9e5)), 500)
    (everything,) = plan.reads
    assert (everything.start, everything.status_ids) == (TODAY - timedelta(days=41), ())
    assert (plan.requests, plan.table, plan.looks, plan.hidden) == (1, False, True, ())


def test_a_longer_list_is_read_whole_only_when_a_look_is_due_and_one_page_holds_it() -> None:
    due = state(looked_at=NOON - LOOK_SECONDS)
    assert [len(steps(small(400), 500).reads), len(steps(small(400, state=due), 500).reads)] == [2, 1]
    assert len(steps(small(501, state=due), 500).reads) > 1


def test_a_ticket_followed_from_long_ago_is_asked_for_beside_that_list() -> None:
    ancient = FollowedTicket(1, "1", start_of(TODAY - timedelta(days=300)))
    begins = windows(
        state(), NOON, earliest=start_of(TODAY - timedelta(days=40)), oldest=ancient.opened_at, first_days=30
    )
    plan = steps(small(90, followed=(ancient,), windows=begins, oldest_open=5000), 500)
    assert (len(plan.reads), plan.singles, plan.requests) == (1, (ancient,), 2)


@pytest.mark.parametrize("back", [3600.0, 86_400.0, 30 * 86_400.0, NOON - 86_400.0])
def test_a_clock_set_back_plans_no_list_that_ends_before_it_begins_and_hides_nothing(back: float) -> None:
    at = NOON - back
    made = state()
    set_back = windows(made, at, earliest=NOON - 86_400, oldest=NOON - 86_400, first_days=30)
    for looked_at in (NOON - 60, None):
        plan = steps(known(now=at, state=state(looked_at=looked_at), windows=set_back), 500)
        assert all(read.start <= read.end for read in plan.reads)
        assert max(read.end for read in plan.reads) >= TODAY

"""Late and due soon are told once: of one ticket, and over a lead's day with the simulator as the judge."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from hubsoft_tui.services.tickets.merge import due_news
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.store.mirror_records import Following, MirrorTicket, Standing
from tests.store.test_mirror import ticket

from .clocks import From

NOW, HOUR = 1_764_000_000.0, 3600.0


def due(left, told=0, **more) -> MirrorTicket:
    return ticket(1, due_at=NOW + left, due_told=told, following=int(Following.RULE), **more)


@pytest.mark.parametrize(
    ("seen", "told", "kind"),
    [
        (due(2 * HOUR), 0, None),
        (due(HOUR / 2), 1, ChangeKind.DUE),
        (due(HOUR / 2, told=1), 1, None),
        (due(-60), 2, ChangeKind.LATE),
        (due(-60, told=1), 2, ChangeKind.LATE),
        (due(-60, told=2), 2, None),
        (due(240, told=2), 2, None),
        (due(HOUR / 2, told=2), 1, None),
        (due(HOUR + 300, told=1), 1, None),
        (due(3 * HOUR, told=1), 0, None),
        (due(3 * HOUR, told=2), 0, None),
        (due(-60, state=int(Standing.CLOSED), closed_at=NOW), 2, ChangeKind.LATE),
        (due(-60, state=int(Standing.CLOSED), closed_at=NOW - 120), 0, None),
        (due(-60, told=1, state=int(Standing.MISSING)), 1, None),
        (ticket(1, due_at=None), 0, None),
    ],
)
def test_what_is_told_of_an_sla(seen, told, kind):
    state, noticed = due_news(seen, NOW, HOUR)
    assert (state, noticed and noticed.kind) == (told, kind)


def test_clock_that_stands_at_the_border_is_told_once():
    seen, told = due(HOUR + 60), []
    for minute in range(60):
        # HubSoft's time left stands still; what is known moves in steps of the slack.
        at = NOW + minute * 60
        moved = replace(seen, due_at=NOW + HOUR + 60 + minute // 3 * 180)
        state, noticed = due_news(moved, at, HOUR)
        told += [noticed.kind] if noticed else []
        seen = due(HOUR + 60, told=int(state))
    assert told == [ChangeKind.DUE]


def test_a_leads_day_tells_each_late_ticket_once(make_simulator, syncing_over):
    clock = From(2026, 11, 24, 8, 0)
    simulator = make_simulator(
        customers=60, tickets=80, closed_tickets=20, seed=7, start_at=clock.start, clock_rate=1
    )
    syncing = syncing_over(simulator, clock=clock)
    syncing.begin()
    began, counted = simulator.provider.clock.now(), 0
    for step in range(24):
        simulator.step(4)
        simulator.provider.clock.advance(1500)
        clock.jump(1500)
        if step == 12:  # the console is closed at noon, and opened again
            syncing.close()
            syncing = syncing_over(simulator, clock=clock)
            syncing.look()
        report = syncing.sync()
        counted += report.late
    told = Counter(change.ticket_id for change in syncing.of(ChangeKind.LATE))
    assert counted == told.total()
    over = simulator.provider.clock.now()
    late = set()
    for each in simulator.tickets:
        due = each.opened_at + 48 * HOUR
        ended = over if each.closed_at is None else each.closed_at
        if each.draft or min(abs(due - began), abs(due - ended)) < 300:
            told.pop(each.id, None)  # HubSoft tells minutes: at the border either is right
        elif began < due < ended:
            late.add(each.id)
    assert told == Counter(late)
    assert len(late) > 3

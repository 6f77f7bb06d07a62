"""Followed tickets as widgets: counted, told, listed, and never heavier than what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from hubsoft_tui import texts
from hubsoft_tui.services.outbox.types import Entry, EntryKind, EntryState, NewTicket
from hubsoft_tui.services.tickets.filters import parse
from hubsoft_tui.services.tickets.judgement import is_late, is_mine, is_unassigned, today_began
from hubsoft_tui.services.tickets.types import (
    Change,
    ChangeKind,
    PassReport,
    SyncStatus,
    TicketRow,
    TicketState,
)
from tests.widgets.fixture import Stage, lines_of
from widgets.outbox import Large, entry_sentence, grouped, large, next_step, state_word
from widgets.tickets.counts import SyncLine, TicketCounts, TicketTally
from widgets.tickets.detail import paragraphs
from widgets.tickets.table import TicketTable, View
from widgets.tickets.texts import (
    Quick,
    change_text,
    left_text,
    wanted,
)

NOW = 1_795_000_000.0
instants = st.one_of(st.none(), st.floats(NOW - 200_000, NOW + 200_000))
rows = st.builds(
    TicketRow,
    id=st.integers(1, 8),
    protocol=st.just("20261123"),
    state=st.sampled_from(TicketState),
    responsible=st.sampled_from([(), ("Ana",), ("Bia", "Ana")]),
    opened_at=instants,
    due_at=instants,
    change=st.one_of(
        st.none(),
        st.builds(
            Change,
            number=st.integers(1, 99),
            ticket_id=st.just(1),
            protocol=st.just(""),
            kind=st.sampled_from(ChangeKind),
            before=st.none(),
            after=st.none(),
            seen_at=st.floats(NOW - 200_000, NOW),
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(rows, st.booleans()), max_size=20))
def test_counting_each_change_comes_to_what_counting_all_does(history):
    kept: dict[int, TicketRow] = {}
    tally = TicketTally((), NOW, "ana")
    for row, there in history:
        tally.change(kept.get(row.id), row if there else None)
        if there:
            kept[row.id] = row
        else:
            kept.pop(row.id, None)
    assert tally.counts == TicketTally(kept.values(), NOW, "ana").counts
    for quick in Quick:
        assert tally.counts.by[quick] == sum(wanted(row, quick, NOW, "ana") for row in kept.values()), quick


def test_a_day_begins_when_brasilia_s_does():
    midnight = 1_794_970_800.0  # 24/11/2026 00:00 in Brasília
    assert today_began(midnight) == midnight
    assert today_began(midnight - 1) == midnight - 86_400


def test_what_a_ticket_is():
    row = TicketRow(1, "2026", TicketState.OPEN, due_at=NOW - 60, responsible=("João Pedro",))
    assert is_late(row, NOW)
    assert not is_late(replace(row, state=TicketState.CLOSED), NOW)
    assert not is_late(replace(row, due_at=None), NOW)
    assert is_mine(row, "joao")
    assert not is_mine(row, "")
    assert is_unassigned(replace(row, responsible=()))
    assert left_text(row, NOW) == "-1 min"
    assert left_text(replace(row, due_at=NOW + 7200), NOW) == "2 h"


@pytest.mark.parametrize(
    ("kind", "before", "after", "by", "said"),
    [
        (ChangeKind.STATUS, "waiting", "pending", "Ana", "waiting → pending (Ana)"),
        (ChangeKind.RESPONSIBLE, None, "Ana", None, "– → Ana"),
        (ChangeKind.MESSAGE, None, "on\nthe way", None, 'message: "on the way"'),
        (ChangeKind.MISSING, None, None, None, "missing"),
        (ChangeKind.CLOSED, None, "solved", "Ana", "closed by Ana: solved"),
    ],
)
def test_changes_in_words(kind, before, after, by, said):
    assert change_text(Change(1, 1, "", kind, before, after, NOW, by=by)) == said


@pytest.mark.parametrize("language", ["en", "pt_BR"])
@pytest.mark.parametrize("width", [78, 116, 196])
async def test_counters_and_sync_line_fit_any_width_and_language(language, width):
    counts = TicketCounts()
    line = SyncLine()
    spoken = texts.language()
    texts.use(language)
    try:
        async with Stage(counts, line).run_test(size=(width, 10)):
            tally = TicketTally(
                [TicketRow(n, "", TicketState.OPEN, due_at=NOW - 1) for n in range(1412)], NOW, ""
            )
            counts.show(tally.counts, dict.fromkeys(Quick, "x"), Quick.LATE)
            report = PassReport(1412, 1, 2, 3, 4, 2, 1412, 0.5, at=NOW)
            line.show(tally.counts, SyncStatus(next_at=NOW + 42, last=report), NOW)
            (told_counts,), (told_sync,) = lines_of(counts), lines_of(line)
            assert "…" not in told_counts
            assert "…" not in told_sync
            assert told_counts.count("1,412" if language == "en" else "1.412") >= 3
            assert "40 s" in told_sync
            assert cell_len(told_sync) == width
    finally:
        texts.use(spoken)


async def test_the_time_to_the_next_pass_changes_by_steps_only():
    line = SyncLine()
    async with Stage(line).run_test(size=(100, 5)):

        def told_at(left):
            line.show(TicketTally((), NOW, "").counts, SyncStatus(next_at=NOW + left), NOW)
            return lines_of(line)[0].strip()

        assert told_at(34).endswith("next pass in 30 s")
        assert told_at(31) == told_at(39)
        assert told_at(9) == told_at(0) == told_at(-30)


def ticket(number, **fields):
    usual = {"protocol": f"{number:020}", "state": TicketState.OPEN, "opened_at": NOW - number}
    return TicketRow(number, **(usual | fields))


async def test_removing_and_filtering_keep_the_cursor_on_a_row():
    table = TicketTable(now=NOW)
    async with Stage(table).run_test(size=(100, 20)) as pilot:
        table.restore(View())
        table.update_rows([ticket(number) for number in range(1, 60)], whole=True)
        await pilot.press("down", "down", "down")
        assert table.selected == "4"
        table.update_rows((), removed=(4,))
        assert table.selected == "5"
        table.apply(parse("00000000000000000050"))
        assert table.selected == "50"
        table.apply(parse(""))
        assert table.selected == "50"
        table.update_rows((), removed=range(1, 60))
        assert table.selected is None
        table.update_rows([ticket(7)])
        assert table.selected == "7"


async def test_ten_thousand_rows_take_a_change_without_painting_the_rest():
    table = TicketTable(now=NOW)
    async with Stage(table).run_test(size=(100, 20)):
        table.restore(View())
        table.update_rows([ticket(number) for number in range(1, 10_001)], whole=True)
        before = lines_of(table)
        table.update_rows([replace(ticket(9_000), status="other")])
        assert lines_of(table) == before
        table.update_rows([replace(ticket(2), customer="ANA")])
        changed = [
            y for y, (one, other) in enumerate(zip(before, lines_of(table), strict=True)) if one != other
        ]
        assert changed == [2]


def test_long_words_are_broken_not_lost():
    word = "x" * 95
    assert "".join(paragraphs(word, 20)) == word
    assert paragraphs("one\n\ntwo", 20) == ["one", "", "two"]
    assert len(paragraphs("line\n" * 5000, 20, 50)) == 50


def test_a_protocol_is_read_out_in_fours():
    assert grouped("20261123140231000123") == "2026 1123 1402 3100 0123"
    assert grouped("LOC000123") == "LOC000123"
    drawn = large("LOC 0123456789")
    assert drawn is not None
    assert {cell_len(line) for line in drawn} == {13 * 3 + 2}
    assert large("A?") is None


@pytest.mark.parametrize(("width", "height"), [(76, 3), (60, 1)])
async def test_large_where_there_is_room_bold_where_there_is_not(width, height):
    widget = Large()
    async with Stage(widget).run_test(size=(width, 10)) as pilot:
        widget.show("20261123140231000123", "bold")
        await pilot.pause()
        assert widget.size.height == height


@pytest.mark.parametrize("language", ["en", "pt_BR"])
@pytest.mark.parametrize("state", EntryState)
def test_every_state_of_an_entry_has_words_that_fit(state, language):
    spoken = texts.language()
    texts.use(language)
    try:
        draft = NewTicket(1, "", "", "")
        entry = Entry("LOC000001", EntryKind.OPEN, state, draft, NOW, NOW, next_at=NOW)
        for each in (entry, replace(entry, next_at=None), replace(entry, doubles=("2026",))):
            word, _style = state_word(each)
            assert cell_len(word) <= 18
            assert "{" not in next_step(each) + entry_sentence(each)
        action = replace(entry, kind=EntryKind.DISCONNECT)
        assert ("corrija" in next_step(action)) is False  # no form has it
        assert ("correct" in next_step(action)) is False
    finally:
        texts.use(spoken)

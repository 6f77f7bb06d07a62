"""The terminal rings: not too often, in the ways that are wanted, and nothing in a text is an order."""

from __future__ import annotations

import pytest

from hubsoft_tui.screens.frame.announcer import MOST_CHARACTERS, Ringer, ring_sequence


def test_what_came_too_soon_is_told_with_the_next():
    ringer = Ringer()
    assert ringer.due("late", 2, 0.0, 60.0) == 2
    assert ringer.due("late", 3, 30.0, 60.0) == 0
    assert ringer.due("due", 1, 30.0, 60.0) == 1
    assert ringer.due("late", 1, 60.0, 60.0) == 4
    assert ringer.due("late", 0, 200.0, 60.0) == 0


@pytest.mark.parametrize(
    ("ways", "written"),
    [
        ((), ""),
        (("bell",), "\a"),
        (("osc9",), "\x1b]9;HubSoft: 2 late\x1b\\"),
        (("osc777", "bell"), "\x1b]777;notify;HubSoft;2 late\x1b\\\a"),
    ],
)
def test_each_way_writes_its_own_sequence(ways, written):
    assert ring_sequence("HubSoft", "2 late", ways) == written


def test_text_cannot_end_the_sequence_or_begin_another():
    evil = "a;b\x1b\\\x1b]52;c;aGk=\a\x9c\u202e\n" + "x" * 500
    written = ring_sequence(evil, evil, ("osc9", "osc777"))
    assert written.count("\x1b") == 4
    assert written.count(";") == 1 + 3
    assert not set("\a\x9c\u202e\n") & set(written)
    assert len(written) < 4 * MOST_CHARACTERS + 40

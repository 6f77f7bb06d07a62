"""What was read and what was not: present, away, back, and after a restart."""

from __future__ import annotations

from hubsoft_tui.screens.tickets.followed_tickets import AWAY_SECONDS, Presence

NOW = 1_795_000_000.0
LATER = NOW + AWAY_SECONDS + 1


def here(newest=10):
    looked = Presence()
    looked.begin(None, 0.0, newest, NOW)
    return looked


def test_at_the_first_start_everything_is_read():
    looked = here()
    assert (looked.read_to, looked.unread(NOW)) == (10, False)


def test_what_comes_while_one_is_there_is_read():
    looked = here()
    looked.newest = 14
    assert not looked.unread(NOW + 100)
    looked.touch(NOW + 100)
    assert (looked.read_to, looked.left_at) == (14, NOW + 100)


def test_what_came_during_an_absence_stays_unread_until_marked():
    looked = here()
    looked.newest = 14
    assert looked.unread(LATER)
    looked.touch(LATER)
    looked.newest = 15
    looked.touch(LATER + 1)
    assert looked.unread(LATER + 2)
    assert (looked.read_to, looked.left_at) == (10, NOW)
    looked.mark(LATER + 3)
    assert (looked.read_to, looked.unread(LATER + 4), looked.left_at) == (15, False, LATER + 3)


def test_an_absence_without_changes_leaves_nothing():
    looked = here()
    looked.touch(LATER)
    assert (looked.unread(LATER), looked.left_at) == (False, LATER)


def test_looking_at_another_screen_is_an_absence():
    looked = here()
    looked.leave()
    looked.newest = 11
    looked.touch(NOW + 10)
    assert looked.unread(NOW + 10)


def test_a_restart_goes_on_where_the_person_left():
    looked = Presence()
    looked.begin(10, NOW, 12, LATER)
    looked.touch(LATER + 1)
    assert (looked.read_to, looked.left_at, looked.unread(LATER + 1)) == (10, NOW, True)
    same = Presence()
    same.begin(12, NOW, 12, LATER)
    assert not same.unread(LATER)
    lost = Presence()
    lost.begin(99, NOW, 12, LATER)  # the mirror was lost and begun anew
    assert (lost.read_to, lost.unread(LATER)) == (12, False)


def test_what_the_first_pass_after_a_restart_finds_happened_in_the_absence():
    looked = Presence()
    looked.begin(10, NOW, 10, LATER, passed=NOW)
    looked.passed(NOW)
    looked.touch(LATER + 1)
    looked.newest = 14
    looked.passed(LATER + 2)
    looked.touch(LATER + 3)
    assert (looked.read_to, looked.left_at, looked.unread(LATER + 3)) == (10, NOW, True)
    looked.mark(LATER + 4)
    looked.newest = 15
    looked.passed(LATER + 60)
    looked.touch(LATER + 61)
    assert (looked.read_to, looked.unread(LATER + 61)) == (15, False)


def test_a_first_pass_that_finds_nothing_leaves_nothing_and_so_does_a_mirror_that_was_kept_up_to_date():
    looked = Presence()
    looked.begin(10, NOW, 10, LATER, passed=NOW)
    looked.passed(LATER + 2)
    looked.touch(LATER + 3)
    assert (looked.unread(LATER + 3), looked.left_at) == (False, LATER + 3)
    kept = Presence()
    kept.begin(10, NOW, 10, LATER, passed=LATER - 20)
    kept.newest = 12
    kept.passed(LATER + 40)
    assert not kept.unread(LATER + 41)

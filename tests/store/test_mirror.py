"""The mirror on disk: versions that only grow, one right to sync, and nothing half written."""

from __future__ import annotations

from typing import Any

import pytest

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.mirror import LEASE_SECONDS, MIGRATIONS, Mirror, sync_lease, writing
from hubsoft_tui.store.mirror_records import (
    Following,
    MirrorChange,
    MirrorMessage,
    MirrorTexts,
    MirrorTicket,
    Standing,
)
from hubsoft_tui.store.process_liveness import ProcessLiveness


@pytest.fixture
def opened(tmp_path):
    mirrors: list[Mirror] = []

    def opening(account: str = "a") -> Mirror:
        mirrors.append(Mirror(open_database(tmp_path / "tickets.db", MIGRATIONS), account))
        return mirrors[-1]

    yield opening
    for mirror in mirrors:
        mirror.close()


def ticket(number: int, **more) -> MirrorTicket:
    told: dict[str, Any] = dict.fromkeys(MirrorTicket.__struct_fields__)
    told |= {"id": number, "protocol": str(number), "state": 0, "following": 1, "draft": 0, "responsible": "",
             "last_message": 0, "first_seen": 1.0, "confirmed_at": 1.0, "change": 0, "version": 0,
             "due_told": 0}  # fmt: skip
    return MirrorTicket(**(told | more))


def keep(mirror: Mirror, *tickets: MirrorTicket) -> None:
    with writing(mirror) as draft:
        draft.keep(tickets)


def test_versions_grow_for_every_process_and_accounts_keep_apart(opened):
    one, other, stranger = opened(), opened(), opened("b")
    keep(one, ticket(1), ticket(2))
    keep(other, ticket(3))
    assert (one.state().version, other.state().version, stranger.state().version) == (2, 2, 0)
    assert [each.id for each in one.followed(since=1)] == [3]
    assert [each.id for each in other.followed()] == [3, 2, 1]
    assert stranger.followed() == []


def test_confirming_takes_no_version_and_never_goes_back(opened):
    mirror = opened()
    keep(mirror, ticket(1, confirmed_at=50.0))
    with writing(mirror) as draft:
        draft.confirm({40.0: [1], 60.0: [2]})
    assert mirror.state().version == 1
    assert mirror.tickets([1])[1].confirmed_at == 50.0


def test_a_block_that_fails_writes_nothing(opened):
    mirror = opened()
    keep(mirror, ticket(1))

    def fail() -> None:
        with writing(mirror) as draft:
            draft.keep([ticket(2)])
            draft.changed([MirrorChange(draft.number(), 2, "new", None, None, None, None, 1.0)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [each.id for each in mirror.followed()] == [1]
    assert (mirror.state().version, mirror.state().changes, mirror.changes()) == (1, 0, [])


def test_changes_are_numbered_on(opened):
    mirror = opened()
    for number in (1, 2):
        with writing(mirror) as draft:
            draft.changed([MirrorChange(draft.number(), number, "new", None, "x", None, None, 1.0)])
    assert [each.number for each in mirror.changes()] == [1, 2]
    assert [each.number for each in mirror.changes_since(1)] == [2]
    assert [each.number for each in mirror.changes(last=1)] == [2]
    assert [each.ticket_id for each in mirror.changes(ticket_id=1)] == [1]


def test_texts_are_added_to_and_never_erased(opened):
    mirror = opened()
    with writing(mirror) as draft:
        draft.texts([MirrorTexts(1, opening="sem acesso", asked_at=5.0)])
        draft.texts([MirrorTexts(1, closing="resolvido")])
    texts = mirror.texts(1)
    assert (texts.opening, texts.closing, texts.asked_at) == ("sem acesso", "resolvido", 5.0)
    assert "acesso" not in repr(texts)


def test_what_closed_long_ago_is_followed_no_more_but_kept(opened):
    mirror = opened()
    closed = int(Standing.CLOSED)
    keep(
        mirror,
        ticket(1, state=closed, closed_at=10.0),
        ticket(2, state=closed, closed_at=10.0, following=int(Following.PERSON)),
        ticket(3, state=closed, closed_at=99.0),
        ticket(4, state=int(Standing.MISSING), confirmed_at=10.0),
        ticket(5),
    )
    with writing(mirror) as draft:
        draft.settle(closed_before=50.0, most=10)
    assert [each.id for each in mirror.followed()] == [5, 3, 2]
    assert sorted(mirror.dropped(1)) == [1, 4]
    assert set(mirror.tickets([1, 4])) == {1, 4}
    version = mirror.state().version
    with writing(mirror) as draft:
        draft.settle(closed_before=50.0, most=10)
    assert mirror.state().version == version


def test_a_pulse_is_felt_once_for_every_writer(opened):
    one, other = opened(), opened()
    first = one.pulse()
    assert first is not None
    assert one.pulse() is None
    keep(other, ticket(1))
    pulse = one.pulse()
    assert pulse is not None
    assert pulse.version == 1
    assert one.pulse() is None


class Moved(SystemClock):
    """A clock that can be moved on."""

    later = 0.0

    def now(self) -> float:
        return super().now() + self.later


def test_one_living_process_has_the_right_to_sync(opened, tmp_path):
    clock = Moved()
    here, there = ProcessLiveness(tmp_path / "alive"), ProcessLiveness(tmp_path / "alive")
    ours, theirs = sync_lease(opened(), here, clock), sync_lease(opened(), there, clock)
    assert ours.take(LEASE_SECONDS)
    assert ours.take(LEASE_SECONDS)
    assert not theirs.take(LEASE_SECONDS)
    assert (ours.held(), theirs.held(), ours.elsewhere(), theirs.elsewhere()) == (True, False, False, True)
    theirs.release()
    assert ours.held()
    ours.release()
    assert theirs.take(LEASE_SECONDS)
    there.close()  # it died
    assert not ours.elsewhere()
    assert ours.take(LEASE_SECONDS)
    third = ProcessLiveness(tmp_path / "alive")
    frozen = sync_lease(opened(), third, clock)
    assert not frozen.take(LEASE_SECONDS)
    Moved.later = LEASE_SECONDS + 1
    assert frozen.take(LEASE_SECONDS)  # an owner that does not renew it is taken for frozen
    assert not ours.held()
    Moved.later = 0.0
    here.close()
    third.close()


def test_what_was_over_long_ago_is_forgotten_with_all_that_was_said(opened):
    mirror, stranger = opened(), opened("b")
    over = {"state": int(Standing.CLOSED), "following": int(Following.NO), "opened_at": 10.0}
    kept = (
        ticket(2, **over | {"closed_at": 60.0}),
        ticket(3, **over | {"closed_at": 40.0, "opened_at": 35.0}),
        ticket(4, **over | {"closed_at": 40.0, "following": int(Following.PERSON)}),
        ticket(5, **over | {"state": int(Standing.OPEN)}),
    )
    for each in (mirror, stranger):
        keep(each, ticket(1, **over | {"closed_at": 40.0}), *kept)
        with writing(each) as draft:
            draft.texts([MirrorTexts(1, opening="no signal")])
            draft.messages([MirrorMessage(7, 1, "hello", 40.0)])
            draft.changed(
                [
                    MirrorChange(draft.number(), number, "new", None, None, None, None, 1.0)
                    for number in (1, 2)
                ]
            )
    with writing(mirror) as draft:
        assert draft.forget(over_before=50.0, opened_before=30.0) == 1
    assert [each.id for each in mirror.tickets(range(9)).values()] == [2, 3, 4, 5]
    assert [change.ticket_id for change in mirror.changes()] == [2]
    assert (mirror.messages(1), mirror.texts(1)) == ([], MirrorTexts(1))
    assert len(stranger.tickets(range(9))) == 5
    assert stranger.messages(1)

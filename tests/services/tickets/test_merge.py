"""One ticket, its shapes laid over one another: what is kept, and what counts as a change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hubsoft_tui.api.models import Ticket
from hubsoft_tui.formats import BRASILIA, day_of, start_of
from hubsoft_tui.services.tickets.merge import (
    Labels,
    Manner,
    Merged,
    Sighting,
    due_at,
    gone,
    merge,
    sharpened,
)
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.store.mirror_records import Following, Label, MirrorTicket, Standing

OPENED = datetime(2026, 11, 20, 9, 30, tzinfo=BRASILIA)
AT = OPENED.timestamp() + 3600
LABELS = Labels(
    [Label("status", 22, "Pendente"), Label("status", 23, "Análise"), Label("status", 24, "Resolvido"),
     Label("type", 33, "SAC"), Label("type", 40, "Duplo"), Label("type", 41, "Duplo")]
)  # fmt: skip

FLAT: dict[str, Any] = {"protocol": "2026", "status_id": 22, "type_id": 33, "opened_at": OPENED}


def rich(**more: Any) -> Ticket:
    """A row of `atendimento/todos`."""
    told: dict[str, Any] = {
        "protocol": "2026", "status_id": 22, "status": "Pendente", "status_prefix": "pendente", "type_id": 33,
        "type": "SAC", "opened_at": OPENED, "responsible": ("Sara", "Gil"), "responsible_known": True,
        "customer_id": 7, "customer_code": 1204, "service_id": 9, "remaining": "47h 0min",
    }  # fmt: skip
    return Ticket(id=1, **(told | more))


def poor(**more: Any) -> Ticket:
    """A row of `cliente/atendimento`: labels, days, one of those who have it."""
    told: dict[str, Any] = {
        "protocol": "2026", "status": "Pendente", "type": "SAC", "opened_on": OPENED.date(),
        "responsible": ("Sara",), "responsible_known": True, "customer_document": "86214941081",
    }  # fmt: skip
    return Ticket(id=1, **(told | more))


def flat(**more: Any) -> Ticket:
    """The answer of a PUT: ids alone."""
    return Ticket(id=1, **(FLAT | more))


def laid(known: MirrorTicket | None, ticket: Ticket, at: float = AT, **manner: Any) -> Merged:
    return merge(known, Sighting(ticket, at), LABELS, Manner(**manner))


@pytest.fixture
def known() -> MirrorTicket:
    return laid(None, rich()).ticket


def kinds(merged: Merged) -> list[ChangeKind]:
    return [noticed.kind for noticed in merged.changes]


def test_a_new_ticket_is_news_unless_it_is_the_first_pass():
    (new,) = laid(None, rich()).changes
    assert (new.kind, new.after, new.at) == (ChangeKind.NEW, "Pendente", OPENED.timestamp())
    assert kinds(laid(None, rich(), news=False)) == []
    assert laid(None, rich(), following=Following.NO).changes == ()


@pytest.mark.parametrize("shape", [rich, poor, flat])
def test_the_same_in_any_shape_changes_nothing_and_erases_nothing(known, shape):
    merged = laid(known, shape())
    assert kinds(merged) == []
    for name in (
        "status_id",
        "status",
        "type_id",
        "type",
        "responsible",
        "opened_at",
        "service_id",
        "due_at",
    ):
        assert getattr(merged.ticket, name) == getattr(known, name), name


def test_labels_find_their_ids_and_ids_their_labels(known):
    moved = laid(known, poor(status="Análise")).ticket
    assert (moved.status_id, moved.status) == (23, "Análise")
    moved = laid(known, flat(status_id=23)).ticket
    assert (moved.status_id, moved.status) == (23, "Análise")
    assert laid(known, poor(type="Duplo")).ticket.type_id is None  # two types are called so
    unknown = laid(known, flat(status_id=555))
    assert (unknown.ticket.status_id, unknown.ticket.status, unknown.changes[0].after) == (555, None, "#555")


def test_an_id_that_becomes_known_later_is_no_change(known):
    unnamed = laid(known, poor(status="Outro")).ticket
    assert unnamed.status_id is None
    assert kinds(laid(unnamed, rich(status_id=80, status="Outro"))) == []
    assert kinds(laid(known, rich(status="Pendente, renomeado"))) == []


def test_what_changes_is_told_with_before_and_after(known):
    merged = laid(known, rich(status_id=23, status="Análise", type_id=40, type="Duplo", responsible=("Gil",)))
    told = [(each.kind, each.before, each.after) for each in merged.changes]
    assert told == [
        (ChangeKind.STATUS, "Pendente", "Análise"),
        (ChangeKind.TYPE, "SAC", "Duplo"),
        (ChangeKind.RESPONSIBLE, "Sara, Gil", "Gil"),
    ]


def test_who_has_it_in_another_order_is_no_change_and_nobody_is_one(known):
    assert kinds(laid(known, rich(responsible=("Gil", "Sara")))) == []
    assert laid(known, rich(responsible=())).changes[0].after is None
    assert kinds(laid(known, poor(responsible=("Rui",)))) == [ChangeKind.RESPONSIBLE]


def test_closing_is_one_change_and_its_day_becomes_exact_later(known):
    day = laid(known, poor(status="Resolvido", closed_on=OPENED.date(), closed_by="Gil", closing_reason="ok"))
    (told,) = day.changes
    assert (told.kind, told.before, told.after, told.at, told.by) == (
        ChangeKind.CLOSED, "Pendente", "Resolvido", None, "Gil"
    )  # fmt: skip
    exact = laid(day.ticket, rich(status_id=24, status="Resolvido", closed_at=OPENED + timedelta(hours=2)))
    assert kinds(exact) == []
    assert exact.ticket.closed_at == (OPENED + timedelta(hours=2)).timestamp()
    assert (exact.ticket.closing_reason, exact.ticket.closed_by) == ("ok", "Gil")


def test_opened_again_forgets_how_it_was_closed(known):
    closed = laid(known, rich(status_id=24, status="Resolvido", closed_at=OPENED, closing_reason="ok")).ticket
    assert closed.state == Standing.CLOSED
    again = laid(closed, rich())
    assert kinds(again) == [ChangeKind.REOPENED]
    assert (again.ticket.closed_at, again.ticket.closing_reason) == (None, None)
    later = laid(closed, rich(status_id=24, status="Resolvido", closed_at=OPENED + timedelta(days=1)))
    assert kinds(later) == [ChangeKind.REOPENED, ChangeKind.CLOSED]


def test_missing_and_found(known):
    missing = gone(known)
    assert kinds(missing) == [ChangeKind.MISSING]
    assert kinds(gone(missing.ticket)) == []
    assert kinds(laid(missing.ticket, rich())) == [ChangeKind.FOUND]
    deleted = laid(known, rich(deleted_at=OPENED))
    assert kinds(deleted) == [ChangeKind.MISSING]
    assert laid(deleted.ticket, poor()).ticket.state == Standing.MISSING  # that shape does not say so
    assert kinds(laid(deleted.ticket, rich())) == [ChangeKind.FOUND]


def test_a_ticket_that_was_dismissed_stays_so_until_a_person_wants_it(known):
    dismissed = laid(None, rich(), following=Following.DISMISSED).ticket
    assert laid(dismissed, rich(status_id=23, status="Análise")).changes == ()
    assert laid(dismissed, rich(), following=Following.PERSON).ticket.following == Following.PERSON


@pytest.mark.parametrize(
    ("remaining", "minutes"),
    [("47h 3min", 2823), ("-138h 4min", -8284), ("5min", 5), ("1d 2h 0min", 1560), ("-3min", -3)],
)
def test_the_time_left_is_counted_from_when_it_was_said(remaining, minutes):
    assert due_at(rich(remaining=remaining), AT, None) == AT + minutes * 60


@pytest.mark.parametrize("remaining", ["0min", "", None, "soon", "0h 0min"])
def test_no_time_is_made_up(remaining):
    assert due_at(rich(remaining=remaining), AT, None) is None
    assert due_at(rich(remaining=remaining), AT, 5.0) == 5.0
    assert due_at(rich(draft=True), AT, None) is None


def test_rounding_is_no_change_of_the_time_left(known):
    later = laid(known, rich(remaining="46h 58min"), at=AT + 100)
    assert later.ticket.due_at == known.due_at
    assert laid(known, rich(remaining="40h 0min")).ticket.due_at == AT + 40 * 3600


def test_days_are_brasilia_s():
    assert day_of(datetime(2026, 11, 24, 2, 59, tzinfo=BRASILIA).timestamp()) == date(2026, 11, 24)
    assert day_of(start_of(date(2026, 11, 24)) - 1) == date(2026, 11, 23)
    assert sharpened(None, OPENED.date(), OPENED.timestamp()) == OPENED.timestamp()
    assert sharpened(None, date(2026, 11, 21), OPENED.timestamp()) == start_of(date(2026, 11, 21))
    assert sharpened(None, None, None) is None

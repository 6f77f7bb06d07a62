"""Which tickets are late, unassigned, mine or new, and how their changes read."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from hubsoft_tui.formats import NOTHING, age, clock, moment
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.tickets.judgement import changed_since, is_late, is_mine, is_unassigned, today_began
from hubsoft_tui.services.tickets.types import ChangeKind, TicketState
from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from hubsoft_tui.services.tickets.types import Change, TicketRow

FRESH_SECONDS: Final = 60.0
"""How long what is new stands out before it calms down."""
RECENT_SECONDS: Final = 300.0


class Quick(Enum):
    """What the table is narrowed to with one key."""

    OPEN = "open"
    CHANGED = "changed"
    LATE = "late"
    UNASSIGNED = "unassigned"
    MINE = "mine"
    ALL = "all"


def wanted(row: TicketRow, quick: Quick, now: float, me: str) -> bool:
    """Whether `row` is among what `quick` narrows to."""
    if quick is Quick.OPEN:
        return row.state is TicketState.OPEN
    if quick is Quick.CHANGED:
        return changed_since(row, today_began(now))
    if quick is Quick.LATE:
        return is_late(row, now)
    if quick is Quick.UNASSIGNED:
        return is_unassigned(row)
    if quick is Quick.MINE:
        return is_mine(row, me)
    return True


def kind_word(kind: ChangeKind) -> str:
    """Return what happened, in a word or two."""
    return {
        ChangeKind.NEW: _("new"),
        ChangeKind.STATUS: _("status"),
        ChangeKind.TYPE: _("type"),
        ChangeKind.RESPONSIBLE: _("responsible"),
        ChangeKind.MESSAGE: _("message"),
        ChangeKind.CLOSED: _("closed"),
        ChangeKind.REOPENED: _("reopened"),
        ChangeKind.MISSING: _("missing"),
        ChangeKind.FOUND: _("found again"),
        ChangeKind.DUE: _("due soon"),
        ChangeKind.LATE: _("SLA ended"),
    }[kind]


SIGNS: Final = {
    ChangeKind.NEW: "+",
    ChangeKind.STATUS: "→",
    ChangeKind.TYPE: "→",
    ChangeKind.RESPONSIBLE: "→",
    ChangeKind.MESSAGE: "»",
    ChangeKind.CLOSED: "✓",
    ChangeKind.REOPENED: "↺",
    ChangeKind.MISSING: "?",
    ChangeKind.FOUND: "↺",
    ChangeKind.DUE: "~",
    ChangeKind.LATE: "!",
}
"""One cell each: what happened is readable without colour."""

_TURNS: Final = frozenset({ChangeKind.STATUS, ChangeKind.TYPE, ChangeKind.RESPONSIBLE})


def change_text(change: Change) -> str:
    """Return a change as a person says it: `waiting → pending (Joaquim)`, `closed by Bianca: solved`."""
    after, by = clean(" ".join((change.after or "").split())), clean(change.by or "")
    if change.kind in _TURNS:
        said = f"{clean(change.before or '') or NOTHING} → {after or NOTHING}"
        return f"{said} ({by})" if by else said
    if change.kind is ChangeKind.DUE and change.at is not None:
        return _("due at {time}").format(time=clock(change.at))
    said = kind_word(change.kind)
    if by:
        said = _("{what} by {who}").format(what=said, who=by)
    if not after:
        return said
    return f'{said}: "{after}"' if change.kind is ChangeKind.MESSAGE else f"{said}: {after}"


def responsible_text(row: TicketRow) -> str:
    """Return who has the ticket."""
    return clean(", ".join(row.responsible))


def status_text(row: TicketRow) -> str:
    """Return the ticket's status; one that HubSoft no longer returns says so."""
    if row.state is TicketState.MISSING:
        return _("missing")
    word = clean(row.status or "")
    if row.state is TicketState.CLOSED:
        return word or _("closed")
    return f"{word} (" + _("draft") + ")" if row.draft else word or NOTHING


def left_text(row: TicketRow, now: float) -> str:
    """Return what is left of the ticket's SLA, as `6 h` or `-19 h`."""
    if row.due_at is None or row.state is not TicketState.OPEN:
        return NOTHING
    left = row.due_at - now
    return age(left) if left >= 0 else f"-{age(-left)}"


def opened_text(row: TicketRow, now: float) -> str:
    """Return when the ticket was opened: the time today, the day before that."""
    return moment(row.opened_at, now, brief=True)


def age_text(row: TicketRow, now: float) -> str:
    """Return how long the ticket is open, or was."""
    if row.opened_at is None:
        return NOTHING
    end = row.closed_at if row.state is TicketState.CLOSED and row.closed_at is not None else now
    # A ticket opened within the minute says so without counting seconds: those would never stand still.
    return age(end - row.opened_at) if end - row.opened_at >= 60 else _("now")


def change_time(change: Change) -> str:
    """Return the time of day a change was seen."""
    return clock(change.seen_at)

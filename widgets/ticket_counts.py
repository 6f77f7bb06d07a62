"""The lines above the tickets: how many of what, with the key that narrows to them; how syncing goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.services.tickets.types import SyncStatus, TicketState
from hubsoft_tui.texts import _, ngettext

from .drawn import Drawn, cut, line
from .ticket_words import (
    RECENT_SECONDS,
    Quick,
    changed_since,
    is_late,
    is_mine,
    is_unassigned,
    today_began,
)
from .words import age, clock, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubsoft_tui.services.tickets.types import TicketRow

    from .drawn import Part

STEP_SECONDS: Final = 10
"""The time to the next pass is told in steps: counting seconds would send bytes all day."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many followed tickets are what, at one instant."""

    by: dict[Quick, int]
    new_today: int = 0
    recent: int = 0
    """Changed in the last five minutes."""


def count(rows: Iterable[TicketRow], now: float, me: str) -> Counts:
    """Count `rows` at `now` (UTC epoch seconds); `me` is a folded name, empty for nobody."""
    began, recently = today_began(now), now - RECENT_SECONDS
    total = opened = late = unassigned = mine = changed = new = recent = 0
    for row in rows:
        total += 1
        if row.opened_at is not None and row.opened_at >= began:
            new += 1
        if row.change is not None and changed_since(row, began):
            changed += 1
            recent += changed_since(row, recently)
        if row.state is TicketState.OPEN:
            opened += 1
            late += is_late(row, now)
            unassigned += is_unassigned(row)
            mine += bool(me) and is_mine(row, me)
    by = {
        Quick.OPEN: opened,
        Quick.CHANGED: changed,
        Quick.LATE: late,
        Quick.UNASSIGNED: unassigned,
        Quick.MINE: mine,
        Quick.ALL: total,
    }
    return Counts(by, new, recent)


def quick_word(quick: Quick, *, short: bool = False) -> str:
    """Return what a quick filter shows, in a word or two; `short` in one."""
    if short and quick is Quick.CHANGED:
        return _("today")
    return {
        Quick.OPEN: _("open"),
        Quick.CHANGED: _("changed today"),
        Quick.LATE: _("late"),
        Quick.UNASSIGNED: _("unassigned"),
        Quick.MINE: _("mine"),
        Quick.ALL: _("total"),
    }[quick]


def cost(requests: int, naive: int) -> str:
    """Return what a pass costs beside what one request per ticket would: `2 requests, not 412`."""
    text = ngettext("{n} request, not {naive}", "{n} requests, not {naive}", requests)
    return text.format(n=number(requests), naive=number(naive))


class TicketCounts(Drawn):
    """One line of counters, each with its key; the one that narrows the table stands out."""

    def __init__(self) -> None:
        super().__init__(id="ticket-counts")
        self._counts = Counts(dict.fromkeys(Quick, 0))
        self._keys: dict[Quick, str] = {}
        self._chosen = Quick.OPEN

    def show(self, counts: Counts, keys: dict[Quick, str], chosen: Quick) -> None:
        """Draw `counts`; `keys` narrow to them, `chosen` does now."""
        self._counts, self._keys, self._chosen = counts, keys, chosen
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line, as loose as the width allows."""
        drawn = Content("")
        for gap, short in ((4, False), (3, False), (2, True), (1, True)):
            drawn = Content(" " * gap).join(self._piece(quick, short) for quick in Quick)
            if drawn.cell_length <= width:
                break
        return [drawn.truncate(width, ellipsis=True)]

    def _piece(self, quick: Quick, short: bool) -> Content:
        amount = self._counts.by.get(quick, 0)
        # Late is what needs a person; the rest is to be read.
        style = "bold $bad" if quick is Quick.LATE and amount else "bold $title"
        word = (
            quick_word(quick, short=short),
            "bold underline $title" if quick is self._chosen else "$quiet",
        )
        return line((self._keys.get(quick, ""), "$account"), " ", word, " ", (number(amount), style))


class SyncLine(Drawn):
    """One line: what is new, what the filter leaves, when the next pass comes, and what it cost."""

    def __init__(self) -> None:
        super().__init__(id="ticket-sync")
        self._counts = Counts({})
        self._status: SyncStatus | None = None
        self._now = 0.0
        self._busy = ""
        self._filter = ""
        self._matches = 0
        self._above = 0

    def show(
        self,
        counts: Counts,
        status: SyncStatus | None,
        now: float,
        *,
        busy: str = "",
        filter_text: str = "",
        matches: int = 0,
        above: int = 0,
    ) -> None:
        """Draw how things stand at `now`; `busy` says what a person asked for and waits for."""
        self._counts, self._status, self._now, self._busy = counts, status, now, busy
        self._filter, self._matches, self._above = filter_text, matches, above
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the line: to the left what is shown, to the right how syncing goes."""
        right = self._sync(width)
        left = self._left().truncate(max(0, width - right.cell_length - 2), ellipsis=True)
        space = max(0, width - left.cell_length - right.cell_length)
        return [line(left, " " * space, right).truncate(width, ellipsis=True)]

    def _left(self) -> Content:
        pieces: list[Content] = []
        if self._filter:
            matches = ngettext("{n} matches", "{n} match", self._matches).format(n=number(self._matches))
            pieces.append(line((f"{matches} ", "$account"), (f"/{self._filter}", "$account bold")))
        if self._above:
            above = ngettext("{n} new above", "{n} new above", self._above).format(n=number(self._above))
            pieces.append(line(("↑ ", "bold $accent"), (above, "$accent")))
        new = ngettext("{n} new today", "{n} new today", self._counts.new_today)
        recent = ngettext("{n} changed in 5 min", "{n} changed in 5 min", self._counts.recent)
        pieces.append(Content.styled(new.format(n=number(self._counts.new_today)), "$quiet"))
        pieces.append(
            Content.styled(
                recent.format(n=number(self._counts.recent)), "" if self._counts.recent else "$quiet"
            )
        )
        return Content("   ").join(pieces)

    def _sync(self, width: int) -> Content:
        status = self._status
        if self._busy:
            return Content.styled(cut(self._busy, width // 2), "$account")
        if status is None:
            return Content("")
        if status.trouble:
            since = "  " + _("as of {time}").format(time=clock(status.last.at)) if status.last else ""
            return line(("! ", "bold $stale"), (cut(f"{status.trouble}{since}", width * 2 // 3), "$stale"))
        parts: list[Part] = [(self._next(status), "$quiet")]
        if (last := status.last) is not None:
            parts += [("  ·  ", "$faint"), (cost(last.requests, last.naive_requests), "")]
            if last.unconfirmed:
                missed = ngettext("{n} not confirmed", "{n} not confirmed", last.unconfirmed)
                parts += [("  ·  ", "$faint"), (missed.format(n=number(last.unconfirmed)), "$warn")]
        return line(*parts)

    def _next(self, status: SyncStatus) -> str:
        if status.running:
            return _("a pass is under way")
        if status.next_at is None:
            return _("nobody syncs by itself")
        left = status.next_at - self._now
        if left < STEP_SECONDS:
            return _("next pass in a moment")
        step = int(left) // STEP_SECONDS * STEP_SECONDS if left < 120 else left
        return _("next pass in {time}").format(time=age(step))

"""The lines above the tickets: counts, each with the key that narrows to it, and the state of the sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import HOUR, NOTHING, age, clock, moment
from hubsoft_tui.services.tickets.judgement import is_mine, today_began
from hubsoft_tui.services.tickets.types import SyncStatus, TicketState
from hubsoft_tui.texts import _, ngettext, number
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, cut, line
from .texts import RECENT_SECONDS, Quick

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubsoft_tui.services.tickets.types import PassReport, TicketRow

    from ..line_widget import Part

_NARROW: Final = 100
STEP_SECONDS: Final = 10
"""The time to the next pass is told in steps: counting seconds would send bytes all day."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many followed tickets are what, at one instant."""

    by: dict[Quick, int]
    new_today: int = 0
    recent: int = 0
    """Changed in the last five minutes."""
    late_lately: int = 0
    """Late since an hour at most."""


class TicketTally:
    """Counts tickets as they come, change and go, all seen from the instant `now` (UTC epoch seconds).

    Judging 20,000 tickets anew for each change would be felt at the keyboard; once a minute it is not.
    """

    def __init__(self, rows: Iterable[TicketRow], now: float, me: str) -> None:
        """`me` is a folded name; empty matches no ticket."""
        self._now = now
        self._me = me
        self._began = today_began(now)
        self._sums = [0] * (len(Quick) + 3)
        for row in rows:
            self._add(row, 1)

    def change(self, before: TicketRow | None, after: TicketRow | None) -> None:
        """Count `after` in the place of `before`; None is a ticket that was or is not there."""
        if before is not None:
            self._add(before, -1)
        if after is not None:
            self._add(after, 1)

    @property
    def counts(self) -> Counts:
        """How many there are of each."""
        *by, new, recent, lately = self._sums
        return Counts(dict(zip(Quick, by, strict=True)), new, recent, lately)

    def _add(self, row: TicketRow, by: int) -> None:
        sums, seen = self._sums, row.change.seen_at if row.change is not None else 0.0
        if row.state is TicketState.OPEN:
            sums[0] += by
            if row.due_at is not None and row.due_at < self._now:
                sums[2] += by
                if row.due_at > self._now - HOUR:
                    sums[8] += by
            if not row.responsible:
                sums[3] += by
            elif self._me and is_mine(row, self._me):
                sums[4] += by
        if seen >= self._began:
            sums[1] += by
            if seen >= self._now - RECENT_SECONDS:
                sums[7] += by
        sums[5] += by
        if row.opened_at is not None and row.opened_at >= self._began:
            sums[6] += by


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


def pass_sentence(report: PassReport) -> str:
    """Return what a pass found and what it cost, as a sentence."""
    found = [
        (report.new, ngettext("{n} new", "{n} new", report.new)),
        (report.changed, ngettext("{n} changed", "{n} changed", report.changed)),
        (report.closed, ngettext("{n} closed", "{n} closed", report.closed)),
        (report.missing, ngettext("{n} missing", "{n} missing", report.missing)),
    ]
    parts = [text.format(n=number(amount)) for amount, text in found if amount]
    found_text = ", ".join(parts) or _("Nothing changed")
    return f"{found_text}. {cost(report.requests, report.naive_requests)}."


class TicketCounts(Drawn):
    """One line of counters, each with its key; the one that narrows the table stands out."""

    def __init__(self) -> None:
        super().__init__(id="ticket-counts")
        self._counts: Counts | None = None
        self._keys: dict[Quick, str] = {}
        self._chosen = Quick.OPEN

    def show(self, counts: Counts | None, keys: dict[Quick, str], chosen: Quick) -> None:
        """Draw `counts` (None while they are not known); `keys` narrow to them, `chosen` does now."""
        self._counts, self._keys, self._chosen = counts, keys, chosen
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line, as loose as the width allows; the sum of all goes first where there is no room."""
        fewer = tuple(quick for quick in Quick if quick is not Quick.ALL or quick is self._chosen)
        drawn = Content("")
        lately = self._lately()
        looser = (
            (4, False, Quick, lately[0]),
            (3, False, Quick, lately[0]),
            (2, True, Quick, lately[1]),
            (1, True, Quick, lately[1]),
            (1, True, fewer, lately[1]),
            (1, True, fewer, ""),
        )
        for gap, short, shown, more in looser:
            drawn = Content(" " * gap).join(self._piece(quick, short, more) for quick in shown)
            if drawn.cell_length <= width:
                break
        return [drawn.truncate(width, ellipsis=True)]

    def _lately(self) -> tuple[str, str]:
        """Return how many became late in the last hour, in words and as short as it can be."""
        amount = self._counts.late_lately if self._counts is not None else 0
        if not amount:
            return "", ""
        return _("+{n} in the last hour").format(n=number(amount)), f"+{number(amount)}"

    def _piece(self, quick: Quick, short: bool, lately: str) -> Content:
        amount = self._counts.by.get(quick, 0) if self._counts is not None else None
        # Late is what needs a person; the rest is to be read.
        style = "bold $bad" if quick is Quick.LATE and amount else "bold $title"
        told = NOTHING if amount is None else number(amount)
        word = (
            quick_word(quick, short=short),
            "bold underline $title" if quick is self._chosen else "$quiet",
        )
        more = f" ({lately})" if quick is Quick.LATE and lately else ""
        return line((self._keys.get(quick, ""), "$account"), " ", word, " ", (told, style), (more, "$bad"))


@dataclass(frozen=True, slots=True)
class UnreadChanges:
    """What came since the person left the board, at `since` (UTC epoch seconds); `key` marks it as read."""

    since: float
    count: int
    key: str


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
        self._unread: UnreadChanges | None = None
        self._hint: Content | None = None
        self._marked = 0

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
        marked: int = 0,
        unread: UnreadChanges | None = None,
        hint: Content | None = None,
    ) -> None:
        """Draw how things stand at `now`; `busy` says what a person asked for and waits for.

        A `hint` takes the line while a filter is typed.
        """
        self._hint, self._unread, self._marked = hint, unread, marked
        self._counts, self._status, self._now, self._busy = counts, status, now, busy
        self._filter, self._matches, self._above = filter_text, matches, above
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the line: to the left what is shown, to the right how syncing goes."""
        if self._hint:
            return [self._hint.truncate(width, ellipsis=True)]
        right = self._sync(width)
        if (self._unread or self._filter or self._marked) and width < _NARROW:
            # What a person missed, wants or does stands before what a machine did.
            right = self._sync(width, costs=False)
        left = self._left(max(0, width - right.cell_length - 2))
        space = max(0, width - left.cell_length - right.cell_length)
        return [line(left, " " * space, right).truncate(width, ellipsis=True)]

    def _left(self, width: int) -> Content:
        pieces: list[Content] = []
        if self._marked:
            said = ngettext("{n} marked", "{n} marked", self._marked).format(n=number(self._marked))
            pieces.append(line(("● ", "bold $mark"), (said, "bold $mark")))
        if self._unread is not None:
            pieces.append(self._unread_piece(self._unread, width))
        if self._filter:
            matches = ngettext("{n} matches", "{n} match", self._matches).format(n=number(self._matches))
            pieces.append(line((f"{matches} ", "$account"), (f"/{self._filter}", "$account bold")))
        if self._above:
            above = ngettext("{n} new above", "{n} new above", self._above).format(n=number(self._above))
            pieces.append(line(("↑ ", "bold $mark"), (above, "$mark")))
        new = ngettext("{n} new today", "{n} new today", self._counts.new_today)
        recent = ngettext("{n} changed in 5 min", "{n} changed in 5 min", self._counts.recent)
        pieces.append(Content.styled(new.format(n=number(self._counts.new_today)), "$quiet"))
        pieces.append(
            Content.styled(
                recent.format(n=number(self._counts.recent)), "" if self._counts.recent else "$quiet"
            )
        )
        gap = Content("   ")
        while len(pieces) > 1 and gap.join(pieces).cell_length > width:
            pieces.pop()
        return gap.join(pieces).truncate(width, ellipsis=True)

    def _unread_piece(self, unread: UnreadChanges, width: int) -> Content:
        since = moment(unread.since, self._now, brief=True)
        changes = ngettext("{n} change", "{n} changes", unread.count).format(n=number(unread.count))
        long = _("since you left at {time}: {changes}, {key} marks them read")
        short = _("since {time}: {changes}, {key}")
        said = long.format(time=since, changes=changes, key=unread.key)
        if len(said) > width:
            said = short.format(time=since, changes=changes, key=unread.key)
        return Content.styled(said, "bold $mark")

    def _sync(self, width: int, *, costs: bool = True) -> Content:
        status = self._status
        if self._busy:
            return Content.styled(cut(self._busy, width // 2), "$account")
        if status is None:
            return Content("")
        if status.trouble:
            since = "  " + _("as of {time}").format(time=clock(status.last.at)) if status.last else ""
            return line(("! ", "bold $stale"), (cut(f"{status.trouble}{since}", width * 2 // 3), "$stale"))
        parts: list[Part] = [(self._next(status), "$quiet")]
        if costs and (last := status.last) is not None:
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

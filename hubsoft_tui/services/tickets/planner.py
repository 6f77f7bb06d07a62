"""What one pass asks HubSoft: the cheapest set of requests that answers "what changed since the last time?".

HubSoft has no "updated since". So the open set is read again in bulk, filtered by the statuses in which open
tickets stand; what closed is read by the day of closing, a day over; and now and then everything opened lately
is read without a filter, for what a filter would hide. Only what none of these can show is asked one by one.
Nothing here asks anything: it is data in, data out.

Rows of a list stand newest first. One that leaves the part already read lets all below it move up, and the first of the
next page would slip past unseen. So pages overlap: they are asked for in sizes whose page numbers fall a few
rows short of what was read, and a page that shares no row with those before it tells of a gap.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import msgspec

from ...api.tickets import TicketDate
from ...formats import ONE_DAY, day_of
from ...formats import day as written
from ...store.mirror_records import FollowedTicket, Label, MirrorState, StatusCount
from ...texts import _, ngettext
from ...values import dataclass
from .merge import sounds_closed
from .types import Plan

LOOK_SECONDS: Final = 600.0
"""How often everything opened lately is read without a filter."""
LOOK_OVERLAP: Final = 3 * 3600.0
"""A look begins on the day it was so many seconds before the last one: servers in other zones write other days."""
TABLE_SECONDS: Final = 86_400.0
"""How often the table of statuses is read; one that no table named is asked for at once."""
LIGHT_ROWS: Final = 100
"""A list of so many rows is read without a filter at any time, a longer one only where a look is due anyway."""
CERTAIN_CLOSED: Final = 20
"""So many closed tickets and no open one: the provider leaves no open ticket in that status, whatever it is called."""

SMALLEST: Final = 20
"""A page that fails at this size is not made smaller."""
MOST_OVERLAP: Final = 10
TRIED: Final = 12
CLEAN_BEFORE_GROWING: Final = 5
MOST_PATIENCE: Final = 320


@dataclass(frozen=True, slots=True)
class Windows:
    """From which day on each reading begins."""

    floor: date
    """What is followed by rule was opened on this day or later."""
    oldest: date
    """The day the oldest ticket followed was opened: before `floor` only where a person asked for it."""
    look: date
    """Everything opened since was not all seen without a filter."""
    closed: date
    """What was closed since was not all seen."""


@dataclass(frozen=True, slots=True)
class KnownTickets:
    """What is known before a pass. Counts are of tickets in the mirror, followed or not."""

    now: float
    state: MirrorState
    windows: Windows
    followed: tuple[FollowedTicket, ...] = ()
    statuses: tuple[Label, ...] = ()
    counts: tuple[StatusCount, ...] = ()
    """By status, opened since `windows.floor`."""
    oldest_open: int = 0
    """Open tickets opened since `windows.oldest`."""
    look_open: int = 0
    look_all: int = 0
    """Open tickets, and all, opened since `windows.look`."""
    closed: int = 0
    """Tickets closed since `windows.closed`."""

    @property
    def last_day(self) -> date:
        """Until when lists are read: a clock that was set back since the last pass hides nothing that is known."""
        latest = day_of(max(self.now, self.state.synced_at or 0.0))
        return max(latest, self.windows.floor, self.windows.oldest, self.windows.look, self.windows.closed)

    @property
    def first(self) -> bool:
        """Whether no pass has ended yet."""
        return self.state.began_at is None

    @property
    def floor_open(self) -> int:
        """Open tickets opened since `windows.floor`."""
        return sum(count.open for count in self.counts)

    @property
    def floor_all(self) -> int:
        """Tickets opened since `windows.floor`, closed or not."""
        return sum(count.open + count.closed for count in self.counts)

    @property
    def look_due(self) -> bool:
        """Whether it is time to see everything opened lately without a filter."""
        looked_at = self.state.looked_at
        return looked_at is None or not 0 <= self.now - looked_at < LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class Read:
    """One list to read, page by page. `rows` is how many it is thought to hold, None where it is unknown."""

    by: TicketDate
    start: date
    end: date
    status_ids: tuple[int, ...] = ()
    """Only these; all of them where it is empty."""
    rows: int | None = None

    def requests(self, size: int) -> int:
        """Return how many pages it is thought to take."""
        return pages(self.rows or 0, size)


@dataclass(frozen=True, slots=True)
class Steps:
    """What a pass asks, in this order: the table, the lists, then what no list can show, one by one."""

    size: int
    table: bool
    reads: tuple[Read, ...]
    singles: tuple[FollowedTicket, ...]
    hidden: tuple[int, ...]
    """Status ids that the filter leaves out: open tickets do not stand there, by what we saw."""
    looks: bool
    """Whether everything opened lately is read without a filter."""
    naive: int

    @property
    def requests(self) -> int:
        """How many requests it is thought to take."""
        return self.table + sum(read.requests(self.size) for read in self.reads) + len(self.singles)


def windows(
    state: MirrorState, now: float, *, earliest: float | None, oldest: float | None, first_days: int
) -> Windows:
    """Return where each reading begins: a day earlier than it must, because days have borders.

    `earliest` is when the oldest ticket followed by rule was opened, `oldest` the oldest of all that are
    followed and open (UTC epoch seconds).
    """
    begins = day_of(now) - timedelta(days=first_days)
    floor = begins if earliest is None else min(begins, day_of(earliest) - ONE_DAY)
    since = now if state.synced_at is None else state.synced_at
    looked = now if state.looked_at is None else state.looked_at
    return Windows(
        floor=floor,
        oldest=floor if oldest is None else min(floor, day_of(oldest) - ONE_DAY),
        look=max(floor, day_of(looked - LOOK_OVERLAP)),
        # Beyond what we follow by rule, singles find what closed: a console left off for a year reads no year.
        closed=max(begins, day_of(since) - ONE_DAY),
    )


def steps(known: KnownTickets, size: int) -> Steps:
    """Choose what a pass asks. `size` is how many rows a page may hold."""
    today, floor = known.last_day, known.windows.floor
    state = known.state
    table = state.tables_at is None or not 0 <= known.now - state.tables_at < TABLE_SECONDS
    if known.first:
        whole = Read(TicketDate.OPENED, floor, today)
        return Steps(size, table, (whole,), (), (), looks=True, naive=len(known.followed))
    everything = _everything(known, size)
    hidden = hidden_statuses(known, size)
    start, singles = _reach(known, size, hidden)
    shown = tuple(label.id for label in known.statuses if label.id not in hidden)
    opened, looks = _opened(known, size, start, shown)
    closed = Read(TicketDate.CLOSED, known.windows.closed, today, rows=known.closed)
    parts = Steps(size, table, (*opened, closed), singles, hidden, looks=looks, naive=len(known.followed))
    return everything if everything is not None and everything.requests < parts.requests else parts


def _everything(known: KnownTickets, size: int) -> Steps | None:
    """Read all that may be followed by rule in one list, closed or not: it names its own statuses."""
    start, singles = _reach(known, size, ())
    if start != known.windows.floor or known.floor_all > (size if known.look_due else LIGHT_ROWS):
        return None
    read = Read(TicketDate.OPENED, start, known.last_day, rows=known.floor_all)
    table = known.state.tables_at is None
    return Steps(size, table, (read,), singles, (), looks=True, naive=len(known.followed))


def hidden_statuses(known: KnownTickets, size: int) -> tuple[int, ...]:
    """Return the statuses that the filter may leave out; one whose meaning is unknown counts as open.

    Closed is what HubSoft dated as closed: a status is left out where only such tickets were seen in it, or
    where asking for its few open ones singly costs less than the pages its closed ones fill.
    """
    counts = {count.id: count for count in known.counts}
    hidden = []
    for label in known.statuses:
        count = counts.get(label.id)
        if count is None or not count.closed:
            continue
        if count.open:
            leave = count.closed > count.open * size
        else:
            leave = count.closed >= CERTAIN_CLOSED or sounds_closed(label)
        if leave:
            hidden.append(label.id)
    return tuple(hidden)


def _reach(
    known: KnownTickets, size: int, hidden: tuple[int, ...]
) -> tuple[date, tuple[FollowedTicket, ...]]:
    """Choose how far back the open ones are read; what is older, or behind the filter, is asked one by one."""
    floor, oldest = known.windows.floor, known.windows.oldest
    behind = tuple(each for each in known.followed if each.status_id in hidden)
    old = tuple(
        each
        for each in known.followed
        if each.opened_at is not None and day_of(each.opened_at) < floor and each not in behind
    )
    further = pages(known.oldest_open, size) - pages(known.floor_open, size)
    return (oldest, behind) if old and further < len(old) else (floor, behind + old)


def _opened(
    known: KnownTickets, size: int, start: date, shown: tuple[int, ...]
) -> tuple[tuple[Read, ...], bool]:
    """Choose how the open ones are read: through the filter, or the latest days without it."""
    today, look = known.last_day, known.windows.look
    rows = known.floor_open if start == known.windows.floor else known.oldest_open
    filtered = Read(TicketDate.OPENED, start, today, shown, rows)
    split: tuple[Read, ...] = (Read(TicketDate.OPENED, look, today, rows=known.look_all),)
    if start < look:
        older = Read(TicketDate.OPENED, start, look - ONE_DAY, shown, max(0, rows - known.look_open))
        split = (older, *split)
    cheaper = sum(read.requests(size) for read in split) < filtered.requests(size)
    return (split, True) if known.look_due or cheaper else ((filtered,), False)


def plan_in_words(asking: Steps) -> Plan:
    """Say it to a person, in the order it is asked."""
    lines = [_("The table of ticket statuses: 1 request.")] if asking.table else []
    lines += [_list(read, asking.size) for read in asking.reads]
    if asking.singles:
        count = len(asking.singles)
        lines.append(
            ngettext(
                "{n} ticket that no list shows: {n} request.",
                "{n} tickets that no list shows: {n} requests.",
                count,
            ).format(n=count)
        )
    return Plan(tuple(lines), asking.requests, asking.naive)


def _list(read: Read, size: int) -> str:
    what = _what(read).format(day=written(read.start), until=written(read.end))
    if read.rows is None:
        return _("{what}: pages of {size} rows, nobody knows how many yet.").format(what=what, size=size)
    requests = read.requests(size)
    pages = ngettext("{n} page", "{n} pages", requests).format(n=requests)
    rows = ngettext("about {n} row", "about {n} rows", read.rows).format(n=read.rows)
    return _("{what}: {rows}, {pages}.").format(what=what, rows=rows, pages=pages)


def _what(read: Read) -> str:
    if read.by is TicketDate.CLOSED:
        return _("Tickets closed since {day}")
    if read.status_ids:
        return _("Tickets opened {day} to {until} that may be open")
    return _("Every ticket opened since {day}")


@dataclass(frozen=True, slots=True)
class Ask:
    """One page: HubSoft counts them from 0 in pages of this very size."""

    page: int
    size: int

    @property
    def first(self) -> int:
        """The first row it holds, counted from 0."""
        return self.page * self.size

    @property
    def after(self) -> int:
        """The first row it no longer holds."""
        return self.first + self.size


def overlap(size: int) -> int:
    """Return how many rows two pages of about this size share: as many may leave between the two."""
    return 0 if size < 4 else min(MOST_OVERLAP, max(1, size // 25))


def next_page(read: int, size: int, shared: int | None = None) -> Ask:
    """Return the page, of at most `size` rows, that reads furthest on from the first `read` rows.

    It repeats at least `shared` of them, `overlap(size)` unless told, where pages are large enough for that.
    """
    if read <= 0:
        return Ask(0, size)
    begin = max(0, read - (overlap(size) if shared is None else shared))
    fewest = max(1, -(-begin // size))
    # The largest size whose page of that number begins early enough; a few numbers on, pages only get smaller.
    asks = [Ask(page, begin // page) for page in range(fewest, fewest + TRIED) if begin >= page]
    best = max(asks, key=lambda ask: ask.after, default=Ask(0, size))
    # Small pages far down a list may have to choose between overlapping and getting on.
    return best if best.after > read else Ask(read // size, size)


def on_from(read: int, size: int, total: int | None) -> Ask:
    """Return the page to ask for after the first `read` of `total` rows; None where the total is unknown.

    Where it spares a page, the last one repeats nothing: then only the total tells whether rows moved.
    """
    overlapping, bare = next_page(read, size), next_page(read, size, 0)
    return bare if total is not None and bare.after >= total > overlapping.after else overlapping


def pages(rows: int, size: int) -> int:
    """Return how many pages it takes to read so many rows; one at least."""
    count, read = 1, size
    while read < rows:
        read = on_from(read, size, rows).after
        count += 1
    return count


class PageSize(msgspec.Struct, frozen=True):
    """How many rows a page may ask for: less after one that was too heavy, more again after a while.

    Kept in the mirror between passes. A failure on growing doubles how long the next try waits.
    """

    size: int
    clean: int = 0
    """Passes since it last changed."""
    patience: int = CLEAN_BEFORE_GROWING
    """Passes before it grows."""

    @property
    def smaller(self) -> PageSize:
        """What to try after a page was too heavy."""
        return PageSize(max(min(self.size, SMALLEST), self.size // 2), 0, self.patience)

    def within(self, most: int) -> PageSize:
        """Return this size as far as the settings allow it."""
        return self if self.size <= most else PageSize(most, self.clean, self.patience)

    def after_pass(self, worked: PageSize, most: int) -> PageSize:
        """Return the size for the next pass, when this one began with `self` and `worked` did."""
        if worked.size < self.size:
            return PageSize(worked.size, 0, min(MOST_PATIENCE, self.patience * 2))
        if self.size >= most:
            return PageSize(most)
        if self.clean + 1 >= self.patience:
            return PageSize(min(most, self.size * 2), 0, self.patience)
        return PageSize(self.size, self.clean + 1, self.patience)

"""The Monitor's panels: each draws its part of a snapshot, and is silent when it shows it already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui._version import __version__
from hubsoft_tui.core.types import (
    ApiState,
    BreakerState,
    CacheState,
    Category,
    CategoryStats,
    ClassLoad,
    Priority,
    Renewing,
    TokenState,
)
from hubsoft_tui.formats import NOTHING, age, countdown, latency, moment, percent, wait
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.reports.figures import FIGURES, Sums, saved_text
from hubsoft_tui.services.reports.types import program_name
from hubsoft_tui.texts import _, ngettext, number

from ..line_widget import Drawn, Part, fit, line
from ..sparkline import blocks, columns
from ..status_bar import TOKEN_SHORT, gauge, health_mark, shared_trouble
from ..tickets.counts import cost
from .timeline import priority_style, priority_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.core.ports import MachineSeen
    from hubsoft_tui.core.types import BudgetState, SharedState
    from hubsoft_tui.services.reports.types import DayReport

_QUIET: Final = "$quiet"
_TITLE: Final = "$title bold"


class ApiPanel(Drawn):
    """HubSoft's health: state, latencies with their course, errors, 429s, breaker, last good answer.

    Instants are shown as times of day, not as ages: an age would change while nothing happens.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._api = ApiState()
        self._now = 0.0

    def show(self, api: ApiState, now: float) -> None:
        """Draw `api` as it was at `now`, UTC epoch seconds."""
        self._api, self._now = api, now
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the title, state, latencies, course and the troubles."""
        api = self._api
        sign, word, style = health_mark(api.health)
        since = _("since {time}").format(time=moment(api.since, self._now)) if api.since else ""
        count = len(api.course)
        # What p50 and p95 are of; named, for the course of the last hour has other ones.
        window = (
            ngettext("last {n} answer", "last {n} answers", count).format(n=number(count)) if count else ""
        )
        reason = _reason(api.reason, width)
        # What is wrong stands before how fast it was; the course takes the lines nothing else needs.
        spare = max(2, self.content_size.height - 4) - len(reason)
        lines = [
            pair((_("API"), _TITLE), (window, _QUIET), width),
            pair((f"{sign} {word}", f"{style} bold"), (since, _QUIET), width),
        ]
        lines += reason
        if spare >= 1:
            lines.append(pair_labelled(_("p50"), latency(api.p50), _("p95"), latency(api.p95), width))
        if spare >= 2:
            lines += self._course(width, min(6, spare - 1))
        if spare >= 0:
            lines.append(self._troubles(width))
        breaker: tuple[Part, ...] = ((_("breaker") + " ", _QUIET), self._breaker())
        good: tuple[Part, ...] = ((_("last good") + " ", _QUIET), moment(api.last_good, self._now))
        # Two letters of a time say nothing; while HubSoft is away the verdict says since when.
        fits = line(*breaker).cell_length + 2 + line(*good).cell_length <= width
        lines.append(beside(breaker, good if fits else (), width))
        return lines

    def _course(self, width: int, height: int) -> list[Content]:
        texts = columns(self._api.course, width, height, low=0.0)
        if not texts:
            return [Content.styled(_("no answer yet"), _QUIET)] + [Content("")] * (height - 1)
        return [Content.styled(text, "$course") for text in texts]

    def _troubles(self, width: int) -> Content:
        api = self._api
        limited = (
            _("none") if not api.rate_limited else ngettext("{n} time", "{n} times", api.rate_limited)
        ).format(n=number(api.rate_limited))
        # Named with its window: beside "Online" a share of unknown age reads as a contradiction.
        label = _("errors (last {n})").format(n=number(api.error_window)) if api.error_window else _("errors")
        errors: tuple[Part, ...] = (
            (f"{label} ", _QUIET),
            (percent(api.error_ratio, 1), "$warn" if api.error_ratio >= 0.05 else ""),
        )
        limits: tuple[Part, ...] = (("429 ", _QUIET), (limited, "$warn" if api.rate_limited else ""))
        return beside(errors, limits, width)

    def _breaker(self) -> str:
        match self._api.breaker:
            case BreakerState.CLOSED:
                return _("ok")
            case BreakerState.HALF_OPEN:
                return _("testing")
            case BreakerState.OPEN:
                return _("open, {age}").format(age=age(self._api.breaker_retry_in))


def _reason(text: str, width: int) -> list[Content]:
    """Return a sentence as at most three lines; what does not fit ends in …."""
    if not text or width <= 0:
        return []
    lines = Content.styled(clean(text), "$warn").wrap(width)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2].truncate(width - 1).append("…")]
    return list(lines)


class CachePanel(Drawn):
    """The hit ratio of each category today, as the report counts it, its recent course, and how full the cache is.

    Without a report it is what this console counted since it started.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._cache = CacheState()
        self._day: DayReport | None = None

    def show(self, cache: CacheState, day: DayReport | None = None) -> None:
        """Draw `cache`, and the report of today where there is one."""
        self._cache, self._day = cache, day
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return a header, one line per category and the totals."""
        name, figure = 18, 10
        course = max(8, min(30, width - name - 3 * figure - 2))
        header = fit(_("Cache, hit ratio"), name + course)
        window = _("today") if self._day is not None else _("since start")
        heads = [_("questions"), window, _("last min")]
        if width < name + course + 3 * figure + 2:
            heads = heads[1:]
        figures = "".join(fit(head, figure + (2 if head is heads[0] else 0), right=True) for head in heads)
        lines = [line((header, _TITLE), (figures, _QUIET))]
        for category in Category:
            stats = self._cache.categories.get(category)
            drawn = blocks(stats.course, course, low=0.0, high=1.0) if stats else ""
            counted: Sums | CategoryStats | None = stats
            if self._day is not None:
                counted = self._day.categories.get(category.value)
            values = [
                number(counted.questions) if counted else NOTHING,
                FIGURES["hit_ratio"].text(counted)
                if isinstance(counted, Sums)
                else percent(None if stats is None else stats.ratio),
                percent(stats.course[-1] if stats and stats.course else None),
            ][-len(heads) :]
            pieces: list[Part] = [fit(category_word(category), name), (fit(drawn, course), "$course")]
            for index, value in enumerate(values):
                last = index == len(values) - 1
                cells = figure + (2 if not index else 0)
                pieces.append((fit(value, cells, right=True), "bold" if last else _QUIET))
            lines.append(line(*pieces))
        if self.content_size.height > len(lines):
            lines.append(self._totals(width))
        return lines

    def _totals(self, width: int) -> Content:
        cache = self._cache
        stale = sum(stats.stale for stats in cache.categories.values())
        full = cache.max_entries > 0 and cache.records >= 0.95 * cache.max_entries
        records = _("{n} of {most} records").format(n=number(cache.records), most=number(cache.max_entries))
        pieces: list[Part] = [
            (records, "$warn" if full else _QUIET),
            ("   " + _("evicted") + f" {number(cache.evicted)}", _QUIET),
            ("   " + _("stale served") + f" {number(stale)}", "$warn" if stale else _QUIET),
        ]
        return line(*pieces).truncate(width, ellipsis=True)


class QueuePanel(Drawn):
    """Who waits: per class how many, the oldest, and how long those that started had waited."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lanes: Sequence[ClassLoad] = (ClassLoad(),) * 4

    def show(self, lanes: Sequence[ClassLoad]) -> None:
        """Draw the four `lanes`, the most urgent first."""
        self._lanes = lanes
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return a header and one line per class."""
        name = max(10, min(20, width - 30))
        header = fit(_("waiting"), 8, right=True) + fit(_("oldest"), 10, right=True)
        header += fit(_("wait p95"), 11, right=True)
        lines = [line((fit(_("Queue"), name), _TITLE), (header, _QUIET))]
        for priority in Priority:
            lane = self._lanes[priority]
            oldest = wait(lane.oldest) if lane.waiting else NOTHING
            lines.append(
                line(
                    (fit(priority_word(priority), name), priority_style(priority)),
                    (fit(number(lane.waiting), 8, right=True), "bold" if lane.waiting else _QUIET),
                    (fit(oldest, 10, right=True), "" if lane.waiting else _QUIET),
                    (fit(wait(lane.wait_p95), 11, right=True), _QUIET),
                )
            )
        return lines


class SavedPanel(Drawn):
    """What was saved today, as the report of today counts it: every program of this home together."""

    _total: Sums | None = None
    _trouble = ""

    def show(self, total: Sums | None, trouble: str = "") -> None:
        """Draw the day's `total`, None until it is read, or `trouble`: why nothing is counted."""
        self._total, self._trouble = total, trouble
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line."""
        label: Part = (fit(_("Saved today"), 18 if width > 50 else 13), _TITLE)
        total = self._total
        if self._trouble:
            return [line(label, (clean(self._trouble), "$warn")).truncate(width, ellipsis=True)]
        if total is None:
            return [line(label)]
        if not total.questions and not total.requests:
            return [line(label, (_("no question asked yet"), _QUIET)).truncate(width, ellipsis=True)]
        # Passes over the tickets save too, and are no question: both numbers of this line are requests.
        pieces: list[Part] = [
            (saved_text(total), "$ok bold"),
            "  ",
            (cost(total.requests, total.naive), ""),
        ]
        return [line(label, *pieces).truncate(width, ellipsis=True)]


class RenewingPanel(Drawn):
    """What renewing ahead spent today, and how many waits it saved people; nothing while it is off."""

    _renewing: Renewing | None = None

    def show(self, renewing: Renewing | None) -> None:
        """Draw `renewing`; take no room without."""
        self._renewing = renewing
        self.display = renewing is not None
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line."""
        renewing = self._renewing or Renewing()
        label: Part = (fit(_("Renewed ahead"), 18 if width > 50 else 14), _TITLE)
        requests = ngettext("{n} request", "{n} requests", renewing.spent).format(n=number(renewing.spent))
        waits = ngettext("{n} wait saved", "{n} waits saved", renewing.saved).format(n=number(renewing.saved))
        pieces: list[Part] = [(f"{requests}, {waits}", "")]
        if renewing.stopped_until is not None:
            pieces.append(("   " + _("did not pay, off"), "$warn"))
        return [line(label, *pieces).truncate(width, ellipsis=True)]


class TokenPanel(Drawn):
    """How long the login lasts; never the token."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._token = TokenState()
        self._now = 0.0

    def show(self, token: TokenState, now: float) -> None:
        """Draw `token` as it was at `now`, UTC epoch seconds."""
        self._token, self._now = token, now
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line."""
        token = self._token
        label: Part = (fit(_("Token"), max(10, min(20, width - 30))), _TITLE)
        if not token.present or token.expires_in is None:
            return [line(label, (_("none yet"), _QUIET)).truncate(width, ellipsis=True)]
        left = age(token.expires_in) if token.expires_in >= 60 else _("less than 1 min")
        good = _("good for {age}").format(age=left)
        renewed = (
            _("since {time}").format(time=moment(token.renewed_at, self._now, brief=True))
            if token.renewed_at
            else ""
        )
        style = "$warn" if token.expires_in < TOKEN_SHORT else ""
        return [
            line(label, (good, style), (f"   {renewed}" if renewed else "", _QUIET)).truncate(
                width, ellipsis=True
            )
        ]


def category_word(category: Category) -> str:
    """Return what a category is called on screens."""
    return {
        Category.CLIENT_DATA: _("customer data"),
        Category.CONTRACT_STATUS: _("contract status"),
        Category.SERVICE_DATA: _("service data"),
    }[category]


def beside(left: Sequence[Part], right: Sequence[Part], width: int) -> Content:
    """Return two groups on one line, the second from the middle of `width`, or where it ends at the edge."""
    start, end = line(*left), line(*right)
    if not end:
        return start.truncate(width, ellipsis=True)
    column = min(width // 2, width - end.cell_length)
    space = " " * max(2, column - start.cell_length)
    return start.append(space).append(end).truncate(width, ellipsis=True)


def pair(left: Part, right: Part, width: int) -> Content:
    """Return two parts on one line of `width` cells."""
    return beside((left,), (right,), width)


def pair_labelled(one: str, first: str, other: str, second: str, width: int) -> Content:
    """Return two labelled values on one line of `width` cells."""
    return beside(((f"{one} ", _QUIET), first), ((f"{other} ", _QUIET), second), width)


SILENT: Final = 8.0
"""Seconds without a call after which the others keep a machine's promise free."""
MOST_ROWS: Final = 20
_NAME: Final = 18
_GAUGE: Final = 8
_PROGRAM: Final = 12
_WITH_PROGRAM: Final = 88
"""Columns from which on there is room for it."""


def _why_lost(budget: BudgetState | None) -> str:
    return "" if budget is None or budget.shared is None else budget.shared.reason


class MachinesPanel(Drawn):
    """A title and a line for each machine; it takes no room where this machine has the budget for itself.

    How long a machine has been silent counts in tens of seconds: a count of seconds would send bytes all day.
    """

    _budget: BudgetState | None = None
    _machines: Sequence[MachineSeen] = ()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.display = False

    def show(self, budget: BudgetState) -> None:
        """Draw the shared budget as it is now."""
        before, self._budget = self._budget, budget
        self.display = budget.shared is not None
        if _why_lost(before) != _why_lost(budget):
            self.refresh(layout=True)
        self.redraw()

    def show_machines(self, machines: Sequence[MachineSeen]) -> None:
        """Draw who is there."""
        taller = len(machines) != len(self._machines)
        self._machines = machines
        if taller:
            self.refresh(layout=True)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the title, why the server is lost, and the machines: this one, then those that spend most."""
        budget = self._budget
        if budget is None or budget.shared is None:
            return [Content("")]
        ordered = sorted(self._machines, key=lambda each: (not each.mine, -each.spent, each.name))
        return [
            self._title(budget.shared, width),
            *_reason(_why_lost(budget), width),
            *(self._row(each, budget, width) for each in ordered[:MOST_ROWS]),
        ]

    def _title(self, shared: SharedState, width: int) -> Content:
        notes: list[Part] = []
        words, _short = shared_trouble(shared)
        if words:
            notes.append((words, "$bad"))
        elif shared.round_trip is not None:
            notes.append((_("round trip {time}").format(time=latency(shared.round_trip)), _QUIET))
        if shared.unknown > 0:
            kept = _("two thirds kept free for {time}").format(time=countdown(60 * (shared.unknown // 60)))
            notes.append((kept, "$warn"))
        elif shared.set_aside:
            aside = ngettext("{n} kept free for the silent", "{n} kept free for the silent", shared.set_aside)
            notes.append((aside.format(n=number(shared.set_aside)), "$warn"))
        if shared.other_versions:
            other = ngettext("{n} of another version", "{n} of another version", shared.other_versions)
            notes.append((other.format(n=number(shared.other_versions)), "$warn"))
        parts: list[Part] = [(fit(_("Machines"), _NAME + 2), "$title bold")]
        for note in notes:
            parts += [note, "  "]
        return line(*parts).truncate(width, ellipsis=True)

    def _row(self, machine: MachineSeen, budget: BudgetState, width: int) -> Content:
        name = clean(machine.name) or machine.id
        shown = _("{name} (this one)").format(name=name) if machine.mine else name
        full, empty = gauge(machine.spent, budget.limit, _GAUGE)
        waits = (
            ngettext("{n} waits", "{n} wait", machine.waiting).format(n=number(machine.waiting))
            if machine.waiting
            else ""
        )
        silent = machine.silent >= SILENT and not machine.mine
        state = _("silent {time}").format(time=countdown(10 * (machine.silent // 10))) if silent else ""
        older = machine.version not in {"", __version__}
        return line(
            (fit(shown, _NAME + 2), "bold" if machine.mine else ""),
            (full, "$ok"),
            (empty, "$faint"),
            (fit(number(machine.spent), 4, right=True), ""),
            "  ",
            (fit(waits, 10), _QUIET),
            (fit(state, 14), "$warn"),
            (fit(_("{n} if alone").format(n=number(machine.promise)), 13), _QUIET),
            (fit(program_name(machine.kind), _PROGRAM) if width >= _WITH_PROGRAM else "", _QUIET),
            (machine.version, "$warn" if older else _QUIET),
        ).truncate(width, ellipsis=True)

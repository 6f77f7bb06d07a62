"""The Monitor's first line: how HubSoft and the budget are, why, and what to do, in one sentence."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.core.types import BreakerState, Health, Priority, Snapshot
from hubsoft_tui.formats import about, clock, latency
from hubsoft_tui.services.reports.figures import NO_ERROR
from hubsoft_tui.texts import _, ngettext, number
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, line
from ..status_bar import shared_trouble
from .request_rows import outcome_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubsoft_tui.core.types import BudgetState, RequestRow

FAILED_SECONDS: Final = 300.0
"""The window of the failures that the verdict counts."""
FAILED_MANY: Final = 3
"""Fewer failures are an accident that the retries mend."""
FAILED_SHARE: Final = 0.05
MENDED: Final = 3.0
"""Failures are over after a run of good answers in which so many failures would have been expected."""
DOWN: Final = 4
"""So many failures in a row are an outage, whatever was answered a moment before."""
_MINUTE: Final = 60.0
_LAST: Final = 5
"""HubSoft is called slow by the median of so many answers."""


class Level(Enum):
    """How bad it is; the value is the sign and the style of the line."""

    QUIET = ("○", "$quiet")
    WELL = ("●", "$ok")
    WATCH = ("▲", "$warn")
    BAD = ("✖", "$bad")


@dataclass(frozen=True, slots=True)
class MonitorVerdict:
    """One sentence about everything: what it comes to, why, and what to do about it."""

    level: Level
    head: str
    why: str
    advice: str = ""

    @property
    def sentence(self) -> str:
        """The whole of it as one line of text."""
        said = f"{self.head}: {self.why}"
        return f"{said}. {self.advice}" if self.advice else said


def verdict(now: Snapshot) -> MonitorVerdict:
    """Judge a snapshot: the worst thing that holds is told, HubSoft's before the budget's before the rest."""
    rules = (
        _refused,
        _shared,
        _lost,
        _down,
        _paused,
        _spent_elsewhere,
        _lowered,
        _slow,
        _failing,
        _full,
        _asks,
        _unasked,
    )
    return next((found for rule in rules if (found := rule(now)) is not None), None) or _well(now)


def waiting_words(budget: BudgetState) -> str:
    """Say how many requests wait, on the whole home."""
    count = budget.queued + budget.waiting_elsewhere
    return ngettext("{n} waits", "{n} wait", count).format(n=number(count)) if count else _("nobody waits")


@dataclass(frozen=True, slots=True)
class _Failures:
    """What failed in the last five minutes."""

    failed: int
    all: int
    most: str
    """How most of them ended."""
    until: float
    """When the last was sent."""
    over: bool
    """HubSoft answers again: so many good answers in a row are no accident among such failures."""


def _failures(now: Snapshot) -> _Failures | None:
    """Return what failed in the last five minutes; None when it is too little to be told."""
    lately = [row for row in now.requests if row.outcome and row.at > now.wall - FAILED_SECONDS]
    places = [place for place, row in enumerate(lately) if _failed(row)]
    failed = len(places)
    if failed < FAILED_MANY or failed < FAILED_SHARE * len(lately):
        return None
    first, last = places[0], places[-1]
    most = Counter(outcome_word(lately[place].outcome) for place in places).most_common(1)[0][0]
    share = failed / (last + 1 - first)
    over = (len(lately) - 1 - last) * share >= MENDED
    return _Failures(failed, len(lately), most, lately[last].at, over)


def _failed(row: RequestRow) -> bool:
    # A token that HubSoft revoked is renewed at once: that is no failure a person should think about.
    return row.outcome not in NO_ERROR and row.outcome != "401"


def _refused(now: Snapshot) -> MonitorVerdict | None:
    if now.api.health is not Health.REFUSED:
        return None
    why = _("HubSoft has refused the login since {time}").format(time=clock(now.api.since))
    return MonitorVerdict(
        Level.BAD, _("No access"), why, _("Correct the profile's credentials and open the console again.")
    )


def _shared(now: Snapshot) -> MonitorVerdict | None:
    trouble = shared_trouble(now.budget.shared)[0]
    if not trouble:
        return None
    advice = _("Look whether the server that the machines share runs: shared.url names it.")
    return MonitorVerdict(Level.WATCH, _("Alone"), trouble, advice)


def _lost(now: Snapshot) -> MonitorVerdict | None:
    if not now.budget.lost:
        return None
    why = _("the budget's file was lost, so nothing goes out for {age}")
    return MonitorVerdict(
        Level.WATCH,
        _("Waiting"),
        why.format(age=about(now.budget.paused_for)),
        _("Nothing to do: it goes on then."),
    )


def _down(now: Snapshot) -> MonitorVerdict | None:
    if now.api.health is not Health.OFFLINE or (_answers(now) and _failing(now)):
        return None
    why = _("HubSoft has not answered since {time}").format(time=clock(now.api.since))
    if now.api.breaker_retry_in > 0:
        why = _("{why}, next try in {age}").format(why=why, age=about(now.api.breaker_retry_in))
    return MonitorVerdict(
        Level.BAD,
        _("Down"),
        why,
        _("Lookups show what is remembered, writes wait; check the network if it lasts."),
    )


def _answers(now: Snapshot) -> bool:
    """Tell whether HubSoft answered a moment ago: two failures in a row among answers are no outage."""
    good, closed = now.api.last_good, now.api.breaker is BreakerState.CLOSED
    last = [row for row in now.requests if row.outcome][-DOWN:]
    return closed and good is not None and now.wall - good < _MINUTE and not all(map(_failed, last))


def _paused(now: Snapshot) -> MonitorVerdict | None:
    if now.budget.paused_for <= 0:
        return None
    why = _("HubSoft refused with 429 and wants a pause of {age}, {waiting}").format(
        age=about(now.budget.paused_for), waiting=waiting_words(now.budget)
    )
    return MonitorVerdict(
        Level.WATCH,
        _("Waiting"),
        why,
        _one_budget()
        if now.budget.others
        else _("It goes on then; look whether another program uses this login."),
    )


def _spent_elsewhere(now: Snapshot) -> MonitorVerdict | None:
    budget = now.budget
    if not budget.others:
        return None
    why = _("another machine or program spends {n} a minute with this login, {waiting}").format(
        n=number(budget.others), waiting=waiting_words(budget)
    )
    return MonitorVerdict(Level.WATCH, _("Others spend"), why, _one_budget())


def _one_budget() -> str:
    return _("Machines share one budget through a server: set shared.url.")


def _lowered(now: Snapshot) -> MonitorVerdict | None:
    budget = now.budget
    if budget.limit >= budget.configured:
        return None
    why = _("HubSoft lowered the budget to {limit}: {used} used, {waiting}").format(
        limit=number(budget.limit), used=number(budget.used), waiting=_waiting_until(budget)
    )
    head = _("Waiting") if budget.queued + budget.waiting_elsewhere else _("Limited")
    return MonitorVerdict(
        Level.WATCH, head, why, _("Ask for less for a while; another program may use this login.")
    )


def _slow(now: Snapshot) -> MonitorVerdict | None:
    if now.api.health is not Health.SLOW:
        return None
    why = _("HubSoft takes {latency} to answer, {waiting}").format(
        latency=latency(median(now.api.course[-_LAST:] or (0.0,))), waiting=waiting_words(now.budget)
    )
    return MonitorVerdict(
        Level.WATCH,
        _("Slow"),
        why,
        _("It is HubSoft, not this console: what is remembered is shown at once."),
    )


def _failing(now: Snapshot) -> MonitorVerdict | None:
    found = _failures(now)
    if found is None or found.over:
        return None
    why = _("{failed} of {n} requests failed in 5 min, most: {outcome}").format(
        failed=number(found.failed), n=number(found.all), outcome=found.most
    )
    return MonitorVerdict(
        Level.WATCH, _("Failing"), why, _("They are tried again; tell HubSoft's support if it lasts.")
    )


def _full(now: Snapshot) -> MonitorVerdict | None:
    budget = now.budget
    people = [budget.lanes[priority] for priority in (Priority.CRITICAL, Priority.HIGH)]
    if not any(lane.waiting and budget.used >= lane.cap for lane in people):
        return None
    why = _("the budget is used up, {used} of {limit}: {waiting}").format(
        used=number(budget.used), limit=number(budget.limit), waiting=_waiting_until(budget)
    )
    return MonitorVerdict(Level.WATCH, _("Waiting"), why, _("See below who uses it; people go first."))


def _asks(now: Snapshot) -> MonitorVerdict | None:
    if asks := now.badges.outbox_asks:
        why = ngettext("{n} write needs a decision", "{n} writes need a decision", asks)
        return MonitorVerdict(
            Level.WATCH, _("Attention"), why.format(n=number(asks)), _("b opens the outbox.")
        )
    if losses := now.badges.losses:
        why = ngettext("{n} file was lost", "{n} files were lost", losses)
        return MonitorVerdict(
            Level.WATCH,
            _("Attention"),
            why.format(n=number(losses)),
            _("ctrl+p, then lost files, names them."),
        )
    return None


def _unasked(now: Snapshot) -> MonitorVerdict | None:
    if now.api.health is not Health.UNKNOWN:
        return None
    return MonitorVerdict(Level.QUIET, _("Ready"), _("HubSoft was not asked anything yet"))


def _well(now: Snapshot) -> MonitorVerdict:
    budget = now.budget
    why = _("{used} of {limit} used, {waiting}, HubSoft answers in {latency}").format(
        used=number(budget.used),
        limit=number(budget.limit),
        waiting=waiting_words(budget),
        latency=latency(now.api.p50),
    )
    revoked = [row.at for row in now.requests if row.outcome == "401" and row.at > now.wall - FAILED_SECONDS]
    if revoked:
        again = _("HubSoft ended the login at {time}, it was renewed: nothing to do.")
        return MonitorVerdict(Level.WELL, _("All well"), why, again.format(time=clock(revoked[-1])))
    if mended := _failures(now):
        again = _("HubSoft answers again; until {time} {failed} of {n} requests failed.")
        told = again.format(time=clock(mended.until), failed=number(mended.failed), n=number(mended.all))
        return MonitorVerdict(Level.WELL, _("All well"), why, told)
    return MonitorVerdict(Level.WELL, _("All well"), why)


def _waiting_until(budget: BudgetState) -> str:
    """Say how many requests wait, and when the first of them starts."""
    starts = [lane.starts_in for lane in budget.lanes if lane.waiting]
    if not starts:
        return waiting_words(budget)
    return _("{waiting}, the first goes in {age}").format(
        waiting=waiting_words(budget), age=about(max(1.0, starts[0]))
    )


class VerdictLine(Drawn):
    """Two lines that never move: the verdict, and under it what to do or a rule.

    What the verdict counts grows old while nothing happens, so it is looked at again once a minute.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._snapshot = Snapshot()
        self._taken = clock()
        self.held = False
        """The view is frozen."""

    def on_mount(self) -> None:
        """Look again now and then."""
        self.set_interval(_MINUTE, self._grown_old)

    def show(self, snapshot: Snapshot) -> None:
        """Draw the verdict on `snapshot`."""
        self._snapshot, self._taken = snapshot, self._clock()
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the two lines."""
        found = verdict(self._snapshot)
        sign, style = found.level.value
        told = line((f"{sign} {found.head}", f"{style} bold"), ": ", found.why)
        if told.cell_length > width:
            rest = told.append(f". {found.advice}" if found.advice else "").wrap(width)
            return [rest[0], Content(" ").join(rest[1:]).truncate(width, ellipsis=True)]
        below = (found.advice, "") if found.advice else ("─" * width, "$faint")
        return [told, line(below).truncate(width, ellipsis=True)]

    def _grown_old(self) -> None:
        if not self.held and self._snapshot.wall:
            self._snapshot = replace(self._snapshot, wall=self._snapshot.wall + self._clock() - self._taken)
            self._taken = self._clock()
            self.redraw()

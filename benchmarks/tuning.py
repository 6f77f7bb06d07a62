"""What chosen lifetimes are worth in recorded weeks where customers really change, and what a curve costs."""

from __future__ import annotations

import itertools
import random
import resource
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.table import Table, ratio
from hubsoft_tui.core.telemetry.trace import FORCED
from hubsoft_tui.core.types import Category
from hubsoft_tui.screens.demo_history import CacheReplay, WeekQuestion, Weeks, replay, weeks
from hubsoft_tui.services.tuning.advice import advise_all
from hubsoft_tui.services.tuning.columns import SubjectQuestions, TraceColumns, gather
from hubsoft_tui.services.tuning.curve import (
    DATA,
    NOT_FOUND,
    SERVICE,
    STATUS,
    SUSPENDED,
    Rule,
    ages,
    curve,
    fixed,
    size_curve,
)
from hubsoft_tui.services.tuning.refresh import PEOPLE, HeldRecord, Reuse, people_of
from hubsoft_tui.settings.tree import CacheSettings

DAY = 86_400.0
MOST_RENEWALS = 1000
"""Of one record between two questions."""
LEARNT = 14
"""Days that advice is learnt from; the days after them judge it."""
SEED = {Category.CLIENT_DATA: 1800.0, Category.CONTRACT_STATUS: 14_400.0, Category.SERVICE_DATA: 3600.0}
"""The seed's lifetimes: 30 min, 4 h, 1 h; one answer is not shared among categories."""


@dataclass
class Counted:
    """What one way of remembering asked HubSoft, and showed."""

    requests: int = 0
    hits: int = 0
    outdated: int = 0

    @property
    def changed(self) -> str:
        return f"{self.outdated / self.hits * 100:.2f} %" if self.hits else "-"


def seed_cache(questions: Sequence[WeekQuestion], truth: Weeks) -> Counted:
    """A copy per category, each with its own lifetime."""
    told, kept = Counted(), dict[tuple[int, str], float]()
    for one in questions:
        key, fetched = (one.subject, one.category), kept.get((one.subject, one.category))
        if fetched is not None and not one.forced and one.at <= fetched + SEED[Category(one.category)]:
            told.hits += 1
            told.outdated += truth.version(*key, fetched) != truth.version(*key, one.at)
        else:
            told.requests += 1
            kept[key] = one.at
    return told


def least(questions: Sequence[WeekQuestion], truth: Weeks, lifetimes: Mapping[str, float]) -> Counted:
    """The clairvoyant least, one request a subject: each question is an interval that a request must stab.

    Placing each request at the end of the first interval without one is optimal. That suspended customers end
    earlier is left out, so with a lifetime of their own this is a little less than possible.
    """
    told = Counted()
    limits = dict(zip(Category, (lifetimes[key] for key in (DATA, STATUS, SERVICE)), strict=True))
    spans: dict[int, list[tuple[float, float]]] = {}
    for one in questions:
        age = limits[Category(one.category)] if truth.exists(one.subject) else lifetimes[NOT_FOUND]
        spans.setdefault(one.subject, []).append((one.at, one.at if one.forced else one.at - age))
    for intervals in spans.values():
        stabbed = float("-inf")
        for end, begin in sorted(intervals):
            if stabbed < begin:
                stabbed = end
                told.requests += 1
    return told


def counted(replayed: CacheReplay) -> Counted:
    shown = replayed.shown.values()
    return Counted(replayed.requests, sum(each.hits for each in shown), sum(each.outdated for each in shown))


@dataclass(frozen=True, slots=True)
class Promise:
    """What renewing ahead would have done over a stretch of the trace."""

    people: int
    """Lookups of people that a record could have answered."""
    waited: int
    """Of those, how many waited for HubSoft without it."""
    waits_saved: int
    spent: int
    """Renewals."""
    days: float

    @property
    def per_request(self) -> float | None:
        """Waits saved by each renewal; None where nothing would be renewed."""
        return self.waits_saved / self.spent if self.spent else None


def promise(
    columns: TraceColumns,
    lifetimes: Mapping[str, float],
    worth: float,
    hour: Callable[[float], float],
    *,
    learn: float = 2 / 3,
) -> Promise:
    """Learn from the first part of the trace (a share of it) and renew ahead in the rest.

    `worth` is how likely a record must be waited for again to be renewed.
    """
    start = columns.last * learn
    reuse = Reuse(lifetimes, hour)
    reuse.learn(columns, until=start)
    total = _Renewed()
    for asked in columns.subjects.values():
        _replay(asked, fixed(lifetimes), reuse, worth, total, start, columns.last)
    return Promise(total.people, total.waited, total.saved, total.spent, (columns.last - start) / DAY)


@dataclass(slots=True)
class _Renewed:
    people: int = 0
    waited: int = 0
    saved: int = 0
    spent: int = 0


def _replay(
    asked: SubjectQuestions,
    rules: tuple[Rule, Rule, Rule],
    reuse: Reuse,
    worth: float,
    total: _Renewed,
    *stretch: float,
) -> None:
    """Answer the questions about one subject with and without renewing, and count from `stretch` on."""
    start, end = stretch
    people, without, with_ = people_of(asked), HeldRecord(rules), HeldRecord(rules)

    def renew(before: float) -> None:
        for expiry in list(with_.expiries(before, MOST_RENEWALS)):
            earlier = people[: bisect_right(people, expiry)]
            if expiry < start or reuse.chance(earlier, expiry) < worth:
                break
            with_.fetched = expiry
            total.spent += 1

    for at, mark in zip(asked.times, asked.marks, strict=True):
        renew(at)
        waits, still = without.ask(at, mark), with_.ask(at, mark)
        if at >= start and PEOPLE[mark] and not mark & FORCED:
            total.people += 1
            total.waited += waits
            total.saved += waits - still
    renew(end)


def compare(days: int) -> Table:
    """Requests a day, and which share of the answers from memory had changed, in days that no rule was learnt from."""
    told = weeks(days=LEARNT + days)
    defaults = dict(ages(CacheSettings()))
    before = [one for one in told.questions if one.at < LEARNT * DAY]
    after = [one for one in told.questions if one.at >= LEARNT * DAY]
    _replayed, rows = replay(before, told, defaults)
    advice = advise_all(gather(rows), defaults, (SUSPENDED, DATA, STATUS, SERVICE), target=0.01)
    tuned = defaults | {key: each.value for key, each in advice.items() if each.value is not None}
    found = {
        "naive": Counted(len(after)),
        "seed's cache (30 min, 4 h, 1 h; not shared)": seed_cache(after, told),
        "ours, default lifetimes": counted(replay(after, told, defaults)[0]),
        "ours, lifetimes tuned to 1 % changed": counted(replay(after, told, tuned)[0]),
        "least possible with the default lifetimes": least(after, told, defaults),
        "least possible with the tuned lifetimes": least(after, told, tuned),
    }
    naive = found["naive"].requests
    rows_ = tuple(
        (name, f"{each.requests / days:.1f}", ratio(each.requests, naive), each.changed if each.hits else "-")
        for name, each in found.items()
    )
    chosen = ", ".join(f"{key.partition('.')[2]} {value / 60:g} min" for key, value in tuned.items())
    note = f"{len(after)} questions in {days} days, the lifetimes learnt from the {LEARNT} before: {chosen}."
    renewed = promise(gather(rows), tuned, 0.1, lambda at: at % DAY / 3600)
    ahead = (
        f"Renewing ahead with these lifetimes: {renewed.waits_saved} of {renewed.waited} waits of people saved in"
        f" {renewed.days:.0f} days, for {renewed.spent} requests more."
    )
    return Table(
        "Requests a day in weeks where customers change",
        ("", "requests/day", "of naive", "answers from memory that had changed"),
        rows_,
        (note, ahead),
    )


def many(count: int) -> Iterator[tuple[float, int, int]]:
    """Yield (at, subject, mark) of `count` questions: Zipf callers over two weeks, status and then mostly data."""
    chance = random.Random(1)
    subjects = max(10, count // 50)
    reach = list(itertools.accumulate(1 / rank for rank in range(1, subjects + 1)))
    rows = []
    for subject in chance.choices(range(subjects), cum_weights=reach, k=count * 10 // 17 + 1):
        at = chance.randrange(14) * DAY + chance.uniform(8, 18) * 3600
        rows.append((at, subject, 1))
        if chance.random() < 0.7:
            rows.append((at + chance.uniform(1, 30), subject, 0))
    return iter(sorted(rows)[:count])


def cost(count: int) -> Table:
    """Time and memory of the curves of a trace of `count` questions."""
    lifetimes = ages(CacheSettings())
    columns = TraceColumns()
    began = time.perf_counter()
    for row in many(count):
        columns.add(*row)
    made = time.perf_counter() - began
    rows = [("making the trace and putting it in columns", f"{made:.2f}")]
    for name, draw in (
        ("curve of the customers' data, 25 lifetimes", partial(curve, columns, lifetimes, DATA)),
        ("curve of the contract's status, 25 lifetimes", partial(curve, columns, lifetimes, STATUS)),
        ("curve of the cache's size, 10 sizes", partial(size_curve, columns, lifetimes)),
    ):
        began = time.perf_counter()
        draw()
        rows.append((name, f"{time.perf_counter() - began:.2f}"))
    process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = (
        f"One pass, exact, every candidate. The whole process held at most {process:.0f} MB, making the trace"
        " included. Aim: under 2 s and 200 MB for a million questions."
    )
    return Table(f"What-if of {columns.total:,} questions", ("", "seconds"), tuple(rows), (note,))


def run(*, quick: bool) -> list[Table]:
    """Compare lifetimes on recorded weeks, then measure the curves."""
    return [compare(7), cost(20_000 if quick else 1_000_000)]

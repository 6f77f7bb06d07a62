"""Which lifetime to choose, and why: the longest whose answers had seldom changed, unless less gains as much.

A lifetime is a promise about how old an answer may be before it is a lever on requests. So first comes how many
of the answers from memory had changed by the time they were shown; of the lifetimes that keep this within the
target, the shortest is taken that asks HubSoft hardly more often than the longest of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import compress, takewhile
from operator import sub
from typing import Final

from ...core.telemetry import trace as marks
from ...formats import Late, exact_percent, lifetime
from ...texts import Text, say
from ...values import dataclass
from .columns import Changes, TraceColumns
from .curve import CANDIDATES, KEYS, NOT_FOUND, SERVICE, SUSPENDED, Point, curve, rules

LEAST_QUESTIONS: Final = 100
LEAST_DAYS: Final = 2.0
GAIN: Final = 0.01
"""Saving fewer requests than this share of the questions is no reason to show anything older."""
IN_HAND: Final = 0.65
"""What a few weeks show is not what the next ones bring: this much of the target is used."""
MOSTLY: Final = 0.8
ROUNDS: Final = 3
"""Lifetimes lean on each other, because one record answers all: how often they are looked at in turn."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is recommended for one lifetime (seconds), or None with the reason why nothing is."""

    key: str
    value: float | None
    reason: Text | None = None
    as_good: bool = False
    """The value in force is as good: `value` is it."""
    target: float = 0.01
    changed_now: float | None = None
    """Share (0-1) of the answers from memory that had changed under the value in force, at most."""


def changes_of(columns: TraceColumns, key: str) -> Changes:
    """Return the comparisons that teach about the lifetime `key`.

    Suspended customers have a lifetime of their own; too few of them to choose it, and they are among the others.
    """
    if key == NOT_FOUND:
        return columns.absent
    if key == SUSPENDED:
        return columns.suspended
    own = columns.changes[KEYS[key]]
    if key == SERVICE or columns.suspended.compared >= columns.suspended.enough:
        return own
    return own.with_those_of(columns.suspended)


def advise(
    columns: TraceColumns,
    points: Sequence[Point],
    key: str,
    *,
    now: float,
    target: float,
    reuse: float | None = None,
) -> Advice:
    """Return what `points`, the curve of `key`, recommend; `now` (seconds, among them) is in force.

    `target` is the share (0-1) of answers from memory that may have changed; `reuse` is within how many seconds
    questions mostly come again.
    """
    changes = changes_of(columns, key)
    if thin := _thin(columns, points, changes):
        return Advice(key, None, thin, target=target)
    present = next((point for point in points if point.value == now), None)
    advice = partial(
        Advice, key, target=target, changed_now=None if present is None else _share(changes, present)
    )
    allowed = list(takewhile(lambda point: _share(changes, point) <= target * IN_HAND, points))
    if not allowed:
        text = say(
            "These answers change so often that even {value} is too long.",
            value=Late(lifetime, points[0].value),
        )
        return advice(points[0].value, text)
    best = allowed[-1]
    enough = best.requests + GAIN * best.asked
    chosen = next(point for point in allowed if point.requests <= enough)
    if present is not None and present in allowed and present.requests <= enough:
        text = say(
            "The value in force is as good: no other within the target saves more than 1% of requests."
        )
        return advice(now, text, as_good=True)
    return advice(chosen.value, _reason(points, chosen, best, target, reuse))


def advise_all(
    columns: TraceColumns,
    lifetimes: Mapping[str, float],
    keys: Iterable[str],
    *,
    target: float,
    shortest: float = CANDIDATES[0],
    longest: float = CANDIDATES[-1],
) -> dict[str, Advice]:
    """Return what is recommended for each of `keys` if all are followed, within `shortest` and `longest`."""
    held, keys = dict(lifetimes), tuple(keys)
    found: dict[str, Advice] = {}
    for _round in range(ROUNDS):
        before = dict(held)
        for key in keys:
            values = {value for value in CANDIDATES if shortest <= value <= longest} | {lifetimes[key]}
            points = curve(columns, held, key, values)
            found[key] = advise(
                columns, points, key, now=lifetimes[key], target=target, reuse=reuse_within(columns, key)
            )
            held[key] = found[key].value or lifetimes[key]
        if held == before:
            break
    return found


def reuse_within(columns: TraceColumns, key: str) -> float | None:
    """Return within how many seconds four of five questions come again, of those that do within a week."""
    about = rules(dict.fromkeys((*KEYS, NOT_FOUND, SUSPENDED), 1.0), key).about
    flags = bytes((mark & marks.CATEGORY) in about for mark in range(256))
    counts = [0] * (len(CANDIDATES) + 1)
    for asked in columns.subjects.values():
        times = list(compress(asked.times, asked.marks.translate(flags)))
        for gap in map(sub, times[1:], times):
            counts[bisect_left(CANDIDATES, gap)] += 1
    total, seen = sum(counts[:-1]), 0
    for candidate, count in zip(CANDIDATES, counts, strict=False):
        seen += count
        if total and seen >= MOSTLY * total:
            return candidate
    return None


def _share(changes: Changes, point: Point) -> float:
    share = changes.share(point.mean_age)
    return 1.0 if share is None else share


def _thin(columns: TraceColumns, points: Sequence[Point], changes: Changes) -> Text | None:
    asked = max((point.asked for point in points), default=0)
    if asked < LEAST_QUESTIONS:
        return say(
            "Too little is known: {count} questions were asked, and {enough} are needed.",
            count=asked,
            enough=LEAST_QUESTIONS,
        )
    if columns.days < LEAST_DAYS:
        return say(
            "Too little is known: the trace covers {days}, and {enough} are needed.",
            days=Late(lifetime, columns.last),
            enough=Late(lifetime, LEAST_DAYS * 86_400),
        )
    if changes.compared < changes.enough:
        return say(
            "Too little is known: {count} answers were compared with what came after them, and {enough} are needed.",
            count=changes.compared,
            enough=changes.enough,
        )
    return None


def _reason(points: Sequence[Point], chosen: Point, best: Point, target: float, reuse: float | None) -> Text:
    if chosen is not best and best is not points[-1]:
        return say(
            "{best} is the longest that surely keeps changed answers below {target} of those from memory; "
            "{value} costs under 1% more.",
            best=Late(lifetime, best.value),
            target=Late(exact_percent, target),
            value=Late(lifetime, chosen.value),
        )
    if best is points[-1]:
        if reuse is None:
            return say("Past {value} you gain less than 1%.", value=Late(lifetime, chosen.value))
        return say(
            "Most questions about the same customer come again within {reuse}; past {value} you gain less than 1%.",
            reuse=Late(lifetime, reuse),
            value=Late(lifetime, chosen.value),
        )
    after = points[points.index(best) + 1]
    return say(
        "It is the longest that surely keeps changed answers below {target} of those from memory; {next} might not.",
        target=Late(exact_percent, target),
        next=Late(lifetime, after.value),
    )

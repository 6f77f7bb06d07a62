"""One request each, or pages of the roster: whichever decides the members for fewer requests.

Choosing is pure; what it needs to know of the roster's size and of the pace is looked up at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ...core.engine import Engine
from ...core.types import Priority
from ...store.rosters import RosterSize
from ...values import dataclass
from .storage import CheckupFiles
from .types import CheckupPlan, KnownMember, Result, Variant, Way

WORTH_ASKING: Final = 3
"""Up to so many members are asked for one by one; beyond, a request to learn the roster's size can pay."""
NEW_MISSING: Final = {Variant.ENABLED: 0.25, Variant.CURRENT: 0.10, Variant.ALL: 0.005}
"""Of members nothing is known of, how many a variant is expected to leave out, until its size tells."""

SIZES: Final = (500, 250, 100, 50, 25)
"""Page sizes to fall back to when HubSoft cannot answer a larger one in time. Each divides one before it, so a
smaller page begins where a larger one ended."""
SMALLEST: Final = SIZES[-1]
GROW_AFTER: Final = 4
"""Good pages in a row after which a larger one is tried again."""


@dataclass(frozen=True, slots=True)
class Stale:
    """How many members nothing remembered decides, by what was known of them."""

    active: int = 0
    inactive: int = 0
    gone: int = 0
    """With cancelled services alone."""
    missing: int = 0
    """No customer was found."""
    new: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.active + self.inactive + self.gone + self.missing + self.new


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast background requests go: `per_window` of them in `window` seconds, `latency` seconds each."""

    per_window: int = 22
    window: float = 60.0
    latency: float = 0.5

    def seconds(self, requests: int) -> float:
        """Return how long so many requests take when nothing else is asked.

        They are evenly paced, and a slot is held from the grant until a window after its answer.
        """
        if requests <= 0:
            return 0.0
        return (requests - 1) * (self.window + self.latency) / max(1, self.per_window) + self.latency


def stale_of(known: Iterable[KnownMember | None]) -> Stale:
    """Count members by what was known of them."""
    counts = dict.fromkeys(("active", "inactive", "gone", "missing", "new"), 0)
    for one in known:
        counts[_kind(one)] += 1
    return Stale(**counts)


def choose(
    stale: Stale,
    sizes: Mapping[Variant, int],
    *,
    members: int,
    page_size: int,
    pace: Pace,
    asked: int = 0,
) -> CheckupPlan:
    """Return the cheapest plan. `sizes` are the customers in each variant that may be read, as far as known.

    Every member a reading leaves out is asked for alone, so those count on top of its pages. At equal cost the
    roster is read: it answers the day's other questions too, the more the more it holds.
    """
    cached = members - stale.total
    if not stale.total:
        return CheckupPlan(Way.NOTHING, members, cached, asked=asked)
    best = CheckupPlan(
        Way.SINGLES,
        members,
        cached,
        singles=stale.total,
        at_most=worth_asking(stale, sizes),
    )
    for variant in (Variant.ENABLED, Variant.CURRENT, Variant.ALL):
        if (total := sizes.get(variant)) is None:
            continue
        pages, left_out = count_pages(total, page_size), expected_missing(stale, variant, sizes)
        # The whole roster answers the day's other questions too, which is worth a page of another reading.
        worth = 1 if best.way is Way.ROSTER and variant is Variant.ALL else 0
        if pages + left_out <= min(stale.total, best.requests + worth):
            best = CheckupPlan(
                Way.ROSTER,
                members,
                cached,
                variant=variant,
                total=total,
                page_size=page_size,
                pages=pages,
                singles=left_out,
            )
    return replace(best, seconds=pace.seconds(best.requests), per_window=pace.per_window, asked=asked)


def expected_missing(stale: Stale, variant: Variant, sizes: Mapping[Variant, int]) -> int:
    """Return how many members a variant is expected to leave out."""
    known = stale.missing
    if variant is not Variant.ALL:
        known += stale.gone
    if variant is Variant.ENABLED:
        known += stale.inactive
    return min(stale.total, known + round(stale.new * _share_missing(variant, sizes)))


def worth_asking(stale: Stale, sizes: Mapping[Variant, int]) -> bool:
    """Whether a page of one, to learn how large the roster is, may save more than it costs."""
    return not sizes and stale.total > WORTH_ASKING


def worth_going_on(undecided: int, pages_left: int) -> bool:
    """Whether the rest of a reading costs no more than asking for those it has not decided yet.

    At equal cost it is read, as `choose` promised: it answers the day's other questions too.
    """
    return pages_left <= undecided


def count_pages(rows: int, size: int) -> int:
    """Return how many pages so many rows are; an empty roster is one page too."""
    return max(1, -(-rows // size))


def pages_left(offset: int, total: int, size: int) -> int:
    """Return how many pages are left behind `offset` rows."""
    return 0 if offset >= total else count_pages(total, size) - offset // size


def smaller(size: int) -> int | None:
    """Return the next smaller page size, or None when there is none."""
    return next((each for each in SIZES if each < size), None)


def larger(size: int, most: int) -> int:
    """Return the next larger page size, at most `most`."""
    return min(most, next((each for each in reversed(SIZES) if each > size), most))


def _share_missing(variant: Variant, sizes: Mapping[Variant, int]) -> float:
    whole, here = sizes.get(Variant.ALL), sizes.get(variant)
    if variant is Variant.ALL or not whole or here is None:
        return NEW_MISSING[variant]
    return max(0.0, 1 - here / whole)


def _kind(known: KnownMember | None) -> str:
    if known is None:
        return "new"
    if known.result is Result.NOT_FOUND:
        return "missing"
    if known.result is Result.ACTIVE:
        return "active"
    return "gone" if known.gone else "inactive"


DOUBT_SECONDS: Final = 30 * 86_400.0
"""How long a variant that left out what it should hold is not asked for."""
USUAL_LATENCY: Final = 0.5


@dataclass(slots=True)
class Sizes:
    """Customers in each variant that may be read, as far as known, and how many rows a page may ask for."""

    totals: dict[Variant, int]
    page_size: int

    def forget(self, *variants: Variant) -> None:
        """Read none of these."""
        for variant in variants:
            self.totals.pop(variant, None)


async def sizes_of(engine: Engine, files: CheckupFiles) -> Sizes:
    """Return what earlier readings have taught."""
    known = await files.run(lambda stores: stores.rosters.sizes())
    now, most = engine.clock.wall(), engine.settings.checkup.page_size
    totals = {
        variant: known[variant.value].total
        for variant in Variant
        if variant.value in known and of_use(known[variant.value], now)
    }
    sizes = [size.page_size for size in known.values()]
    return Sizes(totals, max(SMALLEST, min([most, *sizes])))


async def doubted(engine: Engine, files: CheckupFiles) -> bool:
    """Whether the whole roster turned out to hold cancelled services alone."""
    size = (await files.run(lambda stores: stores.rosters.sizes())).get(Variant.ALL.value)
    return size is not None and not of_use(size, engine.clock.wall())


def pace_of(engine: Engine) -> Pace:
    """Return how fast background requests may go now, as the limiter has it."""
    budget = engine.budget()
    latency = engine.api().p50
    return Pace(
        per_window=budget.lanes[Priority.LOW].cap or 1,
        window=budget.window,
        latency=USUAL_LATENCY if latency is None else latency,
    )


def of_use(size: RosterSize, now: float) -> bool:
    """Whether a variant may be read: it held what it should, or that was long ago."""
    return size.believed or now - size.at > DOUBT_SECONDS

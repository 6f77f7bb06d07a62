"""What planning needs to know: how large the roster is, which page size has worked, how fast requests may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.engine import Engine
from ...core.types import Priority
from ...store.rosters import RosterSize
from .plan import SMALLEST, Pace
from .storage import CheckupFiles
from .types import Variant

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
    totals = {Variant(name): size.total for name, size in known.items() if _of_use(size, now)}
    sizes = [size.page_size for size in known.values()]
    return Sizes(totals, max(SMALLEST, min([most, *sizes])))


async def doubted(engine: Engine, files: CheckupFiles) -> bool:
    """Whether the whole roster turned out to hold cancelled services alone."""
    size = (await files.run(lambda stores: stores.rosters.sizes())).get(Variant.ALL.value)
    return size is not None and not _of_use(size, engine.clock.wall())


def pace_of(engine: Engine) -> Pace:
    """Return how fast background requests may go now, as the limiter has it."""
    budget = engine.budget()
    latency = engine.api().p50
    return Pace(
        per_window=budget.lanes[Priority.LOW].cap or 1,
        window=budget.window,
        latency=USUAL_LATENCY if latency is None else latency,
    )


def _of_use(size: RosterSize, now: float) -> bool:
    return size.believed or now - size.at > DOUBT_SECONDS

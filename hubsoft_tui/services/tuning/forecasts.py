"""A setting's forecast for people: the curve with what holds and what is recommended on it. For a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ...core.limiter.throttle import limits_from
from ...core.types import Category, Priority
from ...errors import InvalidInput
from ...formats import HOUR
from ...settings.tree import Settings
from .advice import Advice, advise, changes_of, reuse_within
from .change_rate import Changes
from .columns import TraceColumns
from .curve import CANDIDATES, Point, curve
from .size_curve import SIZES, size_curve
from .tunables import RATE, SIZE, value_of, with_values
from .types import Forecast, Foretold, Waited, WaitForecast
from .waits import Arrival, Waits, waits

RATES: Final = (10, 15, 20, 25, 30, 40, 60, 90, 120)
SHARES: Final = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_WHOLE_DAY: Final = 1.0
"""A trace of an hour is not taken for a day's twenty-fourth."""


def lifetime_forecast(
    columns: TraceColumns,
    held: Mapping[str, float],
    key: str,
    *,
    saved: float,
    target: float,
    also: float | None = None,
) -> Forecast:
    """Return the curve of the lifetime `key`; `held` are the lifetimes that hold now."""
    points = curve(columns, held, key, {*CANDIDATES, held[key], saved, also or saved})
    advice = advise(columns, points, key, now=held[key], target=target, reuse=reuse_within(columns, key))
    return _forecast(
        columns, key, points, changes_of(columns, key), now=held[key], saved=saved, advice=advice
    )


def size_forecast(
    columns: TraceColumns, held: Mapping[str, float], *, now: int, saved: int, also: float | None = None
) -> Forecast:
    """Return the curve of the cache's size."""
    points = size_curve(columns, held, {*SIZES, now, saved, int(also or saved)})
    changes = columns.changes[Category.CLIENT_DATA]
    return _forecast(columns, SIZE, points, changes, now=float(now), saved=float(saved))


def wait_forecast(
    came: Sequence[Arrival], settings: Settings, key: str, *, also: float | None = None
) -> WaitForecast:
    """Return how the requests that `came` would have waited under other values of the limiter setting `key`."""
    now = float(value_of(settings, key))
    points = [
        _waited(value, waits(came, limits_from(held.limiter)))
        for value in sorted({*(RATES if key == RATE else SHARES), now, also or now})
        if (held := _with(settings, key, value)) is not None
    ]
    counts = [sum(each.priority is priority for each in came) for priority in Priority]
    return WaitForecast(
        key=key,
        points=tuple(points),
        now=now,
        requests=(counts[0], counts[1], counts[2], counts[3]),
        hours=(came[-1].at - came[0].at) / HOUR if came else 0.0,
    )


def _forecast(
    columns: TraceColumns,
    key: str,
    points: Sequence[Point],
    changes: Changes,
    *,
    now: float,
    saved: float,
    advice: Advice | None = None,
) -> Forecast:
    days = max(columns.days, _WHOLE_DAY)
    forecast = Forecast(
        key=key,
        points=tuple(_foretold(point, changes, days) for point in points),
        now=now,
        saved=saved,
        questions=columns.total,
        days=columns.days,
    )
    if advice is None:
        return forecast
    return replace(
        forecast,
        recommended=advice.value,
        reason=advice.reason,
        as_good=advice.as_good,
        target=advice.target,
    )


def _foretold(point: Point, changes: Changes, days: float) -> Foretold:
    return Foretold(
        value=point.value,
        requests=point.requests / days,
        ratio=point.ratio,
        mean_age=point.mean_age,
        max_age=point.max_age,
        changed=changes.share(point.mean_age),
    )


def _with(settings: Settings, key: str, value: float) -> Settings | None:
    try:
        return with_values(settings, {key: int(value) if key == RATE else value})
    except InvalidInput:  # a share above that of a more urgent class
        return None


def _waited(value: float, found: Waits) -> Waited:
    critical, high, normal, low = found
    return Waited(
        value,
        median=(critical.median, high.median, normal.median, low.median),
        p95=(critical.p95, high.p95, normal.p95, low.p95),
        longest=(critical.longest, high.longest, normal.longest, low.longest),
    )
